"""Faults put into the rules on purpose: the claims that they concern turn red, those that they do not stay green."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fa_repro
from fa_repro.claims.claim import Verdict
from fa_repro.datasets import mnist
from fa_repro.errors import DataError
from fa_repro.experiment.check import check_figures
from fa_repro.nn import network
from fa_repro.rules import cascade
from fa_repro.rules.backprop import Backprop
from fa_repro.rules.feedback_alignment import FeedbackAlignment
from fa_repro.rules.node_perturbation import NodePerturbation
from fa_repro.rules.pseudobackprop import Pseudobackprop
from fa_repro.theory.flow_field import FlowField
from tests.support.pictures import stand_in
from tests.support.shared import shared_folder

TRIALS = 20

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """What is broken, and the figure and its claims that have to see it, and those that must not."""

    what: str
    patch: Patch
    figure: str
    red: tuple[str, ...]
    green: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=lambda: {"trials": TRIALS})
    only: tuple[str, ...] = ()


def _replaced(owner: Any, name: str, wrong: Callable[..., Any]) -> Patch:
    """Puts `wrong(right, ...)` in place of a method, `right` being the one that was there."""
    right = getattr(owner, name)
    return lambda patch: patch.setattr(owner, name, lambda *args: wrong(right, *args))


def _negated(init: Any, *args: Any) -> Any:
    return [-matrix for matrix in init(*args)]


def _opposed(signals: Any, rule: Any, step: Any, state: Any) -> Any:
    return signals(rule, step, [-matrix for matrix in state])


def _shallow(signals: Any, rule: Any, step: Any, state: Any) -> Any:
    *hidden, output = signals(rule, step, state)[0]
    return [*(None for _ in hidden), output], state


def _output_frozen(signals: Any, rule: Any, step: Any, state: Any) -> Any:
    *hidden, _ = signals(rule, step, state)[0]
    return [*hidden, None], state


def _other_at_every_step(right: Any) -> Any:
    generator = np.random.default_rng(0)

    def signals(rule: Any, step: Any, state: Any) -> Any:
        signs = generator.choice([-1.0, 1.0], size=state[0].shape[-1])
        return right(rule, step, [state[0] * signs, *state[1:]])[0], state

    return signals


def _transposed_weights(_: Any, rule: Any, step: Any, state: Any) -> Any:
    return cascade(step, step.upper_weights), state


def _unrewarded(signals: Any, rule: Any, step: Any, state: Any) -> Any:
    """The noise of other units than those whose effect was seen."""
    *hidden, output = signals(rule, step, state)[0]
    return [*(np.roll(each, 1, axis=-1) for each in hidden), output], state


def _wrong_slope(patch: pytest.MonkeyPatch) -> None:
    """sigma in place of sigma'."""
    for name in ("tanh", "logistic"):
        patch.setitem(network.ACTIVATIONS, name, replace(network.ACTIVATIONS[name], derivative=lambda output: output))


FA_LEARNS = (
    "feedback_alignment_end",
    "feedback_alignment_curve",
    "feedback_alignment_beats_reinforcement",
    "feedback_alignment_as_fast_as_backprop",
)
OTHERS_LEARN = (
    *(f"{rule}_{what}" for rule in ("shallow", "reinforcement", "backprop") for what in ("end", "curve")),
    "reinforcement_beats_shallow",
)

FAULTS = (
    # B comes from a distribution that is the same for -B, so this is one more draw: whatever sign B has, W takes it.
    Fault(
        "-B in place of B from the start, which is none",
        _replaced(FeedbackAlignment, "init", _negated),
        "linear",
        (),
        (*FA_LEARNS, *OTHERS_LEARN),
    ),
    Fault(
        "-B in place of the theorems' B",
        _replaced(FeedbackAlignment, "signals", _opposed),
        "theorems",
        ("online_follows_flow", "one_pair_parallel"),
        ("conserved", "gauss_newton_linear", "gauss_newton_nonlinear"),
        {"trials": 5},
    ),
    Fault(
        "shallow in place of feedback alignment",
        _replaced(FeedbackAlignment, "signals", _shallow),
        "linear",
        FA_LEARNS,
        OTHERS_LEARN,
    ),
    Fault(
        "B is another at every step",
        lambda patch: patch.setattr(FeedbackAlignment, "signals", _other_at_every_step(FeedbackAlignment.signals)),
        "linear",
        FA_LEARNS,
        OTHERS_LEARN,
    ),
    Fault(
        "backprop leaves the output layer as it is",
        _replaced(Backprop, "signals", _output_frozen),
        "linear",
        ("backprop_end", "backprop_curve"),
        ("feedback_alignment_end", "feedback_alignment_curve", "reinforcement_end", "shallow_end"),
    ),
    Fault(
        "reinforcement's noise has nothing to do with the reward",
        _replaced(NodePerturbation, "signals", _unrewarded),
        "linear",
        ("reinforcement_end", "reinforcement_curve"),
        ("feedback_alignment_end", "backprop_end", "shallow_end"),
    ),
    Fault(
        "backprop in place of feedback alignment",
        _replaced(FeedbackAlignment, "signals", _transposed_weights),
        "angle",
        ("starts_at_right_angles", "nearer_to_pseudobackprop"),
        ("turns_towards_backprop",),
    ),
    Fault(
        "shallow in place of feedback alignment, in the angles",
        _replaced(FeedbackAlignment, "signals", _shallow),
        "angle",
        ("turns_towards_backprop", "small_start_turns_to_backprop", "becomes_pseudobackprop"),
        (),
    ),
    Fault(
        "W' in place of pinv(W)",
        _replaced(Pseudobackprop, "signals", _transposed_weights),
        "angle",
        ("nearer_to_pseudobackprop", "becomes_pseudobackprop"),
        ("starts_at_right_angles", "turns_towards_backprop", "small_start_turns_to_backprop"),
    ),
    Fault(
        "feedback alignment leaves the output layer as it is",
        _replaced(FeedbackAlignment, "signals", _output_frozen),
        "nse",
        ("small_start_learns_precisely", "learns_from_every_start"),
        (),
    ),
    Fault(
        "sigma in place of sigma'",
        _wrong_slope,
        "theorems",
        ("gauss_newton_nonlinear",),
        ("gauss_newton_linear", "conserved", "one_pair_parallel"),
        {"trials": 5},
    ),
    Fault(
        "W' in place of pinv(W), in the theorems",
        _replaced(Pseudobackprop, "signals", _transposed_weights),
        "theorems",
        ("gauss_newton_linear", "gauss_newton_nonlinear"),
        ("conserved", "error_vanishes", "lyapunov"),
        {"trials": 5},
    ),
    Fault(
        "-B in place of B, in the flow",
        _replaced(FlowField, "velocity", lambda right, *args: (-right(*args)[0], right(*args)[1])),
        "flow-field",
        ("origin_learns", "parabolas"),
        (),
        {},
    ),
)


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Fault], dict[str, Verdict]]:
    """Verdicts of the rules as they are, by the figure of a fault; faults of one figure have the same settings."""

    def verdicts(fault: Fault) -> dict[str, Verdict]:
        def make(folder: Path) -> None:
            with pytest.MonkeyPatch.context() as patch:
                stand_in(patch)
                (folder / "verdicts.json").write_text(json.dumps(_verdicts(fault, folder)))

        folder = shared_folder(tmp_path_factory, f"sound-{fault.figure}", make)
        return {name: Verdict(word) for name, word in json.loads((folder / "verdicts.json").read_text()).items()}

    return verdicts


def _verdicts(fault: Fault, results: Path) -> dict[str, Verdict]:
    fa_repro.run(fault.figure, fault.settings, only=fault.only, results=results, jobs=1)
    (found,) = check_figures(results, [fault.figure])
    return {each.claim.name: each.verdict for each in found.judgements}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # what is broken may run away
def test_fault_fails_only_its_own_claims(
    fault: Fault, sound: Callable[[Fault], dict[str, Verdict]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sound(fault)
    assert {before[name] for name in (*fault.red, *fault.green)} == {Verdict.REPRODUCED}
    fault.patch(monkeypatch)
    broken = _verdicts(fault, tmp_path)
    assert {name: broken[name] for name in fault.red} == dict.fromkeys(fault.red, Verdict.NOT_REPRODUCED)
    assert {name: broken[name] for name in fault.green} == dict.fromkeys(fault.green, Verdict.REPRODUCED)


FULL_SIZE = (
    Fault(
        "shallow in place of feedback alignment, on digits",
        _replaced(FeedbackAlignment, "signals", _shallow),
        "mnist",
        ("feedback_alignment_end", "feedback_alignment_curve", "turns_towards_backprop"),
        (),
        {"trials": 5},
        only=("feedback_alignment",),
    ),
    Fault(
        "sigma in place of sigma', in deep nets",
        _wrong_slope,
        "nonlinear",
        ("backprop_4_end", "feedback_alignment_4_end", "backprop_4_curve", "feedback_alignment_4_curve"),
        ("shallow_3_curve",),
        {"trials": 20},
        only=("shallow_3", "backprop_4", "feedback_alignment_4"),
    ),
)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FULL_SIZE, ids=lambda fault: fault.what)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_fault_is_seen_at_full_size(fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tests/reproduction/` tests that the unchanged rules reproduce these claims."""
    if fault.figure == "mnist":
        try:
            mnist.prepare()
        except DataError as error:
            pytest.skip(str(error))
    fault.patch(monkeypatch)
    broken = _verdicts(fault, tmp_path)
    assert {name: broken[name] for name in fault.red} == dict.fromkeys(fault.red, Verdict.NOT_REPRODUCED)
    assert {name: broken[name] for name in fault.green} == dict.fromkeys(fault.green, Verdict.REPRODUCED)
