"""What the tables of this room keep beyond one row."""

from salon import tables
from salon.tables import refuse


def within_one_series(model):
    """The two of a match are of one event, or of two of the same series."""
    name = "match_within_one_series"
    kept = """
        SELECT FROM participants_participant one
        JOIN participants_participant other ON other.id = {row}.second_id
        JOIN events_event here ON here.id = one.event_id
        JOIN events_event there ON there.id = other.event_id
        WHERE one.id = {row}.first_id
            AND (here.id = there.id OR here.series_id = there.series_id)
    """
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        columns=("first_id", "second_id"),
        body=f"IF NOT EXISTS ({kept.format(row='NEW')}) THEN {refuse(name)} END IF;",
        broken=f"SELECT FROM workshops_match t WHERE NOT EXISTS ({kept.format(row='t')})",
    )


def chairs(model):
    """No more people sit at a theme table than it has seats; the table's row decides between two
    who want the last one."""
    name = "listing_within_the_seats"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        columns=("seated", "table_id"),
        when="NEW.seated",
        before=False,
        declare="chairs integer; taken integer;",
        body=f"""
            SELECT seats INTO chairs FROM workshops_themetable WHERE id = NEW.table_id
            FOR NO KEY UPDATE;
            SELECT count(*) INTO taken FROM workshops_listing l
            JOIN participants_participant p ON p.id = l.participant_id
            WHERE l.table_id = NEW.table_id AND l.seated AND p.status = 'confirmed'
                AND p.erased_at IS NULL;
            IF taken > chairs THEN {refuse(name)} END IF;
        """,
    )


def in_the_box(model):
    """A slip that is drawn was in the box when it was sealed."""
    name = "draw_was_in_the_box"
    kept = """
        SELECT FROM workshops_blindbox box, jsonb_array_elements(box.slip_ids) slip
        WHERE box.id = {row}.box_id AND slip -> 0 = to_jsonb({row}.card_id)
    """
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        columns=("box_id", "card_id"),
        body=f"IF NOT EXISTS ({kept.format(row='NEW')}) THEN {refuse(name)} END IF;",
        broken=f"SELECT FROM workshops_draw t WHERE NOT EXISTS ({kept.format(row='t')})",
    )


def members_lead(model):
    """Leader and recorder of a group are in it, at the latest at the end of the transaction."""
    name = "work_group_is_led_by_members"
    stranger = """
        SELECT FROM workshops_workgroup g, unnest(ARRAY[g.leader_id, g.recorder_id]) AS role (person)
        WHERE person IS NOT NULL {and_of} AND NOT EXISTS (
            SELECT FROM workshops_membership m WHERE m.group_id = g.id AND m.participant_id = person)
    """
    ours = stranger.format(and_of="AND g.id = NEW.id")
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        columns=("leader_id", "recorder_id"),
        deferred=True,
        body=f"IF EXISTS ({ours}) THEN {refuse(name)} END IF;",
        mend="""
            UPDATE workshops_workgroup g SET
                leader_id = (SELECT participant_id FROM workshops_membership m
                    WHERE m.group_id = g.id AND m.participant_id = g.leader_id),
                recorder_id = (SELECT participant_id FROM workshops_membership m
                    WHERE m.group_id = g.id AND m.participant_id = g.recorder_id)
            WHERE leader_id IS NOT NULL OR recorder_id IS NOT NULL
        """,
    )


def counted_once(model):
    """Once an award is closed, its result stays."""
    name = "award_result_stays"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        on=("update",),
        columns=("closed_at", "result", "winner_id"),
        when="OLD.closed_at IS NOT NULL",
        body=f"""
            IF NEW.closed_at IS DISTINCT FROM OLD.closed_at
                OR NEW.result IS DISTINCT FROM OLD.result OR NEW.winner_id IS NOT NULL
            THEN {refuse(name)} END IF;
        """,
    )


def votes(model):
    """A counter begins at nothing, only grows, not past the tickets, and stands once its award is
    closed. Which ticket it counted is not written anywhere, so that the table cannot say more."""
    table = model._meta.db_table
    begins, grows = "vote_count_begins_at_nothing", "vote_count_only_grows"
    stands, agrees = "vote_count_stands_when_closed", "vote_counts_within_the_tickets"
    yield tables.Trigger(
        table=table,
        name=begins,
        on=("insert",),
        body=f"IF NEW.votes <> 0 THEN {refuse(begins)} END IF;",
    )
    yield tables.Trigger(
        table=table,
        name="vote_count_is_true",
        on=("update",),
        for_each="statement",
        before=False,
        body=f"""
            IF EXISTS (
                SELECT FROM new_rows n JOIN old_rows o ON o.id = n.id
                JOIN workshops_award a ON a.id = n.award_id
                WHERE a.closed_at IS NOT NULL AND n.votes <> o.votes
            ) THEN {refuse(stands)} END IF;
            IF EXISTS (
                SELECT FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.votes < o.votes
            ) THEN {refuse(grows)} END IF;
            IF EXISTS (
                SELECT FROM (SELECT DISTINCT award_id FROM new_rows) touched
                WHERE (SELECT sum(votes) FROM workshops_votecount c
                        WHERE c.award_id = touched.award_id)
                    > (SELECT count(*) FROM workshops_voteticket t
                        WHERE t.award_id = touched.award_id)
            ) THEN {refuse(agrees)} END IF;
        """,
    )
    stays = "vote_count_stays_with_its_votes"
    yield tables.Trigger(
        table=table,
        name=stays,
        on=("delete",),
        body=f"IF OLD.votes > 0 THEN {refuse(stays)} END IF;",
    )
