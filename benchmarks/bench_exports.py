"""Writing 20 000 people × 30 columns: what cleaning every text costs, and whether memory stays."""

import tempfile
import time
import tracemalloc

import xlsxwriter

from benchmarks.bench import Row
from salon.sheets import write_table

PEOPLE, COLUMNS = 20_000, 30
PLAIN = ["李天佑", "13800138000", "li@example.com", "知行学堂", "社群运营经理", 12000]


def run(bench):
    alone, ours = [], []
    for _ in range(2):
        alone.append(seconds(with_xlsxwriter))
        ours.append(seconds(with_the_writer))
    yield Row(
        f"export: write {PEOPLE} people × {COLUMNS} columns",
        f"{min(ours):.1f} s",
        f"XlsxWriter alone {min(alone):.1f} s",
        ratio=min(ours) / min(alone),
        at_most=1.5,
    )
    small, large = peak(PEOPLE // 10), peak(PEOPLE)
    yield Row(
        "export: memory, ten times the people",
        f"{large / 1e6:.1f} MB",
        f"{small / 1e6:.1f} MB",
        ratio=large / small,
        at_most=1.5,
    )


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def people(count):
    for number in range(count):
        yield [*PLAIN * (COLUMNS // len(PLAIN) - 1), *PLAIN[:-1], number]


def with_xlsxwriter(count=PEOPLE):
    with tempfile.TemporaryFile() as file:
        book = xlsxwriter.Workbook(file, {"constant_memory": True})
        sheet = book.add_worksheet()
        for row, values in enumerate(people(count)):
            for column, value in enumerate(values):
                if isinstance(value, str):
                    sheet.write_string(row, column, value)
                else:
                    sheet.write_number(row, column, value)
        book.close()


def with_the_writer(count=PEOPLE):
    with tempfile.TemporaryFile() as file:
        headers = [f"列 {number}" for number in range(COLUMNS)]
        write_table(file, sheets=[("报名", headers, people(count), None)])


def peak(count):
    """Python's own memory at its highest; the rows are made one by one."""
    with_the_writer(10)
    tracemalloc.start()
    try:
        with_the_writer(count)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
