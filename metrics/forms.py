"""Forms of the room: targets and definitions, goals, the survey's questions, whitepaper, claims."""

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from events.forms import TextField
from metrics import targets
from metrics.definitions import METRICS
from metrics.models import Goal, SurveyQuestion
from metrics.whitepaper import MOST_SECTIONS
from metrics.whitepaper_sources import TO_BE_WRITTEN
from salon.text import parse_rate

_FIELD = {"class": "form-control"}


class TargetsForm(forms.Form):
    """One target and the options of each metric; `groups` for the page, `targets()` for the verb."""

    def __init__(self, *args, event, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["version"] = forms.CharField(
            initial=targets.version_of(event), required=False, widget=forms.HiddenInput
        )
        own = {target.key: target for target in event.targets.all()}
        self.definitions = {}
        for metric in METRICS:
            target = own.get(metric.key)
            self.fields[metric.key] = forms.DecimalField(
                label=metric.name,
                required=False,
                min_value=-1000,
                max_value=1_000_000,
                max_digits=10,
                decimal_places=2,
                initial=_plain(target and target.value),
                widget=forms.NumberInput(attrs=_FIELD | {"step": "any"}),
            )
            definition = self.definitions[metric.key] = metric.definition(
                target.definition if target else {}
            )
            for option in metric.options:
                name = f"{metric.key}-{option.key}"
                self.fields[name] = _option_field(option, definition[option.key])

    def groups(self):
        """[(metric, its formula, its target's field, [its options' fields])], for the page."""
        return [
            (
                metric,
                metric.spelled_out(self.definitions[metric.key]),
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
    text = TextField(
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


class SurveyForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    title = TextField(label=_("标题"), max_length=120, widget=forms.TextInput(attrs=_FIELD))
    intro = TextField(
        multiline=True,
        label=_("开场白"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs=_FIELD | {"rows": 3}),
    )


class QuestionForm(forms.Form):
    """One question; an empty text leaves it out, `place` orders them."""

    place = forms.IntegerField(
        label=_("题号"),
        required=False,
        min_value=1,
        max_value=999,
        widget=forms.NumberInput(attrs=_FIELD),
    )
    kind = forms.ChoiceField(
        label=_("题型"),
        choices=SurveyQuestion.Kind.choices,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    text = TextField(
        label=_("题目"), max_length=200, required=False, widget=forms.TextInput(attrs=_FIELD)
    )
    options = TextField(
        multiline=True,
        label=_("选项，一行一个"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs=_FIELD | {"rows": 3}),
    )
    scored = forms.BooleanField(
        label=_("计入满意度"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    required = forms.BooleanField(
        label=_("必答"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )


class QuestionForms(forms.BaseFormSet):
    def rows(self):
        """Questions that have a text, in the order of their places, as surveys.save takes them."""
        filled = [form.cleaned_data for form in self.forms if form.cleaned_data.get("text")]
        filled.sort(key=lambda row: row["place"] or 1000)
        return [
            {
                "kind": row["kind"],
                "text": row["text"],
                "options": row["options"].splitlines(),
                "scored": row["scored"],
                "required": row["required"],
            }
            for row in filled
        ]


QuestionFormSet = formset_factory(
    QuestionForm, formset=QuestionForms, extra=2, max_num=40, validate_max=True
)


def question_rows(survey):
    """The survey's questions as the formset's initial data."""
    return [
        {
            "place": question.position,
            "kind": question.kind,
            "text": question.text,
            "options": "\n".join(question.options),
            "scored": question.scored,
            "required": question.required,
        }
        for question in survey.questions.all()
    ]


class FollowUpForm(forms.Form):
    """Thirty days later; the rate is typed as people type it: 45, 45%, 0.45, 约45％."""

    active_rate = forms.CharField(
        label=_("社群现在的月活率（%）"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"class": "form-control form-control-lg", "inputmode": "decimal"}
        ),
    )
    note = TextField(
        multiline=True,
        label=_("有什么变化，用上了什么"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs=_FIELD | {"rows": 4, "maxlength": 300}),
    )

    def clean_active_rate(self):
        try:
            rate = parse_rate(self.cleaned_data["active_rate"])
        except ValueError:
            rate = None
        if rate is None or not 0 <= rate <= 100:
            raise forms.ValidationError(_("请填 0 到 100 之间的数，比如 45。"))
        return rate


# --- whitepaper -----------------------------------------------------------------------------------


def sections_posted(data):
    """(title, sections in order, edit version) of the editor's page, as whitepaper.save takes them.

    Each section posts place-N, module-N, title-N, text-N, was-N, photo-N (several) and drop-N;
    `drop-unwritten` drops all that still wait for their text.
    """
    sections = []
    for number in range(MOST_SECTIONS):
        if f"text-{number}" not in data or data.get(f"drop-{number}"):
            continue
        text, title = data[f"text-{number}"], data.get(f"title-{number}", "")
        if data.get("drop-unwritten") and TO_BE_WRITTEN in text:
            continue
        was = _whole(data.get(f"was-{number}"))
        if was is None and not text.strip() and not title.strip():
            continue
        section = {
            "module": data.get(f"module-{number}", ""),
            "title": title,
            "text": text,
            "was": was,
        }
        if was is not None:
            section["photos"] = [
                pk for value in data.getlist(f"photo-{number}") if (pk := _whole(value)) is not None
            ]
        sections.append((_whole(data.get(f"place-{number}")) or 999, number, section))
    sections.sort(key=lambda found: found[:2])
    version = _whole(data.get("edit_version"))
    return data.get("title", ""), [section for *_order, section in sections], version


def _whole(value):
    return int(value) if value and value.isdecimal() and len(value) < 10 else None


class ClaimForm(forms.Form):
    email = forms.CharField(
        label=_("邮箱"),
        max_length=254,
        widget=forms.EmailInput(
            attrs={"class": "form-control form-control-lg", "autocomplete": "email"}
        ),
    )
    wants_news = forms.BooleanField(
        label=_("出新版本时写信告诉我"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    website = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
