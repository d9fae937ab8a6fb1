"""What a student's process says of its outputs becomes text and pictures, and no more than fits."""

import base64
import struct
import time
import zlib

import nbformat
import pytest
from hypothesis import given, strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from autograder import outputs as module
from autograder.inside.wire import Output
from autograder.outputs import Room, clean, notebook_outputs, report_outputs


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 1, height: int = 1) -> str:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + data).decode()


def shown(*outputs: Output, trouble: str = "", count: int = 3) -> list[dict]:
    made = notebook_outputs(outputs, trouble, count)
    cell = new_code_cell("1", execution_count=count or None)
    cell.outputs = [nbformat.from_dict(output) for output in made]
    nbformat.validate(new_notebook(cells=[cell]))
    return made


def display(**data: str) -> Output:
    named = {kind.replace("__", "/").replace("_xml", "+xml"): text for kind, text in data.items()}
    return Output("display_data", data=named)


# ── kinds ───────────────────────────────────────────────────────────────────────────────────────


def test_each_kind_as_the_notebook_format_has_it():
    made = shown(
        Output("stream", name="stdout", text="a\n"),
        Output("stream", name="stderr", text="b\n"),
        display(text__plain="<Figure>", image__png=png()),
        Output("execute_result", data={"text/plain": "4"}),
        Output("error", ename="ValueError", evalue="no", traceback=["one", "two"]),
    )
    assert made == [
        {"output_type": "stream", "name": "stdout", "text": "a\n"},
        {"output_type": "stream", "name": "stderr", "text": "b\n"},
        {
            "output_type": "display_data",
            "data": {"text/plain": "<Figure>", "image/png": png()},
            "metadata": {},
        },
        {
            "output_type": "execute_result",
            "data": {"text/plain": "4"},
            "metadata": {},
            "execution_count": 3,
        },
        {
            "output_type": "error",
            "ename": "ValueError",
            "evalue": "no",
            "traceback": ["one", "two"],
        },
    ]


def test_what_a_page_would_run_or_load_is_dropped():
    active = {
        "text/html": "<script>alert(1)</script>",
        "image/svg+xml": "<svg onload='alert(1)'/>",
        "text/markdown": "<img src=x onerror=alert(1)>",
        "text/latex": "$\\href{javascript:alert(1)}{x}$",
        "application/javascript": "alert(1)",
        "application/json": "{}",
        "application/pdf": "JVBERg==",
        "application/vnd.jupyter.widget-view+json": "{}",
        "image/jpeg": "aGk=",
        "image/gif": "aGk=",
        "text/plain; x": "hi",
        "IMAGE/PNG": png(),
    }
    assert shown(Output("display_data", data=active)) == []
    (kept,) = shown(Output("execute_result", data=active | {"text/plain": "plain"}))
    assert kept["data"] == {"text/plain": "plain"}


def test_markup_in_text_is_text():
    """It is escaped where a page is made; here it stays as it was printed."""
    text = "<script>alert(1)</script> & [x](javascript:alert(1))"
    assert shown(Output("stream", name="stdout", text=text))[0]["text"] == text


def test_a_stream_of_another_name_is_stdout():
    assert shown(Output("stream", name="../../x", text="a"))[0]["name"] == "stdout"


def test_an_output_without_anything_is_left_out():
    assert shown(Output("stream", name="stdout", text=""), Output("display_data")) == []


@pytest.mark.parametrize("count", [0, 1, 999])
def test_a_result_s_number_is_the_cell_s(count):
    (made,) = shown(Output("execute_result", data={"text/plain": "1"}), count=count)
    assert made["execution_count"] == (count or None)


def test_trouble_is_told_after_what_was_shown():
    made = shown(Output("stream", name="stdout", text="a"), trouble="stopped: too slow")
    assert [output["output_type"] for output in made] == ["stream", "error"]
    assert made[1]["ename"] == "CellStopped"
    assert made[1]["evalue"] == "stopped: too slow"
    assert made[1]["traceback"] == ["CellStopped: stopped: too slow"]


# ── pictures ────────────────────────────────────────────────────────────────────────────────────

NO_PNG = {
    "empty": "",
    "no base64": "not base64!",
    "another alphabet": "é" * 100,
    "text": base64.b64encode(b"<svg/>" * 20).decode(),
    "a JPEG": base64.b64encode(b"\xff\xd8\xff" + bytes(99)).decode(),
    "a signature alone": base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(),
    "no header": base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", bytes(99))).decode(),
    "no width": png(0, 1),
    "no height": png(1, 0),
    "too wide": png(8193, 1),
    "too high": png(1, 2**31),
    "quotes": png() + '" onerror="alert(1)',
    "cut": png()[:-1],
}


@pytest.mark.parametrize("text", NO_PNG.values(), ids=NO_PNG)
def test_what_is_no_picture_is_dropped(text):
    assert shown(display(image__png=text)) == []
    (made,) = shown(display(image__png=text, text__plain="x"))
    assert made["data"] == {"text/plain": "x"}


def test_a_picture_is_kept_without_white_space():
    text = png(8192, 8192)
    (made,) = shown(display(image__png=f" \n{text[:10]}\n\u2028\t{text[10:]}\n"))
    assert made["data"] == {"image/png": text}


# ── characters ──────────────────────────────────────────────────────────────────────────────────

TEXTS = {
    "colours": ("\x1b[31mred\x1b[0m, \x1b[1;38;5;9mbold\x1b[m", "red, bold"),
    "the window's title": ("a\x1b]0;title\x07b\x1b]2;x\x1b\\c", "abc"),
    "a hyperlink": ("\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"),
    "moving the cursor": ("a\x1b[2J\x1b[Hb\x1bMc\x1b7", "abc7"),
    "a title without end": ("\x1b]0;" + "x" * 9 + "\nnext", "\nnext"),
    "a lone escape": ("a\x1b", "a"),
    "eight-bit controls": ("a\x9b31mb\x85c", "a31mbc"),
    "bell and backspace": ("a\x07\x08b\x00c\x7f", "abc"),
    "the direction of writing": ("a\u202eb\u2066c\u200fd", "abcd"),
    "tabs and lines": ("a\tb\nc", "a\tb\nc"),
    "other scripts": ("é 汉 😀", "é 汉 😀"),
}


@pytest.mark.parametrize(("text", "kept"), TEXTS.values(), ids=TEXTS)
def test_what_steers_is_taken_out(text, kept):
    assert clean(text) == kept
    made = shown(
        Output("stream", name="stdout", text=text + "."),
        Output("execute_result", data={"text/plain": text}),
        Output("error", ename=text, evalue=text, traceback=[text]),
        trouble=text + ".",
    )
    assert made[0]["text"] == kept + "."
    assert made[1]["data"]["text/plain"] == kept
    assert [made[2]["ename"], made[2]["evalue"], *made[2]["traceback"]] == [kept] * 3
    assert made[3]["evalue"] == kept + "."


@given(st.text())
def test_no_control_character_is_left_in_any_text(text):
    left = clean(text)
    assert not any(ord(c) < 32 and c not in "\t\n" or 127 <= ord(c) < 160 for c in left)
    assert clean(left) == left


def test_a_progress_bar_is_kept_as_it_ends():
    text = "start\r\n\r 10%|#\r 50%|###\r100%|######\nend\rEND\r"
    assert shown(Output("stream", name="stderr", text=text))[0]["text"] == "start\n100%|######\nEND"


def test_cleaning_takes_no_long_time():
    for piece in ("\x1b[", "\x1b]", "\x1b", "\r", "a\r", "[0", "\x1b[0;"):
        started = time.monotonic()
        shown(Output("stream", name="stdout", text=piece * 200_000))
        assert time.monotonic() - started < 5


# ── caps, though the process says that it has kept to them ──────────────────────────────────────


def test_the_outputs_of_a_cell_are_capped():
    many = [Output("stream", name="stdout", text="a")] * 10_000
    assert len(shown(*many)) == module.CELL_OUTPUTS


def characters(made: list[dict]) -> int:
    return sum(
        len(output.get("text", ""))
        + len(output.get("evalue", ""))
        + sum(map(len, output.get("traceback", ())))
        + len(output.get("data", {}).get("text/plain", ""))
        for output in made
    )


def test_the_text_of_a_cell_is_capped():
    long = "x" * 150_000
    made = shown(
        Output("stream", name="stdout", text=long),
        Output("execute_result", data={"text/plain": long}),
        Output("error", ename=long, evalue=long, traceback=[long] * 10_000),
        Output("stream", name="stdout", text=long),
        trouble="too much",
    )
    assert characters(made[:-1]) == module.CELL_CHARACTERS
    assert len(made[2]["ename"]) == module.NAME_CHARACTERS
    assert len(made[2]["traceback"]) <= module.CELL_OUTPUTS
    assert made[-1]["evalue"] == "too much", "what the judge has to say is said all the same"


def test_a_traceback_of_very_many_lines_is_capped():
    (made,) = shown(Output("error", ename="E", evalue="v", traceback=["line"] * 10**5))
    assert len(made["traceback"]) == module.CELL_OUTPUTS


def test_the_pictures_of_a_cell_are_capped(monkeypatch):
    text = png()
    monkeypatch.setattr(module, "CELL_PNG_CHARACTERS", 3 * len(text))
    made = shown(*[display(image__png=text)] * 5)
    assert len(made) == 3
    assert shown(display(image__png=text + " " * 3 * len(text))) == []


def test_the_outputs_of_a_notebook_are_capped():
    room = Room(characters=25, png_characters=2 * len(png()))
    cell = [Output("stream", name="stdout", text="x" * 10), display(image__png=png())]
    made = [notebook_outputs(cell, "", 1, room) for _ in range(4)]
    assert [characters(outputs) for outputs in made] == [10, 10, 5, 0]
    assert [sum("data" in output for output in outputs) for outputs in made] == [1, 1, 0, 0]
    assert notebook_outputs([], "stopped", 1, room)[0]["evalue"] == "stopped"


# ── a test cell's outputs ───────────────────────────────────────────────────────────────────────


def test_a_report_is_followed_by_the_points():
    made = report_outputs("softmax: 3 of 4\n\x1b[2J", "", 3.0)
    assert made == [
        {"output_type": "stream", "name": "stdout", "text": "softmax: 3 of 4\n"},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "3.0"},
            "metadata": {},
            "execution_count": None,
        },
    ]
    assert report_outputs("", "", 0.5)[0]["data"] == {"text/plain": "0.5"}


def test_a_report_that_broke_off_is_followed_by_the_error():
    stream, error = report_outputs("half\n", "ValueError: \x1b[31mno", 0.0)
    assert stream["text"] == "half\n"
    assert error["output_type"] == "error"
    assert error["evalue"] == "ValueError: no"
