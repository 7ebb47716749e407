"""Spreadsheets: the gate for what people upload, and the writer of what they download.

A file from outside is judged before any library parses it (size, packing, parts, entities), and
while it is parsed nothing grows with what the file claims. What goes out is text: no cell of
ours is ever a formula or a link.
"""

import codecs
import csv
import functools
import io
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePath

# C's parser, in half the time of one that is defused in Python: `check_archive` has refused every
# document type by its bytes, and expat takes no encoding that would spell one otherwise.
from xml.etree.ElementTree import ParseError, iterparse

import xlsxwriter
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext_lazy as _
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.cell import column_index_from_string
from openpyxl.worksheet._reader import (
    DATA_TAG,
    INLINE_STRING,
    ROW_TAG,
    VALUE_TAG,
    WorkSheetParser,
)
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from salon.sheet_gate import (
    MOST_COLUMNS,
    MOST_MARKUP_PER_ROW,
    MOST_ROW_RECORDS,
    MOST_ROWS,
    MOST_STRINGS,
    SheetRefused,
    bomb,
    check_archive,
    damaged,
    entities,
    not_workbook,
    read_limited,
)

# ---- reading -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows()` starts anew on each call and yields `(number, values)`.

    `number` is the row as Excel counts it, from 1; rows without values are left out. `values` is a
    tuple without trailing Nones of str, int, float, bool, datetime, date, time, timedelta, None —
    a formula is the value it had when the file was saved. Raises SheetRefused while iterating.
    """

    title: str
    rows: Callable[[], Iterator[tuple[int, tuple]]]


@dataclass(frozen=True)
class Table:
    """An uploaded file that passed the gate: its visible sheets, in order."""

    name: str
    sheets: list[Sheet]

    def rows(self):
        """The rows of the first sheet."""
        return self.sheets[0].rows()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be taken. `row` as Excel counts it, `column` as the file calls it."""

    row: int
    column: str
    code: str
    message: str  # lazy

    def as_json(self):
        return {
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "message": str(self.message),
        }


def open_table(source, *, name=None):
    """Return the Table in `source`: a path, bytes or a binary file (.xlsx or .csv, by content).

    `name` is what the person called the file. SheetRefused with codes too_large, empty, old_excel,
    macros, active, bomb, entities, not_workbook, damaged, encoding, format, rows, columns.
    """
    name = PurePath(str(name or getattr(source, "name", source))).name
    data = read_limited(source)
    if not data.strip(b"\x00 \t\r\n"):
        raise SheetRefused("empty", _("文件是空的。"))
    suffix = PurePath(name).suffix.lower()
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused(
            "old_excel", _("这是旧版 .xls 或加了密码的文件。请去掉密码，另存为 .xlsx 再传。")
        )
    if data.startswith(b"PK"):
        check_archive(data)
        return Table(name=name, sheets=_workbook_sheets(data))
    if suffix in (".csv", ".txt", ".tsv"):
        return Table(name=name, sheets=[_csv_sheet(data)])
    raise SheetRefused("format", _("只能导入 .xlsx 或 .csv 文件。"))


_PARSER_ERRORS = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, EOFError,
    SyntaxError, ParseError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _workbook_sheets(data):
    reader = ExcelReader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        reader.read_manifest()
        reader.read_workbook()
        strings = _shared_strings(reader)
        try:
            apply_stylesheet(reader.archive, reader.wb)
        except _PARSER_ERRORS:
            # Survey platforms write styles that openpyxl cannot read. Without them dates stay
            # serial numbers, which `salon.text.read_moment` understands.
            reader.wb._date_formats, reader.wb._timedelta_formats = set(), set()
        found = [
            (sheet, relation.target)
            for sheet, relation in reader.parser.find_sheets()
            if "worksheet" in relation.Type and relation.target in reader.valid_files
        ]
    except DefusedXmlException as error:
        raise entities() from error
    except _PARSER_ERRORS as error:
        raise not_workbook() from error
    visible = [each for each in found if each[0].state == "visible"] or found
    if not visible:
        raise SheetRefused("empty", _("工作簿里没有工作表。"))

    def rows_of(path):
        return lambda: _sheet_rows(reader, path, strings)

    return [Sheet(title=sheet.name, rows=rows_of(path)) for sheet, path in visible]


class _Metered:
    """A part being parsed; refuses when too much markup comes without a finished piece."""

    def __init__(self, stream):
        self._stream = stream
        self.markup = 0

    def read(self, size=-1):
        piece = self._stream.read(size)
        self.markup += piece.count(b"<")
        if self.markup > MOST_MARKUP_PER_ROW:
            raise bomb()
        return piece


_STRING_TAG = f"{{{SHEET_MAIN_NS}}}si"
_TEXT_TAG = f"{{{SHEET_MAIN_NS}}}t"
_RUN_TAG = f"{{{SHEET_MAIN_NS}}}r"
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def _text_of(element):
    """The text of `<si>` or `<is>`: its own or its runs', without the phonetic hints."""
    text = "".join(
        child.text or ""
        if child.tag == _TEXT_TAG
        else "".join(part.text or "" for part in child if part.tag == _TEXT_TAG)
        for child in element
        if child.tag in (_TEXT_TAG, _RUN_TAG)
    )
    # Excel spells a carriage return _x000D_ and a literal "_x000D_" _x005F_x000D_.
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def _shared_strings(reader):
    content = reader.package.find(SHARED_STRINGS)
    if content is None:
        return []
    strings = []
    with reader.archive.open(content.PartName[1:]) as stream:
        source = _Metered(stream)
        for _event, element in iterparse(source):  # noqa: S314
            if element.tag == _STRING_TAG:
                strings.append(_text_of(element))
                element.clear()
                source.markup = 0
                if len(strings) > MOST_STRINGS:
                    raise bomb()
    return strings


class _RowParser(WorkSheetParser):
    """openpyxl's cells, row by row, and nothing else of the sheet: no dimension record, no
    validations, no links — records that lie or break are never read."""

    def parse(self):
        for _event, element in iterparse(self.source):  # noqa: S314
            if element.tag == ROW_TAG:
                number, cells = self.parse_row(element)
                element.clear()
                self.row_dimensions.clear()
                self.source.markup = 0
                yield number, cells
            elif element.tag == DATA_TAG:
                return

    def parse_cell(self, element):
        # Nearly all cells are texts; openpyxl's way through its classes costs several times more.
        kind = element.get("t")
        if kind == "s":
            place = element.findtext(VALUE_TAG)  # some writers leave an empty cell its type
            value = self.shared_strings[int(place)] if place else None
        elif kind == "inlineStr":
            text = element.find(INLINE_STRING)
            value = None if text is None else _text_of(text)
        else:
            return super().parse_cell(element)
        coordinate = element.get("r")
        self.col_counter = (
            _column_index(coordinate.rstrip("0123456789")) if coordinate else self.col_counter + 1
        )
        return {"column": self.col_counter, "value": value}


_column_index = functools.cache(column_index_from_string)


def _sheet_rows(reader, path, strings):
    book = reader.wb
    records = counted = 0
    try:
        with reader.archive.open(path) as stream:
            parser = _RowParser(
                _Metered(stream), strings, data_only=True, epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )  # fmt: skip
            last = 0
            for number, cells in parser.parse():
                records += 1
                if number <= last:
                    raise damaged()
                if records > MOST_ROW_RECORDS:
                    raise _too_many_rows()
                last = number
                filled, width = {}, 0
                for cell in cells:
                    value = cell["value"]
                    # "e": #REF! and the like, which is nobody's answer.
                    if value is not None and value != "" and cell.get("data_type") != "e":
                        column = cell["column"]
                        filled[column] = value
                        width = max(width, column)
                if not filled:
                    continue
                counted += 1
                if counted > MOST_ROWS:
                    raise _too_many_rows()
                if width > MOST_COLUMNS:
                    raise SheetRefused("columns", _("列太多：最多 100 列。"))
                yield number, tuple([filled.get(column) for column in range(1, width + 1)])
    except DefusedXmlException as error:
        raise entities() from error
    except _PARSER_ERRORS as error:
        raise damaged() from error


def _too_many_rows():
    return SheetRefused("rows", _("行太多：一次最多 50 000 行。请拆成几份再传。"))


# ---- CSV ---------------------------------------------------------------------------------

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = ",\t;"
_FORMULA_START = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def _decode(data):
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            candidates = [encoding]
            break
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise SheetRefused("encoding", _("文件的编码认不出来。请另存为 UTF-8 编码的 .csv 再传。"))


def _csv_sheet(data):
    # Universal newlines: an old Mac's file and a line break inside a quoted cell both read well.
    text = io.StringIO(_decode(data), newline=None).read()
    first, _newline, rest = text.partition("\n")
    declared = re.fullmatch(r"sep=(.)", first.strip(), re.I)
    if declared:
        text, delimiter = rest, declared[1]
    else:
        delimiter = _delimiter(text)
    return Sheet(title="", rows=lambda: _csv_rows(text, delimiter))


def _delimiter(text):
    """The delimiter under which most of the first lines have equally many fields."""

    def agreement(delimiter):
        widths = []
        try:
            for row in csv.reader(io.StringIO(text[:65536], newline=""), delimiter=delimiter):
                if len(row) > 1:
                    widths.append(len(row))
                if len(widths) == 50:
                    break
        except csv.Error:
            pass
        common = max(set(widths), key=widths.count, default=0)
        return widths.count(common), common

    return max(_DELIMITERS, key=agreement)


def _csv_rows(text, delimiter):
    filled = 0
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, row in enumerate(rows, 1):
            if len(row) > MOST_COLUMNS and any(row[MOST_COLUMNS:]):
                raise SheetRefused("columns", _("列太多：最多 100 列。"))
            values = [_unquote(value) or None for value in row[:MOST_COLUMNS]]
            while values and values[-1] is None:
                values.pop()
            if not values:
                continue
            filled += 1
            if filled > MOST_ROWS:
                raise _too_many_rows()
            yield number, tuple(values)
    except csv.Error as error:
        raise damaged() from error


def _unquote(value):
    """Undo the quote that `write_csv` puts before what Excel would calculate."""
    return value[1:] if value[:1] == "'" and _FORMULA_START.match(value) else value


# ---- writing -----------------------------------------------------------------------------

CELL_LENGTH = 32_767  # Excel counts UTF-16 units
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DATE, _DATETIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"


def _cell_text(value):
    """Return `value` as a spreadsheet can hold it: no controls, at most 32 767 UTF-16 units."""
    text = str(value)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _UNWRITABLE.search(text):
        text = _UNWRITABLE.sub("", text)
    if len(text) > CELL_LENGTH // 2:
        text = text.encode("utf-16-le")[: CELL_LENGTH * 2].decode("utf-16-le", "ignore")
    return text


def write_table(stream, *, sheets):
    """Write an XLSX to the binary `stream`, in flat memory.

    `sheets`: (title, headers, rows, widths) each; `rows` any iterable of rows, `widths` in
    characters or None. int, float, Decimal, datetime, date and bool become typed cells (an aware
    datetime shows the clock of its own zone), None an empty one, everything else a text cell —
    never a formula, never a link. Longer texts than Excel holds are cut.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(stream, options) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        formats = {
            date: book.add_format({"num_format": _DATE}),
            datetime: book.add_format({"num_format": _DATETIME}),
        }
        taken = set()
        for title, headers, rows, widths in sheets:
            sheet = book.add_worksheet(_sheet_title(title, taken))
            for column, width in enumerate(widths or ()):
                sheet.set_column(column, column, width)
            if headers:
                sheet.freeze_panes(1, 0)
                for column, header in enumerate(headers):
                    sheet.write_string(0, column, _cell_text(header), head)
            for number, row in enumerate(rows, 1 if headers else 0):
                _write_row(sheet, number, row, formats)


def _write_row(sheet, number, row, formats):
    write_string = sheet.write_string
    for column, value in enumerate(row):
        kind = type(value)
        if kind is str:
            if value:
                write_string(number, column, _cell_text(value))
        elif value is None:
            continue
        elif kind is bool:
            sheet.write_boolean(number, column, value)
        elif isinstance(value, int | float | Decimal):
            # Excel keeps 15 digits: a longer number is an identifier, nan is a word.
            if (isinstance(value, int) or math.isfinite(value)) and abs(value) < 10**15:
                sheet.write_number(number, column, value)
            else:
                write_string(number, column, str(value))
        elif isinstance(value, datetime):
            moment = value.replace(tzinfo=None)
            sheet.write_datetime(number, column, moment, formats[datetime])
        elif isinstance(value, date):
            sheet.write_datetime(number, column, value, formats[date])
        else:
            write_string(number, column, _cell_text(value))


def _sheet_title(title, taken):
    base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", _cell_text(title)).strip(" '")[:28] or "Sheet"
    name, count = base, 1
    while name.casefold() in taken or name.casefold() == "history":
        count += 1
        name = f"{base} {count}"
    taken.add(name.casefold())
    return name


def write_csv(stream, *, headers, rows):
    """Write a CSV that Excel opens as UTF-8 to the binary `stream`.

    A text that Excel would calculate (= + - @ tab, also full-width) gets a quote before it, which
    `open_table` takes off again; numbers stay numbers.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([_csv_text(header) for header in headers])
    for row in rows:
        writer.writerow([_csv_text(value) for value in row])
    text.detach()


def _csv_text(value):
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, int | float | Decimal | date) and not isinstance(value, bool):
        return str(value)
    text = _cell_text(value)
    return "'" + text if _FORMULA_START.match(text) else text
