"""SMS as Chinese gateways take them: a template that was approved, and what goes into its gaps.

A provider is a function `send(kind, values, mobile, reference)`: it returns once the provider has
taken the message, and raises NotDelivered otherwise. `values` maps the fields of the kind's wording
(称呼, 活动, 个人链接 …) to their texts; `mobile` is in E.164; `reference` is the same for every try
of one message.
"""

from collections.abc import Callable, Iterator, Mapping

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from salon.not_delivered import NotDelivered

PROVIDERS = {
    "aliyun": "salon.sms.aliyun.send",
    "tencent": "salon.sms.tencent.send",
    "file": "salon.sms.to_file.send",
}
# Gateways take no address in a gap; what comes after its last slash they do.
TAIL = ":尾"


def provider() -> Callable:
    return import_string(PROVIDERS.get(settings.SMS_PROVIDER, settings.SMS_PROVIDER))


def is_set_up(kind: str) -> bool:
    """Whether an SMS of this kind can go: there is a provider, and a template where it wants one."""
    if not settings.SMS_PROVIDER:
        return False
    return not getattr(provider(), "wants_templates", False) or kind in settings.SMS_TEMPLATES


class Values(Mapping):
    """The texts of a letter's fields, each made when it is asked for."""

    def __init__(self, made: Mapping[str, str | Callable[[], str]]):
        self._values = dict(made)

    def __getitem__(self, name: str) -> str:
        value = self._values[name]
        if callable(value):
            value = self._values[name] = value()
        return str(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def by_template(send: Callable) -> Callable:
    """Marks a provider that knows its texts by the number of an approved template."""
    send.wants_templates = True
    return send


def filled_in(kind: str, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The template of this kind, and what its gaps hold, by name and in order."""
    template = settings.SMS_TEMPLATES[kind]
    try:
        return template["id"], {
            gap: _text_of(field, values) for gap, field in template["values"].items()
        }
    except KeyError as missing:
        raise NotDelivered(
            _("短信模板要的“%(field)s”，这类通知里没有。") % {"field": missing.args[0]},
            for_good=True,
        ) from None


def _text_of(field, values):
    if field.endswith(TAIL):
        return values[field.removesuffix(TAIL)].rpartition("/")[2]
    return values[field]
