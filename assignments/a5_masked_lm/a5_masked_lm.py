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
# # Assignment 5: BERT
#
# *"The man went to the [MASK] to buy a gallon of milk."* You know the missing word, and you used
# what stands **before** it and what stands **after** it. A causal language model may not look
# ahead; an encoder may. But if every position sees every word, "predict the next word" is no task
# any more: the answer is in plain sight.
#
# BERT's way out (Devlin et al. 2019): **hide some words, and predict those.** Nobody has to label
# anything for that, so all the text of the world can be used for training. Together with a second
# task, *does this sentence follow that one?*, it gives a model that understands enough of language
# to be fine-tuned for almost anything.
#
# You will write all of BERT that is not the encoder itself:
#
# | part | you write | points |
# | --- | --- | ---: |
# | 1 | `mask_tokens`: hide some of the tokens, by the rule 80-10-10 | 14 |
# | | a question: why 80-10-10? (a person reads your answer) | 4 |
# | 2 | `masked_lm_loss`: how surprised was the model? | 7 |
# | 3 | `next_sentence_pair`: a real pair or a random one | 8 |
# | 4 | `pack_pair`: two sentences in one row | 7 |
# | 5 | `BertEmbeddings`: token + segment + position | 6 |
# | 6 | `pretraining_loss`: both tasks together | 4 |
# | | **total** | **50** |
#
# At the end your functions train a tiny BERT, in about a minute, on this computer.
#
# **How to work.** Each part has a lesson, a cell for your code, and a cell of *visible tests*.
# Replace `raise NotImplementedError()` by your code, run the cell, then run the tests below it:
# their messages are written to help you. You may add as many cells of your own as you like.
#
# **How it is graded.** The visible tests are for you; they give no points. After you hand in,
# further checks run on other inputs. They earn points one by one, so a function that is right in
# most cases earns most of its points. A later part that uses an earlier one is not punished again
# for the earlier mistake.
#
# **Functions that draw at random** are judged by what they do in many thousands of draws. The
# limits are so wide that a right function fails one of these checks less than once in a million
# times, and so narrow that 14% instead of 15% is seen.
#
# **Which functions may I use?** Anything in `torch`, `torch.nn.functional.cross_entropy` too.
#
# **Reading shapes.** `(b, n)`: `b` rows (texts) of `n` tokens. `V` is the size of the vocabulary.

# %% [markdown]
# Run this cell first. It imports what you need, and two small helpers that the tests and figures
# use.

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
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


def show_grid(grid, title, labels, **style):
    """Draw a matrix; `labels`: {(row, column): a short text to write there}."""
    axes = plt.figure(figsize=(7, 3)).add_axes([0.02, 0.02, 0.96, 0.86])
    axes.imshow(grid, aspect="auto", **style)
    axes.set_axis_off()
    axes.text(-0.5, -0.04 * len(grid) - 0.5, title, weight="bold")
    for (row, column), text in labels.items():
        axes.text(column, row, text, ha="center", va="center")
    plt.show()


# %% [markdown]
# ## Part 1. Masking (14 points)
#
# A text is a row of **token ids**, numbers from $0$ to $V-1$. Some ids are **special**: they are
# no words. BERT has `[PAD]` (fills short rows up), `[UNK]` (an unknown word), `[CLS]` (first in
# every row), `[SEP]` (ends a sentence) and `[MASK]`.
#
# The slide *MLM: 80-10-10 corruption* says what to do with the others. Each token is **chosen**
# with probability $k = 15\%$. Then, of the chosen ones,
#
# | how often | what becomes of it | example |
# | ---: | --- | --- |
# | 80% | `[MASK]` | went to the store → went to the [MASK] |
# | 10% | a random token | went to the store → went to the running |
# | 10% | it stays as it is | went to the store → went to the store |
#
# The model sees the corrupted row, and has to say what **originally** stood at the chosen positions,
# at all three kinds of them. So masking gives two things back: the corrupted ids, and the
# **labels**: the original id at each chosen position, and `-100` everywhere else. (`-100` is the
# number that `torch.nn.functional.cross_entropy` skips.)
#
# **By hand.** Ids `[2, 17, 9, 33, 3]`, where 2 is `[CLS]`, 3 is `[SEP]` and 4 is `[MASK]`. Say
# positions 1 and 3 are chosen, the first gets masked, the second stays:
#
# | | [CLS] | | | | [SEP] |
# | --- | ---: | ---: | ---: | ---: | ---: |
# | original | 2 | 17 | 9 | 33 | 3 |
# | corrupted | 2 | **4** | 9 | 33 | 3 |
# | labels | -100 | **17** | -100 | **33** | -100 |
#
# **Why not simply mask all of them?** The slide answers: because `[MASK]` is never seen during
# fine-tuning. Read closely, that is the reason for the two times **10%**, not for the 80%. If a
# chosen token were always `[MASK]`, a model would need to work only where it sees `[MASK]`, and
# when it is fine-tuned on texts without any, it never sees one. With 10% random and 10% kept, every
# token may be wrong, or may be asked for: the model has to have an opinion about each.
#
# **The exact rules** for your function:
#
# - Each position that holds no special token is chosen **independently** of all others with
#   probability `rate`. So a row of 20 tokens has 3 chosen ones *on average*: sometimes 1, sometimes
#   6. "Exactly 15% of each row" is something else, and not what is asked here.
# - `special_ids` lists the special ids. They can stand **anywhere** in the vocabulary. Special tokens
#   are never chosen.
# - Each chosen token has **one** fate, independently of the others: 80%, 10% or 10%.
# - A random token is any id of the vocabulary that is not special, all of them **equally likely**.
#   It may be the original one, by chance. It is never `mask_id`, even where `special_ids` should fail
#   to list that.
# - `input_ids` itself must stay as it is.
#
# **Randomness under control.** A `torch.Generator` is a source of random numbers with a state. The
# same state gives the same numbers, and each draw moves the state on. Whoever calls your function
# may hand over a `generator`; all your draws must come from it (most functions that draw take
# `generator=generator`), so that experiments can be repeated. With `None`, torch uses its own,
# global one. Never set a seed inside of a function: that would make every call the same, and
# everybody else's random numbers as well.
#
# **Watch out.**
#
# - How do you get something that happens with probability 0.15? Look at `torch.rand`.
# - "10% of the chosen" and "10% of those that are left after masking" are different numbers.
# - A boolean mask, `&`, `~`, `torch.where` and `torch.isin` are your friends.


# %% nbgrader={"grade_id": "mask_tokens", "solution": true}
def mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Choose tokens to be predicted, and hide most of them.

    Arguments:
        input_ids: (b, n), dtype int64
        mask_id: the id of [MASK]
        vocab_size: ids are 0 … vocab_size - 1
        special_ids: a list of the ids that are no words
        generator: a torch.Generator from which to draw; None is torch's own
        rate: the probability with which a token is chosen

    Returns:
        (corrupted, labels): both (b, n), dtype int64. The labels are the original ids where a token
        was chosen, and -100 elsewhere.
    """
    ### BEGIN SOLUTION
    special = {mask_id, *special_ids}
    device = input_ids.device
    words = torch.tensor([i for i in range(vocab_size) if i not in special], device=device)
    chosen = torch.rand(input_ids.shape, generator=generator, device=device) < rate
    chosen &= ~torch.isin(input_ids, torch.tensor(sorted(special), device=device))
    labels = input_ids.masked_fill(~chosen, -100)

    fate = torch.rand(input_ids.shape, generator=generator, device=device)
    number = torch.randint(len(words), input_ids.shape, generator=generator, device=device)
    corrupted = torch.where(chosen & (fate < 0.9), words[number], input_ids)
    corrupted = corrupted.masked_fill(chosen & (fate < 0.8), mask_id)
    return corrupted, labels
    ### END SOLUTION


# %% [markdown]
# **Visible tests.** If a test stops with an error, read the last line first.

# %% nbgrader={"grade_id": "try-mask_tokens", "locked": true}
ids = torch.randint(5, 100, (64, 128), generator=torch.Generator().manual_seed(1))
ids[:, 0], ids[:, 60], ids[:, 100:] = 2, 3, 0  # [CLS], [SEP], [PAD]
special_ids = [0, 1, 2, 3, 4]
before = ids.clone()
result = mask_tokens(ids, 4, 100, special_ids, torch.Generator().manual_seed(5))
assert isinstance(result, tuple | list), "mask_tokens returns a pair: (corrupted, labels)"
corrupted, labels = result
for name, tensor in [("corrupted", corrupted), ("labels", labels)]:
    assert tensor.shape == ids.shape, f"{name}: expected shape {tuple(ids.shape)}"
    assert tensor.dtype == torch.int64, f"{name}: expected torch.int64, got {tensor.dtype}"
assert torch.equal(ids, before), "input_ids have changed: work on a copy"

chosen = labels != -100
assert not chosen[before < 5].any(), "special tokens must not be chosen"
assert torch.equal(labels[chosen], ids[chosen]), "the labels of chosen tokens: their original ids"
assert torch.equal(corrupted[~chosen], ids[~chosen]), "tokens that are not chosen stay"
share = (chosen.sum() / (ids >= 5).sum()).item()
assert 0.11 < share < 0.19, f"about 15% of the ordinary tokens should be chosen, not {share:.0%}"
masked = corrupted[chosen] == 4
share = masked.float().mean().item()
assert 0.7 < share < 0.9, f"about 80% of the chosen should be [MASK], not {share:.0%}"
rest = ~masked
kept = (corrupted[chosen] == ids[chosen])[rest].float().mean().item()
assert 0.3 < kept < 0.7, f"about half of the other chosen ones should stay, not {kept:.0%}"

again = mask_tokens(ids, 4, 100, special_ids, torch.Generator().manual_seed(5))
assert torch.equal(again[1], labels), "a generator in the same state must give the same result"
assert torch.equal(again[0], corrupted), "a generator in the same state must give the same result"
one, two = (mask_tokens(ids, 4, 100, special_ids)[1] for _ in range(2))
assert not torch.equal(one, two), "without a generator, each call must draw anew"
print("mask_tokens: all visible tests pass")

# %% nbgrader={"grade_id": "test-mask_tokens", "grade": true, "points": 14}
# 14 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: the labels; all the shares, at `rate` 15% and others; which tokens are never chosen,
# and which never drawn; whether random tokens are drawn evenly; whether positions, rows and calls
# are independent of each other, in large batches and in small ones; the generator; and whether
# `input_ids` stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a5_masked_lm.checks import MASK_TOKENS
from autograder.rubric import grade

grade(MASK_TOKENS, mask_tokens)
### END HIDDEN TESTS

# %% [markdown]
# ### See it
#
# Thirty copies of a text of forty tokens, masked once. White: not chosen. Blue: `[MASK]`. Red: a
# random token. Grey: chosen, and kept.

# %% nbgrader={"grade_id": "figure-masks", "locked": true}
text = torch.arange(5, 45).repeat(30, 1)  # (30, 40)
corrupted, labels = mask_tokens(text, 4, 1000, special_ids, torch.Generator().manual_seed(3))
chosen = labels != -100
fate = chosen * torch.where(corrupted == 4, 1, torch.where(corrupted == text, 2, 3))
colours = plt.matplotlib.colors.ListedColormap(["white", "tab:blue", "silver", "tab:red"])
show_grid(fate, "which tokens are to be predicted", {}, cmap=colours, vmin=0, vmax=3)
counts = [int((fate == k).sum()) for k in (1, 3, 2)]
print(f"chosen: {int(chosen.sum())} of {text.numel()};", end=" ")
print("[MASK] {}, random {}, kept {}".format(*counts))
print("chosen in each row:", *chosen.sum(1).tolist())

# %% [markdown]
# The last line shows what "independently" means: 6 of 40 on average, and hardly ever exactly 6.
# (If your random token happens to be the original one, it looks like a kept one. With 995 ordinary
# ids that is rare.)

# %% [markdown]
# ## A question: why 80-10-10? (4 points)
#
# Answer in the next cell (double-click it), in your own words, in about ten lines. Formulas go
# between dollar signs.
#
# 1. *(1 point)* Suppose that 100% of the chosen tokens became `[MASK]`. What could a model do with
#    all the tokens that are not `[MASK]`, and why does that hurt when it is fine-tuned?
# 2. *(1 point)* Suppose that 80% became `[MASK]` and 20% stayed, with no random tokens. What would
#    the model learn to do wherever it does not see `[MASK]`?
# 3. *(2 points)* The model sees an ordinary word at some position, not `[MASK]`. With what
#    probability is this position one of the chosen ones? And if it is chosen, with what probability
#    is the word the original one? Use the rates of the slide; count a random token as always
#    different from the original.

# %% [markdown] nbgrader={"grade_id": "question-why-80-10-10", "grade": true, "solution": true, "points": 4}
# 1. (1 point.) The loss asks only where `[MASK]` stands. Other positions serve as context, but
#    their own final states need not say anything about their own token. In fine-tuning there is no
#    `[MASK]`, and those states are all that is used: the model meets inputs unlike any it was
#    trained to answer for.
# 2. (1 point.) To copy. Wherever the word is visible and asked for, it is the right answer, so
#    copying has no loss; context is not needed. Random tokens make copying wrong half of the time
#    there.
# 3. (2 points: one each.) Of 100 tokens 85 are not chosen; 15 are, of which 12 become `[MASK]`, 1.5
#    random, 1.5 stay. An ordinary word is seen at $85 + 1.5 + 1.5 = 88$ positions, of which 3 are
#    chosen: $3/88 \approx 3.4\%$. Given that it is chosen, it is the original one in $1.5$ of $3$
#    cases: $50\%$.

# %% [markdown]
# ## Part 2. The loss of the masked words (7 points)
#
# For every position the model gives $V$ numbers, the **logits** $\mathbf z$; softmax makes them a
# distribution over the vocabulary. At a chosen position with the original token $y$ the loss is
# the model's **surprise**,
#
# $$-\log p(y) = -\log\frac{\exp(z_y)}{\sum_{v=1}^{V}\exp(z_v)}
#   = \log\Big(\sum_{v=1}^{V}\exp(z_v)\Big) - z_y ,$$
#
# and the loss of the batch is its **mean over all labelled positions** of the batch:
#
# $$\mathcal L_\text{MLM} = \frac1{|C|}\sum_{(i,t)\in C} -\log p_{i,t}(y_{i,t}),\qquad
#   C = \{(i,t) : \text{labels}_{i,t}\neq -100\}.$$
#
# **By hand.** $V = 4$ and all logits 0: each token has probability $\frac14$, each surprise is
# $\log 4 = 1.386$, and so is their mean, however many are labelled. That number is worth
# remembering: *a model that knows nothing has the loss* $\log V$. With $V = 30{,}522$, BERT's, it
# is $10.3$.
#
# **Three thoughts more.**
#
# 1. **Positions without a label** count neither above nor below the line. Not in each row for
#    itself, either: a row with one label must not weigh as much as a row with ten.
# 2. **Large logits.** $\exp(1000)$ is infinite on a computer, and $\log 0$ is $-\infty$. The formula
#    on the right, with a function that computes the logarithm of the sum as one thing, has no such
#    problem.
# 3. **No label at all.** In a small batch it happens that nothing was chosen. The mean of nothing is
#    $0/0$, not a number, and one such batch would turn all weights of the model into `nan`. Return
#    **zero** then: a zero computed from the logits, so that `loss.backward()` still works, and gives
#    zeros.


# %% nbgrader={"grade_id": "masked_lm_loss", "solution": true}
def masked_lm_loss(logits, labels):
    """The mean of -log p(label) over all positions that have a label.

    Arguments:
        logits: (b, n, V), floating
        labels: (b, n), dtype int64: an id, or -100 for "no label"

    Returns:
        a tensor of shape (), with the dtype of `logits`; 0 where there is no label at all
    """
    ### BEGIN SOLUTION
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total / (labels != -100).sum().clamp(min=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-masked_lm_loss", "locked": true}
expect_close(
    masked_lm_loss(torch.zeros(2, 3, 4), torch.tensor([[-100, 3, -100], [0, -100, 1]])),
    torch.tensor(math.log(4)),
    "a model that knows nothing, V = 4",
)
logits = torch.tensor([[[0.0, math.log(3)], [9.0, -9.0], [math.log(7), 0.0]]])  # p = 1/4, 3/4; …
expect_close(
    masked_lm_loss(logits, torch.tensor([[0, -100, 0]])),
    torch.tensor((math.log(4) + math.log(8 / 7)) / 2),
    "two labels, p = 1/4 and p = 7/8, and a position without a label",
)
rows = torch.tensor([[0, -100, -100], [0, 0, 0]])
expect_close(
    masked_lm_loss(torch.cat([logits, logits]), rows),
    torch.tensor((2 * math.log(4) + math.log(1 + math.exp(-18)) + math.log(8 / 7)) / 4),
    "four labels, one of them in the first row: all count alike",
)
expect_close(
    masked_lm_loss(logits + 1000, torch.tensor([[0, -100, 0]])),
    torch.tensor((math.log(4) + math.log(8 / 7)) / 2),
    "logits around 1000: only differences count",
)
logits.requires_grad_()
nothing = masked_lm_loss(logits, torch.full((1, 3), -100))
expect_close(nothing, torch.tensor(0.0), "no label at all")
assert nothing.requires_grad, "no label at all: the zero must be computed from the logits"
nothing.backward()
expect_close(logits.grad, torch.zeros(1, 3, 2), "no label at all: the gradient")
print("masked_lm_loss: all visible tests pass")

# %% nbgrader={"grade_id": "test-masked_lm_loss", "grade": true, "points": 7}
# 7 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: batches of all shapes with many, few and no labels; logits of ±1,000; gradients;
# float64; devices; and whether the arguments stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a5_masked_lm.checks import MASKED_LM_LOSS
from autograder.rubric import grade

grade(MASKED_LM_LOSS, masked_lm_loss)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3. Does this sentence follow that one? (8 points)
#
# Many tasks ask for the **relation** of two sentences: does one follow from the other? do they say
# the same? is this the answer to that question? Masked words alone hardly teach that. So BERT has a
# second task, **next sentence prediction** (NSP). The slide shows one example of each kind:
#
# > [CLS] the man went to [MASK] store [SEP] he bought a gallon [MASK] milk [SEP] → **IsNext**
# >
# > [CLS] the man [MASK] to the store [SEP] penguin [MASK] are flight ##less birds [SEP] →
# > **NotNext**
#
# Half of the pairs are real: two sentences that follow each other. In the other half, the second
# one is a random sentence of the corpus.
#
# A corpus is a list of **documents**, a document a list of sentences, a sentence a list of ids:
# `documents[d][s]` is sentence `s` of document `d`.
#
# **The exact rules** for your function, which pairs sentence $a$ = `documents[document][sentence]`:
#
# - With probability one half, $b$ is the sentence that follows $a$ in its document, and `is_next`
#   is `True`.
# - Otherwise $b$ is a sentence of **another document** (so it never follows $a$ by accident), and
#   `is_next` is `False`. *Every sentence* of all the other documents is **equally likely**. A
#   document of 90 sentences then comes up nine times as often as one of 10: is that what you get
#   when you draw a document first, and then a sentence?
# - After the **last** sentence of a document nothing follows. Then $b$ is always of the second kind.
# - All draws come from `generator`, as in part 1.
#
# You may count on there being another document, and a sentence in each.


# %% nbgrader={"grade_id": "next_sentence_pair", "solution": true}
def next_sentence_pair(documents, document, sentence, generator=None):
    """Pair a sentence with the one that follows, or with a random one of another document.

    Arguments:
        documents: a list of documents; documents[d][s] is a list of ids
        document, sentence: where the first sentence stands
        generator: a torch.Generator from which to draw; None is torch's own

    Returns:
        (a, b, is_next): two lists of ids, and True or False (a Python bool)
    """
    ### BEGIN SOLUTION
    text = documents[document]
    is_next = torch.rand((), generator=generator).item() < 0.5 and sentence + 1 < len(text)
    if is_next:
        return text[sentence], text[sentence + 1], True
    others = [s for d, other in enumerate(documents) if d != document for s in other]
    number = torch.randint(len(others), (), generator=generator).item()
    return text[sentence], others[number], False
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-next_sentence_pair", "locked": true}
corpus = [[[10], [11, 11], [12]], [[20, 20]], [[30], [31], [32], [33]]]
generator = torch.Generator().manual_seed(0)
found = [next_sentence_pair(corpus, 0, 1, generator) for _ in range(400)]
assert len(found[0]) == 3, "next_sentence_pair returns three things: (a, b, is_next)"
assert all(a == [11, 11] for a, b, is_next in found), "a is documents[document][sentence]"
assert all(isinstance(is_next, bool) for a, b, is_next in found), "is_next is True or False"
real = [b for a, b, is_next in found if is_next]
others = [b for a, b, is_next in found if not is_next]
assert all(b == [12] for b in real), "where is_next is True, b is the sentence that follows"
elsewhere = corpus[1] + corpus[2]
assert all(b in elsewhere for b in others), "where is_next is False, b is of another document"
assert 140 < len(real) < 260, f"about half of 400 pairs should be real, not {len(real)}"
for b in elsewhere:
    assert others.count(b) > 5, f"{b} should come up more often than {others.count(b)} times"
for _, b, is_next in [next_sentence_pair(corpus, 0, 2, generator) for _ in range(50)]:
    assert is_next is False, "nothing follows the last sentence of a document"
    assert b in elsewhere, "after the last sentence, b is of another document"


def repeat():
    state = torch.Generator().manual_seed(7)
    return [next_sentence_pair(corpus, 2, 1, state) for _ in range(20)]


assert repeat() == repeat(), "a generator in the same state must give the same pairs"
print("next_sentence_pair: all visible tests pass")

# %% nbgrader={"grade_id": "test-next_sentence_pair", "grade": true, "points": 8}
# 8 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: which sentences are paired, how often they really follow each other, where the others
# come from and how evenly; the last sentences of documents; the generator; and whether the documents
# stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a5_masked_lm.checks import NEXT_SENTENCE_PAIR
from autograder.rubric import grade

grade(NEXT_SENTENCE_PAIR, next_sentence_pair)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4. Two sentences in one row (7 points)
#
# A batch needs rows of one length. A pair becomes a row like this, here with `max_length=9`:
#
# | | | | | | | | | | |
# | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
# | `input_ids` | [CLS] | $a_1$ | $a_2$ | [SEP] | $b_1$ | $b_2$ | [SEP] | [PAD] | [PAD] |
# | `token_type_ids` | 0 | 0 | 0 | 0 | 1 | 1 | 1 | 0 | 0 |
# | `attention_mask` | 1 | 1 | 1 | 1 | 1 | 1 | 1 | 0 | 0 |
#
# - `[CLS]` stands at the beginning, always. Its state after the last layer is what NSP is predicted
#   from. `[SEP]` ends each of the two sentences.
# - The **token types** say to which sentence a token belongs: 0 for `[CLS]`, $a$ and its `[SEP]`; 1
#   for $b$ and its `[SEP]`. Padding has 0.
# - The **attention mask** says what is text (1) and what is padding (0), so that no token attends to
#   padding.
#
# **When the pair is too long**, tokens are removed one after the other, **always the last token of
# the sentence that is longer at that moment; where both are equally long, the last token of** $b$.
# The special tokens are never cut. So a short sentence stays whole as long as the other one is
# longer.
#
# **By hand.** $a$ has 6 tokens, $b$ has 4, `max_length=10`: there is room for $10 - 3 = 7$. Remove
# from $a$ (5, 4), from $a$ again (4, 4), and at the tie from $b$ (4, 3). Done.


# %% nbgrader={"grade_id": "pack_pair", "solution": true}
def pack_pair(a, b, max_length, cls_id, sep_id, pad_id):
    """Write two sentences as one row: [CLS] a [SEP] b [SEP] and padding.

    Arguments:
        a, b: lists of ids, each with one id or more
        max_length: the length of the row, 5 or more
        cls_id, sep_id, pad_id: the special ids

    Returns:
        (input_ids, token_type_ids, attention_mask): each (max_length,), dtype int64
    """
    ### BEGIN SOLUTION
    a, b = list(a), list(b)  # the caller keeps theirs
    while len(a) + len(b) > max_length - 3:
        longer = a if len(a) > len(b) else b
        longer.pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    padding = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * padding
    mask = [1] * len(ids) + [0] * padding
    return torch.tensor(ids + [pad_id] * padding), torch.tensor(types), torch.tensor(mask)
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-pack_pair", "locked": true}
examples = [
    (([11, 12], [21, 22], 9), ([2, 11, 12, 3, 21, 22, 3, 0, 0], [0, 0, 0, 0, 1, 1, 1, 0, 0], 7)),
    (([11, 12], [21], 6), ([2, 11, 12, 3, 21, 3], [0, 0, 0, 0, 1, 1], 6)),
    (
        ([11, 12, 13, 14, 15, 16], [21, 22, 23, 24], 10),
        ([2, 11, 12, 13, 14, 3, 21, 22, 23, 3], [0] * 6 + [1] * 4, 10),
    ),
    (([11], [21, 22, 23, 24], 6), ([2, 11, 3, 21, 22, 3], [0, 0, 0, 1, 1, 1], 6)),
]
for (a, b, max_length), (ids, types, length) in examples:
    row = pack_pair(a, b, max_length, cls_id=2, sep_id=3, pad_id=0)
    assert len(row) == 3, "pack_pair returns three tensors"
    wanted = [ids, types, [1] * length + [0] * (max_length - length)]
    names = ["input_ids", "token_type_ids", "attention_mask"]
    for name, got, expected in zip(names, row, wanted, strict=True):
        what = f"{name} of a={a}, b={b}, max_length={max_length}"
        expect_close(got, torch.tensor(expected), what)
print("pack_pair: all visible tests pass")

# %% nbgrader={"grade_id": "test-pack_pair", "grade": true, "points": 7}
# 7 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: each of the three rows for pairs that are shorter, exactly as long, and longer than
# the row; other special ids; the dtypes; and whether the lists stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a5_masked_lm.checks import PACK_PAIR
from autograder.rubric import grade

grade(PACK_PAIR, pack_pair)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5. What goes into the encoder (6 points)
#
# The slide *Input embeddings* shows three rows of boxes: each token's vector is the **sum of three**,
# and BERT normalises the sum (LayerNorm):
#
# $$\mathbf x_i = \mathrm{LayerNorm}\big(\mathbf E^\text{token}_{\,\text{id}_i}
#   + \mathbf E^\text{segment}_{\,\text{type}_i} + \mathbf E^\text{position}_{\,i}\big),
#   \qquad i = 0, \dots, n-1$$
#
# - **Token**: a table of $V$ rows, one vector for each id.
# - **Segment**: a table of **two** rows, for first and second sentence. It is how the model knows
#   where $b$ begins, even when all the words are the same.
# - **Position**: a table with a row for each of `max_length` places. The Transformer of 2017 used
#   sines and cosines there, fixed once and for all. BERT **learns** its position vectors, like the
#   others. What that buys is freedom; what it costs is that there is no vector for a place that
#   was never trained, hence BERT's maximum of 512 tokens.
#
# All three are looked up with `nn.Embedding(rows, d_model)`. The attributes must be called `token`,
# `segment`, `position` and `norm` (an `nn.LayerNorm(d_model)`), since the checks copy weights into
# them. There is no dropout here.
#
# **Watch out.** Texts may be shorter than `max_length`: how many position vectors do you need then?
# And on which device do the numbers $0, \dots, n-1$ belong?


# %% nbgrader={"grade_id": "BertEmbeddings", "solution": true}
class BertEmbeddings(nn.Module):
    """Token + segment + position, all three learned, then LayerNorm.

    Attributes `token`, `segment`, `position`: nn.Embedding; `norm`: nn.LayerNorm.
    """

    def __init__(self, vocab_size, max_length, d_model):
        """Make the three tables and the norm.

        Arguments:
            vocab_size: rows of the token table
            max_length: rows of the position table
            d_model: numbers in each vector
        """
        super().__init__()
        ### BEGIN SOLUTION
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)
        ### END SOLUTION

    def forward(self, input_ids, token_type_ids):
        """Embed a batch.

        Arguments:
            input_ids: (b, n), dtype int64; n is at most max_length
            token_type_ids: (b, n), dtype int64: 0 or 1

        Returns:
            (b, n, d_model)
        """
        ### BEGIN SOLUTION
        places = torch.arange(input_ids.shape[1], device=input_ids.device)  # (n,)
        total = self.token(input_ids) + self.segment(token_type_ids) + self.position(places)
        return self.norm(total)
        ### END SOLUTION


# %% nbgrader={"grade_id": "try-BertEmbeddings", "locked": true}
embeddings = BertEmbeddings(vocab_size=10, max_length=4, d_model=6)
wanted = {
    "token.weight": (10, 6),
    "segment.weight": (2, 6),
    "position.weight": (4, 6),
    "norm.weight": (6,),
    "norm.bias": (6,),
}
shapes = {name: tuple(x.shape) for name, x in embeddings.named_parameters()}
assert shapes == wanted, f"the parameters should be\n{wanted}, but are\n{shapes}"

ids, segments = torch.tensor([[7, 3, 7], [1, 2, 9]]), torch.tensor([[0, 0, 1], [0, 1, 1]])
with torch.no_grad():
    got = embeddings(ids, segments)
    assert got.shape == (2, 3, 6), f"expected shape (2, 3, 6), got {tuple(got.shape)}"
    for row, place in [(0, 0), (0, 2), (1, 1)]:
        total = embeddings.token.weight[ids[row, place]]
        total = total + embeddings.segment.weight[segments[row, place]]
        total = total + embeddings.position.weight[place]
        normalised = (total - total.mean()) / total.std(unbiased=False)
        expect_close(got[row, place], normalised, f"the vector of row {row}, position {place}")
print("BertEmbeddings: all visible tests pass")

# %% nbgrader={"grade_id": "test-BertEmbeddings", "grade": true, "points": 6}
# 6 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They copy weights of their own into your module and look at: the names and sizes of its parameters;
# its vectors for texts of all lengths, in training and evaluation mode; float64; gradients; and
# whether the arguments stay as they were.
### BEGIN HIDDEN TESTS
from assignments.a5_masked_lm.checks import BERT_EMBEDDINGS
from autograder.rubric import grade

grade(BERT_EMBEDDINGS, BertEmbeddings)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6. Both losses together (4 points)
#
# The slide: *MLM and NSP are trained together; [CLS] is pre-trained for NSP, the other tokens for
# MLM.* One pass through the encoder gives both: the last state of every token, turned into $V$
# logits, and the last state of `[CLS]`, turned into **two** logits. BERT adds the two losses, each a
# mean of its own, with equal weights:
#
# $$\mathcal L = \mathcal L_\text{MLM} + \mathcal L_\text{NSP},\qquad
# \mathcal L_\text{NSP} = \frac1b\sum_{i=1}^{b} -\log p_i(\text{is\_next}_i)$$
#
# **Convention.** `nsp_logits` is `(b, 2)`. Column 1 is "is next", column 0 is "is not": so `is_next`,
# read as a number, is the right column. (The library `transformers` numbers them the other way
# round. When you use weights of others, look such things up.)
#
# **By hand.** A model that knows nothing has the loss $\log V + \log 2$.


# %% nbgrader={"grade_id": "pretraining_loss", "solution": true}
def pretraining_loss(mlm_logits, labels, nsp_logits, is_next):
    """The loss of the masked tokens plus the loss of next sentence prediction.

    Arguments:
        mlm_logits: (b, n, V), floating
        labels: (b, n), dtype int64: an id, or -100 for "no label"
        nsp_logits: (b, 2), floating; column 1 is "is next"
        is_next: (b,), dtype bool, or int64 with 0 and 1

    Returns:
        a tensor of shape ()
    """
    ### BEGIN SOLUTION
    return masked_lm_loss(mlm_logits, labels) + F.cross_entropy(nsp_logits, is_next.long())
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-pretraining_loss", "locked": true}
mlm_logits, labels = torch.zeros(2, 3, 4), torch.tensor([[-100, 3, -100], [0, -100, 1]])
nsp_logits = torch.tensor([[0.0, math.log(3)], [0.0, 0.0]])  # p(is next) = 3/4 and 1/2
for is_next, surprise in [([True, False], 4 / 3), ([False, True], 4), ([True, True], 4 / 3)]:
    expected = torch.tensor(math.log(4) + (math.log(surprise) + math.log(2)) / 2)
    for dtype in [torch.bool, torch.int64]:
        flags = torch.tensor(is_next).to(dtype)
        got = pretraining_loss(mlm_logits, labels, nsp_logits, flags)
        expect_close(got, expected, f"the example with is_next = {flags.tolist()}")
print("pretraining_loss: all visible tests pass")

# %% nbgrader={"grade_id": "test-pretraining_loss", "grade": true, "points": 4}
# 4 points. Nothing to do here: when your work is graded, this cell runs checks that you don't see.
# They look at: batches of all shapes, some without labels; both kinds of `is_next`; gradients;
# float64; and devices.
### BEGIN HIDDEN TESTS
from assignments.a5_masked_lm.checks import PRETRAINING_LOSS
from autograder.rubric import grade

grade(PRETRAINING_LOSS, pretraining_loss)
### END HIDDEN TESTS

# %% [markdown]
# ## All of it together: a tiny BERT
#
# Nothing to write here, and no points. The cell below trains a BERT with **your** functions and
# PyTorch's own encoder (the one that you will know from assignment 4). It takes about a minute; make
# `MINUTES` larger if you are curious what more patience does.
#
# | | this one | BERT-base |
# | --- | ---: | ---: |
# | text | 23 pages of Python's own help | Wikipedia and books, 3.3 billion words |
# | vocabulary | the 300 commonest words | 30,522 pieces of words (the slide rounds) |
# | layers, $d_\text{model}$, heads | 2, 96, 4 | 12, 768, 12 |
# | longest text | 32 tokens | 512 tokens |
# | parameters | about 260 thousand | 110 million |
# | one step sees | 16 rows | 256 rows of 512 tokens: 131,072 tokens, the slide's *128k* |
#
# Each step draws new pairs and new masks, so the model never sees the same row twice. The table that
# turns ids into vectors serves a second time at the end: the logit of a word is the product of the
# last state and that word's vector, plus a bias. That is BERT's way, and saves many parameters.
#
# What to expect: at first the loss is $\log 305 + \log 2 = 6.4$. Then the model learns how common
# each word is; then, which words go together.

# %% nbgrader={"grade_id": "train", "locked": true} tags=["skip-execution"]
MINUTES = 1.0  # how long to train

import re
import time
from collections import Counter
from pydoc_data.topics import topics

PAGES = "if for while try with class function pass return break continue assert del raise yield"
PAGES += " global nonlocal lambda else booleans numbers integers truth"
N_TOKENS, D_MODEL, ROWS, RATE = 32, 96, 16, 2e-3


def sentences(page):
    """A page as lists of words, in small letters; a blank line ends a sentence, too."""
    parts = re.split(r"[.!?:]\s", re.sub(r"\n\s*\n", " . ", page.lower()))
    return [words for words in (re.findall(r"[a-z]+", part) for part in parts) if len(words) > 3]


pages = [sentences(topics[name]) for name in PAGES.split() if name in topics]
counts = Counter(word for page in pages for sentence in page for word in sentence)
vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
vocabulary += [word for word, _ in counts.most_common(300)]
number_of = {word: number for number, word in enumerate(vocabulary)}
documents = [[[number_of.get(w, UNK) for w in s] for s in page] for page in pages]
places = [(d, s) for d, document in enumerate(documents) for s in range(len(document))]


class TinyBert(nn.Module):
    """Your embeddings, two layers of PyTorch's encoder, and two heads."""

    def __init__(self):
        super().__init__()
        self.embeddings = BertEmbeddings(len(vocabulary), N_TOKENS, D_MODEL)
        for table in (self.embeddings.token, self.embeddings.segment, self.embeddings.position):
            nn.init.normal_(table.weight, std=0.02)
        layer = nn.TransformerEncoderLayer(
            D_MODEL, 4, 4 * D_MODEL, dropout=0.0, activation="gelu", batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.bias = nn.Parameter(torch.zeros(len(vocabulary)))
        self.is_next = nn.Linear(D_MODEL, 2)

    def forward(self, input_ids, token_type_ids, attention_mask):
        x = self.embeddings(input_ids, token_type_ids)
        x = self.encoder(x, src_key_padding_mask=attention_mask == 0)  # here True = may not
        return x @ self.embeddings.token.weight.T + self.bias, self.is_next(x[:, 0])


def draw_rows(count):
    """That many packed pairs: (input_ids, token_type_ids, attention_mask), is_next."""
    rows, answers = [], []
    for place in torch.randint(len(places), (count,)).tolist():
        a, b, is_next = next_sentence_pair(documents, *places[place])
        rows.append(pack_pair(a, b, N_TOKENS, CLS, SEP, PAD))
        answers.append(is_next)
    return [torch.stack(column) for column in zip(*rows, strict=True)], torch.tensor(answers)


torch.manual_seed(0)
torch.set_num_threads(1)  # tensors this small are faster without company
model = TinyBert()
optimiser = torch.optim.AdamW(model.parameters(), lr=RATE)
print(f"{len(places)} sentences, {sum(p.numel() for p in model.parameters())} parameters")
print("seconds   steps    loss   masked words: loss, right   pairs: loss, right")
history, seen, told, start = [], [], 0, time.monotonic()
while (progress := (time.monotonic() - start) / (60 * MINUTES)) < 1:
    warm = min(1, (len(history) + 1) / 100)
    optimiser.param_groups[0]["lr"] = RATE * warm * (1 - progress)
    (ids, types, attention), is_next = draw_rows(ROWS)
    corrupted, labels = mask_tokens(ids, MASK, len(vocabulary), [PAD, UNK, CLS, SEP, MASK])
    words, pairs = model(corrupted, types, attention)
    loss = pretraining_loss(words, labels, pairs, is_next)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    history.append(loss.item())
    asked = labels != -100
    right = (words.argmax(-1) == labels)[asked].float().mean().nan_to_num().item()
    of_words = masked_lm_loss(words, labels).item()
    right_pairs = (pairs.argmax(-1) == is_next.long()).float().mean().item()
    seen.append((loss.item(), of_words, right, loss.item() - of_words, right_pairs))
    if progress >= told / 10:
        told += 1
        mean = [sum(column) / len(seen) for column in zip(*seen, strict=True)]
        line = "{:8.2f}{:13.2f}{:13.0%}{:12.2f}{:8.0%}".format(*mean)
        print(f"{time.monotonic() - start:7.0f}{len(history):8}{line}")
        seen = []

# %% [markdown]
# Now fill in blanks. Each sentence is one of the text, with one word hidden; the model names its
# three best guesses. (It learned these very sentences, by heart to some degree: a text this small
# teaches no general English. Try blanks of your own.)

# %% nbgrader={"grade_id": "fill-in", "locked": true} tags=["skip-execution"]
width = max(1, len(history) // 60)
means = [sum(history[i : i + width]) / width for i in range(0, len(history) - width + 1, width)]
axes = plt.figure(figsize=(7, 2.5)).add_axes([0.06, 0.1, 0.92, 0.76])
axes.plot(means)
axes.set_ylim(0, 7)
axes.set_xticks([])
axes.text(0, 7.2, f"the loss, mean of {width} steps each", weight="bold")
plt.show()


@torch.no_grad()
def fill_in(text, best=3):
    """The model's best guesses for each [MASK] of a text."""
    words = text.replace("[MASK]", "\0").split()
    ids = [MASK if word == "\0" else number_of.get(word, UNK) for word in words]
    types, mask = [0] * (len(ids) + 2), [1] * (len(ids) + 2)
    row = [torch.tensor([x]) for x in ([CLS, *ids, SEP], types, mask)]
    model.eval()
    logits = model(*row)[0][0, 1:-1]
    found = [
        logits[i].topk(best).indices.tolist() for i, number in enumerate(ids) if number == MASK
    ]
    return [[vocabulary[number] for number in guesses] for guesses in found]


tried = hits = 0
for d, s in places[:: max(1, len(places) // 120)]:
    sentence = [vocabulary[number] for number in documents[d][s][: N_TOKENS - 3]]
    hidden = max(range(len(sentence)), key=lambda i: (len(sentence[i]), i))  # the longest word
    if sentence[hidden] == "[UNK]":
        continue
    answer, sentence[hidden] = sentence[hidden], "[MASK]"
    guesses = fill_in(" ".join(sentence))[0]
    tried, hits = tried + 1, hits + (guesses[0] == answer)
    if tried <= 12:
        near = " ".join(sentence[max(0, hidden - 6) : hidden + 7])
        print(
            f"{'right' if guesses[0] == answer else '     '}  {near}\n         {answer}? ", *guesses
        )
print(f"\nthe longest known word of a sentence, hidden: {hits} of {tried} guessed right")

# %% [markdown]
# ## Before you hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*: all must work from top to bottom in a fresh start,
#    as it will when it is graded.
# 2. Did you answer the question after part 1?
# 3. Save, and hand in this file under the name it has.
