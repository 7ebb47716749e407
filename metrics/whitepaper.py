"""The whitepaper: drafted from what people agreed to, edited, versioned, published.

A row is a version; the newest without `published_at` is the draft, at most one an event. Its
`sections` are dicts of module, title, text (Markdown), source, authors and photos (ids). Names are
never written into a version: credits are looked up when it is shown, by the consent of that
moment, so whoever withdraws theirs is gone at once, from earlier versions too; and what only they
made leaves the next version.
"""

import difflib
from dataclasses import dataclass

import nh3
from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt

from events.models import Event
from metrics.models import Whitepaper, WhitepaperClaim
from metrics.whitepaper_sources import TO_BE_WRITTEN, consenting_ids, gather, without
from participants.models import Participant
from salon import audit, clock, outbox
from salon.errors import Refused
from salon.text import clean_text
from workshops.models import PlanPhoto

MODULES = {
    "preface": _("前言"),
    "cases": _("标杆案例"),
    "templates": _("互动模板"),
    "solutions": _("常见问题的解法"),
}
TITLE_LENGTH, TEXT_LENGTH, MOST_SECTIONS = 120, 20_000, 200
TAGS = {
    *("p", "br", "hr", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h3", "h4", "h5", "table", "thead", "tbody", "tr", "th", "td", "a"),
}

markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _softbreak(_renderer, tokens, place, _options, _env):
    """A line broken in Chinese goes on without a gap."""
    before = tokens[place - 1].content if place else ""
    return "\n" if before[-1:].isascii() else ""


markdown.add_render_rule("softbreak", _softbreak)


def as_html(text):
    """Markdown as HTML that may stand in a page: few tags, no images, links to the web only."""
    html = nh3.clean(
        markdown.render(_lower_headings(text)),
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(html)  # noqa: S308  cleaned one statement above


def _lower_headings(text):
    """A section's own headings stand below the section's title: # becomes ###."""
    lines, fenced = [], False
    for line in text.split("\n"):
        fenced ^= line.lstrip().startswith("```")
        heading = not fenced and line.startswith("#")
        lines.append("##" + line if heading and not line.startswith("####") else line)
    return "\n".join(lines)


# --- reading --------------------------------------------------------------------------------------


def newest(event):
    return event.whitepapers.first()


def published(event):
    """The newest published version, or None."""
    return event.whitepapers.filter(published_at__isnull=False).first()


@dataclass(frozen=True)
class Shown:
    """One section as readers meet it. `number` counts like 1.2, in the preface nothing does;
    `anchor` is its place in the document; `repeats` when it goes on under the heading above."""

    number: str
    anchor: str
    title: str
    text: str
    html: str
    names: list
    photos: list
    repeats: bool


def modules_of(paper):
    """[(number, module key, name, [Shown, …]), …] of a version, without empty modules; the preface
    has no number."""
    names = _names(paper)
    photos = _photos(paper)
    found = []
    for key, name in MODULES.items():
        sections = [section for section in paper.sections if section["module"] == key]
        if sections:
            counted = sum(other != "preface" for _number, other, *_rest in found)
            number = "" if key == "preface" else str(counted + 1)
            found.append((number, key, name, _shown(sections, number, names, photos, key)))
    return found


def _shown(sections, module, names, photos, key):
    # Drafts are written in the house's language, whatever the reader's is.
    with translation.override(settings.LANGUAGE_CODE):
        last = str(MODULES[key])
    shown, count = [], 0
    for section in sections:
        repeats = bool(section["title"]) and section["title"] == last
        count += not repeats
        last = section["title"]
        shown.append(
            Shown(
                number=f"{module}.{count}" if module else "",
                anchor=f"{module or key}.{count}",
                title=section["title"],
                text=section["text"],
                html=as_html(section["text"]),
                names=[names[pk] for pk in section.get("authors", ()) if pk in names],
                photos=[photos[pk] for pk in section.get("photos", ()) if pk in photos],
                repeats=repeats,
            )
        )
    return shown


def _authors(paper):
    return {pk for section in paper.sections for pk in section.get("authors", ())}


def _names(paper):
    agreed = consenting_ids(paper.event) & _authors(paper)
    people = Participant.objects.filter(pk__in=agreed)
    return {person.pk: person.shown_name for person in people if person.shown_name}


def credits_of(paper):
    """Names of everybody credited in a version, by pinyin."""
    agreed = consenting_ids(paper.event) & _authors(paper)
    people = Participant.objects.filter(pk__in=agreed).order_by("pinyin", "pk")
    return list(dict.fromkeys(filter(None, (person.shown_name for person in people))))


def _photos(paper):
    wanted = {pk for section in paper.sections for pk in section.get("photos", ())}
    return PlanPhoto.objects.on_show().filter(plan__group__event=paper.event).in_bulk(wanted)


def for_editor(paper):
    """The sections with what the editor's page needs: place, names, pictures, readable HTML."""
    names, photos = _names(paper), _photos(paper)
    return [
        {
            **section,
            "was": section.get("was", place),
            "html": as_html(section["text"]),
            "names": [names[pk] for pk in section.get("authors", ()) if pk in names],
            "photos": [photos[pk] for pk in section.get("photos", ()) if pk in photos],
            "to_be_written": TO_BE_WRITTEN in section["text"],
        }
        for place, section in enumerate(paper.sections)
    ]


def photo_of(paper, pk):
    """A photo that stands in this version, or None."""
    return _photos(paper).get(pk)


# --- writing --------------------------------------------------------------------------------------


def draft(*, event, by, put_back=False):
    """The next version as a draft: what stood in the last one, without what may no longer be
    quoted, with what has come since. An open draft is brought up to date in place. What the editor
    threw out stays out, unless it is to be `put_back`.

    Returns (draft, titles that left, titles that came).
    """
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        last = newest(event)
        left_out = [] if last is None or put_back else last.left_out
        sources = [source for source in gather(event) if source.key not in left_out]
        sections, gone, come = _carried_on(last.sections if last else [], sources)
        if last is not None and last.published_at is None:
            paper = last
        else:
            version = last.version + 1 if last else 1
            title = last.title if last else f"{event.title[:100]} 白皮书"
            paper = Whitepaper(event=event, version=version, title=title)
        # Counted on from version to version: a page of the last one is stale on the next.
        paper.edit_version = last.edit_version + 1 if last else 1
        paper.sections, paper.left_out = sections, left_out
        paper.save()
        audit.record("draft_whitepaper", paper, by=by, fields=["sections"])
    return paper, gone, come


def _carried_on(sections, sources):
    by_key = {source.key: source for source in sources}
    kept, gone = [], []
    for section in sections:
        key = section.get("source", "")
        if key.startswith("starter:") or not key:
            kept.append(section)
        elif key in by_key:
            kept.append(section | {"authors": by_key[key].authors})
        else:
            gone.append(section["title"])
    known = {section.get("source") for section in sections}
    # A starter the editor has thrown out is not pressed on them again.
    fresh = [
        source
        for source in sources
        if source.key not in known and not (sections and source.key.startswith("starter:"))
    ]
    merged = kept + [source.as_section() for source in fresh]
    order = list(MODULES)
    merged.sort(key=lambda section: order.index(section["module"]))
    return merged, gone, [source.title for source in fresh] if sections else []


def save(*, paper, edit_version, title, sections, by):
    """Replace a draft's text. `sections` are dicts of module, title, text and optionally `was`,
    the place in the stored draft whose source, authors and photos it keeps, and `photos`.

    Raises Refused("published" | "stale" | "empty").
    """
    title = clean_text(title, max_length=TITLE_LENGTH)
    if not title:
        raise Refused("empty", _("白皮书要有标题。"), status=422)
    with transaction.atomic():
        paper = (
            Whitepaper.objects.select_for_update(of=("self",))
            .select_related("event")
            .get(pk=paper.pk)
        )
        if paper.published_at is not None:
            raise Refused(
                "published",
                _("这一版已经发布，不能再改。您的改动还在这一页，请先复制出来，再起草新版本。"),
            )
        if paper.edit_version != edit_version:
            raise Refused(
                "stale",
                _(
                    "有人刚刚保存过这份草稿，没有覆盖。您的改动还在这一页，请先复制出来，再打开最新的草稿。"
                ),
            )
        before = paper.sections
        paper.title = title
        paper.sections = [_clean_section(section, before) for section in sections[:MOST_SECTIONS]]
        order = list(MODULES)
        paper.sections.sort(key=lambda section: order.index(section["module"]))
        paper.left_out = sorted({*paper.left_out, *_sources(before)} - _sources(paper.sections))
        paper.edit_version += 1
        paper.save()
        audit.record("save_whitepaper", paper, by=by, fields=["title", "sections"])
    return paper


def _sources(sections):
    """The sources from the event's day among the sections' sources."""
    sources = {section.get("source", "") for section in sections} - {""}
    return {source for source in sources if not source.startswith("starter:")}


def _clean_section(section, before):
    was = section.get("was")
    old = before[was] if was is not None and 0 <= was < len(before) else {}
    photos = old.get("photos", [])
    if "photos" in section:
        photos = [pk for pk in photos if pk in section["photos"]]
    return {
        "module": section["module"] if section["module"] in MODULES else "solutions",
        "title": clean_text(section["title"], max_length=TITLE_LENGTH),
        "text": clean_markdown(section["text"]),
        "source": old.get("source", ""),
        "authors": old.get("authors", []),
        "photos": photos,
    }


def clean_markdown(text):
    """Like clean_text, line by line, so that indented lists stay indented."""
    lines = str(text or "")[: TEXT_LENGTH * 2].replace("\r\n", "\n").split("\n")
    cleaned = []
    for line in lines:
        body = line.lstrip(" \t")
        indent = " " * min(len(line[: len(line) - len(body)].expandtabs(4)), 12)
        cleaned.append((indent + clean_text(body)).rstrip())
    return "\n".join(cleaned).strip("\n")[:TEXT_LENGTH]


def who_hears(event):
    """The claims whose people asked to hear of new versions."""
    asked = WhitepaperClaim.objects.filter(event=event, wants_news=True).proven()
    return asked.exclude(email="")


def publish(*, paper, by):
    """Publish a draft, and write to the claimants who asked to hear of new versions.

    Raises Refused("published" | "unfinished").
    """
    with transaction.atomic():
        paper = (
            Whitepaper.objects.select_for_update(of=("self",))
            .select_related("event")
            .get(pk=paper.pk)
        )
        if paper.published_at is not None:
            raise Refused("published", _("这一版已经发布了。"))
        unfinished = [s["title"] for s in paper.sections if TO_BE_WRITTEN in s["text"]]
        if unfinished:
            raise Refused(
                "unfinished",
                _("还有 %(count)d 节等着写，头一节是“%(title)s”。逐节补上，或一键不收入，再发布。")
                % {"count": len(unfinished), "title": unfinished[0]},
            )
        paper.published_at = clock.now()
        paper.save(update_fields=["published_at"])
        for claim in who_hears(paper.event):
            outbox.plan(
                dedup_key=f"whitepaper_news:{claim.pk}:{paper.version}",
                kind="whitepaper_news",
                event_id=paper.event_id,
                person_id=claim.participant_id,
                due_at=paper.published_at,
                batch=f"whitepaper_news:{paper.event_id}:{paper.version}",
                context={"claim": claim.pk, "version": paper.version},
            )
        audit.record("publish_whitepaper", paper, by=by, fields=["published_at"])
    return paper


def forget(participant):
    """Take an erased person out of every version: what only they made loses its text, and their
    name, mobile and e-mail do not stand in anybody's text any more."""
    said = [participant.name, participant.mobile, participant.mobile[3:], participant.email]
    papers = Whitepaper.objects.select_for_update().filter(event=participant.event)
    for paper in papers.order_by("pk"):
        sections = []
        for section in paper.sections:
            authors = section.get("authors", [])
            if authors == [participant.pk]:
                continue
            texts = {name: without(said, section[name]) for name in ("title", "text")}
            left = [pk for pk in authors if pk != participant.pk]
            sections.append(section | texts | {"authors": left})
        if sections != paper.sections:
            paper.sections = sections
            paper.edit_version += 1
            paper.save(update_fields=["sections", "edit_version"])


# --- differences ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SectionChange:
    """`kind` is added, removed or changed; `lines` are (mark, text) with mark "+", "-" or " "."""

    kind: str
    module: str
    title: str
    lines: list


def differences(earlier, later):
    """What the later version says otherwise, section by section; pure."""
    before, after = _by_identity(earlier.sections), _by_identity(later.sections)
    changes = []
    for key, section in after.items():
        old = before.get(key)
        if old is None:
            changes.append(_change("added", section, "", section["text"]))
        elif (old["title"], old["text"]) != (section["title"], section["text"]):
            changes.append(_change("changed", section, old["text"], section["text"]))
    changes += [
        _change("removed", section, section["text"], "")
        for key, section in before.items()
        if key not in after
    ]
    return changes


def _by_identity(sections):
    """Sections by their source, those written by hand by module and title."""
    return {
        section.get("source") or f"{section['module']}:{section['title']}": section
        for section in sections
    }


def _change(kind, section, before, after):
    lines = [
        (line[0], line[2:])
        for line in difflib.ndiff(before.split("\n"), after.split("\n"))
        if line[0] in "+- " and line[2:].strip()
    ]
    return SectionChange(kind, MODULES[section["module"]], section["title"], lines)
