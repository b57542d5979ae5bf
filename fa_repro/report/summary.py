"""What the page and the Markdown say alike: verdicts counted, and the text that stands for a picture."""

from collections.abc import Iterable

from fa_repro.claims.claim import Judgement, Verdict
from fa_repro.experiment.check import CheckedFigure

MEANING = (
    "A claim is reproduced if what was measured meets its criterion, not reproduced if it does not, "
    "has not enough trials if the interval over trials leaves it open, and is not run if there are no results to "
    "judge it by. Where the published number is marked as fitted, the setting named was chosen by it: that shows that "
    "it can be reached, not more."
)

MOST = 5
"""Measured numbers that are told in place of a picture; the table beside it has all of them."""


def counts(judgements: Iterable[Judgement]) -> dict[Verdict, int]:
    """How many claims there are of each verdict."""
    verdicts = [each.verdict for each in judgements]
    return {verdict: verdicts.count(verdict) for verdict in Verdict}


def tally(judgements: Iterable[Judgement]) -> str:
    """The counts in words."""
    found = counts(judgements)
    return f"{amount(sum(found.values()), 'claim')}: {', '.join(f'{count} {word}' for word, count in found.items())}"


def amount(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def trials(checked: CheckedFigure) -> str:
    """Over how many trials a figure was made, in words; empty where there are none."""
    config = checked.saved.config if checked.saved else {}
    number = config.get("trials")
    return amount(number, "trial") if type(number) is int and (number > 1 or "theory" not in config) else ""


def alternative(checked: CheckedFigure) -> str:
    """What stands for the picture of a figure where it cannot be seen: its title, and what was measured."""
    measured = [each for each in checked.judgements if each.measured]
    told = [f"{each.claim.statement}: {each.measured.text}" for each in measured[:MOST] if each.measured]
    if len(measured) > MOST:
        told.append(f"{amount(len(measured) - MOST, 'more number')} in the table of its claims")
    return ". ".join(filter(None, [checked.title, trials(checked), *told])) + "."
