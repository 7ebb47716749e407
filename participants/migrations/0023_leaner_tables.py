import django.db.models.deletion
from django.db import migrations, models

from salon import digests
from salon.tables import indexes

# Its condition compares with a text.
ONCE = models.UniqueConstraint(
    condition=models.Q(("answers_digest", ""), _negated=True),
    fields=("event", "answers_digest"),
    name="case_answers_once",
)


class Migration(migrations.Migration):
    dependencies = [("participants", "0022_reminder_days")]
    operations = [
        digests.AsBytes("personallink", "token_digest", digests.Digest(unique=True)),
        digests.AsBytes("deskrequest", "body_digest", digests.Digest()),
        digests.AsBytes("erasedcontact", "digest", digests.Digest()),
        migrations.RemoveConstraint("case", "case_answers_once"),
        digests.AsBytes("case", "answers_digest", digests.Digest(blank=True)),
        migrations.AddConstraint("case", ONCE),
        indexes.WithoutIndex(
            model_name='category',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='category',
            name='key',
            field=models.SlugField(db_index=False, max_length=20, verbose_name='代号'),
        ),
        indexes.WithoutIndex(
            model_name='channel',
            name='code',
            field=models.SlugField(db_index=False, max_length=40, verbose_name='渠道码'),
        ),
        indexes.WithoutIndex(
            model_name='channel',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='channels', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='checkin',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='check_ins', to='events.event'),
        ),
        indexes.WithoutIndex(
            model_name='erasedcontact',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='erased_contacts', to='events.event'),
        ),
        indexes.WithoutIndex(
            model_name='interestgroup',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='interest_groups', to='events.event'),
        ),
        indexes.WithoutIndex(
            model_name='notice',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='wording',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='wordings', to='events.event', verbose_name='活动'),
        ),
        migrations.AlterField(
            "participant",
            "pinyin",
            models.CharField(blank=True, db_collation="C", editable=False, max_length=200),
        ),
    ]
