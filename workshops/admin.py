"""The room in the admin: what is set up before the day, and a look at what people made.

What a verb owns is read-only here. Votes are not here at all: they are secret.
"""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from events.admin import OfEvent, OneEventForm
from workshops import phases, photos
from workshops.models import (
    Award,
    MentorReview,
    PainCard,
    Phase,
    PlanPhoto,
    Question,
    Solution,
    TaskElement,
    ThemeTable,
    WorkGroup,
)


class Looking(OfEvent):
    """Rows that verbs write: to be read and searched."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(TaskElement)
class TaskElementAdmin(OfEvent):
    list_display = ["name", "event", "hint", "position"]
    list_filter = ["event"]


@admin.register(ThemeTable)
class ThemeTableAdmin(OfEvent):
    list_display = ["name", "event", "seats"]
    list_filter = ["event"]


@admin.register(Phase)
class PhaseAdmin(OfEvent):
    list_display = ["kind", "event", "minutes", "started_at", "ends_at"]
    list_filter = ["event"]
    readonly_fields = ["started_at", "ends_at"]

    def has_delete_permission(self, request, obj=None):
        begun = obj is not None and obj.started_at is not None
        return not begun and super().has_delete_permission(request, obj)


class AwardForm(OneEventForm):
    def clean(self):
        cleaned = super().clean()
        event = cleaned.get("event")
        if self.instance.pk is None and event and phases.has_begun(event, Phase.Kind.VOTE):
            raise ValidationError(_("投票已经开始，不能再加奖项。"))
        return cleaned


@admin.register(Award)
class AwardAdmin(OfEvent):
    """Once the vote has begun its awards stand: everybody votes on the same ones, and none takes
    votes with it."""

    form = AwardForm
    list_display = ["name", "event", "winner", "closed_at"]
    list_filter = ["event"]
    fields = ["event", "key", "name", "winner", "closed_at"]
    readonly_fields = ["winner", "closed_at"]

    def has_delete_permission(self, request, obj=None):
        begun = obj is not None and phases.has_begun(obj.event, Phase.Kind.VOTE)
        return not begun and super().has_delete_permission(request, obj)


@admin.register(PainCard)
class PainCardAdmin(Looking):
    list_display = ["text", "event", "topic", "merged_into", "gate", "created_at"]
    list_filter = ["event", "topic", "gate"]
    search_fields = ["text"]
    list_select_related = ["event", "merged_into"]


@admin.register(Solution)
class SolutionAdmin(Looking):
    event_path = "card__event"
    list_display = ["text", "card", "featured_at", "gate", "created_at"]
    list_filter = ["card__event", "gate"]
    search_fields = ["text"]
    list_select_related = ["card"]


@admin.register(Question)
class QuestionAdmin(Looking):
    list_display = ["text", "kind", "gate", "online", "event", "created_at"]
    list_filter = ["event", "kind", "gate"]
    search_fields = ["text"]


@admin.register(WorkGroup)
class WorkGroupAdmin(Looking):
    list_display = ["number", "name", "event", "online", "leader", "published_at"]
    list_filter = ["event"]
    list_select_related = ["event", "leader"]


@admin.register(MentorReview)
class MentorReviewAdmin(Looking):
    event_path = "group__event"
    list_display = ["group", "mentor", "need_fit", "feasibility", "follow_up", "at"]
    list_filter = ["group__event"]
    list_select_related = ["group", "mentor"]


@admin.register(PlanPhoto)
class PlanPhotoAdmin(OfEvent):
    """Looked at, and taken down when somebody in one asks for it; row and file go."""

    event_path = "plan__group__event"
    list_display = ["picture", "group", "added"]
    list_filter = ["plan__group__event"]
    list_select_related = ["plan__group__event"]
    fields = readonly_fields = ["picture", "group", "added"]

    def has_add_permission(self, request):
        return False

    @admin.display(description=_("照片"))
    def picture(self, photo):
        address = reverse("plan_photo", args=[self.event_of(photo).slug, photo.pk])
        return format_html(
            '<img src="{}" alt="{}" class="plan-photo" loading="lazy">', address, _("方案照片")
        )

    @admin.display(description=_("小组"))
    def group(self, photo):
        return photo.plan.group

    @admin.display(description=_("时间"), ordering="added_at")
    def added(self, photo):
        return photo.added_at

    def delete_model(self, request, obj):
        photos.take_down(photo=obj, by=request.user)

    def delete_queryset(self, request, queryset):
        for photo in queryset:
            photos.take_down(photo=photo, by=request.user)
