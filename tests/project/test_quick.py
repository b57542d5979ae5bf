"""Every shipped figure, in its quick version, from training to the report."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from fa_repro.cli.main import command_line
from fa_repro.config.locate import shipped_folder

ON_DIGITS = ("mnist", "receptive-fields")


@pytest.mark.draws
@pytest.mark.renders
@pytest.mark.parametrize("figure", sorted(path.stem for path in shipped_folder().glob("*.yaml")))
def test_quick_figure_passes_every_command(
    figure: str, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    smaller = ["--set", "network.hidden=[5]"] if figure in ON_DIGITS else []
    picture = f"results/{figure}/{figure}.png"
    commands = {
        ("run", figure, "--quick", *smaller): picture,
        ("plot", figure): picture,
        ("config", figure): f"figure: {figure}",
        ("check", figure): figure,
        ("report",): "results/report.html",
    }
    for words, printed in commands.items():
        result = CliRunner().invoke(command_line, words)
        assert result.exit_code == 0 or (words[0], result.exit_code) == ("check", 5), result.output
        assert printed in result.stdout
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
