"""Attention: a query is compared with keys, and the values answer in proportion.

Slides "Attention", "Self-attention" (steps 1-3), "Masked self-attention". Scores: Bahdanau et al.
2015, A.1.2 (additive); Luong et al. 2015, §3.1 (dot, multiplicative); Vaswani et al. 2017, §3.2.1
(scaled dot). In order: softmax; one query, any score g; four choices of g; self-attention; a mask.

The scores 0, ln 2 and ln 5 are as 1 : 2 : 5 once exponentiated, so the weights are 1/8, 2/8, 5/8:

>>> keys = torch.tensor([[1.0], [2.0], [5.0]]).log()
>>> values = torch.tensor([[8.0, 0.0], [0.0, 8.0], [8.0, 8.0]])
>>> weights, output = attend(torch.tensor([1.0]), keys, values, dot_score)
>>> [round(w, 3) for w in weights.tolist()], [round(a, 3) for a in output.tolist()]
([0.125, 0.25, 0.625], [6.0, 7.0])

Left out: dropout on the weights, float masks that are added to the scores, fused kernels.
Proved by: parity with torch in values and gradients, gradcheck, the case above; convex weights,
permuted outputs for permuted inputs, no gradient from an output to a later input if causal.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Score = Callable[[Tensor, Tensor], Tensor]  # (query, key) -> one number


def softmax(x: Float[Tensor, "*shape"], dim: int = -1) -> Float[Tensor, "*shape"]:
    """Turn scores into weights: non-negative, and of sum 1 along `dim`.

    An entry of -inf gets weight 0; where all are -inf there is nothing to choose from: all get 0.
    An entry of +inf or NaN gives NaN, as in torch: something went wrong earlier.
    """
    if not x.is_floating_point():
        raise TypeError(f"softmax needs a floating dtype: got {x.dtype}; convert with x.float()")
    if x.numel() == 0:
        return x.clone()
    wide = x.to(torch.promote_types(x.dtype, torch.float32))  # half precision cannot sum 1e5 ones
    top = wide.detach().amax(dim, keepdim=True)  # softmax(x - c) = softmax(x); now no exp exceeds 1
    numerator = (wide - top.masked_fill(top == -math.inf, 0)).exp()
    total = numerator.sum(dim, keepdim=True)
    return (numerator / total.masked_fill(total == 0, 1)).to(x.dtype)


def attend(
    query: Float[Tensor, " d_q"],
    keys: Float[Tensor, "n d_k"],
    values: Float[Tensor, "n d_v"],
    score: Score,
) -> tuple[Float[Tensor, " n"], Float[Tensor, " d_v"]]:
    """Attention in its general form, for one query: return the weights α and the output a.

    `score(query, key)` is the slide's g: it says in one number how well one key suits the query.
    """
    if len(keys) != len(values):
        raise ValueError(
            f"keys and values must have as many rows: got {len(keys)} keys and {len(values)} "
            "values; pass one value for each key"
        )
    scores = [score(query, key) for key in keys]
    if scores and scores[0].ndim != 0:
        raise ValueError(
            "score(query, key) must be one number, a tensor of shape (): got shape "
            f"{tuple(scores[0].shape)}; sum over what is left"
        )
    e = torch.stack(scores) if scores else keys.new_zeros(0)  # (n,)
    alpha = softmax(e, dim=-1)
    return alpha, alpha @ values


def dot_score(query: Float[Tensor, " d"], key: Float[Tensor, " d"]) -> Float[Tensor, ""]:
    """Dot product, g(q, k) = q·k."""
    return query @ key


def scaled_dot_score(query: Float[Tensor, " d"], key: Float[Tensor, " d"]) -> Float[Tensor, ""]:
    """Scaled dot product, g(q, k) = q·k / √d.

    For independent entries of variance 1, q·k has variance d. Divided by √d it has variance 1 at
    every width, and softmax stays clear of the corners where its gradient vanishes.
    """
    return query @ key / math.sqrt(len(key))


def multiplicative_score(w: Float[Tensor, "d_q d_k"]) -> Score:
    """Make g(q, k) = qᵀ W k: a learned dot product, where d_q and d_k may differ."""

    def score(query: Float[Tensor, " d_q"], key: Float[Tensor, " d_k"]) -> Float[Tensor, ""]:
        return query @ w @ key

    return score


def additive_score(
    w_q: Float[Tensor, "d_hidden d_q"],
    w_k: Float[Tensor, "d_hidden d_k"],
    v: Float[Tensor, " d_hidden"],
) -> Score:
    """Make g(q, k) = vᵀ tanh(W_q q + W_k k): a network with one hidden layer compares them."""

    def score(query: Float[Tensor, " d_q"], key: Float[Tensor, " d_k"]) -> Float[Tensor, ""]:
        return v @ torch.tanh(w_q @ query + w_k @ key)

    return score


def attention_scores(
    q: Float[Tensor, "*batch n d_k"],
    k: Float[Tensor, "*batch m d_k"],
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "*batch n m"]:
    """Compare each query with each key, e_ij = q_i·k_j / √d_k; -inf where the mask forbids it."""
    if q.ndim < 2 or k.ndim < 2 or q.shape[-1] != k.shape[-1]:
        raise ValueError(
            f"queries (…, n, d_k) and keys (…, m, d_k) must share d_k: got shapes "
            f"{tuple(q.shape)} and {tuple(k.shape)}; project both to one length"
        )
    e = q @ k.mT / math.sqrt(q.shape[-1])  # (…, n, m)
    if mask is None:
        return e
    check_mask(mask, e.shape)
    return e.masked_fill(~mask, -math.inf)


def check_mask(mask: Tensor, shape: Sequence[int]) -> None:
    """Raise unless the mask is boolean and broadcasts to the scores' shape (…, n, m)."""
    if mask.dtype != torch.bool:
        raise TypeError(
            f"mask must be boolean, True where a query may attend: got {mask.dtype}; convert "
            "with mask.bool(), or with mask == 0 if it was made of 0 and -inf to be added"
        )
    sizes = zip(reversed(mask.shape), reversed(shape), strict=False)
    if mask.ndim > len(shape) or any(size not in (1, full) for size, full in sizes):
        raise ValueError(
            f"mask must broadcast to the scores' shape (…, n, m) = {tuple(shape)}: got "
            f"{tuple(mask.shape)}; give each axis its full length or 1"
        )


class SelfAttention(NamedTuple):
    """What each of the three steps of self-attention made."""

    queries: Float[Tensor, "*batch n d_k"]  # step 1
    keys: Float[Tensor, "*batch n d_k"]
    values: Float[Tensor, "*batch n d_v"]
    scores: Float[Tensor, "*batch n n"]  # step 2
    weights: Float[Tensor, "*batch n n"]
    outputs: Float[Tensor, "*batch n d_v"]  # step 3


def self_attention(
    x: Float[Tensor, "*batch n d_1"],
    w_q: Float[Tensor, "d_1 d_k"],
    w_k: Float[Tensor, "d_1 d_k"],
    w_v: Float[Tensor, "d_1 d_v"],
    mask: Bool[Tensor, "..."] | None = None,
) -> SelfAttention:
    """Map inputs x_1 … x_n to outputs h_1 … h_n in the slides' three steps, and show each."""
    # Step 1: each input becomes a query, a key and a value.
    q = x @ w_q  # (…, n, d_k)
    k = x @ w_k  # (…, n, d_k)
    v = x @ w_v  # (…, n, d_v)
    # Step 2: compare each query with each key; softmax over the keys.
    e = attention_scores(q, k, mask)  # (…, n, n)
    alpha = softmax(e, dim=-1)
    # Step 3: each output is a weighted sum of the values.
    h = alpha @ v  # (…, n, d_v)
    return SelfAttention(q, k, v, e, alpha, h)


def causal_mask(n: int, device: torch.device | str | None = None) -> Bool[Tensor, "n n"]:
    """Row i, column j: may position i attend to position j? Only to itself and the past, j ≤ i."""
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()


def scaled_dot_product_attention(
    q: Float[Tensor, "*batch n d_k"],
    k: Float[Tensor, "*batch m d_k"],
    v: Float[Tensor, "*batch m d_v"],
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "*batch n d_v"]:
    """Steps 2 and 3 for any queries, keys and values: softmax(q kᵀ / √d_k) v.

    `mask` broadcasts to (…, n, m), True where a query may attend; a row of False gives zeros.
    """
    if k.shape[-2:-1] != v.shape[-2:-1]:
        raise ValueError(
            f"keys (…, m, d_k) and values (…, m, d_v) must share m: got shapes {tuple(k.shape)} "
            f"and {tuple(v.shape)}; pass one value for each key"
        )
    return softmax(attention_scores(q, k, mask), dim=-1) @ v
