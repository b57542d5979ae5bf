"""Published numbers of Lillicrap et al. (2014), read off its figures and text.

`published_curves.csv` (figure, curve, examples, value) holds curves read pixel by pixel, with a reading error of about
2 % in NSE decades and 0.1 points in test error; `published_values.csv` single values, each with how it was read.
"""

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def curves(figure: str) -> "dict[str, pd.DataFrame]":
    """Published curves of a figure by name, each with columns `examples` and `value`."""
    import pandas as pd

    with files(__name__).joinpath("published_curves.csv").open("rb") as file:
        table = pd.read_csv(file)
    return {str(name): part for name, part in table[table["figure"] == figure].groupby("curve")}
