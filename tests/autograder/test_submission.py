"""Merging: honest notebooks of all editors lose nothing, tampered ones gain nothing."""

import copy
import json
import random

import nbformat
import pytest

from autograder.errors import CourseError, UnreadableSubmission
from autograder.submission import MAX_NOTES, read_submission

DOUBLE, TRIPLE = "def double(x):\n    return x + x", "def triple(x):\n    return x * 3"


@pytest.fixture(scope="module")
def template(built_course):
    return nbformat.read(built_course / "source" / "tiny" / "tiny.ipynb", 4)


@pytest.fixture(scope="module")
def release(built_course):
    return nbformat.read(built_course / "release" / "tiny" / "tiny.ipynb", 4)


@pytest.fixture
def answered(release):
    """The released notebook with every answer given, as the dictionary that its file holds."""
    notebook = json.loads(json.dumps(release))
    for cell in notebook["cells"]:
        answers = {"double": DOUBLE, "triple": TRIPLE, "question-why": "Because."}
        cell["source"] = answers.get(cell["id"], cell["source"])
    return notebook


@pytest.fixture
def merge(template, release):
    """Read a notebook given as a dictionary; checks what must hold for any submission."""

    def merge(notebook):
        data = json.dumps(notebook).encode()
        before = copy.deepcopy((template, release))
        submission = read_submission(data, template, release)
        assert (template, release) == before, "the assignment itself was changed"
        merged = submission.notebook
        nbformat.validate(merged)
        ours = [cell.id for cell in template.cells]
        assert [cell.id for cell in merged.cells if cell.id in ours] == ours
        for cell, blank in zip((by_id(merged)[i] for i in ours), release.cells, strict=True):
            label = blank.metadata.get("nbgrader", {})
            assert cell.cell_type == blank.cell_type
            if not label.get("solution"):
                assert cell.source == by_id(template)[cell.id].source
            expected = {key: value for key, value in label.items() if key != "checksum"}
            found = dict(cell.metadata.get("nbgrader", {}))
            assert found.pop("checksum", label.get("checksum")) == label.get("checksum")
            assert found == expected
        text = json.dumps(merged)
        assert "return 2 * x" not in text, "our solution is there"
        assert "return 3 * x" not in text, "our solution is there"
        assert all(not cell.get("outputs") and "attachments" not in cell for cell in merged.cells)
        assert merged.metadata == template.metadata
        return submission

    return merge


def by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def cell_of(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def index_of(notebook, name):
    return notebook["cells"].index(cell_of(notebook, name))


def code(source, name="mine"):
    return {"cell_type": "code", "id": name, "metadata": {}, "source": source, "outputs": []}


def sources(submission):
    return {cell.id: cell.source for cell in submission.notebook.cells}


def test_an_honest_submission_is_taken_as_it_is(answered, merge):
    submission = merge(answered)
    assert submission.notes == ()
    found = sources(submission)
    assert (found["double"], found["triple"], found["question-why"]) == (DOUBLE, TRIPLE, "Because.")
    assert "BEGIN HIDDEN TESTS" in found["test-double"]


def test_a_blank_submission_keeps_the_stubs_and_the_checksums(release, merge):
    submission = merge(release)
    assert submission.notes == ()
    assert "raise NotImplementedError()" in sources(submission)["double"]
    # by it nbgrader knows that nothing was answered
    question = by_id(submission.notebook)["question-why"]
    assert (
        question.metadata.nbgrader.checksum
        == by_id(release)["question-why"].metadata.nbgrader["checksum"]
    )


def without_ids(notebook):
    """As editors save it that know notebook format 4.4 and no more."""
    notebook |= {"nbformat_minor": 4}
    for cell in notebook["cells"]:
        del cell["id"]


def as_colab(notebook):
    notebook |= {"nbformat_minor": 0}
    notebook["metadata"] |= {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU"}
    for cell in notebook["cells"]:
        cell["metadata"] |= {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}}


def as_vs_code(notebook):
    notebook["metadata"] |= {"vscode": {"interpreter": {"hash": "31f2"}}}
    for number, cell in enumerate(notebook["cells"]):
        cell["source"] = cell["source"].splitlines(keepends=True)
        cell["metadata"] |= {"vscode": {"languageId": "python"}}
        cell["id"] = f"{number:08x}"


def as_jupyterlab(notebook):
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
        cell["metadata"] |= {"editable": True, "slideshow": {"slide_type": ""}, "tags": []}
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["6\n"]}]
            cell["execution_count"] = 7


@pytest.mark.parametrize("save", [without_ids, as_colab, as_vs_code, as_jupyterlab])
def test_notebooks_of_all_editors_are_read(answered, merge, save):
    answered["cells"].insert(2, code("import math"))
    expected = sources(merge(answered))
    save(answered)
    submission = merge(answered)
    assert submission.notes == ()
    assert sources(submission) == expected


def test_added_cells_stay_after_the_cell_that_they_followed(answered, merge):
    cells = answered["cells"]
    cells.insert(0, code("first = 1"))
    cells.insert(index_of(answered, "double"), code("helper = 2"))
    cells.insert(index_of(answered, "test-double"), code("try_it()"))
    cells.append({"cell_type": "raw", "metadata": {}, "source": "the end"})
    cells.append(code("  \n"))
    merged = merge(answered)
    assert merged.notes == ()
    order = [cell.source for cell in merged.notebook.cells]
    assert order[0] == "first = 1"
    assert order[order.index(DOUBLE) - 1] == "helper = 2"
    assert order[order.index(DOUBLE) + 1] == "try_it()"
    assert order[-1] == "the end", "and empty cells are left out"


def test_what_a_student_wrote_into_a_lesson_is_kept_beside_it(answered, merge):
    cell_of(answered, "lesson")["source"] += "\nMy answer stands here."
    order = [cell.source for cell in merge(answered).notebook.cells]
    assert order[1] == order[0] + "\nMy answer stands here."


def test_ids_of_added_cells_are_new_and_free(answered, merge, template, release):
    assignment = copy.deepcopy(template), copy.deepcopy(release)
    for notebook in assignment:
        notebook.cells[0].id = "added-1"
    answered["cells"].insert(0, code("x = 1", "double"))
    merged = read_submission(json.dumps(answered).encode(), *assignment).notebook
    names = [cell.id for cell in merged.cells]
    assert names[:2] == ["added-2", "added-1"]
    assert len(names) == len(set(names))


def test_a_missing_answer_becomes_the_blank_one_with_a_note(answered, merge):
    answered["cells"].remove(cell_of(answered, "double"))
    submission = merge(answered)
    assert submission.notes == ("`double` was missing: it counts as not answered",)
    assert "raise NotImplementedError()" in sources(submission)["double"]
    assert sources(submission)["triple"] == TRIPLE


def test_locked_cells_are_put_back(answered, merge):
    answered["cells"].remove(cell_of(answered, "test-double"))
    cell_of(answered, "test-triple")["source"] = "pass"
    assert merge(answered).notes == (
        "the locked cell `test-double` was missing: it was put back",
        "the locked cell `test-triple` had been changed: ours was used",
    )


def test_of_copies_the_last_counts_and_the_others_run_in_their_place(answered, merge):
    copies = [copy.deepcopy(cell_of(answered, "double")) for _ in range(2)]
    for number, each in enumerate(copies):
        each |= {"source": f"def double(x): return {number}", "id": f"copy-{number}"}
    place = index_of(answered, "double")
    answered["cells"][place + 1 : place + 1] = copies
    submission = merge(answered)
    assert submission.notes == (
        "there were 3 cells `double`: the last one counts, the others were run as ordinary cells",
    )
    order = [cell.source for cell in submission.notebook.cells]
    place = order.index(copies[1]["source"])
    assert sources(submission)["double"] == copies[1]["source"]
    assert order[place - 2 : place] == [DOUBLE, copies[0]["source"]]


def test_of_copies_the_one_that_nbgrader_takes_is_taken(answered, merge):
    from nbgrader.preprocessors import DeduplicateIds

    for number in range(3):
        double = copy.deepcopy(cell_of(answered, "double"))
        double |= {"source": f"# {number}", "id": f"c{number}"}
        if number == 2:
            double["metadata"]["nbgrader"] |= {"solution": False, "locked": False}
        answered["cells"].insert(number * 3, double)
    theirs = nbformat.from_dict(copy.deepcopy(answered))
    theirs, _ = DeduplicateIds().preprocess(theirs, {})
    (taken,) = [
        cell
        for cell in theirs.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "double"
        and cell.metadata.nbgrader.solution
    ]
    assert sources(merge(answered))["double"] == taken.source


def test_moved_cells_come_back_to_their_places(answered, merge):
    expected = merge(copy.deepcopy(answered))
    answered["cells"].reverse()
    assert merge(answered) == expected


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_changed_type_is_changed_back(answered, merge, kind):
    cell_of(answered, "double")["cell_type"] = kind
    cell_of(answered, "question-why")["cell_type"] = "code"
    submission = merge(answered)
    assert submission.notes == (
        f"`double` was a {kind} cell: it was read as code",
        "`question-why` was a code cell: it was read as markdown",
    )
    assert sources(submission)["double"] == DOUBLE


def test_changed_settings_are_told_and_of_no_use(answered, merge):
    cell_of(answered, "test-double")["metadata"]["nbgrader"]["points"] = 1000
    cell_of(answered, "double")["metadata"]["nbgrader"] |= {"grade": True, "points": float("nan")}
    cell_of(answered, "triple")["metadata"]["nbgrader"]["locked"] = True
    assert merge(answered).notes == (
        "the settings of `double` had been changed: ours were used",
        "the settings of `test-double` had been changed: ours were used",
        "the settings of `triple` had been changed: ours were used",
    )


def test_an_answer_labelled_as_a_test_is_dropped(answered, merge):
    label = cell_of(answered, "double")["metadata"]["nbgrader"]
    label["grade_id"] = "test-double"
    submission = merge(answered)
    # two cells claim to be the test: the last one is ours, unchanged; the other runs as what it is
    assert DOUBLE in sources(submission).values()
    assert any("2 cells `test-double`" in note for note in submission.notes)


def test_a_foreign_label_is_told_without_its_control_signs(answered, merge):
    foreign = code("x = 1")
    foreign["metadata"] = {"nbgrader": {"grade_id": "\x1b[31m" + "y" * 100, "solution": True}}
    answered["cells"].append(foreign)
    (note,) = merge(answered).notes
    assert note.startswith(r"the label '\x1b[31myyy")
    assert note.isprintable()
    assert len(note) < 150


def unlabelled(notebook):
    for cell in notebook["cells"]:
        cell["metadata"].pop("nbgrader", None)
    cell_of(notebook, "test-double")["source"] += "\n"


def test_answers_are_recognised_by_their_ids_where_labels_were_lost(answered, merge):
    unlabelled(answered)
    cell_of(answered, "double")["source"] = "double = lambda x: 2 * x\n"
    submission = merge(answered)
    found = sources(submission)
    assert found["double"] == "double = lambda x: 2 * x\n"
    assert (found["triple"], found["question-why"]) == (TRIPLE, "Because.")
    assert submission.notes[0] == ("`double` had lost its label; the cell was recognised without")
    assert len(submission.notes) == 3


def test_answers_are_recognised_by_what_they_define_where_ids_were_lost_too(answered, merge):
    unlabelled(answered)
    without_ids(answered)
    answered["cells"].insert(1, {**code("def double(x):\n    return 'an earlier try'"), "id": "x"})
    answered["cells"].insert(1, code("# def double(x):\n    pass"))
    # found by their place and their text: the question's lesson and the tests stand where they did
    found = sources(merge(answered))
    assert (found["double"], found["triple"]) == (DOUBLE, TRIPLE)


def test_a_text_answer_is_recognised_by_its_place(answered, merge):
    unlabelled(answered)
    without_ids(answered)
    found = sources(merge(answered))
    assert found["question-why"] == "Because."


def test_another_assignments_notebook_is_refused(answered, merge):
    for cell in answered["cells"]:
        cell["metadata"] = {"nbgrader": {"grade_id": "other", "solution": True}}
        cell |= {"id": "x", "source": "y"}
    with pytest.raises(UnreadableSubmission, match="is it another one"):
        merge(answered)
    with pytest.raises(UnreadableSubmission, match="is it another one"):
        merge(answered | {"cells": []})


def test_pictures_in_an_answer_are_told_not_shown(answered, merge):
    cell_of(answered, "question-why")["attachments"] = {"a.png": {"image/png": "aGk="}}
    assert merge(answered).notes == ("pictures pasted into `question-why` are not shown",)


def test_notes_are_capped(answered, merge):
    for number in range(3 * MAX_NOTES):
        foreign = code("x = 1")
        foreign["metadata"] = {"nbgrader": {"grade_id": f"f{number}", "solution": True}}
        answered["cells"].append(foreign)
    notes = merge(answered).notes
    assert len(notes) == MAX_NOTES + 1
    assert notes[-1] == f"… and {2 * MAX_NOTES} notes more"


def test_a_release_of_another_source_is_refused(template, release, answered):
    other = copy.deepcopy(release)
    del other.cells[0]
    with pytest.raises(CourseError, match="run `autograder build`"):
        read_submission(json.dumps(answered).encode(), template, other)


def test_a_file_is_read_like_its_bytes(answered, merge, template, release, tmp_path):
    (tmp_path / "tiny.ipynb").write_text(json.dumps(answered))
    assert read_submission(tmp_path / "tiny.ipynb", template, release) == merge(answered)


def tamper(notebook, chance):
    """One random change to a notebook."""
    cells = notebook["cells"]
    cell = chance.choice(cells)
    names = ["double", "test-double", "triple", "test-triple", "question-why", "lesson", "x"]
    match chance.randrange(8):
        case 0 if len(cells) > 3:
            cells.remove(cell)
        case 1:
            cells.insert(chance.randrange(len(cells)), copy.deepcopy(cell))
        case 2:
            chance.shuffle(cells)
        case 3:
            label = {"grade_id": chance.choice(names), "points": chance.choice([0, 1e9, "9"])}
            flags = {flag: chance.random() < 0.5 for flag in ("grade", "solution", "locked")}
            cell["metadata"] = {"nbgrader": label | flags}
        case 4:
            cell["cell_type"] = chance.choice(["code", "markdown", "raw"])
        case 5:
            cell["source"] = chance.choice(["", "1 / 0", "### BEGIN HIDDEN TESTS", DOUBLE])
        case 6:
            cell["id"] = chance.choice(names)
        case 7:
            cell["metadata"] = {}


def test_no_tampering_changes_what_is_ours(answered, merge):
    refused = 0
    for seed in range(300):
        chance = random.Random(seed)
        notebook = copy.deepcopy(answered)
        for _ in range(chance.randrange(1, 12)):
            tamper(notebook, chance)
        try:
            merge(notebook)
        except UnreadableSubmission:
            refused += 1
    assert refused < 10
