"""The survey platform's export and the project's own template, read row by row."""

import io
import json
import random
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from participants.import_template import TEMPLATE_COLUMNS, template_cells, write_template
from participants.importing import ApplicationValues, read_applications
from salon.sheets import Sheet, SheetRefused, Table, open_table, write_table
from salon.text import national_mobile
from tests.fresh_files import SHANGHAI, fresh_applications

SAMPLE = Path("tests/data/applications-wjx.xlsx")
EXPECTED = json.loads(Path("tests/data/expected.json").read_text())["applications"]

HEADER = ("姓名", "手机", "邮箱", "身份", "社群规模", "月活率", "痛点", "同意处理个人信息")
LIN = ("林晓", "13800138001", "lin@example.com", "社群核心运营者", "1.2万", "45%", "没人说话", "是")


def read(*rows, header=HEADER, **more):
    """Read rows under a header in the file's first row."""
    numbered = list(enumerate((header, *rows), 1))
    table = Table(name="a.xlsx", sheets=[Sheet(title="", rows=lambda: iter(numbered))])
    return read_applications(table, tz=SHANGHAI, **more)


def changed(row, **answers):
    return tuple(answers.get(title, cell) for title, cell in zip(HEADER, row, strict=True))


def codes(row):
    return [problem.code for problem in row.problems]


def test_the_sample_is_read_to_the_last_row():
    reading = read_applications(open_table(SAMPLE), tz=SHANGHAI)
    assert len(reading.rows) == EXPECTED["rows"]
    assert len(reading.importable) == EXPECTED["importable"]
    assert Counter(problem.code for problem in reading.problems) == EXPECTED["problems"]
    for row, truth in zip(reading.rows, EXPECTED["detail"], strict=True):
        values = row.values
        assert row.number == truth["row"]
        assert codes(row) == ([truth["problem"]] if truth["problem"] else [])
        assert values.category == truth["category"]
        assert values.community_size == truth["community_size"]
        assert values.active_rate == truth["active_rate_percent"]
        assert values.followers == truth["followers"]
        assert len(values.pain_points) == truth["pain_points"]
        assert values.on_site == truth["on_site"]
        if truth["problem"] != "name":  # the truth knows a name that the file does not hold
            assert values.name == truth["name"]
        if truth["phone"]:
            assert national_mobile(values.mobile) == truth["phone"]


def test_cao_haiyans_answer_arrives_whole():
    reading = read_applications(open_table(SAMPLE), tz=SHANGHAI)
    assert reading.rows[1].values == ApplicationValues(
        name="曹海燕",
        mobile="+8618881453840",
        email="u81453840@example.com",
        organisation="白桃烘焙",
        job_title="用户增长运营",
        category="core",
        industry="consumer",
        community_size=3000,
        active_rate=Decimal(48),
        expertise=["私域转化"],
        pain_points=["老用户流失没有预警", "打卡活动参与率越来越低"],
        expectation="想带走一套能直接用的新用户激活流程",
        on_site=False,
        channel="定向邀请",
        channel_kind="invitation",
        consents={
            "processing": True,
            "wall_name": True,
            "photo": None,
            "share_contact": None,
            "whitepaper_credit": None,
            "invite_again": None,
        },
        submitted_at=datetime(2026, 11, 20, 9, 35, tzinfo=SHANGHAI),
        source_key="2@2026-11-20T09:35:00",
    )


def test_metadata_of_the_platform_is_nobodys_answer():
    reading = read_applications(open_table(SAMPLE), tz=SHANGHAI)
    assert reading.unread_headers == ["所用时间", "来源", "来源详情", "来自IP"]


def test_the_columns_of_the_sample_may_stand_in_any_order():
    header, *rows = [cells for _number, cells in open_table(SAMPLE).rows()]
    order = list(range(len(header)))
    random.Random(7).shuffle(order)
    shuffled = [[(*row, *[None] * 25)[i] for i in order] for row in (header, *rows)]
    stream = io.BytesIO()
    write_table(stream, sheets=[("答卷", None, shuffled, None)])
    straight = read_applications(open_table(SAMPLE), tz=SHANGHAI)
    mixed = read_applications(open_table(stream), tz=SHANGHAI)
    assert [row.values for row in mixed.rows] == [row.values for row in straight.rows]
    assert [p.as_json() for p in mixed.problems] == [p.as_json() for p in straight.problems]


@pytest.mark.parametrize("seed", range(25))
def test_other_people_under_other_headers_read_as_well(seed):
    fresh = fresh_applications(seed)
    reading = read_applications(open_table(fresh.content, name="f.xlsx"), tz=SHANGHAI)
    assert [row.number for row in reading.rows] == [truth["row"] for truth in fresh.truth]
    for row, truth in zip(reading.rows, fresh.truth, strict=True):
        values = row.values
        assert codes(row) == ([truth["problem"]] if truth["problem"] else []), row
        if truth["problem"]:
            continue
        assert values.name == truth["name"]
        assert values.mobile == "+86" + truth["phone"]
        assert values.email in ("", f"p{truth['phone']}@example.com")
        assert values.category == truth["category"]
        assert values.industry == truth["industry"]
        assert values.community_size == truth["community_size"]
        assert values.active_rate == truth["active_rate_percent"]
        assert values.followers == truth["followers"]
        assert values.pain_points == truth["pain_points"]
        assert values.expertise == truth["expertise"]
        assert values.on_site == truth["on_site"]
        assert values.consents["wall_name"] == truth["wall_name"]


def test_every_problem_of_a_row_is_told_at_once():
    row = read(("", "138", "not-an-address", "路人", "好几千", "480%", "", "否")).rows[0]
    assert codes(row) == ["name", "phone", "email", "number", "number", "category", "consent"]
    assert {problem.row for problem in row.problems} == {2}
    assert [problem.column for problem in row.problems] == [
        *("姓名", "手机", "邮箱", "社群规模", "月活率", "身份", "同意处理个人信息")
    ]
    assert all(str(problem.message) for problem in row.problems)


def test_lin_may_leave_the_mobile_out_but_not_the_email_as_well():
    only_email, neither = read(changed(LIN, 手机="(空)"), changed(LIN, 手机=None, 邮箱="")).rows
    assert only_email.importable
    assert only_email.values.mobile == ""
    assert codes(neither) == ["phone"]


@pytest.mark.parametrize("nothing", ["无", "没有", "-", "/", "暂无"])
def test_lin_without_an_email_may_say_so(nothing):
    no_email, no_mobile, neither = read(
        changed(LIN, 邮箱=nothing),
        changed(LIN, 手机=nothing, 邮箱="xiao@example.com"),
        changed(LIN, 手机=nothing, 邮箱=nothing),
    ).rows
    assert (no_email.importable, no_email.values.email) == (True, "")
    assert (no_mobile.importable, no_mobile.values.mobile) == (True, "")
    assert codes(neither) == ["phone"]


def test_two_mobiles_that_excel_rounded_away_are_refused_and_no_duplicates():
    rows = read(changed(LIN, 手机="1.38E+10"), changed(LIN, 手机="1.38E+10", 邮箱="h@e.cn")).rows
    assert [codes(row) for row in rows] == [["phone"], ["phone"]]


@pytest.mark.parametrize(
    ("question", "answer", "field", "value"),
    [
        ("3、您的邮箱（用于接收活动资料）", "yu@example.com", "email", "yu@example.com"),
        ("接收资料的邮箱地址", "yu@example.com", "email", "yu@example.com"),
        ("您目前就职的公司", "青石", "organisation", "青石"),
        ("任职单位：", "青石", "organisation", "青石"),
        ("您的社群大概有多少成员？", "8000", "community_size", 8000),
        ("社群体量", "8000", "community_size", 8000),
        ("Q7 您将以何种方式参加？", "线上直播", "on_site", False),
        ("您打算以哪种形式参与本次互动沙龙", "线上", "on_site", False),
    ],
)
def test_yu_is_understood_however_the_organiser_asks(question, answer, field, value):
    header = ("报名人", "手机", "身份", "是否同意将以上信息用于本次活动", question)
    row = read(("余安", "13800138002", "内容创作者", "同意", answer), header=header).rows[0]
    assert codes(row) == []
    assert row.values.name == "余安"
    assert getattr(row.values, field) == value


@pytest.mark.parametrize(
    "question",
    [
        *("是否接收邮件通知", "接收邮件提醒", "您管理多少个社群", "公司职务"),
        *("您希望以什么形式参与互动", "以上信息是否属实", "是否同意将以上信息分享给其他参与者"),
    ],
)
def test_a_question_that_only_sounds_like_one_of_ours_answers_none_of_them(question):
    header = (*HEADER[:2], HEADER[3], question)
    plain = read(("余安", "13800138002", "内容创作者", "同意"), header=(*header[:3], HEADER[7]))
    read_too = read(
        ("余安", "13800138002", "内容创作者", "是", "同意"), header=(*header, HEADER[7])
    )
    values = read_too.rows[0].values
    assert (values.email, values.organisation, values.community_size) == ("", "", None)
    assert values.consents == plain.rows[0].values.consents
    assert values.on_site is True
    with pytest.raises(SheetRefused):  # nor does it stand for the consent
        read(("余安", "13800138002", "内容创作者", "是"), header=header)


def test_the_second_lin_is_a_duplicate_by_mobile_or_by_email():
    reading = read(
        LIN,
        changed(LIN, 姓名="小林", 邮箱="other@example.com", 手机="+86 138-0013-8001"),
        changed(LIN, 姓名="老林", 手机="13900139000", 邮箱=" LIN@example.com"),
    )
    assert [codes(row) for row in reading.rows] == [[], ["duplicate"], ["duplicate"]]
    assert reading.problems[0].as_json() == {
        "row": 3,
        "column": "手机",
        "code": "duplicate",
        "message": "手机号与第 2 行相同，只导入第一次报名。",
    }


def test_lin_who_refused_first_and_agreed_later_is_taken_the_second_time():
    reading = read(changed(LIN, 同意处理个人信息="不同意"), LIN)
    assert [codes(row) for row in reading.rows] == [["consent"], []]


def test_somebody_who_has_applied_before_is_known_and_not_refused():
    wang = ("王默", "13700137000", "", "品牌方代表", "", "", "", "是")
    reading = read(LIN, wang, known_phones=["+8613700137000", ""], known_emails=[""])
    assert [row.known for row in reading.rows] == [False, True]
    assert reading.as_json(imported=1) == {
        "rows": 2,
        "importable": 2,
        "imported": 1,
        "known": 1,
        "erased": 0,
        "errors": [],
    }


def test_a_text_too_long_is_a_problem_and_is_not_cut():
    long = "痛" * 201
    reading = read(
        changed(LIN, 痛点=long), changed(LIN, 手机="13900139000", 邮箱="", 姓名="林" * 81)
    )
    assert [codes(row) for row in reading.rows] == [["text"], ["text"]]
    assert reading.rows[0].values.pain_points == [long]


def test_a_sixth_pain_point_is_a_problem():
    row = read(changed(LIN, 痛点="\n".join("一二三四五六"))).rows[0]
    assert codes(row) == ["text"]


def test_a_comma_stays_inside_a_pain_point_and_numbering_goes():
    row = read(
        changed(LIN, 痛点="1、社群太多,人手不够\n2. 3天就沉默\n\n• 无\n(空)\n没人说话")
    ).rows[0]
    assert row.values.pain_points == ["社群太多,人手不够", "3天就沉默", "没人说话"]


def test_lines_above_the_header_and_below_the_table_are_nobody():
    numbered = [
        (1, ("报名统计表",)),
        (3, ("导出时间", "2026-12-01", "共", 1)),
        (6, HEADER),
        (7, LIN),
        (8, HEADER),
        (9, (None, None, None, None, "合计", 1)),
        (12, ("", None, "(空)")),
    ]
    table = Table(name="", sheets=[Sheet(title="", rows=lambda: iter(numbered))])
    assert [row.number for row in read_applications(table, tz=SHANGHAI).rows] == [7]


def test_answers_on_the_second_sheet_are_found():
    stream = io.BytesIO()
    sheets = [("说明", ["请先读"], [["姓名和手机必填"]], None), ("答卷", HEADER, [LIN], None)]
    write_table(stream, sheets=sheets)
    assert len(read_applications(open_table(stream), tz=SHANGHAI).importable) == 1


def test_two_sheets_of_answers_are_not_half_imported():
    stream, zhou = io.BytesIO(), changed(LIN, 姓名="周远", 手机="13800138002", 邮箱="")
    empty = ("空表", HEADER, [], None)
    write_table(stream, sheets=[("上海", HEADER, [LIN], None), empty])
    assert len(read_applications(open_table(stream), tz=SHANGHAI).importable) == 1
    stream = io.BytesIO()
    write_table(stream, sheets=[("上海", HEADER, [LIN], None), ("杭州", HEADER, [zhou], None)])
    with pytest.raises(SheetRefused, match="“上海”和“杭州”两张工作表里都有报名"):
        read_applications(open_table(stream), tz=SHANGHAI)


@pytest.mark.parametrize(
    "header",
    [
        ("品名", "数量", "单价"),
        ("姓名", "身份", "同意处理个人信息"),
        ("姓名", "手机", "同意处理个人信息"),
        ("姓名", "手机", "身份"),
    ],
)
def test_a_sheet_that_is_no_application_is_refused_with_a_sentence(header):
    with pytest.raises(SheetRefused) as refused:
        read(("a", "b", "c"), header=header)
    assert refused.value.code == "header"
    assert str(refused.value.message).endswith("。")


@pytest.mark.parametrize(
    ("answer", "consent"),
    [
        *[(yes, True) for yes in ("同意", "是", "我已阅读并同意", "Y", "yes", "√", 1, True, 1.0)],
        *[
            (yes, True)
            for yes in ("同意（仅用于本次活动，不会外传）", "我同意，信息不作他用", "接受")
        ],
        *[(no, False) for no in ("不同意", "否", "暂不同意", "N", "no", "×", 0, False)],
        *[
            (no, False)
            for no in ("已阅读，不同意", "否（不方便）", "不，谢谢", "知悉，但不接受", "拒绝")
        ],
        *[(none, None) for none in (None, "(空)", "(跳过)", "也许")],
    ],
)
def test_a_consent_is_given_refused_or_not_said(answer, consent):
    values = read((*LIN, answer), header=(*HEADER, "是否同意现场拍照")).rows[0].values
    assert values.consents["photo"] is consent


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("社群核心运营者", "core"),
        ("A.社群核心运营者", "core"),
        ("核心运营", "core"),
        ("品牌方代表", "brand"),
        ("品牌", "brand"),
        ("内容创作者", "creator"),
        ("博主/KOL", "creator"),
        ("core", "core"),
        ("品牌运营", ""),
        ("社群核心运营者┋内容创作者", ""),
        ("(空)", ""),
    ],
)
def test_a_category_is_one_of_three_or_a_problem(answer, key):
    row = read(changed(LIN, 身份=answer)).rows[0]
    assert row.values.category == key
    assert codes(row) == ([] if key else ["category"])


def test_a_way_of_taking_part_that_nobody_understands_is_a_problem():
    header = (*HEADER, "参加方式")
    reading = read((*LIN, "看情况"), header=header)
    assert codes(reading.rows[0]) == ["attendance"]
    assert read((*LIN, None), header=header).rows[0].values.on_site is True


def test_a_submission_time_that_cannot_be_read_is_a_problem():
    assert codes(read((*LIN, "上周三"), header=(*HEADER, "报名时间")).rows[0]) == ["time"]


def test_hostile_answers_are_stored_as_text_or_refused():
    hostile = [
        *("=1+1", "\x00\ud800", "\u202eevil", "<script>alert(1)</script>", "😀" * 10_000, "{row}%s")
    ]
    rows = [changed(LIN, 手机=None, 邮箱=f"p{i}@example.com", 姓名=f"林{t}", 痛点=t)
            for i, t in enumerate(hostile)]  # fmt: skip
    reading = read(*rows)
    assert [codes(row) for row in reading.rows] == [[], [], [], [], ["text"], []]
    assert json.dumps(reading.as_json()).isascii()
    json.dumps([row.values.name for row in reading.rows], ensure_ascii=False).encode()


def test_the_empty_template_is_read_by_its_own_reader():
    stream = io.BytesIO()
    write_template(stream)
    reading = read_applications(open_table(stream), tz=SHANGHAI)
    assert reading.rows == []
    assert reading.unread_headers == []
    assert set(reading.headers) == {column.field for column in TEMPLATE_COLUMNS}
    book = openpyxl.load_workbook(stream)
    assert book.sheetnames == ["报名表", "填写说明"]
    assert book["填写说明"].max_row == len(TEMPLATE_COLUMNS) + 1


WORDS = st.text(alphabet="林晓风社群abc =+-@,;、┋'\"0①", min_size=1, max_size=12).filter(
    lambda text: text.strip() == text and "  " not in text
)


@settings(deadline=None, max_examples=60)
@given(
    st.builds(
        ApplicationValues,
        name=st.sampled_from(["林晓", "Anna Lee", "司徒·望舒"]),
        mobile=st.sampled_from(["", "+8613800138001", "+85261234567"]),
        email=st.just("lin@example.com"),
        organisation=WORDS.map(lambda word: "机构" + word),
        category=st.sampled_from(["core", "brand", "creator"]),
        industry=st.sampled_from(["internet", "education", "consumer", "services", "other"]),
        community_size=st.none() | st.integers(0, 10**7),
        active_rate=st.none() | st.decimals(2, 100, places=2),
        followers=st.none() | st.integers(0, 10**7),
        expertise=st.lists(st.sampled_from(["直播", "数据分析", "社群氛围"]), unique=True),
        pain_points=st.lists(
            WORDS.map(lambda w: "痛" + w.replace("┋", "·")), unique=True, max_size=5
        ),
        expectation=WORDS.map(lambda word: "=1+" + word),
        on_site=st.booleans(),
        channel=st.just("社群内报名"),
        channel_kind=st.just("community"),
        consents=st.fixed_dictionaries(
            {
                "processing": st.just(True),
                "wall_name": st.sampled_from([True, False, None]),
                "photo": st.sampled_from([True, False, None]),
                "share_contact": st.sampled_from([True, False, None]),
                "whitepaper_credit": st.sampled_from([True, False, None]),
                "invite_again": st.sampled_from([True, False, None]),
            }
        ),
        submitted_at=st.none()
        | st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001
            lambda at: at.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
        ),
    )
)
def test_what_the_template_exports_it_imports_the_same(values):
    stream = io.BytesIO()
    headers = [column.header for column in TEMPLATE_COLUMNS]
    write_table(stream, sheets=[("报名表", headers, [template_cells(values)], None)])
    row = read_applications(open_table(stream), tz=SHANGHAI).rows[0]
    assert codes(row) == []
    assert row.values == values
