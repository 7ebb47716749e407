"""How the pain cards hang on the projector: as many as can be read, the liveliest first.

The projector does not scroll, so it is reckoned beforehand what fits. Lengths are in rem of
wall.css, where a picture is 120 rem wide; a Chinese character is as wide as its size.
"""

import math
from dataclasses import dataclass

HEIGHT = 40.0
GAP = 1.75
WIDTH = 113.0
PADDING = 3.0


@dataclass(frozen=True)
class Density:
    """A word of wall.css with its measures: columns, sizes of card and solution, solutions a
    card, what stands around the words, and the foot that counts further solutions."""

    word: str
    columns: int
    size: float
    solution_size: float
    solutions: int
    frame: float
    foot: float

    @property
    def width(self):
        return (self.width_of_column - PADDING) * 0.96

    @property
    def width_of_column(self):
        return (WIDTH - GAP * (self.columns - 1)) / self.columns


DENSITIES = (
    Density("roomy", 3, 2.25, 1.75, 3, 4.0, 3.0),
    Density("full", 4, 1.875, 1.5, 2, 4.0, 3.0),
    Density("dense", 5, 1.5, 1.375, 1, 3.25, 0.0),
)


@dataclass(frozen=True)
class Hung:
    """`columns` are lists of cards, each with `.on_projector`, the solutions that are shown, and
    `.further`, how many are not;
    `more` cards hang only on the phones."""

    density: str
    columns: list
    more: int


def hang(cards):
    """Hang `cards` (each with `.text` and `.shown`, the best solutions first) as large as all of
    them fit; when they fit at no size, as small as can be read and as many as there is room for.
    """
    for density in DENSITIES:
        columns, left = _deal(cards, density)
        if not left:
            break
    for column in columns:
        for card in column:
            card.on_projector = card.shown[: density.solutions]
            card.further = len(card.shown) - len(card.on_projector)
    return Hung(density.word, columns, left)


def _deal(cards, density):
    """Each card to the shortest column that has room; the number of those without room."""
    columns, heights, left = [[] for _column in range(density.columns)], [0.0] * density.columns, 0
    for card in cards:
        height = height_of(card, density)
        shortest = heights.index(min(heights))
        if heights[shortest] + height > HEIGHT:
            left += 1
            continue
        columns[shortest].append(card)
        heights[shortest] += height
    return columns, left


def height_of(card, density):
    """What the card takes of a column, in rem."""
    height = density.frame + _lines(card.text, density.size, density.width) * density.size * 1.4
    if card.shown:
        height += 1.5
    if len(card.shown) > density.solutions:
        height += density.foot
    for solution in card.shown[: density.solutions]:
        size = density.solution_size
        height += _lines(solution.text + "四 赞", size, density.width) * size * 1.45 + 0.5
    return height


def _lines(text, size, width):
    ems = sum(1.0 if ord(character) > 0x2E7F else 0.6 for character in text)
    return max(1, math.ceil(ems * size / width))
