"""Right ways to write `huber(residual, delta)` and `joint_loss(n, d, E, A, B, alpha, beta)`."""

import math

import numpy as np

import reference.log_sum_fit
from assignments.a7_scaling_laws.checks.fit_joint_law import joint_loss
from autograder.misconception import RightImplementation


def huber_where(residual, delta):
    """Both branches, chosen by np.where."""
    size = np.abs(residual)
    return np.where(size <= delta, 0.5 * residual**2, delta * (size - 0.5 * delta))


def huber_scipy(residual, delta):
    """scipy.special.huber."""
    from scipy import special

    return special.huber(delta, residual)


def huber_torch(residual, delta):
    """torch's huber_loss against zeros."""
    import torch

    r = torch.tensor(residual, dtype=torch.float64)
    loss = torch.nn.functional.huber_loss(r, torch.zeros_like(r), reduction="none", delta=delta)
    return loss.numpy()


def huber_masks(residual, delta):
    """Branches written into an array of their own."""
    result = np.empty(np.shape(residual))
    small = np.abs(residual) < delta
    result[small] = residual[small] ** 2 / 2
    result[~small] = delta * np.abs(residual[~small]) - delta**2 / 2
    return result


def huber_clipped(residual, delta):
    """The slope is the residual, clipped; the loss is its integral."""
    slope = np.clip(residual, -delta, delta)
    return slope * residual - slope**2 / 2


def huber_piecewise(residual, delta):
    """np.piecewise, in units of delta."""
    z = np.abs(residual) / delta
    return delta**2 * np.piecewise(z, [z <= 1, z > 1], [lambda z: z**2 / 2, lambda z: z - 0.5])


def huber_loop(residual, delta):
    """One number at a time."""
    flat = []
    for r in np.ravel(residual).tolist():
        flat.append(r * r / 2 if math.fabs(r) <= delta else delta * (math.fabs(r) - delta / 2))
    return np.array(flat).reshape(np.shape(residual))


RIGHT_HUBER = (
    RightImplementation("reference", "the reference", reference.log_sum_fit.huber),
    RightImplementation("where", "np.where", huber_where),
    RightImplementation("scipy", "scipy.special.huber", huber_scipy),
    RightImplementation("torch", "torch's huber_loss", huber_torch),
    RightImplementation("masks", "boolean masks", huber_masks),
    RightImplementation("clipped", "a clipped slope, integrated", huber_clipped),
    RightImplementation("piecewise", "np.piecewise", huber_piecewise),
    RightImplementation("loop", "a Python loop", huber_loop),
)


def joint_loss_negative_powers(n, d, E, A, B, alpha, beta):
    """Powers with negative exponents."""
    return E + A * np.power(n, -alpha) + B * np.power(d, -beta)


def joint_loss_log_sum_exp(n, d, E, A, B, alpha, beta):
    """The exponential of a log-sum-exp, as the fit writes it."""
    by_size = np.log(A) - alpha * np.log(n)
    by_data = np.log(B) - beta * np.log(d)
    return np.exp(np.logaddexp(np.logaddexp(by_size, by_data), np.log(E)))


def joint_loss_torch(n, d, E, A, B, alpha, beta):
    """torch, in float64."""
    import torch

    n, d = torch.as_tensor(n, dtype=torch.float64), torch.as_tensor(d, dtype=torch.float64)
    return (E + A / n.pow(alpha) + B / d.pow(beta)).numpy()


def joint_loss_vectorised(n, d, E, A, B, alpha, beta):
    """A function of two numbers, and np.vectorize."""
    loss = np.vectorize(lambda n, d: math.fsum([E, A / n**alpha, B / d**beta]), otypes=[float])
    return loss(n, d)


def joint_loss_step_by_step(n, d, E, A, B, alpha, beta):
    """In place, in an array of its own."""
    n, d = np.broadcast_arrays(np.asarray(n, dtype=float), np.asarray(d, dtype=float))
    total = np.full(n.shape, float(E))
    total += A * np.exp(-alpha * np.log(n))
    total += B * np.exp(-beta * np.log(d))
    return total


RIGHT_JOINT_LOSS = (
    RightImplementation("reference", "the reference", joint_loss),
    RightImplementation("powers", "negative exponents", joint_loss_negative_powers),
    RightImplementation("log-sum-exp", "log-sum-exp", joint_loss_log_sum_exp),
    RightImplementation("torch", "torch in float64", joint_loss_torch),
    RightImplementation("vectorize", "np.vectorize", joint_loss_vectorised),
    RightImplementation("in-place", "in an array of its own", joint_loss_step_by_step),
)
