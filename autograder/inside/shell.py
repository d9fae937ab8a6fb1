"""IPython's shell with its outputs collected: what a cell shows, in the notebook format's words.

Behaves as the notebook kernel does (magics, rich display, inline matplotlib, top-level await,
`input()` refused) but for what is dropped on purpose: outputs other than text and PNG, widgets,
colours in tracebacks, and anything past the caps. Proved by:
tests/autograder/inside/test_fidelity.py, against nbclient.
"""

from __future__ import annotations

import base64
import builtins
import io
import os
import sys
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .wire import Output

CELL_CHARACTERS = 200_000  # of text, over all outputs of a cell
CELL_OUTPUTS = 200
PNG_BYTES = 4 * 2**20
CAPTURE_BYTES = 64 * 1024  # of what is written past Python, straight to descriptors 1 and 2


class Outputs:
    """The outputs of one cell, adjacent stream texts joined, capped in number and size."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self._left = CELL_CHARACTERS
        self._cut = False
        self._clear_next = False

    def stream(self, name: str, text: str) -> None:
        """Text for stdout or stderr."""
        text = self._take(text)
        last = self.items[-1] if self.items else {}
        if text and last.get("output_type") == "stream" and last["name"] == name:
            last["parts"].append(text)
        elif text:
            self._add({"output_type": "stream", "name": name, "parts": [text]})

    def rich(self, output_type: str, data: dict[str, Any]) -> None:
        """A display or a result: its plain text and PNG are kept."""
        kept: dict[str, str] = {}
        if "text/plain" in data:
            kept["text/plain"] = self._take(str(data["text/plain"]))
        png = data.get("image/png")
        if isinstance(png, bytes):
            png = base64.b64encode(png).decode("ascii")
        if isinstance(png, str) and len(png) <= PNG_BYTES:
            kept["image/png"] = png
        if kept:
            self._add({"output_type": output_type, "data": kept})

    def error(self, ename: str, evalue: str, traceback: list[str]) -> None:
        """An exception."""
        lines = [self._take(line) for line in traceback]
        self._add(
            {
                "output_type": "error",
                "ename": ename[:200],
                "evalue": self._take(evalue),
                "traceback": lines,
            }
        )

    def clear(self, wait: bool) -> None:
        """What IPython's clear_output asks for."""
        if wait:
            self._clear_next = True
        else:
            self.items.clear()

    def taken(self) -> list[Output]:
        """All outputs as wire structs."""
        return [
            Output(item["output_type"], name=item["name"], text="".join(item["parts"]))
            if "parts" in item
            else Output(**item)
            for item in self.items
        ]

    def _add(self, item: dict[str, Any]) -> None:
        if self._clear_next:
            self.items.clear()
            self._clear_next = False
        if len(self.items) < CELL_OUTPUTS:
            self.items.append(item)

    def _take(self, text: str) -> str:
        text = str.encode(text, "utf-8", "replace").decode()
        if len(text) > self._left:
            text, cut = text[: self._left], not self._cut
            self._cut = True
            text += "\n… (output cut: more than 200,000 characters)\n" if cut else ""
            self._left = 0
        else:
            self._left -= len(text)
        return text


class _Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of a cell."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, name: str, shell: CellShell) -> None:
        self.name, self._shell = name, shell

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._shell.outputs.stream(self.name, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return 1 if self.name == "stdout" else 2


class _Publisher(DisplayPublisher):
    shell: CellShell

    def publish(self, data: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self.shell.outputs.rich("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear(wait)


class _Hook(DisplayHook):
    shell: CellShell

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
        self.shell.outputs.rich("execute_result", format_dict)

    def finish_displayhook(self) -> None:
        pass


class CellShell(InteractiveShell):
    """The shell of one student; `run` gives a cell's outputs."""

    outputs: Outputs = Outputs()

    def __init__(self, **kwargs: Any) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        kwargs |= {"display_pub_class": _Publisher, "displayhook_class": _Hook}
        super().__init__(config=config, **kwargs)  # type: ignore[no-untyped-call]

    system = InteractiveShell.system_piped

    def enable_gui(self, gui: str | None = None) -> None:
        """What `%matplotlib` asks for; inline figures need no event loop."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        sys.stdout.flush()
        lines = stb if isinstance(stb, list) else str(stb).split("\n")
        self.outputs.error(getattr(etype, "__name__", str(etype)), _text(evalue), lines)

    def ask_exit(self) -> None:
        """`exit` and `quit` leave a notebook's kernel; here they end the cell's process."""
        os._exit(0)

    def run(self, source: str) -> tuple[list[Output], int, bool]:
        """Run one cell: its outputs, its number, and whether it failed."""
        self.outputs = Outputs()
        sys.stdout, sys.stderr = _Stream("stdout", self), _Stream("stderr", self)
        builtins.input = _no_input  # type: ignore[assignment]
        _written_past_python()
        count = self.execution_count
        result = self.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        self.outputs.stream("stdout", _written_past_python())
        return self.outputs.taken(), count, not result.success


def _written_past_python() -> str:
    """What stands in the file behind descriptors 1 and 2, which is emptied."""
    try:
        raw = os.pread(1, CAPTURE_BYTES, 0)
        os.lseek(1, 0, os.SEEK_SET)
        os.ftruncate(1, 0)
    except OSError:  # the cell closed or replaced it
        return ""
    return raw.decode("utf-8", "replace")


def _text(value: object) -> str:
    try:
        return str(value)
    except BaseException:
        return "<exception str() failed>"


def _no_input(prompt: str = "") -> str:
    raise StdinNotImplementedError(
        "raw_input was called, but this frontend does not support input requests."
    )
