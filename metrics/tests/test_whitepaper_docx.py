"""The whitepaper as DOCX: headings, contents, pictures, and odd text that breaks nothing."""

import io
import re

import pytest
from django.core.files.base import ContentFile
from docx import Document
from docx.oxml.ns import qn
from PIL import Image

from metrics import whitepaper, whitepaper_docx
from metrics.tests.papers import (
    SCRIPTS,
    a_salon_to_write_of,
    drafted,
    published,
    sections_of,
)
from participants.tests.scenes import an_organiser
from workshops.models import (
    Plan,
    PlanPhoto,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return a_salon_to_write_of()


@pytest.fixture
def organiser(event):
    return an_organiser(event)


def docx_of(paper):
    content = whitepaper_docx.build(
        paper, url="https://salon.example/e/autumn/whitepaper/", photo_file=lambda p: p.image.open()
    )
    return Document(io.BytesIO(content))


@pytest.fixture
def with_photo(event, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    picture = io.BytesIO()
    Image.new("RGB", (800, 600), (176, 48, 28)).save(picture, "JPEG")
    photo = PlanPhoto(plan=Plan.objects.get())
    photo.image.save("plan.jpg", ContentFile(picture.getvalue()))
    return event


def test_the_docx_has_headings_contents_chinese_fonts_and_pictures(with_photo, organiser):
    document = docx_of(published(with_photo, organiser))
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert headings == ["前言", "1 标杆案例", "2 互动模板", "3 常见问题的解法"]
    contents = [p.text for p in document.paragraphs if p.style.name.startswith("TOC")]
    assert [text.strip() for text in contents[:2]] == ["前言", "1 标杆案例"]
    body = document.element.body
    bookmarks = {e.get(qn("w:name")) for e in body.iter(qn("w:bookmarkStart"))}
    anchors = {e.get(qn("w:anchor")) for e in body.iter(qn("w:hyperlink"))} - {None}
    assert anchors
    assert anchors <= bookmarks
    for style in ("Normal", "Heading 1", "Title", "TOC 1"):
        fonts = document.styles[style].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) in ("宋体", "黑体")
    assert len(document.inline_shapes) == 2  # the photo and the QR code
    assert len(document.tables) >= 3
    text = "\n".join(p.text for p in document.paragraphs)
    assert "林知夏、吴桐雨" in text
    assert "何明敏" not in text


def test_every_entry_of_the_contents_asks_for_its_own_page_and_word_asks_nothing(event, organiser):
    document = docx_of(published(event, organiser))
    entries = [p for p in document.paragraphs if p.style.name.startswith("TOC")]
    for entry in entries:
        (link,) = entry._p.iter(qn("w:hyperlink"))
        (asked,) = entry._p.iter(qn("w:instrText"))
        assert asked.text.split() == ["PAGEREF", link.get(qn("w:anchor")), r"\h"]
    headings = [p for p in document.paragraphs if p.style.name in ("Heading 1", "Heading 2")]
    assert [p.text for p in headings] == [p.text.rstrip("\t") for p in entries]
    # Both would have Word ask whether to update fields before it shows a page.
    assert document.settings.element.find(qn("w:updateFields")) is None
    assert not [e for e in document.element.iter() if qn("w:dirty") in e.attrib]


def test_begin_and_end_of_every_field_balance(event, organiser):
    document = docx_of(published(event, organiser))
    kinds = [e.get(qn("w:fldCharType")) for e in document.element.body.iter(qn("w:fldChar"))]
    assert kinds.count("begin") == kinds.count("end") == kinds.count("separate")


def test_odd_text_does_not_break_the_docx(event, organiser):
    paper = drafted(event, organiser)
    sections = sections_of(paper)
    sections[0]["text"] = (
        "\x00\x0b\ud800 👨‍👩‍👧 \u202e右到左\n\n" + "\n".join(SCRIPTS) + "\n\n" + "长" * 9000
    )
    paper = whitepaper.save(
        paper=paper, edit_version=1, title="\x00题" + "长" * 300, sections=sections, by=organiser
    )
    assert "右到左" in "\n".join(p.text for p in docx_of(paper).paragraphs)


def test_a_photo_whose_file_is_gone_is_left_out(with_photo, organiser):
    photo = PlanPhoto.objects.get()
    photo.image.storage.delete(photo.image.name)
    assert len(docx_of(published(with_photo, organiser)).inline_shapes) == 1


def test_photos_are_shown_to_readers_only(with_photo, organiser, client):
    published(with_photo, organiser)
    address = f"/e/{with_photo.slug}/whitepaper/photos/{PlanPhoto.objects.get().pk}/"
    assert client.get(address).status_code == 404
    client.post(f"/e/{with_photo.slug}/whitepaper/", {"email": "reader@example.com"})
    picture = client.get(address)
    assert picture.content[:2] == b"\xff\xd8"


def test_of_an_older_version_the_crew_reads_and_downloads_just_that(with_photo, organiser, client):
    published(with_photo, organiser)
    published(with_photo, organiser)
    client.force_login(organiser)
    address = f"/e/{with_photo.slug}/whitepaper"
    photo = f"{address}/photos/{PlanPhoto.objects.get().pk}/"
    old = client.get(f"{address}/read/?v=1").content.decode()
    assert f'"{address}/whitepaper.docx?v=1"' in old
    assert f'"{photo}?v=1"' in old
    assert "?v=" not in client.get(f"{address}/read/").content.decode()


def test_two_sections_of_the_preface_have_places_of_their_own(event, organiser, client):
    paper = published(event, organiser)
    own = {"module": "preface", "source": "", "authors": [], "photos": []}
    paper.sections = [
        *({"title": title, "text": "写在前面。"} | own for title in ("缘起", "致读者")),
        *(section for section in paper.sections if section["module"] != "preface"),
    ]
    paper.save()
    client.force_login(organiser)
    page = client.get(f"/e/{event.slug}/whitepaper/read/").content.decode()
    places = re.findall(r'id="(s-[^"]*)"', page)
    assert len(places) == len(set(places)) == len(re.findall(r'href="#s-[^"]+"', page))
    marks = [e.get(qn("w:name")) for e in docx_of(paper).element.body.iter(qn("w:bookmarkStart"))]
    assert len(marks) == len(set(marks))
