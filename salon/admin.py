"""What only superusers see: accounts, every message of every event, and who did what."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_otp.plugins.otp_static import admin as static
from django_otp.plugins.otp_totp import admin as totp

from salon import asking, outbox, second_factor
from salon.admin_lists import HouseAdmin
from salon.errors import Refused
from salon.models import AuditEntry, Message, Sweep, User

# Roles belong to an event's crew, devices to their owners.
admin.site.unregister([Group, totp.TOTPDevice, static.StaticDevice])


class ForSuperusers(HouseAdmin):
    """Seen by superusers, and changed by nobody: verbs own these rows."""

    def has_module_permission(self, request):
        return request.user.is_active and request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return self.has_module_permission(request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ByKind(admin.AllValuesFieldListFilter):
    """Kinds by the names that the organisers' pages use, too."""

    def choices(self, changelist):
        for choice in super().choices(changelist):
            yield choice | {"display": outbox.label_of(choice["display"])}


@admin.register(Message)
class MessageAdmin(ForSuperusers):
    """Every letter, as it will be read or as it went. With the embedded servers and without SMTP
    this is the mailbox."""

    list_display = [
        "called",
        "recipient",
        "subject",
        "state",
        "due_at",
        "handed_over_at",
        "channel",
    ]
    list_filter = ["state", "uncertain", "channel", ("kind", ByKind)]
    search_fields = ["kind", "batch", "recipient", "subject", "dedup_key"]
    search_help_text = _("按类型、批次、收件人或标题查找")
    ordering = ["-due_at", "-pk"]
    list_per_page = 50
    show_full_result_count = False
    fields = [
        *("letter", "called", "channel", "batch", "due_at", "until", "released_at"),
        *("handed_over_at", "told_by", "attempts", "next_try_at"),
    ]
    actions = ["release", "hold", "cancel", "try_again"]

    def get_queryset(self, request):
        return super().get_queryset(request).in_sight()

    @admin.display(description=_("类型"), ordering="kind")
    def called(self, message):
        return outbox.label_of(message.kind)

    @admin.display(description=_("谁告知的"))
    def told_by(self, message):
        return message.done_by_id and User.objects.filter(pk=message.done_by_id).first()

    @admin.display(description=_("通知"))
    def letter(self, message):
        try:
            letter, refusal = outbox.preview(message), None
        except Refused as refused:
            letter, refusal = None, refused
        return render_to_string(
            "salon/_message.html", {"message": message, "letter": letter, "refusal": refusal}
        )

    @admin.action(description=_("发送所选通知"), permissions=["view"])
    def release(self, request, rows):
        asking.many_letters(request, rows.order_by().held().count())
        self._say(request, outbox.release(rows.order_by(), by=request.user))

    @admin.action(description=_("暂扣所选消息"), permissions=["view"])
    def hold(self, request, rows):
        self._say(request, outbox.hold(rows.order_by(), by=request.user))

    @admin.action(description=_("取消所选消息"), permissions=["view"])
    def cancel(self, request, rows):
        open_ones = list(rows.order_by().to_be_stopped().values_list("pk", flat=True))
        asking.sure(
            request,
            asking.Question(
                title=_("取消 %(n)d 条还没发出的通知？") % {"n": len(open_ones)},
                sentence=_("取消的通知不会再发，收件人不会知道。"),
                yes=_("取消 %(n)d 封") % {"n": len(open_ones)},
                about=open_ones,
            ),
        )
        self._say(request, outbox.cancel(rows.order_by(), by=request.user))

    @admin.action(description=_("重新发送没送到的消息"), permissions=["view"])
    def try_again(self, request, rows):
        asking.many_letters(request, rows.order_by().astray().count())
        self._say(request, outbox.try_again(rows.order_by(), by=request.user))

    def _say(self, request, changed):
        words = ngettext("%(n)d 条消息已处理。", "%(n)d 条消息已处理。", changed) % {"n": changed}
        self.message_user(request, words, messages.SUCCESS if changed else messages.WARNING)


@admin.register(AuditEntry)
class AuditEntryAdmin(ForSuperusers):
    list_display = ["at", "actor", "verb", "subject", "event_id", "fields"]
    list_filter = ["verb"]
    search_fields = ["=actor", "=subject", "verb"]
    search_help_text = _("按操作人（user:3）、对象（participant:12）或动作查找")
    list_per_page = 100
    show_full_result_count = False


class AccountForm(UserChangeForm):
    without_second_factor = forms.BooleanField(
        label=_("关闭第二步验证（手机和备用码都丢了）"), required=False
    )


@admin.register(Sweep)
class SweepAdmin(ForSuperusers):
    """What each day's clearing did: counts only."""

    list_display = ["at", "report"]


@admin.register(User)
class AccountAdmin(HouseAdmin, UserAdmin):
    """Accounts of the crew. What somebody may do at an event stands in that event's crew."""

    list_display = ["username", "first_name", "email", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    filter_horizontal = []
    form = AccountForm
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("个人信息"), {"fields": ["first_name", "last_name", "email"]}),
        (_("权限"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
        (_("时间"), {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined", "second_factor_at"]
    add_fieldsets = [
        (
            None,
            {
                "fields": [
                    *("username", "first_name", "email", "is_staff"),
                    *("usable_password", "password1", "password2"),
                ]
            },
        ),
    ]

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or obj.second_factor_at is None:
            return fieldsets
        fields = {"fields": ["second_factor_at", "without_second_factor"]}
        return [*fieldsets, (_("第二步验证"), fields)]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("without_second_factor"):
            try:
                second_factor.switch_off(user=obj, by=request.user)
            except Refused as refused:
                self.message_user(request, refused.message, messages.ERROR)

    def has_module_permission(self, request):
        return request.user.is_active and request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return self.has_module_permission(request)

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request):
        return self.has_module_permission(request)
