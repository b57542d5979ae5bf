"""Fig. 4a: NSE of feedback alignment for several initial ranges of the forward weights."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fa_repro.claims import evidence
from fa_repro.claims.claim import Claim, Measured
from fa_repro.claims.evidence import LARGE, LEVEL, SMALL
from fa_repro.figures import Figure
from fa_repro.plotting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw one line per sweep point on a log axis, coloured by the swept value."""
    from fa_repro.plotting import sweeps

    sweeps.draw_sweep(fig, results, sweeps.NSE)


END = evidence.Endpoint("nse", at=20_000, logarithmic=True)

PRECISE, LEARNED = 1e-10, 1e-2
"""NSE at the lower edge of the published axis, and NSE at which a net counts as having learned something."""


def _ends_below(bound: float, keep: "Callable[[float], bool]") -> "Callable[[FigureResults], Measured]":
    def judge(results: "FigureResults") -> Measured:
        parts = evidence.by_init_range(results, "feedback_alignment", keep)
        found = [
            evidence.mean_within(evidence.end_values(part, END).to_numpy(), 0.0, bound, logarithmic=True)
            for part in parts
        ]
        return max(found, key=lambda each: each.high or 0.0)

    return judge


def _small_beat_large(results: "FigureResults") -> Measured:
    small, large = (
        evidence.by_init_range(results, "feedback_alignment", keep) for keep in (evidence.is_small, evidence.is_large)
    )
    return evidence.weakest(
        evidence.is_below(
            evidence.paired(evidence.end_values(low, END), evidence.end_values(high, END)), logarithmic=True
        )
        for low in small
        for high in large
    )


CLAIMS = (
    Claim(
        "small_start_learns_precisely",
        "From small initial weights feedback alignment learns until the error is at the lower edge of the figure",
        "Fig. 4a",
        f"geometric mean of the NSE after 20,000 examples, with its 95 % interval, at most {PRECISE:g} from each range "
        f"up to {SMALL:g}",
        _ends_below(PRECISE, evidence.is_small),
        published="1e-10, the end of the axis",
    ),
    Claim(
        "learns_from_every_start",
        "Feedback alignment learns from every initial range up to 0.25",
        "Fig. 4a",
        f"geometric mean of the NSE after 20,000 examples, with its 95 % interval, at most {LEARNED:g} from each range",
        _ends_below(LEARNED, lambda _: True),
    ),
    Claim(
        "small_start_beats_large",
        "The smaller the initial weights, the better feedback alignment learns",
        "Fig. 4a",
        f"paired one-sided t-test of the logarithm of the NSE after 20,000 examples, each range up to "
        f"{SMALL:g} against each from {LARGE:g} on, p < {LEVEL:g}",
        _small_beat_large,
    ),
)

FIGURE = Figure(
    title="Fig. 4a: feedback alignment from small and large initial weights",
    columns=("algorithm", "trial", "example", "nse"),
    probes=("nse",),
    record={"grid": "linear", "points": 201, "probes": ["nse"]},
    quick={"trials": 3, "training.examples": 2000, "record.points": 101},
    size=(style.WIDE, 3.4),
    draw=draw,
    claims=CLAIMS,
)
