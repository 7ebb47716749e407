"""The whitepaper: only what people agreed to, edited by one hand at a time, versions, claims."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from docx import Document
from docx.oxml.ns import qn
from PIL import Image

from metrics import claims, whitepaper, whitepaper_docx
from metrics.models import Whitepaper, WhitepaperClaim
from metrics.tests.scenes import a_past_salon, came
from participants.applications import set_consent
from participants.erase import erase_person
from participants.tests.scenes import an_organiser
from salon import clock, outbox
from salon.errors import Refused
from salon.models import Message
from workshops.models import (
    Membership,
    PainCard,
    Plan,
    PlanPhoto,
    PlanRow,
    Question,
    Solution,
    WorkGroup,
)

pytestmark = pytest.mark.django_db


def agrees(person, given=True):
    set_consent(participant=person, purpose="whitepaper_credit", given=given, by=person)


@pytest.fixture
def event():
    """Lin and Wu agreed to be credited, He did not; one group's plan, two good solutions."""
    event = a_past_salon()
    event.lin, event.he, event.wu = (
        came(event, name, number) for number, name in enumerate(("林知夏", "何明敏", "吴桐雨"), 1)
    )
    agrees(event.lin)
    agrees(event.wu)
    group = WorkGroup.objects.create(event=event, number=1, name="第一组", published_at=clock.now())
    for person in (event.lin, event.he):
        Membership.objects.create(group=group, participant=person)
    first = event.task_elements.first()
    plan = Plan.objects.create(
        group=group,
        title="七天激活计划",
        submitted_at=clock.now(),
        elements={first.key: "进群三天没开口的新人，由何明敏跟进"},
    )
    PlanRow.objects.create(
        plan=plan, position=1, time_node="第 1 天", owner="何明敏", resources="卡片"
    )
    PlanRow.objects.create(
        plan=plan, position=2, time_node="第 2 天", owner="林知夏", resources="话题"
    )
    card = PainCard.objects.create(event=event, participant=event.he, text="新人三天就不说话")
    for person, text in (
        (event.wu, "先私聊 *三位* 老用户"),
        (event.he, "何明敏自己的秘方"),
        (event.lin, "没有被选中的"),
    ):
        Solution.objects.create(
            card=card,
            participant=person,
            text=text,
            featured_at=None if person == event.lin else clock.now(),
        )
    Question.objects.create(
        event=event,
        participant=event.wu,
        kind="question",
        text="怎么让老用户回来？",
        state="shown",
        answered_at=clock.now(),
    )
    return event


@pytest.fixture
def organiser(event):
    return an_organiser(event)


def drafted(event, organiser):
    return whitepaper.draft(event=event, by=organiser)[0]


def sections_of(paper, **changed):
    """The paper's sections as the editor posts them."""
    return [
        {"module": s["module"], "title": s["title"], "text": s["text"], "was": n} | changed
        for n, s in enumerate(paper.sections)
    ]


def published(event, organiser):
    paper = drafted(event, organiser)
    sections = [s for s in sections_of(paper) if "请在这里写下" not in s["text"]]
    paper = whitepaper.save(
        paper=paper,
        edit_version=paper.edit_version,
        title=paper.title,
        sections=sections,
        by=organiser,
    )
    return whitepaper.publish(paper=paper, by=organiser)


def text_of(paper):
    return "\n".join(f"{s['title']}\n{s['text']}" for s in paper.sections)


# --- what is quoted -------------------------------------------------------------------------------


def test_the_first_draft_has_three_modules_and_the_two_templates(event, organiser):
    paper = drafted(event, organiser)
    assert [key for _n, key, _name, _s in whitepaper.modules_of(paper)] == list(whitepaper.MODULES)
    text = text_of(paper)
    assert "第一个七天" in text
    assert "贡献激励方案" in text
    assert "七天激活计划" in text
    assert "怎么让老用户回来" in text


def test_nobody_is_quoted_who_did_not_agree(event, organiser):
    text = text_of(drafted(event, organiser))
    assert "何明敏" not in text
    assert "秘方" not in text
    assert "没有被选中的" not in text
    assert "组员" in text


def test_a_plan_of_people_who_all_kept_silent_is_not_quoted(event, organiser):
    agrees(event.lin, given=False)
    assert "七天激活计划" not in text_of(drafted(event, organiser))


def test_names_stand_in_no_version_and_are_shown_by_consent(event, organiser):
    Solution.objects.filter(participant=event.wu).update(text="找吴桐雨要话术，先私聊三位老用户")
    paper = published(event, organiser)
    for name in ("林知夏", "吴桐雨"):  # Lin owns a row of her group's plan
        assert name not in text_of(paper)
    assert whitepaper.credits_of(paper) == ["林知夏", "吴桐雨"]
    agrees(event.lin, given=False)
    assert whitepaper.credits_of(paper) == ["吴桐雨"]


def test_withdrawn_consent_leaves_the_next_version(event, organiser):
    first = published(event, organiser)
    agrees(event.wu, given=False)
    second, gone, come = whitepaper.draft(event=event, by=organiser)
    assert (second.version, come) == (2, [])
    assert gone == ["新人三天就不说话"]
    assert "三位" in text_of(first)
    assert "三位" not in text_of(second)


def test_the_next_version_keeps_edits_and_takes_what_is_new(event, organiser):
    first = drafted(event, organiser)
    sections = sections_of(first)
    sections[0]["text"] = "我们自己的前言。"
    sections = [s for s in sections if "请在这里写下" not in s["text"] and "激励" not in s["title"]]
    first = whitepaper.save(
        paper=first, edit_version=1, title="新名字", sections=sections, by=organiser
    )
    whitepaper.publish(paper=first, by=organiser)
    agrees(event.he)
    second, _gone, come = whitepaper.draft(event=event, by=organiser)
    assert "我们自己的前言。" in text_of(second)
    assert second.title == "新名字"
    assert "秘方" in text_of(second)
    assert "新人三天就不说话" in come
    assert "激励" not in text_of(second)  # thrown out by the editor, not pressed on them again


def test_drafting_twice_is_one_draft(event, organiser):
    drafted(event, organiser)
    drafted(event, organiser)
    assert Whitepaper.objects.count() == 1


# --- editing --------------------------------------------------------------------------------------


def test_the_second_of_two_editors_is_told(event, organiser):
    paper = drafted(event, organiser)
    whitepaper.save(
        paper=paper, edit_version=1, title="甲", sections=sections_of(paper), by=organiser
    )
    with pytest.raises(Refused) as refused:
        whitepaper.save(
            paper=paper, edit_version=1, title="乙", sections=sections_of(paper), by=organiser
        )
    assert refused.value.code == "stale"
    assert Whitepaper.objects.get().title == "甲"


def test_a_published_version_stays_as_it_is(event, organiser):
    paper = published(event, organiser)
    for verb in (
        lambda: whitepaper.save(
            paper=paper, edit_version=paper.edit_version, title="改", sections=[], by=organiser
        ),
        lambda: whitepaper.publish(paper=paper, by=organiser),
    ):
        with pytest.raises(Refused) as refused:
            verb()
        assert refused.value.code == "published"


def test_a_page_of_the_version_before_does_not_overwrite_the_new_draft(client, event, organiser):
    first = drafted(event, organiser)
    typed = posted(first, title="甲在旧版上写的", **{"drop-unwritten": "1"})
    published(event, organiser)
    second = drafted(event, organiser)
    client.force_login(organiser, "django.contrib.auth.backends.ModelBackend")
    answer = client.post(f"/admin/e/{event.slug}/whitepaper/", typed)
    assert answer.status_code == 409
    assert "甲在旧版上写的" in answer.content.decode()
    again = Whitepaper.objects.get(version=2)
    assert (again.title, again.sections) == (second.title, second.sections)


def test_what_was_typed_stays_on_the_page_when_a_colleague_publishes(client, event, organiser):
    paper = drafted(event, organiser)
    typed = posted(paper) | {"text-0": "我刚写了半小时的前言。"}
    published(event, organiser)
    client.force_login(organiser, "django.contrib.auth.backends.ModelBackend")
    answer = client.post(f"/admin/e/{event.slug}/whitepaper/", typed)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "先复制出来" in page
    assert ">我刚写了半小时的前言。</textarea>" in page


def test_an_answer_that_nobody_wrote_down_stops_publishing(event, organiser):
    with pytest.raises(Refused) as refused:
        whitepaper.publish(paper=drafted(event, organiser), by=organiser)
    assert refused.value.code == "unfinished"
    assert "怎么让老用户回来" in str(refused.value)


def posted(paper, **more):
    """What the editor's page sends for a draft as it stands."""
    data = {"edit_version": paper.edit_version, "title": paper.title}
    for n, section in enumerate(paper.sections):
        data |= {f"{name}-{n}": section[name] for name in ("module", "title", "text")}
        data |= {f"was-{n}": n, f"place-{n}": n + 1}
    return data | more


def unwritten(paper):
    return [n for n, s in enumerate(paper.sections) if "请在这里写下" in s["text"]]


def test_one_press_leaves_an_unwritten_section_out_and_keeps_what_was_typed(
    client, event, organiser
):
    paper = drafted(event, organiser)
    (place,) = unwritten(paper)
    client.force_login(organiser, "django.contrib.auth.backends.ModelBackend")
    address = f"/admin/e/{event.slug}/whitepaper/"
    answer = client.post(f"{address}publish/")
    assert answer.url == f"{address}#unwritten"
    page = client.get(address).content.decode()
    assert "还有 1 节等着写" in page
    assert f'href="#s{place}"' in page
    client.post(address, posted(paper, title="改过的标题", **{f"drop-{place}": "1"}))
    paper.refresh_from_db()
    assert paper.title == "改过的标题"
    assert not unwritten(paper)
    assert 'id="unwritten"' not in client.get(address).content.decode()
    client.post(f"{address}publish/")
    paper.refresh_from_db()
    assert paper.published_at


def test_all_unwritten_sections_leave_at_once(client, event, organiser):
    for text in ("怎么开口？", "谁来接话？"):
        Question.objects.create(
            event=event,
            participant=event.lin,
            kind="question",
            text=text,
            state="shown",
            answered_at=clock.now(),
        )
    paper = drafted(event, organiser)
    assert len(unwritten(paper)) == 3
    client.force_login(organiser, "django.contrib.auth.backends.ModelBackend")
    address = f"/admin/e/{event.slug}/whitepaper/"
    client.post(address, posted(paper, **{"drop-unwritten": "1"}))
    paper.refresh_from_db()
    assert not unwritten(paper)
    assert whitepaper.publish(paper=paper, by=organiser).published_at


def test_what_was_left_out_stays_out_until_it_is_put_back(client, event, organiser):
    paper = published(event, organiser)
    assert len(paper.left_out) == 1
    again, _gone, come = whitepaper.draft(event=event, by=organiser)
    assert (unwritten(again), come) == ([], [])
    assert again.left_out == paper.left_out
    client.force_login(organiser, "django.contrib.auth.backends.ModelBackend")
    address = f"/admin/e/{event.slug}/whitepaper/"
    assert "有 1 节来自现场的内容您没有收入" in client.get(address).content.decode()
    client.post(f"{address}draft/", {"put_back": "1"})
    again.refresh_from_db()
    assert len(unwritten(again)) == 1
    assert again.left_out == []


def test_edits_keep_source_and_authors(event, organiser):
    paper = drafted(event, organiser)
    before = {s["source"]: s["authors"] for s in paper.sections}
    sections = sections_of(paper)[::-1]
    paper = whitepaper.save(
        paper=paper, edit_version=1, title="题", sections=sections, by=organiser
    )
    assert {s["source"]: s["authors"] for s in paper.sections} == before


def test_differences_tell_added_removed_and_changed(event, organiser):
    first = published(event, organiser)
    agrees(event.wu, given=False)
    agrees(event.he)
    second, _gone, _come = whitepaper.draft(event=event, by=organiser)
    sections = sections_of(second)
    sections[0]["text"] += "\n\n补一句。"
    second = whitepaper.save(
        paper=second,
        edit_version=second.edit_version,
        title="题",
        sections=sections,
        by=organiser,
    )
    changes = [(change.kind, change.title) for change in whitepaper.differences(first, second)]
    assert ("changed", "前言") in changes
    assert ("removed", "新人三天就不说话") in changes
    assert ("added", "新人三天就不说话") in changes
    preface = next(c for c in whitepaper.differences(first, second) if c.title == "前言")
    assert ("+", "补一句。") in preface.lines


SCRIPTS = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[点我](javascript:alert(1))",
    "![](http://evil.example/x.png)",
    '<a href="data:text/html,x">x</a>',
    "<svg/onload=alert(1)>",
    '<p style="background:url(x)">x</p>',
    "<iframe src=//evil></iframe>",
    "[x]: javascript:alert(1)\n[x]",
    '<a href="https://a.example" onclick="x()">x</a>',
    "`<script>`",
    "<https://a.example/?q=<script>>",
)


@pytest.mark.parametrize("text", SCRIPTS)
def test_markdown_never_becomes_code(text):
    tags = Tags()
    tags.feed(whitepaper.as_html(text))
    assert {tag for tag, _attributes in tags.found} <= whitepaper.TAGS
    for tag, attributes in tags.found:
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else {"start"})
        assert attributes.get("href", "https:").startswith(("https:", "http:", "mailto:"))


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_the_preview_is_the_text_as_it_will_be_read(event, organiser, client):
    client.force_login(organiser)
    answer = client.post(
        f"/admin/e/{event.slug}/whitepaper/preview/",
        {"text-3": "**要点** <script>alert(1)</script>\n\n| 甲 | 乙 |\n|---|---|\n| 1 | 2 |"},
    )
    html = answer.content.decode()
    assert "<strong>要点</strong>" in html
    assert "<table>" in html
    assert "<script" not in html


def test_what_people_typed_means_just_that_in_markdown(event, organiser):
    paper = drafted(event, organiser)
    solution = next(s for s in paper.sections if s["source"].startswith("solution:"))
    assert "<em>" not in whitepaper.as_html(solution["text"])
    assert "*三位*" in whitepaper.as_html(solution["text"])


def test_the_editor_in_the_admin(event, organiser, client):
    client.force_login(organiser)
    address = f"/admin/e/{event.slug}/whitepaper/"
    assert "还没有起草" in client.get(address).content.decode()
    client.post(f"{address}draft/")
    paper = Whitepaper.objects.get()
    data = {"title": "题目", "edit_version": paper.edit_version}
    for number, section in enumerate(paper.sections):
        data |= {
            f"{name}-{number}": value
            for name, value in (
                ("was", number),
                ("place", number + 1),
                ("module", section["module"]),
                ("title", section["title"]),
                ("text", section["text"]),
            )
        }
        if "请在这里写下" in section["text"]:
            data[f"drop-{number}"] = "1"
    new = len(paper.sections)
    data |= {f"title-{new}": "新的一节", f"text-{new}": "正文", f"module-{new}": "cases"}
    assert client.post(address, data).status_code == 302
    paper.refresh_from_db()
    assert paper.title == "题目"
    assert "新的一节" in text_of(paper)
    stale = client.post(address, data | {"title": "迟到的"})
    assert stale.status_code == 409
    assert "迟到的" in stale.content.decode()
    client.post(f"{address}publish/")
    assert whitepaper.published(event) == paper
    assert client.get(address).status_code == 200
    assert client.get(f"{address}compare/").status_code == 200


# --- the DOCX -------------------------------------------------------------------------------------


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


# --- claims ---------------------------------------------------------------------------------------


def test_before_publishing_the_page_says_so_and_takes_no_claim(event, organiser, client):
    drafted(event, organiser)
    page = client.get(f"/e/{event.slug}/whitepaper/")
    assert (page.status_code, "正在编写" in page.content.decode()) == (200, True)
    assert "写信" not in page.content.decode()  # the first version is announced to nobody
    client.post(f"/e/{event.slug}/whitepaper/", {"email": "reader@example.com"})
    assert not WhitepaperClaim.objects.exists()
    assert client.get(f"/e/{event.slug}/whitepaper/read/").status_code == 404


def test_lin_who_gave_a_mobile_only_claims_as_herself(event, organiser):
    published(event, organiser)
    event.lin.email = ""
    event.lin.save()
    his = claims.claim(
        event=event, email=event.he.email, wants_news=False, device="1", person=event.lin
    )
    hers = claims.claim(
        event=event, email="lin@qq.com", wants_news=True, device="1", person=event.lin
    )
    colleague = claims.claim(
        event=event, email="somebody@qq.com", wants_news=False, device="2", person=event.wu
    )
    assert [each.participant for each in (his, hers, colleague)] == [event.he, event.lin, None]
    erase_person(participant=event.lin, by=None)
    hers.refresh_from_db()
    assert (hers.email, hers.wants_news) == ("", False)


def test_each_address_counts_once_and_gets_the_same_answer(event, organiser):
    published(event, organiser)
    answers = []
    for email in ("reader@example.com", " Reader@Example.com ", event.lin.email):
        client = Client()
        answer = client.post(f"/e/{event.slug}/whitepaper/", {"email": email})
        answers.append((answer.status_code, answer.url))
        assert client.get(answer.url).status_code == 200
        assert client.get(f"/e/{event.slug}/whitepaper/whitepaper.docx").content[:2] == b"PK"
    assert len(set(answers)) == 1
    assert WhitepaperClaim.objects.count() == 2
    assert WhitepaperClaim.objects.get(email=event.lin.email).participant == event.lin


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 300 + "@example.com", "\x00@x.cn"])
def test_a_wrong_address_is_told_beside_its_field(event, organiser, client, email):
    published(event, organiser)
    answer = client.post(f"/e/{event.slug}/whitepaper/", {"email": email})
    assert answer.status_code == 422
    assert not WhitepaperClaim.objects.exists()


def test_a_machine_that_fills_the_hidden_field_counts_nothing(event, organiser, client):
    published(event, organiser)
    client.post(f"/e/{event.slug}/whitepaper/", {"email": "bot@example.com", "website": "x"})
    assert not WhitepaperClaim.objects.exists()


def test_one_device_claims_for_a_few_and_not_for_a_list(event, organiser):
    published(event, organiser)
    for number in range(10):
        claims.claim(event=event, email=f"r{number}@example.com", wants_news=False, device="phone")
    with pytest.raises(Refused) as refused:
        claims.claim(event=event, email="r11@example.com", wants_news=False, device="phone")
    assert refused.value.code == "too_often"


def test_without_a_claim_nobody_reads(event, organiser, client):
    published(event, organiser)
    for page in ("read/", "whitepaper.docx"):
        answer = client.get(f"/e/{event.slug}/whitepaper/{page}")
        assert (answer.status_code, answer.url) == (302, f"/e/{event.slug}/whitepaper/")


def test_a_draft_is_the_crews_only(event, organiser, client):
    published(event, organiser)
    draft = drafted(event, organiser)
    client.post(f"/e/{event.slug}/whitepaper/", {"email": "reader@example.com"})
    address = f"/e/{event.slug}/whitepaper/read/?v={draft.version}"
    assert "第 1 版" in client.get(address).content.decode()
    client.force_login(organiser)
    assert "草稿" in client.get(address).content.decode()


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


def test_a_new_version_is_told_to_those_who_asked(event, organiser, client):
    published(event, organiser)
    asked = claims.claim(event=event, email="a@example.com", wants_news=True, device="1")
    claims.claim(event=event, email="b@example.com", wants_news=False, device="2")
    stopped = claims.claim(event=event, email="c@example.com", wants_news=True, device="3")
    published(event, organiser)
    letters = Message.objects.of_kind("whitepaper_news")
    assert letters.count() == 2
    claims.stop_news(stopped)
    sent = [outbox._compose(message) for message in letters.order_by("pk")]
    assert [letter and letter.to for letter in sent] == ["a@example.com", None]
    link = sent[0].as_sent().split("下载：\n")[1].split("\n")[0]
    path = "/" + link.split("/", 3)[3]
    assert client.get(path, follow=True).status_code == 200
    client.post(f"/e/{event.slug}/whitepaper/no-news/")
    asked.refresh_from_db()
    assert asked.wants_news is False


def test_a_made_up_key_opens_nothing(event, organiser, client):
    published(event, organiser)
    answer = client.get(f"/e/{event.slug}/whitepaper/key/1:made-up/")
    assert answer.url == f"/e/{event.slug}/whitepaper/"
    assert not answer.cookies


def test_erasing_wu_takes_her_out_of_every_version(event, organiser):
    paper = published(event, organiser)
    claims.claim(event=event, email=event.wu.email, wants_news=True, device="1", person=event.wu)
    Whitepaper.objects.update(
        sections=[*paper.sections, {"module": "cases", "title": "手写", "text": "问吴桐雨要模板"}]
    )
    erase_person(participant=event.wu, by=None)
    paper.refresh_from_db()
    assert "吴桐雨" not in text_of(paper)
    assert "三位" not in text_of(paper)
    assert whitepaper.credits_of(paper) == ["林知夏"]
    assert list(WhitepaperClaim.objects.values_list("email", "wants_news")) == [("", False)]


def test_erasing_li_finds_her_address_as_markdown_writes_it(event, organiser):
    li = came(event, "Li_Na", 7, email="li_na@qq.com")
    agrees(li)
    PlanRow.objects.filter(position=1).update(owner="Li_Na", resources="问 li_na@qq.com 要模板")
    paper = published(event, organiser)
    assert r"li\_na@qq.com" in text_of(paper)
    erase_person(participant=li, by=None)
    paper.refresh_from_db()
    for left in ("li_na", r"li\_na", "Li_Na", r"Li\_Na"):
        assert left not in text_of(paper)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eighty_claims_of_one_address_at_once_count_once():
    event = a_past_salon()
    organiser = an_organiser(event)
    whitepaper.publish(paper=drafted(event, organiser), by=organiser)

    def press(number):
        try:
            claims.claim(event=event, email="one@example.com", wants_news=True, device=f"d{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(80)))
    assert WhitepaperClaim.objects.count() == 1


def test_a_line_broken_in_chinese_goes_on_without_a_gap():
    assert whitepaper.as_html("前一行，\n后一行。\nOne\ntwo") == (
        "<p>前一行，后一行。One\ntwo</p>\n"
    )
