"""What this room keeps of people, and for how long: the rows of the house's table (salon/keeping)."""

from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from participants import erased_contacts, erasing_many, keeping, notices
from participants.models import (
    Case,
    Channel,
    Consent,
    ContactChange,
    DeskRequest,
    ErasedContact,
    ImportFile,
    Participant,
    PersonalLink,
    PrivacyTerms,
    SetAside,
)
from salon import keeping as house

DESK_REQUESTS = timedelta(days=7)
IMPORTS = timedelta(days=180)
CASES = timedelta(days=90)
HOURS_ASIDE = erasing_many.WAITS // timedelta(hours=1)
# Well past the seven days in which one is proven, and the seven in which it is put back.
CONTACT_CHANGES = timedelta(days=30)


def _days_after(name):
    """`until` of a group with days of its own."""

    def until(event=None):
        terms = notices.terms_of(event) if event else PrivacyTerms()
        days = {"days": getattr(terms, name)}
        if event:
            return _("活动结束后 %(days)d 天") % days
        return _("活动结束后 %(days)d 天，各场可以自己定") % days

    return until


def _words(group):
    """`columns` and `count` of a group, wherever rooms hold it."""

    def columns():
        return [name for each in keeping.holdings(group) for name in each.columns]

    def count(event=None):
        return sum(
            (
                each.holding()
                if event is None
                else each.of(Participant.objects.filter(event=event).values("pk"))
            ).count()
            for each in keeping.holdings(group)
        )

    return {"columns": columns, "count": count}


def _people():
    return Participant.objects.present()


house.keep(
    house.Kept(
        key="people",
        what=gettext_lazy("姓名、手机、邮箱"),
        why=gettext_lazy("审核、通知、签到、回访。同意以后再邀请的，留到撤回为止。"),
        until=_days_after("contact_days"),
        columns=[
            f"participants.Participant.{name}"
            for name in ("name", "name_before", "pinyin", "mobile", "email", "gate_word")
        ],
        count=house.counting(
            lambda: _people().exclude(mobile="", email="", contact_cleared_at__isnull=False),
            "event_id",
        ),
        clear=keeping.clear_people,
    )
)
house.keep(
    house.Kept(
        key="not_selected",
        what=gettext_lazy("没有名额的人：全部"),
        why=gettext_lazy("答复问起的人，有空位时递补。"),
        until=_days_after("not_selected_days"),
        columns=(),
        count=house.counting(lambda: _people().exclude(keeping.had_a_seat()), "event_id"),
    )
)
house.keep(
    house.Kept(
        key="answers",
        what=gettext_lazy("其他回答：机构、岗位、擅长"),
        why=gettext_lazy("筛选、分组、对接。规模、行业和月活率是数字，不写谁，留作统计。"),
        until=_days_after("answers_days"),
        clear=lambda now: keeping.clear_words("answers", now),
        **_words("answers"),
    )
)
house.keep(
    house.Kept(
        key="texts",
        what=gettext_lazy("写下的文字：痛点、期望、备注、卡片、提问、聊天"),
        why=gettext_lazy("现场讨论和会后整理。白皮书要引用的，随署名一起留。"),
        until=_days_after("texts_days"),
        clear=lambda now: keeping.clear_words("texts", now),
        **_words("texts"),
    )
)
house.keep(
    house.Kept(
        key="credit",
        what=gettext_lazy("白皮书里的署名：姓名、机构"),
        why=gettext_lazy("写了什么，就署谁的名。"),
        until=lambda event=None: _("到本人撤回为止"),
        columns=(),
        count=house.counting(
            lambda: _people().consenting(Consent.Purpose.WHITEPAPER_CREDIT), "event_id"
        ),
    )
)
house.keep(
    house.Kept(
        key="consents",
        what=gettext_lazy("同意过什么、当时的原话"),
        why=gettext_lazy("能证明按谁的同意做了什么；不写姓名。"),
        until=lambda event=None: _("和报名记录一样久"),
        columns=("participants.Consent.wording",),
        count=house.counting(Consent.objects.all, "participant__event_id"),
    )
)
house.keep(
    house.Kept(
        key="personal_links",
        what=gettext_lazy("个人链接（只有指纹）"),
        why=gettext_lazy("本人随时能打开自己的页面，查看、撤回、删除。"),
        until=lambda event=None: _("到本人的信息删掉为止"),
        columns=("participants.PersonalLink.token_digest",),
        count=house.counting(PersonalLink.objects.all, "participant__event_id"),
    )
)
house.keep(
    house.Kept(
        key="cases",
        what=gettext_lazy("用了别人联系方式的报名，等主办方核对"),
        why=gettext_lazy("分清是同一个人还是填错了。"),
        until=lambda event=None: _("活动结束后 %(days)d 天") % {"days": CASES.days},
        columns=(
            *("participants.Case.answers", "participants.Case.before"),
            *("participants.Case.answers_digest", "participants.Case.shared"),
            "participants.Case.differs",
        ),
        count=house.counting(lambda: Case.objects.exclude(answers={}), "event_id"),
        clear=house.deleting(
            lambda now: Case.objects.filter(event__in=Event.objects.over_before(now - CASES))
        ),
    )
)
house.keep(
    house.Kept(
        key="contact_changes",
        what=gettext_lazy("换过的联系方式，新的和旧的"),
        why=gettext_lazy("换错了，原来的主人七天内能换回来。"),
        until=lambda event=None: _("%(days)d 天") % {"days": CONTACT_CHANGES.days},
        columns=[
            f"participants.ContactChange.{name}" for name in ("old", "new", "told_to", "reason")
        ],
        count=house.counting(ContactChange.objects.all, "participant__event_id"),
        clear=house.deleting(
            lambda now: ContactChange.objects.filter(asked_at__lt=now - CONTACT_CHANGES)
        ),
    )
)
house.keep(
    house.Kept(
        key="desk_requests",
        what=gettext_lazy("签到台的请求和回答"),
        why=gettext_lazy("断网补传时，同一次扫码只算一次。"),
        until=lambda event=None: _("%(days)d 天") % {"days": DESK_REQUESTS.days},
        columns=("participants.DeskRequest.answer", "participants.DeskRequest.body_digest"),
        count=house.counting(DeskRequest.objects.all, "desk__event_id"),
        clear=house.deleting(lambda now: DeskRequest.objects.filter(at__lt=now - DESK_REQUESTS)),
    )
)
house.keep(
    house.Kept(
        key="import_files",
        what=gettext_lazy("导入的报名表"),
        why=gettext_lazy("检查过、还没导入时留着；之后只有行数和问题。"),
        until=lambda event=None: (
            _("内容：导入完就清，最多 1 天；文件名和结果：%(days)d 天") % {"days": IMPORTS.days}
        ),
        columns=[
            f"participants.ImportFile.{name}"
            for name in ("content", "filename", "report", "failure")
        ],
        count=house.counting(ImportFile.objects.all, "event_id"),
        clear=house.deleting(lambda now: ImportFile.objects.filter(uploaded_at__lt=now - IMPORTS)),
    )
)
house.keep(
    house.Kept(
        key="set_aside",
        what=gettext_lazy("主办方成批删除、还能恢复的人：全部"),
        why=gettext_lazy("按错了能恢复。这段时间谁也看不到。"),
        until=lambda event=None: _("%(hours)d 小时") % {"hours": HOURS_ASIDE},
        columns=("participants.SetAside.words",),
        count=house.counting(SetAside.objects.all, "participant__event_id"),
    )
)
house.keep(
    house.Kept(
        key="erased_contacts",
        what=gettext_lazy("删除过的人的联系方式（只有带密钥的指纹）"),
        why=gettext_lazy("旧表再导入一次，也不会把他们带回来。"),
        until=lambda event=None: _("活动结束后 %(days)d 天") % {"days": erased_contacts.KEPT.days},
        columns=("participants.ErasedContact.digest",),
        count=house.counting(ErasedContact.objects.all, "event_id"),
        clear=house.deleting(lambda now: ErasedContact.objects.filter(kept_until__lt=now)),
    )
)
house.names_nobody(
    {
        "participants.Participant.code": "six signs, printed on lists; opens nothing without the day",
        "participants.Participant.source_key": "names a row of a file, so that it stays away",
        "participants.Channel.code": "what stands in a link",
        "participants.Category": "the organisers' own",
        "participants.Criterion": "the organisers' own",
        "participants.Wording": "the organisers' own",
        "participants.PrivacyTerms": "the organisers' own",
        "participants.Notice": "what everybody reads",
        "participants.SeatRelease": "seats and a reason, no people",
        "participants.FreedSeat": "a category and a rule",
        "participants.ScreeningBatch": "a kind of decision",
        "participants.InterestGroup": "a topic and a place",
        "participants.CheckIn.desk_name": "a desk",
        "participants.StatusChange.before": "a status",
        "participants.StatusChange.after": "a status",
        "participants.StatusChange.actor": "a row's number",
    }
)
house.keep(
    house.Kept(
        key="inviters",
        what=gettext_lazy("邀请人的姓名（渠道）"),
        why=gettext_lazy("看得出谁邀请了多少人。"),
        until=lambda event=None: _("到主办方删掉"),
        columns=("participants.Channel.inviter", "participants.Channel.label"),
        count=house.counting(lambda: Channel.objects.filter(~Q(inviter="")), "event_id"),
    )
)
