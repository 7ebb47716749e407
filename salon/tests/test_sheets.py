"""The gate for uploaded spreadsheets, and what the writer lets out. Hostile files are made here."""

import contextlib
import csv
import io
import re
import tracemalloc
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salon.sheets import SheetRefused, open_table, write_csv, write_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"

FORMULAS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(1+1)", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://e\",\"x\")"),
    *("=1+1\ttab", "\t=1+1", "\n=1+1", "\r=1+1", " =1+1", "'=1+1", "''=1+1", '"=1+1"', ";=1+1"),
    *("＝1+1", "＋1", "－1", "＠SUM(1)", "=IMPORTXML(\"http://e\",\"//a\")", "=RTD(\"e\")"),
    *("{=1+1}", "{=SUM(A1:A2)}", "=DDE(\"cmd\";\"/C calc\";\"x\")", "+cmd|' /C calc'!A0", "%0A-3"),
    *("http://evil.example", "https://evil.example/a b", "ftp://evil", "mailto:a@b.c"),
    *("internal:Sheet1!A1", "external:c:\\x.xlsx", "=A1", "==1", "=-1", "@@", "--", "-", "+", "="),
    *("_x003D_1+1", "<f>1+1</f>", "&#61;1+1", "1e5", "0012", "TRUE", "2026-12-19", "=\x071+1"),
]  # fmt: skip


def workbook(**parts):
    """A small sound workbook as XLSX; keyword parts replace or add (sheet, strings, styles, …)."""
    sheet = parts.pop("sheet", "<row r='1'><c r='A1' t='inlineStr'><is><t>姓名</t></is></c></row>")
    files = {
        "[Content_Types].xml": parts.pop(
            "types",
            "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
            "<Default Extension='rels'"
            " ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
            "<Default Extension='xml' ContentType='application/xml'/>"
            f"<Override PartName='/xl/workbook.xml' ContentType='{TYPES}.sheet.main+xml'/>"
            f"<Override PartName='/xl/worksheets/sheet1.xml' ContentType='{TYPES}.worksheet+xml'/>"
            f"<Override PartName='/xl/sharedStrings.xml' ContentType='{TYPES}.sharedStrings+xml'/>"
            "</Types>",
        ),
        "_rels/.rels": f"<Relationships xmlns='{PACKAGE}'><Relationship Id='r1'"
        f" Type='{OFFICE}/officeDocument' Target='xl/workbook.xml'/></Relationships>",
        "xl/workbook.xml": f"<workbook xmlns='{MAIN}' xmlns:r='{OFFICE}'><sheets>"
        "<sheet name='表' sheetId='1' r:id='r1'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{PACKAGE}'><Relationship Id='r1'"
        f" Type='{OFFICE}/worksheet' Target='worksheets/sheet1.xml'/></Relationships>",
        "xl/sharedStrings.xml": f"<sst xmlns='{MAIN}'>{parts.pop('strings', '')}</sst>",
        "xl/worksheets/sheet1.xml": f"{parts.pop('prolog', '')}<worksheet xmlns='{MAIN}'>"
        f"{parts.pop('dimension', '')}<sheetData>{sheet}</sheetData>"
        f"{parts.pop('after', '')}</worksheet>",
    } | parts
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def rows_of(content, name="a.xlsx"):
    return list(open_table(content, name=name).rows())


def refusal(content, name="a.xlsx"):
    with pytest.raises(SheetRefused) as refused:
        rows_of(content, name)
    assert str(refused.value.message).endswith("。")
    return refused.value.code


# ---- sound files -------------------------------------------------------------------------


def test_values_come_as_they_were_typed_with_their_row_numbers():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["姓名", 1, 1.5, True, None, datetime(2026, 12, 19, 13, 30)])  # noqa: DTZ001
    sheet["C5"] = "末"
    stream = io.BytesIO()
    book.save(stream)
    assert rows_of(stream.getvalue()) == [
        (1, ("姓名", 1, 1.5, True, None, datetime(2026, 12, 19, 13, 30))),  # noqa: DTZ001
        (5, (None, None, "末")),
    ]


def test_a_formula_reads_as_the_value_it_was_saved_with():
    cells = (
        "<row r='1'><c r='A1'><f>1+1</f><v>2</v></c><c r='B1' t='str'><f>A1</f><v>文</v></c>"
        "<c r='C1'><f>1+1</f></c><c r='D1' t='e'><f>1/0</f><v>#DIV/0!</v></c></row>"
    )
    assert rows_of(workbook(sheet=cells)) == [(1, (2, "文"))]


def test_shared_and_rich_texts_read_without_hints_for_pronunciation():
    strings = (
        "<si><t>林</t></si><si><r><t>蔡</t></r><r><t xml:space='preserve'> 敏</t></r>"
        "<rPh sb='0' eb='1'><t>cai</t></rPh></si><si><t>a_x000D_b_x005F_x0041_</t></si>"
    )
    cells = "".join(f"<c t='s'><v>{n}</v></c>" for n in range(3))
    table = workbook(strings=strings, sheet=f"<row>{cells}</row>")
    assert rows_of(table) == [(1, ("林", "蔡 敏", "a\rb_x0041_"))]


def test_an_empty_cell_that_says_it_is_a_text_is_empty():
    cells = "<c t='s'/><c t='s'><v></v></c><c t='inlineStr'/><c t='s'><v>0</v></c>"
    table = workbook(strings="<si><t>林</t></si>", sheet=f"<row>{cells}</row>")
    assert rows_of(table) == [(1, (None, None, None, "林"))]


@pytest.mark.parametrize(
    "dimension",
    ["<dimension ref='A1:A1'/>", "<dimension ref='A1:XFD1048576'/>", "<dimension ref='nonsense'/>"],
)
def test_a_dimension_record_that_lies_changes_nothing(dimension):
    cells = (
        "<row r='1'><c r='A1'><v>1</v></c><c r='C1'><v>3</v></c></row>"
        "<row r='9'><c r='B9'><v>2</v></c></row>"
    )
    assert rows_of(workbook(dimension=dimension, sheet=cells)) == [
        (1, (1, None, 3)),
        (9, (None, 2)),
    ]


def test_broken_styles_and_broken_records_after_the_data_do_not_matter():
    content = workbook(
        after="<dataValidations count='x'><dataValidation sqref='!!'/></dataValidations>",
        **{"xl/styles.xml": f"<styleSheet xmlns='{MAIN}'><fills><fill/></fills><fonts>x</fonts>"
           "</styleSheet>"},
    )  # fmt: skip
    assert rows_of(content) == [(1, ("姓名",))]


def test_rows_far_below_are_reached_without_counting_there():
    cells = "<row r='1048576'><c r='A1048576'><v>1</v></c></row>"
    assert rows_of(workbook(sheet=cells)) == [(1048576, (1,))]


def test_hidden_sheets_are_passed_over():
    book = openpyxl.Workbook()
    book.active.title = "隐藏"
    book.active["A1"] = "x"
    book.create_sheet("可见")["A1"] = "y"
    book.active.sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    table = open_table(stream, name="a.xlsx")
    assert [sheet.title for sheet in table.sheets] == ["可见"]


def test_a_path_a_file_and_bytes_are_the_same_to_the_gate(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook())
    with path.open("rb") as file:
        file.read(10)
        assert rows_of(path, None) == rows_of(file, None) == rows_of(workbook())


# ---- hostile files -----------------------------------------------------------------------


@pytest.mark.parametrize("megabytes", [10, 20])
def test_so_many_megabytes_are_refused_before_anything_is_read(megabytes):
    assert refusal(b"PK\x03\x04" + b"\x00" * megabytes * 1024 * 1024) == "too_large"


def test_twenty_thousand_answers_in_a_csv_are_no_such_file():
    line = "林知夏,13800138000," + "新人进群三天就不说话了" * 11
    content = "\n".join(["姓名,手机,痛点", *([line] * 20_000)]).encode()
    assert len(content) > 7 * 1024 * 1024
    assert sum(1 for _row in open_table(content, name="a.csv").rows()) == 20_001


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\x00" * 100, "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old_excel"),
        (b"%PDF-1.7", "format"),
        (b"PK\x03\x04 not really", "damaged"),
        (workbook()[:-30], "damaged"),
        (workbook()[:400] + b"\xff" * 40 + workbook()[440:], "damaged"),
        (workbook(types="<Types"), "not_workbook"),
        (workbook(**{"xl/workbook.xml": "<html/>"}), "empty"),
        (workbook(sheet="<row r='1'><c r='A1' t='s'><v>7</v></c></row>"), "damaged"),
        (workbook(sheet="<row r='1'><c r='??'><v>7</v></c></row>"), "damaged"),
        (workbook(sheet="<row r='1'><c r='A1'><v>x</v></c></row>"), "damaged"),
        (
            workbook(sheet="<row r='5'><c><v>1</v></c></row><row r='5'><c><v>1</v></c></row>"),
            "damaged",
        ),
        (workbook(sheet="<row r='1'>"), "damaged"),
    ],
)
def test_what_is_no_sound_workbook_is_refused(content, code):
    assert refusal(content) == code


def test_a_zip_without_a_workbook_is_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refusal(stream.getvalue()) == "not_workbook"


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("xl/macrosheets/sheet1.xml", "macros"),
        ("xl/externalLinks/externalLink1.xml", "active"),
        ("xl/embeddings/oleObject1.bin", "active"),
        ("xl/activeX/activeX1.xml", "active"),
        ("xl/queryTables/queryTable1.xml", "active"),
        ("xl/connections.xml", "active"),
        ("customUI/customUI.xml", "active"),
    ],
)
def test_macros_links_and_embedded_things_are_refused(part, code):
    assert refusal(workbook(**{part: "<x/>"})) == code


def test_a_macro_that_only_the_listings_name_is_refused():
    types = f"<Types><Override PartName='/w' ContentType='{TYPES}.macroEnabled.main+xml'/></Types>"
    assert refusal(workbook(types=types)) == "macros"
    relations = f"<Relationships><Relationship Type='{OFFICE}/externalLink'/></Relationships>"
    assert refusal(workbook(**{"xl/worksheets/_rels/sheet1.xml.rels": relations})) == "active"


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
        "<?xml version='1.0'?>" + " " * 300_000 + "<!DOCTYPE x []>",
    ],
)
def test_entities_are_refused_wherever_they_stand(prolog):
    assert refusal(workbook(prolog=prolog)) == "entities"
    for part in ("xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml", "docProps/core.xml"):
        assert refusal(workbook(**{part: prolog + "<x/>"})) == "entities"


def test_an_entity_in_utf_16_does_not_slip_by():
    sheet = "<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet/>".encode("utf-16")
    assert refusal(workbook(**{"xl/worksheets/sheet1.xml": sheet})) == "entities"


@pytest.mark.parametrize("encoding", ["cp037", "cp1026", "utf-7", "mac-cyrillic", "iso-8859-2"])
def test_no_encoding_hides_an_entity(encoding):
    declared = f"<?xml version='1.0' encoding='{encoding}'?>".encode()
    hidden = "<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet>&a;</worksheet>".encode(encoding)
    for part in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
        assert refusal(workbook(**{part: declared + hidden})) in (
            "entities",
            "damaged",
            "not_workbook",
        )


def test_a_bomb_is_refused_by_what_it_declares():
    assert refusal(workbook(**{"xl/media/a.png": b"\x00" * 60_000_000})) == "bomb"
    assert refusal(workbook(**{f"xl/media/{n}.png": b"" for n in range(201)})) == "bomb"
    assert refusal(workbook(**{"xl/styles.xml": b" " * 5_000_000})) == "bomb"


def test_a_bomb_that_lies_about_its_size_is_refused():
    size = 60_000_000
    content = workbook(**{"xl/media/a.png": b"\x00" * size})
    lying = content.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != content
    assert refusal(lying) == "damaged"


@pytest.mark.parametrize(
    "sheet",
    [
        "<row r='1'>" + "<c/>" * 3_000_000 + "</row>",
        "<x>" * 3_000_000,
        "<a/>" * 3_000_000 + "<row r='1'/>",
    ],
)
def test_markup_without_end_stops_before_the_memory_does(sheet):
    content = workbook(sheet=sheet)
    del sheet
    tracemalloc.start()
    try:
        assert refusal(content) == "bomb"
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_shared_texts_without_end_stop_too():
    assert refusal(workbook(strings="<x/>" * 3_000_000)) == "bomb"


def test_too_many_rows_and_columns_are_refused_in_words():
    assert refusal(workbook(sheet="<row><c><v>1</v></c></row>" * 50_001)) == "rows"
    assert refusal(workbook(sheet="<row/>" * 200_001)) == "rows"
    assert refusal(workbook(sheet="<row r='1'><c r='CW1'><v>1</v></c></row>")) == "columns"
    assert len(rows_of(workbook(sheet="<row><c><v>1</v></c></row>" * 50_000))) == 50_000


def test_one_name_twice_in_the_archive_is_refused():
    stream = io.BytesIO(workbook())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/workbook.xml", "<other/>")
    assert refusal(stream.getvalue()) == "damaged"


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data):
    content = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(SheetRefused):
        assert all(number > 0 for number, _cells in rows_of(bytes(content)))


def sound_file():
    stream = io.BytesIO()
    write_table(stream, sheets=[("表", ["姓名", "人数"], [["林", 1.5], ["蔡", 2]], [10, 10])])
    return stream.getvalue()


SOUND = sound_file()

# ---- CSV ---------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_reads_in_any_usual_encoding_and_with_any_usual_delimiter(encoding, delimiter):
    text = f'姓名{delimiter}话\r\n林{delimiter}"一,二;三\t四\r\n五"\r\n\r\n"蔡ㄞ"{delimiter}\r\n'
    assert rows_of(text.encode(encoding), "a.csv") == [
        (1, ("姓名", "话")),
        (2, ("林", "一,二;三\t四\n五")),
        (4, ("蔡ㄞ",)),
    ]


def test_a_csv_that_names_its_delimiter_is_believed():
    assert rows_of(b"sep=|\r\na|b,c\r\n", "a.csv") == [(1, ("a", "b,c"))]


def test_an_old_macs_csv_reads():
    assert rows_of(b"a,b\rc,d\r", "a.csv") == [(1, ("a", "b")), (2, ("c", "d"))]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff", "encoding"),
        (b"a,b\x00,c", "encoding"),
        (b"\xff\xfea", "encoding"),
        (b'"' + b"x" * 200_000 + b'"', "damaged"),
        (b"a,b\n" * 50_001, "rows"),
        (b"," * 100 + b"x", "columns"),
    ],
)
def test_a_csv_that_cannot_be_read_is_refused(content, code):
    assert refusal(content, "a.csv") == code


# ---- writing -----------------------------------------------------------------------------


def cleaned(value):
    """What a spreadsheet keeps of a text: no controls, one kind of line break."""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "", text)


def test_no_payload_becomes_a_formula_or_a_link_and_every_one_comes_back():
    assert len(FORMULAS) >= 40
    stream = io.BytesIO()
    rows = [[payload, payload] for payload in FORMULAS]
    write_table(stream, sheets=[(FORMULAS[0], FORMULAS[:2], rows, None)])
    with zipfile.ZipFile(stream) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet
        assert not [name for name in archive.namelist() if "sheet1.xml.rels" in name]
    book = openpyxl.load_workbook(stream)
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} == {"s"}
    assert [cells[0] for _number, cells in rows_of(stream.getvalue())[1:]] == [
        cleaned(payload) for payload in FORMULAS
    ]


def test_in_a_csv_every_payload_is_quoted_and_comes_back():
    stream = io.BytesIO()
    write_csv(stream, headers=["=话"], rows=[[payload, -1.5] for payload in FORMULAS])
    content = stream.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    written = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert not [row for row in written if re.match("[=+\\-@\t\r\n＝＋－＠]", row[0])]
    assert written[1][1] == "-1.5"
    read = [cells[0] for _number, cells in rows_of(content, "a.csv")]
    assert read == ["=话", *[cleaned(payload) for payload in FORMULAS]]


CELLS = st.text(st.characters(codec=None), max_size=40) | st.text(
    "=+-@'\t\r\n\"_x0041,;＝林", max_size=12
)


@settings(deadline=None)
@given(st.lists(CELLS.filter(cleaned), min_size=1, max_size=5))
def test_whatever_is_exported_is_imported_the_same(texts):
    xlsx, as_csv = io.BytesIO(), io.BytesIO()
    write_table(xlsx, sheets=[("a", ["h"], [[text] for text in texts], None)])
    write_csv(as_csv, headers=["h", "i"], rows=[[text, "x"] for text in texts])
    expected = [cleaned(text) for text in texts]
    assert [cells[0] for _n, cells in rows_of(xlsx.getvalue())[1:]] == expected
    assert [cells[0] for _n, cells in rows_of(as_csv.getvalue(), "a.csv")[1:]] == expected


def test_only_numbers_and_times_of_the_caller_are_typed():
    moment = datetime(2026, 12, 19, 13, 30, tzinfo=UTC)
    row = ["13800138001", 5, 1.5, Decimal("45.50"), moment, date(2026, 12, 19), True, None, 10**20]
    stream = io.BytesIO()
    write_table(stream, sheets=[("a", None, [[*row, float("nan"), Decimal("NaN")]], None)])
    cells = [cell.value for cell in openpyxl.load_workbook(stream).active[1]]
    assert cells == [
        *("13800138001", 5, 1.5, 45.5, datetime(2026, 12, 19, 13, 30)),  # noqa: DTZ001
        *(datetime(2026, 12, 19), True, None, "100000000000000000000", "nan", "NaN"),  # noqa: DTZ001
    ]


def test_a_text_longer_than_a_cell_is_cut_between_characters():
    stream = io.BytesIO()
    write_table(stream, sheets=[("a", None, [["林" * 40_000, "a" + "😀" * 20_000]], None)])
    plain, emoji = rows_of(stream.getvalue())[0][1]
    assert plain == "林" * 32_767
    assert emoji == "a" + "😀" * 16_383


def test_titles_that_excel_refuses_are_mended_and_kept_apart():
    stream = io.BytesIO()
    titles = ["a/b:c", "A B C", "", "History", "'名'", "长" * 50]
    write_table(stream, sheets=[(title, ["h"], [], None) for title in titles])
    names = openpyxl.load_workbook(stream).sheetnames
    assert names[:3] == ["a b c", "A B C 2", "Sheet"]
    assert len({name.casefold() for name in names}) == len(titles)
    assert all(len(name) <= 31 for name in names)


def test_a_large_export_keeps_its_memory_flat():
    def peak(rows):
        lines = ([f"第 {n} 行", n, "文" * 20] for n in range(rows))
        stream = io.BytesIO()
        tracemalloc.start()
        try:
            write_table(stream, sheets=[("a", ["x", "y", "z"], lines, None)])
            return tracemalloc.get_traced_memory()[1] - stream.getbuffer().nbytes
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(4_000) < peak(500) + 500_000
