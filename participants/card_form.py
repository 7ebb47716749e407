"""The form of a tag card on the person's phone."""

from django import forms
from django.utils.translation import gettext_lazy as _

from participants.models import Participant, TagCard
from salon.text import clean_text


class CleanText(forms.CharField):
    """Text as every screen can hold it; NUL and the like never reach a validator."""

    def to_python(self, value):
        return clean_text(value, max_length=self.max_length)


class CardForm(forms.Form):
    industry = forms.ChoiceField(
        label=_("行业"), choices=Participant.Industry.choices, widget=forms.RadioSelect
    )
    size_band = forms.ChoiceField(
        label=_("社群规模"),
        choices=[*TagCard.SizeBand.choices, ("", _("不填"))],
        widget=forms.RadioSelect,
        required=False,
    )
    expertise = CleanText(
        label=_("擅长"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    pain = CleanText(
        label=_("痛点"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        help_text=_("您最想在今天解决的一件事，会匿名或署名出现在签到墙上。"),
    )

    @classmethod
    def of(cls, card, data=None):
        fields = ("industry", "size_band", "expertise", "pain")
        return cls(data, initial={field: getattr(card, field) for field in fields})
