"""The command `fa-repro report`."""

from pathlib import Path

import click

from fa_repro.cli.options import Command, results_option
from fa_repro.cli.output import echo
from fa_repro.errors import StorageError

STDOUT = Path("-")


@click.command("report", cls=Command)
@results_option
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown for a README; write no page.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File to write instead of DIR/report.html, or instead of printing Markdown; `-` is standard output.",
)
@click.pass_context
def report_command(ctx: click.Context, results: Path, as_markdown: bool, output: Path | None) -> None:
    """Compare all results with the paper's claims in an HTML page.

    Writes DIR/report.html, a self-contained page, or FILE. Trains nothing; missing and damaged results are reported in
    the page.
    """
    from fa_repro.experiment.check import check_figures, variants_with_claims
    from fa_repro.io.atomic import replace_together, write_file
    from fa_repro.report.markdown import render_markdown
    from fa_repro.report.page import NAME, render_page

    checked, names = check_figures(results), variants_with_claims(results)
    variants = check_figures(results, list(names)) if names and not as_markdown else []
    path = output or (STDOUT if as_markdown else results / NAME)
    text = render_markdown(checked) if as_markdown else render_page(checked, results, variants, path.parent)
    if path == STDOUT:
        echo(text, lines=True, nl=False)
    elif output is not None:
        write_file(path, text.encode(errors="backslashreplace"))
        echo(path)
    else:
        try:
            replace_together(results, {NAME: text.encode(errors="backslashreplace")})
        except StorageError as error:
            raise StorageError(f"{error}. To write it elsewhere, use --output FILE") from error
        echo(path)
    if troubles := [one.trouble for one in (*checked, *variants) if one.trouble]:
        for trouble in troubles:
            echo(f"error: {trouble}", err=True)
        ctx.exit(StorageError.exit_code)
