"""Theory: studies of the equations of learning, which are integrated or checked step by step.

Each module here defines one study and is found by its file name. A study is a frozen dataclass; its fields are the YAML
keys of its block below `theory`.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fa_repro.schema import Settings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Theory(Settings):
    """A study of the equations of learning."""

    @abstractmethod
    def compute(self, seed: int, trials: int) -> "Mapping[str, pd.DataFrame]":
        """Run the study.

        Parameters
        ----------
        seed : int
            Seed of all random numbers, together with the number of the trial.
        trials : int
            Number of times to repeat the parts that are random.

        Returns
        -------
        mapping of str to DataFrame
            Tables by name; the rows of `main` go to the figure's main table.

        Raises
        ------
        ArithmeticError
            If an equation cannot be integrated with the required accuracy.
        """

    def check(self, tables: "Mapping[str, pd.DataFrame]", trials: int) -> None:
        """Check that saved tables have all rows of this study, as `compute` returns them.

        Raises
        ------
        ValueError
            If they have not.
        """


@dataclass(frozen=True)
class Study:
    """A study at one sweep point.

    Attributes
    ----------
    name : str
        The module that defines it.
    swept : mapping of str to value
        Value of each swept key.
    seed, trials : int
    theory : Theory
        Its settings.
    """

    name: str
    swept: Mapping[str, Any]
    seed: int
    trials: int
    theory: Theory

    @property
    def labels(self) -> Mapping[str, Any]:
        """Labels of its rows in a table."""
        return self.swept

    def __str__(self) -> str:
        return self.name + "".join(f", {key}={value}" for key, value in self.swept.items())
