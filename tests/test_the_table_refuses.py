"""Python may forget, the table may not: statements that no verb would make, and the rule that
refuses each of them, whoever makes it."""

import string
import uuid

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from participants import keeping, personal
from salon import tables
from tests import filled

# As the owner: what a privilege keeps the application from, the rules keep everybody from.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_owner")]


@pytest.fixture(scope="module")
def places(as_owner, django_db_blocker):
    """{"participant": pk here, "other_participant": pk there, …} of two salons with a row of
    everything, five seats each, and six people who wait."""
    with django_db_blocker.unblock(), transaction.atomic():
        here, there = filled.World("here"), filled.World("there")
        signs = iter("GHJKLMNPQRS")
        for _number in range(6):
            here.another(
                "Participant", code=next(signs) * 6, mobile="", email=f"{uuid.uuid4().hex}@x.cn",
                status="waitlisted",
            )  # fmt: skip
        found = {}
        for world, prefix in ((here, ""), (there, "other_")):
            for model, row in world.rows.items():
                found[prefix + tables.short(model)] = (
                    f"'{row.pk}'" if not isinstance(row.pk, int) else row.pk
                )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        yield found
        transaction.set_rollback(True)


def refused_by(statement):
    """The rule that refuses the statement; None when it is taken."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            assert cursor.rowcount != 0 or "UPDATE" not in statement, "no row was touched"
            transaction.set_rollback(True)
    except (IntegrityError, InternalError) as error:
        return error.__cause__.diag.constraint_name
    return None


def of(table):
    """ "participants_checkin" of "check_in"."""
    [name] = [model._meta.db_table for model in tables.our_models() if tables.short(model) == table]
    return name


def a(table, change, rule):
    """A change of the one row here."""
    key = "client_id" if table == "desk_request" else "id"
    return (f"UPDATE {of(table)} SET {change} WHERE {key} = {{{table}}}", rule)


STATES = [
    a("participant", "status = 'vip'", "participant_status_is_a_choice"),
    a("participant", "source = 'fax'", "participant_source_is_a_choice"),
    a("participant", "industry = ''", "participant_industry_is_a_choice"),
    a("event", "status = 'bogus'", "event_status_is_a_choice"),
    a("event", "looked_at_first = '{{song}}'", "event_looked_at_first_is_a_choice"),
    a("event", "tag_regions = 'colour'", "event_tag_regions_is_a_choice"),
    a("crew", "role = 'king'", "crew_role_is_a_choice"),
    a("message", "state = 'zzz'", "message_state_is_a_choice"),
    a("message", "channel = 'pigeon'", "message_channel_is_a_choice"),
    a("check_in", "method = 'magic'", "check_in_only_grows"),
    a("call", "outcome = 'maybe'", "call_outcome_is_a_choice"),
    a("question", "gate = 'gone'", "question_gate_is_a_choice"),
    a("question", "kind = 'song'", "question_kind_is_a_choice"),
    a("phase", "kind = 'lunch'", "phase_kind_is_a_choice"),
    a("tag_card", "size_band = 'huge'", "tag_card_size_band_is_a_choice"),
    a("agenda_item", "kind = 'nap'", "agenda_item_kind_is_a_choice"),
    a("risk_plan", "risk = 'aliens'", "risk_plan_risk_is_a_choice"),
    a("material", "basis = 'per_kilo'", "material_basis_is_a_choice"),
    a("criterion", "operator = 'like'", "criterion_operator_is_a_choice"),
    a("channel", "kind = 'rumour'", "channel_kind_is_a_choice"),
    a("goal", "source = 'guess'", "goal_source_is_a_choice"),
    a("survey_question", "kind = 'essay'", "survey_question_kind_is_a_choice"),
    a("stream_import", "kind = 'video'", "stream_import_kind_is_a_choice"),
    a("import_file", "state = 'lost'", "import_file_state_is_a_choice"),
    a("personal_link", "channel = 'fax'", "personal_link_channel_is_a_choice"),
    (
        "INSERT INTO participants_statuschange (participant_id, before, after, actor, reason, at)"
        " VALUES ({participant}, 'confirmed', 'vip', 'system', '', now())",
        "status_change_after_is_a_status",
    ),
    a("participant", "status = 'withdrawn'", "participant_status_is_on_record"),
    (
        "UPDATE participants_participant SET status = 'confirmed' WHERE status = 'waitlisted'"
        " AND id = (SELECT max(id) FROM participants_participant)",
        "participant_status_is_on_record",
    ),
    a("screening_batch", "released_at = now(), undone_at = now()", "screening_batch_released_or_undone"),
    a(
        "match",
        "first_confirmed_at = now(), second_confirmed_at = now(), declined_at = now()",
        "match_declined_or_confirmed",
    ),
    a("match", "requested_by_id = {other_participant}", "match_requested_by_one_of_the_two"),
    a("award", "closed_at = now()", "award_closed_with_its_result"),
    a("interest_group", "merged_into_id = id", "interest_group_not_merged_into_itself"),
    a("pain_card", "merged_into_id = id", "pain_card_not_merged_into_itself"),
    a("participant", "gate = 'gone'", "participant_gate_is_a_choice"),
    a("participant", "gate = 'shown', name_before = '林'", "participant_known_as_before_while_waiting"),
    a("tag_card", "gate = 'gone'", "tag_card_gate_is_a_choice"),
    a("plan_photo", "gate = 'gone'", "plan_photo_gate_is_a_choice"),
    a("contact_change", "contact = 'fax'", "contact_change_contact_is_a_choice"),
    a("contact_change", "told = 'fax'", "contact_change_told_is_a_choice"),
    a("contact_change", "waits_for = 'marry'", "contact_change_waits_for_is_a_choice"),
    a(
        "contact_change",
        "effective_at = NULL, taken_back_at = now()",
        "contact_change_taken_back_was_in_force",
    ),
    a("contact_change", "waits_for = 'erase'", "contact_change_waits_since_it_came"),
    a("call", "outcome = 'pass', finished_at = NULL", "call_with_an_outcome_is_finished"),
]  # fmt: skip

BORDERS = [
    a("participant", "category_id = {other_category}", "participant_category_of_its_event"),
    a("participant", "channel_id = {other_channel}", "participant_channel_of_its_event"),
    a("participant", "event_id = {other_event}", "participant_stays_in_its_event"),
    a("check_in", "participant_id = {other_participant}", "check_in_participant_of_its_event"),
    a("check_in", "desk_id = {other_desk_pass}", "check_in_desk_of_its_event"),
    a("vote_ticket", "participant_id = {other_participant}", "vote_ticket_participant_of_its_event"),
    a("vote_count", "group_id = {other_work_group}", "vote_count_group_of_its_event"),
    a("award", "winner_id = {other_work_group}", "award_winner_of_its_event"),
    a("solution", "participant_id = {other_participant}", "solution_participant_of_its_event"),
    a("solution", "card_id = {other_pain_card}", "solution_stays_in_its_event"),
    a("stream_visit", "participant_id = {other_participant}", "stream_visit_participant_of_its_event"),
    a("seat_release", "target_id = {other_category}", "seat_release_target_of_its_event"),
    a("freed_seat", "promoted_id = {other_participant}", "freed_seat_promoted_of_its_event"),
    a("listing", "table_id = {other_theme_table}", "listing_table_of_its_event"),
    a("pain_card", "merged_into_id = {other_pain_card}", "pain_card_merged_into_of_its_event"),
    a("membership", "participant_id = {other_participant}", "membership_participant_of_its_event"),
    a("work_group", "leader_id = {other_participant}", "work_group_leader_of_its_event"),
    a("draw", "card_id = {other_pain_card}", "draw_card_of_its_event"),
    a("match", "second_id = {other_participant}", "match_within_one_series"),
    a("contact_change", "participant_id = {other_participant}", "contact_change_stays_in_its_event"),
    a("contact_change", "link_id = {other_personal_link}", "contact_change_link_of_its_person"),
]  # fmt: skip

TIMES = [
    (
        "INSERT INTO participants_checkin (event_id, participant_id, desk_name, operator, method,"
        " at, received_at, void_reason) SELECT {event}, max(id), '', '', 'qr', '2001-01-01',"
        " now(), '' FROM participants_participant WHERE event_id = {event}",
        "check_in_before_it_was_received",
    ),
    (
        "INSERT INTO participants_checkin (event_id, participant_id, desk_name, operator, method,"
        " at, received_at, void_reason) SELECT {event}, max(id), '', '', 'qr',"
        " now() + interval '1 hour', now(), '' FROM participants_participant"
        " WHERE event_id = {event}",
        "check_in_before_it_was_received",
    ),
    a("check_in", "at = '2001-01-01'", "check_in_only_grows"),
    a("check_in", "voided_at = at - interval '9 days'", "check_in_voided_after_it_happened"),
    a("consent", "withdrawn_at = given_at - interval '1 year'", "consent_withdrawn_after_it_was_given"),
    a(
        "agenda_item",
        "starts_at = starts_at + interval '400 days', ends_at = ends_at + interval '400 days'",
        "agenda_item_near_its_event",
    ),
    a("agenda_item", "ends_at = starts_at", "agenda_item_ends_after_it_starts"),
    a(
        "agenda_item",
        "started_at = now(), finished_at = now() - interval '1 hour'",
        "agenda_item_finishes_after_it_started",
    ),
    a("agenda_item", "finished_at = now()", "agenda_item_starts_before_it_finishes"),
    a(
        "agenda_item",
        "planned_starts_at = now(), planned_ends_at = now() - interval '1 hour'",
        "agenda_item_planned_end_after_start",
    ),
    a("agenda_step", "undone_at = at - interval '1 hour'", "agenda_step_undone_after_it_was_done"),
    a("call", "claim_expires_at = claimed_at - interval '1 minute'", "call_claim_ends_after_it_begins"),
    a("call", "finished_at = claimed_at - interval '1 minute'", "call_finished_after_it_was_claimed"),
    a("event", "ends_at = starts_at", "event_ends_after_it_starts"),
    a("icebreaker", "ends_at = started_at", "icebreaker_ends_after_it_starts"),
    a("phase", "started_at = now(), ends_at = now() - interval '1 hour'", "phase_ends_after_it_starts"),
    a("stream_visit", "left_at = joined_at - interval '1 minute'", "visit_leaves_after_it_joins"),
    a("survey", "closes_at = now()", "survey_that_closes_was_opened"),
    a(
        "contact_change",
        "effective_at = asked_at - interval '1 minute'",
        "contact_change_in_force_after_it_was_asked",
    ),
    a(
        "contact_change",
        "ended_at = asked_at - interval '1 minute'",
        "contact_change_ended_after_it_was_asked",
    ),
    a(
        "contact_change",
        "taken_back_at = effective_at - interval '1 minute'",
        "contact_change_taken_back_after_it_came",
    ),
    a("message", "state = 'handed_over'", "message_handed_over_has_time"),
    (
        "UPDATE salon_message SET state = 'handed_over', handed_over_at = now() WHERE id = {message};"
        "UPDATE salon_message SET state = 'planned' WHERE id = {message}",
        "message_handed_over_stays",
    ),
    a("message", "state = 'claimed'", "message_claim_has_lease"),
]  # fmt: skip

NUMBERS = [
    (
        "UPDATE participants_participant SET status = 'confirmed', confirm_by = NULL"
        " WHERE event_id = {event} AND status = 'waitlisted'",
        "participant_within_the_room",
    ),
    (
        "UPDATE participants_participant SET online = true WHERE event_id = {event};"
        "UPDATE events_event SET online_capacity = 0 WHERE id = {event};"
        "UPDATE participants_participant SET online = false WHERE id = {participant};"
        "UPDATE participants_participant SET online = true WHERE id = {participant}",
        "participant_within_the_room",
    ),
    a("category", "share_percent = 300", "category_share_is_a_percentage"),
    a("category", "share_percent = -1", "category_share_is_a_percentage"),
    (
        "INSERT INTO participants_seatrelease (event_id, source_id, target_id, online, seats,"
        " reason, at) SELECT event_id, source_id, target_id, online, 32000, reason, at"
        " FROM participants_seatrelease WHERE id = {seat_release}",
        "seat_release_within_the_room",
    ),
    a("theme_table", "seats = -1", "workshops_themetable_seats_check"),
    ("UPDATE workshops_themetable SET seats = 0 WHERE id = {theme_table};"
     "UPDATE workshops_listing SET seated = true WHERE id = {listing}", "listing_within_the_seats"),
    a("vote_count", "votes = 9999", "vote_counts_within_the_tickets"),
    ("UPDATE workshops_votecount SET votes = 1 WHERE id = {vote_count};"
     "UPDATE workshops_votecount SET votes = 0 WHERE id = {vote_count}", "vote_count_only_grows"),
    ("UPDATE workshops_votecount SET votes = 1 WHERE id = {vote_count};"
     "DELETE FROM workshops_votecount WHERE id = {vote_count}", "vote_count_stays_with_its_votes"),
    ("INSERT INTO workshops_votecount (award_id, group_id, votes)"
     " SELECT award_id, group_id, 7 FROM workshops_votecount WHERE id = {vote_count}",
     "vote_count_begins_at_nothing"),
    ("UPDATE workshops_award SET closed_at = now(), result = '{{\"votes\": {{}}, \"tied\": [],"
     " \"broken_by\": null, \"mentor_means\": {{}}, \"lot_seed\": null}}' WHERE id = {award};"
     "UPDATE workshops_votecount SET votes = 1 WHERE id = {vote_count}",
     "vote_count_stands_when_closed"),
    ("UPDATE workshops_award SET closed_at = now(), result = '{{\"votes\": {{}}, \"tied\": [],"
     " \"broken_by\": null, \"mentor_means\": {{}}, \"lot_seed\": null}}' WHERE id = {award};"
     "UPDATE workshops_award SET closed_at = NULL, result = NULL WHERE id = {award}",
     "award_result_stays"),
    ("DELETE FROM workshops_voteticket WHERE id = {vote_ticket}", "vote_ticket_stays"),
    ("INSERT INTO workshops_voteticket (award_id, participant_id)"
     " SELECT award_id, participant_id FROM workshops_voteticket WHERE id = {vote_ticket}",
     "one_vote_per_award"),
    ("DELETE FROM workshops_membership WHERE id = {membership};"
     "UPDATE workshops_workgroup SET recorder_id = NULL WHERE id = {work_group};"
     "UPDATE workshops_workgroup SET recorder_id = {participant} WHERE id = {work_group}",
     "work_group_is_led_by_members"),
    a("mentor_review", "feasibility = 6", "mentor_review_feasibility_in_range"),
    a("plan", "cost = 0", "plan_cost_in_range"),
    a("participant", "active_rate = 101", "participant_active_rate_in_range"),
    a("follow_up", "active_rate = 101", "follow_up_rate_is_a_percentage"),
    a("event", "interactive_target_percent = 101", "event_interactive_target_is_a_percentage"),
    a("event", "offer_hours = 0", "event_offer_hours_in_range"),
    a("draw", "position = 0", "draw_only_grows"),
    a("tip", "place = 0", "tip_place_from_one"),
    a("pain_point", "position = 6", "pain_points_one_to_five"),
    (
        "INSERT INTO participants_call (participant_id, caller_id, claimed_at, claim_expires_at,"
        " outcome, notes) SELECT max(p.id), min(c.caller_id), now(), now() + interval '1 hour',"
        " '', '' FROM participants_participant p, participants_call c"
        " WHERE p.event_id = {event} AND c.id = {call}",
        "call_one_open_for_each_caller",
    ),
]  # fmt: skip

IDENTITY = [
    a("participant", "mobile = 'not a number'", "participant_mobile_is_e164"),
    a("participant", "mobile = '13800000001'", "participant_mobile_is_e164"),
    a("participant", "mobile = '+86 138 0000 0001'", "participant_mobile_is_e164"),
    a("participant", "email = 'Lin@Example.com'", "participant_email_in_lower_case"),
    a("whitepaper_claim", "email = 'A@B.cn'", "whitepaper_claim_email_in_lower_case"),
    a("speaker", "email = 'Shen@Example.com'", "speaker_email_in_lower_case"),
    a("speaker", "mobile = '138'", "speaker_mobile_is_e164"),
    a("prep_member", "email = 'Gu@Example.com'", "prep_member_email_in_lower_case"),
    a("contact_change", "new = '13800000001'", "contact_change_new_is_a_contact"),
    a("contact_change", "old = 'lin@x.cn'", "contact_change_old_is_a_contact"),
    a(
        "contact_change",
        "contact = 'email', old = '', new = 'Lin@X.cn'",
        "contact_change_new_is_a_contact",
    ),
    a("contact_change", "told = 'email', told_to = 'Lin@X.cn'", "contact_change_told_to_is_a_contact"),
    a("participant", "code = ''", "participant_code_can_be_read"),
    a("participant", "code = '0O1I00'", "participant_code_can_be_read"),
    a("participant", "code = 'abcdef'", "participant_code_can_be_read"),
    a("participant", "erased_at = now(), blanked_at = now()", "participant_erased_is_empty"),
    a("participant", "blanked_at = now()", "participant_blanked_was_erased"),
    a(
        "participant",
        "status = 'not_selected', told_reason = ''",
        "participant_not_selected_is_told_why",
    ),
    a("participant", "mobile = '', email = ''", "participant_can_be_reached"),
]  # fmt: skip

JSON = [
    a("plan", "elements = '42'", "plan_elements_has_its_shape"),
    a("plan", """elements = '{{"goal": 3}}'""", "plan_elements_has_its_shape"),
    a("survey_response", "answers = '[]'", "survey_response_answers_has_its_shape"),
    a(
        "survey_response",
        "answers = jsonb_build_object({survey_question}::text, 99)",
        "survey_response_answers_its_survey",
    ),
    a("survey_response", """answers = '{{"0": 3}}'""", "survey_response_answers_its_survey"),
    (
        "INSERT INTO metrics_surveyresponse (id, survey_id, answers)"
        " SELECT gen_random_uuid(), {survey}, jsonb_build_object({other_survey_question}::text, 3)",
        "survey_response_answers_its_survey",
    ),
    a("award", """closed_at = now(), result = '"x"'""", "award_result_has_its_shape"),
    a("desk_request", "answer = 'null'", "desk_request_answer_has_its_shape"),
    a("desk_request", "answer = '{{}}'", "desk_request_answer_has_its_shape"),
    a("message", "context = '[]'", "message_context_has_its_shape"),
    a("pain_merge", """before = '{{"1": "x"}}'""", "pain_merge_before_has_its_shape"),
    a("late_draft", """text = '{{"rows": [3]}}'""", "late_draft_text_has_its_shape"),
    a("survey_question", "options = '[1]'", "survey_question_options_has_its_shape"),
    a("stream_import", """counts = '{{"guests": "Lin"}}'""", "stream_import_counts_has_its_shape"),
    a("report", "parts = '{{}}'", "report_parts_has_its_shape"),
    a("whitepaper", """sections = '[{{"text": "x"}}]'""", "whitepaper_sections_has_its_shape"),
    a("whitepaper", "left_out = '[3]'", "whitepaper_left_out_has_its_shape"),
    a("target", "definition = '3'", "target_definition_has_its_shape"),
    a("sweep", """report = '{{"cleared": 3}}'""", "sweep_report_has_its_shape"),
    a("blueprint", "document = '[]'", "blueprint_document_has_its_shape"),
]  # fmt: skip

# What never goes back: {table: a column of it and another value}.
HISTORY = {
    "audit_entry": "verb = 'nothing'",
    "status_change": "after = 'withdrawn'",
    "consent": "wording = 'everything'",
    "check_in": "participant_id = participant_id + 0, method = 'self'",
    "evaluation": "metrics = '[]', facts = '{{\"x\": 1}}'",
    "blind_box": "seed = repeat('0', 32)",
    "draw": "position = 4",
    "vote_ticket": "award_id = award_id, participant_id = (SELECT max(id) FROM"
    " participants_participant WHERE event_id = {event})",
    "seat_release": "reason = 'another'",
    "agenda_step": "verb = 'finish'",
    "risk_trigger": "note = 'another'",
}
PROOF = [
    *(a(table, change, f"{table}_only_grows") for table, change in HISTORY.items()),
    *(
        (f"DELETE FROM {of(table)} WHERE id = {{{table}}}", f"{table}_stays")
        for table in HISTORY
        if table not in ("check_in", "blind_box")
    ),
    *((f"TRUNCATE {of(table)} CASCADE", f"{table}_is_not_emptied") for table in HISTORY),
    (
        "UPDATE participants_consent SET withdrawn_at = now() WHERE id = {consent};"
        "UPDATE participants_consent SET withdrawn_at = NULL WHERE id = {consent}",
        "consent_only_grows",
    ),
    ("DELETE FROM workshops_blindbox WHERE id = {blind_box}", "blind_box_stays"),
    (
        "INSERT INTO workshops_paincard (event_id, text, topic, created_at)"
        " VALUES ({event}, 'x', '', now());"
        "INSERT INTO workshops_draw (box_id, card_id, position, topic, drawn_at)"
        " SELECT {blind_box}, max(id), 2, '', now() FROM workshops_paincard"
        " WHERE event_id = {event}",
        "draw_was_in_the_box",
    ),
]

ALL = [*STATES, *BORDERS, *TIMES, *NUMBERS, *IDENTITY, *JSON, *PROOF]


@pytest.mark.parametrize(
    ("statement", "rule"), ALL, ids=[f"{rule}-{number}" for number, (_, rule) in enumerate(ALL)]
)
def test_the_table_refuses(places, statement, rule):
    assert refused_by(statement.format(**places)) == rule


@pytest.mark.parametrize("table", HISTORY)
def test_history_holds_also_where_replication_has_switched_triggers_off(places, table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgenabled FROM pg_trigger t WHERE tgrelid = %s::regclass"
            " AND tgname LIKE ANY (ARRAY[%s, %s, %s])",
            [of(table), f"{table}_only_grows%", f"{table}_stays%", f"{table}_is_not_emptied%"],
        )
        kinds = {kind if isinstance(kind, str) else kind.decode() for (kind,) in cursor.fetchall()}
    assert "A" in kinds
    assert kinds <= {"A", "O"}  # O: "stays in its event", which is no history


def test_the_hour_of_the_record_is_the_databases(places):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO salon_auditentry (at, actor, verb, subject, fields)"
            " VALUES ('2001-01-01', 'x', 'x', 'x', '{}') RETURNING at > now() - interval '1 day'"
        )
        assert cursor.fetchone() == (True,)


def test_the_statements_name_rows_of_this_world(places):
    for statement, _rule in ALL:
        names = {name for _, name, _, _ in string.Formatter().parse(statement) if name}
        assert names <= set(places), names - set(places)


def only_growing():
    for model in tables.our_models():
        for rule in getattr(model, "table_rules", ()):
            if isinstance(rule, tables.OnlyGrows):
                yield model, rule


def test_what_only_grows_lets_go_of_what_erasing_and_the_sweep_take():
    """Words of people leave history too, and where nothing else may stand they leave it empty."""
    places = {place.model: place for place in personal.places()}
    refused = []
    for model, rule in only_growing():
        swept = {
            name
            for group in keeping.GROUPS[:2]
            for each in keeping.holdings(group)
            if each.model is model
            for name in each.blank
        }
        place = places.get(model)
        hidden = {name for each in place.holdings for name in each.blank} if place else set()
        struck = {column.name for column in place.struck} if place else set()
        refused += [
            f"{model._meta.label}.{name}"
            for name in swept | hidden | struck
            if name not in (*rule.blanked, *rule.free)
        ]
        # A text that may only become empty is taken whole, and once nobody can take it back.
        last, empties = (getattr(model, name, ()) for name in ("erase_last", "erase_empties"))
        refused += [
            f"{model._meta.label}.{name}, put back or struck out of"
            for name in rule.blanked
            if (name in hidden and name not in last) or (name in struck and name not in empties)
        ]
    assert refused == []
