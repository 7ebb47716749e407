"""Pictures of the day for the README, taken by the journeys themselves: PICTURES=1 make test.

Kept small: a palette instead of millions of colours, which ink on paper does not need.
"""

import io
import os

from PIL import Image

from salon.embedded import CHECKOUT
from tests.house import until

PLACE = CHECKOUT / "docs" / "pictures"
COLOURS = 96


def keep(page, name):
    """Save what the screen shows now as docs/pictures/<name>.png, when pictures are wanted."""
    if not os.environ.get("PICTURES"):
        return
    page.evaluate("document.fonts.ready")
    until(lambda: page.locator(".is-new").count() == 0, what="the last slip's landing")
    # Playwright's own ways to hide the caret add a style, which the page's CSP refuses.
    picture = Image.open(io.BytesIO(page.screenshot(animations="allow", caret="initial")))
    PLACE.mkdir(parents=True, exist_ok=True)
    small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(PLACE / f"{name}.png", optimize=True)
