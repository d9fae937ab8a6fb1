"""Tokenizers as files: a byte-level BPE as the tokenizer.json of the tokenizers library.

Slide "Tokenization"; the library's documentation of `Tokenizer.save`. A model is of no use without
the tokenizer that it was trained with, so both are kept. The file holds the tokens with their ids,
the merges in order, and in words what happens before and after: where text is cut, how bytes are
written. Reading checks that the file asks for exactly what `byte_level_bpe` does: one that asked
for lower case and was read as if it did not would give other ids, and no error.

>>> from tempfile import TemporaryDirectory
>>> tokenizer = ByteLevelBPE.train(["the cat, the hat"], 260, special=["<|endoftext|>"])
>>> with TemporaryDirectory() as folder:
...     save(tokenizer, Path(folder, "tokenizer.json"))
...     again = load(Path(folder, "tokenizer.json"))
>>> again.encode("the hat<|endoftext|>") == tokenizer.encode("the hat<|endoftext|>")
True

Left out: other kinds of tokenizers; GPT-2's older pair of files, vocab.json and merges.txt.
Proved by: the tokenizers library reads ours and we read its files, with the same ids on random
strings; transformers reads ours; files that ask for more are refused.
"""

import json
from pathlib import Path
from typing import Any

from reference.bpe import BPE
from reference.byte_level_bpe import ByteLevelBPE

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
MODEL = {
    "type": "BPE",
    "dropout": None,
    "unk_token": None,
    "continuing_subword_prefix": None,
    "end_of_word_suffix": None,
    "fuse_unk": False,
    "byte_fallback": False,
    "ignore_merges": False,
}
AS_IT_STANDS = {"single_word": False, "lstrip": False, "rstrip": False}  # of a special token


def save(tokenizer: ByteLevelBPE, path: Path) -> None:
    """Write a tokenizer.json."""
    bpe = tokenizer.bpe
    flags = {**AS_IT_STANDS, "normalized": False, "special": True}
    special = sorted(tokenizer.special, key=bpe.index.__getitem__)
    whole = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": bpe.index[t], "content": t, **flags} for t in special],
        "normalizer": None,
        "pre_tokenizer": {**BYTE_LEVEL, "trim_offsets": True},
        "post_processor": None,
        "decoder": {**BYTE_LEVEL, "trim_offsets": True},
        "model": {**MODEL, "vocab": bpe.index, "merges": bpe.merges},
    }
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> ByteLevelBPE:
    """Read a tokenizer.json that asks for what `ByteLevelBPE` does; refuse any other."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    _require("the file", whole, {"truncation": None, "padding": None, "normalizer": None})
    _require("model", whole["model"], MODEL)
    _require("pre_tokenizer", whole["pre_tokenizer"] or {"type": None}, BYTE_LEVEL)
    _require("decoder", whole["decoder"] or {"type": None}, {"type": "ByteLevel"})
    _require("post_processor", whole.get("post_processor") or {}, {"type": "ByteLevel"})
    added = whole["added_tokens"]
    for entry in added:
        _require(f"added token {entry['content']!r}", entry, AS_IT_STANDS)
    index = whole["model"]["vocab"] | {entry["content"]: entry["id"] for entry in added}
    vocabulary = sorted(index, key=index.__getitem__)
    if [index[token] for token in vocabulary] != list(range(len(index))):
        raise ValueError(
            f"ids must run from 0 without a gap, each once: got {len(index)} tokens and ids up to "
            f"{max(index.values())}; complete the file's vocab"
        )
    # Older files write a merge as one string; no token has a space in it.
    merges = [
        pair.split(" ") if isinstance(pair, str) else pair for pair in whole["model"]["merges"]
    ]
    bpe = BPE(vocabulary, [(left, right) for left, right in merges])
    return ByteLevelBPE(bpe, [entry["content"] for entry in added])


def _require(part: str, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Compare all that changes ids; files of all ages agree on what it means to say nothing."""
    for key, value in wanted.items():
        got = found.get(key, value)
        if (got or None) != (value or None):  # off is written null, false or ""
            raise ValueError(
                f"{key!r} of {part} must be {value!r}: got {got!r}; this is another kind of "
                "tokenizer, for the tokenizers library to read"
            )
