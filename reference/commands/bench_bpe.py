"""How fast BPE is trained: `python -m reference.commands.bench_bpe`.

Two comparisons on Python's documentation (`corpus`), each of CPU seconds (all threads, user and
system), medians over rounds in which the sides alternate, so that a machine that slows down slows
both:

- the slide's loop, which counts everything anew for each merge, against training that counts what
  changed, with the same pieces of a part of the text, to the same number of merges;
- training and encoding of bytes, ours in Python against the tokenizers library in Rust, held to one
  thread, from the whole text.

Sides that compare must learn the same merges and give the same ids, or the bench ends with an
error. What is extrapolated: nothing.

>>> ratio(3.0, 0.02)
'150'
>>> ratio(0.2, 0.25)
'0.8'

Left out: memory; several threads.
Proved by: a short run; sides that disagree end it with an error.
"""

import os
import statistics
from collections import Counter
from collections.abc import Callable
from time import process_time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from reference.bpe import train_by_recounting
from reference.bpe_training import train_bpe
from reference.byte_level_bpe import BYTES, ByteLevelBPE
from reference.corpus import python_documentation
from reference.pre_tokenizer import pieces

console = Console()


class BenchError(Exception):
    """Two sides gave different results; the text says which."""


def main(
    merges: Annotated[int, typer.Option(min=1, help="How many merges are learned.")] = 4000,
    characters: Annotated[
        int, typer.Option(min=1, help="Of the text, for the comparison with the slide's loop.")
    ] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each side; the loop runs once.")] = 5,
) -> None:
    """Compare training with the slide's loop, and training and encoding with tokenizers."""
    os.environ["RAYON_NUM_THREADS"] = "1"  # read when tokenizers is imported
    text = "\n\n".join("\n".join(sentences) for sentences in python_documentation())
    try:
        with _working("the slide's loop: a minute or two"):
            against_the_slide(text[:characters], merges, rounds)
        with _working("tokenizers"):
            against_tokenizers(text, merges, rounds)
    except BenchError as error:
        console.print(f"bench failed: {error}", style="red", markup=False)
        raise typer.Exit(1) from error


def against_the_slide(text: str, merges: int, rounds: int) -> None:
    """Train both ways on the same pieces, and print how they compare."""
    words = pieces(text)
    vocab_size = len(set(text)) + merges
    slide, slide_s = timed(lambda: train_by_recounting(words, vocab_size))
    runs = [timed(lambda: train_bpe(Counter(words), vocab_size)) for _ in range(rounds)]
    ours, ours_s = runs[0][0], statistics.median(seconds for _, seconds in runs)
    if ours.merges != slide.merges:
        raise BenchError("the slide's loop and incremental training learned different merges")
    if len(ours.merges) < merges:
        raise BenchError(
            f"the text must have {merges} pairs to join: got {len(ours.merges)} from {len(text):,} "
            "characters; raise --characters or lower --merges"
        )
    table = Table("", "CPU seconds", "times as long", box=None)
    table.add_row("the slide's loop", f"{slide_s:.2f}", ratio(slide_s, ours_s))
    table.add_row("incremental", f"{ours_s:.3f}", "1")
    console.print(f"\n{merges:,} merges from {len(text):,} characters, {len(words):,} pieces:")
    console.print(table)
    print(f"slide's loop / incremental: {ratio(slide_s, ours_s)}")


def against_tokenizers(text: str, merges: int, rounds: int) -> None:
    """Train and encode, ours and theirs by turns, and print how they compare."""
    vocab_size = len(BYTES) + merges
    seconds: dict[str, list[tuple[float, float]]] = {"ours": [], "tokenizers, one thread": []}
    for _ in range(rounds):
        theirs, theirs_s = timed(lambda: train_theirs(text, vocab_size))
        ours, ours_s = timed(lambda: ByteLevelBPE.train([text], vocab_size))
        their_ids, their_encoding_s = timed(lambda: theirs.encode(text).ids)  # noqa: B023
        ids, encoding_s = timed(lambda: ours.encode(text))  # noqa: B023
        if ids != their_ids or ours.bpe.index != theirs.get_vocab():
            raise BenchError("tokenizers learned another vocabulary, or gave other ids")
        seconds["ours"].append((ours_s, encoding_s))
        seconds["tokenizers, one thread"].append((theirs_s, their_encoding_s))
    table = Table("", "training, CPU seconds", "encoding, CPU seconds", box=None)
    medians = []
    for name, pairs in seconds.items():
        training_s, encoding_s = (statistics.median(column) for column in zip(*pairs, strict=True))
        medians.append((training_s, encoding_s))
        table.add_row(name, f"{training_s:.3f}", f"{encoding_s:.3f}")
    (ours_s, encoding_s), (theirs_s, their_encoding_s) = medians
    console.print(f"\n{merges:,} merges of bytes from {len(text):,} characters; encoding the same:")
    console.print(table)
    print(f"training, ours / tokenizers: {ratio(ours_s, theirs_s)}")
    print(f"encoding, ours / tokenizers: {ratio(encoding_s, their_encoding_s)}")


def train_theirs(text: str, vocab_size: int) -> Any:
    """Train the tokenizers library's byte-level BPE."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def timed(run: Callable[[], Any]) -> tuple[Any, float]:
    """Give what it returns, and the CPU seconds that it took."""
    start = process_time()
    result = run()
    return result, process_time() - start


def ratio(first_s: float, second_s: float) -> str:
    """Write how many times as long the first took, with two digits at least."""
    times = first_s / second_s
    return f"{times:.0f}" if times >= 10 else f"{times:.1f}"


def _working(what: str) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True)
    progress.add_task(what, total=None)
    return progress


if __name__ == "__main__":
    typer.run(main)
