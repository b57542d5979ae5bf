"""What can go wrong, and the exit code that each kind of trouble ends with."""

from collections.abc import Iterable


class FaReproError(Exception):
    """Base of every error that is reported in words, without a traceback."""

    exit_code = 1


class ConfigError(FaReproError):
    """The settings are wrong: every problem found, each with its place."""

    exit_code = 2

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


class StorageError(FaReproError):
    """A file could not be read or written, or is not what its manifest says."""

    exit_code = 4


class DataError(FaReproError):
    """The data is missing or wrong, and no source has it."""

    exit_code = 3


class NotReproducedError(FaReproError):
    """What was measured is not what was claimed."""

    exit_code = 5
