# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Assignment 3: Attention
#
# A word means little on its own. In *"the cat sat on the mat because **it** was tired"*, a model
# that reads *it* has to look back and find *cat*. **Attention** is the operation that lets each
# position of a sequence look at the others and decide, by itself, how much to take from each.
# Everything in a Transformer is built around it.
#
# You will write attention from its smallest piece to the layer that real models use:
#
# | part | you write | points |
# | --- | --- | ---: |
# | 1 | `softmax`: scores become weights | 8 |
# | 2 | `attend`: one query looks at a set of keys and values | 8 |
# | 3 | `causal_mask`: no position sees the future | 4 |
# | 4 | `scaled_dot_product_attention`: all queries at once | 14 |
# | | a question: why $\sqrt{d_k}$? (a person reads your answer) | 4 |
# | 5 | `MultiHeadAttention`: several attentions side by side | 16 |
# | 6 | `sinusoidal_positions`: where is each word? | 6 |
# | | **total** | **60** |
#
# **How to work.** Each part has a lesson, a cell for your code, and a cell of *visible tests*.
# Replace `raise NotImplementedError()` by your code, run the cell, then run the tests below it:
# their messages are written to help you. You may add as many cells of your own as you like.
#
# **How it is graded.** The visible tests are for you; they give no points. After you hand in,
# further checks run on other shapes, number types, masks and magnitudes. They earn points one by
# one, so a function that is right in most cases earns most of its points. A later part that uses an
# earlier one is not punished again for the earlier mistake.
#
# **Which functions may I use?** Anything in `torch`. Ready-made answers such as `torch.softmax` or
# `torch.nn.functional.scaled_dot_product_attention` are good for *comparing*, and you are
# encouraged to do that in cells of your own. Don't build your solution on them: you would learn
# little, and where they differ from what is asked here, they lose points.
#
# **Reading shapes.** `(…, n, d)` means: any number of leading *batch* dimensions (also none), then
# `n` rows of `d` numbers. As on the slides, one position of the sequence is one **row**.

# %% [markdown]
# Run this cell first. It imports what you need, and two small helpers that the tests and figures
# use.

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import matplotlib.pyplot as plt
import torch
from matplotlib_inline.backend_inline import set_matplotlib_formats
from torch import nn

set_matplotlib_formats("png", bbox_inches=None)  # pictures keep the size that we give them


def expect_close(got, expected, what):
    """Stop with a message unless `got` has the shape, dtype and values of `expected`."""
    assert isinstance(got, torch.Tensor), f"{what}: expected a tensor, got {type(got).__name__}"
    assert got.shape == expected.shape, (
        f"{what}: expected shape {tuple(expected.shape)}, got {tuple(got.shape)}"
    )
    assert got.dtype == expected.dtype, f"{what}: expected {expected.dtype}, got {got.dtype}"
    close = torch.allclose(got.double(), expected.double(), rtol=1e-4, atol=1e-4)
    assert close, f"{what}:\nexpected\n{expected}\ngot\n{got}"


def show_side_by_side(left, right, titles, names, **style):
    """Draw two matrices with the same rows; `names`: {number of a row or column: its name}."""
    gap = torch.full((len(left), 2), math.nan)
    second = left.shape[1] + 2  # where the columns of `right` begin
    axes = plt.figure(figsize=(7, 3)).add_axes([0.07, 0.02, 0.92, 0.8])
    axes.imshow(torch.cat([left, gap, right], dim=1).detach(), aspect="auto", **style)
    axes.set_axis_off()
    for start, title in zip((0, second), titles, strict=True):
        axes.text(start - 0.5, -0.13 * len(left) - 0.5, title, weight="bold")
        for number, name in names.items():
            axes.text(start + number, -0.02 * len(left) - 0.5, name, ha="center")
    for number, name in names.items():
        axes.text(-0.8, number, name, ha="right", va="center")
    plt.show()


# %% [markdown]
# ## Part 1. Softmax (8 points)
#
# Attention first gives every position a **score** $e_j$: any real number, larger = more relevant.
# To mix values we need **weights**: no weight negative, all together 1. The slide *Self-attention,
# step 2* turns one into the other:
#
# $$\alpha_j = \frac{\exp(e_j)}{\sum_{k=1}^{n}\exp(e_k)}$$
#
# **By hand.** For $e = (2, 1, 0)$ the exponentials are $(7.389,\ 2.718,\ 1)$, their sum is
# $11.107$, so $\alpha = (0.665,\ 0.245,\ 0.090)$. The order is kept, and the differences count:
# each step down by 1 divides the weight by about 2.718.
#
# The formula is one line of code. To be *right on a computer* it needs three thoughts more:
#
# 1. **Large scores.** `torch.exp(torch.tensor(100.))` is `inf` in float32, and `inf / inf` is not a
#    number. But only differences count: for any constant $c$,
#    $$\frac{\exp(e_j)}{\sum_k\exp(e_k)} = \frac{\exp(e_j - c)}{\sum_k\exp(e_k - c)}.$$
#    Which $c$, computed from the scores themselves, makes sure that no exponential can overflow and
#    that the sum below the line never becomes 0? Scores up to ±10,000 must work.
# 2. **Forbidden positions.** Soon we want to say "this position must get no weight at all". We do
#    it by giving it the score $-\infty$: its exponential is exactly 0. And if *every* score of a
#    row is $-\infty$? Then there is nothing to choose from: here, and in everything you build on
#    it, such a row gets **all zeros**. (Try `float("-inf") - float("-inf")` in a cell of your own
#    to see what to look out for.)
# 3. **Which axis?** A tensor of scores holds many rows. `dim` says along which axis the weights add
#    up to 1. Look up what `keepdim=True` does.
#
# The result has the shape and dtype of `x`; `x` itself must not be changed: the caller may still
# need it.


# %% nbgrader={"grade_id": "softmax", "solution": true}
def softmax(x, dim=-1):
    """Turn scores into weights that are not negative and add up to 1 along one axis.

    Arguments:
        x: scores, any shape, any floating dtype; entries may be -inf.
        dim: the axis along which the weights add up to 1.

    Returns:
        a new tensor with the shape and dtype of `x`. Where all scores along `dim` are -inf, all
        weights are 0.
    """
    ### BEGIN SOLUTION
    largest = x.detach().amax(dim=dim, keepdim=True)
    # Nothing but -inf: shift by 0, because -inf - (-inf) is not a number.
    shift = largest.masked_fill(largest == -math.inf, 0.0)
    powers = torch.exp(x - shift)
    total = powers.sum(dim=dim, keepdim=True)
    return powers / total.masked_fill(total == 0, 1.0)
    ### END SOLUTION


# %% [markdown]
# **Visible tests.** If a test stops with an error, read the last line first.

# %% nbgrader={"grade_id": "try-softmax", "locked": true}
scores = torch.tensor([2.0, 1.0, 0.0])
by_hand = torch.tensor([0.6652, 0.2447, 0.0900])
expect_close(softmax(scores), by_hand, "softmax of (2, 1, 0)")
expect_close(softmax(scores + 1000), by_hand, "softmax of (1002, 1001, 1000): the same differences")
expect_close(
    softmax(scores - 1000), by_hand, "softmax of (-998, -999, -1000): the same differences"
)

rows = torch.tensor([[0.0, 0.0, 0.0], [0.0, math.log(3), 0.0]], dtype=torch.float64)
expect_close(
    softmax(rows),
    torch.tensor([[1 / 3, 1 / 3, 1 / 3], [0.2, 0.6, 0.2]], dtype=torch.float64),
    "two rows, each adds up to 1",
)
expect_close(
    softmax(rows, dim=0),
    torch.tensor([[0.5, 0.25, 0.5], [0.5, 0.75, 0.5]], dtype=torch.float64),
    "dim=0: each column adds up to 1",
)

no = -math.inf
expect_close(
    softmax(torch.tensor([[0.0, no, 0.0], [no, no, no]])),
    torch.tensor([[0.5, 0.0, 0.5], [0.0, 0.0, 0.0]]),
    "a score of -inf gets the weight 0, and a row of nothing but -inf all zeros",
)
print("softmax: all visible tests pass")

# %% nbgrader={"grade_id": "test-softmax", "grade": true, "points": 8}
# 8 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: your weights for tensors of other shapes and for each `dim`; all floating dtypes;
# very large and very small scores, and -inf among them; gradients; devices; and whether `x` stays as
# it was.
### BEGIN HIDDEN TESTS
from assignments.a3_attention.checks import SOFTMAX
from autograder.rubric import grade

grade(SOFTMAX, softmax)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2. Attention in its general form (8 points)
#
# Think of a library. You come with a **query** $\mathbf q$: what you are looking for. Each book has
# a **key** $\mathbf k_i$ on its back: what it is about, and a **value** $\mathbf v_i$: what is in
# it. An ordinary dictionary would need a key that *equals* the query. Attention is a soft
# dictionary: it compares the query with *every* key, and returns a mixture of all values, with the
# best matches weighing most. The slide *Attention* has three steps:
#
# 1. the **scores**: $e_i = g(\mathbf q, \mathbf k_i)$ for $i = 1, \dots, n$, together
#    $\mathbf e\in\mathbb R^n$;
# 2. the **distribution**: $\alpha = \mathrm{softmax}(\mathbf e) \in\mathbb R^n$;
# 3. the **weighted sum**: $\mathbf a = \sum_{i=1}^{n} \alpha_i \mathbf v_i \in\mathbb R^{d_v}$.
#
# The score function $g$ is a choice. Four are common ($\mathbf W$, $\mathbf W_1$, $\mathbf W_2$ and
# $\mathbf u$ are learned):
#
# | name | $g(\mathbf q, \mathbf k)$ |
# | --- | --- |
# | dot product | $\mathbf q\cdot\mathbf k$ |
# | scaled dot product | $\mathbf q\cdot\mathbf k\,/\sqrt{d_k}$ |
# | multiplicative | $\mathbf q^\top\mathbf W\,\mathbf k$ |
# | additive | $\mathbf u^\top\tanh(\mathbf W_1\mathbf q + \mathbf W_2\mathbf k)$ |
#
# Your `attend` works with any of them: it receives $g$ as the argument `score`, a function that
# takes the query and **one** key and returns one number, as a tensor without dimensions.
#
# **By hand**, with the dot product: $\mathbf q = (1, 0)$, keys $(1, 0)$, $(0, 1)$, $(1, 1)$, values
# $(10, 0, 1)$, $(20, 0, 1)$, $(60, 6, 1)$. The scores are $(1, 0, 1)$, the weights
# $(0.422, 0.155, 0.422)$, and the result is
# $0.422\,(10, 0, 1) + 0.155\,(20, 0, 1) + 0.422\,(60, 6, 1) = (32.7,\ 2.5,\ 1)$. Note that keys
# have $d_k = 2$ numbers and values $d_v = 3$.
#
# **Watch out.**
#
# - Is $g(\mathbf q, \mathbf k)$ always the same as $g(\mathbf k, \mathbf q)$? Look at the table.
# - During training, gradients must flow from the result back to the query, the keys, the values and
#   whatever is learned inside `score`. A detour through Python numbers, such as `.item()` or
#   `torch.tensor([...])`, cuts that path without any warning. Which function joins a list of
#   tensors and keeps the path?


# %% nbgrader={"grade_id": "attend", "solution": true}
def attend(query, keys, values, score):
    """Attention in its general form, for one query.

    Arguments:
        query: (d_k,)
        keys: (n, d_k), one key a row
        values: (n, d_v), one value a row
        score: a function; `score(query, key)` with one key (d_k,) gives a tensor of shape ()

    Returns:
        (weights, output): the attention distribution (n,) and the weighted sum of values (d_v,)
    """
    ### BEGIN SOLUTION
    scores = torch.stack([score(query, key) for key in keys])
    weights = softmax(scores)
    return weights, weights @ values
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-attend", "locked": true}
def dot(query, key):
    return (query * key).sum()


query = torch.tensor([1.0, 0.0], requires_grad=True)
keys = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
values = torch.tensor([[10.0, 0.0, 1.0], [20.0, 0.0, 1.0], [60.0, 6.0, 1.0]])

result = attend(query, keys, values, dot)
assert isinstance(result, tuple | list), "attend returns a pair: (weights, output)"
assert len(result) == 2, f"attend returns a pair: (weights, output), got {len(result)} things"
expect_close(result[0], torch.tensor([0.4223, 0.1554, 0.4223]), "the weights of the example")
expect_close(result[1], torch.tensor([32.6696, 2.5339, 1.0]), "the output of the example")

_, output = attend(query, keys, values, lambda query, key: 0 * dot(query, key))
expect_close(output, values.mean(0), "equal scores: the output is the mean of the values")

_, output = attend(query, keys, values, dot)
assert output.requires_grad, "the output has lost its connection to the query: no gradient can flow"
output[0].backward()
expect_close(query.grad, torch.tensor([1.9684, 9.5738]), "the gradient of output[0] for the query")
print("attend: all visible tests pass")

# %% nbgrader={"grade_id": "test-attend", "grade": true, "points": 8}
# 8 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: weights and output for other sizes (one key only; d_k and d_v different) and dtypes;
# score functions of all kinds; gradients for every input, those inside `score` too; devices; and
# whether the arguments stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a3_attention.checks import ATTEND
from autograder.rubric import grade

grade(ATTEND, attend)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3. The causal mask (4 points)
#
# A language model learns to predict the next word. While it trains, the whole sentence is there,
# and without care position 3 could simply read the answer at position 4. The slide *Masked
# self-attention* forbids it:
#
# > for every $\mathbf q_i$, only attend to $\{(\mathbf k_j, \mathbf v_j)\},\ j \le i$
#
# (The slide's title says *casual*; the word is *causal*: an effect cannot come before its cause.)
#
# We write such rules as a **boolean mask**: row $i$ for the query, column $j$ for the key, and
# **`True` = may attend**. For $n = 4$:
#
# | | $\mathbf k_1$ | $\mathbf k_2$ | $\mathbf k_3$ | $\mathbf k_4$ |
# | --- | :-: | :-: | :-: | :-: |
# | $\mathbf q_1$ | True | False | False | False |
# | $\mathbf q_2$ | True | True | False | False |
# | $\mathbf q_3$ | True | True | True | False |
# | $\mathbf q_4$ | True | True | True | True |
#
# **Watch out.** Libraries don't agree: in `torch.nn.MultiheadAttention`, `True` means "may **not**
# attend". In this assignment, as in `torch.nn.functional.scaled_dot_product_attention`, `True`
# always means "may attend".


# %% nbgrader={"grade_id": "causal_mask", "solution": true}
def causal_mask(n, device=None):
    """The mask with which no position attends to a later one.

    Arguments:
        n: the number of positions
        device: where to make the tensor; None is torch's default device

    Returns:
        (n, n), dtype torch.bool; entry [i, j] is True where query i may attend to key j
    """
    ### BEGIN SOLUTION
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-causal_mask", "locked": true}
mask = causal_mask(3)
assert isinstance(mask, torch.Tensor), f"expected a tensor, got {type(mask).__name__}"
assert mask.dtype == torch.bool, f"the mask must be boolean, got {mask.dtype}"
assert mask.tolist() == [[True, False, False], [True, True, False], [True, True, True]], (
    f"the mask of 3 positions is not as in the table's first rows and columns:\n{mask}"
)
print("causal_mask: all visible tests pass")

# %% nbgrader={"grade_id": "test-causal_mask", "grade": true, "points": 4}
# 4 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: masks of other sizes, one position among them; the dtype; and `device`.
### BEGIN HIDDEN TESTS
from assignments.a3_attention.checks import CAUSAL_MASK
from autograder.rubric import grade

grade(CAUSAL_MASK, causal_mask)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4. Scaled dot-product attention (14 points)
#
# `attend` walks through the keys one by one. With the scaled dot product as score, all queries and
# all keys can be compared in **one matrix product**: that is why GPUs, and so all large language
# models, love this form. Steps 2 and 3 of the slides *Self-attention*,
#
# $$e_{i,j} = \frac{\mathbf q_i\cdot\mathbf k_j}{\sqrt{d_k}},\qquad
# \alpha_i = \mathrm{softmax}(\mathbf e_i),\qquad
# \mathbf h_i = \sum_{j} \alpha_{i,j}\,\mathbf v_j,$$
#
# become, with the queries, keys and values as the rows of $\mathbf Q$ $(n\times d_k)$, $\mathbf K$
# $(m\times d_k)$ and $\mathbf V$ $(m\times d_v)$:
#
# $$\mathbf H = \mathrm{softmax}\!\left(\frac{\mathbf Q\mathbf K^\top}{\sqrt{d_k}}\right)\mathbf V$$
#
# **Follow the shapes.** $\mathbf Q\mathbf K^\top$ is $(n\times d_k)(d_k\times m) = n\times m$: row
# $i$ holds the scores of query $i$ for all keys. The softmax works on each row. Times $\mathbf V$:
# $(n\times m)(m\times d_v) = n\times d_v$, one output for each query.
#
# **By hand.** One query $(1, 0)$, keys $(1, 0)$ and $(0, 1)$, values $(1, 2, 3)$ and $(4, 5, 6)$.
# The scores are $(1, 0)/\sqrt2 = (0.707, 0)$, the weights $(0.670, 0.330)$, the output
# $(1.99, 2.99, 3.99)$.
#
# **The mask.** `mask` is boolean, `True` = may attend, and can be broadcast to the shape of the
# scores: `(n, m)` for one mask for the whole batch, `(batch, 1, m)` to hide, say, the padding of
# each sentence, and so on. A masked key gets the weight 0, **and the weights of the others still
# add up to 1**: at which of the steps must the mask act? A query that may attend to nothing gets an
# output of zeros (never `nan`), and gradients must stay finite then, too.
#
# **Watch out.**
#
# - There may be any number of batch dimensions in front: only the last two axes are the matrix.
#   Does `.T` know that?
# - Which of the numbers $n$, $m$, $d_k$, $d_v$ belongs under the root, and from which tensor can
#   you read it?
# - `q`, `k`, `v` and `mask` belong to the caller: don't change them.


# %% nbgrader={"grade_id": "scaled_dot_product_attention", "solution": true}
def scaled_dot_product_attention(q, k, v, mask=None):
    """Attention of all queries at once, with the scaled dot product as score.

    Arguments:
        q: queries (…, n, d_k)
        k: keys (…, m, d_k)
        v: values (…, m, d_v)
        mask: None, or boolean and broadcastable to (…, n, m); True = may attend

    Returns:
        (…, n, d_v); zeros for a query that may attend to nothing
    """
    ### BEGIN SOLUTION
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (…, n, m)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return softmax(scores) @ v
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-scaled_dot_product_attention", "locked": true}
q = torch.tensor([[1.0, 0.0]])
k = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
v = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
expect_close(
    scaled_dot_product_attention(q, k, v),
    torch.tensor([[1.9907, 2.9907, 3.9907]]),
    "the example by hand",
)
expect_close(
    scaled_dot_product_attention(q, k, v, torch.tensor([[False, True]])),
    torch.tensor([[4.0, 5.0, 6.0]]),
    "only the second key is allowed: the output is its value",
)
expect_close(
    scaled_dot_product_attention(q, k, v, torch.tensor([[False, False]])),
    torch.zeros(1, 3),
    "nothing is allowed: the output is zeros",
)

torch.manual_seed(0)
q, k, v = torch.randn(2, 5, 4), torch.randn(2, 3, 4), torch.randn(2, 3, 6)
mask = torch.tensor([[[True, True, True]], [[True, True, False]]])  # the second text has 2 words
got = scaled_dot_product_attention(q, k, v, mask)
assert got.shape == (2, 5, 6), f"batch of 2: expected shape (2, 5, 6), got {tuple(got.shape)}"
for b, m in [(0, 3), (1, 2)]:
    alone = scaled_dot_product_attention(q[b], k[b, :m], v[b, :m])
    expect_close(
        got[b], alone, f"text {b} in the batch, and the same text alone without its padding"
    )
print("scaled_dot_product_attention: all visible tests pass")

# %% nbgrader={"grade_id": "test-scaled_dot_product_attention", "grade": true, "points": 14}
# 14 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: outputs for n, m, d_k, d_v all different and for no, one and more batch dimensions;
# dtypes; masks of several shapes, with rows that allow nothing; scores of large magnitude;
# gradients; devices; and whether the arguments stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a3_attention.checks import SCALED_DOT_PRODUCT_ATTENTION
from autograder.rubric import grade

grade(SCALED_DOT_PRODUCT_ATTENTION, scaled_dot_product_attention)
### END HIDDEN TESTS

# %% [markdown]
# ### See it
#
# Your function returns the mixture $\mathbf H$, not the weights. But if the values are the rows of
# the **identity matrix**, then $\mathbf H = \alpha\,\mathbf I = \alpha$: the output *is* the
# weights. Here each word of the lecture's sentence is a vector of four numbers, chosen by hand (is
# it an animal? a thing? an action? a little grammar word?), and serves as query and as key.

# %% nbgrader={"grade_id": "figure-weights", "locked": true}
words = ["the", "cat", "sat", "on", "the", "mat"]
meaning = {
    "the": [0.0, 0.0, 0.0, 2.0],
    "cat": [3.0, 1.0, 1.0, 0.0],
    "sat": [1.0, 1.0, 3.0, 0.0],
    "on": [0.0, 1.0, 1.0, 1.5],
    "mat": [0.0, 3.0, 0.5, 0.0],
}
x = torch.tensor([meaning[word] for word in words])  # (6, 4)

everything = scaled_dot_product_attention(x, x, torch.eye(len(words)))
weights = scaled_dot_product_attention(x, x, torch.eye(len(words)), causal_mask(len(words)))
titles = "no mask: each word sees all words", "causal mask: no future"
show_side_by_side(everything, weights, titles, dict(enumerate(words)), cmap="Blues", vmin=0, vmax=1)
row = weights[2].tolist()
print("causal mask, row 'sat':", *(f"{w:.2f}" for w in row), f"; together {sum(row):.2f}")

# %% [markdown]
# Look closely, and check that your figure agrees:
#
# - Each **row** adds up to 1, as the numbers below the figure say for *sat*. The columns don't:
#   some words are looked at by many, some by few.
# - On the right, the upper triangle is empty, and the first word can only look at itself.
# - On the left, the two rows of *the* are **exactly equal**. Attention compares contents; it has no
#   idea that one *the* is the first word and the other the fifth. Part 6 repairs that.

# %% [markdown]
# ## A question: why $\sqrt{d_k}$? (4 points)
#
# Run the cell below. It draws queries and keys whose components are independent, with mean 0 and
# variance 1, and looks at 16 scores at a time: how far do they spread, and how large is the largest
# of the 16 weights?

# %% nbgrader={"grade_id": "experiment-why-scale", "locked": true}
torch.manual_seed(0)
print("          scores: standard deviation        mean of the largest weight")
print(" d_k     q·k    q·k/√d_k    q·k/d_k       q·k    q·k/√d_k    q·k/d_k")
for d_k in [4, 64, 1024]:
    q, k = torch.randn(100, 1, d_k), torch.randn(100, 16, d_k)
    e = (q * k).sum(-1)  # (100, 16)
    choices = [e, e / math.sqrt(d_k), e / d_k]
    spread = [f"{choice.std().item():10.2f}" for choice in choices]
    largest = [f"{softmax(choice).amax(-1).mean().item():10.2f}" for choice in choices]
    print(f"{d_k:4}", *spread, "  ", *largest)

# %% [markdown]
# Answer in the next cell (double-click it), in your own words, in about ten lines. Formulas go
# between dollar signs.
#
# 1. *(2 points)* Show that for such queries and keys the variance of $\mathbf q\cdot\mathbf k$ is
#    $d_k$.
# 2. *(1 point)* What happens to the softmax when $d_k$ is large and nothing is divided, and why is
#    that bad for **learning**? (How does a weight change when a score changes a little?)
# 3. *(1 point)* Why not divide by $d_k$ instead?

# %% [markdown] nbgrader={"grade_id": "question-why-scale", "grade": true, "solution": true, "points": 4}
# 1. (2 points: one for the mean and variance of a term, one for adding up.) Each term has mean
#    $\mathbb E[q_c k_c] = \mathbb E[q_c]\,\mathbb E[k_c] = 0$ and variance
#    $\mathbb E[q_c^2]\,\mathbb E[k_c^2] = 1$, by independence. The $d_k$ terms are independent, so
#    their variances add up to $d_k$.
# 2. (1 point, needs the gradient.) The scores spread by $\sqrt{d_k}$, so the largest is far ahead
#    and the softmax is nearly one-hot. Its derivative
#    $\partial\alpha_i/\partial e_j = \alpha_i(\delta_{ij} - \alpha_j)$ is then almost 0 everywhere:
#    no gradient reaches queries and keys, and they stop learning.
# 3. (1 point.) The standard deviation becomes $1/\sqrt{d_k}$: for large $d_k$ all scores are nearly
#    equal and all weights nearly $1/n$; attention averages instead of choosing. With $\sqrt{d_k}$
#    the spread is 1 at every width.

# %% [markdown]
# ## Part 5. Multi-head attention (16 points)
#
# One softmax makes one choice. But a word wants several things at once: a verb looks for its
# subject *and* its object. The slide says it: it is better to use several attention functions, and
# each **head** can focus on different positions.
#
# Take $d_\text{model}$ numbers a position and $h$ heads; each head works with
# $d = d_\text{model}/h$ numbers. The queries come from $\mathbf X$. The keys and values come from a
# **memory** $\mathbf M$: in self-attention it is $\mathbf X$ itself, in the decoder's
# *cross-attention* it is the encoder's output, which may have another length.
#
# 1. Three linear maps (step 1 of the slide *Self-attention*, with biases):
#    $\mathbf Q = \mathbf X\mathbf W^Q + \mathbf b^Q$,
#    $\ \mathbf K = \mathbf M\mathbf W^K + \mathbf b^K$,
#    $\ \mathbf V = \mathbf M\mathbf W^V + \mathbf b^V$.
# 2. Split into heads: head 1 gets the columns $1 \dots d$ of $\mathbf Q$, $\mathbf K$ and
#    $\mathbf V$, head 2 the columns $d+1 \dots 2d$, and so on.
# 3. Each head, on its own:
#    $\ \mathbf H_r = \text{scaled dot-product attention}(\mathbf Q_r, \mathbf K_r, \mathbf V_r)$.
# 4. Put the heads side by side again, head 1 first, and apply a last linear map:
#    $\ [\mathbf H_1, \dots, \mathbf H_h]\,\mathbf W^O + \mathbf b^O$.
#
# **In numbers**, with $d_\text{model} = 6$ and $h = 2$: of the query
# $(q_1, q_2, q_3, q_4, q_5, q_6)$ of one position, head 1 works with $(q_1, q_2, q_3)$ and head 2
# with $(q_4, q_5, q_6)$. For a text of $n$ positions, $\mathbf Q$ is `(n, 6)`; your
# `scaled_dot_product_attention` wants to see it as `(2, n, 3)`: two heads, `n` positions, 3
# numbers. A loop over heads works; treating the heads as one more batch dimension is faster and
# shorter.
#
# **Watch out.**
#
# - `reshape` and `view` never move numbers: they cut the same long list into other pieces. To turn
#   `(n, 6)` into `(2, n, 3)`, cutting alone is not enough. Try it on
#   `torch.arange(12).reshape(2, 6)` and look where the numbers of position 1 end up.
# - The way back has the same trap.
# - The $d_k$ under the root is that of *one head*. Do you need to do anything about it?
# - A mask of shape `(batch, n, m)` meets scores of shape `(batch, h, n, m)`. Broadcasting lines up
#   axes **from the right**: where does `batch` land?
# - Inside a module, a linear map is `nn.Linear(in_features, out_features)`; assign it to `self` to
#   make its weights part of the model.


# %% nbgrader={"grade_id": "MultiHeadAttention", "solution": true}
class MultiHeadAttention(nn.Module):
    """Several scaled dot-product attentions side by side, each on its share of the features.

    Attributes `query`, `key`, `value`, `output`: linear maps with bias, from d_model to d_model.
    """

    def __init__(self, d_model, n_heads):
        """Make the layer.

        Arguments:
            d_model: numbers a position, in and out
            n_heads: number of heads; it divides d_model
        """
        super().__init__()
        ### BEGIN SOLUTION
        if d_model % n_heads:
            raise ValueError(
                f"n_heads must divide d_model: got d_model={d_model}, n_heads={n_heads}"
            )
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.output = nn.Linear(d_model, d_model)
        ### END SOLUTION

    def forward(self, x, memory=None, mask=None):
        """Let the positions of x attend to those of memory.

        Arguments:
            x: (…, n, d_model)
            memory: (…, m, d_model); None means self-attention: x itself, m = n
            mask: None, or boolean (n, m) or (…, n, m), the same for every head; True = may attend

        Returns:
            (…, n, d_model)
        """
        ### BEGIN SOLUTION
        memory = x if memory is None else memory
        if mask is not None and mask.dim() > 2:
            mask = mask.unsqueeze(-3)  # (…, 1, n, m): one mask for all heads
        q, k, v = (
            projected.unflatten(-1, (self.n_heads, -1)).transpose(-3, -2)  # (…, heads, length, d)
            for projected in (self.query(x), self.key(memory), self.value(memory))
        )
        heads = scaled_dot_product_attention(q, k, v, mask)  # (…, heads, n, d)
        return self.output(heads.transpose(-3, -2).flatten(-2))
        ### END SOLUTION


# %% [markdown]
# **Visible tests.** With all four linear maps set to the identity, each head must do plain
# attention on its own columns, which is easy to compare with.

# %% nbgrader={"grade_id": "try-MultiHeadAttention", "locked": true}
torch.manual_seed(0)
attention = MultiHeadAttention(d_model=6, n_heads=2)
names = {name for name, _ in attention.named_parameters()}
wanted = {
    f"{linear}.{part}"
    for linear in ("query", "key", "value", "output")
    for part in ("weight", "bias")
}
assert names == wanted, (
    f"the layer's parameters should be\n{sorted(wanted)}, but are\n{sorted(names)}"
)
for name, parameter in attention.named_parameters():
    expected_shape = (6, 6) if name.endswith("weight") else (6,)
    assert parameter.shape == expected_shape, f"{name} has shape {tuple(parameter.shape)}"

with torch.no_grad():
    for linear in (attention.query, attention.key, attention.value, attention.output):
        linear.weight.copy_(torch.eye(6))
        linear.bias.zero_()
    x, memory = torch.randn(4, 6), torch.randn(5, 6)
    first, last = slice(0, 3), slice(3, 6)  # the columns of head 1 and of head 2
    for other, what in [(None, "self-attention"), (memory, "cross-attention")]:
        m = x if other is None else other
        parts = [scaled_dot_product_attention(x[:, c], m[:, c], m[:, c]) for c in (first, last)]
        expect_close(attention(x, other), torch.cat(parts, dim=1), f"two heads, {what}")

    texts = torch.randn(3, 4, 6)
    expect_close(
        attention(texts)[1], attention(texts[1]), "a text in a batch, and the same text alone"
    )

    changed = x.clone()
    changed[3] += 1  # another last word
    before = attention(x, mask=causal_mask(4))
    after = attention(changed, mask=causal_mask(4))
    expect_close(after[:3], before[:3], "causal mask: the outputs before a changed last word")
    assert not torch.allclose(after[3], before[3]), "the last output must depend on the last word"
print("MultiHeadAttention: all visible tests pass")

# %% nbgrader={"grade_id": "test-MultiHeadAttention", "grade": true, "points": 16}
# 16 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They copy weights of their own into your layer and look at: outputs for one and for more heads, for
# texts of all lengths, alone and in batches; self- and cross-attention; masks for the whole batch
# and for each text; dtypes and devices; gradients of every parameter; training and evaluation mode.
### BEGIN HIDDEN TESTS
from assignments.a3_attention.checks import MULTI_HEAD_ATTENTION
from autograder.rubric import grade

grade(MULTI_HEAD_ATTENTION, MultiHeadAttention)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6. Sinusoidal positions (6 points)
#
# You saw it in the figure: attention cannot tell the first *the* from the second. Shuffle the
# words, and each gets the same output as before. The slide *Positional encoding* adds to each word
# vector a vector that depends on its place, $\mathbf x_i \leftarrow \mathbf x_i + \mathbf p_i$,
# made of sines and cosines of many frequencies, for $i = 1, \dots, n$:
#
# $$\mathbf p_i = \begin{pmatrix} \sin(i/10000^{2\cdot 1/d})\\ \cos(i/10000^{2\cdot 1/d})\\ \vdots\\
# \sin(i/10000^{2\cdot\frac d2/d})\\ \cos(i/10000^{2\cdot\frac d2/d})\end{pmatrix}$$
#
# Think of a clock with $d/2$ hands. The pair number $j = 1, \dots, d/2$ is one hand; the first ones
# turn fast and tell neighbours apart, the last ones turn slowly and tell far from near.
#
# **By hand**, $d = 4$: the two divisors are $10000^{2/4} = 100$ and $10000^{4/4} = 10000$. So
# $\mathbf p_1 = (\sin 0.01,\ \cos 0.01,\ \sin 0.0001,\ \cos 0.0001) = (0.0100,\ 0.99995,\ 0.0001,\ 1.0000)$
# and $\mathbf p_2 = (\sin 0.02,\ \cos 0.02,\ \sin 0.0002,\ \cos 0.0002)$.
#
# **Two conventions.** The paper that invented it (Vaswani et al. 2017, §3.5) counts both $i$ and
# $j$ from **0**, so its first row is $(0, 1, 0, 1, \dots)$. The slide counts from **1**. Neither is
# wrong, but a model trained with one does not work with the other. **Here we follow the slide.**
# Rows and columns of a tensor, however, count from 0: row 0 of your result is $\mathbf p_1$.


# %% nbgrader={"grade_id": "sinusoidal_positions", "solution": true}
def sinusoidal_positions(n, d_model):
    """The position vectors p_1 … p_n of the slide, one a row.

    Arguments:
        n: the number of positions; i = 1 … n
        d_model: numbers a position, even; j = 1 … d_model / 2

    Returns:
        (n, d_model), dtype torch.float32: sin for j=1, cos for j=1, sin for j=2, cos for j=2, …
    """
    ### BEGIN SOLUTION
    # float64 until the end: the angle of a late position has no digits to spare in float32.
    i = torch.arange(1, n + 1, dtype=torch.float64).unsqueeze(-1)  # (n, 1)
    j = torch.arange(1, d_model // 2 + 1, dtype=torch.float64)
    angles = i / 10000 ** (2 * j / d_model)  # (n, d_model / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2).float()
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-sinusoidal_positions", "locked": true}
p = sinusoidal_positions(3, 4)
by_hand = torch.tensor(
    [
        [math.sin(0.01), math.cos(0.01), math.sin(0.0001), math.cos(0.0001)],
        [math.sin(0.02), math.cos(0.02), math.sin(0.0002), math.cos(0.0002)],
        [math.sin(0.03), math.cos(0.03), math.sin(0.0003), math.cos(0.0003)],
    ]
)
expect_close(p, by_hand, "three positions, d_model=4")
expect_close(
    1000 * p, 1000 * by_hand, "three positions, d_model=4, seen through a magnifying glass"
)
assert sinusoidal_positions(7, 10).shape == (7, 10), "7 positions of 10 numbers"
print("sinusoidal_positions: all visible tests pass")

# %% nbgrader={"grade_id": "test-sinusoidal_positions", "grade": true, "points": 6}
# 6 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: short and long texts, narrow and wide vectors, the conventions above, and the dtype.
### BEGIN HIDDEN TESTS
from assignments.a3_attention.checks import SINUSOIDAL_POSITIONS
from autograder.rubric import grade

grade(SINUSOIDAL_POSITIONS, sinusoidal_positions)
### END HIDDEN TESTS

# %% [markdown]
# ### See it
#
# Left: the vectors $\mathbf p_1 … \mathbf p_{60}$ for $d=64$, one a row. Right: the dot product of
# each with each, divided by 32. Blue is 1, white 0, red -1.

# %% nbgrader={"grade_id": "figure-positions", "locked": true}
p = sinusoidal_positions(60, 64)
titles = "number 1 … 64 of each vector", "dot product with vector 1 … 60"
names = {i - 1: i for i in (1, 20, 40, 60)}
show_side_by_side(p, p @ p.T / 32, titles, names, cmap="RdBu", vmin=-1, vmax=1)

x = torch.tensor([meaning[word] for word in words])
print("Are the first and the second 'the' equal?")
print("  word vectors alone:    ", torch.equal(x[0], x[4]))
x = x + sinusoidal_positions(len(words), 4)
print("  with position vectors: ", torch.equal(x[0], x[4]))

# %% [markdown]
# Every diagonal on the right has one colour: $\mathbf p_i\cdot\mathbf p_k$ depends only on the
# **distance** $i - k$, wherever in the text you are. (It is
# $\sum_j\cos\big((i-k)/10000^{2j/d}\big)$: can you see why? Use
# $\cos a\cos b + \sin a\sin b = \cos(a - b)$.) That is how a head can learn a rule such as "look
# three words back".
#
# ## Before you hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*: all must work from top to bottom in a fresh start,
#    as it will when it is graded.
# 2. Did you answer the question after part 4?
# 3. Save, and hand in this file under the name it has.
