"""What `run` returns."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from fa_repro.plotting.render import save_figure
from fa_repro.theory import Study
from fa_repro.training.runs import Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as MatplotlibFigure


@dataclass(frozen=True, eq=False)
class Result:
    """The return value of `run`.

    It can be pickled. Two are equal if everything but the figure is, which is drawn from the rest.

    Attributes
    ----------
    table : DataFrame
        The main table, one observation per row.
    extra : mapping of str to DataFrame
        Additional tables of the figure, by name.
    figure : matplotlib Figure
    directory : Path
        Folder of the files.
    trained, cached : int
        Number of runs that were trained now, and number of cached runs.
    diverged : list of (Run, int)
        Diverged runs, and the example at which each diverged.
    failed : list of (Run or Study, str)
        Failed runs or studies, and the reasons.
    studies : int
        Number of computed studies, for a figure that trains nothing.
    remarks : tuple of str
        Short statements on the results.
    pictures : tuple of Path
        Picture files, the PNG first.
    """

    table: "pd.DataFrame"
    extra: "Mapping[str, pd.DataFrame]"
    figure: "MatplotlibFigure"
    directory: Path
    trained: int
    cached: int
    diverged: list[tuple[Run, int]]
    failed: list[tuple[Run | Study, str]]
    studies: int = 0
    remarks: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        names = [each.name for each in fields(self) if each.name not in ("table", "extra", "figure")]
        tables, others = ({"": each.table, **each.extra} for each in (self, other))
        return (
            all(getattr(self, name) == getattr(other, name) for name in names)
            and tables.keys() == others.keys()
            and all(table.equals(others[name]) for name, table in tables.items())
        )

    __hash__ = None  # type: ignore[assignment]

    def _repr_png_(self) -> bytes:
        return save_figure(self.figure)
