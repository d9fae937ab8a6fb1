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
# # Assignment 7: scaling laws
#
# Somebody gives you a computer for a month. You may train **one** language model on it. How large
# should it be? Too small, and it learns all that it can hold in the first week. Too large, and the
# month ends when it has hardly begun to read. In between lies a best size, and if you get it wrong
# you have wasted the month: there is no second try.
#
# Scaling laws answer such questions **before** the money is spent. Train many small models, look how
# their loss depends on their size $N$ and on the data $D$, and extrapolate. The slide *Joint
# data-model scaling laws* shows a table of such answers, in which three approaches of one paper
# (Hoffmann et al. 2022, "Chinchilla") nearly agree with each other, and not at all with Kaplan et
# al. 2020. You will make that table again, from runs of our own.
#
# | part | you write | points |
# | --- | --- | ---: |
# | 1 | `count_parameters`, `training_flops`: what a model has, and what it costs | 6 + 2 |
# | 2 | `fit_power_law`: a straight line in logarithms | 5 |
# | 3 | `isoflop_minimum`: approach 2 of the table | 5 |
# | 4 | `minimum_over_curves`: approach 1 | 6 |
# | 5 | `huber`, `joint_loss`: the law, and how far a run is from it | 4 + 3 |
# | 6 | `fit_joint_law`: approach 3 | 12 |
# | 7 | `optimal_exponents`, `optimal_allocation`: how to spend a budget | 3 + 6 |
# | | a question: what do the numbers say? (a person reads your answer) | 8 |
# | | **total** | **60** |
#
# **How to work.** Each part has a lesson, a cell for your code, and a cell of *visible tests*.
# Replace `raise NotImplementedError()` by your code, run the cell, then run the tests below it:
# their messages are written to help you. You may add as many cells of your own as you like.
#
# **How it is graded.** The visible tests are for you; they give no points. After you hand in,
# further checks run on other inputs. They earn points one by one, so a function that is right in
# most cases earns most of its points. A later part that uses an earlier one is not punished again
# for the earlier mistake. **A fit is judged by what it says**, never by its last digits: any sound
# way to the minimum is fine.
#
# **Which functions may I use?** Anything in `numpy`, `scipy` and `torch`. Arguments are numbers or
# NumPy arrays, of whole numbers too; results are plain numbers (NumPy's count as such) or arrays,
# as the docstrings say. Leave the arguments as they were.

# %% [markdown]
# Run this cell first. It imports what you need, and a helper that the tests use.

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

set_matplotlib_formats("png", bbox_inches=None)  # pictures keep the size that we give them


def expect_near(got, expected, what, relative=1e-6):
    """Stop with a message unless `got` is a number within a share of `relative` of `expected`."""
    kind = type(got).__name__
    assert np.ndim(got) == 0 and isinstance(got, int | float | np.generic | np.ndarray), (
        f"{what}: expected a number, got {kind} {got!r}"
    )
    assert abs(float(got) - expected) <= relative * abs(expected), (
        f"{what}: expected {expected:.6g}, got {float(got):.6g}"
    )


def panel(left, width, x_label, y_label, title=""):
    """A plot of logarithmic x in the current figure; left and width are shares of it."""
    axes = plt.gcf().add_axes([left, 0.17, width, 0.7])
    axes.set_xscale("log")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)
    return axes


# %% [markdown]
# ## The runs
#
# With this notebook you got a folder `data` with two tables. Keep it beside the notebook. They hold
# a study like that of the paper, small enough for one computer: GPTs of a few thousand to half a
# million parameters, trained on text from a **source that we made ourselves**, each token drawn
# from a distribution that we know. At each of some compute budgets, models of very different sizes
# were trained, each on as many tokens as the budget allows.
#
# | column | what |
# | --- | --- |
# | `run`, `seed` | the run's number; what its weights and data were drawn from |
# | `n_layers`, `d_model`, `n_heads` | the model |
# | `n_params` | all its parameters, $N$ |
# | `n_tokens` | how many tokens it was trained on, $D$: each of them seen once |
# | `budget` | the budget that the run belongs to, in floating-point operations |
# | `flops` | what it cost: $6ND$, as close to the budget as whole numbers allow |
# | `loss` | its loss at the end, on fresh text, in nats a token |
#
# `scaling_curves.csv` has points on the way of each run: `run`, `n_tokens`, `flops` and `loss` so far.
#
# A source that we know has an **entropy** that we know: so much surprise is left even to somebody
# who knows the source by heart. No model's expected loss can be lower. (For real text nobody knows
# that number.)

# %% nbgrader={"grade_id": "data", "locked": true}
ENTROPY = 1.4976  # nats a token: what remains of the loss for a model that knows the source


def read_table(name):
    """A CSV file as an array with named columns: table["loss"] is the column of losses."""
    return np.genfromtxt(f"data/{name}", delimiter=",", names=True)


runs = read_table("scaling_runs.csv")
points = read_table("scaling_curves.csv")
budgets = np.unique(runs["budget"])
print(f"{len(runs)} runs, {len(points)} points on their way, {len(budgets)} budgets")
print("  budget (FLOPs)   runs    sizes from … to    tokens from … to     best loss")
for budget in budgets:
    at = runs[runs["budget"] == budget]
    n, d = at["n_params"], at["n_tokens"]
    row = f"{budget:16.1e}{len(at):7}{n.min():10,.0f} … {n.max():7,.0f}"
    print(row + f"{d.min():11,.0f} … {d.max():10,.0f}{at['loss'].min():9.3f}")

# %% [markdown]
# ## Part 1. What a model has, and what it costs (6 + 2 points)
#
# How many parameters has a GPT with $L$ layers of width $d$, a vocabulary of $V$ tokens and a context
# of $T$ positions? You can count them from the architecture alone, without building anything. A
# linear map from $i$ to $o$ numbers has $i\cdot o$ weights and $o$ biases. GPT-2's form:
#
# | part | how many | each has |
# | --- | --- | --- |
# | word vectors | one for each token | $d$ |
# | position vectors | one for each position | $d$ |
# | attention: queries, keys, values | three maps in each layer | from $d$ to $d$, with biases |
# | attention: the map that mixes the heads | one in each layer | from $d$ to $d$, with biases |
# | feed-forward network | two maps in each layer | from $d$ to $4d$ and back, with biases |
# | LayerNorm | two in each layer, and one at the end | a gain and a bias for each of $d$ numbers |
# | head: logits of all tokens | the word vectors, used again | nothing of its own |
#
# That the head is the matrix of word vectors once more is called *tied* embeddings. How many heads
# the attention has does not matter: they share the $d$ numbers.
#
# **By hand.** $L=1$, $d=2$, $V=5$, $T=3$: word vectors 10, position vectors 6, queries, keys and
# values $3\cdot(4+2)=18$, the mixing map 6, feed-forward $(16+8)+(16+2)=42$, three norms 12.
# Together **94**.
#
# **FLOPs.** A weight meets a token in one multiplication and one addition: 2 floating-point operations
# on the way forward. On the way back two gradients are computed for each product, that of the weights
# and that of the inputs, so 4 more. Hence the rule of thumb for training,
#
# $$C \approx 6\,N\,D .$$
#
# (It leaves out the attention's own products, and counts embeddings, which are only looked up. For
# large models at usual lengths both are small.)
#
# **Watch out.** Tables hold columns of whole numbers. NumPy's whole numbers end at $2^{63}\approx 9.2
# \cdot 10^{18}$, and beyond that they go on at the *negative* end without a word. Training costs
# are far larger.


# %% nbgrader={"grade_id": "count_parameters", "solution": true}
def count_parameters(n_layers, d_model, vocab_size, context_length):
    """The number of parameters of a GPT of GPT-2's form, with tied embeddings.

    Arguments: whole numbers (L, d, V and T above)

    Returns:
        a whole number, exact
    """
    ### BEGIN SOLUTION
    embeddings = (vocab_size + context_length) * d_model
    attention_and_feed_forward = 4 * (d_model**2 + d_model) + 8 * d_model**2 + 5 * d_model
    norms = 2 * (2 * n_layers + 1) * d_model
    return embeddings + n_layers * attention_and_feed_forward + norms
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-count_parameters", "locked": true}
known = {
    "the example": ((1, 2, 5, 3), 94),
    "GPT-2 small": ((12, 768, 50257, 1024), 124_439_808),
    "GPT-2 XL": ((48, 1600, 50257, 1024), 1_557_611_200),
    "GPT-3": ((96, 12288, 50257, 2048), 174_604_259_328),
}
for name, (sizes, expected) in known.items():
    got = count_parameters(*sizes)
    assert got == expected, f"{name} has {expected:,} parameters, got {got:,}"
more = count_parameters(2, 2, 5, 3) - count_parameters(1, 2, 5, 3)
assert more == 74, f"the example with a second layer has 74 parameters more, got {more:,} more"
print("count_parameters: all visible tests pass")

# %% nbgrader={"grade_id": "test-count_parameters", "grade": true, "points": 6}
# 6 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: exact numbers for models from tiny to very large; how many parameters one layer, one
# token and one position more bring; and what remains beside those.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import COUNT_PARAMETERS
from autograder.rubric import grade

grade(COUNT_PARAMETERS, count_parameters)
### END HIDDEN TESTS


# %% nbgrader={"grade_id": "training_flops", "solution": true}
def training_flops(n_params, n_tokens):
    """What training costs, in floating-point operations, by the rule of thumb.

    Arguments:
        n_params, n_tokens: numbers, or arrays of one shape (also of whole numbers)

    Returns:
        a number, or an array of that shape
    """
    ### BEGIN SOLUTION
    return 6.0 * n_params * n_tokens
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-training_flops", "locked": true}
expect_near(training_flops(94, 1000), 564_000, "the example, trained on 1,000 tokens")
expect_near(training_flops(174_604_259_328, 300_000_000_000), 3.142877e23, "GPT-3's training", 1e-5)
whole = np.array([10**9, 10**12])
got = training_flops(whole, whole)
assert isinstance(got, np.ndarray) and got.shape == (2,), f"columns: expected an array, got {got!r}"
assert np.allclose(got.astype(float), [6e18, 6e24]), f"columns of whole numbers: got {got!r}"
print("training_flops: all visible tests pass")

# %% nbgrader={"grade_id": "test-training_flops", "grade": true, "points": 2}
# 2 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: models and data of all sizes; columns of floats and of large whole numbers.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import TRAINING_FLOPS
from autograder.rubric import grade

grade(TRAINING_FLOPS, training_flops)
### END HIDDEN TESTS

# %% [markdown]
# ### See it
#
# Do your functions agree with our table? The table does not say how large vocabulary and context
# were. But what is left of `n_params` when layers and norms are taken off is $(V+T)\cdot d$: so if
# you count as we did, all runs tell the same $V+T$.

# %% nbgrader={"grade_id": "figure-counts", "locked": true}
within = [
    count_parameters(int(layers), int(d), 0, 0)
    for layers, d in zip(runs["n_layers"], runs["d_model"], strict=True)
]
print("V + T:", np.unique((runs["n_params"] - within) / runs["d_model"]))
ratio = training_flops(runs["n_params"], runs["n_tokens"]) / runs["flops"]
print(f"your FLOPs over the table's: from {ratio.min():.6f} to {ratio.max():.6f}")

# %% [markdown]
# ## Part 2. A straight line in logarithms (5 points)
#
# Kaplan et al. found that the loss falls as a **power law** of whatever is scarce, over many powers of
# ten:
#
# $$y = c\,x^{e} \qquad\Longleftrightarrow\qquad \log y = \log c + e\,\log x ,$$
#
# a straight line in logarithms, whose slope is the exponent $e$. You will need such fits again and
# again: "the best size grows as $C^{a}$" is one, too. Fit the line by **least squares of** $\log y$:
# over all points, the sum of squared differences between $\log y$ and the line must be least. The
# base of the logarithms does not matter, as long as it is the same on the way there and back.
#
# **By hand.** $(1, 3)$, $(2, 12)$ and $(4, 48)$: $y$ quadruples when $x$ doubles, so $e=2$; and at
# $x=1$ stands $c=3$.


# %% nbgrader={"grade_id": "fit_power_law", "solution": true}
def fit_power_law(x, y):
    """Fit y = coefficient · x^exponent by least squares of log y.

    Arguments:
        x, y: arrays of one length, two or more, all positive, in any order

    Returns:
        (coefficient, exponent)
    """
    ### BEGIN SOLUTION
    exponent, log_coefficient = np.polyfit(np.log(x), np.log(y), 1)
    return float(np.exp(log_coefficient)), float(exponent)
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-fit_power_law", "locked": true}
result = fit_power_law(np.array([1, 2, 4]), np.array([3, 12, 48]))
assert len(result) == 2, "fit_power_law returns (coefficient, exponent)"
expect_near(result[0], 3, "the example: the coefficient")
expect_near(result[1], 2, "the example: the exponent")
x = np.array([1e24, 1e18, 1e21])  # in any order, and large
coefficient, exponent = fit_power_law(x, 7e9 * x**-0.25)
expect_near(coefficient, 7e9, "y = 7e9 · x^(-1/4): the coefficient", 1e-5)
expect_near(exponent, -0.25, "y = 7e9 · x^(-1/4): the exponent")
coefficient, exponent = fit_power_law(np.array([1.0, 10, 100, 1000]), np.array([1.0, 10, 10, 100]))
expect_near(exponent, 0.6, "points that scatter: the exponent")
expect_near(coefficient, 10**0.1, "points that scatter: the coefficient")
print("fit_power_law: all visible tests pass")

# %% nbgrader={"grade_id": "test-fit_power_law", "grade": true, "points": 5}
# 5 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: points on a power law and such that scatter, rising and falling; very large and very
# small numbers; order and whole numbers; and whether the arguments stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import FIT_POWER_LAW
from autograder.rubric import grade

grade(FIT_POWER_LAW, fit_power_law)
### END HIDDEN TESTS

# %% [markdown]
# ### See it: why a straight line is not enough
#
# Left: the best loss at each of our budgets, and your power law through them. Extended far enough it
# falls below the entropy of the source, which **cannot be**. Right: the same with the entropy taken
# off first, $L - E$, and a power law of that. A part of the loss stays for ever, and only the rest
# falls as a power. With real text, nobody tells us $E$: it has to be fitted, too (part 6).

# %% nbgrader={"grade_id": "figure-floor", "locked": true}
lowest_losses = np.array([runs["loss"][runs["budget"] == c].min() for c in budgets])
wide = np.geomspace(budgets[0], budgets[-1] * 1e6, 100)
plt.figure(figsize=(8, 3))
left = panel(0.08, 0.38, "budget (FLOPs)", "loss (nats a token)", "one power law for all of it")
right = panel(
    0.59, 0.38, "budget (FLOPs)", "loss − entropy (nats a token)", "a floor, and a power law"
)
coefficient, exponent = fit_power_law(budgets, lowest_losses)
left.plot(budgets, lowest_losses, "o", label="best of each budget")
left.plot(wide, coefficient * wide**exponent, label=f"exponent {exponent:.3f}")
left.axhline(ENTROPY, color="grey", linestyle="--", label="entropy of the source")
left.legend(fontsize=8)
coefficient, exponent = fit_power_law(budgets, lowest_losses - ENTROPY)
right.plot(budgets, lowest_losses - ENTROPY, "o")
right.plot(wide, coefficient * wide**exponent, label=f"exponent {exponent:.3f}")
right.set_yscale("log")
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# ## Part 3. IsoFLOP profiles: approach 2 (5 points)
#
# Take all runs of one budget: they cost the same, but a small model has read much, and a large one
# little. Plot their loss against the logarithm of their size. Both ends are bad, the middle is
# good: the **IsoFLOP profile** looks like a parabola. Where that is lowest, is the best size for
# the budget.
#
# $$L \approx p\,u^2 + q\,u + r, \qquad u = \log N .$$
#
# Fit the parabola to **all** the points by least squares of the loss (not of its logarithm), find the
# $u$ at which it is lowest, and give back the size that belongs to it.
#
# **By hand.** Sizes 100, 10,000, 1,000,000 with losses 3, 2, 3: the middle one is lowest, by symmetry
# in the logarithm.
#
# **Watch out.**
#
# - The bottom may lie between two sizes, and even beyond the smallest or the largest that was tried:
#   then return what the parabola says. (Whether to *believe* it, is another question.)
# - A parabola that opens downwards has no lowest point. Then `raise ValueError("…")`: a wrong number
#   that looks like a result is worse than none.


# %% nbgrader={"grade_id": "isoflop_minimum", "solution": true}
def isoflop_minimum(n_params, loss):
    """The size at which a parabola in log N, fitted to the losses of one budget, is lowest.

    Arguments:
        n_params, loss: arrays of one length, three or more, in any order

    Returns:
        a size: a number of parameters, not rounded

    Raises:
        ValueError: the parabola has no lowest point
    """
    ### BEGIN SOLUTION
    u = np.log(n_params)
    p, q, _ = np.polyfit(u - u.mean(), loss, 2)
    if p <= 0:
        raise ValueError(f"the parabola must open upwards: got p = {p}")
    return float(np.exp(u.mean() - q / (2 * p)))
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-isoflop_minimum", "locked": true}
sizes = np.array([100, 10_000, 1_000_000])
expect_near(isoflop_minimum(sizes, np.array([3.0, 2.0, 3.0])), 10_000, "the example")
sizes = np.array([1e9, 1e6, 3e7, 1e8, 4e6])
losses = 2 + 0.1 * np.log(sizes / 2.5e7) ** 2
expect_near(isoflop_minimum(sizes, losses), 2.5e7, "a parabola with its bottom at 2.5e7")
losses = 2 + 0.1 * np.log(sizes / 5e9) ** 2
expect_near(isoflop_minimum(sizes, losses), 5e9, "a bottom beyond the sizes, at 5e9", 1e-5)
losses = np.array([2.0, 3.0, 2.0, 2.0, 2.0])
assert 5e7 < isoflop_minimum(sizes, losses) < 2e8, "losses that lie on no parabola: use all sizes"
try:
    isoflop_minimum(sizes, 5 - losses)
except ValueError:
    pass
else:
    raise AssertionError("a parabola that opens downwards: expected a ValueError")
print("isoflop_minimum: all visible tests pass")

# %% nbgrader={"grade_id": "test-isoflop_minimum", "grade": true, "points": 5}
# 5 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: exact parabolas, and losses that scatter and are lopsided; bottoms inside and outside
# of the sizes; none; order and whole numbers; and whether the arguments stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import ISOFLOP_MINIMUM
from autograder.rubric import grade

grade(ISOFLOP_MINIMUM, isoflop_minimum)
### END HIDDEN TESTS

# %% [markdown]
# ### See it
#
# Left: our runs, a colour for each budget, with parabolas round **your** minima (crosses). Right: these
# minima against the budget, and your power law through them. Its exponent is $a$ of the slide's
# table; and since $C = 6ND$, the tokens grow with $b = 1-a$.

# %% nbgrader={"grade_id": "figure-isoflop", "locked": true}
plt.figure(figsize=(8, 3.4))
left = panel(0.08, 0.4, "parameters", "loss (nats a token)", "IsoFLOP profiles")
right = panel(0.62, 0.35, "budget (FLOPs)", "best size (parameters)", "their minima")
right.set_yscale("log")
colours = plt.cm.viridis(np.linspace(0, 0.9, len(budgets)))
isoflop_sizes = []
for budget, colour in zip(budgets, colours, strict=True):
    at = runs[runs["budget"] == budget]
    n, loss = at["n_params"], at["loss"]
    best = isoflop_minimum(n, loss)
    isoflop_sizes.append(best)
    away = np.log(n / best) ** 2  # loss = bottom + bend · away, by least squares
    bend = np.cov(away, loss)[0, 1] / np.var(away, ddof=1)
    bottom = loss.mean() - bend * away.mean()
    fine = np.geomspace(n.min(), n.max(), 100)
    left.plot(n, loss, ".", color=colour, label=f"{budget:.0e}")
    left.plot(fine, bottom + bend * np.log(fine / best) ** 2, color=colour, linewidth=1)
    left.plot(best, bottom, "x", color="black")
    right.plot(budget, best, "x", color="black")
left.legend(fontsize=7, title="FLOPs", title_fontsize=7)
coefficient, a_isoflop = fit_power_law(budgets, np.array(isoflop_sizes))
right.plot(budgets, coefficient * budgets**a_isoflop, label=f"a = {a_isoflop:.2f}")
right.legend(fontsize=8)
plt.show()
print(f"approach 2: a = {a_isoflop:.2f}, b = {1 - a_isoflop:.2f}")

# %% [markdown]
# ## Part 4. The minimum over training curves: approach 1 (6 points)
#
# The points on the way of the runs can be used, too. A **curve** tells for one size how the loss falls
# as FLOPs are spent. Lay many curves over each other. At each budget ask **which of them is lowest**:
# that is the best size for this budget.
#
# The exact rules for your function:
#
# 1. Take **200 budgets** between the smallest and the largest FLOPs of all points, evenly spaced in
#    $\log C$.
# 2. Between two points of a curve the loss is a straight line over $\log C$. Before its first and after
#    its last point a curve **does not exist**. (`np.interp` sees that differently: it goes on level.)
# 3. At each budget, look which of the curves that exist there is lowest. If that is one of the
#    **smallest** or of the **largest** size that exist there, leave the budget out: the true best may
#    lie beyond what was tried.
# 4. The sizes that you found are a power law of the budgets, with the exponent $a$. The tokens
#    $D = C/(6N)$ are one too, with the exponent $b$.
#
# Your `fit_power_law` is there to be used. 100 or 1,000 budgets are as good as 200, and lines between
# the logarithms of the losses as good as lines between losses: the results differ in the third digit,
# and no check minds.


# %% nbgrader={"grade_id": "minimum_over_curves", "solution": true}
def minimum_over_curves(curves):
    """How the best size and the best number of tokens grow with the budget.

    Arguments:
        curves: a list of (n_params, flops, loss), in any order: a number, and two arrays of one
            length with flops in rising order

    Returns:
        (a, b): the exponents of the best size and of the best number of tokens
    """
    ### BEGIN SOLUTION
    every = np.log(np.concatenate([flops for _, flops, _ in curves]))
    at, best = [], []
    for log_c in np.linspace(every.min(), every.max(), 200):
        there = {}
        for n, flops, loss in curves:
            if np.log(flops[0]) <= log_c <= np.log(flops[-1]):
                value = np.interp(log_c, np.log(flops), loss)
                there[n] = min(value, there.get(n, np.inf))  # several runs of one size
        winner = min(there, key=there.get) if there else None
        if there and min(there) < winner < max(there):
            at.append(np.exp(log_c))
            best.append(winner)
    a = fit_power_law(np.array(at), np.array(best))[1]
    return a, 1 - a
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-minimum_over_curves", "locked": true}
def made_up_curves(a, low, high, count=25):
    """Curves of a law whose best size grows as C^a, of best sizes for the FLOPs `low` to `high`."""
    made = []
    for best_at in np.geomspace(low, high, count)[::-1]:
        flops = np.geomspace(1e15, 1e21, 80)
        size = 1e7 * (best_at / 1e18) ** a
        away = np.log(flops / best_at)
        made.append((size, flops, 1 + flops**-0.05 + 0.01 * away**2 * flops**-0.05))
    return made


for a in (0.3, 0.7):
    result = minimum_over_curves(made_up_curves(a, 1e14, 1e22))
    assert len(result) == 2, "minimum_over_curves returns (a, b)"
    expect_near(result[0], a, f"curves of a law with a = {a}: a", 0.05)
    expect_near(result[1], 1 - a, f"curves of a law with a = {a}: b", 0.05)
result = minimum_over_curves(made_up_curves(0.6, 1e17, 1e19))
expect_near(result[0], 0.6, "where at most budgets the best size was not tried: a", 0.1)
late = [
    (n, c[20:], loss[20:]) if 0 < i < 24 and i % 2 else (n, c, loss)
    for i, (n, c, loss) in enumerate(made_up_curves(0.6, 1e14, 1e22))
]
expect_near(minimum_over_curves(late)[0], 0.6, "where some curves begin late: a", 0.1)
print("minimum_over_curves: all visible tests pass")

# %% nbgrader={"grade_id": "test-minimum_over_curves", "grade": true, "points": 6}
# 6 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: curves over all budgets, and over some only; families in which at many budgets the
# best size was not tried; and whether the arguments stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import MINIMUM_OVER_CURVES
from autograder.rubric import grade

grade(MINIMUM_OVER_CURVES, minimum_over_curves)
### END HIDDEN TESTS

# %% [markdown]
# ### See it
#
# Our training curves, dark for small models and light for large ones. Follow the lower edge from left
# to right: ever larger models take the lead.

# %% nbgrader={"grade_id": "figure-curves", "locked": true}
curves = []
for run in runs:
    way = points[points["run"] == run["run"]]
    curves.append((float(run["n_params"]), way["flops"], way["loss"]))
log_sizes = np.log(runs["n_params"])
shade = (log_sizes - log_sizes.min()) / (log_sizes.max() - log_sizes.min())
plt.figure(figsize=(8, 3.4))
axes = panel(0.08, 0.75, "FLOPs so far", "loss (nats a token)")
for (_, flops, loss), colour in zip(curves, plt.cm.viridis(0.95 * shade), strict=True):
    axes.plot(flops, loss, color=colour, linewidth=0.7)
axes.set_ylim(runs["loss"].min() - 0.1, np.quantile(points["loss"], 0.9))
scale = plt.cm.ScalarMappable(
    plt.matplotlib.colors.LogNorm(runs["n_params"].min(), runs["n_params"].max()), "viridis"
)
plt.colorbar(scale, cax=plt.gcf().add_axes([0.86, 0.17, 0.02, 0.7]), label="parameters")
plt.show()
a_curves, b_curves = minimum_over_curves(curves)
print(f"approach 1: a = {a_curves:.2f}, b = {b_curves:.2f}")

# %% [markdown]
# ## Part 5. The law, and how far a run is from it (4 + 3 points)
#
# Approach 3 describes **all** runs by one formula, the joint law of the slide:
#
# $$\hat L(N, D) = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}} .$$
#
# $E$ is what no model can predict. $A/N^\alpha$ is lost because a model of $N$ parameters cannot hold
# more, $B/D^\beta$ because $D$ tokens do not show more.
#
# **By hand.** $E=1$, $A=10$, $\alpha=\frac12$, $B=8$, $\beta=\frac13$: at $N=100$ and $D=64$ the loss is
# $1 + \frac{10}{10} + \frac{8}{4} = 4$.
#
# A run and a law differ by the **residual** $r = \log\hat L(N,D) - \log L$: nearly the relative error.
# Some runs go wrong, and are far off. Squares would let these few decide the fit. So the paper uses
# **Huber's loss**, a square for small residuals and a straight line for large ones:
#
# $$\text{huber}_\delta(r) = \begin{cases}\frac12 r^2 & |r|\le\delta\\
#   \delta\,(|r| - \frac12\delta) & |r| > \delta\end{cases}$$
#
# Both pieces meet at $|r|=\delta$ with the same slope. A point far away pulls no harder than one at
# $\delta$. The paper's $\delta$ is $10^{-3}$, a tenth of a percent: nearly all runs are farther off.
#
# **By hand.** $\delta=1$: $r=0.5$ gives $0.125$, $r=1$ gives $0.5$, and $r=-3$ gives $2.5$.


# %% nbgrader={"grade_id": "huber", "solution": true}
def huber(residual, delta):
    """Huber's loss, entry by entry.

    Arguments:
        residual: an array of any shape
        delta: a positive number

    Returns:
        an array of that shape
    """
    ### BEGIN SOLUTION
    size = np.abs(residual)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-huber", "locked": true}
got = huber(np.array([[0.5, 1.0], [-3.0, 0.0]]), 1.0)
assert isinstance(got, np.ndarray) and got.shape == (2, 2), f"expected an array (2, 2), got {got!r}"
assert np.allclose(got, [[0.125, 0.5], [2.5, 0.0]]), f"the example: got {got}"
got = huber(np.array([1e-3, -0.2]), 1e-3)
assert np.allclose(got, [5e-7, 1.995e-4], rtol=1e-6, atol=0), f"delta = 0.001: got {got}"
print("huber: all visible tests pass")

# %% nbgrader={"grade_id": "test-huber", "grade": true, "points": 4}
# 4 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: small and large residuals of both signs; arrays of all shapes; large and small delta;
# and whether the arguments stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import HUBER
from autograder.rubric import grade

grade(HUBER, huber)
### END HIDDEN TESTS


# %% nbgrader={"grade_id": "joint_loss", "solution": true}
def joint_loss(n, d, E, A, B, alpha, beta):
    """The loss that the joint law predicts.

    Arguments:
        n, d: parameters and tokens, numbers or arrays that broadcast
        E, A, B, alpha, beta: the law's coefficients, numbers

    Returns:
        a number, or an array
    """
    ### BEGIN SOLUTION
    return E + A / n**alpha + B / d**beta
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-joint_loss", "locked": true}
expect_near(joint_loss(100.0, 64.0, 1.0, 10.0, 8.0, 1 / 2, 1 / 3), 4.0, "the example")
n, d = np.array([[100.0], [10_000.0]]), np.array([64.0, 1.0, 1e6])  # a column and a row
got = joint_loss(n, d, 1.0, 10.0, 8.0, 1 / 2, 1 / 3)
expected = np.array([[4.0, 10.0, 2.08], [3.1, 9.1, 1.18]])
assert np.shape(got) == (2, 3), f"two sizes and three data sets: expected shape (2, 3), got {got!r}"
assert np.allclose(got, expected), (
    f"two sizes and three data sets: expected\n{expected}\ngot\n{got}"
)
print("joint_loss: all visible tests pass")

# %% nbgrader={"grade_id": "test-joint_loss", "grade": true, "points": 3}
# 3 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: laws at small and large scales; numbers, columns and tables; the order of the
# arguments; and whether these stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import JOINT_LOSS
from autograder.rubric import grade

grade(JOINT_LOSS, joint_loss)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6. Fitting the law: approach 3 (12 points)
#
# Find the five numbers $E, A, B, \alpha, \beta$ for which the **mean Huber loss** of the residuals, with
# $\delta = 10^{-3}$ and natural logarithms, is least:
#
# $$\frac1n \sum_{i=1}^{n} \text{huber}_{0.001}\big(\log\hat L(N_i, D_i) - \log L_i\big) .$$
#
# There is no formula for that. You need an optimiser, such as `scipy.optimize.minimize` or one of
# `torch`, and some care. This is a small problem, and a famous paper got it wrong (see below).
#
# - **Scales.** $A$ and $B$ may be $10$ or $10^4$ while $\alpha$ is $0.3$. Search for their *logarithms*:
#   then all unknowns are of the same order, and stay positive by themselves.
# - **Valleys.** $A$ and $\alpha$ trade against each other: a larger $\alpha$ with a larger $A$ gives
#   nearly the same losses. Measure sizes from their middle, $\log N - \overline{\log N}$, and the two
#   hardly depend on each other. (Translate back at the end.)
# - **Starts.** The objective has several dents. Start from a grid of exponents, say 0.2, 0.4, 0.7
#   for each, and keep the best of what is found.
# - **Stopping.** An optimiser stops when a step gains "nothing". What is nothing? `scipy`'s L-BFGS-B
#   compares with $1$: it stops when a step gains less than $2\cdot10^{-9}$, or when the slope is
#   below $10^{-5}$. Look what that does to one and the same parabola in different units:

# %% nbgrader={"grade_id": "stopping", "locked": true}
from scipy.optimize import minimize

for unit in (1.0, 1e-3, 1e-6):
    stop = minimize(
        lambda p, unit=unit: unit * (0.5 * (p[0] - 3) ** 2 + 0.001 * (p[1] - 3) ** 2),
        [0.0, 0.0],
        method="L-BFGS-B",
    )
    x, y = stop.x
    print(
        f"in units of {unit:g}: stops at ({x:.3f}, {y:.3f}) after {stop.nit} steps; 3, 3 is right"
    )

# %% [markdown]
# In the last line it did not move at all, and reported success. Where losses scatter by half a percent,
# **your objective is about** $0.000005$. Multiply it by something large, or ask for smaller
# tolerances, or both: and then look whether starting again from where it stopped still gains
# something.
#
# `fit_joint_law` gets three columns, of 40 runs or more. It may take a few seconds.


# %% nbgrader={"grade_id": "fit_joint_law", "solution": true}
def fit_joint_law(n_params, n_tokens, loss):
    """Fit the joint law: the least mean Huber loss (delta = 1e-3) of differences of log-losses.

    Arguments:
        n_params, n_tokens, loss: arrays of one length, in any order of runs

    Returns:
        a dict with the keys "E", "A", "B", "alpha" and "beta", whose values are numbers
    """
    ### BEGIN SOLUTION
    x, y, target = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def objective(theta):  # scaled up, with its gradient
        log_a, alpha, log_b, beta, log_e = theta
        terms = np.exp([log_a - alpha * u, log_b - beta * v, log_e + 0 * u])
        total = terms.sum(axis=0)
        r = np.log(total) - target
        pull = np.clip(r, -1e-3, 1e-3) * terms / total
        slope = [pull[0].sum(), -pull[0] @ u, pull[1].sum(), -pull[1] @ v, pull[2].sum()]
        return 1e6 * huber(r, 1e-3).sum(), 1e6 * np.array(slope)

    tight = {"maxiter": 3000, "maxcor": 20, "ftol": 1e-12, "gtol": 1e-6}
    third = target.mean() - np.log(3)  # each term a third of the loss
    tries = [
        minimize(objective, [third, p, third, q, third], jac=True, method="L-BFGS-B", options=tight)
        for p, q in ((0.3, 0.3), (0.3, 0.7), (0.7, 0.3))
    ]
    log_a, alpha, log_b, beta, log_e = min(tries, key=lambda found: found.fun).x.tolist()
    scales = {"E": log_e, "A": log_a + alpha * x.mean(), "B": log_b + beta * y.mean()}
    law = {name: float(np.exp(value)) for name, value in scales.items()}
    return law | {"alpha": alpha, "beta": beta}
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-fit_joint_law", "locked": true}
def made_up_runs(law, noise, seed=0):
    """Six budgets, eight sizes each: columns of parameters, tokens and losses."""
    c, ratio = np.meshgrid(np.geomspace(3e10, 1e12, 6), np.geomspace(1 / 16, 16, 8))
    n = np.sqrt(c.ravel() / 120 * ratio.ravel())
    d = c.ravel() / (6 * n)
    losses = joint_loss(n, d, **law)
    return n, d, losses * np.exp(noise * np.random.default_rng(seed).normal(size=48))


def mean_huber(law, n, d, losses):
    """The objective that a law reaches, by your own functions."""
    return np.mean(huber(np.log(joint_loss(n, d, **law)) - np.log(losses), 1e-3))


truth = {"E": 2.2, "A": 30.0, "B": 200.0, "alpha": 0.4, "beta": 0.45}
made = made_up_runs(truth, noise=0.0)
law = fit_joint_law(*made)
assert isinstance(law, dict) and set(law) == set(truth), (
    f"expected a dict of {set(truth)}, got {law}"
)
for name, expected in truth.items():
    expect_near(law[name], expected, f"runs without noise: {name}", 0.02)
made = made_up_runs(truth, noise=0.004)
made[2][7] *= 1.3  # a run that went wrong
law = fit_joint_law(*made)
reached, of_truth = mean_huber(law, *made), mean_huber(truth, *made)
assert reached <= of_truth, (
    f"noisy runs: a law with a mean Huber loss of {of_truth:.3e} exists (the one that they were made "
    f"from), and yours has {reached:.3e}"
)
print("fit_joint_law: all visible tests pass")

# %% nbgrader={"grade_id": "test-fit_joint_law", "grade": true, "points": 12}
# 12 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: predictions at sizes and data that your fit was not given, where the runs follow a
# law, at our scale and at that of large models, also where size helps much faster than data or the
# reverse; how near to the least the objective comes, with noise and with runs that went wrong; the
# kind of the result; and whether the arguments stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import FIT_JOINT_LAW
from autograder.rubric import grade

grade(FIT_JOINT_LAW, fit_joint_law)
### END HIDDEN TESTS

# %% [markdown]
# ### See it: our runs, and $E$
#
# Each point is a run: what your law predicts, against what was measured.

# %% nbgrader={"grade_id": "figure-law", "locked": true}
law = fit_joint_law(runs["n_params"], runs["n_tokens"], runs["loss"])
predicted = joint_loss(runs["n_params"], runs["n_tokens"], **law)
plt.figure(figsize=(8, 3))
axes = plt.gcf().add_axes([0.08, 0.17, 0.38, 0.7])
axes.plot(runs["loss"], predicted, ".")
axes.axline((runs["loss"].min(),) * 2, slope=1, color="grey", linewidth=1)
axes.set_xlabel("measured loss (nats a token)")
axes.set_ylabel("the law's")
axes = panel(0.58, 0.38, "parameters", "law / measured − 1")
axes.scatter(runs["n_params"], predicted / runs["loss"] - 1, s=8, c=np.log(runs["budget"]))
axes.axhline(0, color="grey", linewidth=1)
plt.show()
print(", ".join(f"{name} = {value:.4g}" for name, value in law.items()))
print(f"the source's entropy is {ENTROPY}, your law's E {law['E']:.3f}")

# %% [markdown]
# ### See it: an optimiser that stopped early
#
# The slide's row 3 reads $a = 0.46$ with the interval $(0.454, 0.455)$. Look at that again: the
# interval does not even hold its own estimate, and for 400 runs it is far too narrow. Besiroglu et
# al. 2024 read the runs off a figure of the paper, fitted them again, and found $a = 0.51$, in line
# with approaches 1 and 2. What had happened?
#
# Below, 240 runs are made up at the scale of that paper, from coefficients like those of the new
# fit. Left: how small the objective can be made for each pair of exponents: a valley whose floor is
# nearly level. Right: that floor, seen along $a = \beta/(\alpha+\beta)$. At the value that the paper
# published it is only *a millionth or two* higher than at the bottom. An optimiser that walks along it
# gains no more than that in **all** its steps together, and compares each of them with 1.
#
# Try it: make a copy of your fit that minimises the *mean*, as it stands, with the optimiser's own
# tolerances, start it at several places of the valley, and print the $a$ at which it ends.

# %% nbgrader={"grade_id": "figure-early", "locked": true}
refit = {"E": 1.8172, "A": 477.83, "B": 2143.42, "alpha": 0.3473, "beta": 0.3672}
noise = np.random.default_rng(3)
n = np.exp(noise.uniform(math.log(5e7), math.log(1.6e10), 240))
d = np.exp(noise.uniform(math.log(1e18), math.log(3e21), 240)) / (6 * n)
losses = joint_loss(n, d, **refit) * np.exp(0.006 * noise.standard_t(3, 240))


def floor_at(alpha, beta):
    """About the least mean Huber loss for these exponents: E, A and B by least squares."""
    columns = np.stack([losses**0, n**-alpha, d**-beta]) / losses
    E, A, B = np.linalg.lstsq(columns.T, np.ones(240))[0]
    return np.mean(huber(np.log(joint_loss(n, d, E, A, B, alpha, beta) / losses), 1e-3)) * 1e6


alphas, betas = np.linspace(0.28, 0.42, 50), np.linspace(0.24, 0.48, 50)
floor = np.array([[floor_at(alpha, beta) for alpha in alphas] for beta in betas])
yours = fit_joint_law(n, d, losses)
plt.figure(figsize=(8, 3.4))
left = plt.gcf().add_axes([0.08, 0.17, 0.38, 0.7])
lines = left.contour(alphas, betas, floor, levels=np.array([1.02, 1.1, 1.3, 1.8, 3]) * floor.min())
left.clabel(lines, fmt="%.1f", fontsize=7)
left.plot(yours["alpha"], yours["beta"], "o", color="black", label="your fit")
left.plot(alphas, alphas * 0.4565 / 0.5435, "--", color="tab:red", label="a = 0.457, as published")
left.set_ylim(betas[0], betas[-1])
left.set_xlabel("alpha")
left.set_ylabel("beta")
left.set_title("least mean Huber loss (millionths)", fontsize=10)
left.legend(fontsize=7)
share = betas[:, None] / (alphas + betas[:, None])
steps = np.arange(0.42, 0.60, 0.01)
least = [floor[np.abs(share - a) < 0.006].min() for a in steps]
right = plt.gcf().add_axes([0.58, 0.17, 0.38, 0.7])
right.plot(steps, least, ".-")
right.axvline(0.4565, color="tab:red", linestyle="--", label="as published")
your_a = yours["beta"] / (yours["alpha"] + yours["beta"])
right.axvline(your_a, color="black", label=f"your fit: {your_a:.3f}")
right.set_xlabel("a")
right.set_title("the valley's floor (millionths)", fontsize=10)
right.legend(fontsize=8)
plt.show()
print(f"the floor rises by {np.interp(0.4565, steps, least) - min(least):.2f} millionths")

# %% [markdown]
# ## Part 7. Spending a budget (3 + 6 points)
#
# Now turn the law round. Of all $N$ and $D$ that cost the same, $6ND = C$, which give the least loss?
# Put $D = C/(6N)$ into the law, set the derivative by $N$ to zero, and sort the terms:
#
# $$\alpha\,\frac{A}{N^\alpha} = \beta\,\frac{B}{D^\beta} .$$
#
# At the best size, growing the model by one percent helps exactly as much as reading one percent more.
# Solve that together with $6ND = C$ for $N$ and $D$. What comes out are two power laws of the budget,
#
# $$N_\text{opt} \propto C^{\,a}, \qquad D_\text{opt} \propto C^{\,b}, \qquad a + b = 1 ,$$
#
# whose exponents depend on $\alpha$ and $\beta$ alone. Find them, and the factors in front.
#
# **Think first.** If $\alpha$ is large, a bigger model helps fast: its term is soon small. Does the
# best size then grow faster or more slowly with the budget?
#
# **By hand.** $\alpha=\beta$ and $A=B$: size and data are alike, so $N = D = \sqrt{C/6}$. For $C = 600$
# both are 10.


# %% nbgrader={"grade_id": "optimal_exponents", "solution": true}
def optimal_exponents(alpha, beta):
    """How the best size and the best number of tokens grow with the budget.

    Returns:
        (a, b): the best size grows as C^a, the best number of tokens as C^b
    """
    ### BEGIN SOLUTION
    return beta / (alpha + beta), alpha / (alpha + beta)
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-optimal_exponents", "locked": true}
a, b = optimal_exponents(0.3, 0.3)
expect_near(a, 0.5, "alpha = beta: a")
expect_near(b, 0.5, "alpha = beta: b")
a, b = optimal_exponents(0.34, 0.28)  # as published
assert abs(a - 0.4516) < 1e-3 and abs(b - 0.5484) < 1e-3, f"0.34 and 0.28: got {a:.4f} and {b:.4f}"
print("optimal_exponents: all visible tests pass")

# %% nbgrader={"grade_id": "test-optimal_exponents", "grade": true, "points": 3}
# 3 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: a and b, each for itself, for many pairs of alpha and beta.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import OPTIMAL_EXPONENTS
from autograder.rubric import grade

grade(OPTIMAL_EXPONENTS, optimal_exponents)
### END HIDDEN TESTS


# %% nbgrader={"grade_id": "optimal_allocation", "solution": true}
def optimal_allocation(flops, E, A, B, alpha, beta):
    """The size and the number of tokens of least loss for a budget.

    Arguments:
        flops: the budget, a number
        E, A, B, alpha, beta: the law's coefficients, numbers

    Returns:
        (n_params, n_tokens): not rounded
    """
    ### BEGIN SOLUTION
    a, b = optimal_exponents(alpha, beta)
    factor = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    return factor * (flops / 6) ** a, (flops / 6) ** b / factor
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-optimal_allocation", "locked": true}
n, d = optimal_allocation(600.0, 1.0, 3.0, 3.0, 0.4, 0.4)
expect_near(n, 10.0, "the example: n_params", 1e-3)
expect_near(d, 10.0, "the example: n_tokens", 1e-3)
chinchilla = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
n, d = optimal_allocation(5.76e23, **chinchilla)
expect_near(6 * n * d, 5.76e23, "the published law: 6 · n_params · n_tokens", 1e-3)
for factor in (0.9, 1.1):
    other = joint_loss(n * factor, d / factor, **chinchilla)
    better = other < joint_loss(n, d, **chinchilla)
    assert not better, f"the published law: {factor} times your size has a lower loss"
print("optimal_allocation: all visible tests pass")

# %% nbgrader={"grade_id": "test-optimal_allocation", "grade": true, "points": 6}
# 6 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: whether the budget is spent; whether no other size has a lower loss, at our scale and
# at that of large models; and what E, and a factor of all losses, have to do with it.
### BEGIN HIDDEN TESTS
from assignments.a7_scaling_laws.checks import OPTIMAL_ALLOCATION
from autograder.rubric import grade

grade(OPTIMAL_ALLOCATION, optimal_allocation)
### END HIDDEN TESTS

# %% [markdown]
# ### See it: all of it in one picture
#
# Contours of equal loss by your law; our runs, on lines of equal cost; and your best sizes for all
# budgets. Where a line of equal cost touches a contour without crossing it, there is the best that
# this budget can buy.

# %% nbgrader={"grade_id": "figure-contours", "locked": true}
sizes = np.geomspace(runs["n_params"].min() / 2, runs["n_params"].max() * 2, 120)
costs = np.geomspace(budgets[0] / 3, budgets[-1] * 3, 120)
table = joint_loss(sizes[:, None], costs / (6 * sizes[:, None]), **law)
plt.figure(figsize=(8, 4))
axes = panel(0.1, 0.85, "cost (FLOPs)", "parameters")
axes.set_yscale("log")
levels = np.round(np.linspace(table.min(), np.quantile(table, 0.8), 14), 2)
lines = axes.contour(costs, sizes, table, levels=np.unique(levels), cmap="viridis", linewidths=0.8)
axes.clabel(lines, fontsize=7)
axes.plot(runs["flops"], runs["n_params"], ".", color="grey", label="our runs")
best = [optimal_allocation(c, **law)[0] for c in costs]
axes.plot(costs, best, color="tab:red", label="best size: approach 3")
axes.plot(budgets, isoflop_sizes, "x", color="black", label="best size: approach 2")
axes.legend(fontsize=8, loc="upper left")
axes.set_ylim(sizes[0], sizes[-1])
plt.show()

a_law, b_law = optimal_exponents(law["alpha"], law["beta"])
print("                                                a       b")
for name, a, b in (
    ("1. minimum over training curves: our runs", a_curves, b_curves),
    ("2. IsoFLOP profiles:             our runs", a_isoflop, 1 - a_isoflop),
    ("3. parametric fit:               our runs", a_law, b_law),
    ("1. the slide (Hoffmann et al. 2022)", 0.50, 0.50),
    ("2. the slide", 0.49, 0.51),
    ("3. the slide", 0.46, 0.54),
    ("3. the same runs, fitted again (Besiroglu et al. 2024)", 0.51, 0.49),
    ("Kaplan et al. 2020", 0.73, 0.27),
):
    print(f"{name:44}{a:6.2f}{b:8.2f}" if len(name) < 44 else f"{name}\n{a:50.2f}{b:8.2f}")

# %% [markdown]
# ## A question: what do the numbers say? (8 points)
#
# Answer in the next cell (double-click it), in your own words, in about twenty lines. Formulas go
# between dollar signs.
#
# 1. *(2 points)* Compare your law's $E$ with the source's entropy. If it came out clearly **above** the
#    entropy, what could be the reason? Why can a fitted $E$ come out **below** it, although no model
#    beats the entropy?
# 2. *(2 points)* Do the three approaches agree on our runs? Name one source of error for each of
#    approaches 1 and 2 that the others do not share.
# 3. *(2 points)* The slide's row 3 says $a = 0.46\ (0.454, 0.455)$, and Kaplan's $0.73$. For a budget
#    $10^3$ times as large, by what factor does the best model grow under $a = 0.46$, $0.51$ and
#    $0.73$? What went wrong in row 3?
# 4. *(2 points)* A model that is used by millions costs more in use than in training: $2N$ operations
#    for each token that it reads or writes. Should it be smaller or larger than $N_\text{opt}$, and
#    trained on more or fewer tokens? Say why in terms of the contours.

# %% [markdown] nbgrader={"grade_id": "question-what-the-numbers-say", "grade": true, "solution": true, "points": 8}
# 1. (2 points: one each.) Above: what is left at the end of the runs and does not fall with $N$ and $D$
#    is counted as $E$: training that has not converged, a learning rate or a schedule that is off, a
#    context too short to use what the source offers. Below: $E$ is an extrapolation to infinite $N$ and
#    $D$ by a formula that is only nearly right, from noisy runs far away; it trades against the two
#    exponents, and its interval is wide.
# 2. (2 points: one each.) Approach 1 takes losses from the middle of runs, where the learning rate has
#    not come down yet, so they are higher than those of a run that ends there; and it takes a minimum
#    over noisy curves, from few sizes. Approach 2 has one minimum a budget, so few points, and depends
#    on which sizes round the bottom are used, since a profile is no parabola far away.
# 3. (2 points: one each.) $10^{3a}$: 24, 34 and 155. The optimiser stopped before it reached the minimum,
#    since its tolerances compare with 1 and the objective is a few millionths; and an interval from refits
#    that stop early as well is far too narrow.
# 4. (2 points: one each.) Smaller, and trained on more tokens. Along a contour the loss is the same. Near
#    the best size the contour runs parallel to the line of equal cost, so a model that is somewhat
#    smaller costs hardly more in training for the same loss, and each use is cheaper in proportion
#    to $N$.

# %% [markdown]
# ## Before you hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*: all must work from top to bottom in a fresh start,
#    as it will when it is graded.
# 2. Did you answer the question at the end?
# 3. Save, and hand in this file under the name it has. (The folder `data` stays with you: grading has
#    a copy of its own.)
