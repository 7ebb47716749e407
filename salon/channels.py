"""How a letter leaves the house: e-mail, the crew's group bot, SMS.

A channel says whether it is set up, is opened, sends one letter, and is closed after a batch. Of
one that `has_a_mailbox` instead, the copy in the database is the letter, read in the admin. What
it could not deliver it reports as `NotDelivered`, with a reason that names nobody.
"""

import base64
import functools
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
from django.core.mail import get_connection
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from salon import clock, letter_face, mail_answers, sms
from salon.letter_face import Face
from salon.not_delivered import NotDelivered
from salon.text import clean_text, email_on_the_wire


def _with_secrets(text, secret):
    for name, value in secret.items():
        if f"{{{{{name}}}}}" in text:
            text = text.replace(f"{{{{{name}}}}}", value() if callable(value) else value)
    return text


@dataclass(frozen=True)
class Letter:
    """What one message says, as its composer wrote it.

    `to` is an address, a mobile in E.164, or a group bot's URL ("" = GROUP_BOT_URL).
    `attachments` are `(filename, content, mimetype)`, content bytes or a callable
    that makes them, which is called when the letter goes out. `secret` maps a placeholder's name to its
    value or to a callable that makes it: `{{name}}` in `text` and `values` is filled on the wire
    only. `values` are the fields of the wording, for what is sent by template (SMS); callables are
    called for those that are used. `kind` is filled in when it is composed. `face` is
    what a mail reader shows beside the words.
    """

    to: str
    subject: str
    text: str
    attachments: tuple = ()
    secret: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    reply_to: str = ""
    values: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    kind: str = ""
    face: Face | None = None

    def as_sent(self):
        """The text with its secrets; calls those that are made on demand."""
        return _with_secrets(self.text, self.secret)

    def as_values(self, text):
        """The fields with their secrets, the subject and `text`, the letter as sent, among them."""

        def filled(value):
            return lambda: _with_secrets(str(value() if callable(value) else value), self.secret)

        fields = {name: filled(value) for name, value in self.values.items()}
        return sms.Values({"标题": self.subject, "正文": text, **fields})

    def packed(self):
        """The letter with its attachments made, and each secret made at most once."""
        made = [
            (filename, content() if callable(content) else content, mimetype)
            for filename, content, mimetype in self.attachments
        ]
        secret = {
            name: functools.cache(value) if callable(value) else value
            for name, value in self.secret.items()
        }
        return replace(self, attachments=tuple(made), secret=secret)

    def as_kept(self):
        """The text with its secrets masked: for previews and for the copy in the database."""
        text = self.text
        for name in self.secret:
            mask = _("（个人链接）") if name == "link" else _("（已隐去）")
            text = text.replace(f"{{{{{name}}}}}", mask)
        return text


LETTERS_A_CONNECTION = 20  # servers mind more


class Email:
    """Django's mail backend, one connection for a batch."""

    def __init__(self):
        self.connection = None
        self.carried = 0  # over this connection

    def is_set_up(self, letter):
        return settings.EMAIL_IS_CONFIGURED

    def has_a_mailbox(self):
        return settings.MAILBOX_IS_A_CHANNEL

    def shown_recipient(self, letter):
        return letter.to

    def domain(self, letter):
        return email_on_the_wire(letter.to).rpartition("@")[2].lower()

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
        except smtplib.SMTPResponseException as error:
            self.close()
            is_login = isinstance(error, smtplib.SMTPAuthenticationError)
            raise _said(
                mail_answers.LOGIN if is_login else mail_answers.GREETING,
                (error.smtp_code, error.smtp_error),
            ) from None
        except (smtplib.SMTPException, OSError):
            self.close()
            raise _away(_("连不上邮件服务器。")) from None

    def send(self, message, letter, text):
        mail = letter_face.mail_of(
            message_id(message),
            letter,
            text,
            to=email_on_the_wire(letter.to),
            reply_to=email_on_the_wire(letter.reply_to) if letter.reply_to else "",
        )
        try:
            self.connection.send_messages([mail])
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            stage, said = _stage_and_answer(error)
            if said[0] == 421:  # it hangs up behind these words
                self.close()
            raise _said(stage, said, to=letter.to) from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
                raise _away(_("邮件服务器没有应答。"), perhaps=True) from None
            raise NotDelivered(_("发送途中与邮件服务器断开。"), perhaps=True) from None
        self.carried += 1
        if self.carried >= LETTERS_A_CONNECTION:
            self.close()

    def close(self):
        if self.connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.connection.close()
            self.connection, self.carried = None, 0


def message_id(message):
    """The same for every try of one message, so that a mail reader shows a double once."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    return f"<{message.pk}.{message.created_at.timestamp():.0f}@{domain}>"


def _stage_and_answer(error):
    """Where in the dialogue smtplib's exception came, and the server's code and words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return mail_answers.RECIPIENT, next(iter(error.recipients.values()))
    stage = mail_answers.DATA
    if isinstance(error, smtplib.SMTPSenderRefused):
        stage = mail_answers.SENDER
    elif isinstance(error, (smtplib.SMTPHeloError, smtplib.SMTPConnectError)):
        stage = mail_answers.GREETING
    return stage, (error.smtp_code, error.smtp_error)


def _said(stage, answer, *, to=""):
    """NotDelivered as a mail server's answer means it, with the server's words."""
    code, words = answer
    if isinstance(words, bytes):
        words = mail_answers.decoded(words)
    meaning = mail_answers.meaning_of(stage, code, words)
    sentence = {
        mail_answers.UNKNOWN: _("对方没有这个邮箱：%(words)s"),
        mail_answers.OURS: _("邮件服务器不接受我们的发件地址：%(words)s"),
        mail_answers.AGAIN: _("对方暂时不收，稍后再试：%(words)s"),
    }[meaning.kind]
    if meaning.stops == mail_answers.SERVER:
        sentence = _("邮件服务器现在不收信：%(words)s")
    return NotDelivered(
        sentence % {"words": mail_answers.words_of(code, words, to)},
        for_good=meaning.is_final,
        again_after=meaning.pause,
        stops=meaning.stops,
    )


def _away(sentence, *, perhaps=False):
    """NotDelivered because the server is: nothing else need be tried on it for a while."""
    return NotDelivered(
        sentence, perhaps=perhaps, again_after=mail_answers.MINUTE, stops=mail_answers.SERVER
    )


def _answered(sentence, code):
    return _("%(sentence)s（应答 %(code)s）。") % {"sentence": sentence, "code": code}


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

    def domain(self, letter):
        return ""

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
    """By the provider that SMS_PROVIDER names; see salon/sms."""

    def is_set_up(self, letter):
        return sms.is_set_up(letter.kind)

    def has_a_mailbox(self):
        return False

    def domain(self, letter):
        return ""

    def shown_recipient(self, letter):
        return letter.to

    def check(self, letter):
        if not letter.to.startswith("+"):
            raise NotDelivered(_("收件手机号不对。"), for_good=True)

    def open(self):
        pass

    def send(self, message, letter, text):
        send = sms.provider()
        try:
            send(
                kind=letter.kind,
                values=letter.as_values(text),
                mobile=letter.to,
                reference=str(message.pk),
            )
        except OSError:
            raise NotDelivered(_("连不上短信服务。")) from None

    def close(self):
        pass


CHANNELS = {"email": Email, "group_bot": GroupBot, "sms": Sms}


def tidy(letter, kind=""):
    """The letter with a subject of one line and texts that every wire and column can hold."""
    return replace(
        letter,
        kind=kind,
        to=clean_text(letter.to),
        subject=clean_text(letter.subject, max_length=200),
        text=clean_text(letter.text, multiline=True),
        attachments=tuple(letter.attachments),
        reply_to=clean_text(letter.reply_to),
    )
