"""Pages in production: gunicorn threads, which keep their database connections."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
# A new connection for each request would cost three to five times the throughput.
os.environ.setdefault("CONN_MAX_AGE", "600")

application = get_wsgi_application()

# What is loaded now lives as long as the process; the slowest requests are those in which the
# collector would look through all of it.
get_resolver().url_patterns  # noqa: B018  loads every view
gc.collect()
gc.freeze()
