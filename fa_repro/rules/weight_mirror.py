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
    """`dh = B e`, where `B` learns the forward weights from correlations of noise.

    After each mini-batch, in mirror mode, every hidden layer emits noise `x ~ N(0, I)`, one sample for each example of
    the batch, and the layer above responds with `W x`. Then `B` changes by `mirror_rate <x (W x)'> - mirror_decay B`,
    whose mean is `mirror_rate W' - mirror_decay B`. So `B` approaches `mirror_rate / mirror_decay` times `W'`, up to
    noise that is smaller the lower both are.

    The response is the pre-activation without the bias. Akrout et al. use the units' nonlinear output instead; for
    Gaussian noise this multiplies each unit's weights by a further factor.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        `B` starts from U[-feedback_range, feedback_range].
    mirror_rate : float
        Learning rate of `B` for the mean correlation of a mini-batch.
    mirror_decay : float
        Fraction of `B` that decays per mini-batch.

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
