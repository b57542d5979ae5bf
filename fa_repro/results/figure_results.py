"""The results of a figure, as they are saved and loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)  # tables cannot be compared by ==
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
        Further information: provenance of the results, and which runs diverged or failed.
    differences : mapping of str to (value, value)
        Dotted keys of the config that are not as the claims about the figure have it, with the values here and there;
        set by `fa_repro.experiment.check`.
    """

    table: "pd.DataFrame"
    extra: "Mapping[str, pd.DataFrame]"
    config: Mapping[str, Any]
    manifest: Mapping[str, Any]
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def rule(self, algorithm: str) -> str | None:
        """The rule of an algorithm, from the config; None if it is swept."""
        rule = self.config["algorithms"][algorithm].get("rule")
        return None if rule is None else str(rule)

    def layers(self, algorithm: str) -> int | None:
        """Number of layers of an algorithm's network, including input and output; None if it is swept."""
        own = self.config["algorithms"][algorithm].get("network", {})
        hidden = {**self.config["network"], **own}.get("hidden")
        return None if hidden is None else len(hidden) + 2
