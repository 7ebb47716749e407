import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from participants import import_runs
from participants.models import ImportFile, Participant
from participants.tests import scenes
from salon.models import Message
from salon.sheets import write_table

pytestmark = pytest.mark.django_db
HEADERS = [
    "姓名",
    "手机",
    "邮箱",
    "身份",
    "行业",
    "社群规模（人）",
    "痛点1",
    "参加方式",
    "同意处理个人信息",
]
GOOD = [
    [
        "林知夏",
        "13800138001",
        "lin@example.com",
        "社群核心运营者",
        "教育",
        "1.2万",
        "潜水",
        "线下到场",
        "是",
    ],
    ["周晓", "13800138002", "", "品牌方代表", "消费", "", "预算少", "线上参加", "是"],
]
BAD = [["", "123", "", "外星人", "教育", "很多", "", "线下到场", "否"]]


def a_sheet(rows=(*GOOD, *BAD)):
    out = io.BytesIO()
    write_table(out, sheets=[("报名表", HEADERS, rows, None)])
    return out.getvalue()


def run(*args):
    out = io.StringIO()
    call_command("import_applications", *args, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_a_dry_run_lists_every_problem_and_writes_nothing(tmp_path):
    scenes.a_salon()
    file = tmp_path / "people.xlsx"
    file.write_bytes(a_sheet())
    report = run("spring", str(file))
    assert (report["rows"], report["importable"], report["imported"]) == (3, 2, 0)
    assert {error["code"] for error in report["errors"]} == {
        "name",
        "phone",
        "category",
        "number",
        "consent",
    }
    assert {error["row"] for error in report["errors"]} == {4}
    assert not Participant.objects.exists()


def test_the_good_rows_are_kept_and_a_second_run_makes_nobody_twice(tmp_path):
    scenes.a_salon()
    file = tmp_path / "people.xlsx"
    file.write_bytes(a_sheet())
    assert run("spring", str(file), "--commit")["imported"] == 2
    again = run("spring", str(file), "--commit")
    assert (again["imported"], again["known"]) == (0, 2)
    lin = Participant.objects.get(name="林知夏")
    assert (lin.source, lin.status, lin.community_size) == ("import", "submitted", 12000)
    assert lin.score > 0
    assert lin.consents.get().purpose == "processing"
    assert [point.text for point in lin.pain_points.all()] == ["潜水"]
    assert Message.objects.held().count() == 2


def test_who_changed_their_mobile_since_is_still_the_same_row(tmp_path):
    event = scenes.a_salon()
    headers = ["序号", "提交答卷时间", *HEADERS]
    row = ["7", "2026/11/21 01:23:00", *GOOD[0]]
    out = io.BytesIO()
    write_table(out, sheets=[("Sheet1", headers, [row], None)])
    reading = import_runs.look(event=event, source=out.getvalue(), name="x.xlsx")
    import_runs.take(event=event, reading=reading, by=None)
    Participant.objects.update(mobile="+8613900000000", email="new@example.com")
    again = import_runs.look(event=event, source=out.getvalue(), name="x.xlsx")
    assert [r.known for r in again.rows] == [True]
    assert import_runs.take(event=event, reading=again, by=None) == 0


def test_a_file_that_is_none_is_one_sentence(tmp_path):
    scenes.a_salon()
    file = tmp_path / "people.xlsx"
    file.write_bytes(b"nonsense")
    for arguments in (("nowhere", str(file)), ("spring", str(file)), ("spring", "/no/such")):
        with pytest.raises(CommandError) as refused:
            call_command("import_applications", *arguments)
        assert "\n" not in str(refused.value)


def test_an_upload_is_looked_at_imported_by_the_worker_and_emptied():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    upload = SimpleUploadedFile("报名.xlsx", a_sheet())
    file = import_runs.upload(event=event, file=upload, by=chen)
    assert file.report["importable"] == 2
    assert "13800138001" not in str(file.report)
    import_runs.start(file=file, by=chen)
    import_runs.start(file=file, by=chen)
    import_runs.run(file.pk)
    import_runs.run(file.pk)
    file.refresh_from_db()
    assert (file.state, file.done, bytes(file.content)) == ("done", 2, b"")
    assert file.report["imported"] == Participant.objects.count() == 2


def test_a_lost_bell_is_made_up_for_by_the_sweep():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    file = import_runs.upload(event=event, file=SimpleUploadedFile("a.xlsx", a_sheet()), by=chen)
    import_runs.start(file=file, by=chen)
    import_runs.sweep()
    assert ImportFile.objects.get().state == "done"


def test_importing_costs_the_same_statements_for_few_and_for_many(django_assert_max_num_queries):
    event = scenes.a_salon()
    rows = [[f"人{n}", f"139{n:08}", *GOOD[0][2:]] for n in range(120)]
    rows = [[*row[:2], "", *row[3:]] for row in rows]
    reading = import_runs.look(event=event, source=a_sheet(rows), name="x.xlsx")
    with django_assert_max_num_queries(20):
        assert import_runs.take(event=event, reading=reading, by=None) == 120
