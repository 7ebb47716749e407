"""A house of yesterday is migrated to today's tables, and nothing in it is lost or forgotten.

`data/a_house_in_use.sql.gz` is a dump (pg_dump --inserts) from before contacts could be proven:
the three salons of the demo, and two of a house in use. At its winter salon 程诺 came and posted,
陆一鸣 came and has only a mobile, 温如玉 watched, 白露 confirmed and did not come, 魏书瑶 and 尤嘉树
walked in, the one with a mobile. For its spring salon 林知夏 and 陆一鸣 confirmed themselves and 何明敏
through an organiser; 高志远 edited his answers and 苏晴, on the waiting list, gave a consent, both on
their own page; 韩雪 withdrew and 冯远 was erased, which offered their seats to 秦念真 and 黎若谷;
周子昂 is accepted, of which 许清源 does not know yet; 彭景行 is on the phone, 唐宁 was too late, 罗文博
not selected, 郑爽然 cancelled; 马远, 金亦凡 and 严知行 (whose address bounces) have only applied, 郑文博
was imported. Where a key's token is known it is the words in KEYS.
"""

import contextlib
import gzip
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from events.models import Event
from metrics import evaluation
from metrics.models import StreamVisit
from participants.models import Consent, Participant, PersonalLink, TagCard
from salon.models import Message
from tests import template
from workshops.models import PainCard, Question, Solution

DUMP = Path(__file__).parent / "data" / "a_house_in_use.sql.gz"
WAS = {
    "participants_participant": (
        *("id", "name", "mobile", "email", "status", "confirm_by", "told_reason", "score"),
        *("code", "status_changed_at", "erased_at", "source_key", "client_id", "note"),
    ),
    "participants_personallink": ("id", "participant_id", "revoked_at"),
    "participants_statuschange": ("id", "participant_id", "before", "after", "reason", "at"),
    "participants_consent": (
        *("id", "participant_id", "purpose", "wording", "given_at", "withdrawn_at"),
    ),
    "participants_checkin": ("id", "participant_id", "at", "method", "voided_at"),
    "participants_call": ("id", "participant_id", "claim_expires_at", "finished_at"),
    "salon_message": (
        *("id", "dedup_key", "kind", "person_id", "channel", "due_at", "released_at"),
        *("attempts", "recipient", "subject", "body", "batch"),
    ),
    "metrics_whitepaperclaim": ("id", "event_id", "participant_id", "email", "wants_news"),
    "workshops_paincard": ("id", "participant_id", "text"),
    "workshops_solution": ("id", "participant_id", "text", "featured_at"),
    "workshops_question": ("id", "participant_id", "kind", "text"),
}
# What is called otherwise today.
CALLED = {
    "workshops_question": ("id", "state"),
    "workshops_paincard": ("id", "hidden_at"),
    "workshops_solution": ("id", "hidden_at"),
    "salon_message": ("id", "state", "only_in_mailbox"),
    "participants_personallink": ("id", "token_digest"),
    "metrics_streamvisit": ("id", "viewer"),
    "metrics_evaluation": ("id", "event_id", "metrics"),
}
# token: the status of its owner's own page
KEYS = {
    "lin-zhixia-a-key-of-spring": "已确认",
    "lu-yiming-a-key-of-spring": "已确认",
    "su-qing-a-key-of-spring": "候补中",
    "ma-yuan-a-key-of-spring": "待审核",
    "han-xue-a-key-of-spring": "本人取消",
    "cheng-nuo-a-key-of-winter": "已签到",
    "bai-lu-a-key-of-winter": "已确认",
}


@pytest.fixture(scope="module")
def before(django_db_setup, django_db_blocker):
    """This process looks into the old house, migrated; `{table: {id: its row as it was}}`, and
    under "called" the same of CALLED."""
    tests_own = connection.settings_dict["NAME"]
    name = f"{tests_own}_of_yesterday"
    with django_db_blocker.unblock(), contextlib.ExitStack() as afterwards:
        with template.server() as cursor:
            template.drop(name)
            cursor.execute(template.identifiers("CREATE DATABASE {}", name))
        afterwards.callback(template.drop, name)
        with template.server(name) as cursor:
            cursor.execute(gzip.decompress(DUMP.read_bytes()).decode())
            rows = {table: rows_of(cursor, table, columns) for table, columns in WAS.items()}
            rows["called"] = {
                table: rows_of(cursor, table, columns) for table, columns in CALLED.items()
            }
        template.look_into(name)
        afterwards.callback(template.look_into, tests_own)
        call_command("migrate", verbosity=0)
        yield rows


def rows_of(cursor, table, columns):
    cursor.execute(f"SELECT {', '.join(columns)} FROM public.{table}")
    return {row[0]: dict(zip(columns, row, strict=True)) for row in cursor.fetchall()}


@pytest.fixture(autouse=True)
def _may_ask(before, django_db_blocker):
    with django_db_blocker.unblock():
        yield


@pytest.mark.parametrize("table", WAS)
def test_what_people_did_and_were_told_stays_as_it_was(before, table):
    with connection.cursor() as cursor:
        now = rows_of(cursor, table, WAS[table])
    assert before[table]
    assert now == before[table]


def test_every_status_of_a_house_in_use_is_in_it():
    assert set(Participant.objects.values_list("status", flat=True)) == set(
        Participant.Status.values
    )


def test_a_digest_is_the_same_in_bytes(before):
    for table, model, name in (
        ("participants_personallink", PersonalLink, "token_digest"),
        ("metrics_streamvisit", StreamVisit, "viewer"),
    ):
        was = {pk: row[name] for pk, row in before["called"][table].items()}
        assert was
        assert dict(model.objects.values_list("pk", name)) == was


@pytest.mark.parametrize("token", KEYS)
def test_a_link_of_yesterday_opens_the_page_of_today(token):
    phone = Client()
    assert phone.get(f"/l/{token}").status_code == 302
    slug = "house-winter" if token.endswith("winter") else "house-spring"
    page = phone.get(f"/e/{slug}/me/")
    assert page.status_code == 200
    assert KEYS[token] in page.content.decode()


def test_who_acted_confirmed_or_came_was_reached_and_who_only_applied_was_not(before):
    def proven(event, name):
        person = Participant.objects.get(event__slug=event, name=name)
        return {
            contact
            for contact in ("mobile", "email")
            if getattr(person, contact) and getattr(person, f"{contact}_proven_at")
        } == {contact for contact in ("mobile", "email") if getattr(person, contact)}

    for event, names in {
        "house-winter": ("程诺", "陆一鸣", "白露", "魏书瑶"),
        "house-spring": ("林知夏", "陆一鸣", "高志远", "苏晴", "韩雪"),
    }.items():
        for name in names:
            assert proven(event, name), (event, name)
    untouched = Participant.objects.filter(
        event__slug="house-spring", name__in=["何明敏", "马远", "金亦凡", "郑文博", "彭景行"]
    )
    assert untouched.count() == 5
    assert set(untouched.values_list("mobile_proven_at", "email_proven_at")) == {(None, None)}


def test_a_consent_of_yesterday_is_marked_as_a_label_without_its_sentence():
    assert set(Consent.objects.values_list("kept_as", "notice")) == {("label_only", None)}


def test_nobody_of_yesterday_is_cleared_sooner_than_the_house_said():
    days = Event.objects.values_list("privacy__not_selected_days", "privacy__contact_days")
    assert set(days) == {(90, 730)}


def test_what_was_on_the_walls_is_there_and_what_waited_or_was_hidden_still_is(before):
    called = before["called"]
    assert dict(Question.objects.values_list("pk", "gate")) == {
        pk: row["state"] for pk, row in called["workshops_question"].items()
    }
    for table, model in (("workshops_paincard", PainCard), ("workshops_solution", Solution)):
        assert dict(model.objects.values_list("pk", "gate")) == {
            pk: "hidden" if row["hidden_at"] else "shown" for pk, row in called[table].items()
        }
    waiting = Question.objects.filter(gate="waiting").values_list("text", flat=True)
    assert {"这条还在等", "还没看的弹幕"} <= set(waiting)
    people = Participant.objects.exclude(status__in=["submitted", "phone_screening"])
    assert set(people.values_list("gate", flat=True)) == {"shown"}
    assert not people.filter(gate_seen_at=None).exists()
    assert set(TagCard.objects.values_list("gate", flat=True)) == {"shown"}


def test_a_letter_to_come_comes_one_that_is_held_is_held_and_one_that_went_does_not_go_again(
    before,
):
    was = before["called"]["salon_message"]

    def in_state(state):
        return {pk for pk, row in was.items() if row["state"] == state}

    for now, state in (
        (Message.objects.open(), "planned"),
        (Message.objects.handed_over() | Message.objects.filter(state="no_channel"), "sent"),
        (Message.objects.filter(state="not_delivered"), "failed"),
        (Message.objects.cancelled(), "cancelled"),
    ):
        assert in_state(state)
        assert set(now.values_list("pk", flat=True)) == in_state(state), state
    alone = {pk for pk, row in was.items() if row["only_in_mailbox"]}
    assert alone
    assert set(Message.objects.filter(state="no_channel").values_list("pk", flat=True)) == alone
    held = Message.objects.held().filter(kind="accepted")
    [xu] = Participant.objects.filter(pk__in=held.values("person_id"))
    assert (xu.name, xu.status) == ("许清源", "accepted")


def test_a_salon_that_was_evaluated_comes_to_the_same_figures_today(before):
    """Every claim of the whitepaper counts, too, also those that no letter has proven."""
    past = Event.objects.get(slug="salon-past")
    evaluations = before["called"]["metrics_evaluation"].values()
    then = [row["metrics"] for row in evaluations if row["event_id"] == past.pk][-1]
    today = {row["key"]: row for row in evaluation.measure(past)}
    for row in then:
        now = today[row["key"]]
        assert [now[name] for name in ("numerator", "denominator", "value")] == [
            row[name] for name in ("numerator", "denominator", "value")
        ], row["key"]
    claims = before["metrics_whitepaperclaim"].values()
    counted = past.whitepaper_claims.proven().count()
    assert counted == sum(row["event_id"] == past.pk for row in claims) > 20
