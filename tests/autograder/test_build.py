"""Building the assignments there are, with stock nbgrader."""

import importlib
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import nbformat
import pytest
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory

from autograder import build as module
from autograder.build import assignments, build, source_of
from autograder.course import Course
from autograder.errors import BuildError, LeakError
from autograder.regions import SOLUTION, split

NAME = "a3_attention"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course.create(tmp_path_factory.mktemp("built") / "course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/usr/bin:/bin")  # an environment that is not activated
        assert build(course, NAME) == course.release / NAME
    return course


@pytest.fixture(scope="module")
def template(course):
    return course.template(NAME)


@pytest.fixture(scope="module")
def release(course):
    return course.released(NAME)


def labels(notebook):
    found = (cell.metadata.get("nbgrader") for cell in notebook.cells)
    return {label["grade_id"]: label for label in found if label}


def test_the_assignments_are_found():
    assert NAME in assignments()
    assert source_of(NAME).name == f"{NAME}.py"
    with pytest.raises(BuildError, match=r"there is no assignment 'a99'; there is .*a3_attention"):
        source_of("a99")


def test_both_notebooks_are_valid_and_alone_in_their_folders(course, template, release):
    for step, notebook in ((course.source, template), (course.release, release)):
        nbformat.validate(notebook)
        assert [path.name for path in (step / NAME).iterdir()] == [f"{NAME}.ipynb"]
    assert [cell.id for cell in template.cells] == [cell.id for cell in release.cells]
    assert all(
        cell.id == cell.metadata.nbgrader.grade_id for cell in release.cells if cell.metadata
    )


def test_a_second_build_says_nothing_and_changes_no_byte(course, capfd):
    files = [step / NAME / f"{NAME}.ipynb" for step in (course.source, course.release)]
    before = [path.read_bytes() for path in files]
    build(course, NAME)
    assert [path.read_bytes() for path in files] == before
    assert capfd.readouterr() == ("", "")


def test_students_get_stubs_where_the_solutions_are(template, release):
    stub = "# YOUR CODE HERE\n{0}raise NotImplementedError()"
    for ours, theirs in zip(template.cells, release.cells, strict=True):
        if ours.id == "question-why-scale":
            assert theirs.source == "YOUR ANSWER HERE"
        elif labels(template).get(ours.id, {}).get("solution"):
            assert stub.format(" " * 4) in theirs.source or stub.format(" " * 8) in theirs.source
            assert '"""' in theirs.source, "students see the signature with its shapes"
            assert theirs.metadata.deletable is False


def test_the_functions_their_tests_and_their_points_are_those_agreed(release):
    worth = {
        "softmax": 8,
        "attend": 8,
        "causal_mask": 4,
        "scaled_dot_product_attention": 14,
        "MultiHeadAttention": 16,
        "sinusoidal_positions": 6,
    }
    found = list(labels(release))
    order = [name for name in found if not name.startswith(("setup", "figure", "exp", "question"))]
    assert order == [name for f in worth for name in (f, f"try-{f}", f"test-{f}")]
    points = {name: label["points"] for name, label in labels(release).items() if label["grade"]}
    expected = {f"test-{name}": value for name, value in worth.items()} | {"question-why-scale": 4}
    assert points == expected
    assert sum(points.values()) == 60


def test_the_text_tells_the_points_that_are_given(release):
    text = "\n".join(cell.source for cell in release.cells)
    points = [label["points"] for label in labels(release).values() if label["grade"]]
    assert [int(n) for n in re.findall(r"^## .*\((\d+) points\)", text, re.M)] == points
    assert [int(n) for n in re.findall(r"^\|.*\| (\d+) \|$", text, re.M)] == points
    assert "| **60** |" in text
    for cell in release.cells:
        if told := re.match(r"# (\d+) points\. Nothing", cell.source):
            assert int(told[1]) == cell.metadata.nbgrader.points


def test_nbgrader_knows_what_each_cell_is_worth(course):
    with closing(sqlite3.connect(course.root / "gradebook.db")) as db:
        rows = db.execute(
            "SELECT name, max_score FROM base_cell JOIN grade_cells USING (id) ORDER BY name"
        ).fetchall()
    assert len(rows) == 7
    assert sum(score for _, score in rows) == 60


@pytest.fixture(scope="module")
def code(template, release):
    """The code that runs on a student's machine, with our solutions put in, and without."""

    def text(cells):
        return "\n\n".join(cell.source for cell in cells if cell.cell_type == "code")

    solved = [
        ours if labels(template).get(ours.id, {}).get("solution") else theirs
        for ours, theirs in zip(template.cells, release.cells, strict=True)
    ]
    return text(solved), release.cells


ALONE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"autograder", "reference", "assignments"}:
            raise ImportError(f"{name} is not on a student's machine")
sys.meta_path.insert(0, Blocked())
"""


def test_the_solved_notebook_passes_its_visible_tests_without_our_packages(code, tmp_path):
    script = tmp_path / "solved.py"
    script.write_text(ALONE + code[0])
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("all visible tests pass") == 6


def test_each_visible_test_fails_where_nothing_is_written(code):
    scope = {}
    for cell in code[1]:
        if cell.id == "setup" or labels_solution(cell):
            exec(cell.source, scope)
    for cell in code[1]:
        if cell.id.startswith("try-"):
            with pytest.raises(NotImplementedError):
                exec(cell.source, scope)


def labels_solution(cell):
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")


WRONG = {
    "softmax": [
        "powers = torch.exp(x); return powers / powers.sum(dim, keepdim=True)",
        "return torch.softmax(x, dim)",
        "return torch.softmax(x, -1).nan_to_num(0)",
        "return torch.softmax(x.float(), dim).nan_to_num(0)",
        "return x / x.sum(dim, keepdim=True)",
    ],
    "attend": [
        "w = softmax(torch.tensor([score(query, k) for k in keys])); return w, w @ values",
        "w = torch.stack([score(query, k) for k in keys]); return w, w @ values",
        "w = softmax(torch.stack([score(query, k) for k in keys])); return w @ values",
        "w = softmax(torch.stack([score(query, k) for k in keys])); return w, w @ keys",
    ],
    "causal_mask": [
        "return torch.ones(n, n, dtype=torch.bool).triu()",
        "return torch.ones(n, n).tril()",
        "return torch.ones(n, n, dtype=torch.bool).tril(-1)",
    ],
    "scaled_dot_product_attention": [
        "return softmax(q @ k.transpose(-2, -1)) @ v",
        "return softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])) @ v",
        "s = q @ k.transpose(-2, -1) / q.shape[-1]**.5\n"
        "    if mask is not None: s = s.masked_fill(mask, -math.inf)\n"
        "    return softmax(s) @ v",
        "w = softmax(q @ k.transpose(-2, -1) / q.shape[-1]**.5)\n"
        "    if mask is not None: w = w * mask\n"
        "    return w @ v",
    ],
    "sinusoidal_positions": [
        "i = torch.arange(n)[:, None]\n"
        "    a = i / 10000 ** (2 * torch.arange(d_model // 2) / d_model)\n"
        "    return torch.stack([a.sin(), a.cos()], -1).flatten(-2)",
        "i = torch.arange(1, n + 1)[:, None]\n"
        "    a = i / 10000 ** (2 * torch.arange(1, d_model // 2 + 1) / d_model)\n"
        "    return torch.cat([a.sin(), a.cos()], -1)",
    ],
}


@pytest.mark.filterwarnings("ignore")  # torch warns of some of the mistakes
@pytest.mark.parametrize(("name", "body"), [(n, b) for n, each in WRONG.items() for b in each])
def test_visible_tests_find_the_common_mistakes(name, body, template):
    cells = {cell.id: cell.source for cell in template.cells}
    scope = {}
    exec(cells["setup"], scope)
    exec(cells["softmax"], scope)
    head = "\n".join(split(cells[name], SOLUTION)[0])
    exec(f"{head}\n    {body}", scope)
    with pytest.raises((AssertionError, RuntimeError)):
        exec(cells[f"try-{name}"], scope)


@pytest.fixture
def with_data(monkeypatch, tmp_path):
    """A course whose assignment hands out a table that lies in `reference/data/`."""
    monkeypatch.setattr(
        importlib.import_module(f"assignments.{NAME}"), "DATA", ("runs.csv",), False
    )
    folder_of = module._folder_of
    monkeypatch.setattr(
        module, "_folder_of", lambda name: tmp_path if name == "reference" else folder_of(name)
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data/runs.csv").write_text("loss\n2.5\n")
    return Course.create(tmp_path / "course")


def test_data_files_stand_in_the_source_and_in_the_release(with_data):
    build(with_data, NAME)
    for folder in (with_data.source, with_data.release):
        assert (folder / NAME / "data/runs.csv").read_text() == "loss\n2.5\n"
    assert with_data.data_files(NAME) == {"data/runs.csv": b"loss\n2.5\n"}


def test_a_second_build_brings_data_up_to_date(with_data, tmp_path):
    build(with_data, NAME)
    (tmp_path / "data/runs.csv").write_text("loss\n2.6\n")
    build(with_data, NAME)
    assert with_data.data_files(NAME) == {"data/runs.csv": b"loss\n2.6\n"}


def test_missing_data_are_told_before_nbgrader_is_asked(with_data, tmp_path):
    (tmp_path / "data/runs.csv").unlink()
    with pytest.raises(BuildError, match=r"hands out runs\.csv, but reference/data/ has none"):
        build(with_data, NAME)
    assert not (with_data.release / NAME).exists()


@pytest.mark.filterwarnings("ignore")  # sqlalchemy's, of nbgrader's session
def test_stock_nbgrader_grades_with_the_instructors_copy_of_the_data(with_data):
    """Whatever a student hands in under that name."""
    build(with_data, NAME)
    folder = with_data.submitted / "ada" / NAME
    shutil.copytree(with_data.release / NAME, folder)
    (folder / "data/runs.csv").write_text("loss\n0.1\n")
    where = CourseDirectory(root=str(with_data.root), assignment_id=NAME)
    autograde = Autograde(coursedir=where)
    autograde.sanitize_preprocessors, autograde.autograde_preprocessors = [], []  # no kernel
    autograde.start()
    graded = with_data.autograded / "ada" / NAME / "data/runs.csv"
    assert graded.read_text() == "loss\n2.5\n"


def files_of(course):
    folders = (course.source / NAME, course.release / NAME)
    return {path: path.read_bytes() for f in folders for path in f.rglob("*") if path.is_file()}


def test_a_leak_puts_the_release_of_before_back(course):
    stray = course.source / NAME / "solutions.py"
    stray.write_text("")
    try:
        before = files_of(course)
        with pytest.raises(LeakError, match=r"solutions\.py: neither a notebook nor a data file"):
            build(course, NAME)
        assert files_of(course) == before
        assert not (course.release / NAME / "solutions.py").exists()
    finally:
        stray.unlink()
        build(course, NAME)


def test_a_first_release_that_leaks_is_removed(tmp_path):
    course = Course.create(tmp_path / "course")
    (course.source / NAME).mkdir()
    (course.source / NAME / "solutions.py").write_text("")
    with pytest.raises(LeakError, match=r"neither a notebook nor a data file in `data/`$"):
        build(course, NAME)
    assert [path.name for path in files_of(course)] == ["solutions.py"]


def test_a_build_that_fails_puts_source_and_release_of_before_back(course, monkeypatch):
    before = files_of(course)
    at_fault = before[course.source / NAME / f"{NAME}.ipynb"].replace(
        b'"points": 8', b'"points": -1'
    )
    monkeypatch.setattr(module, "to_notebook", lambda *_: at_fault)
    with pytest.raises(BuildError, match=r"failed: .*; what was built before is back in place: "):
        build(course, NAME)
    assert files_of(course) == before


def test_what_nbgrader_cannot_do_is_told_in_one_line(tmp_path):
    course = Course.create(tmp_path / "course")
    (course.root / "gradebook.db").write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(BuildError, match="file is not a database") as caught:
        build(course, NAME)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"`nbgrader generate_assignment {NAME}` failed: ")
