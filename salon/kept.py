"""What the platform keeps of people: letters, sign-ins, the records of what was done."""

from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salon import keeping
from salon.models import Allowance, Message, Sweep, User

LETTERS = timedelta(days=180)
# What was done in the admin, and from when on: the shortest that the Cybersecurity Law allows.
LOGS = timedelta(days=180)
REPORTS = timedelta(days=3 * 365)
LOGGED = ("object_id", "object_repr", "change_message")
COPY = ("recipient", "subject", "body", "failure")


def _letters():
    """Messages of which a copy is kept."""
    return Message.objects.exclude(**dict.fromkeys(COPY, ""))


def _blank_letters(now):
    old = Message.objects.over().filter(due_at__lt=now - LETTERS, created_at__lt=now - LETTERS)
    return old.exclude(**dict.fromkeys(COPY, "")).update(**dict.fromkeys(COPY, ""))


keeping.keep(
    keeping.Kept(
        key="letters",
        what=gettext_lazy("发出的信：收件人、标题、正文"),
        why=gettext_lazy("有人问起时，能说清发过什么；发过多少一直记着。"),
        until=lambda event: _("发出后 %(days)d 天，内容清空") % {"days": LETTERS.days},
        columns=[f"salon.Message.{name}" for name in COPY],
        count=keeping.counting(_letters, "event_id"),
        clear=_blank_letters,
    )
)
keeping.keep(
    keeping.Kept(
        key="accounts",
        what=gettext_lazy("工作人员的账号"),
        why=gettext_lazy("登录，和知道每一步是谁做的。"),
        until=lambda event: _("到管理员删除账号"),
        columns=(
            *("salon.User.username", "salon.User.first_name", "salon.User.last_name"),
            *("salon.User.email", "salon.User.password"),
            *("otp_static.StaticToken.token", "otp_static.StaticDevice.name"),
            *("otp_totp.TOTPDevice.key", "otp_totp.TOTPDevice.name"),
        ),
        count=keeping.counting(User.objects.all),
        of_events=False,
    )
)
keeping.keep(
    keeping.Kept(
        key="sessions",
        what=gettext_lazy("登录状态"),
        why=gettext_lazy("工作人员不用每页都登录。"),
        until=lambda event: _("最后一次登录后 14 天"),
        columns=["sessions.Session.session_key", "sessions.Session.session_data"],
        count=keeping.counting(Session.objects.all),
        clear=keeping.deleting(lambda now: Session.objects.filter(expire_date__lt=now)),
        of_events=False,
    )
)
keeping.keep(
    keeping.Kept(
        key="admin_log",
        what=gettext_lazy("管理后台的操作记录"),
        why=gettext_lazy("网络安全法要求日志至少留六个月。"),
        until=lambda event: _("%(days)d 天") % {"days": LOGS.days},
        columns=[f"admin.LogEntry.{name}" for name in LOGGED],
        count=keeping.counting(LogEntry.objects.all),
        clear=keeping.deleting(lambda now: LogEntry.objects.filter(action_time__lt=now - LOGS)),
        of_events=False,
    )
)
keeping.keep(
    keeping.Kept(
        key="allowances",
        what=gettext_lazy("谁在一段时间里试过几次（只有指纹）"),
        why=gettext_lazy("挡住猜密码的和刷屏的。"),
        until=lambda event: _("那段时间过去，当天"),
        columns=["salon.Allowance.key"],
        count=keeping.counting(Allowance.objects.all),
        clear=keeping.deleting(lambda now: Allowance.objects.filter(window_ends_at__lt=now)),
        of_events=False,
    )
)
keeping.keep(
    keeping.Kept(
        key="sweeps",
        what=gettext_lazy("每天清理的记录（只有数目）"),
        why=gettext_lazy("能证明说到做到。"),
        until=lambda event: _("%(years)d 年") % {"years": REPORTS.days // 365},
        columns=["salon.Sweep.report"],
        count=keeping.counting(Sweep.objects.all),
        clear=keeping.deleting(lambda now: Sweep.objects.filter(at__lt=now - REPORTS)),
        of_events=False,
    )
)
keeping.names_nobody(
    {
        "salon.Message.dedup_key": "numbers of rows",
        "salon.Message.domain": "where a provider's mail goes, the same for all of its people",
        "salon.Pace": "names of mail domains",
        "salon.Message.kind": "a kind of letter",
        "salon.Message.batch": "numbers of rows",
        "salon.Message.context": "numbers of rows, dates and sentences about the agenda",
        "salon.AuditEntry": "who did what to which row, by numbers; never a value",
        "salon.Heartbeat": "processes",
        "auth.Group": "unused: roles belong to an event's crew",
        "auth.Permission": "Django's own",
        "contenttypes.ContentType": "Django's own",
    }
)
