"""Weight mirror: feedback weights learn the forward weights from noise that is sent through them."""

from dataclasses import dataclass
from typing import NamedTuple

from fa_repro.rules import Array, Network, Normals, Positive, RandomFeedback, Signals, Step, Streams, cascade


class Mirror(NamedTuple):
    """Feedback weights, shape (R, units_out, units_in) each, and the noise of the layers below them."""

    matrices: list[Array]
    noise: list[Normals]


@dataclass(frozen=True)
class WeightMirror(RandomFeedback):
    """`dh = B e`, with `B` drawn to the forward weights by correlations of noise.

    After each mini-batch, in mirror mode, every hidden layer emits noise `x ~ N(0, I)`, as many samples as the batch
    has examples, and the layer above answers with `W x`: then `B` changes by `mirror_rate <x (W x)'> - mirror_decay B`,
    whose mean is `mirror_rate W' - mirror_decay B`. So `B` comes to `mirror_rate / mirror_decay` times `W'`, but for
    noise of its own, which is less the lower both are.

    The answer is the total input less its bias. Akrout et al. let units answer by their nonlinear output; for Gaussian
    noise that gives each unit's weights a factor more.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        `B` starts from U[-feedback_range, feedback_range].
    mirror_rate : float
        Of the change by one mini-batch's mean correlation.
    mirror_decay : float
        The share of `B` that a mini-batch takes away.

    References
    ----------
    Akrout et al. 2019, "Deep learning without weight transport", eq. 7.
    """

    mirror_rate: Positive
    mirror_decay: Positive

    def init(self, network: Network, streams: Streams) -> Mirror:
        noise = [
            streams.normals(f"mirror/{layer}", weights.shape[2]) for layer, weights in enumerate(network.weights[1:])
        ]
        return Mirror(self.draw(network, streams), noise)

    def signals(self, step: Step, state: Mirror) -> tuple[Signals, Mirror]:
        batch = step.error.shape[1]
        mirrored = []
        for matrix, source, weights in zip(state.matrices, state.noise, step.upper_weights, strict=True):
            noise = source.next(batch).astype(weights.dtype, copy=False)
            correlation = (noise @ weights.mT).mT @ noise
            mirrored.append((1 - self.mirror_decay) * matrix + self.mirror_rate / batch * correlation)
        return cascade(step, state.matrices), Mirror(mirrored, state.noise)
