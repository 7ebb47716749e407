"""The daily clearing is the house's (salon.Sweep); its reports of before go along."""

from django.db import migrations


def carry(apps, schema_editor):
    sweeps = apps.get_model("salon", "Sweep").objects
    for run in apps.get_model("metrics", "RetentionRun").objects.order_by("pk"):
        erased, files = run.report.get("erased"), run.report.get("files")
        cleared = ({"people": {"erased": erased}} if erased else {}) | (
            {"stream_files": files} if files else {}
        )
        sweeps.create(at=run.at, report={"cleared": cleared, "failed": []})


class Migration(migrations.Migration):
    dependencies = [("metrics", "0009_claims_are_proven"), ("salon", "0008_sweeps")]
    operations = [
        migrations.RunPython(carry, migrations.RunPython.noop),
        migrations.DeleteModel(name="RetentionRun"),
    ]
