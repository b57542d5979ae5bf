"""Training of the first layer: updates are delayed and applied together at the end of a window of examples."""

from typing import Any

import numpy as np

from fa_repro.nn.network import Network
from fa_repro.nn.weight_decay import Decay
from fa_repro.typing import Array

DELAY = 16
"""Largest number of examples by which updates of the first layer are delayed."""


class InputLayer:
    """The first layer of a network, with updates delayed to the end of a window of examples.

    The examples of a window are known in advance. With the updates `d_s x_s'` of the earlier examples, the
    pre-activation of example `t` is `W0 x_t + sum_s d_s (x_s' x_t)`. The first terms of all examples are one matrix
    product, the inner products are another, and the update of the whole window at its end is a third. Up to rounding
    this equals updating after each example. It saves more work the larger the layer, as the network's largest matrix is
    read and written only once per window.

    Weight decay multiplies `W0` by a factor at each update. With `F_t` the product of the factors before example `t`,
    the weights at `t` are `F_t (W0 + sum_s d_s x_s' / F_{s+1})`: as above, with `d_s / F_{s+1}` in place of `d_s`, and
    the sum multiplied by `F_t`.
    """

    def __init__(self, network: Network, decay: Array | None = None) -> None:
        self._network, self._decay = network, decay
        self._owed = Decay(network.weights[0])
        self._update = np.empty_like(network.weights[0])
        self._start = self._seen = self._size = 0
        self._learns = False
        self._shrunk: Any = 1.0

    def open(self, inputs: Array, start: int, alone: bool) -> None:
        """Begin a window of inputs, shape (R or 1, n, units_in), whose first is example `start` of its block.

        `alone` says that the window is a single batch, which needs no inner products.
        """
        weights = self._network.weights[0]
        self._inputs, self._start, self._learns, self._shrunk = inputs, start, False, 1.0
        self._drive = inputs @ weights.mT
        self._overlap = None if alone else inputs @ inputs.mT
        shape = (len(weights), inputs.shape[1], weights.shape[1])
        self._delayed = np.empty(shape, weights.dtype) if alone else np.zeros(shape, weights.dtype)

    def pre_activation(self, part: slice) -> Array:
        """Pre-activation of a batch, a slice of the block, including the delayed updates."""
        part = slice(part.start - self._start, part.stop - self._start)
        self._seen, self._size = part.start, part.stop - part.start
        z = self._drive[:, part]
        if self._learns and self._overlap is not None:
            z = z + self._overlap[:, part, : part.start] @ self._delayed[:, : part.start]
            if self._decay is not None:
                z *= self._shrunk.astype(z.dtype)
        if self._network.biases:
            z = z + self._network.biases[0][:, None, :]
        return z

    def update_buffer(self, signal: Array) -> Array:
        """Buffer to write the update of the current batch to: its signal times the rate, in the same shape.

        A batch for which this is not called has zeros there, so no update.
        """
        self._learns = True
        return self._delayed[:, self._seen : self._seen + signal.shape[1]]

    def record_update(self) -> None:
        """Take the update that was just written to the buffer into account."""
        if self._decay is not None:
            self._shrunk = self._shrunk * (1.0 - self._decay * self._size)
            self._delayed[:, self._seen : self._seen + self._size] /= self._shrunk.astype(self._delayed.dtype)

    def close(self) -> None:
        """End the window and apply all its updates to the weights."""
        if self._learns:
            product = np.multiply if self._inputs.shape[1] == 1 else np.matmul
            product(self._delayed.mT, self._inputs, out=self._update)
            self._network.weights[0] += self._update
            if self._decay is not None:
                self._owed.apply(self._shrunk)

    def current_weights(self) -> Array:
        """The weights before the update of the current batch; a copy if the stored ones lag behind."""
        weights = self._network.weights[0]
        if not self._learns:
            return weights
        now: Array = weights + self._delayed[:, : self._seen].mT @ self._inputs[:, : self._seen]
        return now if self._decay is None else now * self._shrunk.astype(weights.dtype)
