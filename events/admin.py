"""Events in the admin: each organiser sees and changes the events of their own crew."""

from datetime import timedelta

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.widgets import AdminTextInputWidget, AdminURLFieldWidget
from django.core.exceptions import ValidationError
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from events import agenda, crew, preparation, series, upstairs
from events.models import (
    AgendaStep,
    Blueprint,
    Crew,
    DeskPass,
    Event,
    Kind,
    Material,
    Milestone,
    PrepGroup,
    PrepMember,
    RiskPlan,
    RiskTrigger,
    Series,
    Speaker,
    StaffRole,
)
from salon import audit
from salon.admin_lists import HouseAdmin
from salon.errors import Refused
from salon.text import clean_text


def path_to_event(model):
    """The lookup from a row of an event to that event; None for what belongs to no event."""
    if model is PrepMember:
        return "group__event"
    return "event" if any(field.name == "event" for field in model._meta.concrete_fields) else None


class OneEventForm(forms.ModelForm):
    """Rows that belong together belong to one event: only its rows are offered, and beside each
    stands which event's it is as long as that is still to be chosen."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        event = getattr(self.instance, "event", None)
        for field in self.fields.values():
            model = getattr(getattr(field, "queryset", None), "model", None)
            path = model and path_to_event(model)
            if path and event:
                field.queryset = field.queryset.filter(**{path: event})
            elif path:
                field.queryset = field.queryset.select_related(path)
                field.label_from_instance = lambda row: f"{row} · {row.event}"

    def clean(self):
        cleaned = super().clean()
        event = cleaned.get("event") or getattr(self.instance, "event", None)
        for name, value in list(cleaned.items()):
            other = getattr(value, "event", None)
            if event and isinstance(other, Event) and other != event:
                self.add_error(name, ValidationError(_("请选择同一场活动里的。")))
        return cleaned


class OfEvent(HouseAdmin):
    """Rows of an event, for the organisers of that event only; superusers see all.

    `event_path` is the lookup from the row to its event. A row never moves to another event.
    """

    event_path = "event"
    form = OneEventForm

    def get_list_filter(self, request):
        """Filters name only what the rows shown have: other people's events stay unheard of."""
        return [
            (path, admin.RelatedOnlyFieldListFilter)
            if isinstance(path, str) and get_fields_from_path(self.model, path)[-1].is_relation
            else path
            for path in super().get_list_filter(request)
        ]

    def event_of(self, row):
        for step in self.event_path.split("__"):
            row = getattr(row, step)
        return row

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        mine = Event.objects.run_by(request.user).values("pk")
        return rows.filter(**{f"{self.event_path}__in": mine})

    def may(self, request, row=None):
        """An organiser of the row's event, or of any event while no row is named."""
        if not request.user.is_active:
            return False
        mine = Event.objects.run_by(request.user)
        if row is None:
            return request.user.is_superuser or mine.exists()
        return mine.filter(pk=self.event_of(row).pk).exists()

    def has_module_permission(self, request):
        return self.may(request)

    def has_view_permission(self, request, obj=None):
        return self.may(request, obj)

    def has_change_permission(self, request, obj=None):
        return self.may(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.may(request, obj)

    def has_add_permission(self, request):
        return self.may(request)

    def lock(self, row):
        """The event first, then the row, as every verb does."""
        Event.objects.select_for_update(no_key=True).get(pk=self.event_of(row).pk)
        super().lock(row)

    def get_readonly_fields(self, request, obj=None):
        fixed = super().get_readonly_fields(request, obj)
        if obj is not None and self.event_path == "event":
            return (*fixed, "event")
        return fixed

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        verb = f"{'edit' if change else 'add'}_{obj._meta.model_name}"
        event = self.event_of(obj)
        audit.record(verb, obj, by=request.user, event_id=event.pk, fields=form.changed_data)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer only rows of the asker's own events."""
        model = db_field.remote_field.model
        mine = Event.objects.run_by(request.user)
        if model is Event:
            kwargs["queryset"] = mine
        elif model is Series and not request.user.is_superuser:
            # A series opens its common board: only where one is at home already.
            kwargs["queryset"] = Series.objects.filter(pk__in=mine.values("series"))
        elif path := path_to_event(model):
            kwargs["queryset"] = model._default_manager.filter(**{f"{path}__in": mine})
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class RowsOfEvent(admin.TabularInline):
    """Rows edited on the page of what they belong to: whoever may change that may change them."""

    extra = 0

    def _may(self, request, obj=None):
        return request.user.is_active and (
            obj is None or self.admin_site.get_model_admin(self.parent_model).may(request, obj)
        )

    has_view_permission = has_change_permission = has_delete_permission = _may
    has_add_permission = _may


class CrewInline(RowsOfEvent):
    model = Crew
    verbose_name_plural = _("活动班底")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Whom the asker has worked with. Somebody else is invited by address, on the event's page
        of people: nobody looks through the accounts of the house."""
        if db_field.name == "user":
            kwargs["queryset"] = crew.known_to(request.user)
            kwargs["help_text"] = _("别的人请在“人员分工”页按邮箱邀请。")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class SpeakerInline(RowsOfEvent):
    model = Speaker


class StaffRoleInline(RowsOfEvent):
    model = StaffRole


class EventForm(forms.ModelForm):
    new_series = forms.CharField(
        label=_("或开一个新系列"),
        widget=AdminTextInputWidget,
        max_length=120,
        required=False,
        help_text=_("写上系列名称，保存时就建好。同一系列的活动共用同学会和供需板。"),
    )
    stream_link = forms.URLField(
        label=_("直播链接"), required=False, assume_scheme="https", widget=AdminURLFieldWidget
    )

    def clean(self):
        cleaned = super().clean()
        self._check_review(cleaned.get("series"))
        if cleaned.get("series") and cleaned.get("new_series"):
            self.add_error("new_series", _("选一个已有的系列，或开一个新的，不能两样都要。"))
        return cleaned

    def _clean_day(self, name):
        """In year 1 the database keeps a moment that Python cannot read back, and no page opens."""
        moment = self.cleaned_data[name]
        if moment is not None:
            try:
                agenda.require_day_of_ours(moment)
            except Refused as refused:
                raise ValidationError(refused.message) from None
        return moment

    def clean_registration_opens_at(self):
        return self._clean_day("registration_opens_at")

    def clean_registration_closes_at(self):
        return self._clean_day("registration_closes_at")

    def clean_new_series(self):
        return clean_text(self.cleaned_data["new_series"])

    def _check_review(self, series):
        month = self.instance.review_month
        others = Event.objects.reviews().exclude(pk=self.instance.pk)
        if series and month and others.filter(series=series, review_month=month).exists():
            self.add_error("series", _("这个系列在同一个月已经有一场线上复盘了。"))


@admin.register(Event)
class EventAdmin(OfEvent):
    event_path = "pk"
    form = EventForm
    change_list_template = "admin/events/event/change_list.html"
    list_display = ("title", "starts_at", "venue", "status", "pages")
    list_filter = ("status", "series")
    search_fields = ("title", "slug", "venue")
    date_hierarchy = "starts_at"
    inlines = (CrewInline, SpeakerInline, StaffRoleInline)
    # Times are moved by their verbs (agenda page, moving the event), which take along what hangs
    # on them; the switches of the day belong to the host.
    readonly_fields = (
        *("starts_at", "ends_at", "timezone", "ended_at", "status", "pages"),
        *("tag_regions", "gate", "self_check_in"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "slug",
                    "theme",
                    "description",
                    "series",
                    "new_series",
                    "status",
                    "pages",
                )
            },
        ),
        (
            _("时间与地点"),
            {"fields": ("starts_at", "ends_at", "timezone", "venue", "route", "stream_link")},
        ),
        (
            _("名额与报名"),
            {
                "fields": (
                    ("on_site_capacity", "online_capacity"),
                    ("registration_opens_at", "registration_closes_at"),
                    ("confirmation_hours", "offer_hours"),
                )
            },
        ),
        (
            _("现场"),
            {
                "fields": (
                    "interactive_target_percent",
                    "tag_regions",
                    "gate",
                    "self_check_in",
                ),
                "description": _("签到墙分区、上墙审核和自助签到在现场的页面上切换。"),
            },
        ),
    )

    def event_of(self, row):
        return row

    def save_model(self, request, obj, form, change):
        obj.version += 1
        if title := form.cleaned_data.get("new_series"):
            obj.series = series.begin(title=title, first=obj, by=request.user)
        super().save_model(request, obj, form, change)
        for field, online in (("on_site_capacity", False), ("online_capacity", True)):
            was = form.initial[field]
            if getattr(obj, field) > was:
                for let_in in upstairs.when_room_grows:
                    let_in(obj, online=online, was=was, by=request.user)

    def has_add_permission(self, request):
        return False  # a salon is made whole from a blueprint: see "new_salon"

    def has_delete_permission(self, request, obj=None):
        return False  # an event is called off, not deleted: people and figures hang on it

    @admin.display(description=_("打开"))
    def pages(self, event):
        named = (
            (_("控制室"), "control"),
            (_("流程"), "agenda_edit"),
            (_("筹备"), "preparation"),
            (_("筛选"), "screening"),
            (_("活动页"), "event"),
        )
        return format_html_join(" · ", '<a href="{}">{}</a>', _links(event, named))

    @admin.display(description=_("先审后上墙"))
    def gate(self, event):
        labels = dict(Kind.choices)
        return _("、").join(str(labels[kind]) for kind in event.looked_at_first) or _(
            "都是先上墙后审"
        )

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(
            request, {"new_salon_url": _address("new_salon"), **(extra_context or {})}
        )


def _address(name, *args):
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None


def _links(event, named):
    for label, name in named:
        if address := _address(name, event.slug):
            yield address, label


class PrepMemberInline(RowsOfEvent):
    model = PrepMember


@admin.register(PrepGroup)
class PrepGroupAdmin(OfEvent):
    list_display = ("name", "event", "size", "lead")
    list_filter = ("event",)
    list_select_related = ("event",)
    search_fields = ("name", "members__name")
    inlines = (PrepMemberInline,)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("members")

    @admin.display(description=_("组长"))
    def lead(self, group):
        return next((member.name for member in group.members.all() if member.is_lead), "")


@admin.register(Milestone)
class MilestoneAdmin(OfEvent):
    list_display = ("title", "event", "days_before", "due_on", "group", "owner", "done_at")
    list_filter = ("event", "group")
    list_select_related = ("event", "group", "owner")
    search_fields = ("title",)
    readonly_fields = ("due_on", "done_at", "done_by")

    def save_model(self, request, obj, form, change):
        if obj.done_at is None:
            obj.due_on = obj.event.date - timedelta(days=obj.days_before)
        super().save_model(request, obj, form, change)
        preparation.plan_reminders(obj.event)


@admin.register(Material)
class MaterialAdmin(OfEvent):
    list_display = ("name", "event", "section", "basis", "factor", "note", "procured", "packed")
    list_filter = ("event", "section")
    list_select_related = ("event",)
    search_fields = ("name",)
    readonly_fields = ("procured", "packed")


class RiskTriggerInline(admin.TabularInline):
    model = RiskTrigger
    extra = 0
    fields = readonly_fields = ("at", "by", "item", "note", "undone_at")
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_view_permission(self, request, obj=None):
        return True


@admin.register(RiskPlan)
class RiskPlanAdmin(OfEvent):
    list_display = ("title", "event", "risk", "owner")
    list_filter = ("event", "risk")
    list_select_related = ("event",)
    search_fields = ("title",)
    inlines = (RiskTriggerInline,)


@admin.register(AgendaStep)
class AgendaStepAdmin(OfEvent):
    """The record of the day; read only."""

    list_display = ("at", "event", "verb", "item", "minutes", "by", "undone_at")
    list_filter = ("event", "verb")
    list_select_related = ("event", "item", "by")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(DeskPass)
class DeskPassAdmin(OfEvent):
    list_display = ("desk", "event", "expires_at", "revoked_at")
    list_filter = ("event",)
    list_select_related = ("event",)
    fields = ("desk", "event", "expires_at", "revoked_at", "created_at")

    def has_add_permission(self, request):
        return False  # a pass is issued with its link and PIN, which are shown once

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Series)
class SeriesAdmin(HouseAdmin):
    list_display = ("title", "slug", "pages")
    fields = ("title", "slug", "pages")

    def may(self, request, obj=None):
        """Whoever runs a salon of the series; the list shows them no others."""
        mine = self.get_queryset(request)
        mine = mine.filter(pk=obj.pk) if obj else mine
        return request.user.is_active and (request.user.is_superuser or mine.exists())

    def get_queryset(self, request):
        series = super().get_queryset(request)
        if request.user.is_superuser:
            return series
        return series.filter(pk__in=Event.objects.run_by(request.user).values("series"))

    has_module_permission = has_view_permission = has_change_permission = may

    def get_readonly_fields(self, request, obj=None):
        # Other salons of the series have sent its address to their people.
        return ("pages",) if request.user.is_superuser else ("slug", "pages")

    def get_prepopulated_fields(self, request, obj=None):
        return {"slug": ("title",)} if request.user.is_superuser and obj is None else {}

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        audit.record("edit_series", obj, by=request.user, fields=form.changed_data)

    @admin.display(description=_("打开"))
    def pages(self, series):
        if series.pk is None:
            return ""
        named = [(_("同学会"), _address("series", series.slug))]
        if newest := series.event_set.first():  # the review follows the newest salon
            named.append((_("下一次线上复盘"), _address("next_review", newest.slug)))
        links = ((address, label) for label, address in named if address)
        return format_html_join(" · ", '<a href="{}">{}</a>', links)


@admin.register(Blueprint)
class BlueprintAdmin(HouseAdmin):
    list_display = ("name", "created_at", "outline")
    fields = readonly_fields = ("name", "created_at", "outline")
    search_fields = ("name",)
    change_list_template = "admin/events/blueprint/change_list.html"

    def has_add_permission(self, request):
        return False  # a blueprint is saved from an event

    @admin.display(description=_("内容"))
    def outline(self, blueprint):
        part = blueprint.document.get("events", {})
        return format_html(
            _("{} 个环节，{} 个里程碑，{} 项物料，{} 份预案"),
            *(
                len(part.get(name, ()))
                for name in ("agenda", "milestones", "materials", "risk_plans")
            ),
        )
