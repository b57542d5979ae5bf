"""Throughput of feedback alignment on digits, and the memory of a whole run: run with `make bench`.

Everything runs on one thread. Four candidates take turns in one process, so that their ratios are reliable on a noisy
machine: the matrix product, the trainer of fa_repro, a plain float64 loop over single examples and the same net in
PyTorch. PyTorch is optional (`pip install torch==2.13.0`); fa_repro does not need it. The count of floating-point
operations per example is 4*784*1000 + 4*1000*10: in each layer, one product forward and one for the update. Signals and
activations are not counted.
"""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from fa_repro.config.locate import find_config, read_config
from fa_repro.config.resolve import resolve_config
from fa_repro.datasets import mnist as dataset
from fa_repro.training.trainer import train

FLOP = 4 * 784 * 1000 + 4 * 1000 * 10
EXAMPLES, LOOP_EXAMPLES = 20_000, 150
REPEATS = 7
CONFIG = read_config(find_config("mnist"))
OWN = CONFIG.data["algorithms"]["feedback_alignment"]
RATE, FEEDBACK = OWN["learning_rate"], OWN["feedback_range"]
DECAY, BATCH = CONFIG.data["training"]["weight_decay"], CONFIG.data["training"]["batch_size"]
LOWER, UPPER = CONFIG.data["network"]["init_range"]


def settings(**changes: object) -> dict[str, object]:
    """Overrides for one trial of the shipped config; `__` in a name stands for a dot."""
    return {"trials": 1, **{key.replace("__", "."): value for key, value in changes.items()}}


def ours() -> None:
    """Run the trainer, measuring only the first and the last mini-batch."""
    record = {"record__grid": "linear", "record__points": 2, "record__weights": False}
    changes = settings(training__epochs=None, training__examples=EXAMPLES, figure="linear", record__probes=["nse"])
    (run,) = resolve_config(CONFIG, changes | settings(**record), only=["feedback_alignment"]).runs()
    train([run])


def plain_loop() -> None:
    """Run feedback alignment as a textbook would write it: float64, one example at a time."""
    mnist = dataset.load()
    rng = np.random.default_rng(0)
    W0, W = rng.uniform(-LOWER, LOWER, (1000, 784)), rng.uniform(-UPPER, UPPER, (10, 1000))
    b0, b = np.zeros(1000), np.zeros(10)
    B = rng.uniform(-FEEDBACK, FEEDBACK, (1000, 10))
    targets = np.eye(10)
    for i in rng.permutation(60_000)[:LOOP_EXAMPLES]:
        x = (mnist.train_images[i] / 255 - 0.1307) / 0.3081
        h = 1 / (1 + np.exp(-(W0 @ x + b0)))
        e = targets[mnist.train_labels[i]] - 1 / (1 + np.exp(-(W @ h + b)))
        dh = (B @ e) * h * (1 - h)
        W += RATE * np.outer(e, h) - DECAY * W
        W0 += RATE * np.outer(dh, x) - DECAY * W0
        b += RATE * e
        b0 += RATE * dh


def in_torch() -> Callable[[], None] | None:
    """Return the same net in idiomatic PyTorch: modules, an autograd function for `B`, the optimiser's weight decay.

    None if PyTorch is not installed.
    """
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    torch.manual_seed(0)

    class Aligned(torch.autograd.Function):
        @staticmethod
        def forward(context, h, weight, bias, feedback):
            context.save_for_backward(h, feedback)
            return torch.nn.functional.linear(h, weight, bias)

        @staticmethod
        def backward(context, signal):
            h, feedback = context.saved_tensors
            return signal @ feedback, signal.T @ h, signal.sum(0), None

    mnist = dataset.load()
    images = torch.from_numpy((mnist.train_images / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081))
    targets = torch.nn.functional.one_hot(torch.from_numpy(mnist.train_labels.astype(np.int64)), 10).float()
    first, last = torch.nn.Linear(784, 1000), torch.nn.Linear(1000, 10)
    feedback = torch.empty(10, 1000).uniform_(-FEEDBACK, FEEDBACK)
    for layer, most in ((first, LOWER), (last, UPPER)):
        torch.nn.init.uniform_(layer.weight, -most, most)
        torch.nn.init.zeros_(layer.bias)
    groups = [
        {"params": [first.weight, last.weight], "weight_decay": DECAY * BATCH / RATE},
        {"params": [first.bias, last.bias]},
    ]
    optimiser = torch.optim.SGD(groups, lr=RATE)
    loss = torch.nn.BCEWithLogitsLoss(reduction="sum")

    def steps() -> None:
        for chosen in torch.randperm(60_000)[:EXAMPLES].split(BATCH):
            optimiser.zero_grad()
            h = torch.sigmoid(first(images[chosen]))
            loss(Aligned.apply(h, last.weight, last.bias, feedback), targets[chosen]).backward()
            optimiser.step()

    return steps


def product() -> None:
    """Multiply two matrices, to measure the machine's own rate."""
    np.matmul(_ONE, _TWO, out=_THREE)


_ONE, _TWO = (np.random.default_rng(i).random((2000, 2000), np.float32) for i in (1, 2))
_THREE = np.empty_like(_ONE)


def seconds(job: Callable[[], None]) -> float:
    """Return the time of one call."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def peak_memory() -> float:
    """Return the peak memory, in MiB, of a separate process that trains one epoch and writes figure and files."""
    code = (
        "import resource, tempfile, fa_repro\n"
        "folder = tempfile.mkdtemp()\n"
        "fa_repro.run('mnist', {'trials': 1, 'training.epochs': 1}, results=folder, only=[%r])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    most = 0
    for algorithm in ("feedback_alignment", "shallow"):
        done = subprocess.run([sys.executable, "-c", code % algorithm], capture_output=True, text=True, check=True)
        most = max(most, int(done.stdout))
    return most / (1024 if sys.platform != "darwin" else 2**20)


def main() -> None:
    """Print the rates, the three ratios, and the memory."""
    dataset.prepare()
    torch_steps = in_torch()
    jobs = {
        "sgemm 2000": (product, 2 * 2000**3, 1),
        "fa_repro": (ours, FLOP, EXAMPLES),
        "plain loop": (plain_loop, FLOP, LOOP_EXAMPLES),
    }
    if torch_steps is not None:
        jobs["PyTorch"] = (torch_steps, FLOP, EXAMPLES)
    rates: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(REPEATS + 1):
        for name, (job, flop, count) in jobs.items():
            rates[name].append(flop * count / seconds(job) / 1e9)
    for name, values in rates.items():
        print(f"{name:<11} {statistics.median(values[1:]):8.2f} GFLOP/s on one thread, median of {REPEATS}")
    ratios = {"of the machine's matrix product (at least 0.6)": "sgemm 2000"}
    ratios["times the plain float64 loop (at least 20)"] = "plain loop"
    if torch_steps is not None:
        ratios["times the same net in PyTorch (at least 1.2)"] = "PyTorch"
    for text, name in ratios.items():
        each = [a / b for a, b in zip(rates["fa_repro"][1:], rates[name][1:], strict=True)]
        print(f"fa_repro is {statistics.median(each):.2f} {text}; {min(each):.2f}..{max(each):.2f}")
    if torch_steps is None:
        print("PyTorch is not installed: pip install torch==2.13.0")
    print(f"peak memory of a run: {peak_memory():.0f} MiB (at most 1024); of this benchmark: {_own_peak():.0f} MiB")


def _own_peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
