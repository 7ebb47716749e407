"""What the gateways have in common: a JSON answer over HTTPS, and what their codes mean."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext as _

from salon import mail_answers
from salon.not_delivered import NotDelivered

TIMEOUT_SECONDS = 10
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# What a code means: nobody is there, our template or signature, this number hears too much from
# us, our account; and whatever else is said, which passes.
NUMBER, TEMPLATE, TOO_OFTEN, ACCOUNT, PASSING = "number", "template", "often", "account", "passing"


def ask(url: str, *, headers: dict[str, str], body: bytes = b"") -> dict:
    """The gateway's JSON answer to a POST; NotDelivered where it gave none."""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            said = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            said = _said_with_an_error(error)
    except urllib.error.URLError:
        raise NotDelivered(
            _("连不上短信服务。"), again_after=MINUTE, stops=mail_answers.SERVER
        ) from None
    except (OSError, ValueError, http.client.HTTPException):
        raise NotDelivered(_("短信服务没有应答。"), perhaps=True) from None
    if not isinstance(said, dict):
        raise NotDelivered(_("短信服务没有应答。"), perhaps=True)
    return said


def _said_with_an_error(error):
    """Gateways put what is wrong with a request into the body of a 400."""
    try:
        return json.load(error)
    except (OSError, ValueError, http.client.HTTPException):
        return {"Code": f"HTTP {error.code}", "Message": ""}


def meaning_of(code: str, table: Iterable[tuple[str, Iterable[str]]]) -> str:
    """The meaning whose codes, or beginnings of codes, `code` is one of; else PASSING."""
    for meaning, beginnings in table:
        if code.startswith(tuple(beginnings)):
            return meaning
    return PASSING


def refused(meaning: str, code: str, words: str, mobile: str) -> NotDelivered:
    """NotDelivered as the gateway means it, with its words and without the number."""
    hidden = words.replace(mobile, "…").replace(mobile.removeprefix("+86"), "…")
    said = {"words": mail_answers.words_of(code, hidden)}
    if meaning == NUMBER:
        return NotDelivered(_("这个手机号收不到短信：%(words)s") % said, for_good=True)
    if meaning == TEMPLATE:
        return NotDelivered(_("短信模板或签名没有通过：%(words)s") % said, for_good=True)
    if meaning == TOO_OFTEN:
        return NotDelivered(
            _("这个手机号今天收得太多，稍后再试：%(words)s") % said,
            again_after=_window_of(code, words),
        )
    if meaning == ACCOUNT:
        return NotDelivered(
            _("短信账户要处理一下（余额、限额或密钥）：%(words)s") % said,
            again_after=HOUR / 2,
            stops=mail_answers.SERVER,
        )
    return NotDelivered(_("短信服务暂时不收，稍后再试：%(words)s") % said)


def _window_of(code, words):
    """How long a limit of one number lasts, by what its code or its words name."""
    said = f"{code} {words}"
    if "天级" in said or "Daily" in said:
        return DAY / 2
    if "小时级" in said or "Hour" in said:
        return HOUR
    return 2 * MINUTE
