"""Verdicts on claims: a table for a terminal, and JSON."""

import json
import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from fa_repro.claims.claim import Verdict
from fa_repro.experiment.check import CheckedFigure

SCHEMA = 1

HEADINGS = ("verdict", "claim", "published", "measured")

NARROWEST = 60
"""Minimum width of a table, in characters."""

GAP = "  "


def table(checked: Sequence[CheckedFigure], width: int) -> Iterator[str]:
    """Lines of a table of all claims, figure by figure, and their counts; each has at most `width` characters."""
    verdict = max(len(each) for each in Verdict)
    left = max(width, NARROWEST) - verdict - len(GAP) * (len(HEADINGS) - 1)
    widths = (verdict, round(0.4 * left), round(0.2 * left), left - round(0.4 * left) - round(0.2 * left))
    yield from _row(HEADINGS, widths)
    for figure in checked:
        yield ""
        yield from textwrap.wrap(f"{figure.name} ({figure.state})", width)
        reasons = {each.reason for each in figure.judgements}
        if figure.saved is None and len(reasons) == 1:
            yield from _row((str(Verdict.NOT_RUN), f"all {len(figure.judgements)} claims", "", *reasons), widths)
            continue
        for each in figure.judgements:
            claim = f"{each.claim.where}: {each.claim.statement}"
            yield from _row((str(each.verdict), claim, each.claim.published_text, each.result_text), widths)
    yield ""
    yield counted(checked)


def counted(checked: Sequence[CheckedFigure]) -> str:
    """Number of claims, and of those with each verdict, as text."""
    counts = {verdict: sum(each.counts[verdict] for each in checked) for verdict in Verdict}
    return f"{sum(counts.values())} claims: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}"


def as_json(checked: Sequence[CheckedFigure]) -> str:
    """All verdicts as JSON in ASCII, for any encoding; numbers that are not finite become null."""
    data = {
        "schema": SCHEMA,
        "counts": {str(verdict): sum(each.counts[verdict] for each in checked) for verdict in Verdict},
        "figures": [_about(each) for each in checked],
        "claims": [_plain(each.as_data()) for figure in checked for each in figure.judgements],
    }
    return json.dumps(data, indent=1, allow_nan=False)


def _about(checked: CheckedFigure) -> dict[str, Any]:
    differences = {key: {"value": value, "shipped": other} for key, (value, other) in checked.differences.items()}
    return {
        "figure": checked.name,
        "title": checked.title,
        "variant_of": checked.variant_of or None,
        "state": checked.state,
        "differences": differences,
        "mixed": dict(checked.saved.manifest.get("mixed", {})) if checked.saved else {},
    }


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in data.items()
    }


def _row(words: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [textwrap.wrap(word, width) or [""] for word, width in zip(words, widths, strict=True)]
    for line in range(max(map(len, cells))):
        parts = [cell[line] if line < len(cell) else "" for cell in cells]
        yield GAP.join(f"{part:<{width}}" for part, width in zip(parts, widths, strict=True)).rstrip()
