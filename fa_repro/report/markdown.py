"""The report as Markdown, for a README that shows the pictures of `results/gallery/`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fa_repro import registry
from fa_repro.claims.claim import Verdict
from fa_repro.config import locate
from fa_repro.experiment.check import CheckedFigure, figures_with_claims
from fa_repro.io.atomic import sha256
from fa_repro.report import summary
from fa_repro.results.directory import config_hash
from fa_repro.training import numerics

COLUMNS = ("claim", "where", "published", "measured", "verdict")


def fingerprint(checked: Sequence[CheckedFigure] | None = None) -> str:
    """Fingerprint of what a report's numbers depend on: numerics, configs and claims.

    Of checked figures, it has the numerics and the configs of their results; otherwise those of this version and of the
    shipped configs. A report whose first line has another fingerprint than the latter may be outdated.
    """
    names = figures_with_claims()
    if checked is None:
        configs = {
            name: config_hash(locate.read_config(locate.shipped_folder() / f"{name}.yaml").data) for name in names
        }
        versions = str(numerics.VERSION)
    else:
        found = {one.name: one.saved.manifest if one.saved else {} for one in checked}
        configs = {name: _config(manifest) for name, manifest in found.items()}
        versions = (
            " and ".join(sorted({str(each.get("numerics", "unknown")) for each in found.values() if each})) or "-"
        )
    claims = [
        (name, each.name, each.statement, each.where, each.published_text, each.criterion)
        for name in names
        for each in registry.module("figures", name).FIGURE.claims
    ]
    return f"numerics {versions}, configs {_short(configs)}, claims {_short(claims)}"


def _config(manifest: Mapping[str, Any]) -> Any:
    """Hash of the config file that results were created from, and the options that changed it."""
    known, options = manifest.get("config_hash"), manifest.get("options")
    return [known, options] if options else known


def rows(checked: CheckedFigure) -> list[tuple[str, ...]]:
    """A row for each claim of a figure: plain texts in the order of `COLUMNS`."""
    return [
        (each.claim.statement, each.claim.where, each.claim.published_text, each.result_text or "-", str(each.verdict))
        for each in checked.judgements
    ]


def render_markdown(checked: Sequence[CheckedFigure]) -> str:
    """Render the report on checked figures as Markdown."""
    return "\n".join([f"<!-- made by: fa-repro report --markdown; {fingerprint(checked)} -->", *_lines(checked)]) + "\n"


def _lines(checked: Sequence[CheckedFigure]) -> Iterator[str]:
    yield f"**{summary.tally(each for one in checked for each in one.judgements)}.** {summary.MEANING}"
    for one in checked:
        yield from ("", f"### {escaped(one.title)}", "")
        if one.state != "done":
            yield from (f"State of the results: {escaped(one.state)}.", "")
        yield from (f"![{escaped(summary.alternative(one))}](results/gallery/{one.name}.png)", "")
        yield from (_line(COLUMNS), _line(["---"] * len(COLUMNS)), *(_line(map(escaped, row)) for row in rows(one)))
    left = [each for one in checked for each in one.judgements if each.verdict is not Verdict.REPRODUCED]
    yield from ("", "### What was not reproduced, or is not decided", "")
    for each in left:
        yield (
            f"- **{escaped(each.claim.statement)}** ({escaped(each.claim.where)}): {each.verdict}. "
            f"Published: {escaped(each.claim.published_text)}. Measured: {escaped(each.result_text or '-')}. "
            f"Criterion: {escaped(each.claim.criterion)}."
        )
    if not left:
        yield "Nothing: every claim was reproduced."


def _line(cells: "Sequence[str] | Iterator[str] | map[str]") -> str:
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """Text that Markdown shows literally, even in a table: on one line, with special characters escaped."""
    for character in "\\`*[]|<":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())


def _short(data: object) -> str:
    return sha256(json.dumps(data, sort_keys=True).encode())[:12]
