"""Shared by the tests of report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from click.testing import Result

from fa_repro.claims.claim import Claim, Judgement, Measured, Verdict
from fa_repro.experiment.check import CheckedFigure
from fa_repro.results import directory
from fa_repro.results.figure_results import FigureResults

Command = Callable[..., Result]


HOSTILE = "<script>alert(1)</script></style>]]>\"'&{{ 7*7 }}|`"


def judged(verdict: Verdict, told: str = "7.1 % (6.9 .. 7.3)", statement: str = "It learns") -> Judgement:
    claim = Claim("learns", statement, "Fig. 1", "below 8 %", lambda _: Measured("", True), "7.2 %")
    measured = Measured(told, True) if verdict in (Verdict.REPRODUCED, Verdict.NOT_REPRODUCED) else None
    return Judgement("linear", claim, verdict, measured, "" if measured else told)


def made(folder: Path, name: str = "linear", config: Any = None, **manifest: Any) -> CheckedFigure:
    """A figure with results saved in a folder, without training."""
    about = {"name": name, "made": "2026-01-02T03:04:05+00:00", "command": f"fa-repro run {name}", **manifest}
    data = {"figure": name, "seed": 0, "trials": 3, "sweep": {}, **(config or {})}
    directory.save(
        folder / name, FigureResults(pd.DataFrame({"nse": [1.0]}), {}, data, about), {"png": b"\x89PNG picture"}
    )
    return CheckedFigure(name, "Fig. 1: a title", "done", directory.load(folder / name), (judged(Verdict.REPRODUCED),))
