"""The contract that every task keeps."""

from dataclasses import MISSING, fields
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from fa_repro import registry
from fa_repro.nn.random import Streams
from fa_repro.tasks import Task
from tests.support.components import assert_frozen_and_documented

TASKS = registry.names("tasks")
SETTINGS: dict[str, Any] = {"inputs": 4, "outputs": 3, "hidden": [5], "target_range": 0.5}
"""Settings that have no default, by name."""

REPLICAS = [(7, 0), (7, 1), (8, 0)]
"""Seed and trial of each replica."""

pytestmark = pytest.mark.usefixtures("digits")


def make_task(name: str) -> Task:
    kind = registry.find("tasks", name, Task)
    unknown = {field.name for field in fields(kind) if field.default is MISSING} - SETTINGS.keys()
    assert not unknown, f"add values of {unknown} to SETTINGS"
    task: Task = TypeAdapter(kind).validate_python(
        {field.name: SETTINGS[field.name] for field in fields(kind) if field.default is MISSING}
    )
    return task


def drawn(task: Task, *counts: int, replicas: list[tuple[int, int]] = REPLICAS, dtype: str = "float64") -> Any:
    """Inputs and targets, shape (R, n, units), drawn in parts."""
    state = task.init(Streams(replicas), np.dtype(dtype))
    parts = [task.draw(state, count) for count in counts]
    whole = (np.concatenate([part[i] for part in parts], axis=1) for i in range(2))
    return [np.broadcast_to(each, (len(replicas), *each.shape[1:])) for each in whole]


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_examples_have_their_shapes_and_type(name: str, dtype: str) -> None:
    task = make_task(name)
    for array, units in zip(drawn(task, 6, dtype=dtype), task.sizes, strict=True):
        assert (array.shape, array.dtype) == ((3, 6, units), np.dtype(dtype))
        assert np.isfinite(array).all()


@pytest.mark.parametrize("name", TASKS)
def test_sequence_is_independent_of_chunk_size(name: str) -> None:
    """Except for the rounding of targets, as BLAS multiplies one row by another kernel than many."""
    task = make_task(name)
    (inputs, targets), (same_inputs, same_targets) = drawn(task, 1500), drawn(task, 1, 599, 1, 700, 199)
    np.testing.assert_array_equal(inputs, same_inputs)
    np.testing.assert_allclose(targets, same_targets, rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", TASKS)
def test_replica_alone_has_the_same_examples(name: str) -> None:
    task = make_task(name)
    together = drawn(task, 700)
    for number, replica in enumerate(REPLICAS):
        for whole, alone in zip(together, drawn(task, 700, replicas=[replica]), strict=True):
            np.testing.assert_array_equal(whole[number], alone[0])


@pytest.mark.parametrize("name", TASKS)
def test_trials_and_seeds_draw_own_examples(name: str) -> None:
    inputs, _ = drawn(make_task(name), 700)
    assert len({each.tobytes() for each in inputs}) == len(REPLICAS)


@pytest.mark.parametrize("name", TASKS)
def test_held_out_sets_can_be_read_again(name: str) -> None:
    task = make_task(name)
    state = task.init(Streams(REPLICAS), np.float64)
    for held_out in task.held_out:
        first, again = (list(task.examples(state, held_out)) for _ in range(2))
        assert first
        for part, same in zip(first, again, strict=True):
            assert [array.shape[-1] for array in part] == list(task.sizes)
            assert all(np.array_equal(*arrays) for arrays in zip(part, same, strict=True))


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_frozen_and_documented(name: str) -> None:
    assert_frozen_and_documented(make_task(name))
