"""The yardstick: a bare Django project in a file, one view with session, auth and CSRF that does
one SELECT and one guarded UPDATE. `python -m benchmarks.bare N` prepares a user and N tickets.
"""

import json
import os
import sys

import dj_database_url
import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        SECRET_KEY="only-for-the-benchmark" * 3,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()

from django.contrib.auth.decorators import login_required
from django.core.wsgi import get_wsgi_application
from django.db import models, transaction
from django.http import JsonResponse
from django.urls import path


class Ticket(models.Model):
    code = models.CharField(max_length=12, unique=True)
    used = models.BooleanField(default=False)

    class Meta:
        app_label = "bare"


@login_required
@transaction.atomic
def use(request):
    ticket = Ticket.objects.get(code=json.loads(request.body)["code"])
    first = Ticket.objects.filter(pk=ticket.pk, used=False).update(used=True)
    return JsonResponse({"result": "used" if first else "already"})


urlpatterns = [path("use/", use)]
application = get_wsgi_application()


def prepare(tickets):
    """Tables, a user with a session, tickets: `{"cookie", "csrf", "codes"}`."""
    from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.db import connection
    from django.middleware.csrf import _get_new_csrf_string

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Ticket)
    codes = [f"T{number:06}" for number in range(tickets)]
    Ticket.objects.bulk_create(Ticket(code=code) for code in codes)
    user = get_user_model().objects.create_user("desk")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    csrf = _get_new_csrf_string()
    return {"cookie": f"sessionid={session.session_key}; csrftoken={csrf}", "csrf": csrf} | {
        "codes": codes
    }


if __name__ == "__main__":
    print(json.dumps(prepare(int(sys.argv[1]))))
