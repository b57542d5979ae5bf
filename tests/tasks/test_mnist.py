"""The task of digits."""

import numpy as np
import pytest

from fa_repro.tasks.mnist import Mnist
from tests.support.configs import digit_runs
from tests.support.digits import only, state_of

pytestmark = pytest.mark.usefixtures("digits")


def test_every_epoch_is_a_new_permutation() -> None:
    task = Mnist()
    state = state_of(task, trials=2)
    images = state.learned.inputs[0]
    orders = []
    for _ in range(3):
        inputs, targets = task.draw(state, 600)
        assert inputs.shape == (2, 600, 784)
        assert inputs.dtype == np.float32
        for trial in range(2):
            numbers = [np.flatnonzero((images == pixels).all(axis=1))[0] for pixels in to_pixels(inputs[trial])]
            assert sorted(numbers) == list(range(600))
            np.testing.assert_array_equal(targets[trial].argmax(axis=1), state.learned.classes[numbers])
            assert (targets[trial].sum(axis=1) == 1).all()
            orders.append(numbers)
    assert len({tuple(order) for order in orders}) == 6


def to_pixels(inputs: np.ndarray) -> np.ndarray:
    return np.round((inputs * 0.3081 + 0.1307) * 255).astype(np.uint8)


def test_sequence_is_exact_in_any_chunks() -> None:
    task = Mnist()
    whole = task.draw(state_of(task, 2), 1500)
    state = state_of(task, 2)
    parts = [task.draw(state, count) for count in (1, 599, 1, 700, 199)]
    for i in range(2):
        np.testing.assert_array_equal(whole[i], np.concatenate([part[i] for part in parts], axis=1))


def test_pixels_are_standardised_or_from_0_to_1() -> None:
    standardised, unit = (
        Mnist(pixels=pixels).draw(state_of(Mnist(pixels=pixels)), 5)[0] for pixels in ("standardised", "unit")
    )
    assert unit.min() >= 0
    assert 0.5 < unit.max() <= 1
    np.testing.assert_allclose(standardised, (unit - 0.1307) / 0.3081, rtol=1e-5, atol=1e-6)


def test_validation_is_end_of_training_set() -> None:
    task = Mnist(validation=150)
    assert task.epoch == 450
    assert task.held_out == ("test", "validation")
    state, plain = state_of(task), state_of(Mnist())
    parts = list(task.examples(state, "validation"))
    shown = np.concatenate([inputs for inputs, _ in parts], axis=1)[0]
    np.testing.assert_array_equal(to_pixels(shown), plain.learned.inputs[0, 450:])
    np.testing.assert_array_equal(
        np.concatenate([t for _, t in parts], axis=1)[0].argmax(axis=1), plain.learned.classes[450:]
    )
    learned = {row.tobytes() for row in task.draw(state, 1350)[0][0]}
    assert len(learned) == 450
    assert not learned & {row.tobytes() for row in shown}


def test_run_keys_depend_on_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [run.key for run in digit_runs()]
    monkeypatch.setattr("fa_repro.datasets.mnist.DIGEST", "other data")
    assert not set(before) & {run.key for run in digit_runs()}


def test_epochs_equal_their_number_of_examples() -> None:
    (one, _), (other, _) = only("backprop"), only("backprop", training__epochs=None, training__examples=1200)
    assert one.key == other.key
