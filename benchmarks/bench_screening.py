"""The screening page with 2 000 applications; importing and exporting 20 000 people to the end."""

import io
import time

import openpyxl
import xlsxwriter
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.bench import Row
from benchmarks.bench_door import code
from benchmarks.bench_imports import as_saved
from benchmarks.bench_signup import open_salon
from participants import exporting, fill, import_runs
from participants.models import Participant
from participants.queue import Asked
from salon import clock

APPLICATIONS = 2000


def run(bench):
    event = open_salon("screening")
    crowd(event, APPLICATIONS)
    yield from the_page(event)
    yield from filling(event)
    yield from in_and_out(open_salon("sheets"))


def crowd(event, count):
    categories = list(event.categories.all())
    now = clock.now()
    Participant.objects.bulk_create(
        Participant(
            event=event,
            category=categories[number % len(categories)],
            name=f"报名者{number}",
            pinyin=f"baomingzhe{number} bmz{number}",
            mobile=f"+86137{number:08}",
            organisation="拾光教育",
            industry="education",
            community_size=1000 + number,
            active_rate=number % 100,
            followers=number * 100,
            code=code(number),
            submitted_at=now,
            score=number % 100,
        )
        for number in range(count)
    )


def the_page(event):
    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(get_user_model().objects.create_superuser("bench", password=None))
    address = f"/admin/e/{event.slug}/screening/"
    for name, url in (("first page", address), ("found by a word", f"{address}?q=bmz19")):
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            spent = []
            for _ in range(5):
                spent.append(seconds(lambda url=url: client.get(url)))
        yield Row(
            f"screening {APPLICATIONS}, {name}: statements",
            f"{len(captured) / 5:.0f}, page in {1000 * min(spent):.0f} ms",
            "12 statements",
            ratio=len(captured) / 5 / 12,
            at_most=1,
        )


def filling(event):
    spent = seconds(lambda: fill.preview(event=event, online=False))
    yield Row(f"fill to quota: preview of {APPLICATIONS}", f"{spent:.2f} s")


def in_and_out(event):
    content = as_saved()
    alone = seconds(lambda: with_openpyxl(content))
    ours = seconds(lambda: imported(event, content))
    people = Participant.objects.filter(event=event).count()
    yield Row(
        f"import: {people} rows into the database",
        f"{ours:.1f} s",
        f"openpyxl alone {alone:.1f} s",
        ratio=ours / alone,
        at_most=3,
    )
    bare = seconds(lambda: with_xlsxwriter(event, people))
    written = seconds(lambda: exported(event))
    yield Row(
        f"export: {people} people out of the database",
        f"{written:.1f} s",
        f"XlsxWriter alone {bare:.1f} s",
        ratio=written / bare,
        at_most=1.5,
    )


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def with_openpyxl(content):
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    return sum(1 for _ in book.active.iter_rows(values_only=True))


def imported(event, content):
    reading = import_runs.look(event=event, source=content, name="a.xlsx")
    made = import_runs.take(event=event, reading=reading, by=None)
    if made != len(reading.importable):
        raise RuntimeError(f"{made} of {len(reading.importable)} were imported")


def with_xlsxwriter(event, people):
    with exporting.scratch_file() as file:
        book = xlsxwriter.Workbook(file, {"constant_memory": True})
        sheet = book.add_worksheet()
        for row in range(people):
            for column in range(len(exporting.columns(event))):
                sheet.write_string(row, column, "知行学堂")
        book.close()


def exported(event):
    asked = Asked.of({"status": "all"}, list(event.categories.all()))
    with exporting.scratch_file() as file:
        exporting.write_people(file, event=event, asked=asked, by=None)
