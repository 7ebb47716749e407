"""What the tables of this room keep beyond one row."""

from salon import tables
from salon.tables import refuse


def near_its_event(model):
    """An item of the agenda lies in its event, or a day around it: people come to build up, and
    an evening may grow long."""
    name = "agenda_item_near_its_event"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        columns=("starts_at", "ends_at"),
        body=f"""
            IF EXISTS (
                SELECT FROM events_event e
                WHERE e.id = NEW.event_id AND (NEW.starts_at < e.starts_at - interval '1 day'
                    OR NEW.ends_at > e.ends_at + interval '1 day')
            ) THEN {refuse(name)} END IF;
        """,
    )
