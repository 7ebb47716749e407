import django.contrib.postgres.fields
import events.models.gate
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0005_admin_labels'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='blocked_words',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, db_default=[], default=list, size=None, verbose_name='屏蔽词'),
        ),
        migrations.AddField(
            model_name='event',
            name='looked_at_first',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('name', '姓名'), ('card', '标签卡'), ('pain', '痛点'), ('solution', '解决方案'), ('tip', '小技巧'), ('listing', '供需'), ('plan', '方案'), ('photo', '照片'), ('question', '提问'), ('danmaku', '弹幕')], max_length=12), blank=True, db_default=['photo', 'question', 'danmaku'], default=events.models.gate.looked_at_first, size=None, verbose_name='先审后上墙'),
        ),
        # One switch spoke of questions and danmaku together.
        migrations.RunSQL(
            "UPDATE events_event SET looked_at_first = ARRAY['photo'] WHERE moderation = 'after'",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(
            model_name='event',
            name='moderation',
        ),
        migrations.AlterField(
            model_name='crew',
            name='role',
            field=models.CharField(choices=[('organiser', '主办方'), ('host', '主持人'), ('floor', '场务'), ('mentor', '导师·嘉宾')], max_length=12, verbose_name='角色'),
        ),
    ]
