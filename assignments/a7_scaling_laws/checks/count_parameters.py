"""Checks of `count_parameters(n_layers, d_model, vocab_size, context_length)`.

Each part of the count has a check of its own, which asks for differences alone: how much one more
word, position or layer adds. So a mistake in one part leaves the points of the others.
Left out: other forms than GPT-2's. Proved by: `autograder validate a7_scaling_laws`.
"""

from typing import Any

from assignments.a7_scaling_laws.checks import numbers
from autograder.draw import Draw
from autograder.rubric import CheckFailed, Rubric
from reference.model_sizes import Architecture

COUNT_PARAMETERS = Rubric("a7_scaling_laws", "count_parameters")

WHAT = "count_parameters"
Sizes = tuple[int, int, int, int]


def exact(n_layers: int, d_model: int, vocab_size: int, context_length: int) -> int:
    """Count what GPT-2's form has; how many heads there are does not matter."""
    form = Architecture(
        decoder_layers=n_layers,
        d_model=d_model,
        n_heads=1,
        d_ff=4 * d_model,
        vocab_size=vocab_size,
        positions=context_length,
    )
    return form.parameters().total


def sizes(draw: Draw, count: int) -> list[Sizes]:
    """Draw models from tiny ones to 96 layers, no two sizes of one model alike."""
    return [
        (
            draw.integer(1, 97),
            4 * draw.integer(2, 3000),
            draw.integer(200, 100_000),
            draw.integer(16, 4096),
        )
        for _ in range(count)
    ]


def counted(student: Any, given: Sizes) -> int:
    """The student's count, which must be a whole number; it may be written as a float."""
    value = student(*given)
    if type(value) is int:
        return value
    found = numbers.number(value, what=WHAT)
    if not found.is_integer():
        raise CheckFailed(f"{WHAT}: expected a whole number, got one with decimals")
    return int(found)


def added(student: Any, one: Sizes, more: Sizes) -> int:
    """How many parameters the student counts in one model beyond those of another."""
    larger, smaller = (counted(student, given) for given in (more, one))
    return larger - smaller


@COUNT_PARAMETERS.check("the exact number", points=2)
def _(student: Any, draw: Draw) -> None:
    for given in [*sizes(draw, 6), (1, 1, 1, 1)]:
        if counted(student, given) != exact(*given):
            raise CheckFailed(f"{WHAT}: a number is not exact: go through the table row by row")


@COUNT_PARAMETERS.check("what one more layer adds", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for layers, d, words, positions in sizes(draw, 4):
        given = layers, d, words, positions
        if added(student, given, (layers + 1, *given[1:])) != exact(2, d, 0, 0) - exact(1, d, 0, 0):
            raise CheckFailed(
                f"{WHAT}: a layer has four square matrices in its attention, two of 4 d² in its "
                "feed-forward network, a bias for every output of these six, and two norms with "
                "a gain and a bias each"
            )


@COUNT_PARAMETERS.check("what one more word and one more position add", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for layers, d, words, positions in sizes(draw, 4):
        given = layers, d, words, positions
        if added(student, given, (layers, d, words + 1, positions)) != d:
            raise CheckFailed(
                f"{WHAT}: a word has one vector, which serves at both ends of the model"
            )
        if added(student, given, (layers, d, words, positions + 1)) != d:
            raise CheckFailed(f"{WHAT}: a position has one vector")


@COUNT_PARAMETERS.check("what the width alone accounts for")
def _(student: Any, draw: Draw) -> None:
    """Take words, positions and layers off the student's count by the student's own numbers."""
    for layers, d, words, positions in sizes(draw, 4):
        given = layers, d, words, positions
        count = counted(student, given)
        count -= words * added(student, given, (layers, d, words + 1, positions))
        count -= positions * added(student, given, (layers, d, words, positions + 1))
        count -= layers * added(student, given, (layers + 1, d, words, positions))
        if count != 2 * d:
            raise CheckFailed(
                f"{WHAT}: beside embeddings and layers there is one norm, at the end, with a gain "
                "and a bias; the head has no parameters of its own, and no bias"
            )
