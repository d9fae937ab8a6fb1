"""The search for leaks: everything planted in a release is found, and a clean one passes."""

import copy
import inspect

import nbformat
import pytest

from autograder import leaks
from autograder.build import source_of
from autograder.course import Course
from autograder.errors import LeakError
from autograder.misconception import known, right
from autograder.percent import to_notebook
from autograder.regions import HIDDEN_TESTS, SOLUTION, split

NAME = "a3_attention"


@pytest.fixture(scope="module")
def rubrics():
    return leaks.rubrics(NAME)


@pytest.fixture(scope="module")
def template(rubrics):
    points = {name: rubric.points for name, rubric in rubrics.items()}
    data = to_notebook(source_of(NAME).read_text(encoding="utf-8"), NAME, points)
    return nbformat.reads(data.decode(), 4)


@pytest.fixture(scope="module")
def clean(template):
    """What nbgrader makes of it."""
    release = copy.deepcopy(template)
    for cell in release.cells:
        if cell.id == "question-why-scale":
            cell.source = "YOUR ANSWER HERE"
        for kind in (SOLUTION, HIDDEN_TESTS):
            cell.source = "\n".join(split(cell.source, kind)[0])
    return release


@pytest.fixture
def release(clean):
    return copy.deepcopy(clean)


@pytest.fixture
def course(tmp_path, template, clean):
    course = Course.create(tmp_path / "course")
    for step, notebook in ((course.source, template), (course.release, clean)):
        (step / NAME).mkdir()
        nbformat.write(notebook, step / NAME / f"{NAME}.ipynb")
    return course


@pytest.fixture(scope="module")
def secrets(template):
    return leaks.secrets(NAME, template)


@pytest.fixture
def found(course, secrets):
    """What the search finds, a line each, after `release` was put in the clean one's place."""

    def found(release=None):
        if release is not None:
            nbformat.write(release, course.release / NAME / f"{NAME}.ipynb")
        return "\n".join(leaks.search(course.release / NAME, secrets))

    return found


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def test_a_clean_release_passes(course):
    leaks.scan(course, NAME)


def test_every_line_of_a_solution_that_says_something_is_found(found, template, release):
    lines = []
    for cell in template.cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            lines += [(cell.id, line.strip()) for line in split(cell.source, SOLUTION)[1]]
    lines = [(name, line.strip().split("  # ")[0]) for name, line in lines]
    lines = [(name, x) for name, x in lines if len("".join(x.split())) >= leaks.SHORTEST_OWN]
    assert len(lines) > 25
    cell_of(release, "try-softmax").source += "\n".join(line for _, line in lines)
    told = found(release)
    for name, line in lines:
        assert f"cell `try-softmax`: the solution of `{name}`: {line[:80]!r}" in told


@pytest.mark.parametrize("where", ["source", "lines", "output", "metadata", "notebook", "escaped"])
def test_a_solution_is_found_wherever_it_stands(course, found, release, where):
    line = "scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])"
    cell = cell_of(release, "try-softmax")
    if where == "source":
        cell.source += f"\n#   {line.upper().replace(' ', '')}  # as in class"
    elif where == "output":
        cell.outputs = [nbformat.v4.new_output("stream", text=f"In [3]: {line}\n")]
    elif where == "metadata":
        cell.metadata["note"] = {"deep": [1, {"deeper": line}]}
    elif where == "notebook":
        release.metadata["note"] = line
    else:
        cell.source = f"x = 1\n{line}\ny = 2"
    path = course.release / NAME / f"{NAME}.ipynb"
    nbformat.write(release, path)
    if where == "escaped":
        path.write_text(path.read_text().replace("k.transpose", r"\u006b.transpose"))
    assert "the solution of `scaled_dot_product_attention`: 'scores = " in found()


def test_the_answer_to_a_question_is_found(found, release, template):
    name = "question-why-scale"
    cell_of(release, name).source = cell_of(template, name).source
    assert f"cell `{name}`: the solution of `{name}`" in found(release)


def test_hidden_tests_and_marks_are_found(found, release, template):
    test = cell_of(release, "test-attend")
    test.source = cell_of(template, "test-attend").source
    told = found(release)
    assert "cell `test-attend`: the hidden tests of `test-attend`: 'grade(ATTEND" in told
    assert "cell `test-attend`: a mark of the source: 'BEGIN HIDDEN'" in told
    test.source = "### BEGIN SOLUTION"
    assert "a mark of the source: 'BEGIN SOLUTION'" in found(release)


def test_every_title_name_and_sentence_is_found(found, release, rubrics):
    planted = []
    for rubric in rubrics.values():
        titles = [c.title for c in rubric.checks if len(c.title) >= leaks.SHORTEST_TITLE]
        planted += [(title, f"a check's title in {rubric.name}") for title in titles]
        for wrong in known(rubric):
            planted.append((wrong.name, f"a misconception's name in {rubric.name}"))
            planted.append((wrong.sentence, f"the sentence of {wrong.name}"))
    assert len(planted) > 80
    release.cells[0].source += "\n".join(f"* {text.capitalize()} …" for text, _ in planted)
    told = found(release)
    for text, _ in planted:  # one that two rubrics share is told of the first
        assert f": {text[:80]!r}" in told
    for kind in (": a check's title in ", ": a misconception's name in ", ": the sentence of "):
        assert told.count(kind) > 20


def test_lines_of_checks_and_of_implementations_are_found(found, release, rubrics):
    from assignments.a3_attention.checks import softmax

    texts = {"softmax.py": inspect.getsource(softmax)}
    for rubric in rubrics.values():
        for each in (*known(rubric)[:3], *right(rubric)[:2]):
            texts[each.name] = inspect.getsource(each.implementation)
    lines = [
        (name, line.strip())
        for name, text in texts.items()
        for line in text.split("\n")
        if len("".join(line.split())) > 60
    ]
    assert len(lines) > 20
    cell_of(release, "setup").source += "\n".join(line for _, line in lines)
    told = found(release)
    for _, line in lines:
        assert f": {line.split('  # ')[0][:80]!r}" in told
    assert "cell `setup`: a line of softmax.py: " in told


def test_only_notebooks_and_data_may_stand_in_a_release(course, found, tmp_path):
    folder = course.release / NAME
    data = folder / "data"
    data.mkdir()
    (data / "ratings.csv").write_text("text,rating\n")
    assert found() == ""

    for name in ("solution.py", ".a3.ipynb.7.part", "data/model.pkl", "data/more.ipynb", "x.csv"):
        (folder / name).write_text("{}")
        assert found() == f"{NAME}/{name}: neither a notebook nor a data file in `data/`"
        (folder / name).unlink()

    for target in (course.source, tmp_path / "nowhere", tmp_path):
        (data / "link.csv").symlink_to(target)
        assert found() == f"{NAME}/data/link.csv: a link, or no regular file"
        (data / "link.csv").unlink()


def test_data_files_are_searched_too(course, found):
    data = course.release / NAME / "data"
    data.mkdir()
    (data / "notes.txt").write_bytes(b"\xff\x00 weights = softmax(scores) \x00")
    assert "data/notes.txt: the solution of `attend`" in found()


def test_the_first_ten_are_told_and_the_others_counted(course, template):
    nbformat.write(template, course.release / NAME / f"{NAME}.ipynb")
    with pytest.raises(LeakError, match="the release of a3_attention would give away") as caught:
        leaks.scan(course, NAME)
    told = str(caught.value).split("\n")
    assert len(told) == 1 + 10 + 1
    assert int(told[-1].split()[2]) > 20
