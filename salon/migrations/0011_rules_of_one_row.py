from django.db import migrations

# The record's trigger is a rule of its model now, and comes with the others.
MAKE_WAY = """
DROP TRIGGER IF EXISTS salon_audit_is_append_only ON salon_auditentry;
DROP FUNCTION IF EXISTS salon_audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("salon", "0010_turns_of_letters")]
    operations = [migrations.RunSQL(MAKE_WAY, migrations.RunSQL.noop)]
