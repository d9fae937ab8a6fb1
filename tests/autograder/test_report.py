"""The table and the CSV of a class, and what a terminal must never receive."""

import csv
import io
import re
import sys
import unicodedata

import pytest
from rich.console import Console

from autograder.report import class_table, plain, write_csv
from autograder.verdict import SCHEMA, CellVerdict, Verdict


def verdict(student, points=8.0, *, status="graded", reason="", misconception=None):
    cells = (
        CellVerdict("test-f", 8.0, points, False, misconception=misconception),
        CellVerdict("question-why", 4.0, None, True, "for a person to grade"),
    )
    return Verdict(SCHEMA, "tiny", student, "k", status, reason, cells, (), {})


def printed(*verdicts, width=100):
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system="standard")
    console.print(class_table(verdicts))
    return console.file.getvalue()


def test_a_class_reads_as_a_table():
    text = printed(
        verdict("ada"),
        verdict("bob", 4.5, misconception="forgets-to-scale"),
        verdict("sam", 0.0, status="needs review", reason="it is not valid JSON"),
    )
    rows = [" ".join(line.split()) for line in _bare(text).splitlines()]
    assert "student points status mistake, or what needs review" in rows
    assert "ada 8 / 12 graded" in rows
    assert "bob 4.5 / 12 graded forgets-to-scale" in rows
    assert "sam 0 / 12 needs review it is not valid JSON" in rows
    assert "3 answers wait for a person to grade them" in rows


def _bare(text):
    """The text without rich's own colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2J\x1b]0;title\x07",
        "a\nb\rc\x08",
        "\x9b31m",
        "‮cod.exe",
        "[bold red]x[/] [link=https://evil.example]y[/link]",
        ":skull:",
    ],
)
def test_ids_reasons_and_names_cannot_steer_the_terminal(hostile):
    text = _bare(
        printed(
            verdict(hostile, misconception=hostile),
            verdict("sam", status="needs review", reason=hostile),
            width=300,
        )
    )
    acted_on = {"Cc", "Cf", "Cs"}
    assert not [c for c in text if c != "\n" and unicodedata.category(c) in acted_on]
    assert text.count(plain(hostile, limit=40).rstrip("…")) == 3


def test_every_character_that_acts_is_written_out():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        shown = plain(character)
        if character.isprintable() and unicodedata.category(character) != "Co":
            assert shown == character
        elif unicodedata.category(character) == "Zs":  # other spaces are drawn
            assert shown == character
        else:
            assert shown.isascii(), hex(code)
            assert shown[0] == "\\", hex(code)


def test_long_text_is_cut_and_lines_may_stay():
    assert plain("x" * 500, limit=10) == "x" * 9 + "…"
    assert plain("a\n\tb", lines=True) == "a\n\tb"
    assert plain("a\n\tb") == r"a\n\tb"


def test_the_csv_can_be_read_back(tmp_path):
    path = tmp_path / "new" / "grades.csv"
    write_csv([verdict('Brien, Zoë "Z"'), verdict("bob", 1.25, misconception="a-b")], path)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["student"] == 'Brien, Zoë "Z"'
    assert rows[1] == {
        "student": "bob",
        "points": "1.25",
        "max_points": "12",
        "status": "graded",
        "mistakes": "a-b",
        "reason": "",
    }


@pytest.mark.parametrize("start", ["=cmd()", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_no_cell_of_the_csv_is_a_formula(tmp_path, start):
    write_csv([verdict(start)], tmp_path / "grades.csv")
    with open(tmp_path / "grades.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["student"][0] in "'\\"
    assert row["points"] == "8"
