"""One submission judged, on notebooks of a few lines: what each cell costs, and what not."""

import math
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import psutil
import pytest

from autograder import notebook_run as module
from autograder.deadlines import Deadlines
from autograder.errors import SandboxUnavailable
from autograder.judge import Judged, judge, submission_seed
from autograder.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

DEADLINES = Deadlines(cell_s=10, call_s=10, grace_s=1, notebook_s=60, memory_bytes=2**30)


def cell(source: str, kind: str = "code", **nbgrader: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"cell_type": kind, "source": source, "metadata": {}}
    if nbgrader:
        made["metadata"] = {"nbgrader": {"grade": False, "solution": False} | nbgrader}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def check(name: str, source: str, points: float = 4) -> dict[str, Any]:
    """A cell of hidden tests."""
    return cell(source, grade=True, grade_id=name, points=points)


@pytest.fixture
def judged(sandbox: Sandbox) -> Callable[..., Judged]:
    """Judges cells; strings are a student's code."""

    def judged(*cells: Any, where: Sandbox | None = None, **options: Any) -> Judged:
        deadlines = {n: options.pop(n) for n in [*options] if n in Deadlines.__struct_fields__}
        made = [cell(one) if isinstance(one, str) else one for one in cells]
        notebook = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        return judge(
            notebook,
            options.pop("blank", {}),
            where or sandbox,
            options.pop("seed", 1),
            msgspec.structs.replace(DEADLINES, **deadlines),
            **options,
        )

    return judged


def points(judged: Judged) -> list[float | None]:
    return [one.points for one in judged.cells]


def text(judged: Judged, index: int) -> str:
    """All that a cell shows, as text."""
    outputs = judged.notebook["cells"][index]["outputs"]
    return "".join(
        output.get("text", "")
        + output.get("data", {}).get("text/plain", "")
        + "\n".join(output.get("traceback", ()))
        for output in outputs
    )


DOUBLE = "def double(x):\n    return 2 * x"
CHECK_DOUBLE = check("test-double", "assert double(2) == 4\nassert double('a') == 'aa'")


# ── points ──────────────────────────────────────────────────────────────────────────────────────


def test_right_wrong_and_missing(judged):
    found = judged(
        DOUBLE,
        CHECK_DOUBLE,
        "def triple(x):\n    return 2 * x",
        check("test-triple", "assert triple(2) == 6, 'expected 6'", 2),
        check("test-square", "print('squares:')\nassert square(2) == 4", 1),
        check("test-again", "assert double(2.5) == 5.0", 1.5),
    )
    assert [(one.grade_id, one.max_points) for one in found.cells] == [
        ("test-double", 4), ("test-triple", 2), ("test-square", 1), ("test-again", 1.5),
    ]  # fmt: skip
    assert points(found) == [4, 0, 0, 1.5]
    assert not any(one.needs_review for one in found.cells)
    assert [one.reason for one in found.cells] == [
        "", "AssertionError: expected 6", "NameError: square is not defined", "",
    ]  # fmt: skip
    assert text(found, 1) == "4.0"
    assert text(found, 4).startswith("squares:\nCheckError: NameError: square is not defined")


def test_a_cell_for_students_alone_is_not_run(judged):
    """Neither in its turn nor in a replay."""
    long = cell("print(1); import os; os._exit(0)")
    long["metadata"]["tags"] = ["skip-execution"]
    long["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "a student's"}]
    found = judged("x = 1", long, "import os; os._exit(0)", "print(x)")
    assert found.notebook["cells"][1]["outputs"] == []
    assert text(found, 3) == "1\n"
    assert len(found.notes) == 1


@pytest.mark.parametrize(
    ("value", "earned"),
    [
        ("2.5", 2.5), ("3", 3), ("0", 0), ("-1", 0), ("99", 4), ("10**400", 4), ("-(10**400)", 0),
        ("float('inf')", 4), ("float('nan')", 0), ("None", 4), ("'text'", 4), ("True", 4),
        ("False", 4), ("[1]", 4),
    ],
)  # fmt: skip
def test_a_number_at_the_end_is_the_points(judged, value, earned):
    found = judged("x = 1", check("test", value))
    assert points(found) == [earned]
    assert text(found, 1) == repr(float(earned))


def test_a_number_of_the_student_s_is_no_way_to_more_than_the_cell_is_worth(judged):
    for value in ("float('nan')", "1e999", "-1e999", "10**4000", "True", "object()"):
        (earned,) = points(judged(f"def f(): return {value}", check("test", "f()")))
        assert earned is not None
        assert 0 <= earned <= 4


def test_what_the_judge_s_own_rubric_found_is_told(judged):
    source = """
from autograder.rubric import CheckFailed, Rubric, grade
RUBRIC = Rubric("none", "double")
@RUBRIC.check("doubles a number", points=3)
def _(student, draw):
    assert student(2) == 4
@RUBRIC.check("doubles a text", points=1)
def _(student, draw):
    if student("a") != "aa":
        raise CheckFailed("a text was not doubled")
grade(RUBRIC, double)
"""
    found = judged(
        "def double(x):\n    return x + x if x == 2 else x", check("test-double", source)
    )
    (verdict,) = found.cells
    assert verdict.points == 3
    assert [(c.title, c.points, c.max_points, c.passed) for c in verdict.checks] == [
        ("doubles a number", 3, 3, True),
        ("doubles a text", 0, 1, False),
    ]
    assert "a text was not doubled" in verdict.checks[1].message
    assert "a text was not doubled" in text(found, 1)
    assert text(found, 1).endswith("3.0")


def test_the_seed_is_the_session_s(judged):
    source = "from autograder.rubric import current_session\nfloat(current_session().seed)"
    assert points(judged("", check("test", source, 100), seed=42)) == [42]


def test_a_question_for_a_person(judged):
    blank = {"why": "Why?\n", "how": "How?", "code": "..."}
    manual = {"grade": True, "solution": True, "points": 3}
    found = judged(
        cell("Because.", "markdown", grade_id="why", **manual),
        cell("  How?\n", "markdown", grade_id="how", **manual),
        cell("1 + 1", grade_id="code", **manual),
        blank=blank,
    )
    assert [(c.points, c.needs_review, c.reason) for c in found.cells] == [
        (None, True, "for a person to grade"),
        (0, False, "no response"),
        (None, True, "for a person to grade"),
    ]
    assert text(found, 2) == "2", "a code answer is run like any other cell"


def test_a_student_s_value_is_used_as_it_is(judged):
    found = judged(
        "import torch\nn = 3\nnames = ['a', ('b',)]\nmodel = torch.nn.Linear(2, 1)\nodd = object()",
        check("test", "assert n == 3 and names == ['a', ('b',)]"),
        check("test-model", "assert model.state_dict()['weight'].shape == (1, 2)"),
        check("test-odd", "odd.anything"),
        check("test-call", "n(2)"),
    )
    assert points(found) == [4, 4, 0, 0]


# ── what breaks, and what it costs ──────────────────────────────────────────────────────────────


def test_a_cell_that_is_no_python_costs_itself(judged):
    found = judged("def double(x:\n  return", CHECK_DOUBLE, DOUBLE, CHECK_DOUBLE)
    assert points(found) == [0, 4]
    assert "SyntaxError" in text(found, 0)


def test_a_cell_that_raises_costs_what_stands_after_the_line(judged):
    found = judged(f"{DOUBLE}\n1/0\ndef triple(x): return 3 * x", CHECK_DOUBLE,
                   check("test-triple", "triple(1)"))  # fmt: skip
    assert points(found) == [4, 0]


def test_a_cell_that_ends_the_process_costs_itself(judged):
    found = judged(
        "first = 1",
        DOUBLE,
        CHECK_DOUBLE,
        "def lost(): return 1\nimport os; os._exit(0)",
        check("test-lost", "lost()"),
        "def late(): return first + 1",
        check("test-late", "assert late() == 2"),
        check("test-double-again", "assert double(1) == 2"),
    )
    assert points(found) == [4, 0, 4, 4]
    assert found.notes == ("cell ?: it ended the notebook's process",)
    assert found.cells[1].reason == (
        "NameError: lost is not defined; a cell before it was left out: "
        "it ended the notebook's process"
    )
    assert "CellStopped" in text(found, 3)


def test_a_cell_that_never_ends_costs_itself(judged):
    found = judged(
        DOUBLE,
        "while True:\n    pass",
        "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass",
        CHECK_DOUBLE,
        cell_s=0.3,
        grace_s=0.3,
    )
    assert points(found) == [4]
    assert found.notes == (
        "cell ?: stopped: it ran for more than 0.3 s",
        "cell ?: stopped: it ran for more than 0.3 s, and it ignored the interrupt",
    )
    assert "KeyboardInterrupt" in text(found, 1)
    assert "ignored the interrupt" in text(found, 2)


ENDS = {
    "loops": "while True: pass",
    "ignores": "import time\n    while 1:\n        try: time.sleep(9)\n        except: pass",
    "dies": "import os; os._exit(1)",
    "raises": "raise SystemExit",
    "hoards": "import time, torch\n    kept = []\n    while True:\n"
    "        kept.append(torch.ones(2**22)); time.sleep(0.001)",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_function_that_goes_wrong_costs_itself(judged, end):
    found = judged(
        f"def f(x):\n    {end}",
        check("test-f", "f(1)"),
        DOUBLE,
        check("test-both", "try:\n    f(1)\nexcept Exception:\n    pass\nassert double(2) == 4"),
        CHECK_DOUBLE,
        call_s=0.5,
        grace_s=0.3,
        memory_bytes=2**27,
    )
    assert points(found) == [0, 4, 4]
    assert found.cells[0].reason


AGAINST_OTHERS = {
    "kills": "os.kill(-1, 9)",
    "stops": "os.kill(-1, 19)",
    "limits": "others(resource.prlimit, resource.RLIMIT_AS, (2**20, 2**20))",
    "bombs": "while os.fork() >= 0: pass",
    "kills all the time": "while os.fork() == 0: os.kill(-1, 9)",
}


@pytest.mark.parametrize("act", AGAINST_OTHERS.values(), ids=AGAINST_OTHERS)
def test_a_function_that_acts_against_the_other_snapshots_costs_itself(judged, act):
    others = """
import os, resource
def others(act, *settings):
    for pid in {*range(1, 100)} - {os.getpid()}:
        try:
            act(pid, *settings)
        except OSError:
            continue
"""
    tensors = "def tensors(x):\n    import torch\n    return torch.ones(2**22).sum().item()"
    found = judged(
        f"{others}\ndef f(x):\n    {act}\n    raise ValueError",
        check("test-f", "f(1)"),
        tensors,
        check("test-tensors", "assert tensors(1) == 2**22"),
        DOUBLE,
        CHECK_DOUBLE,
        call_s=5,
    )
    assert points(found) == [0, 4, 4]


def test_what_a_function_keeps_or_leaves_running_costs_itself(judged):
    """Each test cell has all the memory for itself; what a cell started goes on."""
    start = "import multiprocessing, os, time, torch\nworker = multiprocessing.Pipe()\nkept = []\n"
    found = judged(
        start + "if os.fork() == 0:\n    while True:\n        worker[1].send(worker[1].recv() * 2)",
        "def double(x):\n    worker[0].send(x)\n    return worker[0].recv()",
        "def f(x):\n    kept.append(torch.ones(15 * 2**20))  # 60 MB\n    time.sleep(0.3)",
        "def g(x):\n    if os.fork() == 0:\n        f(x)\n        time.sleep(60)",
        *(check(f"test-{name}", f"{name}(1)") for name in "fgfgfg"),
        CHECK_DOUBLE,
        memory_bytes=100 * 2**20,
    )
    assert points(found) == [4] * 7


def test_what_was_started_for_a_test_cell_ends_with_it(judged, monkeypatch):
    """Or replays would add up to many times the memory that a submission may have."""
    started, alive = [], []
    start = module.Submission.start
    monkeypatch.setattr(
        module.Submission,
        "start",
        lambda self: (
            alive.append(sum(one.alive for one in started)),
            started.append(self),
            start(self),
        ),
    )
    dies = "import os\ndef f():\n    os._exit(1)"
    source = "for _ in range(3):\n    try: f()\n    except Exception: pass"
    judged(dies, *(check(name, source) for name in "abc"))
    assert alive == [0, *[1] * 6]


TOY_RUBRICS = """
from autograder.rubric import CheckFailed, Part, Rubric

def double(x):
    return 2 * x

DOUBLE = Rubric("toy", "double")
QUADRUPLE = Rubric("toy", "quadruple", {"double": Part(DOUBLE, double)})
DIES = Rubric("toy", "dies", {"double": Part(DOUBLE, double)})

def check(rubric, x, times, points):
    @rubric.check(f"of {x}", points=points)
    def _(student, draw):
        if student(x) != times * x:
            raise CheckFailed("wrong")

check(DOUBLE, 2, 2, 4)
check(QUADRUPLE, 1, 4, 2)
check(QUADRUPLE, 2, 4, 2)
check(DIES, 1, 4, 1)
check(DIES, 5, 4, 2)
check(DIES, 2, 4, 1)
"""


@pytest.fixture
def toy_rubrics(tmp_path, monkeypatch):
    """Rubrics of which two build on a third, in a module of their own."""
    (tmp_path / "toy_rubrics.py").write_text(TOY_RUBRICS)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("toy_rubrics", None)


@pytest.mark.parametrize("own", ["return 3 * x", "import os; os._exit(1)", "while True: pass"])
def test_a_broken_part_is_put_right_for_what_builds_on_it(judged, toy_rubrics, own):
    """In a process that takes the place of a lost one, too."""
    grading = "from toy_rubrics import {0}\nfrom autograder.rubric import grade\ngrade({0}, {1})"
    found = judged(
        f"def double(x):\n    {own}",
        check("test-double", grading.format("DOUBLE", "double")),
        "def quadruple(x):\n    return double(double(x))",
        check("test-quadruple", grading.format("QUADRUPLE", "quadruple")),
        "def dies(x):\n    import os\n    return double(2 * x) if x < 3 else os._exit(1)",
        check("test-dies", grading.format("DIES", "dies")),
        call_s=0.5,
        grace_s=0.2,
    )
    assert points(found) == [0, 4, 2]
    notes = [c.message for cell in found.cells[1:] for c in cell.checks if c.carried]
    assert notes == ["right on top of a right double; yours lost its points above"] * 4


def test_replays_are_bounded(judged, monkeypatch):
    started = []
    start = module.Submission.start
    monkeypatch.setattr(
        module.Submission, "start", lambda self: (started.append(self), start(self))
    )
    source = """
for _ in range(100):
    try:
        f()
    except Exception as error:
        print(error)
"""
    found = judged("def f():\n    import os; os._exit(1)", check("a", source), check("b", source))
    assert len(started) == 1 + 2 * module.MOST_REPLAYS  # two test cells
    lines = text(found, 1).splitlines()
    assert lines[0] == "it ended the notebook's process"
    assert lines[99] == "the notebook's process ended, or was too slow, too often"


def test_cells_that_always_end_the_process_are_bounded_too(judged, monkeypatch):
    """A cell that survives the first run and no other."""
    started = []
    start = module.Submission.start
    monkeypatch.setattr(
        module.Submission, "start", lambda self: (started.append(self), start(self))
    )
    cells = ["import os; os._exit(1)"] + ["x = 1"] * 39
    exits = ["import os; os._exit(1)"] * 40
    found = judged(*cells, *exits, DOUBLE, CHECK_DOUBLE)
    assert len(started) == 1 + 2 * module.MOST_REPLAYS  # in running the cells, in one test cell
    assert points(found) == [0]
    assert "too often" in found.cells[0].reason
    assert "not run: the notebook's process ended too often before it" in text(found, 79)


def test_time_is_up_for_the_notebook(judged):
    found = judged(
        DOUBLE, CHECK_DOUBLE, "import time; time.sleep(1)", "def late(): return 1",
        check("test-late", "late()"), notebook_s=0.5,
    )  # fmt: skip
    assert points(found) == [4, 0]
    assert "not run: the notebook took too long before it" in text(found, 3)


def test_time_is_up_for_checks_too(judged):
    """Calls that each stay below their own deadline add up."""
    found = judged(
        "import time\ndef slow(x): time.sleep(0.5); return x", DOUBLE,
        check("test-slow", "for x in range(100):\n    assert slow(x) == x"), CHECK_DOUBLE,
        notebook_s=2,
    )  # fmt: skip
    assert points(found) == [0, 0]
    for one in found.cells:
        assert "not called: the checks took more than 2 s before it" in one.reason
    assert found.seconds["checks"] < 4


# ── secrets and traces ──────────────────────────────────────────────────────────────────────────

STASH = """
import os
seen = []
def f(x):
    seen.append(x)
    with open("/tmp/seen", "a") as file:
        file.write(x)
    os.environ["seen"] = x
    print("printed", x)
    return x
"""
SHOW = """
print(seen, os.path.exists("/tmp/seen"), os.environ.get("seen"))
def g(x):
    return [*seen, os.environ.get("seen")]
"""


def test_hidden_inputs_are_not_seen_by_cells_nor_by_other_snapshots(judged):
    found = judged(
        STASH,
        check("test-f", "assert f('hidden') == 'hidden'"),
        SHOW,
        check("test-g", "assert g('x') == [None], g('x')"),
        "print(seen)",
    )
    assert points(found) == [4, 4]
    assert text(found, 2) == "[] False None\n"
    shown = "".join(text(found, index) for index in range(5))
    assert "hidden" not in shown
    assert "printed" not in shown


def test_hidden_inputs_are_not_seen_by_cells_that_are_replayed(judged):
    """The second run of a cell is for its definitions alone: what it prints is not kept."""
    found = judged(
        STASH + "print(*os.listdir('/tmp'))\n",
        check("test-f", "f('hidden')\n4"),
        "def die(x): os._exit(0)",
        check("test-die", "die('hidden')"),
        check("test-again", "assert f('hidden') == 'hidden'"),
    )
    assert points(found) == [4, 0, 4]
    assert "hidden" not in text(found, 0) + text(found, 2)


def test_the_student_s_process_never_holds_the_hidden_tests(judged):
    """Not even as source: neither In nor any file nor any object of the process tells of them."""
    source = "assert 'watch' + 'word' not in f('')"
    look = """
import gc, sys
def f(x):
    held = [str(In), str(sys.modules.keys())]
    held += [o for o in gc.get_objects() if isinstance(o, str)]
    held += [repr(o) for o in gc.get_objects() if type(o) in (list, tuple, dict) and len(o) < 50]
    sought = " ".join(["assert", "'watch'"])  # computed, or this function's constants hold it
    return "watch" + "word" if any(sought in text for text in held) else ""
"""
    assert points(judged(look, check("test", source))) == [4]


def test_outputs_are_the_first_run_s(judged):
    found = judged(
        "print('once'); x = 7\nx",
        cell("A *lesson*", "markdown"),
        "1/0",
        "def die(): import os; os._exit(0)",
        check("test", "die()"),
        "import sys; print('late', file=sys.stderr)",
    )
    cells = found.notebook["cells"]
    assert text(found, 0) == "once\n7"
    assert [c.get("execution_count") for c in cells] == [1, None, 2, 3, None, 4]
    assert "ZeroDivisionError" in text(found, 2)
    assert cells[5]["outputs"][0]["name"] == "stderr"


def test_what_was_given_is_not_changed(judged):
    given = [cell("1 + 1"), check("test", "1")]
    judged(*given)
    assert [one["outputs"] for one in given] == [[], []]


def test_data_files_are_there(judged):
    found = judged("text = open('data/notes.txt').read()", check("test", "assert text == 'hi'"),
                   files={"data/notes.txt": b"hi"})  # fmt: skip
    assert points(found) == [4]


def test_no_process_is_left(judged, sandbox):
    top = psutil.Process(sandbox._process.pid)
    judged(DOUBLE, CHECK_DOUBLE, "import os; os._exit(0)", CHECK_DOUBLE)
    psutil.wait_procs(top.children(recursive=True), timeout=1)
    left = [p for p in top.children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    assert len(left) == 2, "bubblewrap's own, and the warm process"


def test_the_time_is_told(judged):
    seconds = judged("import time; time.sleep(0.2)", check("test", "1")).seconds
    assert seconds.keys() == {"fork", "cells", "checks"}
    assert seconds["cells"] > 0.2
    assert all(0 < value < 60 for value in seconds.values())


def test_without_a_sandbox_nothing_is_judged(judged):
    closed = Sandbox.__new__(Sandbox)

    def spawn():
        raise SandboxUnavailable("gone")

    closed.spawn = spawn  # type: ignore[method-assign]
    with pytest.raises(SandboxUnavailable, match="gone"):
        judged("1", where=closed)


def test_seeds_differ_between_submissions_and_agree_between_gradings():
    assert submission_seed(1, b"a") == submission_seed(1, b"a")
    assert len({submission_seed(c, s) for c in (1, 2) for s in (b"a", b"b")}) == 4
    assert all(0 <= submission_seed(c, b"") < 2**64 for c in (0, 2**70))
    assert not math.isnan(submission_seed(0, b""))
