"""Exceptions of the package, each with its exit code on the command line."""

from collections.abc import Iterable


class FaReproError(Exception):
    """Base of all errors that are reported as a message, without a traceback."""

    exit_code = 1

    @property
    def lines(self) -> tuple[str, ...]:
        """The message, a line for each problem."""
        return (str(self),)


class ConfigError(FaReproError):
    """The settings are invalid; the message lists every problem and where it is."""

    exit_code = 2

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))

    @property
    def lines(self) -> tuple[str, ...]:
        return self.problems


class StorageError(FaReproError):
    """A file cannot be read or written, or does not match its manifest."""

    exit_code = 4


class DataError(FaReproError):
    """The data is missing or invalid, and every source failed."""

    exit_code = 3

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(str(self).split("\n"))


class NotReproducedError(FaReproError):
    """The results differ from those that were claimed or saved."""

    exit_code = 5
