"""Right earlier functions, for students' later ones where their own are broken (autograder.parts).

Each is complete in itself, imports and all. Proved by: tests/assignments/test_right_parts.py.
"""

from numpy import ndarray


def fit_power_law(x: "ndarray", y: "ndarray") -> tuple[float, float]:
    """The task's fit."""
    import numpy as np

    exponent, constant = np.polyfit(np.log(x), np.log(y), 1)
    return float(np.exp(constant)), float(exponent)


def huber(residual: "ndarray", delta: float) -> "ndarray":
    """The task's loss."""
    import numpy as np

    size = np.abs(residual)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))


def joint_loss(
    n: "ndarray", d: "ndarray", E: float, A: float, B: float, alpha: float, beta: float
) -> "ndarray":
    """The task's law."""
    import numpy as np

    return E + A / np.asarray(n, dtype=float) ** alpha + B / np.asarray(d, dtype=float) ** beta


def optimal_exponents(alpha: float, beta: float) -> tuple[float, float]:
    """The task's exponents."""
    return beta / (alpha + beta), alpha / (alpha + beta)
