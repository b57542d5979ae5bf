"""The command `fa-repro report`."""

from pathlib import Path

import click

from fa_repro.cli.options import results_option
from fa_repro.cli.output import echo


@click.command("report")
@results_option
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown for a README; write no page.")
@click.pass_context
def report_command(ctx: click.Context, results: Path, as_markdown: bool) -> None:
    """Compare all results with the paper's claims in an HTML page.

    Writes DIR/report.html, a self-contained page. Trains nothing; missing and damaged results are reported in the page.
    """
    from fa_repro.errors import StorageError
    from fa_repro.experiment.check import check_figures, variants_with_claims

    checked, names = check_figures(results), variants_with_claims(results)
    variants = check_figures(results, list(names)) if names and not as_markdown else []
    if as_markdown:
        from fa_repro.report.markdown import render_markdown

        echo(render_markdown(checked), lines=True, nl=False)
    else:
        from fa_repro.io.atomic import replace_together
        from fa_repro.report.page import NAME, render_page

        replace_together(results, {NAME: render_page(checked, results, variants).encode(errors="backslashreplace")})
        echo(results / NAME)
    if troubles := [one.trouble for one in (*checked, *variants) if one.trouble]:
        for trouble in troubles:
            echo(f"error: {trouble}", err=True)
        ctx.exit(StorageError.exit_code)
