"""IPython's shell with its outputs collected: what a cell shows, in the notebook format's words.

Behaves as the notebook kernel does (magics, rich display, inline matplotlib, top-level await,
`input()` refused) but for what is dropped on purpose:

- outputs other than text and PNG, widgets, and anything past the caps;
- colours in tracebacks, and the middle of one of more than 40 frames;
- updates of a display of an earlier cell, whose outputs have left;
- more than one thread of torch's, which no snapshot could use;
- the event loop of a kernel, which runs under every cell: here one runs under `await` alone;
- input history, and the order in which stdout and stderr were written past Python.

Proved by: tests/autograder/inside/test_fidelity.py, against nbclient.
"""

from __future__ import annotations

import base64
import builtins
import getpass
import io
import os
import sys
import zlib
from types import TracebackType
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Instance
from traitlets.config import Config

from .magics import Transformers
from .wire import Output

CELL_CHARACTERS = 200_000  # of text, over all outputs of a cell
CELL_OUTPUTS = 200
PNG_BYTES = 4 * 2**20
TRACEBACK_FRAMES = 40
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
        if not text:
            return
        self._clear_if_asked()
        text = self._take(text)
        last = self.items[-1] if self.items else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["parts"].append(text)
        elif text:
            self._add({"output_type": "stream", "name": name, "parts": [text]})

    def rich(
        self, output_type: str, data: dict[str, Any], name: str = "", update: bool = False
    ) -> None:
        """A display or a result: its text and PNG are kept; `update`: of the display `name`."""
        self._clear_if_asked()
        kept: dict[str, str] = {}
        if "text/plain" in data:
            kept["text/plain"] = self._take(str(data["text/plain"]))
        png = data.get("image/png")
        if isinstance(png, bytes):
            png = base64.b64encode(png).decode("ascii")
        if isinstance(png, str) and len(png) <= PNG_BYTES:
            kept["image/png"] = png
        if update:
            for item in self.items:
                if item.get("display_id") == name:
                    item["data"] = kept
        elif kept:
            self._add({"output_type": output_type, "data": kept, "display_id": name})

    def error(self, ename: str, evalue: str, traceback: list[str]) -> None:
        """An exception."""
        self._clear_if_asked()
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
        self._clear_next = True
        if not wait:
            self._clear_if_asked()

    def taken(self) -> list[Output]:
        """All outputs as wire structs."""
        return [
            Output(item["output_type"], name=item["name"], text="".join(item["parts"]))
            if "parts" in item
            else Output(**{key: value for key, value in item.items() if key != "display_id"})
            for item in self.items
        ]

    def _clear_if_asked(self) -> None:
        if self._clear_next:
            self.items.clear()
            self._left, self._cut, self._clear_next = CELL_CHARACTERS, False, False

    def _add(self, item: dict[str, Any]) -> None:
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

    def publish(
        self,
        data: dict[str, Any],
        *args: Any,
        transient: dict[str, str] | None = None,
        update: bool = False,
        **kwargs: Any,
    ) -> None:
        name = (transient or {}).get("display_id", "")
        self.shell.outputs.rich("display_data", data, name, update)

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


class _Compiler(CachingCompiler):
    """Names cells as the notebook kernel does, so that tracebacks and warnings read the same."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return f"/tmp/ipykernel_{os.getpid()}/{zlib.crc32(raw_code.encode())}.py"  # noqa: S108


class CellShell(InteractiveShell):
    """The shell of one student; `run` gives a cell's outputs."""

    outputs: Outputs = Outputs()
    input_transformer_manager = Instance(Transformers, ())

    def __init__(self, **kwargs: Any) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        kwargs |= {"display_pub_class": _Publisher, "displayhook_class": _Hook}
        kwargs |= {"compiler_class": _Compiler}
        super().__init__(config=config, **kwargs)  # type: ignore[no-untyped-call]

    system = InteractiveShell.system_piped

    def enable_gui(self, gui: str | None = None) -> None:
        """What `%matplotlib` asks for; inline figures need no event loop."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        sys.stdout.flush()
        lines = stb if isinstance(stb, list) else str(stb).split("\n")
        self.outputs.error(getattr(etype, "__name__", str(etype)), _text(evalue), lines)

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        kind, error, trace = super()._get_exc_info(exc_tuple)  # type: ignore[no-untyped-call]
        left, seen = error, set()
        while left is not None and id(left) not in seen:
            seen.add(id(left))
            _shorten(left.__traceback__)
            left = left.__cause__ or left.__context__
        _shorten(trace)
        return kind, error, trace

    def ask_exit(self) -> None:
        """`exit` and `quit` leave a notebook's kernel; here they end the cell's process."""
        os._exit(0)

    def run(self, source: str) -> tuple[list[Output], int, bool]:
        """Run one cell: its outputs, its number, and whether it failed."""
        self.outputs = Outputs()
        sys.stdout, sys.stderr = _Stream("stdout", self), _Stream("stderr", self)
        builtins.input = _no_input  # type: ignore[assignment]
        getpass.getpass = _no_getpass
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


def _shorten(trace: TracebackType | None) -> None:
    """Take out the middle of a long traceback: IPython needs seconds for a thousand frames."""
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    if len(frames) > TRACEBACK_FRAMES:
        frames[TRACEBACK_FRAMES // 2].tb_next = frames[-TRACEBACK_FRAMES // 2]


def _text(value: object) -> str:
    try:
        return str(value)
    except BaseException:
        return "<exception str() failed>"


def _no_input(prompt: str = "") -> str:
    raise StdinNotImplementedError(_NO_INPUT.format("raw_input"))


def _no_getpass(prompt: str = "Password: ", *args: Any, **kwargs: Any) -> str:
    raise StdinNotImplementedError(_NO_INPUT.format("getpass"))


_NO_INPUT = "{} was called, but this frontend does not support input requests."
