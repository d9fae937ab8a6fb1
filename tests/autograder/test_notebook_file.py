"""Files that claim to be notebooks: each kind of malformed one is refused with its reason."""

import json
import re
import tracemalloc

import pytest

from autograder.errors import UnreadableSubmission
from autograder.notebook_file import MAX_CELLS, MAX_SOURCE, read_cells
from autograder.submitted_file import MAX_BYTES


def code(source, **more):
    return {"cell_type": "code", "metadata": {}, "source": source, **more}


def file_of(cells, **more):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": cells, **more}).encode()


def refused(data):
    with pytest.raises(UnreadableSubmission) as caught:
        read_cells(data)
    return str(caught.value)


def nested(depth):
    return b"[" * depth + b"]" * depth


GOOD = file_of([code("x = 1")])
CELL = b'{"cell_type": "code", "metadata": {}, "source": ""}'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (GOOD[:-2], "not valid JSON: .* line 1"),
        (GOOD + GOOD, "not valid JSON: Extra data"),
        (b"PK\x03\x04\xff\xfe", "not UTF-8 text: byte 0xff at place 4"),
        (GOOD.replace(b"x = 1", b"x = \xc3"), "not UTF-8 text: byte 0xc3"),
        (GOOD.decode().encode("utf-16"), "not UTF-8 text"),
        (nested(10_000), "nested too deeply"),
        (b'{"nbformat": 4, "cells": [], "metadata": ' + nested(100_000) + b"}", "nested too deep"),
        (b'{"a": ' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b"[" * 2_000_000, "opening brackets"),
        (b"[" + b"{}," * 2_000_000 + b"{}]", "2,000,002 opening brackets; at most 1,000,000"),
        (b"9" * 100_000, "a number is too long"),
        (b"[]", "the file is no JSON object"),
        (b"null", "the file is no JSON object"),
        (b"{}", "`nbformat` is missing"),
        (b'{"nbformat": "4", "cells": []}', "`nbformat` is missing"),
        (b'{"nbformat": true, "cells": []}', "old notebook format"),
        (
            b'{"nbformat": 3, "worksheets": []}',
            "old notebook format 3: open it in Jupyter, save it",
        ),
        (b'{"nbformat": 5, "cells": []}', "notebook format 5, which is not known"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (file_of([code("")] * 100_000), "100,000 cells; at most 2,000"),
        (file_of([code(""), "x"]), "cell 2 is no JSON object"),
        (
            file_of([{"cell_type": "heading", "source": ""}]),
            "cell 1 is none of code, markdown, raw",
        ),
        (file_of([{"cell_type": ["code"], "source": ""}]), "cell 1 is none of"),
        (file_of([{"cell_type": "code"}]), "cell 1 has no text"),
        (file_of([code(["x", 1])]), "cell 1 has no text"),
        (file_of([code({"x": 1})]), "cell 1 has no text"),
        (file_of([code("", metadata=[])]), "the metadata of cell 1 is no JSON object"),
        (file_of([code("x" * 600_000)] * 2), "1,200,000 characters; at most 1,000,000"),
    ],
)
def test_malformed_files_are_refused_with_the_reason(data, reason):
    assert re.search(reason, refused(data))


def test_limits_are_not_below_what_they_say():
    assert len(read_cells(file_of([code("")] * MAX_CELLS))) == MAX_CELLS
    assert len(read_cells(file_of([code("x" * MAX_SOURCE)]))) == 1


def test_bytes_over_the_limit_are_not_parsed():
    assert "20 MB are read" in refused(b" " * (MAX_BYTES + 1) + GOOD)


def test_huge_structures_take_little_memory():
    tracemalloc.start()
    try:
        refused(b"[" + b"{}," * 6_000_000 + b"{}]")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * 2**20


def test_outputs_attachments_and_other_metadata_are_dropped_unread():
    junk = {"nbgrader": {"grade_id": "softmax"}, "evil": [[[1]]], "id": "from-colab"}
    cell = code(
        "x",
        metadata=junk,
        outputs=[{"data": {"text/html": "<script>"}}],
        execution_count="many",
        attachments={"a.png": {}},
    )
    (kept,) = read_cells(file_of([cell], metadata={"kernelspec": {"name": "evil"}}))
    assert (kept.kind, kept.source, kept.grade_id) == ("code", "x", "softmax")
    assert kept.cell_id == "from-colab"
    assert kept.pictures
    assert vars(kept).keys() == {"kind", "source", "cell_id", "label", "pictures"}


def test_text_comes_whole_or_in_lines_with_any_line_ends_and_a_byte_order_mark():
    cells = [code("a\nb"), code(["a\n", "b"]), code("a\r\nb"), code([])]
    kept = read_cells(b"\xef\xbb\xbf" + file_of(cells))
    assert [cell.source for cell in kept] == ["a\nb", "a\nb", "a\nb", ""]


def test_half_characters_are_replaced_so_that_the_text_can_be_stored():
    (kept,) = read_cells(GOOD.replace(b"x = 1", rb"x = '\ud800'"))
    assert kept.source == "x = '?'"


@pytest.mark.parametrize("label", [None, [], "x", 3, {"grade_id": 3}, {"grade_id": ["softmax"]}])
def test_labels_of_any_type_are_no_label(label):
    (kept,) = read_cells(file_of([code("x", metadata={"nbgrader": label}, id=7)]))
    assert kept.grade_id is None
    assert kept.cell_id is None
    assert not kept.labelled
