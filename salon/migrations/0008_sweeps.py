from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("salon", "0007_second_factor"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sweep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("report", models.JSONField(default=dict, verbose_name="结果")),
            ],
            options={
                "verbose_name": "到期清理",
                "verbose_name_plural": "到期清理",
                "ordering": ["-at", "-pk"],
            },
        ),
    ]
