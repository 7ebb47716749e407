"""The whitepaper: only what people agreed to, edited by one hand at a time, in versions."""

from html.parser import HTMLParser

import pytest

from metrics import whitepaper
from metrics.models import Whitepaper
from metrics.tests.papers import (
    SCRIPTS,
    a_salon_to_write_of,
    agrees,
    drafted,
    published,
    sections_of,
    text_of,
)
from participants.tests.scenes import an_organiser
from salon import clock
from salon.errors import Refused
from workshops.models import (
    Question,
    Solution,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return a_salon_to_write_of()


@pytest.fixture
def organiser(event):
    return an_organiser(event)


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
            gate="shown",
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
