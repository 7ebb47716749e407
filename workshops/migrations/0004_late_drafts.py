import django.db.models.deletion
from django.db import migrations, models


def one_for_each_author(apps, schema_editor):
    """The one draft a plan could have goes to whoever held its pen last."""
    for plan in apps.get_model("workshops", "Plan").objects.exclude(late_draft={}):
        apps.get_model("workshops", "LateDraft").objects.create(
            plan=plan,
            participant_id=plan.writer_id,
            text=plan.late_draft,
            at=plan.updated_at,
        )


class Migration(migrations.Migration):

    dependencies = [
        ("participants", "0004_who_stood_at_the_desk"),
        ("workshops", "0003_merges_stage_and_photo_ids"),
    ]

    operations = [
        migrations.CreateModel(
            name="LateDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("participant", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="participants.participant")),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="late_drafts", to="workshops.plan")),
            ],
            options={
                "ordering": ["at", "pk"],
                "constraints": [models.UniqueConstraint(fields=("plan", "participant"), name="late_draft_once_per_author")],
            },
        ),
        migrations.RunPython(one_for_each_author, migrations.RunPython.noop),
        migrations.RemoveField(model_name="plan", name="late_draft"),
    ]
