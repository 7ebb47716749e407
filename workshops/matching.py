"""The resource corner's suggestions: whose offer is what somebody else needs (SALON §5).

Small pure steps: texts become terms, terms weights over the pool, weights a fit of one
offer to one need; two fits, the table and the trade make the score of a pair; the best
pairs are dealt out so that nobody is suggested to everybody. Every suggestion carries the
words it rests on. No model from outside: a list of notions people name in many ways, and
pairs of neighbouring characters for everything else.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from django.utils.translation import gettext as _

from salon.text import fold

# Shares of the score. The text decides; table and trade order what the text leaves equal.
TEXT, TABLE, INDUSTRY = 0.7, 0.2, 0.1
# Below this fit two texts share no more than chance would have it.
LEAST_FIT = 0.08
# A notion says more than a pair of characters.
NOTION_WEIGHT = 2.0
# Words and characters of a reason; more do not make it clearer.
WORDS_SHOWN = 4
QUOTE = 30

NOTIONS = {
    "直播": "直播|主播|直播间|live",
    "设计": "设计|海报|视觉|美工|插画|排版",
    "场地": "场地|会场|教室|会议室|空间|咖啡馆|门店",
    "数据": "数据|看板|报表|统计|bi",
    "工具": "工具|saas|小程序|系统|软件|插件|机器人|scrm",
    "流量": "流量|引流|导流|曝光|投放|互推|换量|互粉|推广|涨粉",
    "课程": "课程|讲师|培训|老师|嘉宾|分享人|公开课",
    "样品": "试用装|样品|小样|赠品|礼品|奖品|新品|体验装|赞助",
    "内容": "内容|文案|选题|稿件|素材|脚本|约稿|供稿",
    "视频": "视频|短视频|剪辑|拍摄|摄影",
    "用户": "用户|粉丝|会员|体验官|学员|种子用户",
    "技术": "技术|开发|程序员|接口|api",
    "联名": "联名|联合|跨界|品牌合作",
    "人手": "人手|志愿者|兼职|实习生|助教",
    "媒体": "媒体|公众号|小红书|抖音|视频号|b站|专栏",
    "资金": "资金|预算|费用|投资",
}
_NOTION_PATTERNS = {
    notion: re.compile("|".join(map(re.escape, words.split("|"))))
    for notion, words in NOTIONS.items()
}
# What every offer and every need says, and so says nothing.
_FILLERS = re.compile(
    "可以|能够|提供|需要|希望|寻找|想找|想要|求|找|我们|我|您|你|一些|一个|有|的|和|与|及|或|等|"
    "资源|合作|需求|对接|愿意|欢迎|免费"
)
_RUNS = re.compile(r"[\u3400-\u9fff]+|[a-z]{2,}")
_NOTHING = re.compile(r"(暂)?(无|没有)|待定|不限|none|n/a")

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Person:
    """Somebody at a table. Blank texts are allowed; ``table`` and ``industry`` are keys."""

    id: int
    industry: str
    table: str
    offer: str
    need: str


@dataclass(frozen=True)
class Suggestion:
    """``a`` < ``b``, both ids of people; ``score`` above 0, at most 1, the same both ways."""

    a: int
    b: int
    score: float
    reasons: tuple[str, ...]


def suggest(
    people: Iterable[Person],
    *,
    limit: int = 3,
    excluded: Iterable[tuple[int, int]] = (),
    labels: Labels | None = None,
) -> list[Suggestion]:
    """The best pairs, best first, each person in at most ``limit`` of them.

    ``excluded``: pairs already confirmed or declined, in either order. Pairs are dealt in
    the order of their score, then of their ids, so the answer is the same for any order
    of ``people``. ``labels`` gives the words for table and industry keys.
    """
    people = sorted(people, key=lambda person: person.id)
    closed = {frozenset(pair) for pair in excluded}
    fits = fits_of(people)
    pairs = []
    for a, b in combinations(people, 2):
        points = pair_score(a, b, fits)
        if points and frozenset((a.id, b.id)) not in closed:
            pairs.append((-points, a.id, b.id, a, b))
    dealt, chosen = Counter(), []
    for points, _a, _b, a, b in sorted(pairs, key=lambda pair: pair[:3]):
        if dealt[a.id] < limit and dealt[b.id] < limit:
            dealt.update((a.id, b.id))
            chosen.append(Suggestion(a.id, b.id, -points, reasons_for(a, b, fits, labels)))
    return chosen


def suggest_to(
    person: int,
    people: Iterable[Person],
    *,
    limit: int = 3,
    excluded: Iterable[tuple[int, int]] = (),
    labels: Labels | None = None,
) -> list[Suggestion]:
    """The best pairs of one person, best first; like ``suggest``, but nobody is dealt out, so it
    costs one look at each of the others."""
    people = sorted(people, key=lambda each: each.id)
    me = next((each for each in people if each.id == person), None)
    if me is None:
        return []
    closed = {frozenset(pair) for pair in excluded}
    fits = fits_of(people)
    pairs = []
    for other in people:
        if other is me or frozenset((me.id, other.id)) in closed:
            continue
        a, b = sorted((me, other), key=lambda each: each.id)
        if points := pair_score(a, b, fits):
            pairs.append((-points, a.id, b.id, a, b))
    return [
        Suggestion(a.id, b.id, -points, reasons_for(a, b, fits, labels))
        for points, _a, _b, a, b in sorted(pairs, key=lambda pair: pair[:3])[:limit]
    ]


def pair_score(a: Person, b: Person, fits: Mapping[tuple[int, int], float]) -> float:
    """0 when there is nothing to say: no text fits, and not both table and trade in common."""
    text = (fits.get((a.id, b.id), 0.0) + fits.get((b.id, a.id), 0.0)) / 2
    table, industry = _shares(a.table, b.table), _shares(a.industry, b.industry)
    if not text and not (table and industry):
        return 0.0
    return round(TEXT * text + TABLE * table + INDUSTRY * industry, 6)


def _shares(one: str, other: str) -> bool:
    return bool(one) and one == other


# ---------------------------------------------------------------- text


def terms(text: str) -> frozenset[str]:
    """What a text is about: notions (marked "#") and neighbouring pairs of characters."""
    plain = _normalised(text)
    if _NOTHING.fullmatch(plain):
        return frozenset()
    found = {f"#{notion}" for notion, words in _NOTION_PATTERNS.items() if words.search(plain)}
    for run in _RUNS.findall(_FILLERS.sub(" ", plain)):
        if run.isascii():
            found.add(run)
        else:
            found.update(run[place : place + 2] for place in range(len(run) - 1))
    return frozenset(found)


def fits_of(people: Sequence[Person]) -> dict[tuple[int, int], float]:
    """How well the offer of the first fits the need of the second, by ids, LEAST_FIT to 1.

    Cosine of the two texts' terms, each weighted by how rare it is among all offers and
    needs of the pool (inverse document frequency).
    """
    offers = {person.id: terms(person.offer) for person in people}
    needs = {person.id: terms(person.need) for person in people}
    rarity = _rarity([*offers.values(), *needs.values()])
    wanted: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for person, found in needs.items():
        for term, weight in _unit(found, rarity).items():
            wanted[term].append((person, weight))
    fits: dict[tuple[int, int], float] = defaultdict(float)
    for giver, found in offers.items():
        for term, weight in _unit(found, rarity).items():
            for taker, other in wanted[term]:
                if giver != taker:
                    fits[giver, taker] += weight * other
    return {pair: min(fit, 1.0) for pair, fit in fits.items() if fit >= LEAST_FIT}


def _rarity(texts: Sequence[frozenset[str]]) -> dict[str, float]:
    written = [found for found in texts if found]
    seen = Counter(term for found in written for term in found)
    return {term: math.log((1 + len(written)) / (1 + many)) + 1 for term, many in seen.items()}


def _unit(found: frozenset[str], rarity: Mapping[str, float]) -> dict[str, float]:
    """Weights of length one, in a fixed order so that sums come out the same every time."""
    weights = {
        term: rarity[term] * (NOTION_WEIGHT if term.startswith("#") else 1.0)
        for term in sorted(found)
    }
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {term: weight / length for term, weight in weights.items()}


def _normalised(text: str) -> str:
    return re.sub(r"\s+", "", fold(text)).strip("。.!,()")


# ---------------------------------------------------------------- reasons


def reasons_for(
    a: Person, b: Person, fits: Mapping[tuple[int, int], float], labels: Labels | None = None
) -> tuple[str, ...]:
    """Why these two, in sentences that name nobody: both read the same ones."""
    reasons = []
    directions = [
        (giver, taker) for giver, taker in ((a, b), (b, a)) if (giver.id, taker.id) in fits
    ]
    for giver, taker in sorted(directions, key=lambda pair: -fits[pair[0].id, pair[1].id]):
        words = {
            "offer": _quoted(giver.offer),
            "need": _quoted(taker.need),
            "words": _("、").join(shared_words(giver.offer, taker.need)),
        }
        reasons.append(_("一方可提供“%(offer)s”，另一方需要“%(need)s”：%(words)s。") % words)
    if len(directions) == 2:
        reasons.append(_("双方正好互补。"))
    if _shares(a.table, b.table):
        reasons.append(_("都在%(table)s桌。") % {"table": (labels or {}).get(a.table, a.table)})
    if _shares(a.industry, b.industry):
        words = {"industry": (labels or {}).get(a.industry, a.industry)}
        reasons.append(_("同在%(industry)s行业。") % words)
    return tuple(reasons)


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= QUOTE else text[: QUOTE - 1] + "…"


def shared_words(offer: str, need: str) -> list[str]:
    """What both texts speak of: shared notions, then pieces of the need found in the offer."""
    shared = terms(offer) & terms(need)
    notions = [notion for notion in NOTIONS if f"#{notion}" in shared]
    pieces: list[str] = []
    plain, end = _normalised(need), -1
    for place in range(len(plain) - 1):
        if plain[place : place + 2] not in shared:
            continue
        if pieces and place < end:
            pieces[-1] += plain[place + 1]
        else:
            pieces.append(plain[place : place + 2])
        end = place + 2
    pieces += sorted(term for term in shared if term.isascii() and term[0] != "#")
    found = dict.fromkeys([*notions, *pieces])
    return list(found)[:WORDS_SHOWN]
