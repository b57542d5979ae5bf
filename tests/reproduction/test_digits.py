"""Fig. 2a, 2b and S1."""

import pandas as pd
import pytest

from fa_repro import run
from fa_repro.datasets import mnist as dataset
from fa_repro.errors import DataError


@pytest.fixture(scope="module")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    try:
        dataset.prepare()
    except DataError as error:
        pytest.skip(f"MNIST cannot be had: {error}")
    return run("mnist", {"trials": 5}, results=tmp_path_factory.mktemp("mnist"), jobs=None).table


@pytest.mark.slow
def test_digit_test_errors_match_the_published(mnist: pd.DataFrame) -> None:
    last = mnist[mnist["epoch"] == 30]
    assert last.groupby("algorithm")["trial"].nunique().eq(5).all()
    ends = last.groupby("algorithm")["test_error_percent"].mean()
    assert ends["feedback_alignment"] <= 2.2
    assert ends["backprop"] <= 2.8
    assert ends["feedback_alignment"] < ends["backprop"]
    assert ends["sparse_feedback_alignment"] <= 2.7
    assert 6.5 <= ends["shallow"] <= 8.0
    first = mnist[mnist["example"] == 0].groupby("algorithm")["test_error_percent"].mean()
    assert first.between(80, 97).all()


@pytest.mark.slow
def test_updates_on_digits_align_with_backprops(mnist: pd.DataFrame) -> None:
    angles = mnist.groupby(["algorithm", "example"])["angle_backprop_deg"].mean()
    assert 80 < angles["feedback_alignment"].iloc[0] < 100
    assert angles["feedback_alignment"].iloc[-1] < 45
    assert angles["backprop"].max() < 1e-3
