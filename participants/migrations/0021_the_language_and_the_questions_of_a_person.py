from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("participants", "0020_a_seat_whose_clock_has_not_started")]

    operations = [
        migrations.AddField(
            model_name="participant",
            name="language",
            field=models.CharField(
                choices=[("zh-hans", "中文"), ("en", "英文")],
                db_default="zh-hans",
                default="zh-hans",
                editable=False,
                max_length=10,
                verbose_name="语言",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="questions_stopped_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
