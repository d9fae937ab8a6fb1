"""The regions of a cell that students must not see, between nbgrader's pairs of marks.

nbgrader replaces `BEGIN SOLUTION … END SOLUTION` by a stub and removes
`BEGIN HIDDEN TESTS … END HIDDEN TESTS`. Its own complaints name no cell; these are made first.
Proved by: marks missing, doubled, nested and crossed.
"""

from autograder.errors import BuildError

SOLUTION = "SOLUTION"
HIDDEN_TESTS = "HIDDEN TESTS"


def split(source: str, kind: str) -> tuple[list[str], list[str]]:
    """The lines of a cell that stay, and those that its regions of this kind take away.

    Raises:
        BuildError: a mark has no partner; the text does not name the cell
    """
    kept: list[str] = []
    cut: list[str] = []
    inside = False
    for line in source.split("\n"):
        begins, ends = f"BEGIN {kind}" in line, f"END {kind}" in line
        if (begins and inside) or (ends and not inside):
            raise BuildError(f"`{line.strip()}` does not stand where one can")
        if begins or ends:
            inside = begins
        else:
            (cut if inside else kept).append(line)
    if inside:
        raise BuildError(f"`BEGIN {kind}` has no `END {kind}`")
    return kept, cut


def marked(source: str, kind: str) -> bool:
    """Whether a cell holds a mark of this kind."""
    return f"BEGIN {kind}" in source or f"END {kind}" in source
