"""Tables that only grow: what was done stays as it was written."""

from dataclasses import dataclass

from django.db import models

from salon.tables.from_models import short
from salon.tables.rules import Trigger, refuse


@dataclass(frozen=True)
class OnlyGrows:
    """Declared in a model's `table_rules`: rows are added; changed or removed is none.

    Except, by name of the field: `once` is filled later and stays then, `blanked` may become
    empty (that is how a person's words go), `free` changes as it likes. A foreign key whose
    other end may be deleted becomes null with it. `gone_when` is SQL on OLD under which a row may
    go after all. `stamped` is a time that the database writes itself, whatever it is given.
    """

    once: tuple = ()
    blanked: tuple = ()
    free: tuple = ()
    gone_when: str = ""
    stamped: str = ""

    def __call__(self, model: type[models.Model]):
        table, name = model._meta.db_table, f"{short(model)}_only_grows"
        conditions = [
            condition
            for field in model._meta.local_concrete_fields
            if (condition := self._broken(field))
        ]
        yield Trigger(
            table=table,
            name=name,
            on=("update",),
            body=f"IF {' OR '.join(conditions)} THEN {refuse(name)} END IF;",
            always=True,
        )
        stays = f"{short(model)}_stays"
        unless = f"NOT ({self.gone_when})" if self.gone_when else "true"
        yield Trigger(
            table=table,
            name=stays,
            on=("delete",),
            body=f"IF {unless} THEN {refuse(stays)} END IF;",
            always=True,
        )
        whole = f"{short(model)}_is_not_emptied"
        yield Trigger(
            table=table,
            name=whole,
            on=("truncate",),
            for_each="statement",
            body=refuse(whole),
            always=True,
        )
        if self.stamped:
            yield Trigger(
                table=table,
                name=f"{short(model)}_{self.stamped}_is_now",
                on=("insert",),
                body=f'NEW."{self.stamped}" := clock_timestamp();',
                always=True,
            )

    def may_change(self, model: type[models.Model]) -> list[str]:
        """The columns that an UPDATE may name at all."""
        return [
            field.column
            for field in model._meta.local_concrete_fields
            if field.name in (*self.once, *self.blanked, *self.free) or _goes_with_its_end(field)
        ]

    def _broken(self, field):
        old, new = f'OLD."{field.column}"', f'NEW."{field.column}"'
        if field.name in self.free:
            return None
        changed = [f"{new} IS DISTINCT FROM {old}"]
        if field.name in self.once:
            changed.append(f"{old} IS NOT NULL")
        if field.name in self.blanked:
            changed.append(f"{new} <> ''")
        if _goes_with_its_end(field):
            changed.append(f"{new} IS NOT NULL")
        return f"({' AND '.join(changed)})"


def _goes_with_its_end(field):
    return field.remote_field is not None and field.remote_field.on_delete is models.SET_NULL
