"""README's report is that of this state of the program."""

from pathlib import Path

from fa_repro import registry
from fa_repro.experiment.check import figures_with_claims
from fa_repro.report import markdown

ROOT = Path(__file__).parents[2]
AGAIN = "make all-figures readme"


def block() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition("<!-- begin of report -->\n")[2].partition("<!-- end of report -->")[0]


def test_the_report_in_readme_is_not_stale() -> None:
    """Numerics, shipped configs and claims are those that it was made with."""
    first = block().splitlines()[0]
    assert first == f"<!-- made by: fa-repro report --markdown; {markdown.fingerprint()} -->", f"stale, run: {AGAIN}"


def test_readme_has_every_claim_and_verdict() -> None:
    lines = block().splitlines()
    for name in figures_with_claims():
        assert any(f"](results/gallery/{name}.png)" in line for line in lines)
        assert (ROOT / f"results/gallery/{name}.png").is_file()
        for claim in registry.module("figures", name).FIGURE.claims:
            cells = [claim.statement, claim.where, claim.published_text]
            start = f"| {' | '.join(map(markdown.escaped, cells))} | "
            (row,) = [line for line in lines if line.startswith(start)]
            assert not row.endswith("| not run |")
