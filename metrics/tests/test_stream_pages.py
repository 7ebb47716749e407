"""The stream platform's files in the admin: dry run, import, undo."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from metrics.models import StreamImport, StreamUpload, StreamVisit
from metrics.tests.scenes import a_past_salon, someone
from participants.tests.scenes import an_organiser

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(client):
    event = a_past_salon()
    someone(event, "林知夏", 1)
    client.force_login(an_organiser(event))
    return event


def visits_file(event, name="visits.csv"):
    start = f"{event.local(event.starts_at):%Y-%m-%d %H:%M:%S}"
    end = f"{event.local(event.ends_at):%Y-%m-%d %H:%M:%S}"
    text = f"昵称,入会时间,退会时间\n林知夏,{start},{end}\n路人,{start},{end}\n坏行,昨天,今天\n"
    return SimpleUploadedFile(name, text.encode("gb18030"))


def test_an_upload_is_shown_first_and_taken_on_a_word(event, client):
    address = f"/admin/e/{event.slug}/stream/"
    page = client.post(address, {"file": visits_file(event)}, follow=True)
    text = page.content.decode()
    assert "路人" in text
    assert "时间读不出来" in text
    assert not StreamVisit.objects.exists()
    upload = StreamUpload.objects.get()
    client.post(f"{address}commit/", {"upload": upload.pk})
    assert StreamVisit.objects.count() == 2
    assert not StreamUpload.objects.exists()
    again = client.post(address, {"file": visits_file(event)}, follow=True).content.decode()
    assert "这份文件导入过了" in again
    client.post(f"{address}{StreamImport.objects.get().pk}/undo/")
    assert not StreamVisit.objects.exists()
    assert "已撤销" in client.get(address).content.decode()


def test_of_many_rows_that_cannot_be_read_the_page_says_how_many_it_leaves_out(event, client):
    bad = "".join(f"来宾{n},昨天,今天\n" for n in range(250))
    file = SimpleUploadedFile("v.csv", f"昵称,入会时间,退会时间\n{bad}".encode())
    page = client.post(f"/admin/e/{event.slug}/stream/", {"file": file}, follow=True)
    assert page.content.decode().count("时间读不出来") == 200
    assert "只列出前 200 行，一共 250 行。" in page.content.decode()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("v.csv", b"", "空"),
        ("v.csv", "姓名,年龄\n甲,3\n".encode(), "表头"),
        ("v.exe", b"MZ", "只能导入"),
        ("v.csv", b"\x00\xff" * 50, ""),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(event, client, name, content, says):
    answer = client.post(
        f"/admin/e/{event.slug}/stream/", {"file": SimpleUploadedFile(name, content)}
    )
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not StreamUpload.objects.exists()


def test_without_a_file_it_asks_for_one(event, client):
    assert "请先选一个文件" in client.post(f"/admin/e/{event.slug}/stream/").content.decode()


def test_somebody_elses_upload_is_not_found(event, client):
    other = a_past_salon("other")
    client.post(f"/admin/e/{event.slug}/stream/", {"file": visits_file(event)})
    upload = StreamUpload.objects.get()
    client.force_login(an_organiser(other, "wang"))
    answer = client.post(f"/admin/e/{other.slug}/stream/commit/", {"upload": upload.pk})
    assert answer.status_code == 410
    assert not StreamVisit.objects.exists()


def test_somebody_elses_import_is_not_undone(event, client):
    other = a_past_salon("other")
    source = StreamImport.objects.create(event=event, kind="visits", file_digest="0f")
    client.force_login(an_organiser(other, "wang"))
    assert client.post(f"/admin/e/{other.slug}/stream/{source.pk}/undo/").status_code == 404
    source.refresh_from_db()
    assert source.undone_at is None
