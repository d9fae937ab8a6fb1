"""An extension of Sphinx: the bibliography as a list that screen readers know.

docutils writes a list whose entries have a role (`doc-biblioentry`) that is no entry of a list any
more since DPUB-ARIA 1.1, so that a reader hears of an empty list.

>>> list_items('<div role="list"><div role="doc-biblioentry">…</div></div>')
'<div role="list"><div role="listitem">…</div></div>'

Left out: the entries' text, which is sphinxcontrib-bibtex's.
Proved by: axe-core on the page of references, which complains without this.
"""

from typing import Any


def list_items(body: str) -> str:
    """Give the page with its citations as entries of their list."""
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def mend(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Change what is about to be written as a page's body."""
    if doctree is not None:
        context["body"] = list_items(context["body"])


def setup(app: Any) -> dict[str, bool]:
    """Connect with Sphinx."""
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
