"""Reading 20 000 applications: the gate, every cell understood, every row judged."""

import io
import time

import openpyxl
import xlsxwriter

from benchmarks.bench import Row
from participants.import_template import TEMPLATE_COLUMNS, template_cells
from participants.importing import ApplicationValues, read_applications
from salon.sheets import open_table, write_table
from salon.text import read_moment

PEOPLE = 20_000


def run(bench):
    files = {"texts in their cells": as_exported(), "texts shared, as Excel saves": as_saved()}
    for kind, content in files.items():
        alone, ours = [], []
        for _ in range(2):
            alone.append(seconds(lambda content=content: with_openpyxl(content)))
            ours.append(seconds(lambda content=content: with_the_reader(content)))
        yield Row(
            f"import: read {PEOPLE} rows, {kind}",
            f"{min(ours):.1f} s, {len(content) / 1e6:.1f} MB",
            f"openpyxl alone {min(alone):.1f} s",
            ratio=min(ours) / min(alone),
            at_most=3,
        )


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def with_openpyxl(content):
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    rows = sum(1 for _ in book.active.iter_rows(values_only=True))
    assert rows == PEOPLE + 1


def with_the_reader(content):
    reading = read_applications(open_table(content, name="a.xlsx"), tz=None)
    assert len(reading.importable) == PEOPLE


def as_exported():
    stream = io.BytesIO()
    headers = [column.header for column in TEMPLATE_COLUMNS]
    rows = (template_cells(somebody(number)) for number in range(PEOPLE))
    write_table(stream, sheets=[("报名表", headers, rows, None)])
    return stream.getvalue()


def as_saved():
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [column.header for column in TEMPLATE_COLUMNS])
        for number in range(PEOPLE):
            cells = [str(cell) for cell in template_cells(somebody(number))]
            sheet.write_row(number + 1, 0, cells)
    return stream.getvalue()


def somebody(number):
    return ApplicationValues(
        name=f"{'赵钱孙李周吴郑王'[number % 8]}{'晓明若水一帆知秋'[number % 7]}",
        mobile=f"+86138{number:08d}",
        email=f"p{number}@example.com",
        organisation="知行学堂",
        job_title="社群运营经理",
        category=("core", "brand", "creator")[number % 3],
        industry="education",
        community_size=1000 + number,
        followers=number * 10,
        expertise=["数据分析", "社群氛围"],
        pain_points=["新用户进群三天就沉默", "激励成本高，停了就没人"],
        cooperation_need="招募体验官",
        resource_offer="新品试用装 200 份",
        expectation="听同行怎么做数据跟进",
        on_site=bool(number % 2),
        channel="社群内报名",
        consents={"processing": True, "wall_name": True, "photo": False},
        submitted_at=read_moment("2026-11-21 09:30", tz=None),
    )
