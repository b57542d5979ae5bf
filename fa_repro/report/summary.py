"""Texts that the page and the Markdown share: counts of verdicts, and the alternative text of a picture."""

from collections.abc import Iterable

from fa_repro.claims.claim import Judgement, Verdict
from fa_repro.experiment.check import CheckedFigure
from fa_repro.plain_text import amount

MEANING = (
    "A claim is reproduced if what was measured meets its criterion, not reproduced if it does not, "
    "has not enough trials if the interval over trials leaves it open, and is not run if there are no results to "
    "judge it by. Where the published number is marked as fitted, the setting named was chosen by it: that shows that "
    "it can be reached, not more."
)

MOST = 5
"""Maximum number of measurements in the alternative text of a picture; the table has all of them."""


def counts(judgements: Iterable[Judgement]) -> dict[Verdict, int]:
    """Number of claims with each verdict."""
    verdicts = [each.verdict for each in judgements]
    return {verdict: verdicts.count(verdict) for verdict in Verdict}


def tally(judgements: Iterable[Judgement]) -> str:
    """The counts as text."""
    found = counts(judgements)
    return f"{amount(sum(found.values()), 'claim')}: {', '.join(f'{count} {word}' for word, count in found.items())}"


def trials(checked: CheckedFigure) -> str:
    """Number of trials of a figure as text; empty if it has none."""
    config = checked.saved.config if checked.saved else {}
    number = config.get("trials")
    return amount(number, "trial") if type(number) is int and (number > 1 or "theory" not in config) else ""


def alternative(checked: CheckedFigure) -> str:
    """Alternative text of a figure's picture: its title, and what was measured."""
    measured = [each for each in checked.judgements if each.measured]
    sentences = [f"{each.claim.statement}: {each.measured.text}" for each in measured[:MOST] if each.measured]
    if len(measured) > MOST:
        sentences.append(f"{amount(len(measured) - MOST, 'more number')} in the table of its claims")
    return ". ".join(filter(None, [checked.title, trials(checked), *sentences])) + "."
