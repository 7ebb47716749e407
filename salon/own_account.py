"""The account's own page: name, password, second factor."""

from django.contrib import auth, messages
from django.contrib.auth import views as auth_views
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salon import second_factor
from salon.access import signed_in
from salon.errors import Refused
from salon.signing_in import counted, offer_second_factor

WRONG_PASSWORD = _("密码不对，没有改动。")


@signed_in
@never_cache
@require_safe
def account(request):
    return render(request, "salon/account.html", _about(request.user))


def _about(user, **more):
    return {
        "account": user,
        "codes_left": second_factor.codes_left(user) if user.second_factor_at else 0,
        "must_stay": user.must_have_second_factor,
        **more,
    }


class _Password(auth_views.PasswordChangeView):
    template_name = "salon/password.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form):
        response = super().form_valid(form)
        messages.success(self.request, _("密码已更换，其他地方的登录都退出了。"))
        return response


password = signed_in(_Password.as_view())


@signed_in
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def add_second_factor(request):
    """Also for a new phone: the new app takes the old one's place."""
    return offer_second_factor(request, request.user, onward=reverse("account"))


@signed_in
@never_cache
@sensitive_post_parameters("password")
@require_POST
def change_second_factor(request):
    """New recovery codes, or none of it any more; with the password, typed once more."""
    user = request.user
    try:
        with counted(request, user.username, "password"):
            if not user.check_password(request.POST.get("password", "")):
                raise Refused("wrong_password", WRONG_PASSWORD, status=403)
        if request.POST.get("act") != "off":
            codes = second_factor.new_codes(user=user, by=user)
            context = {"codes": codes, "onward": reverse("account")}
            return render(request, "salon/recovery_codes.html", context)
        second_factor.switch_off(user=user, by=user)
    except Refused as refused:
        about = _about(user, refusal=refused)
        return render(request, "salon/account.html", about, status=refused.status)
    user.refresh_from_db()
    auth.update_session_auth_hash(request, user)
    messages.success(request, _("第二步验证已关闭。"))
    return redirect("account")
