"""Make text from outside safe to print: what a terminal would obey is shown instead of sent.

Student ids are folder names and messages carry what student code raised, so both may hold escape
sequences that move the cursor, rename the window or turn the reading direction round.
Left out: look-alike letters, which deceive people but no program.
Proved by: every character that Unicode calls control or format, tried one by one.
"""

import unicodedata

_OBEYED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of characters that are acted on or not drawn (Unicode 15, table 4-4)."""


def plain(text: str, *, limit: int = 300, lines: bool = False) -> str:
    r"""The text with everything but printable characters written out, as in `\x1b[2J`.

    Args:
        text: What to print.
        limit: How many characters to keep; a longer text ends in an ellipsis.
        lines: Whether line feeds and tabs stay as they are.
    """
    kept = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(_visible(character, lines) for character in kept)


def _visible(character: str, lines: bool) -> str:
    if lines and character in "\n\t":
        return character
    if unicodedata.category(character) in _OBEYED:
        return character.encode("unicode_escape", "backslashreplace").decode("ascii")
    return character
