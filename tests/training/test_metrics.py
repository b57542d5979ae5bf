import numpy as np
import pytest

from fa_repro.statistics import mean_interval, sliding
from fa_repro.training.metrics import angle_deg, nse


def test_nse_is_1_for_zero_output_and_0_if_exact() -> None:
    target = np.random.default_rng(0).standard_normal((2, 5, 3))
    np.testing.assert_array_equal(nse(target, np.zeros_like(target)), [1, 1])
    np.testing.assert_array_equal(nse(target, target), [0, 0])
    np.testing.assert_allclose(nse(target, 3 * target), [4, 4], rtol=1e-14)


def test_nse_sums_over_the_batch_before_dividing() -> None:
    target = np.array([[[3.0], [1.0]]])
    np.testing.assert_allclose(nse(target, np.array([[[3.0], [0.0]]])), [1 / 10])


def test_nse_refuses_shapes_that_would_broadcast() -> None:
    with pytest.raises(ValueError, match="shape"):
        nse(np.zeros((1, 2, 3)), np.zeros((4, 2, 3)))


@pytest.mark.parametrize("degrees", [0.0, 1e-7, 1e-3, 30.0, 90.0, 150.0, 180.0 - 1e-7, 180.0])
def test_angle_is_signed_and_exact_near_its_ends(degrees: float) -> None:
    radians = np.radians(degrees)
    a, b = np.array([2.0, 0.0]), 5 * np.array([np.cos(radians), np.sin(radians)])
    np.testing.assert_allclose(angle_deg(a, b), degrees, rtol=1e-9, atol=1e-13)


def test_angle_does_not_depend_on_length() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 7, 4))
    np.testing.assert_allclose(angle_deg(1e-80 * a, b), angle_deg(a, 1e80 * b), rtol=1e-12)


def test_angle_of_zero_or_infinite_vector_is_nan() -> None:
    vector = np.ones(3)
    assert np.isnan(angle_deg(np.zeros(3), vector))
    with np.errstate(invalid="ignore"):
        assert np.isnan(angle_deg(vector, np.array([1.0, np.inf, 0.0])))


def test_float32_angles_are_computed_in_float64() -> None:
    tiny = np.full(3, 1e-30, dtype=np.float32)
    assert angle_deg(tiny, tiny) == 0.0


@pytest.mark.parametrize("trials", [2, 5, 20])
def test_interval_covers_as_often_as_it_says(trials: int) -> None:
    generator = np.random.default_rng(1)
    values = generator.standard_normal((trials, 4000))  # 4,000 experiments, true mean 0
    mean, low, high = mean_interval(values)
    np.testing.assert_allclose(mean, values.mean(axis=0))
    covered = ((low < 0) & (high > 0)).mean()
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 4000)


def test_interval_of_one_trial_and_of_a_gap() -> None:
    mean, low, high = mean_interval(np.array([[1.0, np.inf, 3.0]]))
    for line in (mean, low, high):
        np.testing.assert_array_equal(line, [1.0, np.nan, 3.0])


def test_sliding_window() -> None:
    mean, deviation = sliding(np.array([1.0, 3.0, 5.0, 5.0]), 2)
    np.testing.assert_array_equal(mean, [2, 4, 5])
    np.testing.assert_array_equal(deviation, [1, 1, 0])
