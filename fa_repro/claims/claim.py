"""Claims of the paper: statements, criteria and verdicts.

The module of each figure lists its claims. The criterion of a claim says what decides on it; `judge` measures that.
This module is imported with every figure, so it imports nothing heavy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fa_repro.results.figure_results import FigureResults


class Verdict(StrEnum):
    """Verdict on a claim."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    NOT_ENOUGH = "not enough trials"
    NOT_RUN = "not run"


class NotMeasurableError(Exception):
    """Raised if nothing can be measured for a claim: results are missing, or trials diverged.

    Attributes
    ----------
    verdict : Verdict
        The verdict on the claim in this case.
    """

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict


@dataclass(frozen=True)
class Measured:
    """The measurement for a claim.

    Attributes
    ----------
    text : str
        The number as text, with its unit and interval.
    holds : bool or None
        Whether the criterion is met; None if the interval leaves it open, so that more trials are needed.
    value, low, high : float, optional
        The number, and the 95 % interval over trials.
    p : float, optional
        p value of the test that decides, if there is one.
    trials : int, optional
        Number of trials measured; None if the result has no trials.
    """

    text: str
    holds: bool | None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    trials: int | None = None


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes
    ----------
    name : str
        Identifier, unique within the figure.
    statement : str
        The claim in one sentence.
    where : str
        Where the paper makes it.
    criterion : str
        What must be measured for the claim to count as reproduced.
    judge : callable
        `judge(results)` returns the measurement; raises `NotMeasurableError` if nothing can be measured.
    published : str
        The published result as text; empty if the paper gives no number.
    reference : (str, str, str), optional
        Figure, quantity and algorithm of the published value, used instead of `published`.
    fitted : str
        The setting that was fitted to the published number, if any. Reaching the number then only shows that it can be
        reached.
    """

    name: str
    statement: str
    where: str
    criterion: str
    judge: "Callable[[FigureResults], Measured]"
    published: str = ""
    reference: tuple[str, str, str] | None = None
    fitted: str = ""

    @property
    def published_text(self) -> str:
        """The published result as text, with the setting fitted to it; `-` if the paper gives no number."""
        text = self.published or "-"
        if self.reference is not None:
            from fa_repro.claims.published import published_value

            found = published_value(*self.reference)
            text = f"{found.text} %" if found.unit == "percent" else found.text
        return f"{text} (fitted: {self.fitted})" if self.fitted else text


@dataclass(frozen=True)
class Judgement:
    """A claim and the verdict on it.

    Attributes
    ----------
    figure : str
        The figure whose results were used.
    claim : Claim
    verdict : Verdict
    measured : Measured, optional
        None if nothing could be measured.
    reason : str
        Why nothing was measured, or why the verdict is open; empty otherwise.
    """

    figure: str
    claim: Claim
    verdict: Verdict
    measured: Measured | None = None
    reason: str = ""

    @property
    def result_text(self) -> str:
        """The measurement as text, or why there is none."""
        return "; ".join(filter(None, [self.measured.text if self.measured else "", self.reason]))

    def as_data(self) -> dict[str, Any]:
        """The judgement as plain data for JSON."""
        claim, measured = self.claim, self.measured
        return {
            "figure": self.figure,
            "claim": claim.name,
            "where": claim.where,
            "statement": claim.statement,
            "criterion": claim.criterion,
            "published": claim.published_text,
            "fitted": claim.fitted or None,
            "measured": measured.text if measured else None,
            "value": measured.value if measured else None,
            "low": measured.low if measured else None,
            "high": measured.high if measured else None,
            "p": measured.p if measured else None,
            "trials": measured.trials if measured else None,
            "verdict": str(self.verdict),
            "reason": self.reason,
        }


def judge_claim(figure: str, claim: Claim, results: "FigureResults") -> Judgement:
    """Judge a claim by saved results."""
    try:
        measured = claim.judge(results)
    except NotMeasurableError as error:
        return Judgement(figure, claim, error.verdict, None, str(error))
    if measured.holds is None:
        reason = "the interval reaches beyond what the claim allows: more trials would tell"
        return Judgement(figure, claim, Verdict.NOT_ENOUGH, measured, reason)
    return Judgement(figure, claim, Verdict.REPRODUCED if measured.holds else Verdict.NOT_REPRODUCED, measured)
