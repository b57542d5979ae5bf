"""FigureResults results held to the paper's claims; reads results and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fa_repro import registry
from fa_repro.claims.claim import Judgement, Verdict, judge_claim
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment.status import status_of
from fa_repro.figures import Figure
from fa_repro.results import in_progress
from fa_repro.results.directory import load
from fa_repro.results.figure_results import FigureResults
from fa_repro.suggestions import did_you_mean

ORDER = ("linear", "angle", "nse", "mnist", "receptive-fields", "nonlinear", "flow-field", "theorems")
"""Figures as the paper has them; others follow."""


@dataclass(frozen=True)
class CheckedFigure:
    """A figure with its results and the verdicts on its claims.

    Attributes
    ----------
    name : str
        The figure's.
    title : str
        What it reproduces.
    state : str
        State of its results in words, as `fa-repro list` has it.
    saved : FigureResults, optional
        The results; None if there are none that can be read.
    judgements : tuple of Judgement
        One for each claim, in the order of the figure's file.
    trouble : str
        Why results that are there cannot be read; empty where they can.
    """

    name: str
    title: str
    state: str
    saved: FigureResults | None
    judgements: tuple[Judgement, ...]
    trouble: str = ""

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many claims there are of each verdict."""
        return {verdict: sum(each.verdict is verdict for each in self.judgements) for verdict in Verdict}


def figures_with_claims() -> tuple[str, ...]:
    """Figures that have claims, in the order of the paper."""
    every = [name for name in registry.names("figures") if _figure(name).claims]
    return tuple(sorted(every, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))


def check_figures(results: Path, chosen: Sequence[str] = ()) -> list[CheckedFigure]:
    """Hold the results of figures, or of all that have claims, to their claims.

    Raises
    ------
    ConfigError
        If a name is not that of a figure that has claims.
    """
    known = figures_with_claims()
    if unknown := [name for name in chosen if name not in known]:
        raise ConfigError(
            f"no claims are made of {name!r}{did_you_mean(name, known)} They are of: {', '.join(known)}."
            for name in unknown
        )
    return [_checked(name, results) for name in dict.fromkeys(chosen or known)]


def _figure(name: str) -> Figure:
    figure: Figure = registry.module("figures", name).FIGURE
    return figure


def _checked(name: str, results: Path) -> CheckedFigure:
    figure = _figure(name)
    state = status_of(name, results).status
    try:
        saved = load(results / name, name)
    except StorageError as error:
        there = (results / name / "manifest.json").exists()
        reason = str(error) if there else in_progress.describe_progress(results, name) or str(error)
        judgements = tuple(Judgement(name, claim, Verdict.NOT_RUN, None, reason) for claim in figure.claims)
        return CheckedFigure(name, figure.title, state, None, judgements, reason if there else "")
    judgements = tuple(judge_claim(name, claim, saved) for claim in figure.claims)
    return CheckedFigure(name, figure.title, state, saved, judgements)
