"""Settings come from the environment; a wrong one stops with a sentence before anything starts."""

import os
import subprocess
import sys

import pytest

from salon.embedded import CHECKOUT

PRODUCTION = {
    "DATABASE_URL": "postgres://salon:secret@db.example/salon",
    "REDIS_URL": "redis://queue.example/0",
    "SECRET_KEY": "Qm9uam91ciBtb25kZSwgY2VjaSBlc3QgdW4gc2VjcmV0IGxvbmc-x7",
    "ALLOWED_HOSTS": "salon.example",
    "PUBLIC_URL": "https://salon.example/",
    "EMAIL_HOST": "smtp.example",
}
MANAGE = ("manage.py", "check")
WSGI = ("-c", "import salon.wsgi")
ASGI = ("-c", "import salon.asgi")
PRINT = "-c", "from django.conf import settings; print(repr(getattr(settings, {!r})))"


def start(*command, without=(), **environment):
    """Run Python with the variables of production, and those given; nothing else of ours."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    variables = {name: value for name, value in PRODUCTION.items() if name not in without}
    return subprocess.run(
        [sys.executable, *command],
        cwd=CHECKOUT,
        env=inherited | variables | {"DJANGO_SETTINGS_MODULE": "salon.settings"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def setting(name, **options):
    answer = start(PRINT[0], PRINT[1].format(name), **options)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.mark.parametrize("door", [MANAGE, WSGI, ASGI], ids=["manage", "wsgi", "asgi"])
def test_production_without_a_secret_key_stops_with_a_sentence(door):
    answer = start(*door, without=["SECRET_KEY"])
    assert answer.returncode == 1
    assert "SECRET_KEY is not set." in answer.stderr.splitlines()[-1]


def test_manage_shows_the_sentence_and_no_traceback():
    answer = start(*MANAGE, without=["SECRET_KEY"])
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


@pytest.mark.parametrize("name", ["ALLOWED_HOSTS", "PUBLIC_URL"])
def test_production_names_its_hosts(name):
    answer = start(*MANAGE, without=[name])
    assert answer.returncode == 1
    assert f"{name} is not set." in answer.stderr


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_web_server_without_its_servers_stops_with_a_sentence(name):
    answer = start(*WSGI, without=[name])
    assert answer.returncode == 1
    assert f"{name} is not set." in answer.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"IDENTITY_KEY": "short"}, "IDENTITY_KEY is too short"),
        ({"IDENTITY_KEY_OLD": "x" * 40 + ",short"}, "IDENTITY_KEY_OLD is too short"),
        ({"SECRET_KEY_FALLBACKS": "short"}, "SECRET_KEY_FALLBACKS is too short"),
        ({"PUBLIC_URL": "salon.example"}, "PUBLIC_URL must begin with https:// or http://"),
        ({"DEBUG": "perhaps"}, "DEBUG must be 1 or 0, not 'perhaps'."),
        ({"SSL_REDIRECT": "2"}, "SSL_REDIRECT must be 1 or 0"),
        ({"EMAIL_PORT": "smtp"}, "EMAIL_PORT must be a whole number, not 'smtp'."),
        ({"CONN_MAX_AGE": "1.5"}, "CONN_MAX_AGE must be a whole number"),
    ],
)
def test_a_wrong_value_stops_with_a_sentence(variables, sentence):
    answer = start(*MANAGE, **variables)
    assert answer.returncode == 1
    assert sentence in answer.stderr.splitlines()[-1]


def test_the_deploy_check_has_nothing_to_say():
    answer = start("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout


def test_the_deploy_check_would_speak_up():
    """The twin: with the redirect to HTTPS off it warns, so a clean run means something."""
    answer = start("manage.py", "check", "--deploy", "--fail-level", "WARNING", SSL_REDIRECT="0")
    assert answer.returncode == 1
    assert "security.W008" in answer.stderr


def test_what_production_gets_without_asking():
    assert setting("DEBUG") == "False"
    assert setting("SESSION_COOKIE_SECURE") == "True"
    assert setting("SUPERUSER_SECOND_FACTOR") == "True"
    assert setting("PUBLIC_URL") == "'https://salon.example'"
    assert setting("EMAIL_IS_CONFIGURED") == "True"
    assert setting("EMAIL_IS_CONFIGURED", without=["EMAIL_HOST"]) == "False"
    assert setting("SMS_PROVIDER") == "''"
    assert setting("SMS_PROVIDER", SMS_FILE="/tmp/sms") == "'file'"


def test_a_house_without_a_certificate_is_entered_over_plain_http():
    plain = {"PUBLIC_URL": "http://192.0.2.7:8000"}
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"):
        assert setting(name, **plain) == "False"
        assert setting(name) == "True"
    assert setting("SECURE_HSTS_SECONDS", **plain) == "0"


def test_web_processes_keep_their_connections_and_the_stream_does_not():
    show = "from django.conf import settings; print(settings.DATABASES['default']['CONN_MAX_AGE'])"
    assert start("-c", f"import salon.wsgi; {show}").stdout.strip() == "600"
    assert start("-c", f"import salon.asgi; {show}").stdout.strip() == "0"


def test_a_named_server_means_that_none_is_embedded():
    seen = "import sys; print([name for name in sys.modules if 'embedded' in name])"
    answer = start("-c", f"import salon.wsgi; {seen}")
    assert answer.stdout.strip() == "[]"


def test_the_pace_of_the_big_mailers_and_of_single_domains():
    assert "'qq.com': 20" in setting("MAIL_PER_MINUTE")
    own = setting("MAIL_PER_MINUTE", MAIL_PER_MINUTE="30, QQ.com=5 example.com=60")
    for pace in ("'163.com': 30", "'qq.com': 5", "'example.com': 60"):
        assert pace in own


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAIL_PER_MINUTE", "fast"),
        ("MAIL_PER_MINUTE", "qq.com=1.5"),
        ("BOUNCES_URL", "imap.qq.com"),
        ("BOUNCES_URL", "pop3://a:b@c"),
        ("SMS_TEMPLATES", "{"),
        ("SMS_TEMPLATES", "[]"),
        ("SMS_TEMPLATES", '{"accepted": "SMS_1"}'),
        ("SMS_TEMPLATES", '{"accepted": {"values": []}}'),
        ("SMS_TEMPLATES", '{"accepted": {"id": 1, "values": [3]}}'),
    ],
)
def test_a_setting_of_the_channels_that_makes_no_sense_stops_with_a_sentence(name, value):
    answer = start(*MANAGE, **{name: value})
    assert answer.returncode == 1
    assert name in answer.stderr
    assert answer.stderr.count("\n") == 1


ALIYUN = {
    "SMS_PROVIDER": "aliyun",
    "SMS_SIGN_NAME": "沙龙",
    "SMS_KEY_ID": "LTAI",
    "SMS_KEY_SECRET": "secret",
}


def test_a_gateway_wants_its_keys_and_the_names_of_its_gaps():
    answer = start(*MANAGE, SMS_PROVIDER="tencent")
    assert "SMS_SIGN_NAME is not set" in answer.stderr
    counted = '{"accepted": {"id": "SMS_1", "values": ["称呼"]}}'
    assert "need names" in start(*MANAGE, **ALIYUN, SMS_TEMPLATES=counted).stderr
    named = '{"accepted": {"id": "SMS_1", "values": {"name": "称呼"}}}'
    assert setting("SMS_TEMPLATES", **ALIYUN, SMS_TEMPLATES=named) == (
        "{'accepted': {'id': 'SMS_1', 'values': {'name': '称呼'}}}"
    )
