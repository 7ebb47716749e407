"""The page behind "new salon": from the house's blueprint, a saved one, or an earlier event."""

from datetime import datetime
from zoneinfo import ZoneInfo

from crispy_forms.helper import FormHelper
from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from events.access import organiser
from events.models import Blueprint, Event
from metrics import going_on
from salon import blueprint, clock, monthly_review
from salon.access import staff
from salon.errors import Refused
from salon.text import clean_text


class NewSalonForm(forms.Form):
    title = forms.CharField(label=_("名称"), max_length=120)
    slug = forms.SlugField(
        label=_("网址名"),
        max_length=60,
        help_text=_("出现在网址里，用英文字母、数字和横线，例如 spring-2027。"),
    )
    date = forms.DateField(
        label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    venue = forms.CharField(
        label=_("场地"), max_length=200, required=False, help_text=_("还没定可以先空着。")
    )
    start_from = forms.ChoiceField(
        label=_("从哪里开始"),
        required=False,
        help_text=_("流程、类别、筹备、物料、预案、问卷和目标都会备好，人员与结果不带过来。"),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.sources = {"": None}
        choices = [("", _("标准蓝本"))]
        for saved in Blueprint.objects.all():
            self.sources[f"b{saved.pk}"] = saved
            choices.append((f"b{saved.pk}", _("蓝本：%(name)s") % {"name": saved.name}))
        for event in self._events(Event.objects.run_by(user)):
            self.sources[f"e{event.pk}"] = event
            choices.append((f"e{event.pk}", _("照搬：%(title)s") % {"title": event.title}))
        self.fields["start_from"].choices = choices
        self.helper = FormHelper()
        self.helper.form_tag = False

    def _events(self, mine):
        """The newest ones, and the one that was asked for however old it is."""
        newest = list(mine[:30])
        asked = (self["start_from"].value() or "").removeprefix("e")
        older = mine.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 10 else None
        return newest if older is None or older in newest else [*newest, older]

    def clean_title(self):
        title = clean_text(self.cleaned_data["title"])
        if not title:
            raise forms.ValidationError(_("请给这场沙龙起个名字。"))
        return title

    def clean(self):
        cleaned = super().clean()
        if "date" in cleaned and "start_from" in cleaned:
            zone = ZoneInfo(self.document["events"]["event"]["timezone"])
            if cleaned["date"] < clock.now().astimezone(zone).date():
                self.add_error("date", _("这一天已经过去了。"))
        return cleaned

    @cached_property
    def document(self):
        source = self.sources[self.cleaned_data["start_from"]]
        if isinstance(source, Event):
            return blueprint.record(source)
        return source.document if source else blueprint.default_document()


@staff
def new_salon(request):
    form = NewSalonForm(
        request.POST or None,
        user=request.user,
        initial={"start_from": request.GET.get("from", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            event = blueprint.new_salon(
                slug=form.cleaned_data["slug"],
                title=form.cleaned_data["title"],
                date=form.cleaned_data["date"],
                venue=clean_text(form.cleaned_data["venue"]),
                document=form.document,
                by=request.user,
            )
        except Refused as refusal:
            form.add_error(refusal.code, refusal.message)
        else:
            messages.success(request, _("建好了。先看一遍流程和筹备，再公开活动页。"))
            return redirect("control", event.slug)
    return render(request, "salon/new_salon.html", {"form": form})


class NextReviewForm(forms.Form):
    date = forms.DateField(
        label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    time = forms.TimeField(
        label=_("开始时间"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    invite = forms.BooleanField(required=False)

    def __init__(self, *args, event, alumni, **kwargs):
        super().__init__(*args, **kwargs)
        self.event = event
        self.fields["time"].help_text = _("%(zone)s 时间，一小时。") % {"zone": event.timezone}
        self.fields["invite"].label = _("给往期参与者准备邀请信（%(count)d 位）") % {
            "count": alumni
        }
        self.fields["invite"].help_text = _(
            "只写给同意交换联系方式的人，收回同意就不再写。邀请先存着，公开活动页、确认发送之后才发。"
        )
        self.fields["invite"].disabled = not alumni
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean(self):
        cleaned = super().clean()
        if "date" in cleaned and "time" in cleaned:
            starts_at = datetime.combine(cleaned["date"], cleaned["time"], self.event.zone)
            if starts_at <= clock.now():
                self.add_error("date", _("这个时间已经过去了。"))
        return cleaned


@organiser
@require_http_methods(["GET", "POST"])
def next_review(request, slug):
    """The monthly online review of the event's series: when, and whether its alumni are invited."""
    event = request.event
    context = {"event": event, "series": event.series}
    if event.series is None:
        return render(request, "salon/next_review.html", context)
    alumni = len(going_on.alumni_of(event.series, by=request.user))
    proposal = {
        "date": monthly_review.proposed_date(event),
        "time": monthly_review.STARTS,
        "invite": alumni > 0,
    }
    posted = request.POST if request.method == "POST" else None
    form = NextReviewForm(posted, event=event, alumni=alumni, initial=proposal)
    if request.method == "POST" and form.is_valid():
        try:
            review, letters = _found_review(request, form.cleaned_data)
        except Refused as refusal:
            month = monthly_review.month_of(form.cleaned_data["date"])
            form.add_error("date", refusal.message)
            context["known"] = event.series.event_set.reviews().filter(review_month=month).first()
        else:
            messages.success(request, _said(letters))
            return redirect("control", review.slug)
    context |= {"form": form, "reviews": monthly_review.reviews_of(event.series)[:12]}
    status = 422 if form.errors else 200
    return render(request, "salon/next_review.html", context, status=status)


def _found_review(request, given):
    event = request.event
    when = {"date": given["date"], "starts": given["time"], "timezone": event.timezone}
    if given["invite"]:
        return monthly_review.new_review_with_invitations(
            series=event.series, by=request.user, **when
        )
    return monthly_review.new_review(series=event.series, by=request.user, **when), 0


def _said(letters):
    if not letters:
        return _("线上复盘建好了，还是草稿。看一遍流程，再公开活动页。")
    return ngettext(
        "线上复盘建好了，还是草稿。%(count)d 条邀请在“消息”里：公开活动页后发送。",
        "线上复盘建好了，还是草稿。%(count)d 条邀请在“消息”里：公开活动页后发送。",
        letters,
    ) % {"count": letters}


@organiser
@require_POST
def save_blueprint(request, slug):
    name = clean_text(request.POST.get("name", ""), max_length=120)
    if not name:
        raise Refused("name", _("请给蓝本起个名字。"), status=400)
    blueprint.save_as_blueprint(event=request.event, name=name, by=request.user)
    messages.success(request, _("存好了，下次新建沙龙时可以从它开始。"))
    return redirect("control", slug)
