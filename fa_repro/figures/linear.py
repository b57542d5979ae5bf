"""Fig. 1d: four algorithms learn to mimic a linear function."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fa_repro.claims import criteria, evidence
from fa_repro.claims.claim import Claim
from fa_repro.figures import Figure, main_labels
from fa_repro.plotting import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults
    from fa_repro.results.tables import TrainedRuns
    from fa_repro.training.runs import Run

WINDOW = 25
"""Number of measured points in the sliding geometric mean that smooths curves."""

LAST = 50
"""Number of final examples by which trials are compared."""


def make_tables(trained: "TrainedRuns", axes: Sequence[str]) -> "Mapping[str, pd.DataFrame]":
    """Tables `main`: NSE; `maps`: target and learned maps of the representative trial, empty for a sweep."""
    from fa_repro.results.tables import LinearMaps, TableBuilder

    main, maps = TableBuilder(FIGURE.columns, axes), LinearMaps(axes)
    for run, outcome in trained:
        main.add_observations(run, outcome)
        if not axes:
            maps.add(run, outcome)
    table, learned = main.table(), maps.table()
    if not axes:
        learned = learned[learned["trial"] == representative(table)].reset_index(drop=True)
    return {"main": table, "maps": learned}


def representative(table: "pd.DataFrame") -> int:
    """The trial whose final errors are nearest to the medians, over all algorithms and sweep points.

    The final error is the mean log NSE of the last examples. A diverged trial is chosen only if all trials diverged.
    """
    import numpy as np

    from fa_repro.statistics import log10

    late = table[table["example"] > table["example"].max() - LAST]
    others = [name for name in table.columns if name not in ("example", "nse")]
    ends = late.assign(end=log10(late["nse"].to_numpy())).groupby(others)["end"].mean().unstack("trial")
    distance = ends.sub(ends.median(axis=1), axis=0).abs()
    diverged = np.isinf(table["nse"]).groupby(table["trial"]).any()
    return int((distance.sum() + diverged * 1e9).idxmin())


def check_results(results: "FigureResults", _: Sequence["Run"], finished: Sequence["Run"]) -> None:
    """Check that `maps` has the target and the map of each run of one trial, or nothing.

    Raises
    ------
    ValueError
        If it has not.
    """
    import numpy as np

    from fa_repro.results.layout import check_rectangles

    maps = results.extra["maps"]
    if maps.empty:
        return
    trial = int(maps["trial"].iloc[0])
    sizes = {run.condition.algorithm: run.condition.setup.task.sizes for run in finished if run.trial == trial}
    names, shapes = maps["algorithm"], maps.groupby("algorithm")[["input", "output"]].nunique()
    if results.config["sweep"] or set(names) != {"target", *sizes} or (maps["trial"] != trial).any():
        raise ValueError(f"maps: expected the target and those algorithms that learned in trial {trial}")
    if not np.isfinite(maps["weight"][names == "target"]).all():
        raise ValueError("maps: the target is not finite")
    if any(tuple(shapes.loc[name]) != size for name, size in sizes.items()):
        raise ValueError("maps: expected a weight for each input and output of the task")
    check_rectangles("maps", maps, ["algorithm"], "output", "input")


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw the NSE of each algorithm with the published curves; at the right, the target map and the learned ones."""
    from fa_repro.plotting import sweeps

    if results.config["sweep"]:
        sweeps.draw_sweep(fig, results, sweeps.NSE)
    elif results.extra["maps"].empty:
        _curves_panel(fig.subplots(), results)
    else:
        left, right = fig.subfigures(1, 2, squeeze=False, width_ratios=(1.55, 1))[0]
        _curves_panel(left.subplots(), results)
        _maps_panel(right, results)


def _curves_panel(ax: "Axes", results: "FigureResults") -> None:
    import numpy as np

    from fa_repro.claims import published
    from fa_repro.plotting import curves
    from fa_repro.results.tables import by_trial
    from fa_repro.statistics import log10, sliding

    table = results.table
    chosen, references = representative(table), published.published_curves("1d")
    window = max(1, min(WINDOW, table["example"].nunique() // 8))
    ax.set_yscale("log")
    for position, algorithm in enumerate(results.config["algorithms"]):
        colour = style.colour(algorithm, position)
        rows = table[table["algorithm"] == algorithm]
        if rows.empty:  # all of its runs failed
            continue
        trials, examples, values = by_trial(rows, "nse")
        smooth, _ = sliding(log10(values), min(window, len(examples)))
        centres = examples[window // 2 : window // 2 + smooth.shape[1]]
        inside = np.isfinite(smooth)
        some = inside.any(axis=0)
        low = np.where(inside, smooth, np.inf).min(axis=0)[some]
        high = np.where(inside, smooth, -np.inf).max(axis=0)[some]
        ax.fill_between(centres[some], 10**low, 10**high, color=colour, alpha=style.BAND, linewidth=0)
        line = 10 ** smooth[np.argmax(trials == chosen)]
        ax.plot(centres, line, color=colour, label=style.label(algorithm), marker=curves.point_marker(centres))
        curves.mark_diverged(ax, results, rows, colour)
        if algorithm in references:
            reference = references[algorithm]
            ax.plot(reference["examples"], reference["value"], color=colour, **style.PUBLISHED)
    ax.plot([], [], color=style.REFERENCE, label="published", **style.PUBLISHED)
    ax.set_ylabel("NSE")
    ax.set_title(f"trial {chosen}, means of {window} points; band: all {results.config['trials']} trials")
    curves.example_axis(ax, table)
    curves.limit_axis(ax, below=0.0)  # the band shows all trials, not uncertainty
    ax.legend(loc="lower left")


def _maps_panel(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw the target map and each learned map as images with one colour scale."""
    learned = results.extra["maps"]
    images = {
        name: part.pivot(index="output", columns="input", values="weight").to_numpy()
        for name, part in learned.groupby("algorithm")
    }
    names = ["target", *(name for name in results.config["algorithms"] if name in images)]
    limit = float(abs(images["target"]).max())
    panels = fig.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for ax, name in zip(panels, names, strict=True):
        picture = ax.imshow(images[name], cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
        ax.set_title("target T" if name == "target" else f"W W₀, {style.label(name)}")
        ax.set(yticks=[])
    panels[-1].set_xlabel("input")
    panels[len(names) // 2].set_ylabel("output")
    fig.colorbar(picture, ax=list(panels), label="weight", shrink=0.6)


END = evidence.Endpoint("nse", at=2000, last=LAST, logarithmic=True)

LEARNED = 1e-3
"""NSE at which a net counts as having learned."""


def _time(part: "pd.DataFrame") -> "pd.Series":
    """Logarithm of the number of examples after which the smoothed NSE is below `LEARNED`; infinite if it never is."""
    import numpy as np
    import pandas as pd

    from fa_repro.statistics import sliding

    trials, examples, values = evidence.trial_curves(part, END)
    smooth = sliding(evidence.finite(values), min(WINDOW, values.shape[1]))[0]
    below = smooth < np.log10(LEARNED)
    when = examples[np.argmax(below, axis=1)] + WINDOW // 2
    return pd.Series(evidence.finite(np.where(below.any(axis=1), np.log10(when), np.inf)), index=trials)


def _claims_of(algorithm: str, ends: str, follows: str) -> tuple[Claim, Claim]:
    """Claims about the final error of an algorithm, and about its learning curve."""
    return (
        criteria.level_claim(f"{algorithm}_end", ends, "Fig. 1d", ("1d", "final_nse", algorithm), END, "single"),
        criteria.curve_claim(f"{algorithm}_curve", follows, "Fig. 1d", "1d", algorithm, END, WINDOW),
    )


CLAIMS = (
    *criteria.fitted(
        "learning rate",
        *_claims_of(
            "shallow",
            "Learning in the output layer alone hardly reduces the error",
            "The shallow net's curve is the published one",
        ),
        *_claims_of(
            "reinforcement",
            "Reinforcement learns, but has come only to 6e-3 after 2,000 examples",
            "Reinforcement's curve is the published one",
        ),
    ),
    *_claims_of("backprop", "Backprop learns the function to many digits", "Backprop's curve is the published one"),
    *criteria.fitted(
        "learning rate",
        *_claims_of(
            "feedback_alignment",
            "Feedback alignment learns the function to many digits",
            "Feedback alignment's curve is the published one",
        ),
    ),
    criteria.order_claim(
        "reinforcement_beats_shallow",
        "Reinforcement ends below learning in the output layer alone",
        "Fig. 1d",
        "reinforcement",
        ["shallow"],
        END,
    ),
    criteria.order_claim(
        "feedback_alignment_beats_reinforcement",
        "Feedback alignment ends below reinforcement and below learning in the output layer alone",
        "Fig. 1d",
        "feedback_alignment",
        ["reinforcement", "shallow"],
        END,
    ),
    criteria.as_good_claim(
        "feedback_alignment_as_fast_as_backprop",
        "Feedback alignment learns as fast as backprop, at the rates of this config",
        "Fig. 1d",
        "feedback_alignment",
        "backprop",
        _time,
        f"examples until the NSE is below {LEARNED:g}",
    ),
)

FIGURE = Figure(
    title="Fig. 1d: four algorithms learn a linear function",
    columns=("algorithm", "trial", "example", "nse"),
    probes=("nse",),
    record={"grid": "every", "probes": ["nse", "angle_backprop_deg"], "weights": True},
    quick={"trials": 4, "training.examples": 600},
    size=(style.WIDE, 3.8),
    draw=draw,
    make_tables=make_tables,
    labels=main_labels,
    extras={"maps": {"algorithm": str, "trial": int, "output": int, "input": int, "weight": float}},
    check_results=check_results,
    claims=CLAIMS,
)
