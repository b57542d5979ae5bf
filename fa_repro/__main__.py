"""Entry point of `fa-repro` and of `python -m fa_repro`."""

import logging
import os
import sys
from pathlib import Path

from fa_repro.execution import interrupts


def main() -> None:
    """Run the command line.

    Slow imports come after the interrupt handler is installed, so that Ctrl-C works during them.
    """
    interrupts.install_handler()
    try:
        try:
            os.environ.setdefault("PYTHONSAFEPATH", "1")  # workers import nothing from the current folder
            _do_without_home()
            from fa_repro.cli.main import command_line
        except Exception:
            interrupts.reraise()
            raise
    except KeyboardInterrupt:
        print(interrupts.message(), file=sys.stderr)
        raise SystemExit(interrupts.CODE) from None
    try:
        command_line(prog_name="fa-repro")
    except SystemExit as end:
        if end.code == interrupts.CODE:
            interrupts.leave()
        raise


def _do_without_home() -> None:
    """Let Matplotlib use a temporary folder for its caches if there is no home folder, and not warn about it."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        Path.home()
    except RuntimeError:  # Matplotlib 3.10 would fail; a path that is no folder makes it use a temporary one
        os.environ.setdefault("MPLCONFIGDIR", os.devnull)


if __name__ == "__main__":
    main()
