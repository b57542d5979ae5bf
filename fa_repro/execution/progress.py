"""What is called with the progress of training."""

from typing import Protocol


class Progress(Protocol):
    """What `fa_repro.experiment` tells of how far it is."""

    def start(self, work: int, label: str) -> None:
        """Training begins; this is all there is to do, in units in which equal amounts take about equal time."""

    def advance(self, work: int) -> None:
        """This much more has been done."""

    def stop(self) -> None:
        """Training has ended."""


class Silent:
    """Says nothing."""

    def start(self, work: int, label: str) -> None:
        pass

    def advance(self, work: int) -> None:
        pass

    def stop(self) -> None:
        pass
