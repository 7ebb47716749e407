"""The desk's JSON contract, to the letter (DESIGN §4)."""

import json
import uuid
from datetime import datetime, timedelta

import pytest
from django.test import Client

from events.access import revoke_desk_pass
from participants.models import CheckIn, DeskRequest, Participant, StatusChange, TagCard
from participants.tests.door import Tablet, make_person, make_salon, scan_body
from salon import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return make_salon()


@pytest.fixture
def tablet(client, salon):
    return Tablet(client, salon)


def in_force(person):
    return CheckIn.objects.filter(participant=person, voided_at=None).count()


# ---- check-ins -------------------------------------------------------------------------------


def test_lin_is_checked_in_by_her_code(tablet, salon):
    lin = make_person(salon, "林知夏")
    answer = tablet.post("check-ins", scan_body(code=lin.code, method="code"))
    assert answer.status_code == 200
    told = answer.json()
    assert told["result"] == "checked_in"
    assert told["participant"]["id"] == lin.pk
    assert told["participant"]["name"] == "林知夏"
    assert told["participant"]["category"] == {"key": "operator", "name": "核心运营者"}
    assert told["first"]["desk"] == told["first"]["by"] == "一号台"
    assert datetime.fromisoformat(told["first"]["at"]).tzinfo
    assert told["replayed"] is False
    assert in_force(lin) == 1


def test_the_second_scan_says_when_at_which_desk_and_by_whom(tablet, salon):
    lin = make_person(salon, "林知夏")
    first = tablet.scan(lin, operator="小王")["first"]
    again = Tablet(Client(), salon, "二号台").scan(lin)
    assert again["result"] == "already"
    assert again["first"] == first
    assert first["desk"] == "一号台"
    assert first["by"] == "小王"
    assert in_force(lin) == 1


@pytest.mark.parametrize(
    "status", ["submitted", "accepted", "offered", "waitlisted", "not_selected", "withdrawn"]
)
def test_who_has_not_confirmed_is_not_checked_in(tablet, salon, status):
    chen = make_person(salon, "陈一", status=status)
    told = tablet.scan(chen)
    assert told["result"] == "not_confirmed"
    assert told["participant"]["status"] == status
    assert told["first"] is None
    assert in_force(chen) == 0


def test_who_confirmed_for_the_stream_has_no_seat_at_the_door(tablet, salon):
    ma = make_person(salon, "马远", online=True)
    told = tablet.scan(ma)
    assert (told["result"], told["participant"]["online"]) == ("not_confirmed", True)


def test_a_foreign_code_and_a_foreign_person_are_unknown(tablet, salon):
    elsewhere = make_salon("autumn")
    stranger = make_person(elsewhere, "外人")
    gone = make_person(salon, "", erased_at=clock.now())
    for whom in (
        {"code": stranger.code},
        {"participant": stranger.pk},
        {"code": "ABCDEF"},
        {"code": gone.code},
        {"participant": 2**70},
        {"participant": -1},
        {"code": "no code at all \x00 \ud800 👋" + "x" * 3000},
    ):
        told = (
            tablet.scan(code=whom.get("code"))
            if "code" in whom
            else tablet.post("check-ins", scan_body(**whom)).json()
        )
        assert told["result"] == "unknown", whom
        assert told["participant"] is None
        assert told["first"] is None


@pytest.mark.parametrize(
    "written",
    [
        "{code}",
        "{lower}",
        " {lower} ",
        "{a}-{b}",
        "{a} {b}",
        "{wide}",
        "https://salon.example/e/spring/me/?k={code}",
        "/e/spring/me/?x=1&k={lower}",
    ],
)
def test_a_code_is_found_however_it_is_written(tablet, salon, written):
    person = make_person(salon, code="7K3MPQ")
    code = person.code
    text = written.format(
        code=code,
        lower=code.lower(),
        a=code[:3],
        b=code[3:],
        wide="".join(chr(ord(c) + 0xFEE0) for c in code),
    )
    assert tablet.scan(code=text, method="qr")["result"] == "checked_in"


def test_an_address_of_another_event_holds_no_code_here(tablet, salon):
    make_person(salon, code="7K3MPQ")
    assert tablet.scan(code="https://salon.example/e/autumn/me/?k=7K3MPQ")["result"] == "unknown"


# ---- repetition ------------------------------------------------------------------------------


def test_the_same_request_has_the_same_answer_and_no_second_effect(tablet, salon):
    lin = make_person(salon, "林知夏")
    body = scan_body(participant=lin.pk)
    first = tablet.post("check-ins", body).json()
    for _ in range(5):
        assert tablet.post("check-ins", body).json() == first | {"replayed": True}
    assert CheckIn.objects.count() == 1


def test_the_order_of_the_keys_and_white_space_do_not_make_another_body(tablet, salon):
    lin = make_person(salon)
    body = scan_body(participant=lin.pk)
    first = tablet.post("check-ins", body).json()
    again = tablet.post("check-ins", dict(reversed(body.items()))).json()
    assert again == first | {"replayed": True}


def test_the_answer_stays_when_the_world_has_moved_on(tablet, salon):
    lin = make_person(salon)
    body = scan_body(participant=lin.pk)
    first = tablet.post("check-ins", body).json()
    undo = {"client_id": str(uuid.uuid4()), "participant": lin.pk, "reason": "扫错人"}
    assert tablet.post("check-ins/undo", undo).json()["result"] == "undone"
    assert tablet.post("check-ins", body).json() == first | {"replayed": True}
    assert in_force(lin) == 0


def test_unknown_is_an_answer_that_is_kept_too(tablet):
    body = scan_body(code="ABCDEF")
    first = tablet.post("check-ins", body).json()
    assert tablet.post("check-ins", body).json() == first | {"replayed": True}


def test_the_same_client_id_with_another_body_is_refused(tablet, salon):
    lin, wu = make_person(salon, "林知夏"), make_person(salon, "吴越")
    body = scan_body(participant=lin.pk)
    tablet.post("check-ins", body)
    refused = tablet.post("check-ins", body | {"participant": wu.pk})
    assert refused.status_code == 422
    assert refused.json()["error"] == "other_body"
    assert tablet.post("check-ins", body | {"code": "ABCDEF", "x": 1}).status_code == 400
    undo = {"client_id": body["client_id"], "participant": lin.pk, "reason": "x"}
    assert tablet.post("check-ins/undo", undo).status_code == 422
    assert (in_force(lin), in_force(wu)) == (1, 0)


def test_the_client_id_of_an_unknown_code_cannot_be_used_for_a_person(tablet, salon):
    lin = make_person(salon)
    body = scan_body(code="ABCDEF")
    tablet.post("check-ins", body)
    assert tablet.post("check-ins", body | {"code": lin.code}).status_code == 422


# ---- malformed, uninvited --------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "not a uuid"},
        {"client_id": 7},
        {"client_id": None},
        {"scanned_at": "yesterday"},
        {"scanned_at": 5},
        {"scanned_at": ""},
        {"method": "telepathy"},
        {"method": None},
        {"code": ""},
        {"code": 7},
        {"code": None},
        {"participant": 1},
        {"offset_ms": "1"},
        {"offset_ms": 1.5},
        {"operator": 3},
        {"admitted": "yes"},
    ],
)
def test_a_malformed_request_is_answered_400(tablet, salon, change):
    make_person(salon, code="7K3MPQ")
    refused = tablet.post("check-ins", scan_body(code="7K3MPQ") | change)
    assert refused.status_code == 400
    assert refused.json()["error"] == "malformed"
    assert not DeskRequest.objects.exists()


@pytest.mark.parametrize("missing", ["client_id", "scanned_at", "method", "code"])
def test_a_missing_part_is_malformed(tablet, missing):
    body = scan_body(code="7K3MPQ")
    del body[missing]
    assert tablet.post("check-ins", body).status_code == 400


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"x"', "[" * 10_000, "\x00", '{"client_id": ' + "9" * 5000 + "}"],
)
def test_what_is_not_a_json_object_is_malformed(tablet, text):
    answer = tablet.client.post(tablet.url("check-ins"), text, content_type="application/json")
    assert answer.status_code == 400


def test_no_depth_of_nesting_breaks_the_door(tablet, salon):
    lin = make_person(salon)
    body = scan_body(participant=lin.pk)
    body["x"] = "PLACE"
    for depth in range(850, 1000):
        nested = json.dumps(body).replace('"PLACE"', "[" * depth + "]" * depth)
        answer = tablet.client.post(
            tablet.url("check-ins"), nested, content_type="application/json"
        )
        assert answer.status_code in (200, 400, 422)


def test_a_form_is_not_json(tablet, salon):
    lin = make_person(salon)
    answer = tablet.client.post(tablet.url("check-ins"), scan_body(participant=lin.pk))
    assert answer.status_code == 400
    assert in_force(lin) == 0


def test_without_a_desk_there_is_no_answer_but_401(client, salon):
    for path in ("check-ins", "check-ins/undo", "walk-ins", "cards"):
        answer = client.post(f"/e/spring/desk/api/{path}", {}, content_type="application/json")
        assert answer.status_code == 401
        assert answer.json()["error"] == "no_desk"
    assert client.get("/e/spring/desk/api/roster").status_code == 401


def test_a_revoked_desk_is_no_desk(tablet, salon):
    lin = make_person(salon)
    revoke_desk_pass(desk_pass=tablet.desk_pass, by=None)
    assert tablet.post("check-ins", scan_body(participant=lin.pk)).status_code == 401


def test_a_desk_of_one_event_opens_no_other(tablet, salon):
    other = make_salon("autumn")
    tablet.client.cookies["desk-autumn"] = tablet.cookie
    answer = tablet.client.get(f"/e/{other.slug}/desk/api/roster")
    assert answer.status_code == 401


def test_another_site_cannot_speak_for_the_desk(tablet, salon):
    lin = make_person(salon)
    body = scan_body(participant=lin.pk)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert tablet.post("check-ins", body, **headers).status_code == 403
    assert in_force(lin) == 0
    own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert tablet.post("check-ins", body, **own).status_code == 200


def test_the_desk_needs_no_csrf_token_but_its_cookie(salon):
    tablet = Tablet(Client(enforce_csrf_checks=True), salon)
    assert tablet.scan(make_person(salon))["result"] == "checked_in"


# ---- time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [timedelta(days=-1), timedelta(days=1), timedelta(days=-20000)])
def test_a_tablet_with_a_wrong_clock_is_never_refused(tablet, salon, skew):
    lin = make_person(salon)
    before = clock.now()
    told = tablet.scan(lin, scanned_at=(before + skew).isoformat())
    at = datetime.fromisoformat(told["first"]["at"])
    assert told["result"] == "checked_in"
    assert tablet.desk_pass.created_at <= at <= clock.now()


def test_a_tablet_that_knows_its_error_is_right_to_the_second(tablet, salon):
    tablet.desk_pass.created_at = salon.starts_at - timedelta(days=2)
    tablet.desk_pass.save()
    happened = salon.starts_at + timedelta(minutes=4)
    skew = timedelta(days=-1, minutes=3)
    told = tablet.scan(
        make_person(salon),
        scanned_at=(happened + skew).isoformat(),
        offset_ms=int(-skew.total_seconds() * 1000),
    )
    assert datetime.fromisoformat(told["first"]["at"]) == happened


def test_what_waited_while_the_pass_was_ended_keeps_its_hour_under_the_next_one(client, travel):
    salon = make_salon(starts_at=clock.now() + timedelta(hours=1))
    lin, zhou = make_person(salon, "林知夏"), make_person(salon, "周晓")
    travel(salon.starts_at - timedelta(minutes=40))
    ended = Tablet(client, salon).desk_pass
    in_time = salon.starts_at - timedelta(minutes=5)
    travel(salon.starts_at + timedelta(minutes=50))
    revoke_desk_pass(desk_pass=ended, by=None)
    tablet = Tablet(client, salon)
    told = tablet.scan(lin, scanned_at=in_time.isoformat())
    assert datetime.fromisoformat(told["first"]["at"]) == in_time
    body = {
        "client_id": str(uuid.uuid4()),
        "participant": zhou.pk,
        "scanned_at": in_time.isoformat(),
    }
    Participant.objects.filter(pk=zhou.pk).update(status="waitlisted")
    told = tablet.post("walk-ins", body).json()
    assert datetime.fromisoformat(told["first"]["at"]) == in_time


@pytest.mark.parametrize(
    "scanned_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-12-19T13:40:00"]
)
def test_the_ends_of_time_are_times_or_malformed(tablet, salon, scanned_at):
    answer = tablet.post("check-ins", scan_body(code="ABCDEF", scanned_at=scanned_at))
    assert answer.status_code in (200, 400)


def test_an_impossible_offset_does_not_break_the_door(tablet, salon):
    told = tablet.scan(make_person(salon), offset_ms=10**18)
    assert told["result"] == "checked_in"


# ---- cost ------------------------------------------------------------------------------------


def statements(captured):
    words = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
    return [query["sql"] for query in captured if not query["sql"].startswith(words)]


@pytest.mark.parametrize("method", ["code", "search"])
def test_a_check_in_costs_four_statements_the_desks_door_included(
    tablet, salon, method, django_assert_max_num_queries
):
    lin = make_person(salon, pains=["新人进群三天就沉默"])
    whom = {"code": lin.code} if method == "code" else {"participant": lin.pk}
    scan = scan_body(**whom)
    with django_assert_max_num_queries(20) as captured:
        assert tablet.post("check-ins", scan).json()["result"] == "checked_in"
    assert len(statements(captured)) == 4, statements(captured)
    for body in (scan_body(**whom), scan_body(code="ABCDEF")):
        with django_assert_max_num_queries(20) as captured:
            tablet.post("check-ins", body)
        assert len(statements(captured)) <= 5


def test_the_roster_is_one_query_besides_the_door(tablet, salon, django_assert_num_queries):
    make_person(salon)
    with django_assert_num_queries(2):
        tablet.client.get(tablet.url("roster"))
    for _ in range(20):
        make_person(salon)
    with django_assert_num_queries(2):
        assert len(tablet.client.get(tablet.url("roster")).json()["participants"]) == 21


# ---- roster ----------------------------------------------------------------------------------


def test_the_roster_holds_the_minimum(tablet, salon):
    zhang = make_person(salon, "张三", mobile="+8613800138000", organisation="拾光教育")
    tablet.scan(zhang)
    roster = tablet.client.get(tablet.url("roster"))
    assert roster["Cache-Control"] == "no-store"
    [person] = roster.json()["participants"]
    assert person.pop("checked_in_at")
    assert person == {
        "id": zhang.pk,
        "name": "张三",
        "pinyin": "zhangsan zs",
        "category": "operator",
        "status": "confirmed",
        "code": zhang.code,
        "tail": "8000",
        "desk": "一号台",
    }
    for secret in (zhang.email, "13800138000", "拾光教育"):
        assert secret not in roster.content.decode()


def test_the_roster_lists_who_may_turn_up(tablet, salon):
    for status in Participant.Status.values:
        make_person(salon, status, status=status)
    make_person(salon, "online", online=True)
    names = {p["name"] for p in tablet.client.get(tablet.url("roster")).json()["participants"]}
    assert names == {
        "confirmed",
        "accepted",
        "offered",
        "submitted",
        "phone_screening",
        "waitlisted",
    }


# ---- undo ------------------------------------------------------------------------------------


def undo_body(**fields):
    return {"client_id": str(uuid.uuid4()), "reason": "扫错人"} | fields


def test_undo_keeps_the_row_and_its_reason_and_frees_the_person(tablet, salon):
    lin = make_person(salon)
    tablet.scan(lin)
    told = tablet.post("check-ins/undo", undo_body(participant=lin.pk)).json()
    assert told["result"] == "undone"
    row = CheckIn.objects.get()
    assert row.void_reason == "扫错人"
    assert tablet.scan(lin)["result"] == "checked_in"
    assert CheckIn.objects.count() == 2


@pytest.mark.parametrize("reason", ["", " ", "\u200b", "\x00", "\u2067\u2066"])
def test_undo_needs_a_reason_that_can_be_read(tablet, salon, reason):
    lin = make_person(salon)
    tablet.scan(lin)
    refused = tablet.post("check-ins/undo", undo_body(participant=lin.pk, reason=reason))
    assert (refused.status_code, refused.json()["error"]) == (400, "reason")
    assert in_force(lin) == 1


def test_undoing_twice_undoes_once(tablet, salon):
    lin = make_person(salon)
    tablet.scan(lin)
    body = undo_body(participant=lin.pk)
    first = tablet.post("check-ins/undo", body).json()
    tablet.scan(lin)
    assert tablet.post("check-ins/undo", body).json() == first | {"replayed": True}
    assert in_force(lin) == 1


def test_a_tablets_late_undo_takes_back_its_own_scan_and_not_the_other_desks(tablet, salon):
    lin = make_person(salon)
    other = Tablet(Client(), salon, "二号台")
    other.scan(lin)
    offline = scan_body(participant=lin.pk, admitted=True)
    assert tablet.post("check-ins", offline).json()["result"] == "already"
    told = tablet.post("check-ins/undo", undo_body(check_in=offline["client_id"])).json()
    assert told["result"] == "nothing"
    assert in_force(lin) == 1


def test_an_offline_scan_and_its_undo_arrive_together(tablet, salon):
    lin = make_person(salon)
    scan = scan_body(participant=lin.pk, admitted=True)
    tablet.post("check-ins", scan)
    told = tablet.post("check-ins/undo", undo_body(check_in=scan["client_id"])).json()
    assert told["result"] == "undone"
    assert told["participant"]["id"] == lin.pk
    assert in_force(lin) == 0


# ---- walk-ins --------------------------------------------------------------------------------


def walk_in_body(**fields):
    return {
        "client_id": str(uuid.uuid4()),
        "scanned_at": clock.now().isoformat(),
        "name": "周末",
    } | fields


def test_zhou_walks_in_gets_a_seat_a_code_and_a_card(tablet, salon):
    answer = tablet.post(
        "walk-ins",
        walk_in_body(
            mobile="138 0013 8000",
            category="creator",
            industry="consumer",
            pain="新人进群三天就沉默",
            consents=["processing", "wall_name"],
        ),
    )
    assert answer.status_code == 200
    told = answer.json()
    assert told["result"] == "checked_in"
    assert told["participant"]["category"]["name"] == "内容创作者"
    assert told["seats"] == {"taken": 1, "capacity": 50, "left": 49}
    zhou = Participant.objects.get()
    assert (zhou.source, zhou.status, zhou.mobile) == ("walk_in", "confirmed", "+8613800138000")
    assert zhou.pinyin == "zhoumo zm"
    assert {consent.purpose for consent in zhou.consents.all()} == {"processing", "wall_name"}
    card = TagCard.objects.get(participant=zhou)
    assert (card.industry, card.pain) == ("consumer", "新人进群三天就沉默")
    assert CheckIn.objects.get().method == "walk_in"
    assert StatusChange.objects.get().after == "confirmed"


def test_a_walk_in_needs_a_name_only(tablet):
    assert tablet.post("walk-ins", walk_in_body()).json()["result"] == "checked_in"


def test_the_same_walk_in_again_is_the_same_person(tablet):
    body = walk_in_body()
    first = tablet.post("walk-ins", body).json()
    again = tablet.post("walk-ins", body).json()
    assert again == first | {"replayed": True}
    assert Participant.objects.count() == CheckIn.objects.count() == 1


def test_when_the_house_is_full_nobody_walks_in(client):
    salon = make_salon(on_site_capacity=2)
    tablet = Tablet(client, salon)
    make_person(salon, "甲")
    make_person(salon, "乙", status="accepted")
    make_person(salon, "online", online=True)
    told = tablet.post("walk-ins", walk_in_body()).json()
    assert (told["result"], told["participant"]) == ("full", None)
    assert told["seats"] == {"taken": 2, "capacity": 2, "left": 0}
    assert Participant.objects.count() == 3


def test_a_walk_in_with_a_known_mobile_is_that_person(tablet, salon):
    lin = make_person(salon, "林知夏", mobile="+8613800138000")
    told = tablet.post("walk-ins", walk_in_body(name="林知", mobile="13800138000")).json()
    assert (told["result"], told["participant"]["id"]) == ("checked_in", lin.pk)
    assert Participant.objects.count() == 1
    again = tablet.post("walk-ins", walk_in_body(mobile="13800138000")).json()
    assert again["result"] == "already"


@pytest.mark.parametrize("online", [False, True])
def test_somebody_unconfirmed_is_let_in_by_name_while_there_is_a_seat(tablet, salon, online):
    chen = make_person(salon, "陈一", status="waitlisted", online=online)
    body = walk_in_body(participant=chen.pk)
    del body["name"]
    told = tablet.post("walk-ins", body).json()
    assert told["result"] == "checked_in"
    chen.refresh_from_db()
    assert (chen.status, chen.online) == ("confirmed", False)


def test_an_accepted_guest_holds_a_seat_and_needs_no_second_one(client):
    salon = make_salon(on_site_capacity=1)
    tablet = Tablet(client, salon)
    chen = make_person(salon, "陈一", status="accepted")
    body = walk_in_body(participant=chen.pk)
    del body["name"]
    assert tablet.post("walk-ins", body).json()["result"] == "checked_in"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "🌱"),
        ("mobile", "12"),
        ("email", "nobody"),
        ("category", "vip"),
        ("industry", "magic"),
        ("consents", ["everything"]),
        ("consents", "processing"),
    ],
)
def test_a_walk_in_with_a_bad_field_gets_one_sentence(tablet, field, value):
    refused = tablet.post("walk-ins", walk_in_body(**{field: value}))
    assert refused.status_code == 400
    assert refused.json()["error"] == field
    assert refused.json()["message"]
    assert not Participant.objects.exists()


@pytest.mark.parametrize(
    "name", ["\x00张", "\ud800李", "\u202e王", "👨\u200d👩\u200d👧赵", "名" * 10_000, "<script>"]
)
def test_names_of_every_kind_walk_in_or_get_a_sentence(tablet, name):
    answer = tablet.post("walk-ins", walk_in_body(name=name))
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("operator", ["小王\x00", "\ud800", "名" * 1_000, "\u202e王"])
def test_whoever_stands_at_the_desk_a_walk_in_gets_in(tablet, operator):
    assert tablet.post("walk-ins", walk_in_body(operator=operator)).json()["result"] == "checked_in"
    assert len(CheckIn.objects.get().operator) <= 20


# ---- cards -----------------------------------------------------------------------------------


def card_body(person, **fields):
    return {
        "client_id": str(uuid.uuid4()),
        "participant": person.pk,
        "industry": "consumer",
        "size_band": "5k_10k",
        "expertise": "裂变",
        "pain": "留不住老用户",
    } | fields


def test_a_paper_card_is_typed_in_later(tablet, salon):
    lin = make_person(salon, pains=["新人进群三天就沉默"])
    prefilled = tablet.client.get(tablet.url(f"cards/{lin.pk}")).json()
    assert prefilled["pain"] == "新人进群三天就沉默"
    assert not TagCard.objects.exists()
    body = card_body(lin)
    assert tablet.post("cards", body).json()["result"] == "saved"
    assert tablet.post("cards", body).json()["replayed"] is True
    card = TagCard.objects.get(participant=lin)
    assert (card.industry, card.size_band, card.expertise) == ("consumer", "5k_10k", "裂变")


def test_a_card_of_somebody_else_s_guest_is_not_there(tablet, salon):
    stranger = make_person(make_salon("autumn"))
    assert tablet.client.get(tablet.url(f"cards/{stranger.pk}")).status_code == 404
    assert tablet.post("cards", card_body(stranger)).json()["result"] == "unknown"
    assert tablet.post("cards", card_body(stranger, industry="magic")).status_code in (200, 400)
