"""The command `fa-repro check`."""

import shutil
from pathlib import Path

import click

from fa_repro.cli.options import Command, results_option
from fa_repro.cli.output import echo
from fa_repro.errors import NotReproducedError, StorageError

WIDTH = 160
"""Width, in characters, of a table that is written to a file or a pipe."""


@click.command("check", cls=Command)
@click.argument("figures", nargs=-1, metavar="[FIGURE]...")
@results_option
@click.option("--json", "as_data", is_flag=True, help="Print the verdicts as JSON.")
@click.option(
    "--strict", is_flag=True, help="Exit with code 5 unless every claim is reproduced, by results that are not stale."
)
@click.pass_context
def check_command(ctx: click.Context, figures: tuple[str, ...], results: Path, as_data: bool, strict: bool) -> None:
    """Compare results with the paper's claims.

    Judges the claims of each FIGURE, or of all figures if none is given. Trains and changes nothing. The exit code is 5
    if a claim is not reproduced although there are enough trials to judge it, otherwise 4 if results are damaged,
    otherwise 5 if no claim about a FIGURE that you name can be judged.
    """
    from fa_repro.claims.claim import Verdict
    from fa_repro.experiment.check import check_figures
    from fa_repro.plain_text import amount
    from fa_repro.report import text

    found = check_figures(results, figures)
    if as_data:
        echo(text.as_json(found), lines=True)
    else:
        for line in text.table(found, shutil.get_terminal_size((WIDTH, 24)).columns):
            echo(line)
    for figure in found:
        if figure.trouble:
            echo(f"error: {figure.trouble}", err=True)
    if wrong := [each for figure in found for each in figure.judgements if each.verdict is Verdict.NOT_REPRODUCED]:
        names = ", ".join(f"{each.figure} {each.claim.name}" for each in wrong)
        echo(f"error: not reproduced: {names}", err=True)
        ctx.exit(NotReproducedError.exit_code)
    if strict and (stale := [figure.name for figure in found if "stale: " in figure.state]):
        echo(f"error: --strict: stale: {', '.join(stale)}", err=True)
        ctx.exit(NotReproducedError.exit_code)
    if strict and (open_ := sum(len(figure.judgements) - figure.counts[Verdict.REPRODUCED] for figure in found)):
        echo(f"error: --strict: {amount(open_, 'claim')} not reproduced or not judged", err=True)
        ctx.exit(NotReproducedError.exit_code)
    if any(figure.trouble for figure in found):
        ctx.exit(StorageError.exit_code)
    if figures and (unjudged := [figure.name for figure in found if not figure.counts[Verdict.REPRODUCED]]):
        echo(f"error: no claim could be judged: {', '.join(unjudged)}", err=True)
        ctx.exit(NotReproducedError.exit_code)
