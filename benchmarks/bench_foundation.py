"""The yardstick itself, and how soon the embedded servers stand."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench import Row
from benchmarks.load import load
from salon import embedded

USE = """
import sys
from pathlib import Path
from salon import embedded
home = Path(sys.argv[1])
embedded.use(home)
embedded.leave(home)
"""


def run(bench):
    with bench.serve_bare() as (port, requests):
        bare = load(port, requests, within=8)
    yield Row(
        "bare view: SELECT + guarded UPDATE",
        f"{bare.per_second:.0f}/s, p50 {bare.p50_ms:.1f} ms, p95 {bare.p95_ms:.1f} ms",
    )
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        Path(directory).chmod(0o711)
        for what, budget in [("first, with initdb", 10), ("again, with data", 3)]:
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", USE, str(Path(directory) / ".dev")],
                cwd=embedded.CHECKOUT,
                check=True,
            )
            seconds = time.perf_counter() - start
            yield Row(
                f"embedded servers up and down, {what}",
                f"{seconds:.2f} s",
                "1 s",
                ratio=seconds,
                at_most=budget,
            )
