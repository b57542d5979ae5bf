"""Theory: what follows from the equations of learning, integrated or checked step by step.

Each module here defines one study and is found by its file name. A study is a frozen dataclass; its fields are the YAML
keys that its block below `theory` accepts.
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
        """Carry the study out.

        Parameters
        ----------
        seed : int
            Decides every random number, together with the number of the trial.
        trials : int
            How often to repeat what is random.

        Returns
        -------
        mapping of str to DataFrame
            Tables by name; the rows of `main` go to the figure's main table.

        Raises
        ------
        ArithmeticError
            If an equation cannot be integrated to the accuracy that it needs.
        """


@dataclass(frozen=True)
class Study:
    """A study at one sweep point.

    Attributes
    ----------
    name : str
        The module that defines it.
    swept : mapping of str to value
        Swept keys.
    seed, trials : int
    theory : Theory
        Its settings.
    """

    name: str
    swept: Mapping[str, Any]
    seed: int
    trials: int
    theory: Theory

    def __str__(self) -> str:
        return self.name + "".join(f", {key}={value}" for key, value in self.swept.items())
