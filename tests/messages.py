"""The English catalogue, without a system gettext: collect, report, compile.

Msgids are the Chinese sentences themselves, so Chinese needs no catalogue. `make messages`
brings locale/en up to date with the code and writes the .mo beside it.
"""

import io
from pathlib import Path

import polib
from babel.messages.extract import extract
from django.utils.translation.template import templatize

HOUSE = Path(__file__).resolve().parent.parent
PO = HOUSE / "locale/en/LC_MESSAGES/django.po"
ROOTS = ("salon", "events", "participants", "workshops", "metrics", "templates")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def sources():
    """Every file that may hold a sentence for the screen, as `(path, python source)`."""
    for root in ROOTS:
        for path in sorted((HOUSE / root).rglob("*")):
            if {"tests", "migrations"} & set(path.parts):
                continue
            if path.suffix == ".py":
                yield path, path.read_text()
            elif path.suffix in {".html", ".txt"}:
                # What is left of the markup stands indented, which means something in Python.
                lines = templatize(path.read_text(), origin=str(path)).splitlines()
                yield path, "\n".join(line.lstrip() for line in lines)


def sentences():
    """What the code says: a set of `(context, singular, plural)`; context and plural may be None."""
    found = set()
    for _path, source in sources():
        stream = io.BytesIO(source.encode())
        for _line, message, _comments, context in extract(
            "python", stream, keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            singular, plural = (
                (message[0], message[1]) if isinstance(message, tuple) else (message, None)
            )
            if singular and not singular.isascii():
                found.add((context, singular, plural))
    return found


def catalogue():
    return polib.pofile(str(PO), wrapwidth=0)


def key(entry):
    return (entry.msgctxt, entry.msgid, entry.msgid_plural or None)


def unfinished(po):
    """Entries without an English sentence, or a doubtful one."""
    return [entry for entry in po if not entry.translated() or "fuzzy" in entry.flags]


def fresh():
    po = polib.POFile(wrapwidth=0)
    po.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "en",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return po


def update():
    """Bring the catalogue up to date and compile it; returns it."""
    po = catalogue() if PO.exists() else fresh()
    wanted = sentences()
    for entry in [entry for entry in po if key(entry) not in wanted]:
        po.remove(entry)
    known = {key(entry) for entry in po}
    for context, singular, plural in wanted - known:
        po.append(
            polib.POEntry(
                msgctxt=context,
                msgid=singular,
                msgid_plural=plural or "",
                msgstr_plural={0: "", 1: ""} if plural else {},
            )
        )
    po.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    PO.parent.mkdir(parents=True, exist_ok=True)
    po.save(str(PO))
    po.save_as_mofile(str(PO.with_suffix(".mo")))
    return po


if __name__ == "__main__":
    updated = update()
    print(f"{len(updated)} sentences, {len(unfinished(updated))} without English")
