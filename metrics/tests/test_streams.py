"""Visits and chat of the stream: read, merged, cut to the event, and matched to people."""

import io
import json
import random
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.stream_times import read_duration
from metrics.streams import (
    ChatLine,
    Person,
    Visit,
    chat_as_json,
    identify,
    merge_viewers,
    read_chat,
    read_stream,
    read_visits,
    split_name,
    visits_as_json,
)
from participants.importing import read_applications
from salon.sheets import Sheet, SheetRefused, Table, open_table, write_csv, write_table
from tests.fresh_files import END, SHANGHAI, START, fresh_visits

DATA = Path("tests/data")
EXPECTED = json.loads((DATA / "expected.json").read_text())
WINDOW = (START, END)

CAI = Person(1, "蔡敏", mobile="+8613800138001", email="cai@example.com")
HE_IN_THE_ROOM = Person(2, "何敏", mobile="+8613800138002", online=False)
HE_ONLINE = Person(3, "何敏", mobile="+8613800138003")
PEOPLE = [CAI, HE_IN_THE_ROOM, HE_ONLINE]


def at(minute):
    return START + timedelta(minutes=minute)


def visit(name, joined=0, left=10, *, alias="", mobile="", email=""):
    return Visit(0, name, alias, mobile, email, at(joined), at(left))


def minutes(*visits, people=PEOPLE):
    viewers = merge_viewers(visits, window=WINDOW, people=people)
    return {viewer.participant_id or viewer.key: viewer.minutes for viewer in viewers}


def table_of(*rows):
    return Table(name="v.xlsx", sheets=[Sheet("", lambda: iter(list(enumerate(rows, 1))))])


@pytest.fixture(scope="module")
def applicants():
    reading = read_applications(open_table(DATA / "applications-wjx.xlsx"), tz=SHANGHAI)
    return [
        Person(
            id=row.number,
            name=row.values.name,
            mobile=row.values.mobile,
            email=row.values.email,
            online=not row.values.on_site,
        )
        for row in reading.importable
    ]


def test_the_sample_gives_every_viewer_the_expected_minutes(applicants):
    reading = read_stream(open_table(DATA / "stream-visits.xlsx"), tz=SHANGHAI)
    assert reading.kind == "visits"
    viewers = merge_viewers(reading.visits, window=WINDOW, people=applicants)
    answer = visits_as_json(reading, viewers)
    for key, value in EXPECTED["stream"].items():
        assert answer[key] == value, key
    assert (answer["matched"], answer["guests"], answer["errors"]) == (58, 5, [])


def test_the_samples_chat_is_read_and_matched(applicants):
    reading = read_stream(open_table(DATA / "danmaku.csv"), tz=SHANGHAI)
    assert reading.kind == "chat"
    assert reading.lines[0] == ChatLine(
        2, "何敏", "", "", "", datetime(2026, 12, 19, 14, 38, 21, tzinfo=SHANGHAI), "666"
    )
    assert chat_as_json(reading, applicants, imported=264) == {
        "rows": EXPECTED["danmaku"]["rows"],
        "imported": 264,
        "matched": 252,  # twelve lines are guests': 路过的小鹿 7, 游客8392 5
        "errors": [],
    }


@pytest.mark.parametrize("seed", range(40))
def test_other_viewers_under_other_headers_are_merged_as_well(seed):
    fresh = fresh_visits(seed)
    reading = read_visits(open_table(fresh.content, name="v.xlsx"), tz=SHANGHAI)
    people = [
        Person(id=p["id"], name=p["name"], mobile="+86" + p["mobile"])
        for p in fresh.truth["people"]
    ]
    viewers = merge_viewers(reading.visits, window=WINDOW, people=people)
    answer = visits_as_json(reading, viewers)
    assert answer["errors"] == []
    assert answer["visits"] == fresh.truth["visits"]
    assert answer["minutes"] == fresh.truth["minutes"]


def test_the_chat_reads_in_every_encoding_a_platform_writes(applicants):
    rows = [row for _number, row in open_table(DATA / "danmaku.csv").rows()]
    text = "\r\n".join(",".join(row) for row in rows)
    expected = read_chat(open_table(DATA / "danmaku.csv"), tz=SHANGHAI).lines
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        for delimiter in ",\t;":
            content = text.replace(",", delimiter).encode(encoding)
            assert read_chat(open_table(content, name="c.csv"), tz=SHANGHAI).lines == expected


def test_overlapping_visits_of_cai_count_once():
    assert minutes(visit("蔡敏", 0, 30), visit("蔡敏", 20, 50), visit("蔡敏", 50, 60)) == {1: 60.0}
    assert minutes(visit("蔡敏", 0, 60), visit("蔡敏", 10, 20)) == {1: 60.0}


def test_what_lies_outside_the_event_is_cut():
    assert minutes(visit("蔡敏", -30, 15), visit("蔡敏", 260, 400)) == {1: 25.0}


def test_who_left_before_the_event_is_no_viewer():
    reading_before = [visit("蔡敏", -30, 0), visit("路人", -20, -10), visit("云", 5, 5)]
    assert minutes(*reading_before) == {}


def test_a_visit_without_a_mobile_belongs_to_the_name_that_has_one_elsewhere():
    assert minutes(visit("小敏", 0, 10, mobile=CAI.mobile), visit("小敏", 20, 30)) == {1: 20.0}
    stranger = "+8613900139009"
    assert minutes(visit("周", 0, 10, mobile=stranger), visit("周", 20, 30)) == {
        "13900139009": 20.0
    }


def test_the_email_is_looked_at_after_the_mobile():
    assert minutes(visit("x", email="cai@example.com")) == {1: 10.0}
    assert minutes(visit("x", mobile=HE_ONLINE.mobile, email="cai@example.com")) == {3: 10.0}


def test_of_two_people_of_one_name_the_stream_belongs_to_the_one_who_is_online():
    assert minutes(visit("何敏")) == {3: 10.0}


def test_a_name_of_two_online_people_is_a_guest():
    twin = Person(4, "何敏", mobile="+8613800138004")
    assert minutes(visit("何敏"), people=[*PEOPLE, twin]) == {"何敏": 10.0}


def test_somebody_from_the_room_may_look_at_the_stream_too():
    assert minutes(visit("何敏"), people=[CAI, HE_IN_THE_ROOM]) == {2: 10.0}


def test_cai_with_a_mobile_nobody_knows_is_still_cai_unless_cai_is_there_already():
    second = "+8613900139009"
    assert minutes(visit("蔡敏", mobile=second)) == {1: 10.0}
    assert minutes(visit("蔡敏", mobile=second), visit("a", mobile=CAI.mobile)) == {
        "13900139009": 10.0,
        1: 10.0,
    }


def test_two_unknown_mobiles_under_cais_name_are_two_guests():
    first, second = "+8613900139008", "+8613900139009"
    assert minutes(visit("蔡敏", mobile=first), visit("蔡敏", mobile=second)) == {
        "13900139008": 10.0,
        "13900139009": 10.0,
    }


def test_the_name_typed_when_joining_helps_where_the_nickname_does_not():
    assert minutes(visit("iPhone", alias="蔡敏"), visit("iPhone", 20, 30)) == {
        1: 10.0,
        "iPhone": 10.0,
    }


@pytest.mark.parametrize(
    ("typed", "name", "alias"),
    [
        ("蔡敏", "蔡敏", ""),
        ("蔡敏(蔡敏)", "蔡敏", ""),
        ("蔡敏（小蔡）", "蔡敏", "小蔡"),
        (" 蔡敏 (蔡 敏) ", "蔡敏", ""),
        ("Lily🌸(Lily🌸)", "Lily🌸", ""),
        ("a(b)(a(b))", "a(b)", ""),
        ("(匿名)", "(匿名)", ""),
        ("蔡敏()", "蔡敏", ""),
        ("蔡敏)", "蔡敏)", ""),
        (13800138001, "13800138001", ""),
        (None, "", ""),
    ],
)
def test_a_name_is_typed_with_or_without_its_double(typed, name, alias):
    assert split_name(typed) == (name, alias)


HEADER = ("昵称", "手机号", "邮箱", "入会时间", "退会时间", "参会时长")


def test_a_missing_time_is_worked_out_from_the_duration():
    reading = read_visits(
        table_of(
            HEADER,
            ("蔡敏", None, None, "2026-12-19 14:00:00", None, "00:30:00"),
            ("何敏", None, None, None, "2026-12-19 14:30", "30分钟"),
            ("周", None, None, "2026-12-19 14:00:00", "2026-12-19 14:10:00", "09:99:99"),
        ),
        tz=SHANGHAI,
    )
    assert [(v.joined_at, v.left_at) for v in reading.visits] == [
        (at(30), at(60)),
        (at(30), at(60)),
        (at(30), at(40)),
    ]
    assert reading.problems == []


@pytest.mark.parametrize("mark", ["-", "--", "—", "/", "(空)", "（跳过）", "N/A", " ", "null"])
def test_a_cell_that_says_it_is_empty_is_empty(mark):
    reading = read_visits(
        table_of(
            HEADER,
            ("蔡敏", None, None, "2026-12-19 14:00:00", mark, "30分钟"),
            ("何敏", None, None, mark, "2026-12-19 14:30", "30分钟"),
            ("周", None, None, "2026-12-19 14:00:00", mark, mark),
        ),
        tz=SHANGHAI,
    )
    assert [(v.joined_at, v.left_at) for v in reading.visits] == [(at(30), at(60))] * 2
    assert [(p.row, p.column) for p in reading.problems] == [(4, "退会时间")]


def test_rows_that_cannot_be_visits_are_listed_and_closing_lines_are_not():
    reading = read_visits(
        table_of(
            ("会议主题", "沙龙"),
            HEADER,
            ("蔡敏", None, None, "14:00", "15:00"),
            ("蔡敏", None, None, "2026-12-19 15:00", "2026-12-19 14:00"),
            ("蔡敏", "13800138001", None, None, None, None),
            ("蔡敏", "138****8001", None, "2026-12-19 15:00", "2026-12-19 15:30"),
            (None, None, None, "2026-12-19 15:00", "2026-12-19 15:30"),
            ("蔡敏", "1", "2", None, None, None),
            HEADER,
            ("合计", 5),
            ("以上数据由会议平台导出",),
        ),
        tz=SHANGHAI,
    )
    assert [v.row for v in reading.visits] == [6]
    assert reading.visits[0].mobile == ""
    assert [(p.row, p.column, p.code) for p in reading.problems] == [
        (3, "入会时间", "time"),
        (4, "退会时间", "time"),
        (7, "昵称", "name"),
        (8, "入会时间", "time"),
    ]
    assert all(p.as_json()["message"] for p in reading.problems)


def test_totals_and_remarks_below_are_no_rows_wherever_their_cells_stand():
    visits = read_visits(
        table_of(
            ("参会时长", "入会时间", "退会时间", "昵称"),
            ("00:30:00", "2026-12-19 14:00:00", "2026-12-19 14:30:00", "蔡敏"),
            ("合计", None, "00:30:00", 1),
            ("总时长：00:30:00", None, None, "1 人"),
            ("以上数据由会议平台导出", "2026-12-20"),
            (None, "数据由会议平台导出"),
            ("00:30:00", None, None, "何敏"),
            (None, "刚才", None, "何敏"),
            (None, "2026-12-19 14:00:00"),
        ),
        tz=SHANGHAI,
    )
    assert [(v.row, v.name) for v in visits.visits] == [(2, "蔡敏")]
    assert [p.row for p in visits.problems] == [7, 8, 9]
    chat = read_chat(
        table_of(
            ("内容", "发送时间", "昵称"),
            ("求模板", "2026-12-19 14:00:00", "蔡敏"),
            ("总计要多少预算", "2026-12-19 14:00:01", "蔡敏"),
            ("共 2 条",),
            ("合计", 2),
            ("没有时间的一句",),
        ),
        tz=SHANGHAI,
    )
    assert [line.text for line in chat.lines] == ["求模板", "总计要多少预算"]
    assert [p.row for p in chat.problems] == [6]


def test_a_time_without_a_date_is_the_one_nearest_to_the_event():
    evening = (at(390), at(630))  # 20:00 to midnight
    reading = read_stream(
        table_of(
            HEADER,
            ("蔡敏", None, None, "19:50", "20:30:10", None),
            ("何敏", None, None, time(23, 50), "0:20", None),
            ("周", None, None, "下午8:05", None, "10分钟"),
            ("周", None, None, "25:10", "26:00", None),
        ),
        tz=SHANGHAI,
        window=evening,
    )
    assert [(v.joined_at, v.left_at) for v in reading.visits] == [
        (at(380), at(420) + timedelta(seconds=10)),
        (at(620), at(650)),
        (at(395), at(405)),
    ]
    assert [p.row for p in reading.problems] == [5]


@pytest.mark.parametrize(
    "typed",
    [
        *("12/19/2026 02:00:00 PM", "19/12/2026 14:00", "19.12.2026 14:00"),
        *("Dec 19, 2026 14:00:00", "December 19, 2026 at 2:00 PM", "Sat, 19 Dec 2026 14:00"),
        *("12-19 14:00", "12/19 14:00:00", "19.12 14:00", "12月19日 下午2:00", "12月19日14:00"),
    ],
)
def test_a_date_in_another_order_or_without_its_year_is_the_one_nearest_to_the_event(typed):
    header = ("Name (original name)", "Email", "Join time", "Leave time", "Duration (minutes)")
    reading = read_stream(
        table_of(header, ("Cai Min", "cai@example.com", typed, None, 30)),
        tz=SHANGHAI,
        window=WINDOW,
    )
    assert [(v.joined_at, v.left_at) for v in reading.visits] == [(at(30), at(60))]


@pytest.mark.parametrize(
    "header",
    [
        ("参会者", "首次登录时间", "登出时间"),
        ("姓名（公司）", "加入会议时间", "退出会议时间"),
        ("用户昵称（会议昵称）", "进入直播间时间", "离开直播间时间"),
        ("Participant", "Joined", "Left"),
    ],
)
def test_platforms_call_their_columns_otherwise(header):
    row = ("蔡敏", "2026-12-19 14:00:00", "2026-12-19 14:30:00")
    (found,) = read_stream(table_of(header, row), tz=SHANGHAI).visits
    assert (found.name, found.joined_at, found.left_at) == ("蔡敏", at(30), at(60))


def test_a_real_name_beside_the_nickname_finds_cai():
    header = ("昵称", "真实姓名", "加入时间", "离开时间")
    times = ("2026-12-19 14:00:00", "2026-12-19 14:10:00")
    for columns in ((0, 1, 2, 3), (1, 0, 3, 2)):
        rows = [
            tuple(row[column] for column in columns)
            for row in (header, ("阿敏爱吃鱼", "蔡敏", *times), ("阿敏爱吃鱼", None, *times))
        ]
        visits = read_visits(table_of(*rows), tz=SHANGHAI).visits
        if columns[0] == 0:
            assert [(v.name, v.alias) for v in visits] == [
                ("蔡敏", "阿敏爱吃鱼"),
                ("阿敏爱吃鱼", ""),
            ]
        assert minutes(visits[0]) == {1: 10.0}


def test_who_was_still_there_is_told_which_time_is_missing():
    joined = "2026-12-19 14:00:00"
    reading = read_visits(
        table_of(HEADER, ("蔡敏", None, None, joined, "--"), ("蔡敏", "1", None, joined, None)),
        tz=SHANGHAI,
    )
    assert [(p.row, p.column) for p in reading.problems] == [(2, "退会时间"), (3, "退会时间")]


def test_lines_without_time_or_text_are_listed():
    reading = read_chat(
        table_of(
            ("直播间", "沙龙"),
            ("发送时间", "发言人", "消息内容"),
            ("2026-12-19 14:00:00", "蔡敏(蔡敏)", "求模板"),
            ("刚才", "蔡敏", "求模板"),
            ("2026-12-19 14:00:01", "蔡敏", " \u200b"),
            ("2026-12-19 14:00:01", "蔡敏", "长" * 501),
            ("共 4 条",),
        ),
        tz=SHANGHAI,
    )
    assert [(line.name, line.text) for line in reading.lines] == [("蔡敏", "求模板")]
    assert [(p.row, p.code) for p in reading.problems] == [(4, "time"), (5, "text"), (6, "text")]
    assert reading.rows == 4


@pytest.mark.parametrize("read", [read_stream, read_visits, read_chat])
def test_another_kind_of_sheet_is_refused_with_a_sentence(read):
    with pytest.raises(SheetRefused) as refused:
        read(table_of(("品名", "数量"), ("纸笔", 5)), tz=SHANGHAI)
    assert refused.value.code == "header"
    assert "表头" in str(refused.value.message)


@pytest.mark.parametrize(
    ("typed", "unit", "seconds"),
    [
        ("01:25:20", "", 5120),
        ("85:20", "", 85 * 3600 + 20 * 60),
        ("1小时25分20秒", "", 5120),
        ("85分钟", "", 5100),
        ("1 h 5 min", "", 3900),
        (85, "观看时长(分钟)", 5100),
        ("85", "时长（分）", 5100),
        (90, "时长(秒)", 90),
        (45, "停留时间（分钟）", 2700),
        ("1.5小时", "", 5400),
        (0.5, "时长", 43200),
        (time(1, 25, 20), "", 5120),
        (timedelta(hours=2), "", 7200),
        (datetime(1900, 1, 1, 1, 0), "", 90000),  # noqa: DTZ001
    ],
)
def test_a_duration_is_written_in_many_ways(typed, unit, seconds):
    assert read_duration(typed, unit=unit) == timedelta(seconds=seconds)


@pytest.mark.parametrize("typed", ["", None])
def test_no_duration_is_none(typed):
    assert read_duration(typed) is None


def test_the_minutes_or_hours_of_a_stay_are_not_guessed_from_the_word_for_time():
    with pytest.raises(ValueError):
        read_duration(45, unit="停留时间")


@pytest.mark.parametrize("typed", ["很久", 85, "-5", "1:2:3:4", True, timedelta(-1)])
def test_a_duration_that_says_nothing_is_refused(typed):
    with pytest.raises(ValueError):
        read_duration(typed)


def test_visits_written_by_us_as_csv_or_xlsx_read_the_same():
    rows = [["=蔡敏", CAI.mobile, "", "2026-12-19 14:00:00", "2026-12-19 15:00:00", ""]]
    as_csv, as_xlsx = io.BytesIO(), io.BytesIO()
    write_csv(as_csv, headers=HEADER, rows=rows)
    write_table(as_xlsx, sheets=[("v", HEADER, rows, None)])
    first = read_visits(open_table(as_csv, name="v.csv"), tz=SHANGHAI).visits
    assert first == read_visits(open_table(as_xlsx, name="v.xlsx"), tz=SHANGHAI).visits
    assert first[0].name == "=蔡敏"


NAMES = st.sampled_from(["蔡敏", "何敏", "周", "iPhone"])
CONTACTS = st.sampled_from(["", "", CAI.mobile, HE_ONLINE.mobile, "+8613900139009"])
VISITS = st.lists(
    st.builds(
        lambda name, alias, mobile, joined, length: visit(
            name, joined, joined + length, alias=alias, mobile=mobile
        ),
        NAMES,
        st.sampled_from(["", "蔡敏", "小蔡"]),
        CONTACTS,
        st.integers(-60, 300),
        st.integers(0, 200),
    ),
    max_size=12,
)


# A machine busy with other tests draws slowly: that says nothing about the reader.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNTIMED
@given(VISITS, st.randoms(use_true_random=False))
def test_merging_never_exceeds_the_event_and_does_not_mind_the_order(visits, shuffler):
    answer = minutes(*visits)
    assert all(0 < value <= 270 for value in answer.values())
    shuffled = random.Random(shuffler.random()).sample(visits, len(visits))
    assert minutes(*shuffled) == answer


@UNTIMED
@given(VISITS)
def test_every_visit_goes_to_exactly_one_viewer(visits):
    everywhere = (START - timedelta(days=1), END + timedelta(days=1))
    viewers = merge_viewers(visits, window=everywhere, people=PEOPLE)
    merged = [v for viewer in viewers for v in viewer.visits]
    lasting = {who for v, who in zip(visits, identify(visits, PEOPLE), strict=True)
               if v.left_at > v.joined_at}  # fmt: skip
    assert len(viewers) == len(lasting)
    assert len(merged) <= len(visits)
    assert len({viewer.key for viewer in viewers}) == len(viewers)
    longest = sum((v.left_at - v.joined_at).total_seconds() for v in visits)
    assert sum(viewer.seconds for viewer in viewers) <= longest
