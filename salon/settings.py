"""Settings: one file, from the environment only. Starts nothing; a wrong value stops with a sentence.

Without DATABASE_URL and REDIS_URL `manage.py` has started embedded servers and set both before
this file is read.
"""

import json
import os
import re
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name, default=None):
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it in the environment; README.md lists every variable."
        )
    return value


def env_flag(name, default):
    value = env(name, "1" if default else "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no", "on", "off"}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")
    return value in {"1", "true", "yes", "on"}


def env_int(name, default):
    value = env(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def env_list(name, default=""):
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def sms_templates(text, *, named):
    """`{kind: {"id", "values": {gap: field}}}` of SMS_TEMPLATES, whose gaps are named or counted."""
    templates = {}
    try:
        for kind, template in json.loads(text).items():
            values = template.get("values", [])
            if named and values and not isinstance(values, dict):
                raise ValueError(f"the gaps of {kind!r} need names")
            if isinstance(values, list):
                values = {str(number): field for number, field in enumerate(values, 1)}
            if not all(isinstance(field, str) for field in values.values()):
                raise ValueError(f"the gaps of {kind!r} hold something else than names of fields")
            templates[kind] = {"id": str(template["id"]), "values": values}
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise ImproperlyConfigured(
            'SMS_TEMPLATES must be JSON such as {"accepted": {"id": "SMS_1", "values": '
            f'{{"name": "称呼", "key": "个人链接:尾"}}}}}}, and is not ({error}).'
        ) from None
    return templates


BIG_MAILERS = [
    *("qq.com", "vip.qq.com", "foxmail.com", "163.com", "vip.163.com", "126.com", "vip.126.com"),
    *("yeah.net", "188.com", "sina.com", "sina.cn", "vip.sina.com", "sohu.com", "vip.sohu.com"),
    *("aliyun.com", "139.com", "189.cn", "wo.cn", "21cn.com", "tom.com", "263.net"),
]


def mail_per_minute(text):
    """`{domain: letters a minute}`: "20" is for all the big mailers, "qq.com=10" for one domain,
    0 for as fast as it can be."""
    paces = {}
    try:
        for part in text.replace(",", " ").split():
            domain, _equals, number = part.rpartition("=")
            paces |= dict.fromkeys([domain.lower()] if domain else BIG_MAILERS, abs(int(number)))
    except ValueError:
        raise ImproperlyConfigured(
            f'MAIL_PER_MINUTE must be like "20" or "20 qq.com=10 example.com=0", not {text!r}.'
        ) from None
    return paces


def bounces_url(text):
    if text and not re.fullmatch(r"imaps?://[^/\s]+:[^/\s]+@[^/\s]+(/\S*)?", text):
        raise ImproperlyConfigured("BOUNCES_URL must be like imaps://user:password@host/INBOX.")
    return text


DEBUG = env_flag("DEBUG", False)
SECRET_KEY = env("SECRET_KEY")
if not DEBUG and len(SECRET_KEY) < 40:
    raise ImproperlyConfigured(
        "SECRET_KEY is too short for production: give 40 characters or more."
    )
# Former ones: what they signed (sessions, personal links, desks) stays good.
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS", " ")
# Under which contacts are recognised that may not be kept (salon/identity.py).
IDENTITY_KEY = env("IDENTITY_KEY", " ").strip()
IDENTITY_KEY_OLD = env_list("IDENTITY_KEY_OLD", " ")
for name in ("IDENTITY_KEY", "IDENTITY_KEY_OLD", "SECRET_KEY_FALLBACKS"):
    if any(len(key) < 40 for key in env_list(name, " ")):
        raise ImproperlyConfigured(f"{name} is too short: give 40 characters or more.")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "*" if DEBUG else None)
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", " ")
# Who runs this house: what an event's notice names where the event itself names nobody, and the
# numbers that stand below every page.
HANDLER = env("HANDLER", " ").strip()
HANDLER_CONTACT = env("HANDLER_CONTACT", " ").strip()
ICP_NUMBER = env("ICP_NUMBER", " ").strip()
PUBLIC_SECURITY_NUMBER = env("PUBLIC_SECURITY_NUMBER", " ").strip()
# What goes before a path in a mail, where no request tells the host.
PUBLIC_URL = env("PUBLIC_URL", "http://127.0.0.1:8000" if DEBUG else None).rstrip("/")
if not PUBLIC_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured(
        f"PUBLIC_URL must begin with https:// or http://, not {PUBLIC_URL!r}."
    )
# A house on a local network has no certificate; everybody else has one.
OVER_TLS = not DEBUG and PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "salon.apps.SalonConfig",
    "events",
    "participants",
    "workshops",
    "metrics",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "crispy_forms",
    "crispy_bootstrap5",
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

MIDDLEWARE = [
    "salon.logs.give_an_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "salon.answers.answer_head",
    "csp.middleware.CSPMiddleware",
    "salon.answers.limit_features",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "salon.errors.read_utf8",
    "salon.bodies.keep_bodies_small",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "salon.errors.answer_refusals",
]

ROOT_URLCONF = "salon.urls"
ASGI_APPLICATION = "salon.asgi.application"
WSGI_APPLICATION = "salon.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "salon.imprint.numbers",
            ],
        },
    },
]

DATABASES = {
    "default": {
        **dj_database_url.parse(env("DATABASE_URL"), conn_max_age=env_int("CONN_MAX_AGE", 0)),
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    # A verb that waits longer than this for a row is better answered with "try again".
    options="-c lock_timeout=5s -c statement_timeout=60s",
    connect_timeout=5,
)
# Who the application is, and who owns its tables and migrates: one role, unless two are named.
APPLICATION_ROLE = DATABASES["default"]["USER"]
_owner = env("DATABASE_OWNER_URL", " ").strip()
DATABASE_OWNER = {
    name: value
    for name, value in (dj_database_url.parse(_owner) if _owner else {}).items()
    if name in {"USER", "PASSWORD", "HOST", "PORT"}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL")

AUTH_USER_MODEL = "salon.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# A superuser signs in with a second factor, or is led to set one up (salon/second_factor.py).
SUPERUSER_SECOND_FACTOR = env_flag("SUPERUSER_SECOND_FACTOR", not DEBUG)
OTP_TOTP_ISSUER = "Salon"
# salon.signing_in counts what was wrong, browser by browser; django-otp would lock the account.
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "crew_home"
LOGOUT_REDIRECT_URL = "home"

# Database sessions: they outlive a wiped Redis.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = OVER_TLS
SECURE_SSL_REDIRECT = env_flag("SSL_REDIRECT", OVER_TLS)
SECURE_HSTS_SECONDS = env_int("HSTS_SECONDS", 31536000 if OVER_TLS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
BEHIND_PROXY = env_flag("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Personal links pass through the address bar once; nobody else may learn them from a Referer.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'"],  # the QR reader is WebAssembly
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "salon.formats"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
MEDIA_ROOT = Path(env("MEDIA_ROOT", str(BASE_DIR / "media")))
COLLECTED_STATICS = env_flag("COLLECTED_STATICS", not DEBUG)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED_STATICS
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not COLLECTED_STATICS
# As much as an address without files takes at all (salon/bodies.py).
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
# Filling by quota posts a choice, and perhaps a reason, for everybody who is undecided.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50_000

EMAIL_HOST = env("EMAIL_HOST", "localhost")
EMAIL_IS_CONFIGURED = bool(os.environ.get("EMAIL_HOST", "").strip())
# With the embedded servers, for trying it out, what the mailbox in the admin holds has arrived.
# Anywhere else a letter without a server to send it has no channel.
MAILBOX_IS_A_CHANNEL = env_flag("SALON_EMBEDDED", False) and not EMAIL_IS_CONFIGURED
EMAIL_PORT = env_int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", " ").strip()
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", " ").strip()
EMAIL_USE_TLS = env_flag("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = env_flag("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "salon@localhost")
# Letters a minute to each of these; they refuse who is faster (salon/pace.py).
MAIL_PER_MINUTE = mail_per_minute(env("MAIL_PER_MINUTE", "20"))
# Where letters come back to: imaps://user:password@host/INBOX
BOUNCES_URL = bounces_url(env("BOUNCES_URL", " ").strip())
GROUP_BOT_URL = env("GROUP_BOT_URL", " ").strip()
GROUP_BOT_SECRET = env("GROUP_BOT_SECRET", " ").strip()
# "aliyun", "tencent", "file", or the dotted path of a function of our own (salon/sms).
SMS_FILE = env("SMS_FILE", " ").strip()
SMS_PROVIDER = env("SMS_PROVIDER", "file" if SMS_FILE else " ").strip()
SMS_TEMPLATES = sms_templates(env("SMS_TEMPLATES", "{}"), named=SMS_PROVIDER == "aliyun")
SMS_SIGN_NAME, SMS_APP_ID, SMS_KEY_ID, SMS_KEY_SECRET = (
    env(name, " " if SMS_PROVIDER not in providers else None).strip()
    for name, providers in {
        "SMS_SIGN_NAME": {"aliyun", "tencent"},
        "SMS_APP_ID": {"tencent"},
        "SMS_KEY_ID": {"aliyun", "tencent"},
        "SMS_KEY_SECRET": {"aliyun", "tencent"},
    }.items()
)
SMS_REGION = env("SMS_REGION", "ap-guangzhou")
SMS_ENDPOINT = env("SMS_ENDPOINT", " ").strip()

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # however long Redis is away
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # The row in PostgreSQL is the truth: a doorbell lost with its worker may ring again soon.
    "visibility_timeout": 660,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 1,
}
# Ringing must never hold up a request: one try, then the sweeper finds the row.
CELERY_TASK_PUBLISH_RETRY = False

LOG_LEVEL = env("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    raise ImproperlyConfigured(
        f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {LOG_LEVEL!r}."
    )
LOGGING_CONFIG = "salon.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "salon.logs.Line"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # Their own handlers would say everything twice.
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL},
        "django.server": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
    },
}
