"""The report as Markdown."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from fa_repro.claims.claim import Verdict
from fa_repro.config.locate import read_config, shipped_folder
from fa_repro.experiment.check import check_figures, figures_with_claims
from fa_repro.report import markdown, summary
from fa_repro.results.directory import config_hash
from fa_repro.training import numerics
from tests.support.report import HOSTILE, Command, judged, made


def test_markdown_has_fingerprint_counts_tables(command: Command, workplace: Path) -> None:
    result = command("report", "--markdown")
    lines = result.stdout.splitlines()
    checked = check_figures(workplace / "results")
    assert lines[0] == f"<!-- made by: fa-repro report --markdown; {markdown.fingerprint(checked)} -->"
    assert re.fullmatch(r"numerics \d+, configs [0-9a-f]{12}, claims [0-9a-f]{12}", markdown.fingerprint())
    assert [line for line in lines if line.startswith("![")] == [
        f"![{markdown.escaped(summary.alternative(one))}](results/gallery/{one.name}.png)" for one in checked
    ]
    assert lines.count("| claim | where | published | measured | verdict |") == len(figures_with_claims())
    claims = sum(len(one.judgements) for one in checked)
    assert sum(line.endswith("| not run |") for line in lines) == claims
    assert lines[1].startswith(f"**{claims} claims: 0 reproduced, 0 not reproduced, 0 not enough trials, {claims} not")
    assert not (workplace / "results").exists()


def test_the_fingerprint_is_that_of_the_results(tmp_path: Path) -> None:
    """Not that of this version and its configs, from which the results may not be."""
    names = figures_with_claims()
    configs = {name: config_hash(read_config(shipped_folder() / f"{name}.yaml").data) for name in names}
    one = made(tmp_path)
    assert one.saved is not None

    def printed(**changes: Any) -> str:
        manifests = {
            name: {"numerics": numerics.VERSION, "config_hash": configs[name], "options": []} for name in names
        }
        manifests["nse"] |= changes
        results = {name: replace(one.saved, manifest=manifest) for name, manifest in manifests.items()}
        return markdown.fingerprint([replace(one, name=name, saved=saved) for name, saved in results.items()])

    assert printed() == markdown.fingerprint()
    assert printed(numerics=numerics.VERSION - 1).startswith(f"numerics {numerics.VERSION - 1} and {numerics.VERSION},")
    others = {printed(), printed(config_hash="0"), printed(options=["--quick"]), printed(options=["--set trials=4"])}
    assert len(others) == 4
    assert all(each.startswith(f"numerics {numerics.VERSION}, configs ") for each in others)


def test_markdown_escapes_table_characters(tmp_path: Path) -> None:
    one = replace(made(tmp_path), judgements=(judged(Verdict.NOT_REPRODUCED, "a | b\nc <d>", HOSTILE),))
    assert markdown.rows(one) == [(HOSTILE, "Fig. 1", "7.2 %", "a | b\nc <d>", "not reproduced")]
    (line,) = [each for each in markdown.render_markdown([one]).splitlines() if each.endswith("| not reproduced |")]
    assert len(re.findall(r"(?<!\\)\|", line)) == 6
    assert "a \\| b c \\<d>" in line
    assert "Criterion: below 8 %." in markdown.render_markdown([one])
