"""What the desk's installable page needs besides its HTML: its words, its settings, and the
service worker with the list of files that make it run without a network."""

import hashlib
import json

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.models import AgendaItem
from participants.roster import EXPECTED

# Modules import each other by their plain names, so they are kept under these and not under the
# hashed ones; the version below changes with every byte of them.
MODULES = (
    *("js/desk/desk.js", "js/desk/codes.js", "js/desk/roster.js", "js/desk/store.js"),
    *("js/desk/queue.js", "js/desk/scanner.js", "js/desk/signals.js", "js/desk/walkin.js"),
    *("js/desk/result.js",),
)
FILES = (
    *("css/salon.css", "css/desk.css", "vendor/bootstrap-5.3.9/bootstrap-grid.min.css"),
    *("js/live.js", "js/page.js", "js/desk/desk.js", "vendor/idb-8.0.4/umd.js"),
    *("img/seal.svg", "img/tick.svg", "img/dot.svg", "img/dot-ink.svg", "img/chevron.svg"),
    *("img/seal-good.svg", "img/desk-192.png"),
    "vendor/barcode-detector-3.2.2/ponyfill.js",
    "vendor/barcode-detector-3.2.2/zxing_reader.wasm",
)


def service_worker():
    """static/js/desk-sw.js with its version and files put in front."""
    source = _read("js/desk-sw.js")
    addresses = sorted(
        {static(name) for name in FILES} | {settings.STATIC_URL + m for m in MODULES}
    )
    version = hashlib.sha256(source)
    for name in (*FILES, *MODULES):
        version.update(_read(name))
    start = {"version": version.hexdigest()[:16], "files": addresses}
    return f"const KEEP = {json.dumps(start)};\n".encode() + source


def _read(name):
    path = finders.find(name)
    with open(path, "rb") as file:
        return file.read()


def manifest(*, start):
    return {
        "name": _("签到台"),
        "short_name": _("签到台"),
        "lang": "zh-Hans",
        "id": start,
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "background_color": "#f5f0e6",
        "theme_color": "#f5f0e6",
        "icons": [
            {"src": static("img/desk-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": static("img/desk-512.png"), "sizes": "512x512", "type": "image/png"},
            {"src": static("img/seal.svg"), "sizes": "any", "type": "image/svg+xml"},
        ],
    }


def settings_of(desk):
    """What the page's script must know; JSON-able, no personal value."""
    event = desk.event
    first = event.agenda.exclude(kind=AgendaItem.Kind.CHECK_IN).order_by("starts_at").first()
    slug = [event.slug]
    return {
        "language": get_language(),
        "slug": event.slug,
        "desk": desk.desk,
        "zone": event.timezone,
        "expires_at": desk.expires_at.isoformat(),
        "on_time_until": (first.starts_at if first else event.starts_at).isoformat(),
        "capacity": event.on_site_capacity,
        "categories": list(event.categories.values("key", "name")),
        "urls": {
            "roster": reverse("desk_roster", args=slug),
            "check_ins": reverse("desk_check_ins", args=slug),
            "undo": reverse("desk_undo", args=slug),
            "walk_ins": reverse("desk_walk_ins", args=slug),
            "cards": reverse("desk_cards", args=slug),
            "worker": reverse("desk_sw", args=slug),
            "scope": reverse("desk", args=slug),
        },
        "wasm": static("vendor/barcode-detector-3.2.2/zxing_reader.wasm"),
        "ponyfill": static("vendor/barcode-detector-3.2.2/ponyfill.js"),
        "statuses": {status.value: str(status.label) for status in EXPECTED},
    }


def words():
    """The page's sentences for its script, which fills {name}, {n}, {at}, {desk}, {by} …"""
    return {
        # the answer: one word, and what it means
        "checked_in": _("成功"),
        "already": _("已签到"),
        "not_confirmed": _("未确认"),
        "unknown": _("不在名单"),
        "full": _("名额已满"),
        "undone": _("已撤销"),
        "saved": _("已保存"),
        "ask": _("是这位吗？"),
        "refused": _("没有记下"),
        "why_checked_in": _("欢迎{name}。{at} 在{desk}签到。"),
        "why_offline": _("离线记下了，联网后自动上传。"),
        "why_already": _("{at} 已在{desk}签到，经手：{by}。"),
        "why_already_here": _("{at} 已在本台签到，等待上传。"),
        "why_not_confirmed": _("状态：{status}。还有现场名额时可以当面放行。"),
        "why_online": _("报的是线上参加，没有现场席位。还有名额时可以当面放行。"),
        "why_unknown": _("请按姓名再找一次；确实没有，就按现场报名办理。"),
        "why_unknown_offline": _("离线名单里没有。可以先放行，联网后再核对；或按现场报名办理。"),
        "why_no_code": _("这不是本场的签到码。请换手机号后四位或姓名查找。"),
        "why_full": _("现场 {capacity} 个席位都有人了。请主办方定夺，或请对方改看直播。"),
        "why_undone": _("{name}的签到已撤销，记录里留着理由。"),
        "why_nothing": _("没有可撤销的签到。"),
        "why_walk_in": _("现场报名成功，签到码已生成。"),
        # buttons
        "check_in": _("签到"),
        "next": _("下一位"),
        "undo": _("撤销"),
        "card": _("标签卡"),
        "admit": _("当面放行"),
        "admit_offline": _("先放行"),
        "walk_in": _("现场报名"),
        "back": _("返回"),
        "look_again": _("再看看"),
        "fix": _("改了再交"),
        "done": _("处理好了"),
        # the network in words
        "online": _("在线"),
        "offline": _("离线，照常签到"),
        "offline_waiting": _("离线 · {n} 条待同步"),
        "syncing": _("同步中 · 还有 {n} 条"),
        "waiting": _("在线 · {n} 条待同步"),
        "closed": _("请重新登录签到台"),
        "closed_why": _(
            "通行证已停用或到期，本机名单已清除。请用签到台链接和 PIN 重新打开；"
            "待同步的 {n} 条都还在本机，登录后自动上传。"
        ),
        # lists
        "came_at": _("{at} 已签到"),
        "here": _("已到"),
        "on_time": _("准时到场"),
        "nobody": _("没有找到“{query}”"),
        "nobody_why": _("换拼音首字母、手机后四位或签到码试试。"),
        "empty": _("名单还是空的"),
        "empty_why": _("有人确认现场席位后会出现在这里。"),
        "no_roster": _("正在取名单…"),
        "none_yet": _("这张台子还没有签过人"),
        "somebody": _("名单外来宾"),
        "tail": _("尾号 {tail}"),
        # what somebody has to look at
        "odd_already": _(
            "{name}：本台离线时放行了一次，但 {at} 已在{desk}签到。"
            "只算一次，请核对来的是不是同一个人。"
        ),
        "odd_unknown": _("离线放行的一位不在名单里，请按现场报名补登。"),
        "odd_not_confirmed": _(
            "{name}：离线放行了，但没有确认席位。请当面放行补上，或请主办方定夺。"
        ),
        "odd_full": _("{name}：离线登记的现场报名没有席位了，请主办方定夺。"),
        "odd_refused": _("{name}：没有记下。{message}"),
        "odd_nothing": _("{name}：要撤销的签到不是本台的，没有撤销。"),
        # scanner and camera
        "camera_off": _("打开摄像头"),
        "camera_on": _("关闭摄像头"),
        "camera_refused": _("摄像头打不开。请在浏览器里允许使用摄像头，或改用扫码枪、查找。"),
        "reasons": [_("扫错人"), _("重复签到"), _("本人离开")],
        "seats_left": _("现场席位 {taken}/{capacity}，还剩 {left} 个"),
    }
