"""The results of a figure, as they are saved and loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FigureResults:
    """Results of a figure, as they are saved.

    Attributes
    ----------
    table : DataFrame
        The main table, `NAME.csv`.
    extra : mapping of str to DataFrame
        Further tables, `NAME_EXTRA.csv`, by the name of the extra.
    config : mapping
        The resolved config.
    manifest : mapping
        What else is known: where the results come from, which runs diverged or failed.
    """

    table: "pd.DataFrame"
    extra: "Mapping[str, pd.DataFrame]"
    config: Mapping[str, Any]
    manifest: Mapping[str, Any]
