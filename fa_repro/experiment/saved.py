"""Load saved results, and check that they are what their config and manifest say."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fa_repro import registry
from fa_repro.config.resolve import Config, resolve_config
from fa_repro.errors import ConfigError
from fa_repro.figures import Figure, main_labels
from fa_repro.io.manifest import ManifestError
from fa_repro.io.yaml import Document
from fa_repro.results import directory
from fa_repro.results.fields import check_fields
from fa_repro.results.figure_results import FigureResults
from fa_repro.results.layout import Grid, TableLayout
from fa_repro.theory import Study
from fa_repro.training.runs import Run

if TYPE_CHECKING:
    import pandas as pd


SURELY = 10_000
"""Number of runs up to which it is not compared with the size of the tables."""


def load_results(folder: Path, name: str | None = None) -> FigureResults:
    """Load the results in a folder; `name` is their name in messages, if it differs from that of the folder.

    Raises
    ------
    StorageError
        If there are none, or they do not match their manifest, or a table lacks what its config says.
    """
    return directory.load(folder, name, Expected)


class Expected:
    """What saved results must look like, according to their config and manifest.

    Attributes
    ----------
    config : mapping
        The resolved config, with each key that `config.yaml` leaves out.
    tables : mapping of str to TableLayout
        The tables that must be there, by name.

    Raises
    ------
    ManifestError
        If the config is not valid, or the manifest is about other runs.
    """

    def __init__(self, document: Document, manifest: Mapping[str, Any]) -> None:
        check_fields(manifest)
        try:
            self._config = resolve_config(document)
        except ConfigError as error:
            raise ManifestError(f"config.yaml is not valid: {error.problems[0]}") from None
        self.config = self._config.data
        if manifest.get("figure", self._config.figure) != self._config.figure:
            raise ManifestError("manifest.json: figure: not that of config.yaml")
        self._figure: Figure = registry.module("figures", self._config.figure).FIGURE
        size = sum(promise["bytes"] for name, promise in manifest["files"].items() if name.endswith(".csv"))
        if sum(condition.trials for condition in self._config.conditions) > max(size, SURELY):
            raise ManifestError("the tables have fewer rows than config.yaml has runs")
        every = [(_text(_entry(each)), each) for each in _items(self._config)]
        failed = _named(manifest, "failed", "reason", every)
        diverged = _named(manifest, "diverged", "example", every)
        for text, each in every:
            at = diverged.get(text, 0)
            if type(at) is not int or at < 0 or (isinstance(each, Run) and at > each.condition.setup.examples):
                raise ManifestError("manifest.json: diverged: an example that no run has")
        self._runs = [each for text, each in every if text not in failed]
        self._finished = [each for text, each in every if text not in failed and text not in diverged]
        self.tables = {name: self._layout(name) for name in ("main", *self._figure.extras)}

    def _layout(self, table: str) -> TableLayout:
        figure, curves = self._figure, self._runs if not self._config.studies else []
        setups = [run.condition.setup for run in curves]
        columns = figure.columns if table == "main" else tuple(figure.extras[table])
        if figure.columns_of is not None:
            columns = tuple(figure.columns_of(table, setups))
        labels_of = figure.labels or (main_labels if figure.make_tables is None else lambda *_: None)
        labels = labels_of(table, self._runs)
        grids = None
        if labels is not None and {"algorithm", "trial", "example"} <= set(columns):
            known = {_text(run.labels): _grid(run) for run in curves}
            own = [{key: label[key] for key in ("algorithm", "trial", *self._config.axes)} for label in labels]
            grids = [known[_text(each)] for each in own]
        single = grids is None and not self._config.studies
        types = figure.types if table == "main" else figure.extras[table]
        return TableLayout((*columns, *self._config.axes), types, labels, grids, single)

    def check(self, results: FigureResults) -> None:
        """Check what concerns several tables.

        Raises
        ------
        ValueError
            If something is missing.
        """
        self._figure.check_results(results, self._runs, self._finished)
        for study in self._config.studies:
            if study in self._runs:
                tables = {"main": results.table, **results.extra}
                study.theory.check({name: _of_point(table, study) for name, table in tables.items()}, study.trials)


def _items(config: Config) -> Iterator[Any]:
    """The studies or runs of a config; keys of runs are left out, as they need the data."""
    yield from config.studies
    for condition in config.conditions:
        for trial in range(condition.trials):
            yield Run(condition, trial, "")


def _named(manifest: Mapping[str, Any], key: str, beside: str, every: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """What a list in the manifest says of each run that it names: the value at `beside`, by the text of its labels."""
    entries = manifest.get(key, [])
    found = {_text({name: each[name] for name in each if name != beside}): each.get(beside) for each in entries}
    known = {text for text, _ in every}
    if not found.keys() <= known:
        raise ManifestError(f"manifest.json: {key}: a run that the config does not have")
    return found


def _entry(item: Any) -> Mapping[str, Any]:
    """How a manifest names a run or a study."""
    return {"study": item.name, **item.swept} if isinstance(item, Study) else item.labels


def _text(labels: Mapping[str, Any]) -> str:
    return json.dumps(labels, sort_keys=True)


def _grid(run: Run) -> Grid:
    setup = run.condition.setup
    return Grid(setup.record, setup.examples, setup.training.batch_size, setup.task.epoch)


def _of_point(table: "pd.DataFrame", study: Study) -> "pd.DataFrame":
    """The rows of a study's sweep point."""
    import numpy as np

    from fa_repro.results.tables import as_column

    mine = np.ones(len(table), dtype=bool)
    for axis, value in study.swept.items():
        mine &= (table[axis] == as_column([value])[0]).to_numpy()
    return table[mine]
