"""A search along one key."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from fa_repro.results.figure_results import FigureResults
from tests.support.sweeps import EVERY, RATE, drawn, heat, made_up, unfit, words


def searched(axis: str, own: list[Any], **keys: Any) -> FigureResults:
    return made_up({axis: own}, "search", "validation_nse", **keys)


def curve(ax: Axes, label: str) -> Any:
    return next(line for line in ax.get_lines() if str(line.get_label()).startswith(label))


def test_search_along_a_shared_key_draws_lines() -> None:
    def value(algorithm: str, trial: int, rate: float) -> float:
        return (1 + trial) * (rate if algorithm == "backprop" else 0.01 / rate)

    saved = searched(EVERY, [0.1, 0.001, 0.01], value=value)
    fig = drawn(saved)
    (ax,) = fig.axes
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_xlabel()) == ("log", "log", "learning rate η")
    geometric = 6 ** (1 / 3)
    np.testing.assert_allclose(curve(ax, "backprop").get_xdata(), [0.001, 0.01, 0.1])
    np.testing.assert_allclose(curve(ax, "backprop").get_ydata(), geometric * np.array([0.001, 0.01, 0.1]))
    np.testing.assert_allclose(curve(ax, "feedback").get_ydata(), geometric * np.array([10, 1, 0.1]))
    stars = [line for line in ax.get_lines() if line.get_marker() == "*" and len(line.get_xdata())]
    assert [float(line.get_xdata()[0]) for line in stars] == [0.001, 0.1]
    bars = ax.collections[0].get_segments()
    np.testing.assert_allclose(bars[0], [[0.001, 0.001], [0.001, 0.003]])
    assert [text.get_text() for text in fig.legends[0].get_texts()] == [
        "backprop (1.8e-3 at 0.001)",
        "feedback alignment (1.8e-1 at 0.1)",
        "best",
    ]
    assert "after 10 examples, n = 3" in fig.get_suptitle()
    assert not unfit(fig)
    assert words(saved) == [
        "backprop: best 1.8e-3 at learning rate η = 0.001; at the edge of the grid: learning rate η",
        "feedback alignment: best 1.8e-1 at learning rate η = 0.1; at the edge of the grid: learning rate η",
    ]


def test_diverged_points_are_marked_not_averaged() -> None:
    def lost(algorithm: str, trial: int, rate: float) -> bool:
        return algorithm == "backprop" and (rate > 0.5 or (rate > 0.2 and trial == 1))

    saved = searched(EVERY, [0.1, 0.2, 0.3, 0.6], lost=lost, value=lambda _, __, rate: abs(rate - 0.2) + 0.1)
    above, ax = drawn(saved).axes
    assert ax.get_xscale() == "linear"
    marks = {float(line.get_xdata()[0]): line.get_marker() for line in above.get_lines()}
    assert marks == {0.3: "+", 0.6: "x"}  # some trials, all of them
    np.testing.assert_allclose(curve(ax, "backprop").get_ydata(), [0.2, 0.1, np.nan, np.nan])
    assert words(saved) == [
        "backprop: best 1.0e-1 at learning rate η = 0.2; a trial diverged at 2 of 4 points",
        "feedback alignment: best 1.0e-1 at learning rate η = 0.2",
    ]
    nothing = searched(EVERY, [0.1, 0.2], lost=lambda *_: True)
    assert [line.get_marker() for line in drawn(nothing).axes[0].get_lines()] == ["x"] * 4
    assert words(nothing)[0] == "backprop: no point without divergence"


def test_unswept_algorithms_are_level_lines() -> None:
    saved = searched(RATE, [0.1, 0.2], value=lambda name, _, rate: rate if name == "backprop" else 0.15)
    (ax,) = drawn(saved).axes
    assert list(curve(ax, "feedback").get_ydata()) == pytest.approx([0.15, 0.15])
    assert curve(ax, "feedback").get_label() == "feedback alignment (1.5e-1, not swept)"
    assert words(saved)[1] == "feedback alignment: best 1.5e-1, not swept"


def test_search_over_words_or_pairs_is_heat_map() -> None:
    layers = searched("network.hidden", [[4], [20], [10]], value=lambda _, __, hidden: 1 / hidden[0])
    assert len(heat(drawn(layers))) == 2
    assert words(layers)[0] == "backprop: best 5.0e-2 at network.hidden = [20]"
    pairs = made_up({EVERY: [0.1, 0.2, 0.3], "seed": [0, 1, 2]}, "search", "validation_nse",
                    value=lambda _, __, rate, seed: 1 + abs(rate - 0.2) + seed)  # fmt: skip
    assert len(heat(drawn(pairs))) == 2
    assert words(pairs)[0] == "backprop: best 1.0 at learning rate η = 0.2, seed = 0"
    wide = made_up({EVERY: [0.1, 0.2, 0.3], "training.examples": [5, 9]}, "search", "validation_nse",
                   value=lambda _, __, rate, examples: 1 + abs(rate - 0.2) - examples / 100)  # fmt: skip
    assert words(wide)[0].endswith("; at the edge of the grid: training.examples")


def test_many_algorithms_look_different() -> None:
    from fa_repro.plotting import style

    rules = {"backprop": "backprop", "shallow": "shallow", "mine": "feedback_alignment", "deep": "feedback_alignment"}
    rules |= {"reinforcement": "node_perturbation", **dict.fromkeys("abcdefghijkl", "kolen_pollack")}
    names = list(rules)
    for count in range(1, len(names) + 1):
        looks = style.looks({name: rules[name] for name in names[:count]})
        assert len({(look["color"], str(look["linestyle"])) for look in looks.values()}) == count
        for name in names[: min(count, 5)]:
            assert looks[name]["color"] == style.colour("reinforcement" if name == "reinforcement" else rules[name])
    assert looks["backprop"]["linestyle"] == looks["shallow"]["linestyle"] == "-"
    assert looks["mine"]["linestyle"] != looks["deep"]["linestyle"]
    from matplotlib.colors import to_rgb

    assert all(max(to_rgb(look["color"])) < 1 for look in looks.values())


def test_many_algorithms_fit_the_canvas() -> None:
    names = [
        "backprop",
        "shallow",
        "feedback_alignment",
        "reinforcement",
        *(f"another_rule_called_{c}" for c in "abcdefg"),
    ]
    saved = searched(
        EVERY, [10.0**-n for n in range(7)], algorithms=names, lost=lambda name, trial, rate: rate > 0.5 and trial != 0,
        value=lambda name, trial, rate: len(name) * (1 + trial) + rate,
    )  # fmt: skip
    fig = drawn(saved)
    assert not unfit(fig)
    assert fig.get_figheight() < 9
