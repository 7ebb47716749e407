"""Digests: hexadecimal in Python, bytes in the table. A text would take twice the room there, and
once more in each index."""

from django.db import models
from django.db.migrations.operations import AlterField


class Digest(models.BinaryField):
    """A digest in lower-case hexadecimal digits, "" for none."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def get_default(self):
        return super().get_default() or ""

    def get_prep_value(self, value):
        return None if value is None else bytes.fromhex(value)

    def from_db_value(self, value, expression, connection):
        return None if value is None else bytes(value).hex()

    def to_python(self, value):
        return value

    def value_to_string(self, obj):
        return self.value_from_object(obj)


@Digest.register_lookup
class BeginsWith(models.Lookup):
    """Which begin with these digits, an even number of them."""

    lookup_name = "startswith"

    def as_sql(self, compiler, connection):
        column, before = self.process_lhs(compiler, connection)
        digits, given = self.process_rhs(compiler, connection)
        return (
            f"substring({column} FROM 1 FOR octet_length({digits})) = {digits}",
            [*before, *given, *given],
        )


class AsBytes(AlterField):
    """Turn a text of hexadecimal digits into a Digest, and keep every one."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        self._retype(schema_editor, to_state.apps.get_model(app_label, self.model_name), "decode")

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        model = from_state.apps.get_model(app_label, self.model_name)
        self._retype(schema_editor, model, "encode", "varchar(128)")

    def _retype(self, schema_editor, model, turn, kind="bytea"):
        table, column = model._meta.db_table, model._meta.get_field(self.name).column
        # What Django gives texts for LIKE: bytes cannot have it.
        for name in schema_editor._constraint_names(model, [column], index=True, unique=False):
            schema_editor.execute(schema_editor._delete_index_sql(model, name))
        schema_editor.execute(
            f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP DEFAULT,'
            f' ALTER COLUMN "{column}" TYPE {kind} USING {turn}("{column}", \'hex\')'
        )
