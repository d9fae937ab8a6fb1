"""A log of finished runs: a run that ended is never trained again, however the study was stopped.

One line of JSON a run, written when it ends, behind a first line that says with what settings they
were made. A line that a kill cut short does not count: its run is trained again.

>>> from tempfile import TemporaryDirectory
>>> from reference.study import Run
>>> with TemporaryDirectory() as folder:
...     path = Path(folder, "runs.jsonl")
...     run = Run(budget=1e6, d_model=8, seed=0, learning_rate=0.01)
...     RunLog(path, {"torch": "2.13"}).add(Finished(run, 3.1, [(512, 3.1)], seconds=0.2))
...     RunLog(path, {"torch": "2.13"}).finished[run.name].loss
3.1

Left out: several writers.
Proved by: a log cut at every byte gives the runs of its whole lines, and can be written on.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reference.study import Finished


class RunLog:
    """The finished runs in a file, by name."""

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        """Open a log, or begin one. ValueError if it was made with other settings."""
        self.path, self.finished = path, dict[str, Finished]()
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []  # the last has no end
        if lines:
            made_with = json.loads(lines[0])
            if made_with != dict(settings):
                raise ValueError(
                    f"{path} holds runs made with {made_with}, now it is {dict(settings)}: go on "
                    "with the same, or begin in another folder"
                )
        else:
            lines = [json.dumps(dict(settings)).encode()]
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        for line in lines[1:]:
            self._keep(Finished.from_json(json.loads(line)))

    def add(self, finished: Finished) -> None:
        """Write down a run that ended."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(finished.as_json()) + "\n")
        self._keep(finished)

    def _keep(self, finished: Finished) -> None:
        self.finished[finished.run.name] = finished
