"""Floating-point errors raise in tests, but for a flag that BLAS sets at random."""

import numpy as np
import pytest


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_invalid_operations_raise_in_float64(dtype: str) -> None:
    infinite = np.array([np.inf], dtype)
    if dtype == "float32":
        assert np.isnan(infinite - infinite).all()
    else:
        with pytest.raises(FloatingPointError, match="invalid"):
            infinite - infinite


def test_invalid_operations_raise_without_dtype() -> None:
    with pytest.raises(FloatingPointError, match="invalid"):
        np.sqrt(np.array([-1.0]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_division_by_zero_and_overflow_raise(dtype: str) -> None:
    with pytest.raises(FloatingPointError, match="divide"):
        np.ones(1, dtype) / np.zeros(1, dtype)
    with pytest.raises(FloatingPointError, match="overflow"):
        np.full(1, np.finfo(dtype).max) * np.full(1, 2, dtype)
