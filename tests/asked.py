"""Pressing what asks: the question comes as a page, and its button posts the same form again."""

import re


def mark(page) -> str:
    """What the question's page answers with."""
    return re.search(r'name="sure" value="(\w+)"', page.content.decode())[1]


def press_and_say_yes(client, url, given, *, word="", **how):
    """Press, be asked, and say yes; the answer to that."""
    sure = mark(client.post(url, given))
    return client.post(url, {**given, "sure": sure, "word": word}, **how)
