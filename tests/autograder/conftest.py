"""What many tests stand on.

A tiny course of three questions, built by stock nbgrader once and copied for each test; and one
warm sandbox for all that run student code.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.course import Course
from autograder.deadlines import Deadlines
from autograder.errors import SandboxUnavailable
from autograder.sandbox import Sandbox
from autograder.verdict import SCHEMA, CellVerdict, CheckReport, Verdict, folder_of, save

ANSWER = "def double(x):\n    return 2 * x"
WORTH = {"test-double": 4.0, "test-triple": 2.0, "question-why": 3.0}


def _label(grade_id: str, *, grade: bool, solution: bool, points: float = 0.0) -> dict[str, Any]:
    label: dict[str, Any] = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": grade and not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return {"nbgrader": label | ({"points": points} if grade else {})}


def tiny_source(secret: str = "assert double(3) == 6") -> nbformat.NotebookNode:
    """The instructor's notebook."""
    stub = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
    hidden = f"# Doubles numbers.\n### BEGIN HIDDEN TESTS\n{secret}\n### END HIDDEN TESTS"
    cells = [
        new_markdown_cell("# Tiny\nA formula: $\\sqrt{d_k}$", id="lesson"),
        new_code_cell(
            stub.format(ANSWER),
            id="double",
            metadata=_label("double", grade=False, solution=True),
        ),
        new_code_cell(
            hidden,
            id="test-double",
            metadata=_label("test-double", grade=True, solution=False, points=4),
        ),
        new_code_cell(
            stub.format("def triple(x):\n    return 3 * x"),
            id="triple",
            metadata=_label("triple", grade=False, solution=True),
        ),
        new_code_cell(
            "assert triple(3) == 9",
            id="test-triple",
            metadata=_label("test-triple", grade=True, solution=False, points=2),
        ),
        new_markdown_cell(
            "Why?",
            id="question-why",
            metadata=_label("question-why", grade=True, solution=True, points=3),
        ),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


@pytest.fixture(scope="session")
def built_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course folder after `nbgrader generate_assignment tiny`."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    root = tmp_path_factory.mktemp("built") / "course"
    course = Course.create(root)
    (course.source / "tiny").mkdir()
    nbformat.write(tiny_source(), course.source / "tiny" / "tiny.ipynb")
    # nbgrader asks the command `alembic`, found beside Python, for the schema's version.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        where = CourseDirectory(root=str(root), assignment_id="tiny")
        GenerateAssignment(coursedir=where).start()
    return root


@pytest.fixture
def tiny(built_course: Path, tmp_path: Path) -> Course:
    """A course of one's own, with the assignment `tiny` released and nobody in it."""
    root = tmp_path / "course"
    shutil.copytree(built_course, root, symlinks=True)
    return Course(root)


@pytest.fixture
def hand_in(tiny: Course) -> Callable[..., nbformat.NotebookNode]:
    """Hand in the released notebook with answers put in: `hand_in("ada", double="…")`."""

    def hand_in(
        student: str, *, timestamp: str | None = None, **answers: str
    ) -> nbformat.NotebookNode:
        notebook = nbformat.read(tiny.release / "tiny" / "tiny.ipynb", as_version=4)
        for cell in notebook.cells:
            answer = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
            cell.source = cell.source if answer is None else answer
        folder = tiny.submitted / student / "tiny"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "tiny.ipynb")
        if timestamp is not None:
            (folder / "timestamp.txt").write_text(timestamp)
        return notebook

    return hand_in


@pytest.fixture
def judged(
    tiny: Course, hand_in: Callable[..., nbformat.NotebookNode]
) -> Callable[..., tuple[Verdict, nbformat.NotebookNode]]:
    """What the judge would make of a submission: a stored verdict and its executed notebook.

    `judged("ada", {"test-double": 4.0}, double="…", question="…")`; cells not named get 0 points.
    """

    def judged(
        student: str,
        points: dict[str, float | None] | None = None,
        *,
        timestamp: str | None = None,
        changes: Iterable[CellVerdict] = (),
        status: Any = "graded",
        reason: str = "",
        **answers: str,
    ) -> tuple[Verdict, nbformat.NotebookNode]:
        answers = {name.replace("question", "question-why"): text for name, text in answers.items()}
        submitted = hand_in(student, timestamp=timestamp, **answers)
        executed = tiny.template("tiny")
        found = {name: 0.0 for name in WORTH} | (points or {})
        if "question-why" in answers:
            found["question-why"] = None
        for cell, theirs in zip(executed.cells, submitted.cells, strict=True):
            label = cell.metadata.get("nbgrader", {})
            if label.get("solution"):
                cell.source = theirs.source
            elif label.get("grade"):
                got = found[label["grade_id"]]
                cell.outputs = [
                    new_output("stream", name="stdout", text=f"double: {got} points\n"),
                    new_output("execute_result", data={"text/plain": repr(got)}),
                ]
        cells = {
            name: CellVerdict(
                name,
                worth,
                found[name],
                found[name] is None,
                "for a person to grade" if found[name] is None else "",
                ()
                if name.startswith("question")
                else (CheckReport("of 3", found[name] or 0.0, worth, found[name] == worth),),
            )
            for name, worth in WORTH.items()
        } | {change.grade_id: change for change in changes}
        verdict = Verdict(
            SCHEMA,
            "tiny",
            student,
            "key",
            status,
            reason,
            tuple(cells.values()) if status == "graded" else tuple(changes),
            (),
            {"whole": 0.1},
        )
        return save(verdict, executed, folder_of(tiny, "tiny", student)), executed

    return judged


# ── student code, run for real ──────────────────────────────────────────────────────────────────

CANARY = "canary-of-the-tests"  # must never be seen by student code

QUICK = Deadlines(cell_s=20, call_s=20, grace_s=2, notebook_s=120, memory_bytes=2**30)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A warm sandbox. Where there can be none, what needs one fails: nothing else proves it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSEWARE_CANARY", CANARY)
        made = Sandbox().start()
    try:
        made.wait_ready()
    except SandboxUnavailable:
        made.close()
        raise
    yield made
    made.close()


@pytest.fixture
def submission(sandbox: Sandbox) -> Iterator[Callable[..., Any]]:
    """Starts submissions: `submission(cell_s=1)`; all are ended with the test."""
    import msgspec

    from autograder.student import Submission

    started = []

    def submission(
        where: Sandbox | None = None, files: dict[str, bytes] | None = None, **deadlines: Any
    ) -> Submission:
        changed = msgspec.structs.replace(QUICK, **deadlines)
        started.append(Submission(where or sandbox, changed, files or {}))
        started[-1].start()
        return started[-1]

    yield submission
    for one in started:
        one.close()


@pytest.fixture(scope="session")
def printed() -> Callable[[Any], str]:
    """What a cell printed; it must have come to its end without an exception."""

    def printed(outcome: Any) -> str:
        assert outcome.trouble == ""
        errors = [output for output in outcome.outputs if output.output_type == "error"]
        assert not errors, "\n".join(errors[0].traceback)
        return "".join(output.text for output in outcome.outputs if output.output_type == "stream")

    return printed


@pytest.fixture
def probe(submission: Callable[..., Any], printed: Callable[[Any], str]) -> Callable[..., str]:
    """Runs one cell as student code in a process of its own and gives what it printed."""

    def probe(source: str, **options: Any) -> str:
        one = submission(**options)
        try:
            return printed(one.run(source))
        finally:
            one.close()

    return probe
