"""Fig. 3b: where feedback alignment flows to in a net of one neuron per layer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fa_repro import style
from fa_repro.figures import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from fa_repro.arrays import Array
    from fa_repro.results import Saved

GOOD, BAD, SHADE, TRAJECTORY = "#999999", "#000000", "#F6D9A8", "#009E73"
"""Solutions with `e'WBe > 0` and `< 0`, the basin of the latter, and the trajectory from (0, 0)."""

PATHS = ("#0072B2", "#CC79A7", "#D55E00", "#56B4E9", "#E69F00", "#7B3FA0")

SOLUTIONS: "dict[str, Any]" = {"solution": "-", "solution_unstable": (0, (1.5, 0.8))}
"""How the kinds of solutions are drawn."""

MOST = 16
"""Sweep points that are drawn."""


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """The flow and its basins at the left, the loss along the paths at the right; or the flow at each sweep point."""
    from fa_repro.figures import _points

    parts = _points.points(saved.table, list(saved.config["sweep"]))
    if len(parts) == 1:
        left, right = canvas.subplots(1, 2, width_ratios=(1.25, 1))
        _flow_panel(left, parts[0][1], _settings(saved, parts[0][1]))
        _loss_panel(right, parts[0][1], _settings(saved, parts[0][1]))
        _legend(canvas)
        return
    shown = parts[:MOST]
    across = min(4, len(shown))
    panels = canvas.subplots(-(-len(shown) // across), across, squeeze=False).ravel()
    for ax in panels:
        ax.set_visible(False)
    keys = [axis.rpartition(".")[2] for axis in saved.config["sweep"]]
    for ax, (name, table) in zip(panels, shown, strict=False):
        ax.set_visible(True)
        _flow_panel(ax, table, _settings(saved, table))
        ax.set_title(f"{', '.join(keys)} = {name}")
    if len(parts) > len(shown):
        canvas.suptitle(f"{len(parts) - len(shown)} more in the CSV", fontsize=8)
    _legend(canvas)


def _settings(saved: "Saved", table: "pd.DataFrame") -> Mapping[str, Any]:
    """Settings of the flow field, those of the sweep point included."""
    settings: dict[str, Any] = dict(saved.config["theory"]["flow_field"])
    for axis in saved.config["sweep"]:
        if axis.startswith("theory.flow_field."):
            settings[axis.rpartition(".")[2]] = table[axis].iloc[0]
    return settings


def _flow_panel(ax: "Axes", table: "pd.DataFrame", settings: Mapping[str, Any]) -> None:
    import numpy as np
    from matplotlib.colors import ListedColormap

    T, B, half = (float(settings[key]) for key in ("T", "B", "range"))
    kinds = dict(list(table.groupby("kind")))
    ends = kinds["basin"][kinds["basin"]["step"] == 1].sort_values("id")
    bad = (B * ends["w"] < 0).to_numpy().reshape([round(len(ends) ** 0.5)] * 2)
    extent = (-half, half, -half, half)
    ax.imshow(np.where(bad, 0.0, np.nan), extent=extent, origin="lower", cmap=ListedColormap([SHADE]), zorder=0)
    field = kinds["field"]
    speed = np.hypot(field["dw0"], field["dw"])
    # Lengths grow with the root of the speed, so that arrows near the solutions can be seen.
    length = np.sqrt(speed / speed.max()) / np.where(speed > 0, speed, 1)
    spacing = 2 * half / len(field) ** 0.5
    ax.quiver(field["w0"], field["w"], field["dw0"] * length, field["dw"] * length, color="#666666", angles="xy",
              scale_units="xy", scale=1 / (1.6 * spacing), width=0.0028, headwidth=4, zorder=1)  # fmt: skip
    for kind in SOLUTIONS:
        for _, part in kinds[kind].groupby("id") if kind in kinds else ():
            colour = GOOD if B * part["w"].iloc[0] > 0 else BAD
            ax.plot(part["w0"], part["w"], color=colour, linewidth=3, linestyle=SOLUTIONS[kind], zorder=2)
    for number, part in kinds["path"].groupby("id") if "path" in kinds else ():
        _arrow(ax, part, _path_colour(number), 1.1, half, B)
    _arrow(ax, kinds["origin"], TRAJECTORY, 3.0, half, B)
    ax.set(xlim=(-half, half), ylim=(-half, half), aspect="equal", xlabel="$W_0$", ylabel="$W$")
    ax.set_title(f"Fig. 3b: T = {T:g}, B = {B:g}")


def _path_colour(number: Any) -> str:
    return PATHS[int(number) % len(PATHS)]


def _parabola(w0: "Array", w: "Array", B: float) -> "tuple[Array, Array]":
    """A path with more points between those that there are, on its parabola: `B w - w0^2 / 2` is conserved."""
    import numpy as np

    places = np.arange(len(w0))
    fine = np.interp(np.linspace(0, len(w0) - 1, 10 * len(w0)), places, w0)
    conserved = np.interp(np.linspace(0, len(w0) - 1, 10 * len(w0)), places, B * w - w0**2 / 2)
    return fine, (conserved + fine**2 / 2) / B


def _arrow(ax: "Axes", part: "pd.DataFrame", colour: str, width: float, half: float, B: float) -> None:
    """A path, with a dot at its start and an arrow head half way along what is seen of it."""
    import numpy as np

    w0, w = _parabola(part["w0"].to_numpy(), part["w"].to_numpy(), B)
    ax.plot(w0, w, color=colour, linewidth=width, zorder=3)
    ax.plot(w0[:1], w[:1], ".", color=colour, markersize=3 + 2 * width, zorder=3)
    seen = (np.abs(w0) <= half) & (np.abs(w) <= half)
    way = np.concatenate([[0], np.cumsum(np.hypot(np.diff(w0), np.diff(w)) * (seen[1:] & seen[:-1]))])
    if way[-1] <= 0:
        return
    tip = int(np.searchsorted(way, 0.6 * way[-1]))
    tail = max(0, int(np.searchsorted(way, 0.6 * way[-1] - 0.01 * half)) - 1)
    size = min(7 + 5 * width, 80 * float(way[-1]) / half)  # points; the panel is some 230 wide
    style_ = {"arrowstyle": "-|>", "color": colour, "mutation_scale": size, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (w0[tip], w[tip]), (w0[tail], w[tail]), arrowprops=style_, zorder=4)


def _legend(canvas: "Canvas") -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], color=GOOD, linewidth=3, label="solutions, e'WBe > 0"),
        Line2D([], [], color=BAD, linewidth=3, label="solutions, e'WBe < 0"),
        Line2D([], [], color=BAD, linewidth=3, linestyle=SOLUTIONS["solution_unstable"], label="unstable"),
        Patch(color=SHADE, label="flows to e'WBe < 0"),
        Line2D([], [], color=TRAJECTORY, linewidth=3, label="from (0, 0)"),
        Line2D([], [], color=PATHS[0], linewidth=1.1, label="other paths"),
    ]
    canvas.legend(handles=handles, loc="outside lower left", ncols=6, fontsize=6.5, columnspacing=1.2)


def _loss_panel(ax: "Axes", table: "pd.DataFrame", settings: Mapping[str, Any]) -> None:
    """Expected loss `(T - W W0)^2 / 2` over time along each path."""
    import numpy as np

    target, unit = float(settings["T"]), float(settings["duration"]) / int(settings["steps"])
    floor, late = 1e-14 * target * target, 0.0  # what the integration is accurate to, and when the last path is there
    lines = table[table["kind"].isin(["path", "origin"])]
    for (kind, number), part in lines.groupby(["kind", "id"]):
        loss = 0.5 * (target - part["w"] * part["w0"]) ** 2
        late = max(late, unit * float(part["step"][loss > floor].max()))
        own = {"color": TRAJECTORY, "linewidth": 3} if kind == "origin" else {"color": _path_colour(number)}
        ax.plot(part["step"] * unit, np.maximum(loss, 1e-30), **own)
    ax.set_yscale("log")
    ax.set_ylim(bottom=max(ax.get_ylim()[0], floor))
    ax.set(xlabel="time (learning rate times updates)", ylabel="expected loss $(T - W W_0)^2 / 2$")
    ax.set_xlim(0, min(float(settings["duration"]), 1.1 * max(late, unit)))
    ax.set_title("the same paths as learning curves")


FIGURE = Figure(
    title="Fig. 3b: where feedback alignment flows to with one neuron per layer",
    columns=("kind", "id", "step", "w0", "w", "dw0", "dw"),
    theory=("flow_field",),
    quick={"theory.flow_field.basin": 41, "theory.flow_field.steps": 100},
    size=(style.WIDE, 4.0),
    draw=draw,
)
