import numpy as np
import pytest

from fa_repro.nn.random import Streams


def test_streams_differ_by_purpose_trial_seed() -> None:
    pairs = [(0, 0), (0, 1), (1, 0), (1, 1)]
    draws = [
        tuple(row) for purpose in ("weights/0", "weights/1") for row in Streams(pairs).uniform(purpose, (4,), float)
    ]
    assert len(set(draws)) == len(draws)


def test_replica_draws_do_not_depend_on_others() -> None:
    together = Streams([(0, 0), (0, 5), (3, 5)])
    alone = Streams([(0, 5)])
    np.testing.assert_array_equal(together.uniform("a", (3, 2), float)[1], alone.uniform("a", (3, 2), float)[0])
    np.testing.assert_array_equal(together.normals("b", 4).draw(7)[1], alone.normals("b", 4).draw(7)[0])


def test_sweep_points_share_a_trials_numbers() -> None:
    rows = Streams([(0, 2), (0, 3), (0, 2)]).normals("inputs", 3).draw(5)
    np.testing.assert_array_equal(rows[0], rows[2])
    assert not np.array_equal(rows[0], rows[1])


@pytest.mark.parametrize("method", ["draw", "next"])
def test_sequence_is_independent_of_chunk_size(method: str) -> None:
    whole = Streams([(0, 0), (0, 1)]).normals("x", 3).draw(1000)
    source = Streams([(0, 0), (0, 1)]).normals("x", 3)
    parts = [getattr(source, method)(count) for count in (1, 2, 300, 7, 256, 434)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_distributions() -> None:
    uniform = Streams([(0, 0)]).uniform("u", (100_000,), float)
    assert uniform.min() >= -1
    assert uniform.max() < 1
    assert abs(uniform.mean()) < 4 * np.sqrt(1 / 3 / uniform.size)
    normal = Streams([(0, 0)]).normals("n", 1).draw(100_000)
    assert abs(normal.mean()) < 4 / np.sqrt(normal.size)
    assert abs(normal.var() - 1) < 4 * np.sqrt(2 / normal.size)


def test_streams_are_pinned() -> None:
    """A change here changes every published number: raise `numerics.VERSION` with it."""
    assert Streams([(0, 0)]).uniform("weights/0", (2,), float).tolist() == [[-0.3097934491628751, 0.19557095963946391]]
