"""The report as Markdown."""

import re
from dataclasses import replace
from pathlib import Path

from fa_repro.claims.claim import Verdict
from fa_repro.experiment.check import check_figures, figures_with_claims
from fa_repro.report import markdown, summary
from tests.support.report import HOSTILE, Command, judged, made


def test_markdown_has_fingerprint_counts_tables(command: Command, workplace: Path) -> None:
    result = command("report", "--markdown")
    lines = result.stdout.splitlines()
    assert lines[0] == f"<!-- made by: fa-repro report --markdown; {markdown.fingerprint()} -->"
    assert re.fullmatch(r"numerics \d+, configs [0-9a-f]{12}, claims [0-9a-f]{12}", markdown.fingerprint())
    checked = check_figures(workplace / "results")
    assert [line for line in lines if line.startswith("![")] == [
        f"![{markdown.escaped(summary.alternative(one))}](results/gallery/{one.name}.png)" for one in checked
    ]
    assert lines.count("| claim | where | published | measured | verdict |") == len(figures_with_claims())
    claims = sum(len(one.judgements) for one in checked)
    assert sum(line.endswith("| not run |") for line in lines) == claims
    assert lines[1].startswith(f"**{claims} claims: 0 reproduced, 0 not reproduced, 0 not enough trials, {claims} not")
    assert not (workplace / "results").exists()


def test_markdown_escapes_table_characters(tmp_path: Path) -> None:
    one = replace(made(tmp_path), judgements=(judged(Verdict.NOT_REPRODUCED, "a | b\nc <d>", HOSTILE),))
    assert markdown.rows(one) == [(HOSTILE, "Fig. 1", "7.2 %", "a | b\nc <d>", "not reproduced")]
    (line,) = [each for each in markdown.render_markdown([one]).splitlines() if each.endswith("| not reproduced |")]
    assert len(re.findall(r"(?<!\\)\|", line)) == 6
    assert "a \\| b c \\<d>" in line
    assert "Criterion: below 8 %." in markdown.render_markdown([one])
