import django.db.models.deletion
from django.db import migrations, models

from salon import digests
from salon.tables import indexes


class Migration(migrations.Migration):
    dependencies = [("events", "0007_rules_of_one_row")]
    operations = [
        digests.AsBytes("deskpass", "token_digest", digests.Digest(unique=True)),
        indexes.WithoutIndex(
            model_name='crew',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='crew', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='material',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='materials', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='prepgroup',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='prep_groups', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='staffrole',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='staff_roles', to='events.event', verbose_name='活动'),
        ),
    ]
