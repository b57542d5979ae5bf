"""A random linear map to be approximated."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from pydantic import Field

from fa_repro.tasks import Array, DTypeLike, Normals, Positive, Streams, Task, Units


class _State(NamedTuple):
    target: Array
    inputs: Normals


@dataclass(frozen=True)
class Linear(Task):
    """`y* = T x` with `x ~ N(0, I)`; each trial has its own `T` and its own sequence of examples.

    Attributes
    ----------
    inputs, outputs : int
        Units of `x` and of `y*`.
    target_range : float
        Elements of `T` are drawn from U[-target_range, target_range].

    References
    ----------
    Lillicrap et al. 2014, Fig. 1d and 4.
    """

    inputs: Units
    outputs: Units
    target_range: Annotated[Positive, Field(ge=1e-15)] = 1.0  # its square is a divisor

    @property
    def sizes(self) -> tuple[int, int]:
        return self.inputs, self.outputs

    def init(self, streams: Streams, dtype: DTypeLike) -> _State:
        target = self.target_range * streams.uniform("target", (self.outputs, self.inputs), dtype)
        return _State(target, streams.normals("inputs", self.inputs))

    def draw(self, state: _State, count: int) -> tuple[Array, Array]:
        examples = state.inputs.draw(count).astype(state.target.dtype, copy=False)
        return examples, examples @ state.target.mT

    def keep(self, state: _State) -> dict[str, Array]:
        return {"target": state.target}
