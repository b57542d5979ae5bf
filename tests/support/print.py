"""Pictures as print has them."""

import re

from matplotlib.axis import Tick
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts(fig: Figure) -> list[Text]:
    """Texts that are in sight; ticks beyond the end of their axis are not."""
    fig.draw_without_rendering()
    hidden = {
        id(text)
        for tick in fig.findobj(Tick)
        for text in (tick.label1, tick.label2)
        if not (tick.get_visible() and text.get_visible())
    }
    return [
        text for text in fig.findobj(Text) if text.get_visible() and text.get_text().strip() and id(text) not in hidden
    ]


def misprinted(fig: Figure) -> list[str]:
    """Texts that are too small, or of which a part is; a character that the font lacks warns, an error here."""
    wrong = []
    for text in texts(fig):
        words = text.get_text()
        if text.get_fontsize() < 7:
            wrong.append(f"{text.get_fontsize()} points: {words!r}")
        if re.search(r"\$.*[_^].*\$", words):
            wrong.append(f"smaller within: {words!r}")
    return wrong
