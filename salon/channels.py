"""How a letter leaves the house: e-mail, the crew's group bot, SMS.

A channel says whether it is set up, is opened, sends one letter, and is closed after a batch. Of
one that `has_a_mailbox` instead, the copy in the database is the letter, read in the admin. What
it could not deliver it reports as `NotDelivered`, with a reason that names nobody.
"""

import base64
import hmac
import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urldefrag, urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from salon import clock
from salon.text import clean_text, email_on_the_wire


@dataclass(frozen=True)
class Letter:
    """What one message says, as its composer wrote it.

    `to` is an address, a mobile in E.164, or a group bot's URL ("" = GROUP_BOT_URL).
    `attachments` are `(filename, content, mimetype)`, content bytes or a callable
    that makes them, which is called when the letter goes out. `secret` maps a placeholder's name to its
    value or to a callable that makes it: `{{name}}` in `text` is filled on the wire only.
    """

    to: str
    subject: str
    text: str
    attachments: tuple = ()
    secret: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    reply_to: str = ""

    def as_sent(self):
        """The text with its secrets; calls those that are made on demand."""
        text = self.text
        for name, value in self.secret.items():
            text = text.replace(f"{{{{{name}}}}}", value() if callable(value) else value)
        return text

    def packed(self):
        """The letter with its attachments made."""
        made = [
            (filename, content() if callable(content) else content, mimetype)
            for filename, content, mimetype in self.attachments
        ]
        return replace(self, attachments=tuple(made))

    def as_kept(self):
        """The text with its secrets masked: for previews and for the copy in the database."""
        text = self.text
        for name in self.secret:
            mask = _("（个人链接）") if name == "link" else _("（已隐去）")
            text = text.replace(f"{{{{{name}}}}}", mask)
        return text


class NotDelivered(Exception):
    """`reason` is a plain sentence without personal values. `for_good`: trying again is no use.
    `perhaps`: the far side may have taken it before the line broke."""

    def __init__(self, reason, *, for_good=False, perhaps=False):
        super().__init__(reason)
        self.reason = reason
        self.for_good = for_good
        self.perhaps = perhaps


class Email:
    """Django's mail backend, one connection for a batch."""

    def __init__(self):
        self.connection = None

    def is_set_up(self, letter):
        return settings.EMAIL_IS_CONFIGURED

    def has_a_mailbox(self):
        return settings.MAILBOX_IS_A_CHANNEL

    def shown_recipient(self, letter):
        return letter.to

    def check(self, letter):
        try:
            validate_email(letter.to)
            email_on_the_wire(letter.to)
        except (ValidationError, UnicodeError):
            raise NotDelivered(_("收件邮箱不对。"), for_good=True) from None

    def open(self):
        if self.connection is None:
            self.connection = get_connection()
        try:
            self.connection.open()
        except (smtplib.SMTPException, OSError):
            self.close()
            raise NotDelivered(_("连不上邮件服务器。")) from None

    def send(self, message, letter, text):
        mail = EmailMessage(
            subject=letter.subject,
            body=text,
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[email_on_the_wire(letter.to)],
            reply_to=[email_on_the_wire(letter.reply_to)] if letter.reply_to else None,
            headers={"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"},
        )
        for filename, content, mimetype in letter.attachments:
            mail.attach(filename, content, mimetype)
        try:
            self.connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _answer in error.recipients.values()]
            raise _refused(_("收件邮箱被对方拒收"), max(codes)) from None
        except smtplib.SMTPSenderRefused as error:
            # Our own address or a quota: the organiser can mend that, so it is tried again.
            raise NotDelivered(_answered(_("邮件服务器拒绝了发件地址"), error.smtp_code)) from None
        except smtplib.SMTPResponseException as error:
            raise _refused(_("邮件服务器拒收"), error.smtp_code) from None
        except (smtplib.SMTPException, OSError):
            self.close()
            raise NotDelivered(_("发送途中与邮件服务器断开。"), perhaps=True) from None

    def close(self):
        if self.connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.connection.close()
            self.connection = None


def message_id(message):
    """The same for every try of one message, so that a mail reader shows a double once."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    return f"<{message.pk}.{message.created_at.timestamp():.0f}@{domain}>"


def _answered(sentence, code):
    return _("%(sentence)s（应答 %(code)s）。") % {"sentence": sentence, "code": code}


def _refused(sentence, code):
    return NotDelivered(_answered(sentence, code), for_good=code >= 500)


# --- group bots -----------------------------------------------------------------------------------


def _text_bot(content):
    return {"msgtype": "text", "text": {"content": content}}


def _feishu_bot(content):
    return {"msg_type": "text", "content": {"text": content}}


def _mac(key, text):
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha256")).decode()


def _signed_by_dingtalk(url, payload, secret):
    stamp = int(clock.now().timestamp() * 1000)
    signed = urlencode({"timestamp": stamp, "sign": _mac(secret, f"{stamp}\n{secret}")})
    return f"{url}{'&' if '?' in url else '?'}{signed}", payload


def _signed_by_feishu(url, payload, secret):
    stamp = int(clock.now().timestamp())
    return url, {"timestamp": str(stamp), "sign": _mac(f"{stamp}\n{secret}", ""), **payload}


def _unsigned(url, payload, secret):
    return url, payload


# payload, how many bytes of text the platform takes, how it is signed where the group has a key
BOTS = {
    "wecom": (_text_bot, 2048, _unsigned),
    "dingtalk": (_text_bot, 18_000, _signed_by_dingtalk),
    "feishu": (_feishu_bot, 18_000, _signed_by_feishu),
}
BOT_HOSTS = {
    "qyapi.weixin.qq.com": "wecom",
    "oapi.dingtalk.com": "dingtalk",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "feishu",
}


class GroupBot:
    """A webhook of 企业微信, 钉钉 or 飞书, told apart by its host; GROUP_BOT_SECRET signs what
    goes to GROUP_BOT_URL (钉钉's 加签, 飞书's 签名校验).

    Behind a proxy of another name the kind stands after a hash, which is never sent:
    `https://proxy.example/hook#feishu`.
    """

    def _url(self, letter):
        return letter.to or settings.GROUP_BOT_URL

    def is_set_up(self, letter):
        return bool(self._url(letter))

    def has_a_mailbox(self):
        return False

    def shown_recipient(self, letter):
        return urlsplit(self._url(letter)).hostname or ""  # the rest of the URL is a key

    def check(self, letter):
        address = self._url(letter)
        if address and urlsplit(address).scheme not in {"http", "https"}:
            raise NotDelivered(_("群机器人的地址不对。"), for_good=True)

    def open(self):
        pass

    def send(self, message, letter, text):
        url, kind = urldefrag(self._url(letter))
        kind = kind or BOT_HOSTS.get(urlsplit(url).hostname, "wecom")
        if kind not in BOTS:
            raise NotDelivered(_("群机器人的类型不认识。"), for_good=True)
        written, most_bytes, signed = BOTS[kind]
        payload = written(_cut(f"{letter.subject}\n{text}" if letter.subject else text, most_bytes))
        if settings.GROUP_BOT_SECRET and not letter.to:
            url, payload = signed(url, payload, settings.GROUP_BOT_SECRET)
        request = urllib.request.Request(  # noqa: S310  the scheme was checked above
            url,
            data=json.dumps(payload, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                said = json.load(answer)
        except urllib.error.HTTPError as error:
            error.close()
            raise NotDelivered(_answered(_("群机器人拒收"), error.code)) from None
        except urllib.error.URLError:
            raise NotDelivered(_("连不上群机器人。")) from None
        except (OSError, ValueError):
            raise NotDelivered(_("群机器人没有应答。"), perhaps=True) from None
        # All three answer 200 to what they refuse, with a number beside it.
        code = said.get("errcode", said.get("code", 0)) if isinstance(said, dict) else "?"
        if code != 0:
            raise NotDelivered(_answered(_("群机器人拒收"), code))

    def close(self):
        pass


def _cut(text, most_bytes):
    raw = text.encode()
    if len(raw) <= most_bytes:
        return text
    return raw[: most_bytes - 3].decode(errors="ignore") + "…"


# --- SMS ------------------------------------------------------------------------------------------


class Sms:
    """SMS_PROVIDER names a function `send(*, mobile, text, reference)`: it returns once the
    provider has taken the text, and raises NotDelivered otherwise. `reference` is the same for
    every try of one message."""

    def is_set_up(self, letter):
        return bool(settings.SMS_PROVIDER)

    def has_a_mailbox(self):
        return False

    def shown_recipient(self, letter):
        return letter.to

    def check(self, letter):
        if not letter.to.startswith("+"):
            raise NotDelivered(_("收件手机号不对。"), for_good=True)

    def open(self):
        pass

    def send(self, message, letter, text):
        send = import_string(settings.SMS_PROVIDER)
        try:
            send(mobile=letter.to, text=text, reference=str(message.pk))
        except OSError:
            raise NotDelivered(_("连不上短信服务。")) from None

    def close(self):
        pass


def sms_to_file(*, mobile, text, reference):
    """The provider for rehearsals: one JSON object a line, appended to SMS_FILE."""
    line = json.dumps({"mobile": mobile, "text": text, "reference": reference}, ensure_ascii=False)
    with open(settings.SMS_FILE, "a", encoding="utf-8") as file:
        file.write(line + "\n")


CHANNELS = {"email": Email, "group_bot": GroupBot, "sms": Sms}


def tidy(letter):
    """The letter with a subject of one line and texts that every wire and column can hold."""
    return Letter(
        to=clean_text(letter.to),
        subject=clean_text(letter.subject, max_length=200),
        text=clean_text(letter.text, multiline=True),
        attachments=tuple(letter.attachments),
        secret=letter.secret,
        reply_to=clean_text(letter.reply_to),
    )
