"""A picture of which statements hold at the points of a sweep."""

from typing import TYPE_CHECKING, Any

from fa_repro.plotting import labels, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults

MOST_LEVEL, MOST_NUMBERS = 5, 18
"""Maximum number of sweep points for horizontal numbers in cells, and for numbers at all."""


def draw_statements(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw which statements of the table `summary` hold at which sweep points."""
    from matplotlib.colors import ListedColormap

    axes, summary = list(results.config["sweep"]), results.extra["summary"]
    parts = [(name, part.set_index("statement")) for name, part in labels.sweep_points(summary, axes)]
    texts = list(dict.fromkeys(summary["statement"]))
    holds = [[float(part["holds"].get(text, float("nan"))) for _, part in parts] for text in texts]
    turned = len(parts) > MOST_LEVEL
    fig.set_figheight(1.0 + len(texts) * (0.47 if turned else 0.24))
    ax = fig.subplots()
    ax.imshow(holds, cmap=ListedColormap([style.FAILS, style.HOLDS]), vmin=0, vmax=1, aspect="auto")
    for row, text in enumerate(texts):
        for place, (_, part) in enumerate(parts):
            if text in part.index and len(parts) <= MOST_NUMBERS:
                words: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": style.SMALL}
                words["rotation"] = 90 if turned else 0
                ax.text(place, row, f"{part.loc[text, 'measured']:.2g}", **words)
    ax.set_yticks(range(len(texts)), texts)
    ax.set_xticks(range(len(parts)), [name for name, _ in parts], rotation=90 if turned else 0)
    ax.set_xlabel(labels.axis_title(axes))
    fig.suptitle("worst of all trials; pale green: the statement holds, orange: it does not, white: not looked at")
