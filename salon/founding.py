"""The page behind "new salon": from the house's blueprint, a saved one, or an earlier event."""

from crispy_forms.helper import FormHelper
from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from events.access import organiser
from events.models import Blueprint, Event
from salon import blueprint, clock
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
        for event in Event.objects.run_by(user)[:30]:
            self.sources[f"e{event.pk}"] = event
            choices.append((f"e{event.pk}", _("照搬：%(title)s") % {"title": event.title}))
        self.fields["start_from"].choices = choices
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_title(self):
        title = clean_text(self.cleaned_data["title"])
        if not title:
            raise forms.ValidationError(_("请给这场沙龙起个名字。"))
        return title

    def clean_date(self):
        if self.cleaned_data["date"] < clock.now().date():
            raise forms.ValidationError(_("这一天已经过去了。"))
        return self.cleaned_data["date"]

    def document(self):
        source = self.sources[self.cleaned_data["start_from"]]
        if isinstance(source, Event):
            return blueprint.record(source)
        return source.document if source else None


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
                document=form.document(),
                by=request.user,
            )
        except Refused as refusal:
            form.add_error(refusal.code, refusal.message)
        else:
            messages.success(request, _("建好了。先看一遍流程和筹备，再公开活动页。"))
            return redirect("control", event.slug)
    return render(request, "salon/new_salon.html", {"form": form})


@organiser
@require_POST
def save_blueprint(request, slug):
    name = clean_text(request.POST.get("name", ""), max_length=120)
    if not name:
        raise Refused("name", _("请给蓝本起个名字。"), status=400)
    blueprint.save_as_blueprint(event=request.event, name=name, by=request.user)
    messages.success(request, _("存好了，下次新建沙龙时可以从它开始。"))
    return redirect("control", slug)
