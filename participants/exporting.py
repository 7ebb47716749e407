"""Applications out into a sheet: text cells for mobiles, no formula ever, flat memory."""

import tempfile

from django.db.models import OuterRef, Prefetch, Subquery
from django.utils.translation import gettext as _

from participants import queue
from participants.models import CheckIn, Consent
from salon import audit
from salon.sheets import write_table
from salon.text import national_mobile

CHUNK = 1000
IN_MEMORY = 5 * 1024 * 1024


def scratch_file():
    """A binary file that stays in memory while it is small."""
    return tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)


def columns():
    """(header, width, value of a person) of each column."""
    return [
        (_("姓名"), 12, lambda p: p.name),
        (_("手机"), 16, lambda p: national_mobile(p.mobile)),
        (_("邮箱"), 26, lambda p: p.email),
        (_("机构"), 20, lambda p: p.organisation),
        (_("岗位"), 16, lambda p: p.job_title),
        (_("类别"), 14, lambda p: p.category.name),
        (_("行业"), 10, lambda p: str(p.get_industry_display())),
        (_("状态"), 16, lambda p: str(p.get_status_display())),
        (_("参加方式"), 10, lambda p: _("线上") if p.online else _("现场")),
        (_("签到码"), 10, lambda p: p.code),
        (_("签到时间"), 18, lambda p: _local(p, p.checked_in_at)),
        (_("得分"), 8, lambda p: p.score),
        (_("社群规模(人)"), 14, lambda p: p.community_size),
        (_("近6个月平均月活率(%)"), 16, lambda p: p.active_rate),
        (_("粉丝量"), 12, lambda p: p.followers),
        (_("创作领域"), 16, lambda p: p.creator_field),
        (_("可带来的案例或方法"), 24, lambda p: p.can_bring),
        (_("合作需求"), 24, lambda p: p.cooperation_need),
        (_("可提供的资源"), 24, lambda p: p.resource_offer),
        (_("擅长领域"), 20, lambda p: "、".join(p.expertise)),
        *(
            (
                _("痛点%(n)s") % {"n": n + 1},
                28,
                lambda p, n=n: p.pains[n] if n < len(p.pains) else "",
            )
            for n in range(5)
        ),
        (_("期望收获"), 28, lambda p: p.expectation),
        (_("渠道"), 14, lambda p: p.channel.label if p.channel else ""),
        (_("邀请人"), 12, lambda p: p.channel.inviter if p.channel else ""),
        (_("同意的授权"), 30, _consents),
        (_("报名时间"), 18, lambda p: _local(p, p.submitted_at)),
        (_("告知本人的理由"), 28, lambda p: p.told_reason),
        (_("内部备注"), 30, lambda p: p.note),
    ]


def _local(person, moment):
    return moment and person.event.local(moment)


def _consents(person):
    return "、".join(str(consent.get_purpose_display()) for consent in person.in_force)


def people_of(event, asked):
    """The people asked for with what the columns need, as an iterator in chunks."""
    checked_in = CheckIn.objects.filter(participant=OuterRef("pk"), voided_at=None).values("at")
    found = (
        queue.found(event, asked)
        .annotate(checked_in_at=Subquery(checked_in[:1]))
        .select_related("category", "channel")
        .prefetch_related(
            Prefetch(
                "consents",
                Consent.objects.filter(withdrawn_at=None).order_by("pk"),
                to_attr="in_force",
            )
        )
    )
    for person in found.iterator(chunk_size=CHUNK):
        person.event = event
        yield person


def write_people(stream, *, event, asked, by):
    """Write the people asked for (a queue.Asked) as XLSX to the binary `stream`."""
    wanted = columns()
    headers = [header for header, _width, _value in wanted]
    widths = [width for _header, width, _value in wanted]
    values = [value for _header, _width, value in wanted]
    rows = ([value(person) for value in values] for person in people_of(event, asked))
    write_table(stream, sheets=[(_("报名"), headers, rows, widths)])
    audit.record("export_people", event, by=by, event_id=event.pk)
