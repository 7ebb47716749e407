"""English is complete: what the code says in Chinese has a sentence in the catalogue."""

import re

import polib
import pytest

from tests import messages

NAMED = re.compile(r"%\(\w+\)[a-z]|\{\w*\}|%[sd]")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def po():
    return messages.catalogue()


def test_every_sentence_of_the_code_is_in_the_catalogue(po):
    assert messages.sentences() - {messages.key(entry) for entry in po} == set()


def test_no_sentence_is_without_english_or_doubtful(po):
    assert [entry.msgid for entry in messages.unfinished(po)] == []


def test_english_names_the_same_fields_and_has_no_chinese_left(po):
    odd = [
        entry.msgid
        for entry in po
        for english in (entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr])
        if CHINESE.search(english)
        or not set(NAMED.findall(english)) <= set(NAMED.findall(entry.msgid))
        or set(NAMED.findall(entry.msgid)) - set(NAMED.findall(english)) > {"%(count)s"}
    ]
    assert odd == []


def test_the_compiled_catalogue_is_the_written_one(po):
    compiled = polib.mofile(str(messages.PO.with_suffix(".mo")))
    assert {(e.msgid, e.msgstr) for e in compiled} == {(e.msgid, e.msgstr) for e in po}
