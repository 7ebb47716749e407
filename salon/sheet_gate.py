"""The gate for uploaded spreadsheets: judged by what they are before any library parses them."""

import io
import re
import zipfile
import zlib

from django.utils.translation import gettext_lazy as _

from salon.errors import Refused

MOST_BYTES = 8 * 1024 * 1024  # twenty thousand answers, in a CSV too
MOST_UNPACKED = 50 * 1024 * 1024
MOST_PARTS = 200
MOST_ROWS = 50_000
MOST_COLUMNS = 100

MOST_SETTINGS_BYTES = 4 * 1024 * 1024  # every part that is parsed as one tree
MOST_STRINGS = 1_000_000
MOST_ROW_RECORDS = 200_000  # rows with and without values: formatted blank ones are recorded too
MOST_MARKUP_PER_ROW = 200_000  # "<" between two rows: 16 384 columns need 100 000


class SheetRefused(Refused):
    """The file is not taken; `message` says why in one sentence, `code` for machines."""

    def __init__(self, code, message):
        super().__init__(code, message, status=422)


def damaged():
    return SheetRefused(
        "damaged", _("文件已损坏，读不出来。请用 Excel 或 WPS 打开后另存为 .xlsx 再传。")
    )


def not_workbook():
    return SheetRefused("not_workbook", _("这不是 Excel 工作簿。只能导入 .xlsx 或 .csv 文件。"))


def entities():
    return SheetRefused("entities", _SENTENCES["entities"])


def too_large():
    return SheetRefused("too_large", _("文件太大：最多 8 MB。请拆成几份再传。"))


def bomb():
    return SheetRefused("bomb", _("文件展开后太大，不能导入。请另存为新的 .xlsx 再传。"))


def read_limited(source):
    """Return the bytes of a path, a binary file or bytes; SheetRefused above 8 MB."""
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source[: MOST_BYTES + 1])
    elif hasattr(source, "read"):
        if hasattr(source, "seek"):
            source.seek(0)
        data = source.read(MOST_BYTES + 1)
    else:
        with open(source, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise too_large()
    return data


_FORBIDDEN_PARTS = (
    ("macros", re.compile(r"vbaproject|vbadata|macrosheets?/|dialogsheets?/", re.I)),
    ("active", re.compile(
        r"externallinks/|embeddings/|activex/|querytables/|connections\.xml$|customui/|oleobject"
        r"|webextensions/", re.I,
    )),
)  # fmt: skip
_FORBIDDEN_WORDS = (
    ("macros", re.compile(rb"macroEnabled|vbaProject", re.I)),
    ("active", re.compile(rb"relationships/(?:externalLink|oleObject|control|attachedTemplate)")),
)
_SENTENCES = {
    "macros": _("文件里有宏，不能导入。请另存为不含宏的 .xlsx 再传。"),
    "active": _("文件里有外部链接或嵌入对象，不能导入。请只保留数据，另存为 .xlsx 再传。"),
    "entities": _("文件里有不允许的内容（实体声明），不能导入。"),
}
_BINARY_PART = re.compile(r"\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|wdp|bin|vml)$", re.I)
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.I)


def check_archive(data):
    """Refuse by what the archive really holds; what it declares is only the first look."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise bomb()
        names = [part.filename for part in parts]
        if len(set(names)) != len(names):
            raise damaged()
        for part in parts:
            for code, pattern in _FORBIDDEN_PARTS:
                if pattern.search(part.filename):
                    raise SheetRefused(code, _SENTENCES[code])
            if part.flag_bits & 1:
                raise SheetRefused("old_excel", _("文件加了密码。请去掉密码再传。"))
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise damaged()
        if "[Content_Types].xml" not in names:
            raise not_workbook()
        left = MOST_UNPACKED
        for part in parts:
            left -= _check_part(archive, part, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise damaged() from error


def _check_part(archive, part, left):
    """Unpack one part in pieces, at most `left` bytes; return its real size."""
    name = part.filename
    is_xml = not _BINARY_PART.search(name)
    is_listing = name.endswith(".rels") or name == "[Content_Types].xml"
    streamed = re.match(r"/?xl/(worksheets/|sharedStrings)", name)
    if is_xml and not streamed and part.file_size > MOST_SETTINGS_BYTES:
        raise bomb()
    size, tail = 0, b""
    with archive.open(part) as stream:
        while piece := stream.read(1 << 18):
            size += len(piece)
            if size > left:
                raise bomb()
            if not is_xml:
                continue
            seen = tail + piece
            # UTF-16 would hide a declaration from this look; no spreadsheet program writes it.
            if b"\x00" in piece or _DECLARATION.search(seen):
                raise entities()
            if is_listing:
                for code, pattern in _FORBIDDEN_WORDS:
                    if pattern.search(seen):
                        raise SheetRefused(code, _SENTENCES[code])
            tail = piece[-64:]
    return size
