"""The way in for the crew: password, second factor, and what to do without either.

Only what was wrong is counted: by browser, where it has been let in before (salon/known_browsers),
else by account at a network address and by account, and all unknown browsers at one address
together. Whoever is shut out of an unknown browser comes in by the letter for a new password.
"""

import contextlib
from ipaddress import ip_address

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from salon import accounts, clock, known_browsers, limits, second_factor
from salon.access import public
from salon.errors import Refused
from salon.limits import Limit
from salon.models import User
from salon.qr import qr_svg
from salon.text import clean_text

HALFWAY_SECONDS = 15 * 60
_HALFWAY = "halfway in"

LOCKED = _("密码错了太多次，请 15 分钟后再试。急着用，请点“忘了密码”，用邮件里的链接进来。")
BUSY = _(
    "从这个网络刚刚来了太多次错误的登录，请一分钟后再试。急着用，请点“忘了密码”，用邮件里的链接进来。"
)


# --- what is counted ------------------------------------------------------------------------------


def address_of(request: HttpRequest) -> str:
    """The network address of whoever asks. Behind a proxy all the world is the proxy's own: there
    it is the one that the proxy saw, which stands last; what stands before it, the asker wrote."""
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    if settings.BEHIND_PROXY and seen:
        with contextlib.suppress(ValueError):
            return str(ip_address(seen))
    return request.META.get("REMOTE_ADDR") or ""


def called(username: str) -> str:
    """As whom known browsers and failures are kept: accounts by name, existing or not."""
    return f"account:{username}"


@contextlib.contextmanager
def counted(request: HttpRequest, username: str, what: str):
    """Around a try to get in: of failures, not of successes, some are allowed (see above)."""
    who = f"{what}:{called(username)}"
    number = known_browsers.number_of(request, called(username))
    locked = Refused("locked_out", LOCKED, status=429)
    if number:
        with limits.only_failures(Limit(f"{who}:browser:{number}", 10, 900), refusal=locked):
            yield
        return
    address = address_of(request)
    at_address = Limit(f"{what}:unknown browsers at {address}", 20, 60)
    here, anywhere = Limit(f"{who}:at {address}", 10, 900), Limit(who, 60, 3600)
    with (
        limits.only_failures(at_address, refusal=Refused("busy_address", BUSY, status=429)),
        limits.only_failures(here, anywhere, refusal=locked),
    ):
        yield


class SignIn(AuthenticationForm):
    """Account, or the e-mail address of one, and password."""

    def clean_username(self):
        typed = User.normalize_username(clean_text(self.cleaned_data["username"], max_length=150))
        if "@" in typed and not User.objects.filter(username=typed).exists():
            there = list(accounts.at_address(typed)[:2])
            if len(there) == 1:
                return there[0].username
        return typed

    def clean(self):
        with counted(self.request, self.cleaned_data.get("username", ""), "password"):
            return super().clean()


# --- the steps ------------------------------------------------------------------------------------


class _FirstStep(auth_views.LoginView):
    template_name = "login.html"
    authentication_form = SignIn

    def form_valid(self, form):
        user, onward = form.get_user(), self.get_success_url()
        if user.second_factor_at is None and not user.lacks_second_factor:
            return enter(self.request, user, onward)
        self.request.session[_HALFWAY] = {
            "account": user.pk,
            "signed": _signature(user),
            "until": clock.now().timestamp() + HALFWAY_SECONDS,
            "onward": onward,
        }
        return redirect("sign_in_code" if user.second_factor_at else "sign_in_second_factor")


login = public(_FirstStep.as_view())
logout = public(auth_views.LogoutView.as_view())


def enter(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    """Sign the user in, and know this browser from now on."""
    auth.login(request, user)
    response = redirect(onward)
    known_browsers.remember(request, response, called(user.username))
    return response


def _signature(user: User) -> str:
    """Changes with the password and with the second factor."""
    return salted_hmac(_HALFWAY, f"{user.password} {user.second_factor_at}").hexdigest()


def halfway_in(request: HttpRequest) -> tuple[User | None, str]:
    """Who has typed their password here a few minutes ago and nothing else yet: `(account, where
    they wanted to go)`."""
    kept = request.session.get(_HALFWAY)
    if not kept or kept["until"] < clock.now().timestamp():
        return None, ""
    user = User.objects.filter(pk=kept["account"], is_active=True).first()
    if user is None or not constant_time_compare(kept["signed"], _signature(user)):
        return None, ""
    return user, kept["onward"]


@public
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def code(request):
    """The second step: what the app shows now, or a recovery code."""
    user, onward = halfway_in(request)
    if user is None or user.second_factor_at is None:
        return redirect("login")
    refusal = None
    if request.method == "POST":
        try:
            with counted(request, user.username, "code"):
                second_factor.require(user=user, code=request.POST.get("code", ""))
        except Refused as refused:
            refusal = refused
        else:
            return enter(request, user, onward)
    context = {"refusal": refusal}
    return render(request, "login_code.html", context, status=refusal.status if refusal else 200)


@public
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def set_up(request):
    """The second step of an account that must have a second factor and has none yet."""
    user, onward = halfway_in(request)
    if user is None or user.second_factor_at is not None:
        return redirect("login")
    return offer_second_factor(request, user, onward=onward)


def offer_second_factor(request: HttpRequest, user: User, *, onward: str) -> HttpResponse:
    """GET shows a key for the app; POST takes it, when the app shows the right digits, and answers
    with the recovery codes, once. Used by `set_up` and by the account's own page."""
    refusal, offered = None, request.POST.get("offered", "")
    if request.method == "POST":
        try:
            codes = second_factor.switch_on(
                user=user, offered=offered, code=request.POST.get("code", ""), by=user
            )
        except Refused as refused:
            refusal = refused
        else:
            user.refresh_from_db()
            response = render(
                request, "salon/recovery_codes.html", {"codes": codes, "onward": onward}
            )
            auth.login(request, user)
            known_browsers.remember(request, response, called(user.username))
            return response
    if refusal is None or refusal.code == "offer_expired":
        offered = second_factor.offer(user)
    device = second_factor.device_of(user, offered)
    context = {
        "offered": offered,
        "qr": qr_svg(device.config_url),
        "typed_key": second_factor.typed_key(device),
        "required": user.lacks_second_factor,
        "refusal": refusal,
    }
    return render(
        request, "salon/second_factor.html", context, status=refusal.status if refusal else 200
    )


# --- without a password ---------------------------------------------------------------------------

ASKED_PER_ADDRESS = {"times": 30, "seconds": 600}


@public
@never_cache
@require_http_methods(["GET", "POST"])
def forgot(request):
    """The same answer for every address: whether it is an account's, its mailbox knows."""
    email, problem = clean_text(request.POST.get("email", "")[:300]), ""
    if request.method == "POST" and settings.EMAIL_IS_CONFIGURED:
        try:
            validate_email(email)
        except ValidationError:
            problem = _("请填写完整的邮箱。")
        else:
            limits.require(f"forgot at {address_of(request)}", **ASKED_PER_ADDRESS)
            accounts.forgot(email=email)
            return render(request, "salon/forgot.html", {"asked": email})
    context = {"email": email, "problem": problem, "by_mail": settings.EMAIL_IS_CONFIGURED}
    return render(request, "salon/forgot.html", context, status=400 if problem else 200)


class _NewPassword(auth_views.PasswordResetConfirmView):
    """Django's page behind the letter's link; it takes the key out of the address first."""

    template_name = "salon/new_password.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form):
        response = super().form_valid(form)
        messages.success(self.request, _("新密码已生效，请登录。"))
        # Whoever opened the account's letter here may not be shut out by others' guesses.
        known_browsers.remember(self.request, response, called(self.user.username))
        return response


new_password = public(_NewPassword.as_view())
