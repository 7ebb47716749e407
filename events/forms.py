"""What organisers type: the lines of the agenda, a new date, people, quantities."""

import unicodedata
from datetime import datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from events.agenda import Draft
from events.models import AgendaItem, Crew, PrepGroup, Speaker
from salon.text import clean_text


class TextField(forms.CharField):
    """Typed text as the house keeps it: no control characters, no lone surrogates."""

    def __init__(self, *, multiline=False, **options):
        self.multiline = multiline
        if multiline:
            options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(**options)

    def to_python(self, value):
        return clean_text(super().to_python(value) or "", multiline=self.multiline)


class ClockField(forms.TimeField):
    """A time of day in 24 hours, however it is typed: 14:20, 14：20, 1420, 9:05.

    A text input: the browser's own would show twelve hours on an English machine.
    """

    widget = forms.TimeInput(
        format="%H:%M", attrs={"inputmode": "numeric", "maxlength": 5, "autocomplete": "off"}
    )
    input_formats = ("%H:%M",)

    def to_python(self, value):
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", clean_text(value))
            if value.isdecimal() and len(value) in {3, 4}:
                value = f"{value[:-2]}:{value[-2:]}"
        return super().to_python(value)


SIX_IN_THE_MORNING = 6 * 60


def dawn_of(event):
    """Clock times before it, in minutes, lie after the midnight of the event's day.

    Six in the morning, and never less than twelve hours before the event; an event that begins
    before six has no night of its own. The editor's lane asks here, too.
    """
    start = event.local(event.starts_at)
    begins = start.hour * 60 + start.minute
    if begins < SIX_IN_THE_MORNING:
        return 0
    return max(SIX_IN_THE_MORNING, begins - 12 * 60)


class AgendaLine(forms.Form):
    """One line of the editor: when, how long, what."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    start = ClockField(
        label=_("开始"),
        error_messages={
            "required": _("请填开始时间。"),
            "invalid": _("时间写成 14:20 这样。"),
        },
    )
    minutes = forms.IntegerField(
        label=_("分钟"),
        min_value=1,
        max_value=720,
        error_messages={"required": _("请填时长。"), "invalid": _("时长写整数分钟。")},
    )
    title = TextField(label=_("标题"), max_length=120)
    kind = forms.ChoiceField(label=_("环节"), choices=AgendaItem.Kind.choices)
    interactive = forms.BooleanField(label=_("互动"), required=False)
    form = TextField(label=_("形式"), max_length=200, required=False)
    speaker = forms.ModelChoiceField(
        label=_("嘉宾"), queryset=Speaker.objects.none(), required=False, empty_label=_("未指定")
    )
    cue = TextField(label=_("主持提示"), max_length=4000, required=False, multiline=True)

    def __init__(self, *args, event, **options):
        super().__init__(*args, **options)
        self.event = event
        self.fields["speaker"].queryset = event.speakers.all()
        for name in ("start", "minutes", "title", "kind", "form", "speaker", "cue"):
            field = self.fields[name]
            css = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = css
        self.fields["interactive"].widget.attrs["class"] = "form-check-input"

    def draft(self):
        line = self.cleaned_data
        starts_at = self._moment(line["start"])
        speaker = line["speaker"]
        return Draft(
            id=line["id"],
            kind=line["kind"],
            title=line["title"],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=line["minutes"]),
            form=line["form"],
            cue=line["cue"],
            interactive=line["interactive"],
            speaker_id=speaker.pk if speaker else None,
        )

    def _moment(self, clock_time):
        """The typed clock time on the event's day, or after midnight."""
        moment = datetime.combine(self.event.date, clock_time, self.event.zone)
        if clock_time.hour * 60 + clock_time.minute < dawn_of(self.event):
            moment += timedelta(days=1)
        return moment


class _Lines(forms.BaseFormSet):
    def drafts(self):
        """The lines that stay, as agenda.Draft."""
        return [
            line.draft()
            for line in self.forms
            if line.has_changed() or line.initial
            if line.cleaned_data and not line.cleaned_data.get("DELETE")
        ]


AgendaLines = forms.formset_factory(
    AgendaLine, formset=_Lines, extra=0, can_delete=True, max_num=60, validate_max=True
)


def lines_of(event):
    """The agenda as the editor's initial data."""
    return [
        {
            "id": item.pk,
            "start": event.local(item.starts_at).time(),
            "minutes": item.minutes,
            "title": item.title,
            "kind": item.kind,
            "interactive": item.interactive,
            "form": item.form,
            "speaker": item.speaker_id,
            "cue": item.cue,
        }
        for item in event.agenda.all()
    ]


class MoveForm(forms.Form):
    """The day and hour to which the whole event moves."""

    starts_at = forms.DateTimeField(
        label=_("新的开始时间"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": "form-control"}, format="%Y-%m-%dT%H:%M"
        ),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        error_messages={
            "required": _("请选择新的日期和时间。"),
            "invalid": _("请写成 2026-12-19 13:30 这样。"),
        },
    )


def whole_number(value):
    """A whole number as typed, 0 to 999 999 999; None when it is none."""
    text = clean_text(value or "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


class MilestoneForm(forms.Form):
    title = TextField(
        label=_("事项"), max_length=120, error_messages={"required": _("请写下要做的事。")}
    )
    days_before = forms.IntegerField(
        label=_("提前天数"),
        min_value=0,
        max_value=365,
        initial=7,
        error_messages={"invalid": _("提前天数写整数。"), "required": _("请填提前天数。")},
    )
    group = forms.ModelChoiceField(
        label=_("小组"), queryset=PrepGroup.objects.none(), required=False, empty_label=_("未定")
    )

    def __init__(self, *args, event, **options):
        super().__init__(*args, **options)
        self.fields["group"].queryset = event.prep_groups.order_by("pk")
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name == "group" else "form-control"


class MemberForm(forms.Form):
    name = TextField(label=_("姓名"), max_length=80, error_messages={"required": _("请写姓名。")})
    email = forms.EmailField(
        label=_("邮箱"), required=False, error_messages={"invalid": _("邮箱看起来不对。")}
    )
    is_lead = forms.BooleanField(label=_("组长"), required=False)


class InviteForm(forms.Form):
    name = TextField(label=_("姓名"), max_length=80, error_messages={"required": _("请写姓名。")})
    email = forms.EmailField(
        label=_("邮箱"),
        max_length=150,  # a new account is called by it
        error_messages={
            "invalid": _("邮箱看起来不对。"),
            "required": _("请写邮箱。"),
            "max_length": _("邮箱看起来不对。"),
        },
    )
    role = forms.ChoiceField(label=_("角色"), choices=Crew.Role.choices)


class RoleForm(forms.Form):
    people = TextField(label=_("人员"), max_length=200, required=False)
