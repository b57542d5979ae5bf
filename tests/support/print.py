"""Pictures as print has them."""

import re

from matplotlib.axis import Tick
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text


def texts(canvas: Canvas) -> list[Text]:
    """Texts that are in sight; ticks beyond the end of their axis are not."""
    canvas.draw_without_rendering()
    hidden = {
        id(text)
        for tick in canvas.findobj(Tick)
        for text in (tick.label1, tick.label2)
        if not (tick.get_visible() and text.get_visible())
    }
    return [
        text
        for text in canvas.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden
    ]


def misprinted(canvas: Canvas) -> list[str]:
    """Texts that are too small, or of which a part is; a character that the font lacks warns, an error here."""
    wrong = []
    for text in texts(canvas):
        words = text.get_text()
        if text.get_fontsize() < 7:
            wrong.append(f"{text.get_fontsize()} points: {words!r}")
        if re.search(r"\$.*[_^].*\$", words):
            wrong.append(f"smaller within: {words!r}")
    return wrong
