from django.db import migrations


class Migration(migrations.Migration):
    """Allowances are written under the identity key from now on. Those that are there have minutes
    to live and would only stand about."""

    dependencies = [("salon", "0005_fewer_indexes")]

    operations = [
        migrations.RunSQL("DELETE FROM salon_allowance", migrations.RunSQL.noop),
    ]
