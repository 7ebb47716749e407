"""What this room keeps of people: files of the stream, chat, claims, what the whitepaper quotes."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.models import (
    ChatLine,
    StreamImport,
    StreamUpload,
    StreamVisit,
    SurveyResponse,
    Whitepaper,
    WhitepaperClaim,
)
from participants import keeping
from participants.held import let_erasing_through
from participants.keeping import Holding
from salon import keeping as house

UPLOADS = timedelta(days=1)
FILE_NAMES = timedelta(days=180)
CLAIMS = timedelta(days=90)

keeping.also(
    "texts",
    Holding("metrics.ChatLine", {"text": "", "viewer": ""}),
    Holding("metrics.FollowUp", {"note": ""}),
)


def _strangers_lines():
    return ChatLine.objects.filter(participant=None).exclude(text="")


def _clear_strangers_lines(now):
    events = keeping.events_past("texts", now=now)
    return _strangers_lines().filter(source__event__in=events).update(text="")


house.keep(
    house.Kept(
        key="strangers_chat",
        what=gettext_lazy("直播聊天里没报名的人写的"),
        why=gettext_lazy("统计线上互动。"),
        until=lambda event=None: _("和参与者写下的文字一样久"),
        columns=(),
        count=house.counting(_strangers_lines, "source__event_id"),
        clear=_clear_strangers_lines,
    )
)
house.keep(
    house.Kept(
        key="stream_files",
        what=gettext_lazy("直播平台导出的文件"),
        why=gettext_lazy("检查过、还没导入时留着。"),
        until=lambda event=None: _("导入完就删，最多 1 天"),
        columns=("metrics.StreamUpload.content", "metrics.StreamUpload.filename"),
        count=house.counting(StreamUpload.objects.all, "event_id"),
        clear=house.deleting(
            lambda now: StreamUpload.objects.filter(uploaded_at__lt=now - UPLOADS)
        ),
    )
)
house.keep(
    house.Kept(
        key="stream_file_names",
        what=gettext_lazy("导入过的直播文件叫什么"),
        why=gettext_lazy("导错了，找得到是哪一份。"),
        until=lambda event=None: _("%(days)d 天") % {"days": FILE_NAMES.days},
        columns=("metrics.StreamImport.filename",),
        count=house.counting(lambda: StreamImport.objects.exclude(filename=""), "event_id"),
        clear=lambda now: (
            StreamImport.objects.filter(at__lt=now - FILE_NAMES)
            .exclude(filename="")
            .update(filename="")
        ),
    )
)
house.keep(
    house.Kept(
        key="viewers",
        what=gettext_lazy("谁看了多久（没报名的只有带密钥的指纹）"),
        why=gettext_lazy("观看时长和人数；看不出是谁。"),
        until=lambda event=None: _("随评估一直留着；删除自己的人换成随机数"),
        columns=("metrics.StreamVisit.viewer",),
        count=house.counting(StreamVisit.objects.all, "source__event_id"),
    )
)


def _claims():
    return WhitepaperClaim.objects.exclude(email="")


def _clear_claims(now):
    """Counted they stay; without a wish for news nobody needs the address any more."""
    with transaction.atomic():
        # As erasing: words go, and nobody is held for it.
        let_erasing_through()
        return _claims().filter(wants_news=False, at__lt=now - CLAIMS).update(email="") + (
            # Whoever typed somebody's address asked for news that was never wanted.
            _claims().filter(proven_at=None, at__lt=now - CLAIMS).update(email="", wants_news=False)
        )


house.keep(
    house.Kept(
        key="claims",
        what=gettext_lazy("领取白皮书的邮箱"),
        why=gettext_lazy("同一个人只算一次；要新版提醒的，写信用。"),
        until=lambda event=None: (
            _("不要提醒的：%(days)d 天；要的：到停掉为止") % {"days": CLAIMS.days}
        ),
        columns=("metrics.WhitepaperClaim.email",),
        count=house.counting(_claims, "event_id"),
        clear=_clear_claims,
    )
)
house.keep(
    house.Kept(
        key="survey",
        what=gettext_lazy("问卷的答卷（不记名）"),
        why=gettext_lazy("活动的评价；没有一处写着是谁答的。"),
        until=lambda event=None: _("一直留着"),
        columns=("metrics.SurveyResponse.answers",),
        count=house.counting(SurveyResponse.objects.all, "survey__event_id"),
    )
)
house.keep(
    house.Kept(
        key="whitepapers",
        what=gettext_lazy("白皮书里引用的方案、办法和提问"),
        why=gettext_lazy("经本人同意公开的成果；撤回署名，新版就不再写名。"),
        until=lambda event=None: _("到主办方撤下"),
        columns=("metrics.Whitepaper.sections",),
        count=house.counting(Whitepaper.objects.all, "event_id"),
    )
)
house.names_nobody(
    {
        "metrics.Survey": "the organisers' own",
        "metrics.SurveyQuestion": "the organisers' own",
        "metrics.StreamImport.file_digest": "knows the same file again",
        "metrics.StreamImport.counts": "counts",
        "metrics.Target": "the organisers' own",
        "metrics.Goal": "the organisers' own",
        "metrics.Evaluation": "counts",
        "metrics.Report": "the organisers' own",
        "metrics.Whitepaper.title": "the organisers' own",
        "metrics.Whitepaper.left_out": "numbers of rows",
    }
)
