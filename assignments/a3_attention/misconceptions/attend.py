"""Wrong ways to write `attend(query, keys, values, score)`, and what shows each.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import math
from typing import Any

import torch
from torch import Tensor

from assignments.a3_attention.checks.attend import dot, multiplicative
from autograder import expect
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def attend_key_first(query, keys, values, score):
    """Called as score(key, query)."""
    scores = torch.stack([score(key, query) for key in keys])
    weights = torch.softmax(scores, dim=-1)
    return weights, weights @ values


def attend_dot_always(query, keys, values, score):
    """The score function ignored."""
    weights = torch.softmax(keys @ query, dim=-1)
    return weights, weights @ values


def attend_scaled_again(query, keys, values, score):
    """What score says, divided by √d_k."""
    scores = torch.stack([score(query, key) for key in keys]) / math.sqrt(len(query))
    weights = torch.softmax(scores, dim=-1)
    return weights, weights @ values


def attend_keys_summed(query, keys, values, score):
    """The keys averaged instead of the values."""
    weights = torch.softmax(torch.stack([score(query, key) for key in keys]), dim=-1)
    return weights, weights @ keys


def attend_raw_scores(query, keys, values, score):
    """No softmax."""
    scores = torch.stack([score(query, key) for key in keys])
    return scores, scores @ values


def attend_scores_over_sum(query, keys, values, score):
    """Scores divided by their sum."""
    scores = torch.stack([score(query, key) for key in keys])
    weights = scores / scores.sum()
    return weights, weights @ values


def attend_best_key_only(query, keys, values, score):
    """All the weight on the best key."""
    scores = torch.stack([score(query, key) for key in keys])
    weights = (scores == scores.max()).to(values.dtype)
    return weights, weights @ values


def attend_mean_of_values(query, keys, values, score):
    """The weighted values averaged instead of summed."""
    weights = torch.softmax(torch.stack([score(query, key) for key in keys]), dim=-1)
    return weights, (weights[:, None] * values).mean(dim=0)


def attend_output_first(query, keys, values, score):
    """The results in the wrong order."""
    weights = torch.softmax(torch.stack([score(query, key) for key in keys]), dim=-1)
    return weights @ values, weights


def attend_output_alone(query, keys, values, score):
    """The weights kept back."""
    weights = torch.softmax(torch.stack([score(query, key) for key in keys]), dim=-1)
    return weights @ values


def attend_scores_as_numbers(query, keys, values, score):
    """Scores taken out of their tensors."""
    scores = [score(query, key).item() for key in keys]
    weights = torch.softmax(torch.tensor(scores, dtype=values.dtype), dim=-1)
    return weights, weights @ values


def attend_scores_in_float32(query, keys, values, score):
    """Scores collected in a float32 tensor."""
    scores = torch.zeros(len(keys))
    for i, key in enumerate(keys):
        scores[i] = score(query, key)
    weights = torch.softmax(scores, dim=-1)
    return weights, (weights[:, None] * values).sum(dim=0)


def attend_overflowing(query, keys, values, score):
    """Exponentials straight from the scores."""
    e = torch.stack([torch.exp(score(query, key)) for key in keys])
    weights = e / e.sum()
    return weights, weights @ values


def _inputs(draw: Draw, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    query, keys, values = (draw.normal(*shape, dtype=dtype) for shape in ((3,), (4, 3), (4, 2)))
    return query, keys, values


def _values(attend: Any, draw: Draw) -> Observation:
    score = multiplicative(draw.normal(3, 3))
    return tuple(observe(lambda s=s: attend(*_inputs(draw), s)) for s in (dot, score))


def _gradient(attend: Any, draw: Draw) -> Observation:
    leaves = {str(i): x.requires_grad_() for i, x in enumerate(_inputs(draw))}
    cotangent = draw.normal(2)

    def found() -> object:
        output = expect.items(attend(*leaves.values(), dot), 2, what="")[1]
        return list(expect.gradients(output, leaves, cotangent, what="").values())

    return observe(lambda: attend(*_inputs(draw), dot)), observe(found)


def _float64(attend: Any, draw: Draw) -> Observation:
    plain = observe(lambda: attend(*_inputs(draw), dot))
    return plain, observe(lambda: attend(*_inputs(draw, torch.float64), dot))


def _large(attend: Any, draw: Draw) -> Observation:
    return tuple(
        observe(
            lambda centre=centre: attend(*_inputs(draw), lambda query, key: query @ key + centre)
        )
        for centre in (0.0, 1e4, -1e4)
    )


MISCONCEPTIONS = (
    Misconception(
        "attend-key-first",
        "You call score(key, query): the query comes first. A score need not be symmetric.",
        attend_key_first,
        _values,
    ),
    Misconception(
        "attend-dot-always",
        "You always score by the dot product: `score` is given so that any function can be used.",
        attend_dot_always,
        _values,
    ),
    Misconception(
        "attend-scaled-again",
        "You divide the scores by √d_k: that is for a score function to decide; here scores are "
        "taken as `score` gives them.",
        attend_scaled_again,
        _values,
    ),
    Misconception(
        "attend-keys-summed",
        "Your output is a weighted sum of the keys: keys say where to look, values what is found.",
        attend_keys_summed,
        _values,
    ),
    Misconception(
        "attend-raw-scores",
        "You use the scores themselves as weights: the softmax between them is missing.",
        attend_raw_scores,
        _values,
    ),
    Misconception(
        "attend-scores-over-sum",
        "You divide the scores by their sum: weights come from the softmax of the scores.",
        attend_scores_over_sum,
        _values,
    ),
    Misconception(
        "attend-best-key-only",
        "You put all the weight on the key with the largest score: softmax shares it out, and only "
        "so can the scores learn.",
        attend_best_key_only,
        _values,
    ),
    Misconception(
        "attend-mean-of-values",
        "You average the weighted values: the weights sum to 1 already, so add them up.",
        attend_mean_of_values,
        _values,
    ),
    Misconception(
        "attend-output-first",
        "You return (output, weights): the task asks for (weights, output).",
        attend_output_first,
        _values,
    ),
    Misconception(
        "attend-output-alone",
        "You return the output alone: the task asks for (weights, output).",
        attend_output_alone,
        _values,
    ),
    Misconception(
        "attend-scores-as-numbers",
        "No gradient reaches query and keys: .item(), float(), torch.tensor([...]) and detach cut "
        "the scores off from them. Collect the scores with torch.stack.",
        attend_scores_as_numbers,
        _gradient,
    ),
    Misconception(
        "attend-scores-in-float32",
        "You collect the scores in a tensor made by torch.zeros(n), which is float32 on the CPU "
        "whatever the inputs are: use torch.stack, or keys.new_zeros(n).",
        attend_scores_in_float32,
        _float64,
    ),
    Misconception(
        "attend-overflowing",
        "You exponentiate the scores as they are, which overflows: use your stable softmax.",
        attend_overflowing,
        _large,
    ),
)
