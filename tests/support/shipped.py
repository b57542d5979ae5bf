"""Shared by the tests of shipped."""

from typing import Any

from matplotlib.axes import Axes

from fa_repro import registry
from fa_repro.figures import Figure


def figure(name: str) -> Figure:
    return registry.module("figures", name).FIGURE


def lines(ax: Axes, colour: Any) -> list[Any]:
    return [line for line in ax.get_lines() if line.get_color() == colour and len(line.get_xdata()) > 1]
