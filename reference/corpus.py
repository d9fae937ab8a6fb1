"""Real English on every machine: Python's own documentation, as documents made of sentences.

The standard library carries the language reference for `help()`, about 80 topics with half a
million characters of prose, grammar and examples (`pydoc_data.topics`). Topics quote each other, so
a paragraph is kept where it comes first only; else what is held out would have been seen. Tables
and the lines under headings are dropped: a model learns to draw them, and little else. BERT used
Wikipedia and BooksCorpus: 3.3 billion words (Devlin et al. 2019, §3.1), 50,000 times as many.

>>> sentences("Names refer to objects.  They are introduced by binding\\noperations.")
['Names refer to objects.', 'They are introduced by binding operations.']
>>> split([["a."], ["b."], ["c."], ["d."], ["e."]], every=3)
([['a.'], ['b.'], ['d.'], ['e.']], [['c.']])

Left out: real sentence boundaries ("e.g. this" is cut in two); other languages.
Proved by: cases worked by hand; no paragraph twice; nothing both trained on and held out.
"""

import re
from collections.abc import Sequence

PARAGRAPHS = 16  # a document's length at most: long topics are cut, so that there are many
RULE = re.compile(r"[-=*~^]{4,}")  # what underlines a heading
TABLE = re.compile(r"\s*\+-")

Text = list[str]  # the sentences of one document


def python_documentation() -> list[Text]:
    """Python's documentation, each document a run of paragraphs from one topic."""
    from pydoc_data.topics import topics

    return documents([topics[name] for name in sorted(topics)])


def documents(topics: Sequence[str]) -> list[Text]:
    """Cut each topic into documents of sentences, without the paragraphs that came before."""
    seen: set[str] = set()
    result = []
    for topic in topics:
        fresh = []
        for paragraph in re.split(r"\n\s*\n", topic):
            text = " ".join(RULE.sub(" ", paragraph).split())
            if text and text not in seen and not TABLE.match(paragraph):
                seen.add(text)
                fresh.append(text)
        for start in range(0, len(fresh), PARAGRAPHS):
            run = fresh[start : start + PARAGRAPHS]
            result.append([sentence for paragraph in run for sentence in sentences(paragraph)])
    return result


def sentences(paragraph: str) -> Text:
    """Cut after a full stop, colon, question or exclamation mark that a space follows."""
    return re.split(r"(?<=[.:?!])\s+", " ".join(paragraph.split()))


def split(documents: Sequence[Text], every: int = 10) -> tuple[list[Text], list[Text]]:
    """Part the documents: those to train on, and every `every`-th, to be held out."""
    if not 2 <= every <= len(documents):
        raise ValueError(
            f"one in {every} documents cannot be held out: got {len(documents)} documents; "
            "choose every from 2 to their number"
        )
    held_out = list(documents[every - 1 :: every])
    return [text for i, text in enumerate(documents, 1) if i % every], held_out
