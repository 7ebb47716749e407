"""What organisers write for the event's notice, and how many days each group is kept."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from events.forms import TextField
from participants import notices
from participants.models import PrivacyTerms
from participants.models.privacy import LONGEST_DAYS


def _days(name):
    return forms.IntegerField(
        label=PrivacyTerms._meta.get_field(name).verbose_name,
        min_value=1,
        max_value=LONGEST_DAYS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _("请填天数。"),
            "invalid": _("天数写整数。"),
            "min_value": _("至少 1 天。"),
            "max_value": _("最多 3650 天。"),
        },
    )


class PrivacyForm(forms.Form):
    """`values()` is what notices.save_terms takes."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    handler = TextField(
        label=_("谁在处理"),
        max_length=120,
        required=False,
        help_text=_("公司或团队的全名，写在说明的第一行。"),
    )
    contact = TextField(
        label=_("怎么联系"),
        max_length=200,
        required=False,
        help_text=_("有人看的邮箱或电话：查询、更正、删除都会找到这里。"),
    )
    purpose = TextField(label=_("用来做什么"), max_length=1000, required=False, multiline=True)
    recipients = TextField(label=_("谁会收到"), max_length=1000, required=False, multiline=True)
    not_selected_days, texts_days, answers_days, contact_days = map(
        _days, ("not_selected_days", "texts_days", "answers_days", "contact_days")
    )

    def __init__(self, *args, terms: PrivacyTerms, **options):
        initial = {name: getattr(terms, name) for name in (*notices.TEXTS, *notices.DAYS)}
        super().__init__(*args, initial=initial | {"version": terms.version}, **options)
        # An empty text is the house's own sentence: it stands there to be read.
        shown = {
            "handler": notices.handler_of(terms),
            "contact": notices.contact_of(terms),
            "purpose": notices.PURPOSE,
            "recipients": notices.RECIPIENTS,
        }
        for name, field in self.fields.items():
            if name != "version":
                field.widget.attrs |= {"class": "form-control", "placeholder": shown.get(name, "")}

    def texts(self):
        return [self[name] for name in notices.TEXTS]

    def days(self):
        return [self[name] for name in notices.DAYS]

    def clean(self):
        cleaned = super().clean()
        last = cleaned.get("contact_days")
        if last and any((cleaned.get(name) or 0) > last for name in notices.DAYS):
            raise ValidationError(
                _("姓名和联系方式要留得最久：别的先清，剩下的人才不会没有名字。"), code="order"
            )
        return cleaned

    def values(self):
        return {name: self.cleaned_data[name] for name in (*notices.TEXTS, *notices.DAYS)}
