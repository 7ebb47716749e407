"""Pages in production: gunicorn threads, which keep their database connections."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
# A new connection for each request would cost three to five times the throughput.
os.environ.setdefault("CONN_MAX_AGE", "600")

application = get_wsgi_application()
