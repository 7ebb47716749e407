"""A press that loses something, or writes to many, is asked about before it is done.

A view or an admin action says what is at stake, and goes on once it was answered:

    asking.sure(request, Question(title=…, sentence=…, yes=…, about=pks))

The question is a page of its own, with the number on it; its button posts the same form again. When
what is at stake has changed meanwhile, it is asked anew.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

# From here on letters are many: an organiser who meant one person sees the number.
MANY_LETTERS = 20
_OURS = ("csrfmiddlewaretoken", "sure", "word")


@dataclass(frozen=True)
class Question:
    """`title` is the question with its number, `sentence` what goes and what cannot be undone,
    `lines` more of it, `names` those concerned and `more` the number of others, `yes` the button. `about` is what is at stake: the
    answer counts for nothing else. With `words` one of them has to be typed, after `asks_for`."""

    title: str
    sentence: str = ""
    yes: str = ""
    lines: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    more: int = 0
    about: Iterable[object] = ()
    words: tuple[str, ...] = ()
    asks_for: str = ""
    back: str = ""
    for_good: bool = True

    @property
    def number(self) -> int:
        return len(self.names) + self.more

    @property
    def mark(self) -> str:
        stake = "\n".join([self.title, *sorted(map(str, self.about))])
        return hashlib.sha256(stake.encode()).hexdigest()[:16]


@dataclass
class Asked(Exception):
    """Raised where the question comes up, answered by the middleware of salon/errors.py."""

    question: Question
    mistyped: bool = False


def sure(request: HttpRequest, question: Question) -> None:
    """Go on if the question was answered with yes, else raise it."""
    if request.POST.get("sure") != question.mark:
        raise Asked(question)
    typed = _plain(request.POST.get("word", "")[:40])
    if question.words and typed not in {_plain(word) for word in question.words}:
        raise Asked(question, mistyped=True)


def _plain(word: str) -> str:
    return "".join(unicodedata.normalize("NFKC", word).split()).casefold()


def is_sure(request: HttpRequest) -> bool:
    """Whether this post comes from a question; what it answered is for `sure` to say."""
    return bool(request.POST.get("sure"))


def many_letters(request: HttpRequest, number: int, **more) -> None:
    """Ask when so many letters go at once."""
    if number > MANY_LETTERS:
        question = Question(
            title=_("%(n)d 条通知马上发出，发吗？") % {"n": number},
            sentence=_("发出的通知收不回来。"),
            yes=_("发出 %(n)d 封") % {"n": number},
            **more,
        )
        sure(request, question)


def answer(request: HttpRequest, asked: Asked, *, as_json: bool) -> HttpResponse:
    """The page of the question; a script that posts gets its words as JSON, 409."""
    question = asked.question
    if as_json:
        return JsonResponse(
            {"error": "asks", "message": question.title, "sure": question.mark}, status=409
        )
    given = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _OURS
        for value in values
    ]
    context = {
        "question": question,
        "mistyped": asked.mistyped,
        "given": given,
        "address": request.get_full_path(),
        "back": question.back or _back(request),
    }
    page = HttpResponse(render_to_string("asks.html", context, request=request))
    # A part of a page that posted by itself gives way to the whole question.
    page["HX-Retarget"], page["HX-Reswap"] = "body", "innerHTML"
    return page


def _back(request):
    """The page the press came from, if it is ours."""
    came = request.headers.get("Referer", "")
    home = f"{request.scheme}://{request.get_host()}/"
    return came.removeprefix(home[:-1]) if came.startswith(home) else "/"
