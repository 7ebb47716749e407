"""What the tables of this room keep beyond one row."""

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from salon import tables
from salon.tables import literal, refuse

SEATED = "('accepted', 'offered', 'confirmed')"


def known_statuses(model):
    """Where somebody stood is one of the places where one can stand."""
    status = apps.get_model("participants", "Participant")._meta.get_field("status")
    listed = ", ".join(literal(value) for value, _label in status.choices)
    for column, more in (("before", ", ''"), ("after", "")):
        yield tables.Check(
            table=model._meta.db_table,
            name=f"status_change_{column}_is_a_status",
            condition=f'"{column}" IN ({listed}{more})',
        )


# Names a row of a file and nobody; by it that file, imported once more, brings nobody back.
KEPT_OF_THE_ERASED = ("source_key", "code")


def erased_is_empty(model):
    """Of somebody who was erased no text is left, in whatever column; what says none of their
    words, a choice or the code, stays and is counted."""
    empty = []
    for field in model._meta.local_concrete_fields:
        if field.choices or field.name in KEPT_OF_THE_ERASED:
            continue
        if isinstance(field, models.CharField | models.TextField):
            empty.append(f"\"{field.column}\" = ''")
        elif isinstance(field, ArrayField):
            empty.append(f"\"{field.column}\" = '{{}}'")
        elif isinstance(field, models.JSONField):
            empty.append(f"\"{field.column}\" IN ('{{}}', '[]')")
    yield tables.Check(
        table=model._meta.db_table,
        name="participant_erased_is_empty",
        condition=f"blanked_at IS NULL OR ({' AND '.join(empty)})",
    )


_FULL = f"""
    FOR room IN {{newcomers}} LOOP
        SELECT CASE WHEN room.online THEN online_capacity ELSE on_site_capacity END
        INTO seats FROM events_event WHERE id = room.event_id FOR NO KEY UPDATE;
        SELECT count(*) INTO taken FROM participants_participant p
        WHERE p.event_id = room.event_id AND p.online = room.online AND p.status IN {SEATED};
        IF taken > seats THEN {refuse("participant_within_the_room")} END IF;
    END LOOP;
"""


def within_the_room(model):
    """Nobody is given a seat that the room has not, by whatever statement.

    Looked at where somebody comes to hold a seat, once for a statement and under the event's row,
    which every verb that gives a seat has locked already. A room that was made smaller keeps who
    is in it.
    """
    common = {
        "table": model._meta.db_table,
        "for_each": "statement",
        "before": False,
        "declare": "room record; seats integer; taken integer;",
    }
    seated = f"SELECT DISTINCT n.event_id, n.online FROM new_rows n WHERE n.status IN {SEATED}"
    yield tables.Trigger(
        name="participant_comes_within_the_room",
        on=("insert",),
        body=_FULL.format(newcomers=seated),
        **common,
    )
    newly = f"""
        SELECT DISTINCT n.event_id, n.online FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE n.status IN {SEATED} AND (o.status NOT IN {SEATED} OR o.online <> n.online)
    """
    yield tables.Trigger(
        name="participant_moves_within_the_room",
        on=("update",),
        body=_FULL.format(newcomers=newly),
        **common,
    )


def status_on_record(model):
    """Whoever stands elsewhere at the end of a transaction has a StatusChange that says so."""
    name = "participant_status_is_on_record"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        on=("update",),
        columns=("status",),
        deferred=True,
        body=f"""
            IF (SELECT "after" FROM participants_statuschange
                WHERE participant_id = NEW.id ORDER BY id DESC LIMIT 1)
                IS DISTINCT FROM
                (SELECT status FROM participants_participant WHERE id = NEW.id)
            THEN {refuse(name)} END IF;
        """,
    )


def told_why(model):
    """Whoever comes to be not selected reads why. Later the words may go, with all others."""
    name = "participant_not_selected_is_told_why"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        columns=("status",),
        when="NEW.status = 'not_selected' AND NEW.told_reason = '' AND NEW.erased_at IS NULL",
        body=refuse(name),
    )


def one_call_at_a_time(model):
    """A caller holds one person of an event; claims are taken under the event's row."""
    name = "call_one_open_for_each_caller"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        columns=("caller_id", "finished_at"),
        when="NEW.finished_at IS NULL AND NEW.caller_id IS NOT NULL",
        before=False,
        body=f"""
            IF EXISTS (
                SELECT FROM participants_call c
                JOIN participants_participant theirs ON theirs.id = c.participant_id
                JOIN participants_participant other ON other.id = NEW.participant_id
                WHERE c.id <> NEW.id AND c.caller_id = NEW.caller_id AND c.finished_at IS NULL
                    AND theirs.event_id = other.event_id
            ) THEN {refuse(name)} END IF;
        """,
    )


def release_within_the_room(model):
    """No more seats are given over than the room has."""
    name = "seat_release_within_the_room"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        columns=("seats", "online"),
        body=f"""
            IF NEW.seats > (
                SELECT CASE WHEN NEW.online THEN online_capacity ELSE on_site_capacity END
                FROM events_event WHERE id = NEW.event_id
            ) THEN {refuse(name)} END IF;
        """,
    )


def offered_contacts(model):
    """What is offered, replaced or told is a mobile or an e-mail, as the people's own columns are."""
    kinds = {"contact": ("old", "new"), "told": ("told_to",)}
    for kind, columns in kinds.items():
        for column in columns:
            yield tables.Check(
                table=model._meta.db_table,
                name=f"contact_change_{column}_is_a_contact",
                condition=f"""
                    {column} = '' OR CASE {kind} WHEN 'mobile' THEN {column} ~ '{tables.E164}'
                    WHEN 'email' THEN {column} !~ '[A-Z]' ELSE false END
                """,
            )


def asked_by_their_own_key(model):
    """The browser that a change was asked from was in by a key of the same person."""
    name = "contact_change_link_of_its_person"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        columns=("link_id", "participant_id"),
        when="NEW.link_id IS NOT NULL",
        body=f"""
            IF NOT EXISTS (
                SELECT FROM participants_personallink l
                WHERE l.id = NEW.link_id AND l.participant_id = NEW.participant_id
            ) THEN {refuse(name)} END IF;
        """,
    )
