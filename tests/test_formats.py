"""Pictures as they are published: their formats, their width, their type and their colours."""

import itertools
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as Canvas

import fa_repro
from fa_repro import registry
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment import pipeline
from fa_repro.io import atomic
from fa_repro.plotting import render, style
from fa_repro.results import directory
from fa_repro.results.formats import FORMATS, parse_formats
from tests.support.configs import SMALL
from tests.support.drawing import draw
from tests.support.print import misprinted, texts
from tests.support.sweeps import made_up
from tests.test_theory_figures import SETTINGS as FLOW
from tests.test_theory_figures import SMALL as THEOREMS

Command = Callable[..., Result]


def pictures(folder: str | Path = "results/linear") -> list[str]:
    return sorted(path.name for path in Path(folder).glob("linear.*") if path.suffix != ".csv")


def listed(folder: str | Path = "results/linear") -> dict[str, Any]:
    manifest = json.loads((Path(folder) / "manifest.json").read_text())
    for name, promise in manifest["files"].items():
        data = (Path(folder) / name).read_bytes()
        assert promise == {"sha256": atomic.sha256(data), "bytes": len(data)}
    return manifest


# ---- the option ----


def test_formats_are_written_beside_the_png_and_are_in_the_manifest(command: Command) -> None:
    done = command("run", "linear", "--format", "svg,pdf")
    assert (done.exit_code, done.stdout.split()) == (0, [f"results/linear/linear.{x}" for x in ("png", "pdf", "svg")])
    assert pictures() == ["linear.pdf", "linear.png", "linear.svg"]
    manifest = listed()
    assert {"linear.pdf", "linear.png", "linear.svg"} <= manifest["files"].keys()
    assert manifest["command"] == "fa-repro run linear --format pdf,svg"
    assert manifest["options"] == [], "they decide no numbers"
    assert "made with" not in command("list").stdout
    assert Path("results/linear/linear.png").read_bytes().startswith(b"\x89PNG")
    assert Path("results/linear/linear.pdf").read_bytes().startswith(b"%PDF")


def test_the_png_is_the_same_whatever_else_is_written(command: Command) -> None:
    command("run", "linear")
    assert pictures() == ["linear.png"]
    before = Path("results/linear/linear.png").read_bytes()
    assert listed()["command"] == "fa-repro run linear"
    command("plot", "linear", "--format", "pdf")
    assert Path("results/linear/linear.png").read_bytes() == before
    assert {"linear.pdf", "linear.png"} <= listed()["files"].keys()


@pytest.mark.parametrize("words", [("run", "linear"), ("plot", "linear")])
def test_without_the_option_the_formats_that_are_there_are_drawn_anew(command: Command, words: tuple[str, ...]) -> None:
    command("run", "linear", "--format", "pdf", "--set", "trials=2")
    old = Path("results/linear/linear.pdf").read_bytes()
    saved = directory.load(Path("results/linear"))
    if words[0] == "plot":  # as after a change of how figures are drawn
        directory.save(Path("results/linear"), saved, {"png": b"old", "pdf": b"old"})
    done = command(*words)
    assert done.stdout.split() == ["results/linear/linear.png", "results/linear/linear.pdf"]
    assert pictures() == ["linear.pdf", "linear.png"]
    new = Path("results/linear/linear.pdf").read_bytes()
    assert (new == old) == (words[0] == "plot")
    assert new != b"old"
    if words[0] == "run":
        assert listed()["command"] == "fa-repro run linear --format pdf"
        fresh = fa_repro.run("linear", results="other", formats=["pdf"])
        assert new == (fresh.directory / "linear.pdf").read_bytes()


@pytest.mark.parametrize("name", ["run", "plot"])
def test_formats_that_are_not_asked_for_any_more_are_removed(command: Command, name: str) -> None:
    command("run", "linear", "--format", "pdf,svg")
    command(name, "linear", "--format", "svg")
    assert pictures() == ["linear.png", "linear.svg"]
    assert "linear.pdf" not in listed()["files"]
    command(name, "linear", "--format", "png")
    assert pictures() == ["linear.png"]
    assert command("plot", "linear").stdout.split() == ["results/linear/linear.png"]
    assert not Path("results/linear/damaged").exists()


@pytest.mark.parametrize("words", [("run", "linear"), ("run", "linear", "--format", "pdf"), ("plot", "linear")])
def test_a_picture_that_no_manifest_knows_is_put_aside(
    command: Command, words: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    command("run", "linear")
    Path("results/linear/linear.pdf").write_bytes(b"a killed command's, or a person's own")
    assert command(*words).exit_code == 0
    assert pictures() == (["linear.pdf", "linear.png"] if "pdf" in words else ["linear.png"])
    (aside,) = Path("results/linear/damaged").iterdir()
    assert aside.read_bytes() == b"a killed command's, or a person's own"
    assert "linear.pdf is none of the results: put aside" in caplog.text
    listed()


def test_a_damaged_picture_is_put_aside_and_made_again(command: Command) -> None:
    command("run", "linear", "--format", "pdf")
    before = Path("results/linear/linear.pdf").read_bytes()
    Path("results/linear/linear.pdf").write_bytes(b"%PDF")
    assert "linear.pdf is not what its manifest says" in command("plot", "linear").stderr
    assert command("run", "linear").exit_code == 0
    assert Path("results/linear/linear.pdf").read_bytes() == before
    listed()


def test_old_pictures_stay_where_new_ones_cannot_be_written(
    command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("run", "linear", "--format", "pdf")
    folder = workplace / "results/linear"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    replace = Path.replace

    def broken(self: Path, target: Path) -> Path:
        if Path(target).name == "manifest.json" and self.read_bytes() != before["manifest.json"]:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(StorageError, match="No space left"):
        pipeline.redraw("linear", Path("results"), ["svg"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["run", "plot"])
def test_an_unknown_format_is_refused_with_the_known_ones(command: Command, name: str) -> None:
    command("run", "linear")
    refused = command(name, "linear", "--format", "png,gif")
    assert refused.exit_code == 2
    assert "there is no 'gif', only png, pdf, svg" in refused.stderr
    with pytest.raises(ConfigError, match="there is no 'gif', only png, pdf, svg"):
        fa_repro.run("linear", formats=["gif"])
    with pytest.raises(ConfigError, match="gif"):
        pipeline.redraw("linear", Path("results"), ["gif"])
    assert pictures() == ["linear.png"]


def test_formats_from_python(workplace: Path) -> None:
    result = fa_repro.run("linear", formats=["svg"])
    assert result.pictures == tuple(result.directory / f"linear.{x}" for x in ("png", "svg"))
    assert all(path.is_file() for path in result.pictures)
    assert parse_formats("svg, PDF") == parse_formats(["pdf", "svg", "png"]) == ("png", "pdf", "svg")


def test_a_command_that_has_not_ended_goes_on_with_its_formats(command: Command) -> None:
    done = command("run", "linear", "--format", "pdf", "--shard", "1/2")
    assert "When all shards have ended: fa-repro run linear --format pdf" in done.stderr
    assert "fa-repro run linear --format pdf" in command("list").stdout


def test_all_formats_are_repeated_and_compared(command: Command) -> None:
    command("run", "linear", "--format", "pdf,svg")
    done = command("run", "--from", "results/linear")
    assert done.exit_code == 0, done.output
    assert {"same bytes: linear.pdf", "same bytes: linear.svg"} <= set(done.stdout.splitlines())
    assert command("run", "--from", "results/linear", "--format", "pdf").exit_code == 2


# ---- files ----


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[[], Canvas]]:
    """Every figure, of small results; each call draws it anew."""
    folder = tmp_path_factory.mktemp("drawings")
    made: dict[str, Callable[[], Canvas]] = {}
    probes = {"record.probes": ["nse", "angle_backprop_deg", "angle_pseudobackprop_deg"]}
    requests: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "linear": ("linear", {}, {}),
        "nse": ("nse", {}, {}),
        "angle": ("angle", probes, {}),
        "swept linear": ("linear", {}, {"network.init_range": [0.1, 0.3]}),
        "linear over two": ("linear", {}, {"network.init_range": [0.1, 0.3], "seed": [0, 1]}),
        "linear over three": ("linear", {}, {"network.init_range": [0.1, 0.3], "seed": [0, 1], "task.inputs": [5, 6]}),
        "angle over two": ("angle", probes, {"network.init_range": [0.1, 0.3], "seed": [0, 1]}),
        "diverging": ("linear", {"algorithms.backprop.learning_rate": 5.0, "training.examples": 200}, {}),
        "rules": ("rules", {}, {}),
        "nonlinear": ("nonlinear", {"trials": 2, "training.examples": 300, "task.test_examples": 50}, {}),
        "flow-field": ("flow-field", FLOW, {}),
        "swept flow-field": ("flow-field", FLOW, {"theory.flow_field.B": [-1.0, 1.0, 2.0, 3.0, 4.0]}),
        "theorems": ("theorems", THEOREMS, {}),
        "swept theorems": ("theorems", THEOREMS, {"theory.theorem_2.init_range": [0.1, 0.5]}),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "configs").mkdir()
        for name in ("linear", "nse", "angle", "rules"):
            (folder / f"configs/{name}.yaml").write_text(SMALL.replace("figure: linear", f"figure: {name}"))
        for number, (case, (name, settings, sweep)) in enumerate(requests.items()):
            result = fa_repro.run(name, settings, sweep=sweep, results=folder / str(number))
            saved = directory.load(result.directory)
            made[case] = lambda name=name, saved=saved: draw(_figure(name), saved)  # type: ignore[misc]
    return made


@pytest.fixture
def digit_drawings(digits: Path, tmp_path: Path) -> dict[str, Canvas]:
    small = {"network.hidden": [20], "training.epochs": 1, "trials": 2}
    drawn = {name: fa_repro.run(name, small, results=tmp_path / "r").figure for name in ("mnist", "receptive-fields")}
    search = made_up({"seed": [0, 1], "network.init_range": [0.1, 0.2]}, "search", "validation_error_percent")
    return {**drawn, "search": draw(registry.module("figures", "search").FIGURE, search)}


def _figure(name: str) -> Any:
    return registry.module("figures", name).FIGURE


CASES = [
    "linear", "nse", "angle", "swept linear", "linear over two", "linear over three", "angle over two", "diverging",
    "rules", "nonlinear", "flow-field", "swept flow-field", "theorems", "swept theorems",
]  # fmt: skip


@pytest.mark.parametrize("case", ["linear", "linear over two", "flow-field", "theorems"])
@pytest.mark.parametrize("format_", FORMATS)
def test_equal_figures_give_equal_bytes(
    drawings: dict[str, Callable[[], Canvas]], case: str, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = render.save_figure(drawings[case](), format_)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")  # what would otherwise be today
    assert render.save_figure(drawings[case](), format_) == one
    assert not re.search(rb"<dc:date>|CreationDate|Matplotlib v", one)


@pytest.mark.parametrize("case", CASES)
def test_fonts_are_embedded_in_pdf_as_outlines_that_can_be_edited(
    drawings: dict[str, Callable[[], Canvas]], case: str
) -> None:
    data = render.save_figure(drawings[case](), "pdf")
    fonts = re.findall(rb"/Type /Font\b(?!Descriptor)", data)
    assert fonts
    assert b"/FontFile2" in data
    assert b"/Type3" not in data
    assert data.count(b"/Type /FontDescriptor") == data.count(b"/FontFile2")
    width, height = map(float, re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", data)[0])
    assert width == pytest.approx(72 * style.WIDE)
    assert height <= 72 * 9.5, "a page"


def test_svg_has_no_text_that_a_reader_may_lack_the_font_of(drawings: dict[str, Callable[[], Canvas]]) -> None:
    tags = {
        element.tag.rpartition("}")[2]
        for element in ET.fromstring(render.save_figure(drawings["linear"](), "svg")).iter()
    }
    assert "path" in tags
    assert "text" not in tags


# ---- width and type ----


@pytest.mark.parametrize("case", CASES)
def test_every_figure_is_as_wide_as_the_page_and_its_type_can_be_read(
    drawings: dict[str, Callable[[], Canvas]], case: str
) -> None:
    assert set(CASES) == set(drawings)
    canvas = drawings[case]()
    assert canvas.get_figwidth() == style.WIDE
    assert len(texts(canvas)) > 5
    assert misprinted(canvas) == []


def test_figures_of_digits_are_as_wide_as_the_page_and_their_type_can_be_read(
    digit_drawings: dict[str, Canvas],
) -> None:
    for name, canvas in digit_drawings.items():
        assert canvas.get_figwidth() == style.WIDE, name
        assert misprinted(canvas) == [], name
    assert set(registry.names("figures")) <= {*CASES, *digit_drawings}, "every figure"


def test_small_type_would_be_found() -> None:
    canvas = Canvas()
    ax = canvas.subplots()
    ax.text(0.5, 0.5, "small", fontsize=6)
    ax.set_title("$W_0$")
    ax.set_yscale("log")
    found = misprinted(canvas)
    assert "6.0 points: 'small'" in found
    assert "smaller within: '$W_0$'" in found
    assert any("10^{" in each for each in found), "Matplotlib's own exponents"


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(1e-12, 1.0, {"10⁻¹²", "10⁰"}), (2e3, 8e3, {"2×10³", "6×10³"}), (1e9, 1e11, {"10⁹", "10¹⁰"})],  # noqa: RUF001
)
def test_powers_are_written_in_plain_characters(low: float, high: float, told: set[str]) -> None:
    canvas = Canvas()
    ax = canvas.subplots()
    ax.set(yscale="log", ylim=(low, high))
    style.plain_powers(canvas)
    assert told <= {text.get_text() for text in texts(canvas)}


def test_powers_of_both_signs_are_written_in_plain_characters() -> None:
    canvas = Canvas()
    ax = canvas.subplots()
    ax.set(xscale="symlog", xlim=(-100, 100))
    style.plain_powers(canvas)
    assert {"\N{MINUS SIGN}10²", "0", "10²"} <= {text.get_text() for text in texts(canvas)}


def test_figures_name_their_type_and_do_not_count_it_in_points() -> None:
    for path in (Path(fa_repro.__file__).parent / "figures").glob("*.py"):
        assert not re.search(r"(fontsize|labelsize|size)\"?\s*[=:]\s*\d", path.read_text().replace("markersize", "")), (
            path
        )


# ---- colours ----


# Machado, Oliveira and Fernandes 2009: what is left of linear RGB without one kind of cone.
SEEN_WITHOUT = {
    "none missing": np.eye(3),
    "red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]),
    "blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]),
}


def lab(colour: str, seen: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of a colour as it is seen."""
    rgb = np.array(to_rgb(colour))
    linear = np.clip(seen @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / np.array([0.9505, 1, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


ALGORITHMS = ("shallow", "reinforcement", "backprop", "feedback_alignment", "sparse_feedback_alignment")


@pytest.mark.parametrize("missing", SEEN_WITHOUT)
@pytest.mark.parametrize(
    "colours",
    [[*map(style.colour, ALGORITHMS)], style.SERIES, [*style.PATHS, "#009E73"], [style.HOLDS, style.FAILS]],
)
def test_colours_are_told_apart_by_those_who_see_fewer(colours: list[str], missing: str) -> None:
    """By 15 at least, where 2.3 is the least difference that can be seen."""
    for one, two in itertools.combinations(colours, 2):
        distance = np.linalg.norm(lab(one, SEEN_WITHOUT[missing]) - lab(two, SEEN_WITHOUT[missing]))
        assert distance >= 15, (one, two)
