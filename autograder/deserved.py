"""Whether a verdict is what a sample's header says that it deserves.

Left out: what happened outside the verdict; tests/autograder/test_sample_class.py watches that.
Proved by: tests/autograder/test_samples_format.py, every kind of difference made once.
"""

import re

import msgspec

from autograder.samples import Points, Sample
from autograder.verdict import Verdict

ALARM = "ESCAPED"
"""What a sample says when something forbidden has worked; no sample's source holds the word."""


def differences(sample: Sample, verdict: Verdict | None, executed: bytes = b"") -> list[str]:
    """What of a verdict is not as the sample's header says; empty when all is.

    Args:
        sample: The sample.
        verdict: What grading it gave; None when its folder was refused.
        executed: The executed notebook and whatever else must not hold the alarm.
    """
    header = sample.header
    if verdict is None or header.status == "refused":
        refused = verdict is None
        return (
            [] if refused == (header.status == "refused") else ["graded" if verdict else "refused"]
        )
    found = []
    if verdict.status != header.status:
        found.append(f"{verdict.status}: {verdict.reason}; expected {header.status}")
    if header.reason not in verdict.reason:
        found.append(f"reason {verdict.reason!r}: expected {header.reason!r}")
    if header.notes and not any(header.notes in note for note in verdict.notes):
        found.append(f"no note says {header.notes!r}: {verdict.notes}")
    if header.status == "graded":
        for cell in verdict.cells:
            name = cell.grade_id.removeprefix("test-")
            if cell.points is None or name == cell.grade_id:
                continue
            wanted = header.expect.get(name, "full")
            if not _as_expected(cell.points, cell.max_points, wanted):
                found.append(f"{name}: {cell.points:g} of {cell.max_points:g}, expected {wanted}")
            if cell.misconception != header.mistakes.get(name):
                expected = header.mistakes.get(name)
                found.append(f"{name}: named {cell.misconception}, expected {expected}")
    text = msgspec.json.encode(verdict) + executed
    found += [f"alarm: {line}" for line in _alarms(text)]
    return found


def _as_expected(points: float, worth: float, wanted: Points) -> bool:
    match wanted:
        case "full":
            return points == worth
        case "zero":
            return points == 0
        case "less":
            return 0 < points < worth
        case _:
            return abs(points - wanted) < 1e-6


def _alarms(text: bytes) -> list[str]:
    found = re.findall(ALARM.encode() + rb".{0,200}", text)
    return [line.decode("utf-8", "replace") for line in found]
