"""Direct feedback alignment: fixed random weights carry the output error directly to each hidden layer."""

from dataclasses import dataclass

from fa_repro.rules import Array, Network, RandomFeedback, Signals, Step, Streams


@dataclass(frozen=True)
class DirectFeedbackAlignment(RandomFeedback):
    """`dh_l = B_l e` for every hidden layer `l`, with `B_l` drawn once and never changed.

    With one hidden layer it equals feedback alignment.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        `B_l` is drawn from U[-feedback_range, feedback_range].

    References
    ----------
    Nøkland 2016, "Direct feedback alignment provides learning in deep neural networks", eq. 8.
    """

    def init(self, network: Network, streams: Streams) -> list[Array]:
        return self.draw(network, streams, direct=True)

    def signals(self, step: Step, state: list[Array]) -> tuple[Signals, list[Array]]:
        derivative = step.network.hidden.derivative
        found = [step.error @ matrix for matrix in state]
        if derivative is not None:
            found = [signal * derivative(hidden) for signal, hidden in zip(found, step.activity.hidden, strict=True)]
        return [*found, step.error], state
