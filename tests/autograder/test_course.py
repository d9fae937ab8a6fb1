"""The course folder: made, found, read, and names that could do harm."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import DEFAULT_ROOT, Course, name_fault
from autograder.errors import CourseError


@pytest.fixture
def course(tmp_path):
    return Course.create(tmp_path / "course")


def test_making_it_twice_changes_nothing(course):
    settings = course.root / "nbgrader_config.py"
    settings.write_text(settings.read_text() + "c.Exchange.root = '/srv/exchange'\n")
    written, secret = settings.read_text(), course.secret

    assert Course.create(course.root).secret == secret
    assert settings.read_text() == written


def test_a_file_in_its_place_is_told(tmp_path):
    (tmp_path / "course").write_text("")
    with pytest.raises(CourseError, match="cannot make a course folder at .*course"):
        Course.create(tmp_path / "course")


@pytest.mark.parametrize("letter", "?%[]*$")
def test_a_path_that_nbgrader_would_read_otherwise_is_refused(course, tmp_path, letter):
    """Whether it is to be made, is named, or is found."""
    bad = tmp_path / f"a{letter}b"
    words = f"cannot lie at .*a.b: .* read {re.escape(letter)} in a path"
    for opened in (Course.create, Course):
        with pytest.raises(CourseError, match=words):
            opened(bad)
    assert not bad.exists()
    course.root.rename(bad)
    with pytest.raises(CourseError, match=words):
        Course.find(bad / "submitted")


def test_what_this_account_may_not_read_is_told(course, monkeypatch):
    def refuse(path, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    assert course.secret
    monkeypatch.setattr(os, "listdir", refuse)
    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    words = r"cannot read .*{} \(Permission denied\): give this account the right"
    with pytest.raises(CourseError, match=words.format("submitted")):
        course.students("tiny")
    with pytest.raises(CourseError, match=words.format("secret")):
        course.seed_for("tiny")
    with pytest.raises(CourseError, match=words.format("tiny.ipynb")):
        course.template("tiny")


def test_its_settings_name_its_root_wherever_it_is_moved(course, tmp_path):
    from traitlets.config import PyFileConfigLoader

    moved = course.root.rename(tmp_path / "moved")
    settings = PyFileConfigLoader("nbgrader_config.py", path=str(moved)).load_config()
    assert settings.CourseDirectory.root == str(moved)


def test_found_from_inside_from_its_root_and_from_above(tmp_path, monkeypatch):
    course = Course.create(tmp_path / DEFAULT_ROOT)
    inside = course.submitted / "ada"
    inside.mkdir()
    assert Course.find(inside) == Course.find(course.root) == Course.find(tmp_path) == course
    monkeypatch.chdir(inside)
    assert Course.find() == course


def test_not_found_says_how_to_make_one(tmp_path):
    with pytest.raises(CourseError, match="make one with `autograder build`"):
        Course.find(tmp_path)


def test_the_root_stays_where_it_is_when_the_working_directory_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    course = Course.create(DEFAULT_ROOT)
    monkeypatch.chdir("/")
    assert course.source.is_dir()
    assert course.db_url == f"sqlite:///{tmp_path / DEFAULT_ROOT / 'gradebook.db'}"


def test_the_secret_is_kept_for_its_owner(course):
    assert len(course.secret) == 64
    folder = course.root / ".autograder"
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["secret"]


def test_of_two_who_make_the_secret_at_once_both_get_the_same(course, monkeypatch):
    first = course.secret
    monkeypatch.setattr(Path, "exists", lambda path: False)  # as the second saw it before
    assert course.secret == first


@pytest.mark.parametrize("content", [b"", b"ab" * 20, b"\xff" * 64, b"Z" * 64])
def test_a_damaged_secret_is_told(course, content):
    (course.root / ".autograder" / "secret").write_bytes(content)
    with pytest.raises(CourseError, match="should hold 64 hexadecimal digits"):
        _ = course.secret


def test_seeds_differ_by_assignment_and_by_course_and_stay(course, tmp_path):
    other = Course.create(tmp_path / "other")
    seeds = [course.seed_for("a3"), course.seed_for("a4"), other.seed_for("a3")]
    assert len(set(seeds)) == 3
    assert course.seed_for("a3") == seeds[0]
    assert all(0 <= seed < 2**63 for seed in seeds)


def hand_in(course, student, assignment="a3"):
    (course.submitted / student / assignment).mkdir(parents=True)


def test_students_are_those_who_handed_in_this_assignment(course):
    for student in ("Đinh Viết Sang", "bob", "ada@hust.edu.vn"):
        hand_in(course, student)
    hand_in(course, "carol", "a4")
    (course.submitted / "a3.zip").write_bytes(b"")
    assert course.students("a3") == ["ada@hust.edu.vn", "bob", "Đinh Viết Sang"]
    assert Course.create(course.root.parent / "empty").students("a3") == []


def test_unusable_names_are_set_apart_with_the_reason(course):
    names = {
        "two\nlines": "cannot be printed",
        "\x1b[31mred": "cannot be printed",
        "right\u202eleft": "cannot be printed",
        "star*": r"it holds \*",
        "[ab]": "it holds",
        "{student_id}": "it holds",
        ".hidden": "starts with",
        "-rf": "starts with",
        "=1+1": "starts with",
        " space": "with a space",
        "n" * 121: "longer than",
    }
    for name in names:
        hand_in(course, name)
    os.mkdir(os.fsencode(course.submitted) + b"/\xff")
    os.mkdir(os.fsencode(course.submitted) + b"/\xff/a3")
    hand_in(course, "ada")

    assert course.students("a3") == ["ada"]
    unusable = course.unusable("a3")
    assert len(unusable) == len(names) + 1
    for name, reason in names.items():
        assert re.search(reason, unusable[name]), name
        with pytest.raises(CourseError, match="cannot be a student's name"):
            course.submission("a3", name)


@pytest.mark.parametrize("student", ["..", ".", "", "a/b", "/etc"])
def test_no_student_lies_outside_the_folder(course, student):
    assert name_fault(student)
    with pytest.raises(CourseError):
        course.submission("a3", student)


@pytest.mark.parametrize("assignment", ["../a3", "a3/..", "", "A3", "a3\n", "a3+", "ä3"])
def test_assignments_are_named_like_packages(course, assignment):
    for ask in (course.template, course.released, course.seed_for):
        with pytest.raises(CourseError, match="cannot be an assignment's name"):
            ask(assignment)
    with pytest.raises(CourseError, match="cannot be an assignment's name"):
        course.submission(assignment, "ada")


def test_notebooks_are_read_anew_each_time(tiny):
    first, second = tiny.template("tiny"), tiny.template("tiny")
    first.cells[1].source = "changed"
    assert "BEGIN SOLUTION" in second.cells[1].source
    assert "BEGIN SOLUTION" not in tiny.released("tiny").cells[1].source


def test_what_is_not_built_or_damaged_says_what_to_do(course):
    with pytest.raises(CourseError, match=r"there is no .*a3\.ipynb: .*`autograder build a3`"):
        course.template("a3")
    (course.release / "a3").mkdir()
    (course.release / "a3" / "a3.ipynb").write_text(json.dumps({"cells": []})[:-3])
    with pytest.raises(CourseError, match=r"a3\.ipynb is damaged .*`autograder build a3`"):
        course.released("a3")


def test_course_and_submission_are_light_to_import():
    code = "import sys, autograder.course, autograder.submission; "
    code += "print({'nbgrader', 'torch', 'nbformat', 'jupytext', 'nbconvert'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
