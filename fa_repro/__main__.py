"""Entry point of `fa-repro` and of `python -m fa_repro`."""

import sys

from fa_repro.execution import interrupts


def main() -> None:
    """Run the command line.

    Slow imports come after the interrupt handler is installed, so that Ctrl-C works during them.
    """
    interrupts.install_handler()
    try:
        try:
            from fa_repro.cli.main import command_line
        except Exception:
            interrupts.reraise()
            raise
    except KeyboardInterrupt:
        print(interrupts.message(), file=sys.stderr)
        raise SystemExit(interrupts.CODE) from None
    command_line(prog_name="fa-repro")


if __name__ == "__main__":
    main()
