"""The evaluation of a salon with a hundred thousand contributions, counted in SQL."""

import json
import os
import subprocess
import sys

from benchmarks.bench import Row
from salon import embedded

CONTRIBUTIONS = 100_000
SECONDS = 2.0


def run(bench):
    with bench.database("bench_evaluation") as url:
        measured = subprocess.run(
            [sys.executable, "-m", "benchmarks.evaluation", str(CONTRIBUTIONS)],
            cwd=embedded.CHECKOUT,
            env=os.environ | {"DATABASE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found = json.loads(measured.stdout)
    for name in ("figures", "evaluation"):
        yield Row(
            f"{name}, {found['contributions']} contributions",
            f"{found[name]:.2f} s",
            f"{SECONDS:g} s",
            found[name] / SECONDS,
            at_most=1.0,
        )
