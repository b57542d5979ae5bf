"""Pictures as Matplotlib figures, to look at what is drawn."""

import matplotlib.figure

from fa_repro.figures import Figure
from fa_repro.plotting.render import draw_figure
from fa_repro.results.figure_results import FigureResults


def draw(figure: Figure, results: FigureResults) -> matplotlib.figure.Figure:
    """The picture of results."""
    return draw_figure(figure.draw, figure.size, results)
