"""Tables of theorems: the measurements, and whether each statement holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np
from pydantic import AfterValidator, Field

from fa_repro.schema import Listed, Positive, Units
from fa_repro.typing import Array

if TYPE_CHECKING:
    import pandas as pd

Values = TypeVar("Values", bound=tuple[Any, ...])


def _distinct(values: Values) -> Values:
    if len(set(values)) < len(values):
        raise ValueError("expected different values, got one of them twice")
    return values


def _several(rates: tuple[float, ...]) -> tuple[float, ...]:
    _distinct(rates)
    if len(rates) < 2 or max(rates) < 2 * min(rates):
        raise ValueError("expected rates, the largest at least twice the smallest, to show how errors shrink")
    return rates


Distinct = AfterValidator(_distinct)
Few = Annotated[Units, Field(le=300)]
"""Units of a layer, limited so that studies take seconds."""
Size = Annotated[tuple[Few, Few, Few], Listed]
"""Units of a net: inputs, hidden, outputs."""
Sizes = Annotated[tuple[Size, ...], Listed, Field(min_length=1, max_length=20), Distinct]
Moderate = Annotated[Positive, Field(ge=0.1, le=2.0)]
"""A range of the order of 1, for which absolute and relative accuracy are similar."""
Rate = Annotated[Positive, Field(ge=1e-6, le=0.1)]
Rates = Annotated[tuple[Rate, ...], Listed, Field(max_length=50), AfterValidator(_several)]
"""With one validator, as pydantic below 2.12 drops the first of two."""


@dataclass
class Findings:
    """Measurements for a theorem, and the statements that they are compared with.

    Attributes
    ----------
    theorem : int
        Its number in the paper's supplement.
    """

    theorem: int
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _statements: list[dict[str, Any]] = field(default_factory=list)

    def measured(self, quantity: str, trial: int, times: Any, values: Any) -> Array:
        """Record the values of a quantity in one trial at these times; return the values."""
        values = np.asarray(values, dtype=np.float64)
        self._rows.append({"quantity": quantity, "trial": trial, "time": times, "value": values})
        return values

    def statement(self, text: str, measured: Iterable[float], low: float = -np.inf, high: float = np.inf) -> None:
        """Record a statement, and the number of each trial that must be between the bounds.

        The table contains the worst of these numbers: the one furthest out of bounds, or else nearest to them.
        """
        numbers = np.array(list(measured), dtype=np.float64)
        beyond = np.fmax(numbers - high, low - numbers)
        worst = numbers[np.argmax(np.where(np.isnan(beyond), np.inf, beyond))]
        self._statements.append(
            {
                "theorem": self.theorem,
                "statement": text,
                "measured": worst,
                "low": low,
                "high": high,
                "holds": bool(low <= worst <= high),
            }
        )

    def tables(self) -> "Mapping[str, pd.DataFrame]":
        """The tables `main` and `summary`."""
        import pandas as pd

        main = pd.concat([pd.DataFrame({"theorem": self.theorem, **row}) for row in self._rows], ignore_index=True)
        return {"main": main, "summary": pd.DataFrame(self._statements)}


def check_findings(
    tables: "Mapping[str, pd.DataFrame]", theorem: int, quantities: Mapping[str, int], statements: Sequence[str]
) -> None:
    """Check that saved tables have all measurements of a theorem, and all statements about it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The tables `main` and `summary`.
    theorem : int
    quantities : mapping of str to int
        The number of trials of each quantity.
    statements : sequence of str
        The beginnings of the statements.

    Raises
    ------
    ValueError
        If something is missing, or is there twice.
    """
    main, summary = (table[table["theorem"] == theorem] for table in (tables["main"], tables["summary"]))
    found = {str(name): set(part) for name, part in main.groupby("quantity")["trial"]}
    if found != {name: set(range(trials)) for name, trials in quantities.items()}:
        raise ValueError(f"not the quantities and trials of theorem {theorem}")
    if main.duplicated(["quantity", "trial", "time"]).any() or not np.isfinite(main["time"]).all():
        raise ValueError(f"a time of a quantity of theorem {theorem} is missing, or is there twice")
    texts = sorted(summary["statement"])
    if len(texts) != len(statements) or not all(map(str.startswith, texts, sorted(statements))):
        raise ValueError(f"not the statements of theorem {theorem}")


def slope(rates: Sequence[float], errors: Array) -> float:
    """Slope of errors over learning rates on logarithmic axes: the order at which they vanish. NaN if one is 0."""
    if not (np.asarray(errors) > 0).all():
        return float("nan")
    return float(np.polyfit(np.log(rates), np.log(errors), 1)[0])
