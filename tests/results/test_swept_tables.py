"""Swept keys in tables."""

import pandas as pd
import pytest

from tests.support.resuming import Command


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("seed", ["0", "1"]),
        ("network.hidden", ["[4]", "[5, 3]"]),
        ("network.activation", ["tanh", "linear"]),
        ("algorithms.backprop", ["{rule: backprop, learning_rate: 0.01}", "{rule: shallow, learning_rate: 0.02}"]),
        ("training.examples", ["10", "20"]),
    ],
)
def test_table_has_every_axis_and_point(command: Command, axis: str, values: list[str]) -> None:
    done = command("run", "linear", "--sweep", f"{axis}={','.join(values)}")
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv("results/linear/linear.csv")
    assert list(table)[-1] == axis
    assert table.loc[table["algorithm"] == "backprop", axis].nunique() == len(values)
