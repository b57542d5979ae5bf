"""The sections of the page, one for each figure: plain values that the template shows."""

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fa_repro.claims.claim import Judgement, Verdict
from fa_repro.errors import StorageError
from fa_repro.experiment.check import CheckedFigure
from fa_repro.io import atomic, yaml
from fa_repro.io.manifest import ManifestError, read_verified
from fa_repro.plotting import style
from fa_repro.report import flow_field, summary
from fa_repro.results import commands, provenance
from fa_repro.results.layout import UNKNOWN
from fa_repro.results.paths import figure_folder

SYMBOLS = {Verdict.REPRODUCED: "✓", Verdict.NOT_REPRODUCED: "✗", Verdict.NOT_ENOUGH: "?", Verdict.NOT_RUN: "-"}
"""Symbols shown beside verdicts, so that no information is in colours alone."""

MOST = 10
"""Maximum number of trials that are listed one by one."""


@dataclass(frozen=True)
class Mark:
    """A verdict: its words, its symbol, and its CSS class."""

    words: str
    symbol: str
    style: str


@dataclass(frozen=True)
class Row:
    """A claim with its measurement."""

    statement: str
    where: str
    published: str
    measured: str
    criterion: str
    mark: Mark


@dataclass(frozen=True)
class Link:
    """A file of the results: its name, its address relative to the page, and its size as text."""

    name: str
    address: str
    size: str


@dataclass(frozen=True)
class Section:
    """The section of one figure. Missing texts are empty, and a missing `field` is None.

    Attributes
    ----------
    anchor : str
        Target of links within the page.
    ordinary : bool
        Whether the state of its results needs no remark.
    notes : tuple of str
        Details of that state.
    trouble : str
        Why the results cannot be read.
    reason : str
        Why none of its claims was measured, if all have the same reason.
    picture, alternative : str
        The PNG as a data URI, and its alternative text.
    facts : tuple of (str, str)
        Origin of the results.
    command : str
        The command that created the results.
    repeat : tuple of str
        Commands that give the same bytes again.
    field : dict, optional
        Data of the interactive flow field.
    """

    name: str
    anchor: str
    title: str
    state: str
    ordinary: bool
    notes: tuple[str, ...]
    trouble: str
    picture: str
    alternative: str
    trials: str
    reason: str
    remarks: tuple[str, ...]
    rows: tuple[Row, ...]
    counts: tuple[int, ...]
    settings: str
    links: tuple[Link, ...]
    facts: tuple[tuple[str, str], ...]
    command: str
    repeat: tuple[str, ...]
    field: dict[str, Any] | None


def mark(verdict: Verdict) -> Mark:
    """How a verdict is shown."""
    return Mark(str(verdict), SYMBOLS[verdict], str(verdict).replace(" ", "-"))


def row(judgement: Judgement) -> Row:
    """A claim as a row of a table."""
    claim = judgement.claim
    published, measured = claim.published_text, judgement.result_text or "-"
    return Row(claim.statement, claim.where, published, measured, claim.criterion, mark(judgement.verdict))


def reason(judgements: Sequence[Judgement]) -> str:
    """Why none of several claims was measured, if all have the same reason; otherwise empty."""
    reasons = {each.result_text for each in judgements}
    unjudged = all(each.verdict is Verdict.NOT_RUN for each in judgements)
    return reasons.pop() if len(reasons) == 1 and unjudged else ""


def section(checked: CheckedFigure, results: Path, place: Path | None = None) -> Section:
    """The section of a figure, whatever the state of its results, on a page in the folder `place` or `results`."""
    saved = checked.saved
    manifest: Mapping[str, Any] = saved.manifest if saved else {}
    rows, why = tuple(map(row, checked.judgements)), reason(checked.judgements)
    return Section(
        name=checked.name,
        anchor=f"figure-{quote(checked.name, safe='')}",
        title=_title(checked),
        state=checked.state,
        ordinary=checked.state == "done",
        notes=tuple(_notes(checked)),
        trouble=checked.trouble,
        picture=_picture(figure_folder(results, checked.name), manifest),
        alternative=summary.alternative(checked),
        trials=summary.trials(checked),
        remarks=tuple(map(str, listed(manifest.get("remarks")))),
        reason="" if checked.trouble else why,
        rows=tuple(replace(each, measured="-") for each in rows) if why else rows,
        counts=tuple(summary.counts(checked.judgements).values()),
        settings=yaml.dump(dict(saved.config)) if saved else "",
        links=tuple(_links(figure_folder(results, checked.name), place or results, manifest)),
        facts=tuple(facts(manifest)) if saved else (),
        command=commands.join_words(commands.read_command(manifest.get("command")) or []),
        repeat=tuple(_repeat(figure_folder(results, checked.name), manifest)) if saved else (),
        field=flow_field.field(saved) if saved else None,
    )


def mapped(value: Any) -> Mapping[str, Any]:
    """A part of a manifest that should be a mapping; an empty one if it is not."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """A part of a manifest that should be a list; an empty one if it is not."""
    return value if isinstance(value, list) else []


def commit_text(manifest: Mapping[str, Any]) -> str:
    """The source code that created the results, as text."""
    source = mapped(manifest.get("source"))
    unknown = source.get("git_unknown")
    if not source.get("git_commit"):
        return f"unknown: {unknown}" if unknown else "not from a Git checkout"
    if unknown:
        return f"{source['git_commit']}, perhaps with uncommitted changes ({unknown})"
    return f"{source['git_commit']}{', with uncommitted changes' if source.get('git_dirty') else ''}"


def machine_text(manifest: Mapping[str, Any]) -> str:
    """The machine on which results were created, as text."""
    about = mapped(manifest.get("machine"))
    kernels = ", ".join(map(str, listed(about.get("blas_kernels"))))
    words = [f"{about.get('system', 'unknown system')} {about.get('machine', '')}".strip()]
    words += [f"{about['cores']} cores"] if "cores" in about else []
    words += [f"BLAS {about['blas']}{f' ({kernels} kernels)' if kernels else ''}"] if "blas" in about else []
    return ", ".join(words)


def created_text(manifest: Mapping[str, Any]) -> str:
    """When results were created, as text."""
    return str(manifest.get("made", "not recorded")).replace("T", " ").replace("+00:00", " UTC")


def facts(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and texts of what a manifest says about the origin of results."""
    yield "created", created_text(manifest)
    yield "source commit", commit_text(manifest)
    yield "machine", machine_text(manifest)
    seconds = mapped(manifest.get("seconds"))
    yield "seconds", ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in seconds.items()) or "not recorded"
    yield "versions", ", ".join(f"{key} {value}" for key, value in mapped(manifest.get("versions")).items())
    yield "config hash", str(manifest.get("config_hash", "not recorded"))


def _title(checked: CheckedFigure) -> str:
    if not checked.variant_of:
        return checked.title
    place, _, rest = checked.title.partition(":")
    return f"{place}, variant {checked.name}:{rest}"


def _repeat(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    return provenance.repeat_commands(folder, mapped(manifest.get("source")), mapped(manifest.get("versions")))


def _notes(checked: CheckedFigure) -> Iterator[str]:
    manifest = checked.saved.manifest if checked.saved else {}
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for each in map(mapped, listed(manifest.get("diverged"))):
        groups.setdefault(_which(each), []).append(each)
    for which, runs in groups.items():
        places = [f"trial {each.get('trial', '?')} at example {each.get('example', '?')}" for each in runs[:MOST]]
        places += [f"{len(runs) - MOST} more trials"] if len(runs) > MOST else []
        yield f"Diverged (output no longer finite): {', '.join(which)}: {', '.join(places)}."
    reasons: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for each in map(mapped, listed(manifest.get("failed"))):
        reasons.setdefault((*_which(each), f"{each.get('reason', 'reason not recorded')}"), []).append(each)
    for (*what, reason), runs in reasons.items():
        numbers = [f"{each['trial']}" for each in runs if "trial" in each]
        shown = [", ".join(numbers[:MOST]) + (", ..." if len(numbers) > MOST else "")] if numbers else []
        yield f"Failed: {', '.join([*what, *(f'trial {each}' for each in shown)])}: {reason}"
    if "stale: " in checked.state:
        command = "the command below" if checked.variant_of else f"fa-repro run {checked.name}"
        yield f"These results are out of date. Update them with: {command}"
    if "created with " in checked.state:
        yield "These results were created with options that override settings of the config of this name."
    for key, (value, shipped) in checked.differences.items():
        yield f"Differs from the shipped config: {key} is {_setting(value)}, there {_setting(shipped)}."
    for name, origins in mapped(manifest.get("mixed")).items():
        yield f"Its runs have several origins: {name} {' and '.join(map(str, listed(origins)))}."


def _setting(value: Any) -> str:
    return "not set" if value is None else yaml.inline(value)


def _which(each: Mapping[str, Any]) -> tuple[str, ...]:
    """Name and swept values of a run or study, without its trial and final example."""
    names = [str(each[key]) for key in ("study",) if key in each]
    names += [style.label(str(each["algorithm"]))] if "algorithm" in each else []
    rest = {key: each[key] for key in each if key not in ("study", "algorithm", "trial", "example", "reason")}
    return (*names, *(f"{key} = {yaml.inline(value)}" for key, value in rest.items()))


def _picture(folder: Path, manifest: Mapping[str, Any]) -> str:
    """The PNG as a data URI; empty if there is none, or if another one has just replaced it."""
    name = f"{folder.name}.png"
    promises = {file: about for file, about in mapped(manifest.get("files")).items() if file == name}
    try:
        data = read_verified(folder, {"files": promises}, [name], UNKNOWN)[name]
    except (KeyError, ManifestError, StorageError):
        return ""
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def _links(folder: Path, place: Path, manifest: Mapping[str, Any]) -> Iterator[Link]:
    sizes = {file: mapped(about).get("bytes") for file, about in mapped(manifest.get("files")).items()}
    if manifest:
        with atomic.storage_errors("read", folder / "manifest.json"):
            sizes["manifest.json"] = (folder / "manifest.json").stat().st_size
    for file, size in sizes.items():
        yield Link(file, _address(folder / file, place), _size(size) if type(size) is int else "")


def _address(path: Path, place: Path) -> str:
    """The address of a file for a page in the folder `place`."""
    try:
        relative = Path(os.path.relpath(path, place)).as_posix()
    except ValueError:  # they are on different drives
        return path.absolute().as_uri()
    return quote(relative, errors="surrogateescape")  # a name need not be Unicode


def _size(number: int) -> str:
    """A number of bytes as text."""
    for unit, name in ((1_000_000, "MB"), (1_000, "kB")):
        if number >= unit:
            return f"{number / unit:.1f} {name}"
    return f"{number} bytes"
