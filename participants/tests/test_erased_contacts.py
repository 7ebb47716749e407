"""An erased person stays away when the same sheet is uploaded once more."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from participants import erased_contacts, import_runs
from participants.erase import erase_person
from participants.models import ErasedContact, ImportFile, Participant
from participants.tests import scenes
from participants.tests.pages import address, filled
from salon import identity

pytestmark = pytest.mark.django_db
SHEET = """姓名,手机,邮箱,身份,同意处理个人信息
林知夏,13800138000,lin@example.com,社群核心运营者,是
吴桐,13800138001,wu@example.com,社群核心运营者,是
"""
# Corrected by somebody: another address, another way of writing the number.
CORRECTED = SHEET.replace("13800138000", "+86 138-0013-8000").replace("lin@", "zhixia@")


@pytest.fixture
def event():
    return scenes.a_salon()


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


def imported(event, by, sheet=SHEET):
    reading = import_runs.look(event=event, source=sheet.encode(), name="报名.csv")
    return reading, import_runs.take(event=event, reading=reading, by=by)


def erase_lin(event):
    erase_person(participant=Participant.objects.get(event=event, name="林知夏"), by=None)


@pytest.mark.parametrize("sheet", [SHEET, CORRECTED, SHEET.replace("13800138000", "")])
def test_lin_is_not_brought_back_by_the_sheet_that_brought_her(event, chen, sheet):
    assert imported(event, chen)[1] == 2
    erase_lin(event)
    reading, made = imported(event, chen, sheet)
    report = reading.as_json(imported=made)
    assert made == 0
    assert [report[name] for name in ("rows", "importable", "known", "erased")] == [2, 1, 1, 1]
    assert report["errors"] == []


def test_another_salon_does_not_know_of_it(event, chen):
    imported(event, chen)
    erase_lin(event)
    autumn = scenes.a_salon("autumn")
    assert imported(autumn, chen)[1] == 2


def test_lin_herself_may_come_again_by_the_form(client, event, chen):
    imported(event, chen)
    erase_lin(event)
    client.post(address("apply"), filled(mobile="13800138000", email="lin@example.com"))
    assert Participant.objects.present().filter(name="林知夏").count() == 1
    reading, made = imported(event, chen)
    assert (reading.as_json()["erased"], reading.as_json()["known"], made) == (0, 2, 0)


def test_erased_between_the_look_and_the_press_she_stays_away(event, chen):
    reading = import_runs.look(event=event, source=SHEET.encode(), name="a.csv")
    imported(event, chen)
    erase_lin(event)
    assert import_runs.take(event=event, reading=reading, by=chen) == 0


def test_the_command_and_the_page_say_so(client, event, chen, tmp_path):
    imported(event, chen)
    erase_lin(event)
    file = tmp_path / "a.csv"
    file.write_text(SHEET)
    out = io.StringIO()
    call_command("import_applications", "spring", str(file), "--json", stdout=out)
    assert json.loads(out.getvalue())["erased"] == 1
    out = io.StringIO()
    call_command("import_applications", "spring", str(file), stdout=out)
    assert "按要求删除过" in out.getvalue()
    client.force_login(chen, "django.contrib.auth.backends.ModelBackend")
    with file.open("rb") as sheet:
        page = client.post(address("applications_import"), {"file": sheet}, follow=True)
    assert "1 行不导入：这些人按要求删除过" in page.content.decode()


def test_nobody_reads_a_contact_from_what_is_remembered(event, chen):
    imported(event, chen)
    erase_lin(event)
    digests = set(ErasedContact.objects.values_list("digest", flat=True))
    assert len(digests) == 2
    assert erased_contacts.among(event, ["+8613800138000"]) == {"+8613800138000"}
    assert identity.contact_digest("+8613800138000", "erased:0") not in digests


def test_a_new_key_loses_nobody(event, chen, settings):
    imported(event, chen)
    erase_lin(event)
    settings.IDENTITY_KEY = "k" * 40
    assert imported(event, chen)[0].as_json()["erased"] == 1
    [column] = [each for each in identity.columns() if each.label == "participants.ErasedContact"]
    done = identity.rekey(column)
    assert (done.written, done.left, done.lost) == (0, 2, 0)
    assert done.until > event.ends_at + timedelta(days=80)


def test_a_file_called_after_her_is_called_so_no_more(client, event, chen):
    imported(event, chen)
    for name in ("林知夏-报名.xlsx", "13800138000.csv", "LIN@EXAMPLE.COM.csv", "别人.csv"):
        ImportFile.objects.create(event=event, filename=name, content=b"")
    erase_lin(event)
    assert sorted(ImportFile.objects.values_list("filename", flat=True)) == ["", "", "", "别人.csv"]
    client.force_login(chen, "django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("applications_import", args=["spring"])).content.decode()
    assert page.count("（文件名已清除）") == 3
