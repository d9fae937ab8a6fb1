"""Outputs of cells in the notebook format, from what a student's process says they are.

Text and PNG only: no HTML, SVG, script or Markdown of a student's ever reaches a page. A PNG is
kept if it is one (signature, sizes) and characters that steer a terminal are taken out of texts.
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

MOST_PIXELS = 8192  # a side
_PNG = b"\x89PNG\r\n\x1a\n"
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def notebook_outputs(outputs: Sequence[Output], trouble: str, count: int) -> list[dict[str, Any]]:
    """A student cell's outputs as nbformat 4 dicts; `trouble` is told as an error of its own."""
    made = [_output(output, count) for output in outputs]
    kept = [output for output in made if output is not None]
    return kept + ([_error("CellStopped", trouble, [])] if trouble else [])


def report_outputs(text: str, trouble: str, points: float) -> list[dict[str, Any]]:
    """A test cell's outputs: the report, then the points (or the error that gave none)."""
    made: list[dict[str, Any]] = []
    if text:
        made.append({"output_type": "stream", "name": "stdout", "text": text})
    if trouble:
        return [*made, _error("CheckError", clean(trouble), [])]
    plain = {"text/plain": repr(points)}
    return [
        *made,
        {"output_type": "execute_result", "data": plain, "metadata": {}, "execution_count": None},
    ]


def clean(text: str) -> str:
    """The text without characters that steer a terminal or the direction of writing."""
    return _STEERING.sub("", text)


def _output(output: Output, count: int) -> dict[str, Any] | None:
    match output.output_type:
        case "stream":
            name = "stderr" if output.name == "stderr" else "stdout"
            return {"output_type": "stream", "name": name, "text": clean(output.text)}
        case "error":
            return _error(output.ename, output.evalue, output.traceback)
        case kind:
            data = {}
            if "text/plain" in output.data:
                data["text/plain"] = clean(output.data["text/plain"])
            if _is_png(output.data.get("image/png", "")):
                data["image/png"] = output.data["image/png"]
            made: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
            return (
                (made | {"execution_count": count or None} if kind == "execute_result" else made)
                if data
                else None
            )


def _error(name: str, value: str, traceback: Sequence[str]) -> dict[str, Any]:
    lines = [clean(line) for line in traceback] or [f"{clean(name)}: {clean(value)}"]
    return {
        "output_type": "error",
        "ename": clean(name),
        "evalue": clean(value),
        "traceback": lines,
    }


def _is_png(text: str) -> bool:
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    if not data.startswith(_PNG) or len(data) < 33:
        return False
    width, height = struct.unpack(">II", data[16:24])
    return bool(0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS)
