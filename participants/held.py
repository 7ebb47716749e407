"""Whoever writes a row about a person holds the person, whether they thought of it or not.

Each table with a foreign key to a person gets a trigger that shares the person's row until the end
of the transaction and refuses somebody erased. So a decision about them or their erasing waits for
what is being written, or what is written finds them gone: nothing in between is left behind.

`erase` itself, which writes about people who are gone, says so for its transaction.
"""

from collections.abc import Iterator

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from events.borders import foreign_keys
from participants.models import Participant
from participants.standing import gone
from salon import errors, tables

RULE = "is_about_somebody_here"
_SETTING = "salon.erasing"
_WORDS = (models.CharField, models.TextField, models.JSONField, ArrayField, models.BinaryField)

errors.told_as(RULE, gone)


def let_erasing_through() -> None:
    """Until the end of this transaction rows of people who are gone may be written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [_SETTING])


def owner(model: type[models.Model]) -> models.ForeignKey | None:
    """The key to the person whose words the row holds, as against somebody it only names."""
    return next((key for key in foreign_keys(model) if key.name == "participant"), None)


def words_of(model: type[models.Model]) -> list[str]:
    return [
        field.column
        for field in model._meta.local_concrete_fields
        if isinstance(field, _WORDS) and not field.choices
    ]


@tables.derived
def held(model: type[models.Model]) -> Iterator[tables.Trigger]:
    keys = [key for key in foreign_keys(model) if issubclass(key.related_model, Participant)]
    if not keys:
        return
    name, mine = tables.short(model), owner(model)
    words = words_of(model) if mine else []
    # Whoever erases holds the row itself, and takes words away where others only bring them.
    body = (
        f"IF current_setting('{_SETTING}', true) IS NOT DISTINCT FROM 'on' THEN RETURN NEW; END IF;"
    )
    for key in keys:
        columns = [key.column, *(words if key is mine else ())]
        body += f"""
            IF NEW."{key.column}" IS NOT NULL
                AND (TG_OP = 'INSERT' OR {tables.changed(columns)}) THEN
                PERFORM FROM participants_participant
                    WHERE id = NEW."{key.column}" AND erased_at IS NULL FOR SHARE;
                IF NOT FOUND AND EXISTS (
                    SELECT FROM participants_participant WHERE id = NEW."{key.column}"
                ) THEN
                    {tables.refuse(f"{name}_{RULE}")}
                END IF;
            END IF;
        """
    yield tables.Trigger(
        table=model._meta.db_table,
        name=f"{name}_holds_its_people",
        body=body,
        columns=tuple(dict.fromkeys([*(key.column for key in keys), *words])),
    )
