"""The three theorems of the supplement, each as an experiment with stated tolerances."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fa_repro.claims import criteria
from fa_repro.figures import Figure
from fa_repro.plotting import statements, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults

FLOOR = 1e-20
"""Smallest value drawn on a logarithmic axis; smaller values and 0 are drawn there."""

ACROSS = 3
"""Number of panels side by side."""

HIGH, ROW = 2.0, 0.135
"""Height in inches of a row of panels, and of a line of the list."""


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw a panel for each part of each theorem, and a list of statements; of a sweep, only which statements hold."""
    if results.config["sweep"]:
        statements.draw_statements(fig, results)
        return
    present = set(results.table["theorem"])
    drawn = [(title, panel) for theorem, title, panel in PANELS if theorem in present]
    across = min(ACROSS, len(drawn))
    down = -(-len(drawn) // across)
    heights = HIGH * down, ROW * (3 + len(results.extra["summary"]))
    fig.set_figheight(sum(heights))
    upper, lower = fig.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
    panels = upper.subplots(down, across, squeeze=False).ravel()
    for ax in panels[len(drawn) :]:
        ax.set_visible(False)
    for ax, (title, panel) in zip(panels, drawn, strict=False):
        panel(ax, results)
        ax.set_title(title)
    _list(lower.subplots(), results.extra["summary"])


def remarks(results: "FigureResults") -> list[str]:
    """How many statements hold, and which do not."""
    summary = results.extra["summary"].to_dict("records")
    failing = [f"does not hold: theorem {row['theorem']}, {row['statement']}" for row in summary if not row["holds"]]
    return [f"{len(summary) - len(failing)} of {len(summary)} statements hold", *failing]


def _part(table: "pd.DataFrame", quantity: str) -> "dict[str, pd.DataFrame]":
    """Values of a quantity by case, one row per time and one column per trial."""
    rows = table[table["quantity"].str.startswith(f"{quantity}/")]
    return {
        str(name).partition("/")[2]: part.pivot(index="time", columns="trial", values="value")
        for name, part in rows.groupby("quantity", sort=False)
    }


def _lines(ax: "Axes", parts: "dict[str, pd.DataFrame]", names: Sequence[str] | None = None, **keys: Any) -> None:
    """Draw the median over trials of each case, with the range of all trials."""
    for number, (name, values) in enumerate(parts.items()):
        shown = values.clip(lower=FLOOR) if ax.get_yscale() == "log" else values
        colour = style.SERIES[number % len(style.SERIES)]
        label = names[number] if names else name.replace("_", " ")
        ax.plot(shown.index, shown.median(axis=1), color=colour, label=label, **keys)
        ax.fill_between(shown.index, shown.min(axis=1), shown.max(axis=1), color=colour, alpha=style.BAND, linewidth=0)


def _of_start(parts: "dict[str, pd.DataFrame]", *starts: str) -> "dict[str, pd.DataFrame]":
    return {name: part for name, part in parts.items() if name.rpartition("/")[2] in starts}


def _in_time(ax: "Axes") -> None:
    from matplotlib.ticker import NullLocator

    ax.set_xscale("symlog", linthresh=1e-3, linscale=0.5)
    ax.set_yscale("log")
    ax.set(xlabel="time", xlim=(0, None), xticks=[0, 1, 100, 1e4])
    ax.xaxis.set_minor_locator(NullLocator())


def _errors(ax: "Axes", results: "FigureResults") -> None:
    _in_time(ax)
    parts = {name.rpartition("/")[0]: part for name, part in _of_start(_part(results.table, "error"), "zero").items()}
    _lines(ax, parts)
    ax.set_ylabel("|E| / |T|")
    ax.legend(loc="lower left", title="in-hidden-out", handlelength=1)


def _invariants(ax: "Axes", results: "FigureResults") -> None:
    _in_time(ax)
    for number, start in enumerate(("zero", "random", "opposed")):
        for position, values in enumerate(_of_start(_part(results.table, "invariant_drift"), start).values()):
            shown = values.max(axis=1).clip(lower=FLOOR).iloc[1:]
            label = start if position == 0 else None
            ax.plot(shown.index, shown, color=style.SERIES[number], label=label, linewidth=0.8)
    ax.axhline(1e-8, color=style.SERIES[3], linewidth=0.8, linestyle="--")
    ax.set_ylabel("drift, relative")
    ax.legend(title="start", handlelength=1)


def _lyapunov(ax: "Axes", results: "FigureResults") -> None:
    size = "-".join(map(str, results.config["theory"]["theorem_1"]["sizes"][0]))
    parts = {
        name: part / part.iloc[0] for name, part in _part(results.table, "V").items() if name.startswith(f"{size}/")
    }
    _in_time(ax)
    _lines(ax, parts, [name.rpartition("/")[2] for name in parts])
    ax.set_ylabel("V / V at the start")
    ax.set_ylim(bottom=1e-10, top=1e2)
    ax.legend(loc="lower left", title="start", handlelength=1)


def _by_rate(ax: "Axes", parts: "dict[str, pd.DataFrame]", orders: Mapping[str, float], ylabel: str) -> None:
    """Draw errors over learning rates; a dotted line has the order at which they vanish according to the theorem."""
    from matplotlib.ticker import FixedLocator, NullFormatter

    ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel=ylabel)
    ax.xaxis.set_minor_formatter(NullFormatter())
    _lines(ax, parts, marker=".")
    for name, order in orders.items():
        if name in parts:
            middle = parts[name].median(axis=1)
            line = middle.iloc[-1] * (middle.index / middle.index[-1]) ** order
            ax.plot(middle.index, line, color=style.GUIDE, **style.PUBLISHED)
    ends = [min(part.index[0] for part in parts.values()), max(part.index[-1] for part in parts.values())]
    ax.xaxis.set_major_locator(FixedLocator(ends))
    ax.xaxis.set_major_formatter("{:g}".format)
    ax.plot([], [], color=style.GUIDE, label="expected slope", **style.PUBLISHED)
    ax.legend()


def _online(ax: "Axes", results: "FigureResults") -> None:
    orders = {"in_turn": 1.0, "random": 0.5}
    _by_rate(ax, _part(results.table, "online_error_by_rate"), orders, "distance from the flow, relative")
    ax.set_ylim(bottom=0.1 * ax.get_ylim()[0])  # room for the legend
    ax.legend(loc="lower right")


def _gauss_newton(ax: "Axes", results: "FigureResults") -> None:
    orders = {"tanh": 1.0, "logistic": 1.0}
    _by_rate(ax, _part(results.table, "deviation_by_rate"), orders, "deviation, relative")


def _one_pair(ax: "Axes", results: "FigureResults") -> None:
    ax.set_yscale("log")
    names = {
        "angle_deg": "angle (degrees)",
        "scalar_deviation": "scalar",
        "hidden_deviation": "h",
        "weight_deviation": "W",
    }
    for number, (quantity, label) in enumerate(names.items()):
        (values,) = (part for name, part in _part(results.table, quantity).items() if name == "one_pair")
        ax.plot(
            values.index, values.max(axis=1).clip(lower=1e-17), color=style.SERIES[number], label=label, linewidth=0.8
        )
    ax.axhline(1e-6, color=style.SERIES[0], linewidth=0.8, linestyle="--")
    ax.axhline(1e-10, color=style.SERIES[1], linewidth=0.8, linestyle="--")
    ax.set(xlabel="time", ylabel="largest of all trials")
    ax.set_ylim(top=10.0)  # room for the legend
    ax.legend(ncols=2, loc="upper center", columnspacing=0.8, handlelength=1)


def _many_pairs(ax: "Axes", results: "FigureResults") -> None:
    _lines(ax, {"Be to W⁺e": _part(results.table, "angle_deg")["many_pairs"]})
    apart = _part(results.table, "matrix_angle_deg")["many_pairs"]
    ax.plot(apart.index, apart.median(axis=1), ".-", color=style.SERIES[1], label="B to W⁺")
    ax.fill_between(
        apart.index, apart.min(axis=1), apart.max(axis=1), color=style.SERIES[1], alpha=style.BAND, linewidth=0
    )
    ax.set(xlabel="time", ylabel="angle (degrees)", ylim=(0, 120), yticks=range(0, 121, 30))
    ax.legend()


PANELS: "tuple[tuple[int, str, Callable[[Axes, FigureResults], None]], ...]" = (
    (1, "Theorem 1: error", _errors),
    (1, "1: BW + W'B' - AA'", _invariants),
    (1, "1: V", _lyapunov),
    (1, "1: learning online", _online),
    (2, "Theorem 2: Gauss-Newton", _gauss_newton),
    (3, "Theorem 3: one pair", _one_pair),
    (3, "3: many pairs", _many_pairs),
)


def _list(ax: "Axes", summary: "pd.DataFrame") -> None:
    """List each statement with its measured value and bound; statements that do not hold are bold."""
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    holding = int(summary["holds"].sum())
    ax.set_title(f"{holding} of {len(summary)} statements hold (of each, the worst of all trials)", loc="left")
    for number, row in enumerate(summary.itertuples()):
        height = 1 - (number + 0.5) / len(summary)
        weight = "normal" if row.holds else "bold"
        words: dict[str, Any] = {"va": "center", "fontsize": style.SMALL, "fontweight": weight}
        colour = "#000000" if row.holds else style.ALARM
        ax.text(0.0, height, f"{row.theorem}", color=colour, **words)
        ax.text(0.025, height, str(row.statement), color=colour, **words)
        ax.text(0.72, height, f"{row.measured:.2g}", color=colour, **words)
        ax.text(0.82, height, f"{criteria.bound_text(row)}", color=colour, **words)
        ax.text(0.94, height, "holds" if row.holds else "FAILS", color=colour, **words)


_held = criteria.statements_claim
_NONLINEAR = ("it is rate s'^2 x'x times that step, but for O(rate)", "the deviation vanishes with the rate")

CLAIMS = (
    _held(
        "conserved", 1, "B W + W'B' - A A' is conserved while learning", ["B W + W'B' - A A' is conserved"], "constant"
    ),
    _held("error_vanishes", 1, "From a zero start the error vanishes", ["from zero, the error vanishes"], "0"),
    _held(
        "lyapunov",
        1,
        "From a zero start V = tr(B E E'B') never rises",
        ["from zero, V = tr(B E E'B') never rises"],
        "falls",
    ),
    _held(
        "conditions_matter",
        1,
        "Without the theorem's conditions neither is so",
        ["with too few hidden units it stays", "from C != 0, V may rise"],
    ),
    _held(
        "online_follows_flow",
        1,
        "Learning example by example follows the theorem's flow as the rate falls",
        ["orthogonal examples in turn: learning is the flow but for O(rate)", "random examples: but for O(rate^(1/2))"],
    ),
    _held(
        "gauss_newton_linear",
        2,
        "Pseudobackprop changes linear units as Gauss-Newton does",
        ["linear units: their change is rate x'x times the Gauss-Newton step"],
    ),
    _held(
        "gauss_newton_nonlinear",
        2,
        "Pseudobackprop changes nonlinear hidden units by rate s'^2 x'x times that step",
        [f"{units} units: {text}" for units in ("tanh", "logistic") for text in _NONLINEAR],
        "a positive multiple",
    ),
    _held(
        "one_pair_parallel",
        3,
        "Learning a single pair from zero, feedback alignment's and pseudobackprop's signals are parallel",
        ["one pair: B e is parallel to pinv(W) e", "one pair: B e = s_w |B y*|^2 pinv(W) e"],
        "0°",
    ),
    _held(
        "one_pair_form",
        3,
        "Learning a single pair from zero, h stays along B y*, and W along y* (B y*)'",
        ["one pair: h = s_h B y* at every step", "one pair: W = s_w y* (B y*)' at every step"],
        "parallel",
    ),
    _held(
        "many_pairs_turn",
        3,
        "With many pairs feedback alignment's signal turns towards pseudobackprop's, though B does not become pinv(W)",
        ["many pairs: B e turns towards pinv(W) e", "many pairs: but B does not become pinv(W)"],
    ),
)

FIGURE = Figure(
    title="Theorems 1 to 3: why feedback alignment works, held to stated tolerances",
    columns=("theorem", "quantity", "trial", "time", "value"),
    theory=("theorem_1", "theorem_2", "theorem_3"),
    quick={"trials": 2, "theory.theorem_3.many_examples": 5000},
    types={"theorem": int, "quantity": str, "time": float},
    extras={"summary": criteria.STATEMENTS},
    labels=lambda _, studies: [{"theorem": int(each.name[-1]), **each.swept} for each in studies],
    size=(style.WIDE, 8.8),
    draw=draw,
    remarks=remarks,
    claims=CLAIMS,
)
