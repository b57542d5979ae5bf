"""Compare saved results with the claims of the paper; results are only read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fa_repro import isolation, registry
from fa_repro.claims.claim import Judgement, Verdict, judge_claim
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment import reference
from fa_repro.experiment.saved import load_results
from fa_repro.experiment.status import status_of, variants
from fa_repro.figures import Figure
from fa_repro.results import in_progress
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
    variant_of : str
        The figure of which these results are a variant, with a name of their own; empty otherwise.
    """

    name: str
    title: str
    state: str
    saved: FigureResults | None
    judgements: tuple[Judgement, ...]
    trouble: str = ""
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    variant_of: str = ""

    @property
    def counts(self) -> dict[Verdict, int]:
        """The number of claims with each verdict."""
        return {verdict: sum(each.verdict is verdict for each in self.judgements) for verdict in Verdict}


def figures_with_claims() -> tuple[str, ...]:
    """Names of the figures with claims, in the order of the paper."""
    every = [name for name in registry.names("figures") if _figure(name).claims]
    return tuple(sorted(every, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))


@isolation.one_thread
def check_figures(results: Path, chosen: Sequence[str] = ()) -> list[CheckedFigure]:
    """Compare results with claims, for the chosen figures and variants, or for all figures with claims.

    Raises
    ------
    ConfigError
        If a name is neither a figure with claims nor a variant of one.
    """
    known, kept = figures_with_claims(), variants_with_claims(results)
    every = (*known, *kept)
    for name, _, config in variants(results):
        if not config and name in chosen:
            load_results(figure_folder(results, name), name)  # says what is wrong
    if unknown := [name for name in chosen if name not in every]:
        raise ConfigError(
            f"no claims about {name!r}{did_you_mean(name, every)} Figures with claims: {', '.join(every)}."
            for name in unknown
        )
    return [_checked(name, results, kept.get(name, name)) for name in dict.fromkeys(chosen or known)]


def variants_with_claims(results: Path) -> dict[str, str]:
    """Names of the variants of figures with claims among these results, each with its figure."""
    return {name: config for name, _, config in variants(results) if config in figures_with_claims()}


def _figure(name: str) -> Figure:
    figure: Figure = registry.module("figures", name).FIGURE
    return figure


def _checked(name: str, results: Path, figure_name: str) -> CheckedFigure:
    figure, variant_of = _figure(figure_name), figure_name if name != figure_name else ""
    state = status_of(name, results, variant_of).status
    try:
        saved = load_results(figure_folder(results, name), name)
    except StorageError as error:
        there = (figure_folder(results, name) / "manifest.json").exists()
        reason = str(error) if there else in_progress.describe_progress(results, name) or str(error)
        judgements = tuple(Judgement(name, claim, Verdict.NOT_RUN, None, reason) for claim in figure.claims)
        return CheckedFigure(name, figure.title, state, None, judgements, reason if there else "", {}, variant_of)
    found = reference.differences(figure_name, saved.config)
    saved = replace(saved, differences=reference.concerning_claims(found, figure, saved.config["sweep"]))
    judgements = tuple(judge_claim(name, claim, saved) for claim in figure.claims)
    return CheckedFigure(name, figure.title, state, saved, judgements, "", found, variant_of)
