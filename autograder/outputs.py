"""Outputs of cells in the notebook format, from what a student's process says they are.

Text and PNG only: no HTML, SVG, script or Markdown of a student's ever reaches a page. A PNG is
kept if it is one (signature, sizes) and characters that steer a terminal are taken out of texts; of
a line that was written over again and again, as progress bars do, the last state is kept.
Everything is capped here too: what a student's process says of its caps is not relied on.
Proved by: tests/autograder/test_outputs.py.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Sequence
from typing import Any

from autograder.inside.wire import Output

CELL_OUTPUTS = 200
CELL_CHARACTERS = 210_000  # room for what inside/shell.py keeps and says of its own cut
CELL_PNG_CHARACTERS = 8 * 2**20  # of base64, over all pictures
NOTEBOOK_CHARACTERS = 2_000_000
NOTEBOOK_PNG_CHARACTERS = 32 * 2**20
NAME_CHARACTERS = 200
MOST_PIXELS = 8192  # a side
_PNG = b"\x89PNG\r\n\x1a\n"
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Room:
    """What outputs may still hold: those of a notebook, and within it those of a cell."""

    def __init__(
        self,
        characters: int = NOTEBOOK_CHARACTERS,
        png_characters: int = NOTEBOOK_PNG_CHARACTERS,
        around: Room | None = None,
    ) -> None:
        self.characters, self.png_characters, self._around = characters, png_characters, around

    def of_cell(self) -> Room:
        """The room of one cell, within this."""
        characters = min(CELL_CHARACTERS, self.characters)
        return Room(characters, min(CELL_PNG_CHARACTERS, self.png_characters), self)

    def text(self, text: str) -> str:
        """As much of a text as there is room for, cleaned."""
        kept = text[: self.characters]
        self._spend(len(kept), 0)
        return clean(kept)

    def png(self, text: str) -> str:
        """The picture as plain base64, or "" if it is none or there is no room for it."""
        if not text or len(text) > self.png_characters:
            return ""
        plain = "".join(text.split())
        if not _is_png(plain):
            return ""
        self._spend(0, len(text))
        return plain

    def _spend(self, characters: int, png_characters: int) -> None:
        self.characters -= characters
        self.png_characters -= png_characters
        if self._around:
            self._around._spend(characters, png_characters)


def notebook_outputs(
    outputs: Sequence[Output], trouble: str, count: int, room: Room | None = None
) -> list[dict[str, Any]]:
    """A student cell's outputs as nbformat 4 dicts; `trouble` is told as an error of its own.

    Args:
        outputs: what the student's process says they are.
        trouble: what went wrong with the process, in the judge's words.
        count: the cell's number.
        room: of the notebook, for all its cells together.
    """
    left = (room or Room()).of_cell()
    made = [_output(output, count, left) for output in outputs[:CELL_OUTPUTS]]
    kept = [output for output in made if output is not None]
    return kept + ([_error("CellStopped", trouble, [], Room())] if trouble else [])


def report_outputs(text: str, trouble: str, points: float) -> list[dict[str, Any]]:
    """A test cell's outputs: the report, then the points (or the error that gave none)."""
    made: list[dict[str, Any]] = []
    if text:
        made.append({"output_type": "stream", "name": "stdout", "text": clean(text)})
    if trouble:
        return [*made, _error("CheckError", trouble, [], Room())]
    plain = {"text/plain": repr(points)}
    return [
        *made,
        {"output_type": "execute_result", "data": plain, "metadata": {}, "execution_count": None},
    ]


def clean(text: str) -> str:
    """The text without characters that steer a terminal or the direction of writing."""
    return _STEERING.sub("", _SEQUENCE.sub("", text))


def _output(output: Output, count: int, room: Room) -> dict[str, Any] | None:
    match output.output_type:
        case "stream":
            name = "stderr" if output.name == "stderr" else "stdout"
            text = room.text(_last_states(output.text))
            return {"output_type": "stream", "name": name, "text": text} if text else None
        case "error":
            return _error(output.ename, output.evalue, output.traceback, room)
        case kind:
            data = {}
            if "text/plain" in output.data:
                data["text/plain"] = room.text(output.data["text/plain"])
            if png := room.png(output.data.get("image/png", "")):
                data["image/png"] = png
            made: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
            return (
                (made | {"execution_count": count or None} if kind == "execute_result" else made)
                if data
                else None
            )


def _last_states(text: str) -> str:
    """Each line as a terminal would leave it after the carriage returns in it."""
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


def _error(name: str, value: str, traceback: Sequence[str], room: Room) -> dict[str, Any]:
    name, value = clean(name[:NAME_CHARACTERS]), room.text(value)
    lines = [room.text(line) for line in traceback[:CELL_OUTPUTS]] or [f"{name}: {value}"]
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": lines}


def _is_png(text: str) -> bool:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    if not data.startswith(_PNG) or data[12:16] != b"IHDR" or len(data) < 33:
        return False
    width, height = struct.unpack(">II", data[16:24])
    return bool(0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS)
