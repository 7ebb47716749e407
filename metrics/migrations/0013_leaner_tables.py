import django.db.models.deletion
from django.db import migrations, models

from salon import digests
from salon.tables import indexes


class Migration(migrations.Migration):
    dependencies = [("metrics", "0012_sheets_in_steps_of_five")]
    operations = [
        digests.AsBytes(
            "streamimport", "file_digest", digests.Digest(verbose_name="文件指纹")
        ),
        digests.AsBytes("streamvisit", "viewer", digests.Digest()),
        digests.AsBytes("chatline", "viewer", digests.Digest(blank=True)),
        indexes.WithoutIndex(
            model_name='streamvisit',
            name='source',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='visits', to='metrics.streamimport'),
        ),
        indexes.WithoutIndex(
            model_name='surveyquestion',
            name='survey',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='metrics.survey'),
        ),
        indexes.WithoutIndex(
            model_name='surveyticket',
            name='survey',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tickets', to='metrics.survey'),
        ),
        indexes.WithoutIndex(
            model_name='target',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='events.event'),
        ),
        indexes.WithoutIndex(
            model_name='target',
            name='key',
            field=models.SlugField(db_index=False, max_length=40, verbose_name='指标'),
        ),
        indexes.WithoutIndex(
            model_name='whitepaper',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='whitepapers', to='events.event', verbose_name='活动'),
        ),
    ]
