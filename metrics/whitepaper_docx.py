"""The whitepaper as a DOCX that Word, WPS and LibreOffice open with Chinese fonts.

The contents are links to bookmarks at the headings, each with a field for its page. Only who lays
out the pages knows their numbers: LibreOffice fills the fields in as it opens the file, Word when
it is asked to (Ctrl+A, F9), and until then they show nothing rather than something wrong. No field
is marked as out of date, because Word would greet the reader with a question about it. Nothing is
linked from outside, no macro, no remote picture.
"""

import io
from collections import Counter

import segno
from django.utils.translation import gettext as _
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt, RGBColor
from PIL import Image, UnidentifiedImageError

from metrics import whitepaper
from salon.text import clean_text

SERIF, SANS = "宋体", "黑体"
LATIN_SERIF, LATIN_SANS = "Times New Roman", "Arial"
INK, SEAL, GREY = RGBColor(0x21, 0x1D, 0x19), RGBColor(0xB0, 0x30, 0x1C), RGBColor(0x67, 0x60, 0x52)
LINE = "B9B0A0"
TEXT_WIDTH, MOST_PICTURE_HEIGHT = Cm(15), Cm(9)
PICTURE_PIXELS = 1600


def clean(text):
    """Text as XML can hold it; what Markdown left as spaces at the ends stays."""
    body = clean_text(text, multiline=True)
    before, after = text[:1] == " ", text[-1:] == " " and len(text) > 1
    return f"{' ' * before}{body}{' ' * after}" if body else " " * before


def build(paper, *, url, photo_file):
    """The bytes of the DOCX of one version.

    `url` is the public page, printed at the end with its QR code; `photo_file(photo)` opens a
    PlanPhoto for reading and may raise OSError, then the picture is left out.
    """
    document = Document()
    _set_up(document, paper)
    modules = whitepaper.modules_of(paper)
    _cover(document, paper)
    _contents(document, modules)
    marks = _Bookmarks()
    for number, key, name, sections in modules:
        heading = document.add_heading(f"{number} {name}".strip(), level=1)
        marks.put(heading, number or key)
        for section in sections:
            if section.title and not section.repeats:
                title = document.add_heading(
                    clean(f"{section.number} {section.title}").strip(), level=2
                )
                marks.put(title, section.anchor)
            _Writer(document).write(section.text)
            for photo in section.photos:
                _picture(document, photo, photo_file)
            if section.names:
                _small(document, _("贡献者：%(names)s") % {"names": _("、").join(section.names)})
    _credits(document, paper, url)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


# --- styles ---------------------------------------------------------------------------------------


def _set_up(document, paper):
    properties = document.core_properties
    properties.title = clean(paper.title)
    properties.author = clean(paper.event.title)
    properties.comments = ""
    properties.language = "zh-CN"
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(3)
    page.top_margin, page.bottom_margin = Cm(2.8), Cm(2.6)
    page.different_first_page_header_footer = True
    styles = document.styles
    _font(styles["Normal"], SERIF, LATIN_SERIF, Pt(11), INK)
    styles["Normal"].paragraph_format.line_spacing = 1.5
    styles["Normal"].paragraph_format.space_after = Pt(6)
    for name, size, colour in (
        ("Title", 28, INK),
        ("Heading 1", 20, SEAL),
        ("Heading 2", 14, INK),
        ("Heading 3", 12, INK),
        ("Heading 4", 11, INK),
        ("Heading 5", 11, GREY),
    ):
        _font(styles[name], SANS, LATIN_SANS, Pt(size), colour)
        styles[name].font.bold = name != "Title"
        styles[name].paragraph_format.space_before = Pt(18 if name == "Heading 1" else 12)
        styles[name].paragraph_format.space_after = Pt(6)
        styles[name].paragraph_format.keep_with_next = True
    styles["Heading 1"].paragraph_format.page_break_before = True
    _no_border(styles["Title"])
    for name in ("List Bullet", "List Number", "Quote", "Caption", "Footer"):
        _font(
            styles[name], SERIF, LATIN_SERIF, None, GREY if name in ("Caption", "Footer") else INK
        )
    styles["Caption"].font.bold = False
    styles["Caption"].paragraph_format.space_before = Pt(0)
    styles["Caption"].paragraph_format.space_after = Pt(14)
    styles["Quote"].font.italic = False
    styles["Quote"].paragraph_format.left_indent = Cm(0.8)
    styles["Quote"].font.color.rgb = GREY
    for level in (1, 2):
        style = styles.add_style(f"TOC {level}", WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        _font(style, SANS if level == 1 else SERIF, LATIN_SANS, Pt(11), INK)
        style.font.bold = level == 1
        style.paragraph_format.left_indent = Cm(0.8 * (level - 1))
        style.paragraph_format.space_after = Pt(2)
        style.paragraph_format.space_before = Pt(12 if level == 1 else 0)
        style.paragraph_format.right_indent = Cm(1.5)
        # Without a leader: dots that lead to a number not yet known would look unfinished.
        style.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _field(footer, "PAGE", "1")


def _font(style, east, latin, size, colour):
    style.font.name = latin
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{attribute}"), None)
    fonts.set(qn("w:eastAsia"), east)
    fonts.set(qn("w:hAnsi"), latin)
    if size is not None:
        style.font.size = size
    style.font.color.rgb = colour
    style.font.italic = False
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "zh-CN")
    language.set(qn("w:eastAsia"), "zh-CN")
    style.element.get_or_add_rPr().append(language)


def _no_border(style):
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


# --- fields and bookmarks -------------------------------------------------------------------------


def _run(parent, text=None, *, style=None):
    run = OxmlElement("w:r")
    if style is not None:
        run.append(style)
    if text is not None:
        element = OxmlElement("w:t")
        element.set(qn("xml:space"), "preserve")
        element.text = text
        run.append(element)
    parent.append(run)
    return run


def _mark(parent, kind):
    character = OxmlElement("w:fldChar")
    character.set(qn("w:fldCharType"), kind)
    _run(parent).append(character)


def _instruction(parent, text):
    element = OxmlElement("w:instrText")
    element.set(qn("xml:space"), "preserve")
    element.text = f" {text} "
    _run(parent).append(element)


def _field(paragraph, instruction, shown):
    """A complex field with what it shows until it is brought up to date."""
    parent = getattr(paragraph, "_p", paragraph)
    _mark(parent, "begin")
    _instruction(parent, instruction)
    _mark(parent, "separate")
    _run(parent, shown)
    _mark(parent, "end")


def _anchor(number):
    return f"_Toc{number.replace('.', '_')}"


class _Bookmarks:
    def __init__(self):
        self.count = 0

    def put(self, paragraph, number):
        self.count += 1
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for element in (start, end):
            element.set(qn("w:id"), str(self.count))
        start.set(qn("w:name"), _anchor(number))
        place = 1 if paragraph._p.pPr is not None else 0
        paragraph._p.insert(place, start)
        paragraph._p.append(end)


# --- pages ----------------------------------------------------------------------------------------


def _cover(document, paper):
    event = paper.event
    for _line in range(6):
        document.add_paragraph()
    title, _space, last = clean(paper.title).rpartition(" ")
    heading = document.add_paragraph(title or last, style="Title")
    if title:  # broken where its writer parted it, not in the middle of a word
        heading.runs[0].add_break(WD_BREAK.LINE)
        heading.add_run(last)
    lines = [
        clean(event.theme or event.title),
        f"{event.local(event.starts_at):%Y-%m-%d} · {clean(event.venue)}",
        _("第 %(version)d 版") % {"version": paper.version},
    ]
    if paper.published_at is None:
        lines[-1] += " · " + _("草稿，未发布")
    else:
        lines[-1] += f" · {event.local(paper.published_at):%Y-%m-%d}"
    for line in lines:
        paragraph = document.add_paragraph()
        paragraph.add_run(line).font.color.rgb = GREY


def _contents(document, modules):
    heading = document.add_paragraph()
    heading.paragraph_format.page_break_before = True
    run = heading.add_run(_("目录"))
    run.font.size, run.font.bold = Pt(20), True
    _east(run, SANS)
    entries = []
    for number, key, name, sections in modules:
        entries.append((1, number or key, f"{number} {name}".strip()))
        entries += [
            (2, section.anchor, clean(f"{section.number} {section.title}").strip())
            for section in sections
            if section.title and not section.repeats
        ]
    for level, number, text in entries:
        paragraph = document.add_paragraph(style=f"TOC {level}")._p
        link = OxmlElement("w:hyperlink")
        link.set(qn("w:anchor"), _anchor(number))
        link.set(qn("w:history"), "1")
        _run(link, text)
        _run(link).append(OxmlElement("w:tab"))
        _field(link, f"PAGEREF {_anchor(number)} \\h", "")
        paragraph.append(link)


def _east(run, font):
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _small(document, text):
    document.add_paragraph(clean(text), style="Caption")


def _credits(document, paper, url):
    names = whitepaper.credits_of(paper)
    heading = document.add_paragraph()
    heading.paragraph_format.page_break_before = True
    run = heading.add_run(_("致谢"))
    run.font.size, run.font.bold = Pt(20), True
    _east(run, SANS)
    if names:
        document.add_paragraph(_("、").join(clean(name) for name in names))
    document.add_paragraph(
        _("谢谢每一位参与者，也谢谢愿意分享而不署名的朋友。最新版本在这里领取：")
    )
    picture = io.BytesIO()
    segno.make(url, error="m").save(picture, kind="png", scale=6, border=2)
    picture.seek(0)
    document.add_picture(picture, width=Cm(3.5))
    _small(document, url)


def _picture(document, photo, photo_file):
    try:
        with photo_file(photo) as source, Image.open(source) as original:
            image = original.convert("RGB")
            image.thumbnail((PICTURE_PIXELS, PICTURE_PIXELS))
            out = io.BytesIO()
            image.save(out, "JPEG", quality=85)
            width, height = image.size
    except (OSError, UnidentifiedImageError):
        return  # the file is gone; the text stays
    out.seek(0)
    scale = min(TEXT_WIDTH / width, MOST_PICTURE_HEIGHT / height)
    document.add_picture(out, width=Emu(int(width * scale)))
    document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER


# --- Markdown -------------------------------------------------------------------------------------


class _Writer:
    """Writes the tokens of one section's Markdown."""

    def __init__(self, document):
        self.document = document
        self.lists = []
        self.quoted = 0
        self.paragraph = None
        self.cells = None

    def write(self, text):
        for token in whitepaper.markdown.parse(text):
            handler = getattr(self, f"on_{token.type}", None)
            if handler:
                handler(token)

    def on_heading_open(self, token):
        level = min(int(token.tag[1]) + 2, 5)
        self.paragraph = self.document.add_heading("", level=level)

    def on_paragraph_open(self, token):
        if self.lists and not self.lists[-1]["used"]:
            self.lists[-1]["used"] = True
            ordered = self.lists[-1]["ordered"]
            self.paragraph = self.document.add_paragraph(style=None if ordered else "List Bullet")
            indent = Cm(0.7 * len(self.lists))
            self.paragraph.paragraph_format.left_indent = indent
            self.paragraph.paragraph_format.first_line_indent = -Cm(0.7)
            if ordered:
                self.paragraph.paragraph_format.tab_stops.add_tab_stop(indent)
                self.paragraph.add_run(f"{self.lists[-1]['number']}.\t")
        else:
            self.paragraph = self.document.add_paragraph(style="Quote" if self.quoted else None)
            if self.lists:
                self.paragraph.paragraph_format.left_indent = Cm(0.7 * len(self.lists))

    def on_blockquote_open(self, token):
        self.quoted += 1

    def on_blockquote_close(self, token):
        self.quoted -= 1

    def on_bullet_list_open(self, token):
        self.lists.append({"ordered": False, "number": 0, "used": True})

    def on_ordered_list_open(self, token):
        start = token.attrGet("start")
        first = 0 if start is None else int(start) - 1
        self.lists.append({"ordered": True, "number": first, "used": True})

    def on_list_item_open(self, token):
        self.lists[-1]["number"] += 1
        self.lists[-1]["used"] = False

    def on_bullet_list_close(self, token):
        self.lists.pop()

    on_ordered_list_close = on_bullet_list_close

    def on_fence(self, token):
        self.document.add_paragraph(clean(token.content.rstrip("\n")), style="Quote")

    on_code_block = on_fence

    def on_hr(self, token):
        self.document.add_paragraph("* * *").alignment = WD_ALIGN_PARAGRAPH.CENTER

    def on_table_open(self, token):
        self.cells = []

    def on_tr_open(self, token):
        self.cells.append([])

    def on_th_open(self, token):
        self.cells[-1].append(None)

    on_td_open = on_th_open

    def on_inline(self, token):
        if self.cells is not None:
            self.cells[-1][-1] = token
        elif self.paragraph is not None:
            _inline(self.paragraph, token)

    def on_table_close(self, token):
        rows, self.cells = self.cells, None
        table = self.document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        _thin_lines(table)
        widths = _column_widths(rows)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        for number, row in enumerate(rows):
            line = table.add_row()
            if number == 0:
                _repeat_on_every_page(line)
            for place, inline in enumerate(row):
                line.cells[place].width = widths[place]
                line.cells[place].vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
                paragraph = line.cells[place].paragraphs[0]
                paragraph.paragraph_format.space_before = Pt(2)
                paragraph.paragraph_format.space_after = Pt(2)
                paragraph.paragraph_format.line_spacing = 1.25
                if inline is not None:
                    _inline(paragraph, inline, size=Pt(10), bold=number == 0)
        self.document.add_paragraph().paragraph_format.space_after = Pt(0)


def _column_widths(rows):
    """Wide columns for long texts: the longest cell of each, within reason."""
    longest = [
        min(max(len(cell.content) if cell else 0 for cell in column), 24) + 4
        for column in zip(*rows, strict=True)
    ]
    return [Emu(int(TEXT_WIDTH * length / sum(longest))) for length in longest]


def _thin_lines(table):
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", LINE)):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    table._tbl.tblPr.append(borders)


def _repeat_on_every_page(row):
    header = OxmlElement("w:tblHeader")
    header.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(header)


def _inline(paragraph, inline, *, size=None, bold=False):
    on, target = Counter(bold=int(bold)), None
    for token in inline.children or ():
        kind, _underscore, edge = token.type.rpartition("_")
        if kind == "link":
            target = token.attrGet("href") if edge == "open" else None
        elif edge in ("open", "close"):
            on[kind] += 1 if edge == "open" else -1
        elif token.type in ("text", "code_inline"):
            run = paragraph.add_run(clean(token.content))
            run.font.bold = bool(on["strong"] or on["bold"]) or None
            run.font.italic = bool(on["em"]) or None
            run.font.strike = bool(on["s"]) or None
            run.font.size = size
            if target:
                _link(paragraph, run, target)
        elif token.type == "softbreak" and paragraph.text[-1:].isascii():
            paragraph.add_run(" ")  # a line broken in Chinese goes on without a gap
        elif token.type == "hardbreak":
            paragraph.add_run().add_break(WD_BREAK.LINE)


def _link(paragraph, run, target):
    if not target.startswith(("http://", "https://", "mailto:")):
        return
    relation = paragraph.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), relation)
    run.font.underline = True
    paragraph._p.append(link)
    link.append(run._r)
