"""Results of sweeps that are made up, and what does not fit in their pictures."""

import itertools
import json
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from fa_repro import registry
from fa_repro.results.figure_results import FigureResults
from tests.support.drawing import draw


def made_up(axes: dict[str, list[Any]], figure: str = "linear", column: str = "nse", **keys: Any) -> FigureResults:
    """Results of three trials that end in `value(algorithm, trial, *point)`; some of them may have diverged."""
    algorithms, trials = keys.pop("algorithms", ["backprop", "feedback_alignment"]), keys.pop("trials", 3)
    value, lost = keys.pop("value", lambda *_: 0.5), keys.pop("lost", lambda *_: False)
    rows, diverged = [], []
    for algorithm, trial, point in itertools.product(algorithms, range(trials), itertools.product(*axes.values())):
        labels = {"algorithm": algorithm, "trial": trial, **dict(zip(axes, point, strict=True))}
        cells = {key: json.dumps(each) if isinstance(each, list | dict) else each for key, each in labels.items()}
        gone = lost(algorithm, trial, *point)
        for example in (0, 10):
            end = np.inf if gone and column == "nse" else np.nan if gone else value(algorithm, trial, *point)
            rows.append({**cells, "example": example, column: end if example else 1.0})
        diverged += [{**labels, "example": 5}] if gone else []
    blocks = {name: {"rule": name} for name in algorithms}
    config = {"figure": figure, "trials": trials, "sweep": axes, "algorithms": blocks}
    return FigureResults(pd.DataFrame(rows), {}, config, {"diverged": diverged, "failed": []})


def drawn(saved: FigureResults) -> Figure:
    return draw(registry.module("figures", saved.config["figure"]).FIGURE, saved)


def heat(fig: Figure) -> list[Axes]:
    return [ax for ax in fig.axes if ax.get_images()]


def values(ax: Axes) -> np.ndarray:
    return np.ma.filled(ax.get_images()[0].get_array().astype(float), np.nan)


def tick_labels(axis: Axis, all_of_them: bool = False) -> list[Text]:
    """Names of an axis' ticks, of those in sight or of all."""
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return [
        text
        for tick in ticks
        for text in (tick.label1, tick.label2)
        if all_of_them or low * (1 - 1e-9) <= tick.get_loc() <= high * (1 + 1e-9)
    ]


def unfit(fig: Figure) -> list[str]:
    """Texts that leave the canvas, lie over another, or leave their cell."""
    fig.draw_without_rendering()
    ticks = {text for ax in fig.axes for axis in (ax.xaxis, ax.yaxis) for text in tick_labels(axis, all_of_them=True)}
    in_sight = {text for ax in fig.axes for axis in (ax.xaxis, ax.yaxis) for text in tick_labels(axis)}
    shown = [
        (text, text.get_window_extent())
        for text in fig.findobj(Text)
        if text.get_text().strip() and text.get_visible() and (text not in ticks or text in in_sight)
    ]
    wrong = [
        f"cut: {text.get_text()!r}"
        for text, box in shown
        if box.x0 < -0.5 or box.y0 < -0.5 or box.x1 > fig.bbox.width + 0.5 or box.y1 > fig.bbox.height + 0.5
    ]
    for (one, first), (two, second) in itertools.combinations(shown, 2):
        width = min(first.x1, second.x1) - max(first.x0, second.x0)
        height = min(first.y1, second.y1) - max(first.y0, second.y0)
        if width > 1 and height > 1.5:
            wrong.append(f"over each other: {one.get_text()!r}, {two.get_text()!r}")
    for ax in heat(fig):
        rows, columns = values(ax).shape
        cell = ax.get_window_extent()
        for text in ax.texts:
            box = text.get_window_extent()
            if box.width > cell.width / columns or box.height > cell.height / rows:
                wrong.append(f"out of its cell: {text.get_text()!r}")
    return wrong


PROBES = {"record.probes": ["nse", "angle_backprop_deg", "angle_pseudobackprop_deg"], "training.examples": 30}


RATE, BETA = "algorithms.backprop.learning_rate", "algorithms.feedback_alignment.feedback_range"


BLOCKS = [
    {"rule": "backprop", "learning_rate": 0.006},
    {"rule": "feedback_alignment", "learning_rate": 0.007, "feedback_range": 0.5},
    {"rule": "backprop", "learning_rate": 0.006, "network": {"hidden": [4, 3], "init_range": 0.2}},
]


EVERY = "algorithms.*.learning_rate"


def words(saved: FigureResults) -> list[str]:
    return list(registry.module("figures", "search").FIGURE.remarks(saved))
