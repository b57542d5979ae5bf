"""Published numbers of Lillicrap et al. (2014), read off its figures and text.

`published_curves.csv` (figure, curve, examples, value) holds curves read pixel by pixel, with a reading error of about
2 % in NSE decades and 0.1 points in test error. `published_values.csv` holds single values, each with a note on how it
was read.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Value:
    """A published number.

    Attributes
    ----------
    text : str
        The number as in the file, with the digits that were published or read.
    unit : str
        `percent`, or `1` if there is no unit.
    note : str
        How it was read.
    """

    text: str
    unit: str
    note: str

    def __float__(self) -> float:
        return float(self.text)


def published_value(figure: str, quantity: str, algorithm: str) -> Value:
    """A published value, such as `published_value("2a", "test_error", "backprop")`.

    Raises
    ------
    KeyError
        If there is none.
    """
    return _values()[figure, quantity, algorithm]


@cache
def _values() -> dict[tuple[str, str, str], Value]:
    text = files(__name__).joinpath("published_values.csv").read_text(encoding="utf-8")
    return {
        (row["figure"], row["quantity"], row["algorithm"]): Value(row["published"], row["unit"], row["note"])
        for row in csv.DictReader(text.splitlines())
    }


def published_curves(figure: str) -> "dict[str, pd.DataFrame]":
    """Published curves of a figure by name, each with columns `examples` and `value`."""
    from fa_repro.results.tables import read_table

    table = read_table(files(__name__).joinpath("published_curves.csv").read_bytes())
    return {str(name): part for name, part in table[table["figure"] == figure].groupby("curve")}
