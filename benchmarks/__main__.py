"""`python -m benchmarks [NAME …]`: all benchmarks, or those named (`bench_<NAME>.py`)."""

import importlib
import os
import pkgutil
import sys

from salon import embedded

DATABASE = "bench_salon"


def main(names):
    embedded.ensure()
    os.environ["DJANGO_SETTINGS_MODULE"] = "salon.settings"
    os.environ |= {"DEBUG": "0", "SSL_REDIRECT": "0", "PUBLIC_URL": "http://127.0.0.1"}
    os.environ.setdefault("ALLOWED_HOSTS", "*")

    from benchmarks.bench import Bench

    url = os.environ["DATABASE_URL"]
    bench = Bench(url, os.environ.get("DATABASE_OWNER_URL", url))
    broken = 0
    with bench.database(DATABASE) as url:
        os.environ["DATABASE_URL"] = url
        set_up_django()
        print(f"{'what':44} {'measured':42} {'against':24} {'ratio':>6}  budget")
        for name in names or available():
            for row in importlib.import_module(f"benchmarks.bench_{name}").run(bench):
                ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
                verdict = "" if row.kept else "  NOT KEPT"
                broken += not row.kept
                print(
                    f"{row.name:44} {row.measured:42} {row.reference:24} {ratio:>6}  "
                    f"{row.budget}{verdict}",
                    flush=True,
                )
        close_django()
    return 1 if broken else 0


def available():
    found = (module.name for module in pkgutil.iter_modules([os.path.dirname(__file__)]))
    return sorted(name.removeprefix("bench_") for name in found if name.startswith("bench_"))


def set_up_django():
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def close_django():
    from django.db import connections

    connections.close_all()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
