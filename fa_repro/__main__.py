"""`python -m fa_repro`."""

from fa_repro.cli import main

if __name__ == "__main__":
    main(prog_name="fa-repro")
