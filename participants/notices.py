"""What an event tells people about their information: composed from its terms, published word for
word, each version for good.

Nothing is published before somebody is asked to agree: the first application takes version 1 along.
From then on a change of the terms is a new version, and a longer keeping holds for those alone who
agreed to it (keeping.py).
"""

import json

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from participants.models import Notice, PrivacyTerms
from salon import audit
from salon.errors import Refused
from salon.kept import LETTERS
from salon.seen import STALE

TEXTS = ("handler", "contact", "purpose", "recipients")
DAYS = ("not_selected_days", "texts_days", "answers_days", "contact_days")

PURPOSE = gettext_lazy(
    "审核报名、安排名额、发送与本场有关的通知；现场签到、分组和互动；会后的问卷、回访和效果评估。"
)
RECIPIENTS = gettext_lazy(
    "替我们存放数据、发送邮件和短信的服务商，线上参加时还有直播平台：只按我们的委托处理，不作他用。"
    "本场的其他人看到的，只有您同意展示的和您自己发到墙上、板上、小组里的。此外不提供给任何人。"
)


def terms_of(event: Event) -> PrivacyTerms:
    """The event's terms; unsaved with the house's defaults where it has none of its own."""
    return PrivacyTerms.objects.filter(event=event).first() or PrivacyTerms(event=event)


# --- composing ------------------------------------------------------------------------------------


def compose(event: Event, terms: PrivacyTerms) -> dict[str, list[list[str]]]:
    """The notice in every language of the house: {language code: [[title, text], …]}."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found[code] = [list(section) for section in _sections(event, terms)]
    return found


def _sections(event, terms):
    handler, contact = handler_of(terms), contact_of(terms)
    yield (
        _("谁在处理您的信息"),
        _("%(handler)s，“%(event)s”的主办方。\n联系：%(contact)s")
        % {"handler": handler, "event": event.title, "contact": contact},
    )
    yield _("用来做什么"), terms.purpose or str(PURPOSE)
    yield (
        _("用到哪些信息"),
        _(
            "您在报名表里填的；您什么时候签到；您在活动中和个人页面上写下的；我们发给您的信。"
            "线上参加的，还有直播平台导出的进出时间和聊天。投票和问卷不记名。\n"
            "展示姓名、拍照、交换联系方式、白皮书署名、以后再邀请，"
            "每一项您单独同意了才做，随时可以撤回。"
        ),
    )
    yield _("谁会收到"), terms.recipients or str(RECIPIENTS)
    yield _("保存多久"), "\n".join(how_long(terms))
    yield (
        _("您可以做什么"),
        _(
            "在您的个人页面上，不用说理由，随时可以：查看和下载全部数据，修改，撤回任何一项同意，"
            "删除全部信息。撤回不影响在那之前做过的事。\n"
            "进不了个人页面，或者还有疑问：%(contact)s。您也可以向网信部门投诉。"
        )
        % {"contact": contact},
    )


def handler_of(terms: PrivacyTerms) -> str:
    return terms.handler or settings.HANDLER or _("本场活动的主办方")


def contact_of(terms: PrivacyTerms) -> str:
    return terms.contact or settings.HANDLER_CONTACT or settings.DEFAULT_FROM_EMAIL


def how_long(days: PrivacyTerms | Notice) -> list[str]:
    """One line for each group of what is kept."""
    return [
        line % {"days": getattr(days, name)}
        for name, line in (
            ("not_selected_days", _("没有名额的人：活动结束后 %(days)d 天，全部删除。")),
            ("texts_days", _("您写下的文字（痛点、期望、备注）：活动结束后 %(days)d 天。")),
            ("answers_days", _("其他回答（机构、岗位、擅长）：活动结束后 %(days)d 天。")),
            (
                "contact_days",
                _("姓名、手机和邮箱：活动结束后 %(days)d 天；您同意以后再邀请的，到您撤回为止。"),
            ),
        )
    ] + [
        _("白皮书里的署名（姓名、机构）：到您撤回为止。"),
        _("我们发给您的信：发出后 %(days)d 天，内容清空。") % {"days": LETTERS.days},
        _("您自己删除的：马上。"),
        _("不含姓名的数字（人数、行业、规模）留作统计。"),
    ]


# --- publishing -----------------------------------------------------------------------------------


def newest(event: Event) -> Notice:
    """What the event's page shows: the newest version, or unsaved what would be its first."""
    return event.notices.first() or draft(event, terms_of(event), version=1)


def draft(event: Event, terms: PrivacyTerms, *, version: int) -> Notice:
    return Notice(
        event=event,
        version=version,
        text=compose(event, terms),
        **{name: getattr(terms, name) for name in DAYS},
    )


def agreed_to(event: Event) -> Notice:
    """The version under which somebody agrees now, published if it is the first."""
    return event.notices.defer("text").first() or first(event)


def first(event: Event) -> Notice:
    """Publish version 1, or find what somebody has published in the same second."""
    notice = draft(event, terms_of(event), version=1)
    return _publish(notice) or Notice.objects.get(event=event, version=1)


_COLUMNS = ("event_id", "version", "text", *DAYS)
# In one statement, because the first application of an event passes here.
_PUBLISH = f"""
    INSERT INTO participants_notice ({", ".join(_COLUMNS)}, published_at)
    VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)}, clock_timestamp())
    ON CONFLICT (event_id, version) DO NOTHING
    RETURNING id, published_at
"""  # noqa: S608  names of our own columns


def _publish(notice):
    """The notice as published; None when its version was there already."""
    values = {name: getattr(notice, name) for name in _COLUMNS}
    values["text"] = json.dumps(notice.text, ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute(_PUBLISH, values)
        written = cursor.fetchone()
    if written is None:
        return None
    notice.pk, notice.published_at = written
    return notice


def save_terms(*, event: Event, values: dict, seen: int, by) -> Notice | None:
    """Keep the event's terms; once a version is published, what they change is published as the
    next one, and returned. `values` holds TEXTS and DAYS.

    Raises Refused("edited_elsewhere") when `seen` is not the terms' version any more.
    """
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        terms = terms_of(event)
        if terms.version != seen:
            raise Refused("edited_elsewhere", STALE)
        changed = [name for name in (*TEXTS, *DAYS) if getattr(terms, name) != values[name]]
        for name in changed:
            setattr(terms, name, values[name])
        terms.version += 1
        terms.save()
        audit.record("save_privacy_terms", event, by=by, event_id=event.pk, fields=changed)
        latest = event.notices.first()
        if latest is None or not differs(latest, event, terms):
            return None
        notice = _publish(draft(event, terms, version=latest.version + 1))
        audit.record("publish_notice", notice, by=by, event_id=event.pk)
    return notice


def differs(notice: Notice, event: Event, terms: PrivacyTerms) -> bool:
    """Whether what would be published now is not what this version says."""
    fresh = draft(event, terms, version=notice.version)
    return any(getattr(fresh, name) != getattr(notice, name) for name in ("text", *DAYS))


def link(event: Event) -> str:
    """The whole address of the event's notice, for letters."""
    return settings.PUBLIC_URL + reverse("privacy", args=[event.slug])
