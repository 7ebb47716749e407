"""The stream platform's files, taken in: by command, once, and undone whole."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from metrics import evaluation, rows, stream_import
from metrics.for_below import chat_of
from metrics.models import ChatLine, StreamImport, StreamUpload, StreamVisit
from metrics.tests.scenes import a_past_salon, someone
from participants.erase import erase_person
from participants.importing import read_applications
from participants.models import Participant
from participants.tests.scenes import an_organiser, code_of
from salon.errors import Refused
from salon.sheets import open_table

pytestmark = pytest.mark.django_db

DATA = Path("tests/data")
SHANGHAI = ZoneInfo("Asia/Shanghai")
VISITS, CHAT = DATA / "stream-visits.xlsx", DATA / "danmaku.csv"
EXPECTED = json.loads((DATA / "expected.json").read_text())
SMALL = (
    "会议主题,沙龙\n\n昵称,手机,入会时间,退会时间\n"
    "林知夏,13800000001,2026-12-19 13:20:00,2026-12-19 14:00:00\n"
    "林知夏,,2026-12-19 13:50:00,2026-12-19 14:30:00\n"
    "路人,,2026-12-19 14:00:00,2026-12-19 14:10:00\n"
    "没有时间,,昨天,后天\n"
    "共 3 人\n"
).encode("gb18030")


@pytest.fixture
def event():
    """The salon of the sample files: 2026-12-19, 13:30–18:00 in Shanghai."""
    event = a_past_salon("sample")
    event.starts_at = datetime(2026, 12, 19, 13, 30, tzinfo=SHANGHAI)
    event.ends_at = datetime(2026, 12, 19, 18, 0, tzinfo=SHANGHAI)
    event.on_site_capacity = event.online_capacity = 200
    event.save()
    return event


@pytest.fixture
def applicants(event):
    """The 175 people of the sample of applications."""
    category = event.categories.get(key="core")
    reading = read_applications(open_table(DATA / "applications-wjx.xlsx"), tz=SHANGHAI)
    for number, row in enumerate(reading.importable):
        values = row.values
        Participant.objects.create(
            event=event,
            category=category,
            name=values.name,
            mobile=values.mobile,
            email=values.email,
            industry=values.industry,
            online=not values.on_site,
            status="confirmed",
            code=code_of(number),
            submitted_at=event.created_at,
        )


def command(capsys, *arguments):
    call_command("import_stream", *map(str, arguments), "--json")
    return json.loads(capsys.readouterr().out)


def test_the_sample_visits_come_out_as_expected(event, applicants, capsys):
    answer = command(capsys, "sample", VISITS, "--commit")
    expected = EXPECTED["stream"]
    assert list(answer) == [
        *("visits", "viewers", "matched", "guests", "minutes", "mean_minutes", "errors"),
    ]
    assert {name: answer[name] for name in expected} == expected
    assert answer["matched"] + answer["guests"] == answer["viewers"]
    row = next(row for row in evaluation.measure(event) if row["key"] == "mean_watch_minutes")
    assert (row["denominator"], round(row["value"], 1)) == (63, 104.8)


def test_the_sample_chat_comes_out_as_expected(event, applicants, capsys):
    answer = command(capsys, "sample", CHAT, "--commit")
    assert list(answer) == ["rows", "imported", "matched", "errors"]
    assert answer["rows"] == EXPECTED["danmaku"]["rows"]
    assert answer["imported"] == ChatLine.objects.count() == answer["rows"] - len(answer["errors"])
    row = next(row for row in evaluation.measure(event) if row["key"] == "online_interactions")
    assert row["value"] == answer["imported"]


def test_a_dry_run_writes_nothing(event, applicants, capsys):
    assert command(capsys, "sample", VISITS)["viewers"] == 63
    assert command(capsys, "sample", CHAT)["imported"] == 0
    assert not StreamImport.objects.exists()
    assert not StreamVisit.objects.exists()
    assert not ChatLine.objects.exists()


def test_the_same_file_again_writes_nothing_twice(event, applicants, capsys):
    first = command(capsys, "sample", VISITS, "--commit")
    rows = StreamVisit.objects.count()
    assert command(capsys, "sample", VISITS, "--commit") == first
    assert StreamVisit.objects.count() == rows
    command(capsys, "sample", CHAT, "--commit")
    assert command(capsys, "sample", CHAT, "--commit")["imported"] == 0


def test_a_longer_export_of_the_same_chat_adds_only_what_is_new(event):
    head = "时间,昵称,内容\n"
    lines = "2026-12-19 14:00:00,林知夏,666\n2026-12-19 14:00:00,林知夏,666\n"
    more = "2026-12-19 14:00:01,林知夏,学到了\n"
    rows = [
        stream_import.commit(
            event=event,
            look=stream_import.look(event=event, content=text.encode(), name="chat.csv"),
        )[1]
        for text in (head + lines, head + lines + more)
    ]
    assert rows == [2, 1]
    assert [source.counts for source in event.stream_imports.order_by("pk")] == [
        {"rows": 2, "matched": 0, "errors": 0},
        {"rows": 3, "matched": 0, "errors": 0},
    ]


CHAT_HEAD = "时间,昵称,内容\n"
LIN_TWICE = "2026-12-19 14:00:00,林知夏,666\n" * 2
HE_ONCE = "2026-12-19 14:00:01,何敏,学到了\n"


def chat(event, text):
    look = stream_import.look(event=event, content=(CHAT_HEAD + text).encode(), name="chat.csv")
    return stream_import.commit(event=event, look=look)[0]


def counted(event):
    measured = {row["key"]: row["value"] for row in evaluation.measure(event)}
    assert evaluation.facts(event)["chat_lines"] == measured["online_interactions"]
    assert len(rows.behind(event, "online_interactions").rows) == measured["online_interactions"]
    return measured["online_interactions"]


def test_undoing_one_of_two_overlapping_chats_leaves_the_other_whole(event):
    organiser = an_organiser(event)
    lin = someone(event, "林知夏", 1)
    half, whole = chat(event, LIN_TWICE), chat(event, LIN_TWICE + HE_ONCE)
    more = chat(event, LIN_TWICE + HE_ONCE + LIN_TWICE)
    assert counted(event) == 5
    assert len(chat_of(lin)) == 4
    stream_import.undo(source=half, by=organiser)
    assert counted(event) == 5
    stream_import.undo(source=more, by=organiser)
    assert counted(event) == 3
    assert len(chat_of(lin)) == 2
    stream_import.undo(source=whole, by=organiser)
    assert counted(event) == 0


def test_lines_of_the_erased_are_still_counted_once(event):
    organiser = an_organiser(event)
    half, _whole = chat(event, LIN_TWICE), chat(event, LIN_TWICE + HE_ONCE)
    lin = someone(event, "林知夏", 1)
    ChatLine.objects.filter(text="666").update(participant=lin)
    erase_person(participant=lin, by=None)
    assert counted(event) == 3
    stream_import.undo(source=half, by=organiser)
    assert counted(event) == 3


def test_he_who_signs_up_late_is_one_viewer_in_both_files_and_says_it_once(event):
    head = "昵称,手机,入会时间,退会时间\n"
    early = (
        "何敏,13800000002,2026-12-19 14:00:00,2026-12-19 14:30:00\n"
        "林知夏,,2026-12-19 14:00:00,2026-12-19 14:30:00\n"
    )
    later = "何敏,13800000002,2026-12-19 14:30:00,2026-12-19 15:00:00\n"

    def visits(text):
        look = stream_import.look(event=event, content=(head + text).encode(), name="v.csv")
        return stream_import.commit(event=event, look=look)

    visits(early)
    chat(event, LIN_TWICE + HE_ONCE)
    he, lin = someone(event, "何敏", 2), someone(event, "林知夏", 1)
    visits(early + later)
    chat(event, LIN_TWICE + HE_ONCE + LIN_TWICE)
    watched = {row["key"]: row for row in evaluation.measure(event)}["mean_watch_minutes"]
    assert (watched["numerator"], watched["denominator"]) == (90, 2)
    assert counted(event) == 5
    assert [len(chat_of(person)) for person in (he, lin)] == [1, 4]


def test_a_guest_whose_name_two_of_the_list_have_stays_a_guest(event):
    chat(event, LIN_TWICE)
    someone(event, "林知夏", 1)
    someone(event, "林知夏", 2)
    chat(event, LIN_TWICE + HE_ONCE)
    assert counted(event) == 3
    assert not ChatLine.objects.filter(participant__isnull=False).exists()


def test_an_import_is_undone_in_one_action_and_may_come_again(event):
    organiser = an_organiser(event)
    lin = someone(event, "林知夏", 1)
    look = stream_import.look(event=event, content=SMALL, name="v.csv")
    assert [problem.row for problem in look.reading.problems] == [7]
    source, rows = stream_import.commit(event=event, look=look, by=organiser)
    assert rows == 3
    assert {visit.participant for visit in source.visits.all()} == {lin, None}
    stream_import.undo(source=source, by=organiser)
    stream_import.undo(source=source, by=organiser)
    assert not StreamVisit.objects.exists()
    again, rows = stream_import.commit(event=event, look=look, by=organiser)
    assert (again.pk != source.pk, rows) == (True, 3)


def test_no_name_and_no_mobile_is_kept_with_the_rows(event):
    someone(event, "林知夏", 1)
    look = stream_import.look(event=event, content=SMALL, name="v.csv")
    source, _rows = stream_import.commit(event=event, look=look)
    kept = json.dumps([source.counts, *source.visits.values_list("viewer", flat=True)])
    assert "138" not in source.counts.values()
    assert "林知夏" not in kept
    assert "路人" not in kept
    assert look.as_json()["minutes"] == {"13800000001": 60.0, "路人": 10.0}


def test_an_uploaded_file_goes_with_its_import(event):
    organiser = an_organiser(event)
    upload = stream_import.keep_upload(event=event, content=SMALL, name="v.csv", by=organiser)
    stream_import.commit_upload(upload=upload, by=organiser)
    assert not StreamUpload.objects.exists()
    with pytest.raises(Refused) as refused:
        stream_import.commit_upload(upload=upload, by=organiser)
    assert refused.value.code == "gone"


@pytest.mark.parametrize(
    ("slug", "content", "says"),
    [
        ("nowhere", SMALL, "nowhere"),
        ("sample", b"", "空"),
        ("sample", "姓名,年龄\n甲,3\n".encode(), "表头"),
        ("sample", b"PK\x03\x04 nothing", ""),
    ],
)
def test_what_cannot_be_read_is_one_sentence(event, tmp_path, slug, content, says):
    file = tmp_path / "v.csv"
    file.write_bytes(content)
    with pytest.raises(CommandError) as error:
        call_command("import_stream", slug, str(file), "--commit")
    assert says in str(error.value)
    assert not StreamImport.objects.exists()


def test_a_missing_file_is_one_sentence(event):
    with pytest.raises(CommandError, match="打不开"):
        call_command("import_stream", "sample", "nothing-here.csv")
