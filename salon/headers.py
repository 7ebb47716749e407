"""Header rows, found and not assumed: columns are known by what they ask.

Platforms put lines before the header, number their questions and move columns about; organisers
reword them. 「2、您的手机号码：」 and 「手机」 ask the same.
"""

import re
from dataclasses import dataclass

from salon.sheets import Sheet
from salon.text import clean_text, fold

SEARCH_ROWS = 60
LONGEST_TITLE = 300
_NUMBERING = re.compile(
    r"^(?:第?\d+\s*(?:[、.:：)）_]|题[、.:：]?)|第?\d+\s+|[(（]\d+[)）]|q\d+[、.:：_)\s]*"
    r"|[一二三四五六七八九十]+、|[*★\s])+"
)
_SIDE_REMARK = re.compile(r"[(（\[【](?:必填|选填|必答|选答|单选题?|多选题?|填空题?|\*)[)）\]】]")


@dataclass(frozen=True)
class Header:
    """A header row. `columns` maps a field to the indexes of its columns, from 0."""

    sheet: Sheet
    number: int  # the row, as Excel counts it
    cells: tuple
    columns: dict[str, list[int]]

    def title(self, name):
        """What the file calls the field, None when it is not asked."""
        return clean_text(self.cells[self.columns[name][0]]) if name in self.columns else None

    @property
    def unread(self):
        """The titles of columns that no field took."""
        taken = {column for found in self.columns.values() for column in found}
        return [clean_text(c) for i, c in enumerate(self.cells) if c is not None and i not in taken]


def compile_asks(asks):
    """Compile {field: (patterns, the surest first; what rules the field out)}."""
    return {
        name: (tuple(re.compile(p) for p in patterns), re.compile(unless) if unless else None)
        for name, (patterns, unless) in asks.items()
    }


def question(title):
    """Fold a column title: number, width, case, spaces, colon and 必填 aside."""
    text = fold(clean_text(title, max_length=LONGEST_TITLE))
    text = _SIDE_REMARK.sub("", _NUMBERING.sub("", text))
    return re.sub(r"\s+", "", text).strip(":：?？*。.、")


def match_columns(cells, asks, *, repeated=()):
    """Return {field: [indexes]}; each column goes to the field that claims it surest.

    A field takes one column, those in `repeated` all that ask for them.
    """
    claims = []
    for column, cell in enumerate(cells):
        if not isinstance(cell, str) or len(cell) > LONGEST_TITLE:
            continue
        asked = question(cell)
        for order, (name, (patterns, unless)) in enumerate(asks.items()):
            if unless and unless.search(asked):
                continue
            for sureness, pattern in enumerate(patterns):
                if pattern.search(asked):
                    claims.append((sureness, order, column, name))
                    break
    found, taken = {}, set()
    for _sureness, _order, column, name in sorted(claims):
        if column in taken or (name in found and name not in repeated):
            continue
        found.setdefault(name, []).append(column)
        taken.add(column)
    return {name: sorted(columns) for name, columns in found.items()}


def find_header(sheets, asks, *, enough, repeated=()):
    """Return the Header that asks most among the first rows of the sheets, or None.

    `enough(columns)` says whether a row with these columns can be the header at all.
    """
    best = None
    for sheet in sheets:
        for number, cells in sheet.rows():
            if number > SEARCH_ROWS:
                break
            columns = match_columns(cells, asks, repeated=repeated)
            if enough(columns) and (best is None or len(columns) > len(best.columns)):
                best = Header(sheet=sheet, number=number, cells=cells, columns=columns)
    return best
