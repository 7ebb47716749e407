"""`python -m tests.faults.worker`: the project's Celery worker, with the letters of these tests.

With a number behind it: so many slots for mail instead of one. With `forks`: a process that forks one child to deliver, and another when that one dies.
Celery looks for its dead only every five seconds, which is long for twenty deaths.
"""

import os
import sys
import time

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    from salon import outbox
    from tests.faults import letters  # noqa: F401  registers itself

    if sys.argv[1:] == ["forks"]:
        while True:
            child = os.fork()
            while child == 0:
                outbox.deliver_due()
                time.sleep(0.02)
            os.waitpid(child, 0)
    else:
        call_command("worker", concurrency=1, mail=int(sys.argv[1]) if sys.argv[1:] else 1)
