"""The sample class as files: every attack of every group is there, and headers mean something."""

import re
from pathlib import Path

import msgspec
import nbformat
import pytest

from assignments.a3_attention import checks
from autograder.demo import CLASSES
from autograder.deserved import ALARM, differences
from autograder.percent import to_notebook
from autograder.samples import MAKERS, Sample, SampleError, load_samples
from autograder.verdict import SCHEMA, CellVerdict, CheckReport, Verdict

ASSIGNMENT = "a3_attention"
POINTS = {
    "softmax": 8,
    "attend": 8,
    "causal_mask": 4,
    "scaled_dot_product_attention": 14,
    "MultiHeadAttention": 16,
    "sinusoidal_positions": 6,
}
GROUPS = {
    1: "comparators replaced, objects always equal, Tensor subclasses, int subclasses, float "
    "subclasses, __torch_function__, __array__",
    2: "input transformers, AST transformers, displayhook, run_cell wrappers, showtraceback, "
    "pre_run_cell events, sys.modules, meta_path, settrace, atexit",
    3: "hidden tests by In and history, frames, gc, proc, gradebook.db, assignment source, "
    "reference, other submissions, environment, memory of other processes",
    4: "frames to every descriptor, malformed replies, oversized replies, deeply nested "
    "replies, endless replies, lying shapes, lying strides, lying dtypes, sparse tensors, "
    "quantised tensors, complex tensors, subclassed tensors, a million handles",
    5: "gradebook, IPython start-up files, site-packages, other students' folders, verdict",
    6: "double-forked daemons, threads, signal handlers, a process that waits until grading "
    "is over",
    7: "endless loops in a cell, endless loops in one function, memory bombs, fork bombs, "
    "disk bombs, ten gigabytes of output, tensors of impossible size",
    8: "os._exit, segfault, SIGKILL, sys.exit, BaseException, closed stdin and stdout",
    9: "outward, loopback services, abstract unix sockets",
    10: "test cells deleted, test cells duplicated, test cells moved, test cells relabelled, "
    "points changed, outputs pre-filled, wrong nbformat, truncated JSON, invalid UTF-8, "
    "200 MB, 100000 cells, nesting 10000 deep, symlinks, .. in names, newlines in names",
    11: "script, SVG, Markdown HTML, terminal escapes",
    12: "answers hard-coded for visible tests, results by call count, detection of grading, "
    "default dtype, seeds, threads",
}
ITEMS = {f"{group} {item}" for group, items in GROUPS.items() for item in items.split(", ")}


@pytest.fixture(scope="module")
def release() -> nbformat.NotebookNode:
    """The assignment's notebook; that solutions still stand in it matters to no test here."""
    script = Path(checks.__file__).parents[1] / f"{ASSIGNMENT}.py"
    rubrics = {name.upper() if name != "MultiHeadAttention" else "MULTI_HEAD_ATTENTION": points
               for name, points in POINTS.items()}  # fmt: skip
    text = script.read_text(encoding="utf-8")
    return nbformat.reads(to_notebook(text, ASSIGNMENT, rubrics).decode(), as_version=4)


@pytest.fixture(scope="module")
def samples(release: nbformat.NotebookNode) -> dict[str, Sample]:
    return {sample.name: sample for sample in load_samples(CLASSES / ASSIGNMENT, release)}


def test_every_item_of_every_group_is_covered(samples: dict[str, Sample]):
    covered = {item for sample in samples.values() for item in sample.header.covers}
    assert covered == ITEMS


def test_the_class_is_as_a_class_is(samples: dict[str, Sample]):
    kinds = [name.split("-")[0] for name in samples]
    assert sum(sample.hostile for sample in samples.values()) >= 30
    assert kinds.count("right") >= 5
    assert kinds.count("wrong") >= 8
    assert {"blank", "half", "slow", "broken"} <= set(kinds)
    assert len({sample.student for sample in samples.values()}) == len(samples)


def test_hostile_samples_name_their_group(samples: dict[str, Sample]):
    for name, sample in samples.items():
        if sample.hostile:
            group = re.fullmatch(r"hostile-(\d\d)-[a-z0-9-]+", name)
            assert group, name
            assert any(item.split()[0] == str(int(group[1])) for item in sample.header.covers), name


def test_every_sample_says_what_it_tries_and_why(samples: dict[str, Sample]):
    for name, sample in samples.items():
        assert len(sample.header.tries) > 20, name
        assert len(sample.header.because) > 10, name
        assert set(sample.header.expect) <= set(POINTS), name
        assert set(sample.header.mistakes) <= set(sample.header.expect), name


def test_right_samples_expect_every_point_and_wrong_ones_name_a_mistake(samples: dict[str, Sample]):
    for name, sample in samples.items():
        if name.startswith("right"):
            assert not sample.header.expect, name
        if name.startswith("wrong"):
            assert sample.header.expect, name


def test_no_source_holds_the_alarm(samples: dict[str, Sample]):
    for name, sample in samples.items():
        assert ALARM not in nbformat.writes(sample.notebook), name


def test_every_maker_is_used(samples: dict[str, Sample]):
    assert {sample.header.file for sample in samples.values()} - {""} == set(MAKERS)


def test_answers_take_the_place_of_the_assignments_and_added_cells_stand_beside_them(
    samples: dict[str, Sample], release: nbformat.NotebookNode
):
    notebook = samples["right-untidy"].notebook
    ids = [cell.id for cell in notebook.cells]
    assert [i for i in ids if not i.startswith("added-")] == [cell.id for cell in release.cells]
    assert ids[ids.index("softmax") - 2 : ids.index("softmax")] == ["added-1", "added-2"]
    assert ids[ids.index("softmax") + 1 : ids.index("softmax") + 4] == [
        "added-3",
        "added-4",
        "added-5",
    ]
    by_id = {cell.id: cell for cell in notebook.cells}
    assert "my_helper" in by_id["attend"].source
    assert "amax" in by_id["softmax"].source, "from the honest notebook"
    assert by_id["added-1"].source.startswith("%matplotlib inline")
    assert by_id["added-2"].cell_type == "markdown"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# %%\nx = 1\n", "its header cannot be read"),
        ("# ---\n# jupyter:\n#   sample: {tries: a}\n# ---\n", "its header cannot be read"),
        ("{head}# %%\nx = 1\n", "cell 1 has no place"),
        ('{head}# %% grade_id="soft"\nx = 1\n', "asks for no soft"),
        ('{head}# %% after="soft"\nx = 1\n', "has no cell 'soft'"),
        (
            '{head}# %% grade_id="softmax"\nx = 1\n# %% grade_id="softmax"\nx = 2\n',
            "answered twice",
        ),
    ],
)
def test_a_sample_written_wrongly_is_told(
    text: str, reason: str, release: nbformat.NotebookNode, tmp_path: Path
):
    head = "# ---\n# jupyter:\n#   sample: {tries: a, because: b}\n# ---\n\n"
    (tmp_path / "_honest.py").write_text("# ---\n# jupyter: {}\n# ---\n")
    (tmp_path / "wrong-x.py").write_text(text.replace("{head}", head))
    with pytest.raises(SampleError, match=rf"wrong-x\.py: .*{reason}"):
        load_samples(tmp_path, release)


def _verdict(**changes: object) -> Verdict:
    cells = tuple(
        CellVerdict(f"test-{name}", float(points), float(points), False)
        for name, points in POINTS.items()
    )
    plain = Verdict(SCHEMA, ASSIGNMENT, "s", "key", "graded", "", cells, (), {})
    return msgspec.structs.replace(plain, **changes)


def _cells(**changes: object) -> tuple[CellVerdict, ...]:
    first, *others = _verdict().cells
    return (msgspec.structs.replace(first, **changes), *others)


@pytest.mark.parametrize(
    ("verdict", "executed", "found"),
    [
        (_verdict(), b"", []),
        (None, b"", ["refused"]),
        (_verdict(cells=_cells(points=7.5)), b"", ["softmax: 7.5 of 8, expected full"]),
        (_verdict(cells=_cells(misconception="x")), b"", ["softmax: named x, expected None"]),
        (_verdict(status="needs review", reason="y"), b"", ["needs review: y; expected graded"]),
        (_verdict(notes=("a note",)), b"", []),
        (_verdict(), b"x ESCAPED: y", ["alarm: ESCAPED: y"]),
        (
            _verdict(cells=_cells(checks=(CheckReport("t", 0, 1, False, "ESCAPED"),))),
            b"",
            ["alarm:"],
        ),
    ],
)
def test_every_difference_is_found(
    samples: dict[str, Sample], verdict: Verdict | None, executed: bytes, found: list[str]
):
    lines = differences(samples["right-einsum"], verdict, executed)
    assert len(lines) == len(found)
    for line, start in zip(lines, found, strict=True):
        assert line.startswith(start)


def test_points_may_be_given_as_full_zero_less_or_a_number(samples: dict[str, Sample]):
    def with_expectation(points: object) -> Sample:
        header = msgspec.structs.replace(samples["right-einsum"].header, expect={"softmax": points})
        return Sample("s", ASSIGNMENT, header, samples["right-einsum"].notebook)

    for wanted, fits in (("full", [8.0]), ("zero", [0.0]), ("less", [0.5, 7.5]), (2.5, [2.5])):
        for points in (0.0, 0.5, 2.5, 7.5, 8.0):
            found = differences(with_expectation(wanted), _verdict(cells=_cells(points=points)))
            expected = points in fits or (wanted == "less" and points == 2.5)
            assert (not found) == expected, (wanted, points)


def test_a_refused_folder_must_be_refused(samples: dict[str, Sample]):
    sample = samples["hostile-10-name-with-newline"]
    assert differences(sample, None) == []
    assert differences(sample, _verdict()) == ["graded"]
