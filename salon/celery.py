"""Celery, and every clock of the house on one screen.

Tasks are doorbells: they carry ids, fetch the row and call one verb. What the clocks ring for is
in the database already, so a lost ring costs one interval and a second beat process costs nothing.
"""

import os

from celery import Celery, signals
from kombu.transport import redis as transport
from redis.exceptions import ConnectionError as LineBroke

from salon import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")


class Line(transport.Channel):
    """kombu's line to Redis, but one that broke is no fault of the program that ends the worker.

    What a task has not finished is not given back over it: what was rung for is in the database,
    and the clocks ring again. Whoever still says something over it hears that it is closed.
    """

    do_restore = False

    def _connparams(self, asynchronous=False):
        if self.connection is None or self.connection.client is None:
            raise LineBroke("this line is closed")
        return super()._connparams(asynchronous=asynchronous)


transport.Transport.Channel = Line

app = Celery("salon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["salon", "events", "participants", "workshops", "metrics"])

# Their own slots (`manage.py worker`): a mail server that hangs keeps back nothing but mail.
MAIL = "mail"
app.conf.task_routes = {
    "salon.tasks.deliver_due_messages": {"queue": MAIL},
    "salon.tasks.read_bounces": {"queue": MAIL},
}

app.conf.beat_scheduler = "salon.heartbeat:BeatingScheduler"
app.conf.beat_schedule = {
    # seconds between rings, each task with a life no longer than its interval
    name: {"task": task, "schedule": float(every), "options": {"expires": every}}
    for name, task, every in [
        ("worker lives", "salon.tasks.beat_of_the_worker", 15),
        ("deliver what is due", "salon.tasks.deliver_due_messages", 20),
        ("read what came back", "salon.tasks.read_bounces", 300),
        ("gather interest groups", "participants.tasks.place_arrivals", 10),
        ("place latecomers in work groups", "workshops.tasks.place_latecomers", 15),
        ("pass on unconfirmed seats", "participants.tasks.expire_deadlines", 60),
        ("open and nag surveys", "metrics.tasks.run_surveys", 60),
        ("evaluate ended events", "metrics.tasks.evaluate_due", 60),
        ("letters of new matches", "metrics.tasks.plan_digests", 3600),
        ("erase who was set aside a day ago", "participants.tasks.erase_set_aside", 3600),
        ("clear what has expired", "salon.tasks.clear_what_has_expired", 3600),
    ]
}


# --- log lines ------------------------------------------------------------------------------------


@signals.setup_logging.connect
def keep_our_lines(**_):
    """That somebody listens here keeps Celery from setting up lines of its own."""


@signals.before_task_publish.connect
def say_who_rings(headers, **_):
    headers["rung_by"] = logs.current_id()


@signals.task_prerun.connect
def begin_a_task(task_id, task, **_):
    """Its lines carry its id, behind that of the request that rang for it."""
    rung_by = getattr(task.request, "rung_by", None) or "-"
    logs.begin("/".join(part for part in (rung_by, task_id[:10]) if part != "-"))


@signals.task_postrun.connect
def end_a_task(**_):
    logs.begin("-")
