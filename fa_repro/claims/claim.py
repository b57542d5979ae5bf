"""Claims of the paper: what each says, the criterion it is held to, and the verdict on it.

A figure lists its claims in its own file. A claim's criterion says what decides; `judge` gives what was measured.
Imported with every figure, so nothing heavy is imported here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fa_repro.results.figure_results import FigureResults


class Verdict(StrEnum):
    """What there is to say of a claim."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    NOT_ENOUGH = "not enough trials"
    NOT_RUN = "not run"


class NotMeasurableError(Exception):
    """Raised where there is no number to judge by: the verdict is decided by what is missing, or by what diverged."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict


@dataclass(frozen=True)
class Measured:
    """What was measured for a claim.

    Attributes
    ----------
    text : str
        The number in words, with its unit and interval.
    holds : bool or None
        Whether the criterion is met; None if the interval leaves it open, so that more trials would tell.
    value, low, high : float, optional
        The number, and the 95 % interval over trials.
    p : float, optional
        Of the test that decides, if one does.
    trials : int, optional
        How many it is measured over; None for what has none.
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
        What it is called in a program, unlike any other of its figure.
    statement : str
        One sentence.
    where : str
        Where in the paper.
    criterion : str
        What has to be measured for it to be reproduced.
    judge : callable
        `judge(results)` gives what was measured; raises `NotMeasurableError` if there is nothing to judge by.
    published : str
        What the paper says, in words. Empty where it gives no number.
    reference : (str, str, str), optional
        Figure, quantity and algorithm of the published value, in place of `published`.
    fitted : str
        The setting that was chosen by the published number, so that reaching it shows that it can be reached, not
        more. Empty where none was.
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
        """What the paper says, in words, and what was fitted to it; `-` where it gives no number."""
        text = self.published or "-"
        if self.reference is not None:
            from fa_repro.claims.published import published_value

            found = published_value(*self.reference)
            text = f"{found.text} %" if found.unit == "percent" else found.text
        return f"{text} (fitted: {self.fitted})" if self.fitted else text


@dataclass(frozen=True)
class Judgement:
    """A claim with the verdict on it.

    Attributes
    ----------
    figure : str
        The figure whose results it was judged by.
    claim : Claim
    verdict : Verdict
    measured : Measured, optional
        None where nothing could be measured.
    reason : str
        Why nothing was measured, or what would tell more. Empty for a plain verdict.
    """

    figure: str
    claim: Claim
    verdict: Verdict
    measured: Measured | None = None
    reason: str = ""

    @property
    def result_text(self) -> str:
        """What was measured, or why nothing was, in words."""
        return "; ".join(filter(None, [self.measured.text if self.measured else "", self.reason]))

    def as_data(self) -> dict[str, Any]:
        """Plain data, as JSON has it."""
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
    """The verdict on a claim by saved results."""
    try:
        measured = claim.judge(results)
    except NotMeasurableError as error:
        return Judgement(figure, claim, error.verdict, None, str(error))
    if measured.holds is None:
        reason = "the interval reaches beyond what the claim allows: more trials would tell"
        return Judgement(figure, claim, Verdict.NOT_ENOUGH, measured, reason)
    return Judgement(figure, claim, Verdict.REPRODUCED if measured.holds else Verdict.NOT_REPRODUCED, measured)
