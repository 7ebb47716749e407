"""QR codes as SVG, for pages and paper."""

import segno


def qr_svg(text):
    """A data URL for `<img src>`: no markup has to be let through a template unescaped."""
    return segno.make(text, error="m", micro=False).svg_data_uri(border=2, dark="#211d19")
