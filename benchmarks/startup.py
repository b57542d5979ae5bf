"""Start-up time of commands that train nothing, compared with importing only click and yaml.

Run with `make bench`. The commands alternate, so that their ratios are reliable on a noisy machine.
"""

import statistics
import subprocess
import sys
import time

REPEATS = 15
BASE = [sys.executable, "-c", "import click, yaml"]
COMMANDS = {"fa-repro --help": ["--help"], "fa-repro list": ["list"]}


def seconds(command: list[str]) -> float:
    """Return the time of one process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Print one row for each command."""
    print(f"{'command':>16} {'ms':>6} {'import click, yaml':>20} {'ratio':>6}   medians of {REPEATS}")
    for name, words in COMMANDS.items():
        command = [sys.executable, "-m", "fa_repro", *words]
        pairs = [(seconds(command), seconds(BASE)) for _ in range(REPEATS + 1)][1:]  # the first is a warm-up
        ours, base = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{name:>16} {ours:>6.0f} {base:>20.0f} {ratio:>6.2f}")


if __name__ == "__main__":
    main()
