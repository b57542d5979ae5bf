"""Fig. 3b: where feedback alignment flows to in a net of one neuron per layer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fa_repro.claims import evidence
from fa_repro.claims.claim import Claim, Measured, NotMeasurableError, Verdict
from fa_repro.figures import Figure
from fa_repro.plotting import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults
    from fa_repro.typing import Array

GOOD, BAD, SHADE, TRAJECTORY = "#999999", "#000000", "#F6D9A8", "#009E73"
"""Colours of solutions with `e'WBe > 0` and `< 0`, of the basin of the latter, and of the trajectory from (0, 0)."""

SOLUTIONS: "dict[str, Any]" = {"solution": "-", "solution_unstable": (0, (1.5, 0.8))}
"""Line style of each kind of solution."""

MOST = 16
"""Maximum number of sweep points that are drawn."""


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw the flow and its basins at the left, the loss along paths at the right; or the flow at each sweep point."""
    from fa_repro.plotting import labels

    parts = labels.sweep_points(results.table, list(results.config["sweep"]))
    if len(parts) == 1:
        left, right = fig.subplots(1, 2, width_ratios=(1.25, 1))
        _flow_panel(left, parts[0][1], _settings(results, parts[0][1]))
        _loss_panel(right, parts[0][1], _settings(results, parts[0][1]))
        _legend(fig)
        return
    shown = parts[:MOST]
    across = min(4, len(shown))
    down = -(-len(shown) // across)
    fig.set_figheight(0.5 + down * (0.1 + style.WIDE / across))
    panels = fig.subplots(down, across, squeeze=False).ravel()
    for ax in panels:
        ax.set_visible(False)
    keys = [axis.rpartition(".")[2] for axis in results.config["sweep"]]
    for ax, (name, table) in zip(panels, shown, strict=False):
        ax.set_visible(True)
        _flow_panel(ax, table, _settings(results, table))
        ax.set_title(f"{', '.join(keys)} = {name}")
    if len(parts) > len(shown):
        fig.suptitle(f"{len(parts) - len(shown)} more in the CSV")
    _legend(fig)


def _settings(results: "FigureResults", table: "pd.DataFrame") -> Mapping[str, Any]:
    """Settings of the flow field, including those of the sweep point of `table`."""
    settings: dict[str, Any] = dict(results.config["theory"]["flow_field"])
    for axis in results.config["sweep"]:
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
    ax.set(xlim=(-half, half), ylim=(-half, half), aspect="equal", xlabel="W₀", ylabel="W")
    ax.set_title(f"Fig. 3b: T = {T:g}, B = {B:g}")


def _path_colour(number: Any) -> str:
    return style.PATHS[int(number) % len(style.PATHS)]


def _parabola(w0: "Array", w: "Array", B: float) -> "tuple[Array, Array]":
    """Interpolate a path along its parabola, on which `B w - w0^2 / 2` is conserved."""
    import numpy as np

    places = np.arange(len(w0))
    fine = np.interp(np.linspace(0, len(w0) - 1, 10 * len(w0)), places, w0)
    conserved = np.interp(np.linspace(0, len(w0) - 1, 10 * len(w0)), places, B * w - w0**2 / 2)
    return fine, (conserved + fine**2 / 2) / B


def _arrow(ax: "Axes", part: "pd.DataFrame", colour: str, width: float, half: float, B: float) -> None:
    """Draw a path with a dot at its start and an arrow head about half way along its visible part."""
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
    size = min(7 + 5 * width, 80 * float(way[-1]) / half)  # points; the panel is about 230 points wide
    style_ = {"arrowstyle": "-|>", "color": colour, "mutation_scale": size, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (w0[tip], w[tip]), (w0[tail], w[tail]), arrowprops=style_, zorder=4)


def _legend(fig: "MatplotlibFigure") -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], color=GOOD, linewidth=3, label="solutions, e'WBe > 0"),
        Line2D([], [], color=BAD, linewidth=3, label="solutions, e'WBe < 0"),
        Line2D([], [], color=BAD, linewidth=3, linestyle=SOLUTIONS["solution_unstable"], label="unstable"),
        Patch(color=SHADE, label="flows to e'WBe < 0"),
        Line2D([], [], color=TRAJECTORY, linewidth=3, label="from (0, 0)"),
        Line2D([], [], color=style.PATHS[0], linewidth=1.1, label="other paths"),
    ]
    fig.legend(handles=handles, loc="outside lower left", ncols=6, columnspacing=1.2)


def _loss_panel(ax: "Axes", table: "pd.DataFrame", settings: Mapping[str, Any]) -> None:
    """Draw the expected loss `(T - W W0)^2 / 2` over time along each path."""
    import numpy as np

    target, unit = float(settings["T"]), float(settings["duration"]) / int(settings["steps"])
    floor, late = 1e-14 * target * target, 0.0  # accuracy of the integration; when the last path arrives
    lines = table[table["kind"].isin(["path", "origin"])]
    for (kind, number), part in lines.groupby(["kind", "id"]):
        loss = 0.5 * (target - part["w"] * part["w0"]) ** 2
        late = max(late, unit * float(part["step"][loss > floor].max()))
        own = {"color": TRAJECTORY, "linewidth": 3} if kind == "origin" else {"color": _path_colour(number)}
        ax.plot(part["step"] * unit, np.maximum(loss, 1e-30), **own)
    ax.set_yscale("log")
    ax.set_ylim(bottom=max(ax.get_ylim()[0], floor))
    ax.set(xlabel="time (learning rate times updates)", ylabel="expected loss (T - W W₀)² / 2")
    ax.set_xlim(0, min(float(settings["duration"]), 1.1 * max(late, unit)))
    ax.set_title("the same paths as learning curves")


NEAR = 1e-6
"""Relative tolerances: of `w w0` against the target for a path or a cell to count as at a solution, and of the drift of
the quantity that a path conserves."""


def _one_flow(results: "FigureResults") -> "tuple[dict[str, pd.DataFrame], float, float]":
    """Rows by kind, `T` and `B`; results of a sweep are refused."""
    evidence.require_unswept(results)
    settings = results.config["theory"]["flow_field"]
    return {str(kind): part for kind, part in results.table.groupby("kind")}, float(settings["T"]), float(settings["B"])


def _origin_learns(results: "FigureResults") -> Measured:
    """Measure whether the path from (0, 0) ends at a solution where the feedback helps."""
    kinds, T, B = _one_flow(results)
    end = kinds["origin"].sort_values("step").iloc[-1]
    missed, helps = abs(T - end["w"] * end["w0"]) / abs(T), B * end["w"] * T * T > 0
    text = f"ends at W0 = {end['w0']:.3f}, W = {end['w']:.3f}: misses the target by {missed:.0e} of it"
    return Measured(f"{text}, e'WBe {'> 0' if helps else '< 0'}", bool(missed < NEAR and helps), float(missed))


def _bad_by_theory(w0: "Array", w: "Array", T: float, B: float) -> "Array":
    """Whether the flow from each start must end where the feedback does not help, according to theory.

    On the parabola of a start, `B w - w0^2 / 2 = C`, the flow is `dw0/dt = B T - C w0 - w0^3 / 2`. If this has three
    zeros, the flow leads away from the middle one, and the bad solution is the outer zero with `B T w0 < 0`.
    """
    import numpy as np

    C, side = B * w - w0**2 / 2, np.sign(B * T)
    three = 8 * C**3 + 27 * (B * T) ** 2 < 0
    root = np.sqrt(np.where(three, -C, 1.0) / 1.5)
    cosine = np.clip(np.where(three, abs(B * T) / root**3, 0.0), 0.0, 1.0)
    middle = 2 * root * np.cos(np.arccos(cosine) / 3 - 2 * np.pi / 3)
    return three & (side * w0 < middle)


def _bad_region(results: "FigureResults") -> Measured:
    """Measure the region of starts that end at solutions where the feedback does not help."""
    kinds, T, B = _one_flow(results)
    starts, ends = (kinds["basin"][kinds["basin"]["step"] == step].sort_values("id") for step in (0, 1))
    unsettled = ~(abs(T - ends["w"].to_numpy() * ends["w0"].to_numpy()) / abs(T) < NEAR)
    bad = (B * ends["w"] < 0).to_numpy()
    expected = _bad_by_theory(starts["w0"].to_numpy(), starts["w"].to_numpy(), T, B)
    share, wrong = float(bad.mean()), int(((bad != expected) | unsettled).sum())
    text = f"{share:.1%} of {len(bad)} starts, {wrong} of them or of the others not as the conserved parabolas have it"
    return Measured(text, bool(0 < share < 0.5 and wrong == 0), share)


def _parabolas(results: "FigureResults") -> Measured:
    """Measure the drift of the conserved quantity on the worst path, relative to the sizes of its two terms."""
    import numpy as np

    kinds, _, B = _one_flow(results)
    drifts = []
    for kind in ("path", "origin"):
        for _, part in kinds[kind].groupby("id") if kind in kinds else ():
            w0, w = part["w0"].to_numpy(), part["w"].to_numpy()
            kept = B * w - w0**2 / 2
            drifts.append(np.ptp(kept) / (np.abs(B * w) + w0**2 / 2).max())
    return Measured(
        f"drifts by {max(drifts):.0e} along {len(drifts)} paths", bool(max(drifts) < NEAR), float(max(drifts))
    )


def _stable_where_it_helps(results: "FigureResults") -> Measured:
    """Measure whether only solutions where the feedback does not help are unstable, and no start ends at such a one."""
    kinds, T, B = _one_flow(results)
    if "solution" not in kinds:
        raise NotMeasurableError(Verdict.NOT_RUN, "no solution is in the square that is looked at")
    unstable = kinds.get("solution_unstable", kinds["solution"].head(0))
    wrong = int((B * unstable["w"] >= 0).sum())
    ends = kinds["basin"][kinds["basin"]["step"] == 1]
    left = int((B * ends["w"] + ends["w0"] ** 2 < -NEAR * abs(B * T) ** (2 / 3)).sum())
    text = f"{wrong} of {len(unstable)} unstable solutions where e'WBe > 0; {left} of {len(ends)} starts end at one"
    return Measured(text, wrong == 0 and left == 0)


CLAIMS = (
    Claim(
        "origin_learns",
        "From (0, 0) feedback alignment always comes to a solution at which its feedback helps",
        "Fig. 3b, large arrow",
        f"the path ends with e'WBe > 0 and misses the target by less than {NEAR:g} of it",
        _origin_learns,
        published="upper right hyperbola",
    ),
    Claim(
        "bad_region",
        "From one region it flows to solutions at which its feedback does not help, from all others to good ones",
        "Fig. 3b, shaded",
        "fewer than half of the starts end with e'WBe < 0, and just those do whose conserved parabola crosses the "
        "hyperbola three times and that are beyond the middle crossing; all come to rest",
        _bad_region,
        published="a region at the lower left",
    ),
    Claim(
        "stability",
        "Solutions are unstable only where the feedback does not help, and no path ends at one",
        "Fig. 3b, dashed",
        "no unstable solution with e'WBe > 0; no start ends where the Jacobian's trace is above 0",
        _stable_where_it_helps,
        published="dashed at the lower left",
    ),
    Claim(
        "parabolas",
        "Paths are parabolas: B W - W0^2 / 2 is conserved",
        "Fig. 3b, text",
        f"largest drift along any path, relative to the larger of its terms, below {NEAR:g}",
        _parabolas,
        published="0",
    ),
)

FIGURE = Figure(
    title="Fig. 3b: where feedback alignment flows to with one neuron per layer",
    columns=("kind", "id", "step", "w0", "w", "dw0", "dw"),
    theory=("flow_field",),
    quick={"theory.flow_field.basin": 41, "theory.flow_field.steps": 100},
    types={"kind": str, "id": int, "step": int},
    size=(style.WIDE, 4.0),
    draw=draw,
    claims=CLAIMS,
)
