r"""Formulas as MathML, which browsers draw themselves: no script, no network, readable aloud.

A formula may be a student's, so what latex2mathml makes of it is rebuilt from the few elements and
attributes that MathML Core draws (W3C, MathML Core, §3); `\href`, `\style` and `\class` leave
nothing behind. Left out: macros that students define, which could grow without end; a formula that
is not understood is shown as it was written.
Proved by: the formulas of the assignments, and hostile ones.
"""

import re
from html import escape, unescape
from xml.etree.ElementTree import Element, SubElement, tostring

MOST_CHARACTERS = 2_000
"""The longest formula that is converted; a page of formulas has less."""

_ELEMENTS = frozenset(
    "math mrow mi mo mn ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose"
    " msub msup msubsup munder mover munderover mmultiscripts mtable mtr mtd".split()
)
_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnspacing depth display displaystyle fence form height"
    " largeop linethickness lspace mathvariant maxsize minsize movablelimits notation rowspacing"
    " rspace scriptlevel separator stretchy symmetric voffset width".split()
)
_VALUE = re.compile(r"[+-]?\d{0,2}(\.\d{1,3})?(em|ex|px|%)?|[a-z-]+( [a-z-]+)*", re.ASCII)
"""Keywords, and sizes below 100 of a unit: nothing that could cover the page."""

_MACROS = re.compile(r"\\(re|provide)?newcommand|\\[egx]?def\b|\\let\b|\\Declare")


def formula(latex: str, *, block: bool) -> str:
    """The formula as a `math` element; as code where it cannot be converted."""
    if len(latex) <= MOST_CHARACTERS and not _MACROS.search(latex):
        from latex2mathml.converter import Converter

        try:
            display = "block" if block else "inline"
            found = Converter(display=display).convert_to_element(latex)
            return tostring(_rebuilt(found), encoding="unicode", short_empty_elements=False)
        except Exception:  # noqa: S110 - its parser raises whatever a hostile formula leads to
            pass
    return f"<code>{escape(latex)}</code>"


def _rebuilt(found: Element, parent: Element | None = None) -> Element:
    tag = found.tag if found.tag in _ELEMENTS else "mrow"
    attributes = {
        name: value
        for name, value in found.attrib.items()
        if name in _ATTRIBUTES and _VALUE.fullmatch(value)
    }
    made = Element(tag, attributes) if parent is None else SubElement(parent, tag, attributes)
    made.text = unescape(found.text or "")
    for child in found:
        _rebuilt(child, made)
    return made
