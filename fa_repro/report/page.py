"""The report's page: a template filled with data of the checked figures. Equal results give equal bytes."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fa_repro import __version__
from fa_repro.claims.claim import Verdict
from fa_repro.experiment.check import CheckedFigure
from fa_repro.plain_text import escape_controls
from fa_repro.report import glossary, sections, summary
from fa_repro.report.sections import Mark, Row, Section

NAME = "report.html"


@dataclass(frozen=True)
class Undecided:
    """Claims of one figure that share a verdict other than reproduced.

    Attributes
    ----------
    reason : str
        Why none of them was measured, if all have the same reason; empty if each row has its own.
    """

    section: Section
    mark: Mark
    reason: str
    rows: tuple[Row, ...]


def render_page(
    checked: Sequence[CheckedFigure],
    results: Path,
    variants: Sequence[CheckedFigure] = (),
    place: Path | None = None,
) -> str:
    """Render the page on checked figures, whose results are in the folder `results`.

    Links to their files are relative to the folder `place` of the page, by default `results`. Variants have sections of
    their own, but their claims are not counted with those of the figures.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("fa_repro.report", "templates"),
        autoescape=True,  # everything that comes from results is shown as text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
        keep_trailing_newline=True,
    )
    environment.filters["whole"] = _whole
    every = [each for one in checked for each in one.judgements]
    css, script = _part("report.css"), _part("flow_field.js")
    parts = [sections.section(one, results, place) for one in checked]
    here = place is None or place.resolve() == results.resolve()
    return environment.get_template("report.html.j2").render(
        css=Markup(css),  # from the package's own files, the only text that is not escaped
        script=Markup(script),
        css_hash=_hash(css),
        script_hash=_hash(script),
        sections=parts,
        variants=[sections.section(one, results, place) for one in variants],
        marks=[sections.mark(verdict) for verdict in Verdict],
        totals=list(summary.counts(every).values()),
        tally=summary.tally(every),
        meaning=summary.MEANING,
        undecided=_undecided(checked, parts),
        facts=_facts(checked),
        folder="this folder" if here else results.absolute(),
        any_results=any(one.saved for one in checked),
        terms=glossary.TERMS,
        version=__version__,
    )


def _undecided(checked: Sequence[CheckedFigure], parts: Sequence[Section]) -> list[Undecided]:
    """Claims not reproduced, then those not decided, then those not run; one entry for each figure."""
    found = []
    for verdict in (Verdict.NOT_REPRODUCED, Verdict.NOT_ENOUGH, Verdict.NOT_RUN):
        for one, part in zip(checked, parts, strict=True):
            judgements = [each for each in one.judgements if each.verdict is verdict]
            rows = tuple(map(sections.row, judgements))
            if rows:
                found.append(Undecided(part, sections.mark(verdict), sections.reason(judgements), rows))
    return found


def _facts(checked: Sequence[CheckedFigure]) -> list[tuple[str, list[str]]]:
    """Origin of the results: values that all have in common, or each value with the figures that have it."""
    manifests = {one.name: one.saved.manifest for one in checked if one.saved}
    if not manifests:
        return []
    moments = sorted({sections.created_text(manifest) for manifest in manifests.values() if "made" in manifest})
    unknown = [name for name, manifest in manifests.items() if "made" not in manifest]
    span = [" to ".join(dict.fromkeys([moments[0], moments[-1]]))] if moments else []
    if unknown:
        span.append(f"not recorded ({', '.join(unknown)})" if moments else "not recorded")
    return [
        ("Results created", span),
        ("with version", _shared(manifests, lambda each: sections.mapped(each.get("versions")).get("fa_repro", "?"))),
        ("source commit", _shared(manifests, sections.commit_text)),
        ("machine", _shared(manifests, sections.machine_text)),
    ]


def _shared(manifests: Mapping[str, Mapping[str, Any]], what: Callable[[Mapping[str, Any]], Any]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for name, manifest in manifests.items():
        groups.setdefault(str(what(manifest)), []).append(name)
    return [value if len(groups) == 1 else f"{value} ({', '.join(names)})" for value, names in groups.items()]


def _printable(value: Any) -> Any:
    """What an expression of the template gives; in text, control characters are escaped."""
    return escape_controls(value, lines=True) if type(value) is str else value


def _whole(text: str) -> str:
    """Text with markup that keeps numbers such as `5e-12` on one line."""
    from markupsafe import Markup, escape

    kept = re.sub(r"\d[\d.]*e-\d+", r'<span class="whole">\g<0></span>', str(escape(_printable(text))))
    return Markup(kept.replace(" %", "\N{NO-BREAK SPACE}%").replace(" .. ", "\N{NO-BREAK SPACE}.. "))


def _part(name: str) -> str:
    return files("fa_repro.report").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Hash by which the page's content security policy allows a style or script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
