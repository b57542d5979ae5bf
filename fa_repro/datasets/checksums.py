"""Names, sizes and SHA-256 checksums of the four files of MNIST."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

_SLACK = 65_536  # bytes that headers may add to a file when it is compressed


@dataclass(frozen=True)
class Expected:
    """The expected checksum and shape of a decoded file, from which all size limits follow."""

    sha256: str
    shape: tuple[int, ...]

    @property
    def header(self) -> bytes:
        """The first bytes of the file: magic number and dimensions."""
        return struct.pack(f">{1 + len(self.shape)}I", 0x800 + len(self.shape), *self.shape)

    @property
    def size(self) -> int:
        """Size in bytes, including the header."""
        return len(self.header) + math.prod(self.shape)

    @property
    def most_compressed(self) -> int:
        """Largest size in bytes as gzip, which adds less than 1 % even to data that it cannot compress."""
        return self.size + self.size // 100 + _SLACK


FILES: Mapping[str, Expected] = {
    "train-images-idx3-ubyte": Expected(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", (60_000, 28, 28)
    ),
    "train-labels-idx1-ubyte": Expected("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", (60_000,)),
    "t10k-images-idx3-ubyte": Expected(
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", (10_000, 28, 28)
    ),
    "t10k-labels-idx1-ubyte": Expected("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", (10_000,)),
}
"""The files by their usual names: images and labels of the training set, then of the test set."""


def most_fetched() -> int:
    """Largest size in bytes of all files together, compressed in any way."""
    return sum(expected.most_compressed for expected in FILES.values())
