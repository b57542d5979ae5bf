"""Compare saved results with the claims of the paper; results are only read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fa_repro import registry
from fa_repro.claims.claim import Judgement, Verdict, judge_claim
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment import reference
from fa_repro.experiment.status import status_of
from fa_repro.figures import Figure
from fa_repro.results import in_progress
from fa_repro.results.directory import load
from fa_repro.results.figure_results import FigureResults
from fa_repro.results.paths import figure_folder
from fa_repro.suggestions import did_you_mean

ORDER = ("linear", "angle", "nse", "mnist", "receptive-fields", "nonlinear", "flow-field", "theorems")
"""Figures in the order of the paper; others follow."""


@dataclass(frozen=True)
class CheckedFigure:
    """A figure with its results and the verdicts on its claims.

    Attributes
    ----------
    name : str
        Name of the figure.
    title : str
        What the figure reproduces.
    state : str
        State of its results, as shown by `fa-repro list`.
    saved : FigureResults, optional
        The results; None if they are missing or cannot be read.
    judgements : tuple of Judgement
        One for each claim, in the order in which the module of the figure defines them.
    trouble : str
        Why existing results cannot be read; empty if they can be read or do not exist.
    differences : mapping of str to (value, value)
        Dotted keys of their config whose values differ from those of the shipped config, with both values.
    """

    name: str
    title: str
    state: str
    saved: FigureResults | None
    judgements: tuple[Judgement, ...]
    trouble: str = ""
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Verdict, int]:
        """The number of claims with each verdict."""
        return {verdict: sum(each.verdict is verdict for each in self.judgements) for verdict in Verdict}


def figures_with_claims() -> tuple[str, ...]:
    """Names of the figures with claims, in the order of the paper."""
    every = [name for name in registry.names("figures") if _figure(name).claims]
    return tuple(sorted(every, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))


def check_figures(results: Path, chosen: Sequence[str] = ()) -> list[CheckedFigure]:
    """Compare results with claims, for the chosen figures or for all figures with claims.

    Raises
    ------
    ConfigError
        If a name is not a figure with claims.
    """
    known = figures_with_claims()
    if unknown := [name for name in chosen if name not in known]:
        raise ConfigError(
            f"no claims about {name!r}{did_you_mean(name, known)} Figures with claims: {', '.join(known)}."
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
        saved = load(figure_folder(results, name), name)
    except StorageError as error:
        there = (figure_folder(results, name) / "manifest.json").exists()
        reason = str(error) if there else in_progress.describe_progress(results, name) or str(error)
        judgements = tuple(Judgement(name, claim, Verdict.NOT_RUN, None, reason) for claim in figure.claims)
        return CheckedFigure(name, figure.title, state, None, judgements, reason if there else "")
    found = reference.differences(name, saved.config)
    saved = replace(saved, differences=reference.concerning_claims(found, figure, saved.config["sweep"]))
    judgements = tuple(judge_claim(name, claim, saved) for claim in figure.claims)
    return CheckedFigure(name, figure.title, state, saved, judgements, differences=found)
