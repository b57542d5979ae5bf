"""Integration of the equations of learning, by SciPy."""

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from fa_repro.typing import Array

Velocity = Callable[[Array], Array]
"""Rate of change of a state, both of shape (n,)."""


def integrate(velocity: Velocity, start: Array, times: Array, accuracy: float = 1e-11, rest: float = 0.0) -> Array:
    """Integrate an autonomous system; return its states at ascending times, the first of which is that of the start.

    Parameters
    ----------
    velocity : callable
    start : array, shape (n,)
    times : array, shape (steps,)
    accuracy : float
        Relative and absolute tolerance of each component in a step.
    rest : float
        Once no component changes faster than this, the state is assumed to stay constant.

    Returns
    -------
    array, shape (steps, n)

    Raises
    ------
    ArithmeticError
        If the integrator fails, or the states do not stay finite.

    References
    ----------
    An explicit Runge-Kutta method of order 8: Hairer, Norsett and Wanner 1993, "Solving ordinary differential
    equations I".
    """

    def fast(_: float, state: Array) -> float:
        return float(np.abs(velocity(state)).max()) - rest

    fast.terminal = True  # type: ignore[attr-defined]
    if rest and fast(0.0, start) <= 0:
        return np.repeat(start[None], len(times), axis=0)
    with np.errstate(over="ignore", invalid="ignore"):  # the integrator rejects steps that are too long
        solution = solve_ivp(
            lambda _, state: velocity(state),
            (times[0], times[-1]),
            start,
            method="DOP853",
            t_eval=times,
            rtol=accuracy,
            atol=accuracy,
            events=fast if rest else None,
        )
    if not solution.success:
        raise ArithmeticError(f"cannot be integrated: {solution.message}")
    states = solution.y.T
    if solution.y_events and len(states) < len(times):  # it came to rest
        states = np.concatenate([states, np.repeat(solution.y_events[0], len(times) - len(states), axis=0)])
    if not np.isfinite(states).all():
        raise ArithmeticError("cannot be integrated: the states do not stay finite")
    return states
