"""Computation of studies, which give the tables of a figure that trains nothing."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fa_repro import isolation
from fa_repro.errors import FaReproError
from fa_repro.execution import interrupts
from fa_repro.execution.progress import Progress
from fa_repro.results.tables import as_column, sort_rows
from fa_repro.theory import Study

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


@isolation.every_core
def compute_studies(
    studies: Sequence[Study], columns: Sequence[str], axes: Sequence[str], progress: Progress, label: str
) -> "tuple[dict[str, pd.DataFrame], list[tuple[Study, str]]]":
    """Compute studies one after the other; one that fails does not stop the others.

    Parameters
    ----------
    studies : sequence of Study
    columns : sequence of str
        Columns of the main table.
    axes : sequence of str
        Swept keys.
    progress : Progress
    label : str
        Label of the progress display, and of messages.

    Returns
    -------
    tables : dict of str to DataFrame
        Their tables concatenated, with a column for each swept key at the end; `main`, the figure's, is sorted.
    failed : list of (Study, str)
        Studies that failed, and why.

    Raises
    ------
    FaReproError
        If all of them failed.
    """
    import pandas as pd

    parts: dict[str, list[pd.DataFrame]] = {}
    failed: list[tuple[Study, str]] = []
    progress.start(len(studies), label)
    try:
        for study in studies:
            try:
                for name, table in study.theory.compute(study.seed, study.trials).items():
                    swept: dict[str, Any] = {axis: as_column([study.swept[axis]] * len(table)) for axis in axes}
                    parts.setdefault(name, []).append(table.assign(**swept))
            except ArithmeticError as error:
                failed.append((study, str(error)))
            except Exception as error:  # any error: the other studies are still worth computing
                interrupts.reraise()
                log.debug("a study failed", exc_info=True)
                failed.append((study, f"{type(error).__name__}: {error}"))
            progress.advance(1)
    finally:
        progress.stop()
    if not parts:
        raise FaReproError(f"{label}: every study failed; nothing was written. First error: {failed[0][1]}")
    tables = {name: pd.concat(found, ignore_index=True) for name, found in parts.items()}
    return tables | {"main": sort_rows(tables["main"][[*columns, *axes]])}, failed
