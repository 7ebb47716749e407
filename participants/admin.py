"""People, categories and channels in the admin; decisions go through the verbs."""

from itertools import groupby
from operator import attrgetter

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from events.admin import OfEvent, OneEventForm, RowsOfEvent
from participants import (
    applications,
    contact_changes,
    erase,
    erasing_many,
    keys,
    notes,
    screening,
    standing,
    what_is_at_stake,
    wording,
)
from participants.forms import ShortTexts
from participants.models import (
    Category,
    Channel,
    Consent,
    Criterion,
    FreedSeat,
    Participant,
    SeatRelease,
    Wording,
)
from participants.names import read_name
from salon import asking
from salon.errors import Refused
from salon.text import clean_text, normalize_email, normalize_mobile

Status = Participant.Status

# What a criterion may look at, in words.
FIELDS = [
    ("community_size", _("社群规模（人）")),
    ("active_rate", _("近6个月平均月活率（%）")),
    ("followers", _("粉丝量")),
    ("pain_points", _("痛点")),
    ("creator_field", _("创作领域")),
    ("can_bring", _("可带来的案例或方法")),
    ("cooperation_need", _("合作需求")),
    ("resource_offer", _("可提供的资源")),
    ("expertise", _("擅长领域")),
    ("expectation", _("期望收获")),
    ("organisation", _("机构")),
    ("job_title", _("岗位")),
]
NUMBERS = ("community_size", "active_rate", "followers")


def _without_idle_zeros(form, name):
    """5000.00 is shown as 5000, which is read at a glance and fits its field."""
    number = form.initial.get(name)
    if number is not None and number == number.to_integral_value():
        form.initial[name] = number.to_integral_value()


class LookedAt(forms.CheckboxSelectMultiple):
    """Answers by their names, folded to the chosen ones."""

    template_name = "participants/widgets/looked_at.html"

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        options = [option for _g, group, _i in context["widget"]["optgroups"] for option in group]
        chosen = [str(option["label"]) for option in options if option["selected"]]
        return context | {"chosen": "、".join(chosen)}

    def _render(self, template_name, context, renderer=None):
        return render_to_string(template_name, context)  # for the reason GrowingList gives


class CriterionForm(forms.ModelForm):
    """A rule that can be judged: it looks at answers that exist, and has the threshold it needs."""

    field = forms.MultipleChoiceField(
        label=_("看哪一项"),
        choices=FIELDS,
        widget=LookedAt,
        error_messages={
            "required": _("请选择看哪一项。"),
            "invalid_choice": _("没有“%(value)s”这一项，请从列表里选。"),
        },
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if self.instance.field:
            self.initial["field"] = self.instance.field.split("|")
        _without_idle_zeros(self, "threshold")

    def clean_field(self):
        return "|".join(self.cleaned_data["field"])

    def clean(self):
        cleaned = super().clean()
        operator, field = cleaned.get("operator"), cleaned.get("field", "")
        compares = operator in (Criterion.Operator.AT_LEAST, Criterion.Operator.AT_MOST)
        if "|" in field and operator != Criterion.Operator.ANY_OF_PRESENT:
            self.add_error("field", _("只有“任填其一”可以选几项。"))
        elif compares and field and field not in NUMBERS:
            self.add_error("field", _("“不少于”和“不多于”只能用在数字上。"))
        needs_threshold = compares or operator == Criterion.Operator.MIN_COUNT
        if needs_threshold and cleaned.get("threshold") is None:
            self.add_error("threshold", _("请写门槛。"))
        return cleaned


class CriteriaFormSet(forms.BaseInlineFormSet):
    """Rules that together give no more points than a score can hold, bonuses included."""

    MOST_POINTS = 1000

    def clean(self):
        super().clean()
        kept = [form for form in self.forms if not self._should_delete_form(form)]
        total = sum(form.cleaned_data.get("weight") or 0 for form in kept if form.is_valid())
        if total > self.MOST_POINTS:
            raise ValidationError(
                _("分值合计最多 %(most)s 分，现在是 %(total)s 分。"),
                params={"most": self.MOST_POINTS, "total": total},
            )


class Criteria(RowsOfEvent):
    model = Criterion
    form = CriterionForm
    formset = CriteriaFormSet
    fields = ("label", "field", "operator", "threshold", "unit", "weight", "position")


class CategoryForm(OneEventForm):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        _without_idle_zeros(self, "share_percent")


@admin.register(Category)
class CategoryAdmin(OfEvent):
    form = CategoryForm
    list_display = ("name", "event", "share_percent", "total_share")
    list_filter = ("event",)
    inlines = (Criteria,)

    @admin.display(description=_("本场合计（%）"))
    def total_share(self, category):
        return category.event.categories.aggregate(total=Sum("share_percent"))["total"]

    def save_related(self, request, form, formsets, change):
        """New rules mean new scores, for everybody in the category."""
        super().save_related(request, form, formsets, change)
        screening.rescore(category=form.instance, by=request.user)
        total = self.total_share(form.instance)
        if total != 100:
            messages.warning(
                request, _("各类别占比合计 %(total)s %%，要正好 100 %%。") % {"total": total}
            )


@admin.register(Channel)
class ChannelAdmin(OfEvent):
    list_display = ("label", "event", "kind", "code", "inviter", "applications")
    list_filter = ("event", "kind")
    list_select_related = ("event",)
    search_fields = ("label", "inviter", "code")

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(applied=Count("participant"))

    @admin.display(description=_("报名人数"), ordering="applied")
    def applications(self, channel):
        return channel.applied


class Consents(admin.TabularInline):
    model = Consent
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        *("purpose", "wording", "kept_as", "notice", "given_at", "withdrawn_at"),
    )

    def has_add_permission(self, request, obj=None):
        return False

    def has_view_permission(self, request, obj=None):
        return True


class AnswersOfOne(OneEventForm):
    """Somebody's answers, corrected by an organiser: read here, written by `applications.edit`."""

    pain_points = forms.CharField(
        label=_("痛点"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("一行一条，最多 5 条。"),
    )

    class Meta:
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in applications.LONG_FIELDS}

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        texts = self.instance.pain_points.values_list("text", flat=True)
        self.initial["pain_points"] = "\n".join(texts)

    def _clean_contact(self, name, read, sentence):
        typed = clean_text(self.cleaned_data[name])
        try:
            value = read(typed) if typed else ""
        except ValueError:
            raise ValidationError(sentence) from None
        if value and (holder := contact_changes.holder_of(self.instance, name, value)):
            raise ValidationError(_("%(name)s也在用这个。") % {"name": holder.name})
        return value

    def clean_mobile(self):
        return self._clean_contact(
            "mobile", normalize_mobile, _("手机号码不对，请检查位数（大陆手机 11 位）。")
        )

    def clean_email(self):
        return self._clean_contact("email", normalize_email, _("邮箱地址不对，请检查一下。"))

    def clean_name(self):
        try:
            return read_name(self.cleaned_data["name"])
        except Refused as refused:
            raise ValidationError(str(refused)) from None

    def clean_pain_points(self):
        lines = self.cleaned_data["pain_points"].splitlines()
        if len(list(filter(clean_text, lines))) > applications.MOST_PAIN_POINTS:
            raise ValidationError(_("痛点最多 5 条。"))
        return ShortTexts(required=False).clean(lines)

    def clean(self):
        cleaned = super().clean()
        could_be_reached = self.initial.get("mobile") or self.initial.get("email")
        left = cleaned.get("mobile") or cleaned.get("email") or {"mobile", "email"} & {*self.errors}
        if could_be_reached and not left:
            self.add_error("mobile", _("手机和邮箱至少填一项，我们才能联系到您。"))
        return cleaned

    def answers(self):
        return self.cleaned_data


class ByCategory(admin.SimpleListFilter):
    """By the category's name: every salon has its own three, which are called alike."""

    title = _("类别")
    parameter_name = "category__name"

    def lookups(self, request, model_admin):
        names = model_admin.get_queryset(request).order_by("category__name")
        return [(name, name) for name in names.values_list("category__name", flat=True).distinct()]

    def queryset(self, request, queryset):
        return queryset.filter(category__name=self.value()) if self.value() else queryset


@admin.register(Participant)
class ParticipantAdmin(OfEvent):
    form = AnswersOfOne
    list_display = ("name", "event", "category", "status", "score", "online", "submitted_at")
    list_filter = ("event", "status", ByCategory, "online", "source")
    search_fields = ("name", "pinyin", "mobile", "email", "organisation", "code")
    list_select_related = ("event", "category")
    list_per_page = 100
    inlines = (Consents,)
    actions = ("accept", "waitlist", "call", "not_selected", "confirm", "withdraw", "erase")
    readonly_fields = (
        *("category", "channel", "source", "online", "status"),
        *("told_reason", "confirm_by", "score", "code", "submitted_at", "erased_at"),
        "own_links",
    )

    def get_queryset(self, request):
        return super().get_queryset(request).present()

    @admin.display(description=_("个人链接"))
    def own_links(self, person):
        page = reverse("screening_person", args=[person.event.slug, person.pk])
        living = keys.keys_of(person).living
        words = _("有效 %(n)s 条 · 换一把新钥匙") % {"n": living}
        return format_html('<a href="{}">{}</a>', page, words)

    def has_add_permission(self, request):
        return False  # people apply, are imported, or walk in

    def has_delete_permission(self, request, obj=None):
        return False  # erased, so that counts stay

    def lock(self, row):
        standing.lock_person(row)
        super().lock(row)

    def save_model(self, request, obj, form, change):
        applications.edit(
            participant=obj,
            answers=form.answers(),
            version=obj.version,
            by=request.user,
        )
        if "note" in form.changed_data:
            note = form.cleaned_data["note"]
            notes.save_note(participant=obj, note=note, by=request.user)

    def log_change(self, request, obj, message):
        """Django's own log would keep the name beside the change."""
        entry = super().log_change(request, obj, message)
        entry.object_repr = f"#{obj.pk}"
        entry.save(update_fields=["object_repr"])
        return entry

    def _decide(self, request, people, to_status, **more):
        for event_id in set(people.values_list("event", flat=True)):
            of_event = people.filter(event=event_id).select_related("event")
            _batch, refused = screening.decide_many(
                event=of_event.first().event,
                people=list(of_event.values_list("pk", flat=True)),
                to_status=to_status,
                by=request.user,
                **more,
            )
            for refusal in refused.values():
                messages.error(request, str(refusal))
            done = of_event.count() - len(refused)
            if done:
                messages.success(
                    request,
                    _("%(n)s 人：%(word)s。通知待您确认发送。")
                    % {"n": done, "word": Status(to_status).label},
                )

    @admin.action(description=_("通过"))
    def accept(self, request, people):
        self._decide(request, people, Status.ACCEPTED)

    @admin.action(description=_("候补"))
    def waitlist(self, request, people):
        self._decide(request, people, Status.WAITLISTED)

    @admin.action(description=_("待电话沟通"))
    def call(self, request, people):
        self._decide(request, people, Status.PHONE_SCREENING)

    @admin.action(description=_("未入选"))
    def not_selected(self, request, people):
        self._decide(
            request,
            people,
            Status.NOT_SELECTED,
            told_reason=str(_("这一场名额有限，优先给了更符合条件的朋友。")),
        )

    def _each(self, request, people, verb, sentence):
        done = 0
        for person in people.select_related("event"):
            try:
                verb(participant=person, by=request.user)
                done += 1
            except Refused as refused:
                messages.error(request, f"{person.name} · {refused}")
        if done:
            messages.success(request, sentence % {"n": done})

    @admin.action(description=_("代本人确认"))
    def confirm(self, request, people):
        self._each(request, people, screening.confirm, _("%(n)s 人已确认。"))

    @admin.action(description=_("代本人取消"))
    def withdraw(self, request, people):
        asking.sure(request, what_is_at_stake.of_withdrawing(list(people.order_by("pk"))))
        self._each(request, people, screening.withdraw, _("%(n)s 人已取消。"))

    @admin.action(description=_("删除个人信息"))
    def erase(self, request, people):
        """Of one at once and for good, of many after a day."""
        chosen = list(people.select_related("event").order_by("event", "pk"))
        if len(chosen) == 1:
            asking.sure(request, what_is_at_stake.of_one(chosen[0]))
            erase.erase_person(participant=chosen[0], by=request.user)
            messages.success(request, _("这个人的个人信息已删除。"))
            return
        asking.sure(request, what_is_at_stake.of_many(chosen))
        for event, theirs in groupby(chosen, key=attrgetter("event")):
            done = erasing_many.set_aside(
                event=event, people=[person.pk for person in theirs], by=request.user
            )
            messages.success(request, what_is_at_stake.what_now(event, done))


class WordingForm(OneEventForm):
    kind = forms.ChoiceField(label=_("通知"))

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["kind"].choices = [(kind, text.label) for kind, text in wording.DEFAULT.items()]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("subject") and cleaned.get("body"):
            try:
                wording.check(cleaned["subject"], cleaned["body"])
            except Refused as refused:
                self.add_error("body", str(refused))
        return cleaned


@admin.register(Wording)
class WordingAdmin(OfEvent):
    form = WordingForm
    list_display = ("kind", "event", "subject")
    list_filter = ("event",)


class Recorded(OfEvent):
    """Rows that a verb wrote: to be read, not changed."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(SeatRelease)
class SeatReleaseAdmin(Recorded):
    list_display = ("event", "source", "target", "online", "seats", "reason", "by", "at")
    list_filter = ("event",)


@admin.register(FreedSeat)
class FreedSeatAdmin(Recorded):
    list_display = ("event", "category", "online", "sentence", "at")
    list_filter = ("event",)
