"""Forms of the room: targets and definitions, goals, the survey's questions, whitepaper, claims."""

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from metrics.definitions import METRICS
from metrics.models import Goal
from salon.text import clean_text

_FIELD = {"class": "form-control"}


class TargetsForm(forms.Form):
    """One target and the options of each metric; `groups` for the page, `targets()` for the verb."""

    def __init__(self, *args, event, **kwargs):
        super().__init__(*args, **kwargs)
        own = {target.key: target for target in event.targets.all()}
        for metric in METRICS:
            target = own.get(metric.key)
            self.fields[metric.key] = forms.DecimalField(
                label=metric.name,
                required=False,
                min_value=-1000,
                max_value=1_000_000,
                max_digits=10,
                decimal_places=2,
                initial=target.value.normalize() if target and target.value is not None else None,
                widget=forms.NumberInput(attrs=_FIELD | {"step": "any"}),
            )
            self.fields[metric.key].initial = _plain(target and target.value)
            definition = metric.definition(target.definition if target else {})
            for option in metric.options:
                name = f"{metric.key}-{option.key}"
                self.fields[name] = _option_field(option, definition[option.key])

    def groups(self):
        """[(metric, its target's field, [its options' fields])], for the page."""
        return [
            (
                metric,
                self[metric.key],
                [self[f"{metric.key}-{option.key}"] for option in metric.options],
            )
            for metric in METRICS
        ]

    def targets(self):
        """{metric key: (value or None, definition)}, as targets.save takes them."""
        return {
            metric.key: (
                self.cleaned_data[metric.key],
                {
                    option.key: self.cleaned_data[f"{metric.key}-{option.key}"]
                    for option in metric.options
                },
            )
            for metric in METRICS
        }


def _plain(value):
    """90.00 as people write it."""
    return None if value is None else f"{value:f}".rstrip("0").rstrip(".")


def _option_field(option, value):
    if option.choices is None:
        return forms.IntegerField(
            label=option.label,
            initial=value,
            min_value=0,
            max_value=100,
            widget=forms.NumberInput(attrs=_FIELD),
        )
    return forms.MultipleChoiceField(
        label=option.label,
        choices=list(option.choices.items()),
        initial=value,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": _("至少选一项。")},
    )


class GoalForm(forms.Form):
    text = forms.CharField(
        label=_("目标"), max_length=120, required=False, widget=forms.TextInput(attrs=_FIELD)
    )
    target = forms.IntegerField(
        label=_("目标值"),
        min_value=0,
        max_value=1_000_000,
        required=False,
        widget=forms.NumberInput(attrs=_FIELD),
    )
    source = forms.ChoiceField(
        label=_("结果来自"),
        choices=Goal.Source.choices,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    result = forms.IntegerField(
        label=_("结果"),
        min_value=0,
        max_value=1_000_000,
        required=False,
        widget=forms.NumberInput(attrs=_FIELD),
    )

    def clean_text(self):
        return clean_text(self.cleaned_data["text"], max_length=120)

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("text") and cleaned.get("target") is None and "target" not in self.errors:
            self.add_error("target", _("请填目标值。"))
        return cleaned


class GoalForms(forms.BaseFormSet):
    def rows(self):
        """Goals that have a text, in order, as targets.save takes them."""
        return [
            {
                "text": form.cleaned_data["text"],
                "target": form.cleaned_data["target"],
                "source": form.cleaned_data["source"],
                "result": None if form.cleaned_data["source"] else form.cleaned_data["result"],
            }
            for form in self.forms
            if form.cleaned_data.get("text")
        ]


GoalFormSet = formset_factory(GoalForm, formset=GoalForms, extra=2, max_num=20, validate_max=True)
