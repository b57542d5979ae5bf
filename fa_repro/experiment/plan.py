"""Plans: the runs of a request, before anything is trained."""

from dataclasses import dataclass
from pathlib import Path

from fa_repro.config.resolve import Config
from fa_repro.execution.batching import shard
from fa_repro.execution.executor import Execution
from fa_repro.experiment.request import Request
from fa_repro.results.store import Store
from fa_repro.training.runs import Run


@dataclass(frozen=True)
class Plan:
    """The runs of a request, and which of them are missing.

    Attributes
    ----------
    config : Config
    runs : list of Run
        All distinct runs in the order of the config; for a shard, only its own.
    missing : list of Run
        Runs that would be trained.
    failed : list of (Run, str)
        Runs that are left out because they failed before, and the reasons.
    """

    config: Config
    runs: list[Run]
    missing: list[Run]
    failed: list[tuple[Run, str]]


def plan_runs(request: Request, results: Path, execution: Execution, part: tuple[int, int] | None = None) -> Plan:
    """List the runs of a request and those that are missing; train and write nothing."""
    config, store = request.resolved, Store(results)
    runs = list({run.key: run for run in config.runs()}.values())
    if part is not None:
        runs = shard(runs, *part)
    missing = [run for run in runs if execution.force or not store.has(run)]
    again = execution.force or execution.retry_failed
    failed = [] if again else [(run, reason) for run in missing if (reason := store.failure(run))]
    left_out = {run.key for run, _ in failed}
    return Plan(config, runs, [run for run in missing if run.key not in left_out], failed)
