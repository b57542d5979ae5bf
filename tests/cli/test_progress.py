import pytest

from fa_repro.cli import progress
from fa_repro.cli.progress import Terminal
from fa_repro.execution.progress import Silent


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that the test moves."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_without_terminal_a_line_per_30_seconds(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    shown = Terminal()
    shown.start(1000, "linear")
    for _ in range(8):
        clock[0] += 10
        shown.advance(100)
    shown.stop()
    out, told = capsys.readouterr()
    assert out == ""
    assert told.splitlines() == ["linear: 30 %, 70 s left", "linear: 60 %, 40 s left"]


def test_on_a_terminal_a_bar_with_the_time_left(
    clock: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = Terminal()
    shown.start(1000, "linear")
    shown.advance(500)
    shown.advance(600)  # more than announced does no harm
    shown.stop()
    shown.stop()
    out, told = capsys.readouterr()
    assert out == ""
    assert "linear" in told
    assert "100%" in told


def test_silent_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Silent()
    shown.start(10, "x")
    shown.advance(10)
    shown.stop()
    assert capsys.readouterr() == ("", "")
