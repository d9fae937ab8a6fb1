"""Markdown of students and of lessons as HTML that can do nothing: no tags of theirs, no scripts.

nbgrader's pages give Markdown cells to a filter that lets raw HTML, `javascript:` links and HTML in
Mermaid blocks through, `sanitize_html` or not (nbgrader 0.9.6, nbconvert 7.17). This is the filter
put in its place, on feedback pages and in formgrader alike.

Left out: images, which could only be fetched from outside (pasted ones are dropped when a
submission is read); links that are not absolute, which would act inside formgrader.
Proved by: a page of attacks opened in a browser, and the tags and attributes of every output.
"""

import re
from functools import lru_cache
from html import escape
from typing import Any

from mistune import HTMLRenderer
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from autograder.mathml import formula

MOST_CHARACTERS = 10_000
"""The longest text that is parsed, five pages: hostile ones take the parser quadratic time."""

_LINK = re.compile(r"(https?://|mailto:|#)[^\s\x00-\x20]*", re.ASCII | re.IGNORECASE)


@lru_cache(maxsize=1024)  # lessons are the same on every student's page
def markdown_to_html(source: str) -> str:
    """The text as HTML: paragraphs, lists, tables, code and formulas."""
    if len(source) > MOST_CHARACTERS:
        return f"<pre>{escape(source)}</pre>"
    try:
        return MarkdownWithMath(renderer=_Renderer()).render(source)
    except Exception:  # the parser raises whatever a hostile text leads to
        return f"<pre>{escape(source)}</pre>"


class _Renderer(HTMLRenderer):
    """mistune's renderer with all that could reach beyond the text taken out."""

    def __init__(self) -> None:
        super().__init__(escape=True)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not _LINK.fullmatch(url):
            return text
        return f'<a href="{escape(url)}" rel="noopener noreferrer nofollow">{text}</a>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"<em>[image: {text}]</em>" if text else "<em>[image]</em>"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f"<h{level}>{text}</h{level}>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{escape(code)}</code></pre>\n"

    def block_math(self, body: str) -> str:
        return formula(body, block=True)

    def inline_math(self, body: str) -> str:
        return formula(body, block=False)

    def latex_environment(self, name: str, body: str) -> str:
        return formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)
