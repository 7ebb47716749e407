"""Applications out into a sheet: text cells for mobiles, no formula ever, flat memory."""

import tempfile

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from participants import queue
from participants.models import CheckIn, Consent, Participant
from salon import audit
from salon.meeting import one_instant
from salon.sheets import write_table
from salon.text import national_mobile

CHUNK = 1000
IN_MEMORY = 5 * 1024 * 1024


def scratch_file():
    """A binary file that stays in memory while it is small."""
    return tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)


def columns(event):
    """(header, width, value of a row of `people_of`) of each column."""
    industries = {key: str(label) for key, label in Participant.Industry.choices}
    statuses = {key: str(label) for key, label in Participant.Status.choices}
    purposes = {key: str(label) for key, label in Consent.Purpose.choices}
    rooms = {False: _("现场"), True: _("线上")}

    def plain(name):
        return lambda row: row[name]

    def local(name):
        return lambda row: row[name] and event.local(row[name])

    def pain(number):
        return lambda row: row["pains"][number] if number < len(row["pains"]) else ""

    return [
        (_("姓名"), 12, plain("name")),
        (_("手机"), 16, lambda row: national_mobile(row["mobile"])),
        (_("邮箱"), 26, plain("email")),
        (_("机构"), 20, plain("organisation")),
        (_("岗位"), 16, plain("job_title")),
        (_("类别"), 14, plain("category__name")),
        (_("行业"), 10, lambda row: industries[row["industry"]]),
        (_("状态"), 16, lambda row: statuses[row["status"]]),
        (_("参加方式"), 10, lambda row: rooms[row["online"]]),
        (_("签到码"), 10, plain("code")),
        (_("签到时间"), 18, local("checked_in_at")),
        (_("得分"), 8, plain("score")),
        (_("社群规模（人）"), 14, plain("community_size")),
        (_("近6个月平均月活率（%）"), 16, plain("active_rate")),
        (_("粉丝量"), 12, plain("followers")),
        (_("创作领域"), 16, plain("creator_field")),
        (_("可带来的案例或方法"), 24, plain("can_bring")),
        (_("合作需求"), 24, plain("cooperation_need")),
        (_("可提供的资源"), 24, plain("resource_offer")),
        (_("擅长领域"), 20, lambda row: "、".join(row["expertise"])),
        *((_("痛点%(n)s") % {"n": n + 1}, 28, pain(n)) for n in range(5)),
        (_("期望收获"), 28, plain("expectation")),
        (_("渠道"), 14, plain("channel__label")),
        (_("邀请人"), 12, plain("channel__inviter")),
        (_("同意的授权"), 30, lambda row: "、".join(purposes[key] for key in row["in_force"])),
        (_("报名时间"), 18, local("submitted_at")),
        (_("告知本人的理由"), 28, plain("told_reason")),
        (_("内部备注"), 30, plain("note")),
    ]


def people_of(event, asked):
    """The people asked for as dicts with what the columns need, read in chunks, one statement."""
    checked_in = CheckIn.objects.filter(participant=OuterRef("pk"), voided_at=None)
    consents = Consent.objects.filter(participant=OuterRef("pk"), withdrawn_at=None)
    return (
        queue.found(event, asked)
        .annotate(
            checked_in_at=Subquery(checked_in.values("at")[:1]),
            in_force=ArraySubquery(consents.order_by("pk").values("purpose")),
        )
        .values(
            *("name", "mobile", "email", "organisation", "job_title", "category__name"),
            *("industry", "status", "online", "code", "checked_in_at", "score"),
            *("community_size", "active_rate", "followers", "creator_field", "can_bring"),
            *("cooperation_need", "resource_offer", "expertise", "pains", "expectation"),
            *("channel__label", "channel__inviter", "in_force", "submitted_at"),
            *("told_reason", "note"),
        )
        .iterator(chunk_size=CHUNK)
    )


@one_instant()
def write_people(stream, *, event, asked, by):
    """Write the people asked for (a queue.Asked) as XLSX to the binary `stream`."""
    wanted = columns(event)
    headers = [header for header, _width, _value in wanted]
    widths = [width for _header, width, _value in wanted]
    values = [value for _header, _width, value in wanted]
    rows = ([value(row) for value in values] for row in people_of(event, asked))
    write_table(stream, sheets=[(_("报名"), headers, rows, widths)])
    audit.record("export_people", event, by=by, event_id=event.pk)
