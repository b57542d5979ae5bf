"""Interface for reporting the progress of training."""

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of `fa_repro.experiment`."""

    def start(self, work: int, label: str) -> None:
        """Training begins; `work` is the total, in units that take about the same time each."""

    def advance(self, work: int) -> None:
        """This much more work has been done."""

    def stop(self) -> None:
        """Training has ended."""


class Silent:
    """Reports nothing."""

    def start(self, work: int, label: str) -> None:
        pass

    def advance(self, work: int) -> None:
        pass

    def stop(self) -> None:
        pass
