"""Checks of `joint_loss(n, d, E, A, B, alpha, beta)`.

Left out: zero and negative sizes. Proved by: `autograder validate a7_scaling_laws`.
"""

import copy
from dataclasses import asdict
from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks import numbers
from assignments.a7_scaling_laws.checks.joint_runs import LARGE, SMALL, drawn_law, drawn_runs
from autograder.draw import Draw
from autograder.rubric import Rubric
from reference.joint_law import JointLaw

JOINT_LOSS = Rubric("a7_scaling_laws", "joint_loss")

WHAT = "joint_loss"
WHY = "what no model can predict, what N parameters miss, what D tokens leave unseen, added up"


def sides(draw: Draw, law: JointLaw) -> tuple[np.ndarray, np.ndarray]:
    """A column of sizes and a row of tokens: the sides of a table."""
    n, d, _ = drawn_runs(draw, law, SMALL)
    return n[:3, None], d[:4]


@JOINT_LOSS.check("E + A / N^alpha + B / D^beta, run by run", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for scale in (SMALL, LARGE):
        law = drawn_law(draw, scale)
        n, d, _ = drawn_runs(draw, law, scale)
        got = student(n.copy(), d.copy(), **asdict(law))
        numbers.near(got, law.loss(n, d), what=WHAT, why=WHY)


@JOINT_LOSS.check("any shapes that broadcast, numbers too")
def _(student: Any, draw: Draw) -> None:
    law = drawn_law(draw, SMALL)
    n, d = sides(draw, law)
    for size, tokens in ((n, d), (n, float(d[0])), (float(n[0, 0]), d)):
        got = student(*copy.deepcopy((size, tokens)), **asdict(law))
        why = "a column of sizes and a row of tokens give a table of losses; " + WHY
        numbers.near(got, law.loss(size, tokens), what=WHAT, why=why)
    one = student(float(n[0, 0]), float(d[0]), **asdict(law))
    numbers.near(one, law.loss(float(n[0, 0]), float(d[0])), what=WHAT, why=WHY)


@JOINT_LOSS.check("arguments in the order given, and left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    law = drawn_law(draw, SMALL)
    n, d, _ = drawn_runs(draw, law, SMALL)
    now = n.copy(), d.copy()
    got = student(*now, law.E, law.A, law.B, law.alpha, law.beta)
    numbers.near(got, law.loss(n, d), what=WHAT, why="the order is n, d, E, A, B, alpha, beta")
    numbers.unchanged(now[0], n, what="n")
    numbers.unchanged(now[1], d, what="d")
