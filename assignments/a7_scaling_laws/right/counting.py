"""Right ways to write `count_parameters` and `training_flops`."""

import math

import numpy as np

import reference.joint_law
from assignments.a7_scaling_laws.checks.count_parameters import exact
from autograder.misconception import RightImplementation


def count_by_parts(n_layers, d_model, vocab_size, context_length):
    """Each matrix, bias and norm for itself."""
    embeddings = vocab_size * d_model + context_length * d_model
    queries_keys_values = 3 * (d_model * d_model + d_model)
    output = d_model * d_model + d_model
    feed_forward = d_model * 4 * d_model + 4 * d_model + 4 * d_model * d_model + d_model
    norm = 2 * d_model
    block = queries_keys_values + output + feed_forward + 2 * norm
    return embeddings + n_layers * block + norm


def count_in_one_line(n_layers, d_model, vocab_size, context_length):
    """Factored as far as it goes."""
    return d_model * (vocab_size + context_length + 2 + n_layers * (12 * d_model + 13))


def count_shapes(n_layers, d_model, vocab_size, context_length):
    """A list of shapes, and the sum of their products."""
    d, wide = d_model, 4 * d_model
    norm = [(d,), (d,)]
    block = [(d, 3 * d), (3 * d,), (d, d), (d,), (d, wide), (wide,), (wide, d), (d,), *norm, *norm]
    shapes = [(vocab_size, d), (context_length, d), *norm]
    return sum(map(math.prod, shapes)) + n_layers * sum(map(math.prod, block))


def count_modules(n_layers, d_model, vocab_size, context_length):
    """Real modules without memory: on the meta device."""
    import torch
    from torch import nn

    with torch.device("meta"):
        layer = nn.TransformerEncoderLayer(d_model, 1, 4 * d_model)
        rest = [
            nn.Embedding(vocab_size, d_model),
            nn.Embedding(context_length, d_model),
            nn.LayerNorm(d_model),
        ]
    count = [sum(p.numel() for p in module.parameters()) for module in [layer, *rest]]
    return n_layers * count[0] + sum(count[1:])


def count_as_floats(n_layers, d_model, vocab_size, context_length):
    """NumPy's numbers, exact up to 2^53."""
    return np.float64(d_model) * (
        vocab_size + context_length + 2 + 12 * n_layers * d_model + 13 * n_layers
    )


RIGHT_COUNT = (
    RightImplementation("reference", "the reference", exact),
    RightImplementation("parts", "part by part", count_by_parts),
    RightImplementation("one-line", "one factored line", count_in_one_line),
    RightImplementation("shapes", "a list of shapes", count_shapes),
    RightImplementation("modules", "torch's modules on meta", count_modules),
    RightImplementation("floats", "np.float64", count_as_floats),
)


def flops_reference(n_params, n_tokens):
    """Float arithmetic by the reference's constant."""
    return 1.0 * reference.joint_law.FLOPS_PER_PARAMETER_AND_TOKEN * n_params * n_tokens


def flops_converted(n_params, n_tokens):
    """Arrays of floats first."""
    return 6 * np.asarray(n_params, dtype=float) * np.asarray(n_tokens, dtype=float)


def flops_forward_and_backward(n_params, n_tokens):
    """Two for the pass forward, four for the one backward."""
    forward = 2.0 * n_params * n_tokens
    return forward + 2 * forward


def flops_by_powers(n_params, n_tokens):
    """Logarithms."""
    return np.exp(np.log(6) + np.log(n_params) + np.log(n_tokens))


RIGHT_FLOPS = (
    RightImplementation("reference", "the reference", flops_reference),
    RightImplementation("converted", "float arrays", flops_converted),
    RightImplementation("both-ways", "forward and backward", flops_forward_and_backward),
    RightImplementation("logarithms", "exp of a sum of logs", flops_by_powers),
)
