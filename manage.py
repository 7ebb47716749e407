#!/usr/bin/env python
"""The one door. Without DATABASE_URL or REDIS_URL the embedded servers are started first."""

import os
import sys

from salon import embedded

NEED_NO_SERVER = {"help", "--help", "-h", "version", "--version"}


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    if not NEED_NO_SERVER.intersection(sys.argv[1:2] or ["help"]):
        try:
            embedded.ensure()
        except embedded.CannotStart as error:
            sys.exit(str(error))
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured

        try:
            settings.INSTALLED_APPS  # noqa: B018  reads the file, and the environment with it
        except ImproperlyConfigured as error:
            sys.exit(str(error))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
