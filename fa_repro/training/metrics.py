"""Metrics, as pure functions on arrays."""

import numpy as np

from fa_repro.typing import Array


def nse(target: Array, output: Array) -> Array:
    """Normalised squared error: |y* - y|^2 over |y*|^2, each summed over the batch.

    Parameters
    ----------
    target, output : array, shape (..., batch, units_out)

    Returns
    -------
    array, shape (...)
        Dimensionless; 1 for the zero output, 0 for a perfect one.

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    Lillicrap et al. 2014, Fig. 1d.
    """
    if target.shape != output.shape:
        raise ValueError(f"target has shape {target.shape}, output {output.shape}")
    target, output = (np.asarray(array, dtype=np.float64) for array in (target, output))
    return power(target - output) / power(target)


def power(vectors: Array) -> Array:
    """Squared length, summed over the batch, in float64: shape (..., batch, units) -> (...)."""
    vectors = np.asarray(vectors, dtype=np.float64)
    return np.vecdot(vectors, vectors).sum(axis=-1)


def misclassified(target: Array, output: Array) -> Array:
    """Number of examples whose largest output is not that of their class.

    Parameters
    ----------
    target, output : array, shape (..., batch, units_out)
        `target` is 1 for the unit of the class and 0 for the others. The leading axes of `target` may be 1.

    Returns
    -------
    array of int, shape (...)
        If several outputs are equally large the first one counts. Examples with a NaN output count as wrong.

    References
    ----------
    Lillicrap et al. 2014, Fig. 2a.
    """
    right = (output.argmax(axis=-1) == target.argmax(axis=-1)) & ~np.isnan(output).any(axis=-1)
    return (~right).sum(axis=-1)


def angle_deg(a: Array, b: Array) -> Array:
    """Signed angle between vectors, in degrees from 0 to 180.

    Parameters
    ----------
    a, b : array, shape (..., units)

    Returns
    -------
    array, shape (...)
        NaN where the length of either vector is 0 or not finite in float64.

    Notes
    -----
    Computed from the half-angle, which keeps full precision near 0 and 180 degrees, where the arc cosine of the scalar
    product loses half of the digits (W. Kahan, "How futile are mindless assessments of roundoff", 2006). The paper
    prints |a.b| in its formula, which folds the angle to 0..90 degrees, yet reports an initial angle of about
    90 degrees, which is the mean of the signed angle.

    References
    ----------
    Lillicrap et al. 2014, Fig. 1e, 2b, 4b and 4c.
    """
    a, b = _unit(a), _unit(b)
    difference = a - b
    total = np.add(a, b, out=a)
    half = np.arctan2(np.sqrt(np.vecdot(difference, difference)), np.sqrt(np.vecdot(total, total)))
    return np.degrees(2.0 * half)


def _unit(vector: Array) -> Array:
    """`vector` normalised to length 1 in float64, or NaN where it has no direction."""
    vector = np.asarray(vector, dtype=np.float64)
    length = np.sqrt(np.vecdot(vector, vector))
    return vector / np.where((length > 0) & np.isfinite(length), length, np.nan)[..., None]
