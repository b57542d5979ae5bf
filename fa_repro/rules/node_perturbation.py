"""Node perturbation: hidden units learn from noise that is correlated with reward."""

from dataclasses import dataclass
from typing import Any

from fa_repro.rules import Network, Normals, Positive, Rule, Signals, Step, Streams


@dataclass(frozen=True)
class NodePerturbation(Rule):
    """The paper's "reinforcement" learner.

    Gaussian noise `xi` of standard deviation `s` is added to the pre-activation of all hidden units at once. Each
    unit's teaching signal is `(R(xi) - R(0)) xi / s^2`: the noise times the resulting change in reward `R = -L`. The
    output layer learns from its own error, as in the other algorithms.

    This is the variant of Werfel, Xie and Seung (2005), which compares the perturbed pass with an unperturbed one of
    the same example. REINFORCE (Williams 1992) has only the perturbed pass and subtracts a baseline such as the
    running mean of the reward, so the variation of the reward between examples adds to the variance of its estimate.
    The paper says that the hidden units' noise is correlated with reward and its scale tuned by hand, but does not
    name a variant. The change in reward has the lower variance, so feedback alignment is compared with the stronger
    alternative. Its mean is the gradient's signal up to terms in `s^2`; for a linear net with squared error it is
    exact, as these terms vanish with the third moments of the noise.

    Attributes
    ----------
    noise_std : float
        `s`, in units of a hidden unit's pre-activation.

    References
    ----------
    Williams 1992, Machine Learning 8; Werfel, Xie and Seung 2005, Neural Computation 17; Lillicrap et al. 2014,
    Fig. 1d, "reinforcement".
    """

    noise_std: Positive

    def init(self, network: Network, streams: Streams) -> list[Normals]:
        return [
            streams.normals(f"noise/{layer}", weights.shape[1]) for layer, weights in enumerate(network.weights[:-1])
        ]

    def signals(self, step: Step, state: list[Normals]) -> tuple[Signals, Any]:
        dtype = step.error.dtype
        noise = [self.noise_std * source.next(step.error.shape[1]).astype(dtype, copy=False) for source in state]
        perturbed = step.network.forward(step.activity.pre_activation, noise)
        gain = step.loss.value(step.target, step.activity.output) - step.loss.value(step.target, perturbed.output)
        scaled = gain[..., None] / self.noise_std**2
        return [*(scaled * xi for xi in noise), step.error], state
