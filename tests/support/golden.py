"""Golden numbers: what the engine computes for small runs of every rule, kept in a file of the tests.

Remake the file with `python -m tests.support.golden`, after `fa_repro.training.numerics.VERSION` was raised.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from fa_repro import registry
from fa_repro.config.resolve import resolve_config
from fa_repro.io import yaml
from fa_repro.results import provenance
from fa_repro.training import numerics
from fa_repro.training.runs import Outcome, Run
from fa_repro.training.trainer import train
from tests.support.configs import SMALL, needed_keys

FILE = Path(__file__).parents[1] / "training/golden_numbers.json"

SETTINGS: dict[str, dict[str, Any]] = {
    "online": {"training.examples": 60},
    "mini-batches, decay, biases, two hidden layers": {
        "network.hidden": [5, 4],
        "network.activation": "tanh",
        "network.bias": True,
        "network.bias_range": 0.1,
        "training.examples": 64,
        "training.batch_size": 4,
        "training.weight_decay": 0.001,
    },
    "single precision, cross-entropy": {
        "network.activation": "logistic",
        "network.output": "logistic",
        "training.loss": "cross_entropy",
        "training.dtype": "float32",
        "training.examples": 60,
        "training.batch_size": 3,
    },
}
"""What is trained, besides the small config: each part of the engine is used by one of these."""


def golden_runs() -> dict[str, Run]:
    """A run of every rule with each of `SETTINGS`, by name."""
    found = {}
    for name, settings in SETTINGS.items():
        for rule in registry.names("rules"):
            algorithm = {"rule": rule, "learning_rate": 0.02, **needed_keys(rule)}
            changes = {"trials": 1, "algorithms": {"one": algorithm}, "record.probes": ["nse", "angle_backprop_deg"]}
            config = resolve_config(yaml.load(SMALL, "small.yaml"), {**changes, **settings})
            (found[f"{rule}: {name}"],) = config.runs()
    return found


def digest(outcome: Outcome) -> str:
    """Hash of every bit of an outcome."""
    arrays = {**outcome.columns, **outcome.arrays}
    return hashlib.sha256(b"".join(name.encode() + arrays[name].tobytes() for name in sorted(arrays))).hexdigest()


def numbers(outcome: Outcome) -> dict[str, list[float]]:
    """Some numbers of an outcome: each column at five examples, and the norm of each array."""
    columns = {name: values[np.linspace(0, len(values) - 1, 5).astype(int)] for name, values in outcome.columns.items()}
    norms = {name: np.linalg.norm(values.astype(float))[None] for name, values in outcome.arrays.items()}
    return {name: [float(each) for each in values] for name, values in {**columns, **norms}.items()}


def machine() -> dict[str, Any]:
    """What must be equal for equal bits."""
    about = provenance.machine()
    return {"numpy": np.__version__, **{name: about[name] for name in ("machine", "blas", "blas_kernels")}}


def golden() -> dict[str, Any]:
    """The golden numbers of this engine on this machine."""
    outcomes = {name: train([run])[0] for name, run in golden_runs().items()}
    runs = {name: {"sha256": digest(each), "numbers": numbers(each)} for name, each in outcomes.items()}
    return {"numerics": numerics.VERSION, "machine": machine(), "runs": runs}


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden(), indent=1) + "\n")
