"""From percent scripts to notebooks: what is filled in, and each fault that a source can have."""

import json

import nbformat
import pytest

from autograder.errors import BuildError
from autograder.percent import to_notebook
from autograder.regions import HIDDEN_TESTS, SOLUTION, split

SCRIPT = """\
# %% [markdown]
# # Twice

# %% nbgrader={"grade_id": "double", "solution": true}
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %% nbgrader={"grade_id": "try-double", "locked": true}
assert double(3) == 6

# %% nbgrader={"grade_id": "test-double", "grade": true, "points": 4}
# Whole numbers and fractions.
### BEGIN HIDDEN TESTS
from assignments.a9.checks import DOUBLE
from autograder.rubric import grade

grade(DOUBLE, double)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "why", "grade": true, "solution": true, "points": 1.5}
# Because.
"""


def build(script=SCRIPT, points=4.0):
    return to_notebook(script, "a9", {"DOUBLE": points})


def cells():
    return nbformat.reads(build().decode(), 4).cells


def test_the_same_script_gives_the_same_bytes():
    assert build() == build()


def test_the_notebook_is_valid_and_holds_nothing_of_jupytext():
    notebook = nbformat.reads(build().decode(), 4)
    nbformat.validate(notebook)
    assert notebook.metadata.keys() == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.metadata.keys() <= {"nbgrader"} for cell in notebook.cells)
    assert all(not cell.get("outputs") for cell in notebook.cells)


def test_labels_are_completed_as_nbgrader_wants_them():
    from nbgrader.nbgraderformat import MetadataValidator

    labels = [cell.metadata.get("nbgrader") for cell in cells()]
    MetadataValidator().validate_nb(nbformat.v4.new_notebook(cells=cells()))
    assert labels[0] is None
    assert labels[3] == {
        "grade": True,
        "grade_id": "test-double",
        "locked": True,
        "points": 4,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }


def test_ids_are_the_grade_ids_and_a_lessons_stays_when_another_changes():
    lesson, *others = [cell.id for cell in cells()]
    assert others == ["double", "try-double", "test-double", "why"]
    more = "# %% [markdown]\n# A preface\n\n" + SCRIPT.replace("Whole", "All")
    assert json.loads(build(more))["cells"][1]["id"] == lesson


def test_equal_lessons_get_different_ids():
    lesson = "# %% [markdown]\n# # Twice\n\n"
    ids = [cell["id"] for cell in json.loads(build(lesson * 2 + SCRIPT))["cells"]]
    assert len(set(ids)) == len(ids)


TEST = '"test-double", "grade": true, "points": 4'


def test_the_tag_of_cells_that_no_grader_runs_is_kept():
    train = '# %% nbgrader={"grade_id": "train", "locked": true} tags=["skip-execution"]\ntrain()\n'
    *_, last = nbformat.reads(build(SCRIPT + "\n" + train).decode(), 4).cells
    assert last.metadata.tags == ["skip-execution"]
    assert last.metadata.nbgrader.locked


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"points": 4', '"points": 5', "cell `test-double`: it gives 5 points, its rubric 4"),
        (', "points": 4', "", "cell `test-double`: .* needs points above 0, got None"),
        ('"points": 4', '"points": true', "needs points above 0, got True"),
        ('"points": 4', '"points": -4', "needs points above 0, got -4"),
        ('"locked": true', '"locked": true, "points": 1', "cell `try-double`: .* not graded"),
        ('"locked": true', '"locked": 1', "must be true or false"),
        ('"locked": true', '"lokced": true', "cell `try-double`: a label has no lokced"),
        ('"locked": true', '"locked": false', "must be a solution or locked"),
        ('"solution": true}\ndef', '"solution": true, "locked": true}\ndef', "and not both"),
        ('"try-double"', '"double"', "cell `double`: another cell has this grade_id"),
        ('"try-double"', '"try double"', "1 to 64 letters"),
        ('"try-double"', f'"{"x" * 65}"', "1 to 64 letters"),
        ('"grade_id": "try-double", ', "", "1 to 64 letters"),
        ("    ### BEGIN SOLUTION\n", "", "cell `double`: `### END SOLUTION` does not stand"),
        ("    ### END SOLUTION\n", "", "cell `double`: `BEGIN SOLUTION` has no `END SOLUTION`"),
        ("### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", "pass", "it has no region"),
        ("### END SOLUTION", "### BEGIN SOLUTION", "does not stand where one can"),
        ("### BEGIN HIDDEN TESTS\n", "", "cell `test-double`: `### END HIDDEN TESTS` does not"),
        ("### END HIDDEN TESTS\n", "", "`BEGIN HIDDEN TESTS` has no `END HIDDEN TESTS`"),
        (f'{{"grade_id": {TEST}}}', "{}", "cell 4 .*: .*1 to 64"),
        (f'{{"grade_id": {TEST}}}', '"softmax"', "cell 4 .*: its label must be like"),
        (f' nbgrader={{"grade_id": {TEST}}}', "", "cell 4 .'# Whole .*hidden tests, but its label"),
        (
            '{"grade_id": "double", "solution"',
            '{"grade_id": "double", "locked"',
            "holds a solution",
        ),
        (
            "# # Twice",
            "# ### BEGIN SOLUTION\n# x\n# ### END SOLUTION",
            r"cell 1 \('### BEGIN SOLUTION'\): it holds a solution, but its label",
        ),
        (
            "# %% [markdown]\n",
            '# %% [markdown] nbgrader={"grade_id": "x", "locked": true}\n',
            "text",
        ),
        ('"locked": true}', '"locked": true} tags=["slow"]', "the only tag is skip-execution, got"),
        (
            '"solution": true}\ndef',
            '"solution": true} tags=["skip-execution"]\ndef',
            "cell `double`: only a locked cell may be tagged",
        ),
        (
            '"locked": true}',
            '"locked": true} tags=["skip-execution"]',
            "cell `test-double`: it is graded, but a cell before it is skipped",
        ),
        ('"test-double"', '"test-triple"', "named `test-F`, after an earlier solution cell `F`"),
        ('"test-double"', '"check-double"', "named `test-F`"),
        (
            "grade(DOUBLE, double)",
            "grade(DOUBLE, triple)",
            "it grades `triple`, but is named after",
        ),
        ("grade(DOUBLE, double)", "grade(DOUBLE)", r"must end with `grade\(RUBRIC, double, …\)`"),
        ("grade(DOUBLE, double)", "grade(DOUBLE, double); 0", "must end with"),
        ("grade(DOUBLE, double)", "x = grade(DOUBLE, double)", "must end with"),
        ("grade(DOUBLE, double)", "grade(DOUBLE, double", "are no Python"),
        ("grade(DOUBLE, double)\n", "", "must end with"),
        ("grade(DOUBLE, double)", "grade(OTHER, double)", "must say .* import OTHER"),
        ("a9.checks", "a8.checks", "must say `from assignments.a9.checks import DOUBLE`"),
        ("END HIDDEN TESTS\n", "END HIDDEN TESTS\nprint(1)\n", "nothing may stand after"),
    ],
)
def test_faults_are_told_with_the_cell_and_what_is_expected(old, new, told):
    assert SCRIPT.count(old) >= 1
    with pytest.raises(BuildError, match=rf"^a9\.py, .*{told}"):
        build(SCRIPT.replace(old, new, 1))


def test_a_rubric_that_is_not_there_is_told():
    with pytest.raises(BuildError, match=r"assignments\.a9\.checks has no rubric DOUBLE"):
        to_notebook(SCRIPT, "a9", {})


def test_points_that_are_sums_of_fractions_agree():
    build(SCRIPT.replace('"points": 4', '"points": 0.3'), points=0.1 + 0.2)


def test_regions_are_split_as_nbgrader_splits_them():
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    source = "a\n  ### BEGIN {0}\n  b\n  ### END {0}\nc\n# BEGIN {0} here\nd\n# END {0}"
    for kind, theirs, method in (
        (SOLUTION, ClearSolutions(code_stub={"python": ""}), "_replace_solution_region"),
        (HIDDEN_TESTS, ClearHiddenTests(), "_remove_hidden_test_region"),
    ):
        cell = nbformat.v4.new_code_cell(source.format(kind))
        getattr(theirs, method)(cell, *(["python"] if kind is SOLUTION else []))
        kept, cut = split(source.format(kind), kind)
        assert kept == [line for line in cell.source.split("\n") if line.strip()]
        assert cut == ["  b", "d"]
