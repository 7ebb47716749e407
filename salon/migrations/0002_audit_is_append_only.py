"""The audit trail cannot be rewritten, not even from a shell: a trigger says no."""

from django.db import migrations

FORBID = """
CREATE FUNCTION salon_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'salon_auditentry is append-only';
END $$;
CREATE TRIGGER salon_audit_is_append_only
    BEFORE UPDATE OR DELETE ON salon_auditentry
    FOR EACH ROW EXECUTE FUNCTION salon_audit_is_append_only();
"""
ALLOW = """
DROP TRIGGER salon_audit_is_append_only ON salon_auditentry;
DROP FUNCTION salon_audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("salon", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
