"""Texts fit, and none lies over another."""

from pathlib import Path
from typing import Any

import pytest

from fa_repro import run
from fa_repro.plotting import style
from fa_repro.plotting.render import save_figure
from fa_repro.results import directory
from tests.support.print import misprinted
from tests.support.sweeps import BETA, BLOCKS, PROBES, RATE, drawn, unfit

LONG = {"from": 1e-3, "to": 1, "num": 13, "scale": "log"}


SWEEPS: dict[str, dict[str, Any]] = {
    "seeds": {"sweep": {"seed": [0, 1, 2]}},
    "three axes": {"sweep": {"network.init_range": [0.001, 0.01, 0.1], BETA: [0.1, 0.5, 1.0], "seed": [0, 1, 2]}},
    "blocks": {"sweep": {"algorithms.backprop": BLOCKS}},
    "blocks and words": {"sweep": {"algorithms.backprop": BLOCKS, "network.activation": ["tanh", "linear"]}},
    "blocks of two": {"sweep": {"algorithms.backprop": BLOCKS, "algorithms.feedback_alignment": BLOCKS[:2]}},
    "blocks over maps": {
        "sweep": {"algorithms.backprop": BLOCKS[:2], "seed": [0, 1, 2], "network.hidden": [[2], [3], [4]]}
    },
    "flags": {"sweep": {"network.bias": [True, False], "network.activation": ["tanh", "logistic", "linear"]}},
    "divergence": {"sweep": {RATE: [0.001, 0.01, 1.0, 5.0], "seed": [0, 1]}, "settings": {"training.examples": 300}},
    "divergence of lines": {"sweep": {RATE: [0.001, 0.01, 0.17, 5.0]}, "settings": {"training.examples": 300}},
    "all diverged": {
        "sweep": {RATE: [9.0, 5.0], "seed": [0, 1]},
        "settings": {"training.examples": 300},
        "only": ["backprop"],
    },
    "one trial": {"sweep": {"network.init_range": [0.1, 0.3], "seed": [1, 2]}, "settings": {"trials": 1}},
    "long ranges": {
        "sweep": {"network.init_range": LONG, "algorithms.feedback_alignment.learning_rate": LONG},
        "settings": {"trials": 1},
        "only": ["feedback_alignment"],
    },
    "a long range of lines": {"sweep": {"network.init_range": LONG}, "settings": {"trials": 1}},
    "long names": {
        "sweep": {"network.hidden": [[3] * 20, [3] * 21, [3] * 22], "seed": [1, 2]},
        "settings": {"trials": 1},
    },
    "many panels": {
        "sweep": {
            "network.init_range": [0.1, 0.2],
            "seed": [*range(6)],
            "network.hidden": [[3], [4]],
            BETA: [1.0, 2.0],
        },
        "settings": {"trials": 1},
    },
}


OTHERS = [("angle", case) for case in ("blocks", "blocks of two", "long ranges")]


@pytest.mark.draws
@pytest.mark.parametrize(("name", "case"), [*(("linear", case) for case in SWEEPS), *OTHERS])
@pytest.mark.filterwarnings("error")
def test_no_text_is_cut_or_lies_over_another(place: Path, name: str, case: str) -> None:
    options = dict(SWEEPS[case])
    sweep = {key: [own] if isinstance(own, dict) else own for key, own in options.pop("sweep").items()}
    result = run(name, {**PROBES, **options.pop("settings", {})}, sweep=sweep, **options)
    assert unfit(result.figure) == []
    assert misprinted(result.figure) == []
    assert result.figure.get_figwidth() == style.WIDE
    assert result.figure.get_figheight() <= 9.5


@pytest.mark.renders
def test_saved_results_are_drawn_as_fresh_ones(place: Path) -> None:
    sweep = {"algorithms.backprop": BLOCKS, "network.bias": [True, False], "seed": [1, 2, 3]}
    result = run("linear", {"training.examples": 30}, sweep=sweep)
    first = (result.directory / "linear.png").read_bytes()
    saved = directory.load(result.directory)
    assert save_figure(drawn(saved)) == first
