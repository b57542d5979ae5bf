"""Tests whether networks of four layers end with a smaller error than those of three."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

COUNTS = dict.fromkeys(("example", "trials", "diverged"), int)

COLUMNS: Mapping[str, type] = {
    **{"rule": str, **COUNTS, "three": float, "four": float, "four_better": int},
    **dict.fromkeys(("t_paired", "p_paired", "t", "p"), float),
}
"""Columns of the table of t-tests, with their types."""


def compare_depths(
    rows: "pd.DataFrame", networks: "Mapping[tuple[Any, ...], tuple[str, int]]", axes: Sequence[str]
) -> "pd.DataFrame":
    """Student's t-tests of the final error: a paired test of its logarithm, and a two-sample test as in the paper.

    There is a row for each rule and sweep point with exactly one algorithm of three layers and one of four.
    """
    import numpy as np
    import pandas as pd
    from scipy import stats

    from fa_repro.plotting.labels import canonical

    columns = [*COLUMNS, *axes]
    found: list[dict[str, Any]] = []
    for point, part in rows.groupby(list(axes), sort=False) if axes else [((), rows)]:
        wide: dict[tuple[str, int], list[Any]] = {}
        for name, own in part.groupby("algorithm"):
            network = networks[(str(name), *map(canonical, point))]
            wide.setdefault(network, []).append(own.pivot(index="trial", columns="example", values="nse"))
        for rule in dict.fromkeys(rule for rule, _ in wide):
            nets = wide.get((rule, 3), []), wide.get((rule, 4), [])
            if [len(each) for each in nets] != [1, 1]:
                continue
            (three,), (four,) = nets
            last, trials = max(set(three) & set(four)), three.index.intersection(four.index)
            both = np.stack([each.loc[trials, last].to_numpy() for each in (three, four)])
            lost = ~np.isfinite(both).all(axis=0)
            row = {"rule": rule, "example": last, "trials": len(trials), "diverged": int(lost.sum())}
            row |= {"three": both[0].mean(), "four": both[1].mean(), "four_better": int((both[1] < both[0]).sum())}
            if len(trials) > 1 and not lost.any():  # testing the remaining trials alone would be biased
                paired, two = stats.ttest_rel(*np.log10(both)), stats.ttest_ind(*both)
                row |= {"t_paired": paired.statistic, "p_paired": paired.pvalue, "t": two.statistic, "p": two.pvalue}
            found.append(row | dict(zip(axes, point, strict=bool(axes))))
    return pd.DataFrame(found, columns=columns)
