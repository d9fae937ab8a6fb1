"""Right ways to write `attend(query, keys, values, score)`."""

import torch

import reference.attention
from autograder.misconception import RightImplementation


def attend_library(query, keys, values, score):
    """torch.softmax and a product."""
    weights = torch.softmax(torch.stack([score(query, key) for key in keys]), dim=0)
    return weights, weights @ values


def attend_einsum(query, keys, values, score):
    """Einsum over an indexed loop."""
    n, _ = keys.shape
    scores = torch.stack([score(query, keys[i]) for i in range(n)])
    weights = torch.softmax(scores, -1)
    return weights, torch.einsum("n,nd->d", weights, values)


def attend_preallocated(query, keys, values, score):
    """Scores written into a tensor of the inputs' dtype and device."""
    scores = keys.new_zeros(keys.shape[0])
    for i, key in enumerate(keys):
        scores[i] = score(query, key)
    weights = torch.softmax(scores, dim=-1)
    return weights, (weights.unsqueeze(1) * values).sum(dim=0)


def attend_in_plain_loops(query, keys, values, score):
    """Exponentials and sums one by one."""
    scores = [score(query=query, key=key) for key in keys.unbind()]
    top = max(s.detach() for s in scores)
    e = [torch.exp(s - top) for s in scores]
    total = sum(e)
    weights = [x / total for x in e]
    output = torch.zeros_like(values[0])
    for weight, value in zip(weights, values, strict=True):
        output = output + weight * value
    return torch.stack(weights), output


def attend_concatenated(query, keys, values, score):
    """Scores reshaped and concatenated, results in a list."""
    scores = torch.cat([score(query, key).reshape(1) for key in keys])
    weights = torch.exp(scores - torch.logsumexp(scores, dim=0))
    return [weights, torch.mv(values.T, weights)]


RIGHT = (
    RightImplementation("reference", "the reference", reference.attention.attend),
    RightImplementation("library", "torch.softmax", attend_library),
    RightImplementation("einsum", "einsum", attend_einsum),
    RightImplementation("preallocated", "scores written one by one", attend_preallocated),
    RightImplementation("loops", "Python loops alone", attend_in_plain_loops),
    RightImplementation("concatenated", "cat, logsumexp, mv", attend_concatenated),
)
