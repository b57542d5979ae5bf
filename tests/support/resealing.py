"""Files of results with other content, and checksums that fit it."""

import contextlib
import io
import json
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner

from fa_repro import run
from fa_repro.cli.main import command_line
from fa_repro.config.locate import shipped_folder
from fa_repro.io import atomic, yaml
from tests.support.configs import SMALL
from tests.support.limits import timed
from tests.support.nonlinear import CONFIG as NONLINEAR
from tests.support.studies import FLOW_FIELD, THEOREMS

LINEAR = ("linear", "nse", "angle", "rules")
"""Figures that draw the small config."""

FIGURES = ("linear", "nse", "angle", "nonlinear", "flow-field", "theorems", "rules")

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2.5, -0.0, 1e308, 10**18, 10**30, float("inf"), "", "x", "\0", "1e-3", "\u202e"),
    *([], [1], [[]], {}, {"a": 1}, [None], [{}], ["x"], [{"algorithm": "backprop"}], {"x": [1, {"y": 2}]}),
)
"""Values in place of others."""

CELLS = ("", "nan", "inf", "-inf", "1e308", "-1", "0.5", "x", "True", "9" * 30, '"', "\0", "é", " 1", "1,1")
"""Texts in place of a cell of a table."""


def prepare(folder: Path, figures: Sequence[str] = FIGURES) -> None:
    """Small results of figures in `folder/results`, with configs of all in `folder/configs`; the current folder."""
    (folder / "configs").mkdir()
    for path in shipped_folder().glob("*.yaml"):
        (folder / "configs" / path.name).write_bytes(path.read_bytes())
    angles = "[nse, angle_backprop_deg, angle_pseudobackprop_deg]"
    for name in LINEAR:
        own = SMALL.replace("figure: linear", f"figure: {name}").replace("[nse, angle_backprop_deg]", angles)
        (folder / f"configs/{name}.yaml").write_text(own)
    (folder / "configs/nonlinear.yaml").write_text(NONLINEAR)
    for name in figures:
        settings: dict[str, dict[str, Any]] = {"flow-field": FLOW_FIELD, "theorems": THEOREMS}
        sweeps: dict[str, dict[str, Any]] = {
            "nse": {"network.init_range": [0.1, 0.3]},
            "rules": {"algorithms.backprop.learning_rate": [0.01, 0.02]},
        }
        run(name, settings.get(name), sweep=sweeps.get(name))


def reseal(folder: Path, name: str, data: bytes) -> None:
    """Write a file of results or of a run, with its checksum in the manifest, and the manifest's own."""
    (folder / name).write_bytes(data)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"][name] = {"sha256": atomic.sha256(data), "bytes": len(data)}
    write_manifest(path, manifest)


def write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest with the seal that a run's has."""
    if manifest.pop("seal", None) is not None:
        manifest["seal"] = atomic.sha256(json.dumps(manifest, sort_keys=True).encode())
    path.write_text(json.dumps(manifest))


def changed_value(rng: random.Random, value: Any, depth: int = 0) -> Any:
    """Plain data with one value replaced, removed or added somewhere."""
    if depth < 5 and rng.random() < 0.8:
        if isinstance(value, dict) and value:
            key = rng.choice(sorted(value))
            kind = rng.random()
            if kind < 0.1:
                return {name: item for name, item in value.items() if name != key}
            if kind < 0.2:
                return {**value, rng.choice(["x", f"{key}x", "trial", "a.b"]): rng.choice(ODD)}
            return {**value, key: changed_value(rng, value[key], depth + 1)}
        if isinstance(value, list) and value:
            place = rng.randrange(len(value))
            return [changed_value(rng, item, depth + 1) if at == place else item for at, item in enumerate(value)]
    return rng.choice(ODD)


def changed_bytes(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Any file with other content."""
    text = data.decode("latin-1")
    kinds: list[Callable[[], bytes]] = [
        lambda: b"",
        lambda: b"\xef\xbb\xbf" + data,
        lambda: text.encode("utf-16"),
        lambda: data[: rng.randrange(len(data))],
        lambda: data + data,
        lambda: data.replace(b"0", b"\0", 3),
        lambda: b"\xff" * 100,
        lambda: b"[" * 100_000,
        lambda: rng.choice(others),
        lambda: data[: len(data) // 2] + bytes([rng.randrange(256)]) + data[len(data) // 2 + 1 :],
    ]
    return rng.choice(kinds)()


def changed_table(rng: random.Random, data: bytes) -> bytes:
    """A CSV with other columns, rows or cells."""
    rows = [line.split(",") for line in data.decode().splitlines()]
    head, body = rows[0], rows[1:]
    column, count = rng.randrange(len(head)), len(body)
    kind = rng.randrange(9)
    if kind == 0:
        rows = [row[:column] + row[column + 1 :] for row in rows]
    elif kind == 1:
        rows[0] = [
            rng.choice(["x", "", "nse", "trial", name]) if at == column else name for at, name in enumerate(head)
        ]
    elif kind == 2:
        rows = [[*row, rng.choice(CELLS)] for row in rows]
    elif kind == 3:
        text = rng.choice(CELLS)
        rows[1:] = [[*row[:column], text, *row[column + 1 :]] for row in body]
    elif kind == 4 and body:
        for _ in range(rng.choice([1, 1, 5])):
            rows[rng.randrange(1, count + 1)][column] = rng.choice(CELLS)
    elif kind == 5:
        rows = [head, *body[: rng.randrange(count + 1)]]
    elif kind == 6 and body:
        del rows[rng.randrange(1, count + 1)]
    elif kind == 7 and body:
        rows += [rng.choice(body) for _ in range(rng.choice([1, 3]))]
    else:
        rows[1:] = rng.sample(body, count)
    return ("\n".join(map(",".join, rows)) + "\n").encode()


def changed_record(rng: random.Random, data: bytes) -> bytes:
    """A run's archive with other arrays."""
    arrays = dict(np.load(io.BytesIO(data)))
    name = rng.choice(sorted(arrays))
    kinds: list[Callable[[Any], Any]] = [
        lambda array: array.astype(np.float32),
        lambda array: array.astype(np.complex128),
        lambda array: array[..., None],
        lambda array: array.ravel()[:-1],
        lambda array: np.full(array.shape, rng.choice([np.nan, np.inf, -1.0, 1e308])),
        lambda array: array.astype("U8"),
        lambda array: np.array([object()]),
        lambda array: array.T if array.ndim else array + 7,
        lambda array: np.concatenate([array.ravel(), array.ravel()]),
    ]
    kind = rng.randrange(len(kinds) + 3)
    if kind < len(kinds):
        arrays[name] = kinds[kind](arrays[name])
    elif kind == len(kinds):
        del arrays[name]
    else:
        arrays[rng.choice(["x", "column/x", "array/x", "run/x"])] = np.zeros(3)
    buffer = io.BytesIO()
    (np.savez_compressed if rng.random() < 0.2 else np.savez)(buffer, **arrays)  # pickles too
    return buffer.getvalue()


def mutate(rng: random.Random, results: Path, figure: str) -> str:
    """Change one file of a figure's results, or of a run; returns what was changed."""
    folder = results / figure
    runs = sorted(path.parent for path in results.glob("runs/??/*/record.npz"))
    if runs and rng.random() < 0.25:
        folder = rng.choice(runs)
    names = [*sorted(json.loads((folder / "manifest.json").read_bytes())["files"]), "manifest.json"]
    name = rng.choice([each for each in names if not each.endswith(".png")])
    data = (folder / name).read_bytes()
    if name == "manifest.json":
        changed = changed_value(rng, json.loads(data))
        while not isinstance(changed, dict):
            changed = changed_value(rng, json.loads(data))
        write_manifest(folder / name, changed)
        return f"{folder}/{name}"
    if rng.random() < 0.25:
        pattern = "runs/??/*/*.npz" if name.endswith(".npz") else f"*/*{Path(name).suffix}"
        others = [path.read_bytes() for path in sorted(results.glob(pattern))]
        reseal(folder, name, changed_bytes(rng, data, others))
    elif name.endswith(".csv"):
        reseal(folder, name, changed_table(rng, data))
    elif name.endswith(".npz"):
        reseal(folder, name, changed_record(rng, data))
    else:
        reseal(folder, name, yaml.dump(changed_value(rng, yaml.load(data, name).data)).encode())
    return f"{folder}/{name}"


def commands(figure: str) -> Iterator[tuple[str, ...]]:
    """Commands that read results."""
    yield ("list",)
    yield ("check",)
    yield ("check", "--json")
    yield ("check", figure) if figure != "rules" else ("check",)
    yield ("report",)
    yield ("report", "--markdown")
    yield ("plot", figure)
    yield ("run", "--from", f"results/{figure}", "-q")
    yield ("run", figure, "-q")
    yield ("run", figure, "--dry-run")
    yield ("config", figure, "--config", f"results/{figure}/config.yaml")


def fuzz(base: Path, seed: int, count: int, figures: Sequence[str] = FIGURES) -> dict[int, int]:
    """Give commands, each on results with one mutation, in a copy of `base`; returns the number of each exit code.

    Raises whatever a command raises, with the mutation as a note.
    """
    rng, codes, folder = random.Random(seed), dict[int, int](), base.parent / f"{base.name}-fuzz"
    shutil.copytree(base, folder)
    with contextlib.chdir(folder):
        for _ in range(count):
            figure = rng.choice(figures)
            words = rng.choice(list(commands(figure)))
            shutil.rmtree("results")
            shutil.copytree(base / "results", "results")
            what = mutate(rng, Path("results"), figure)
            with timed():
                done = CliRunner().invoke(command_line, words)
            if done.exception is not None and not isinstance(done.exception, SystemExit):
                done.exception.add_note(f"{' '.join(words)} after a change of {what}, seed {seed}")
                raise done.exception
            codes[done.exit_code] = codes.get(done.exit_code, 0) + 1
    shutil.rmtree(folder)
    return codes
