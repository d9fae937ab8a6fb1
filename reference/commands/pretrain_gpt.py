"""`python -m reference pretrain gpt`: train a small GPT on real text.

It writes into build/pretrain/gpt/, and goes on from the checkpoint that it finds there:

    tokenizer.json  a byte-level BPE, trained on the same text (see `tokenizer_file`)
    checkpoint.pt   all that the next step depends on (see `training`)
    loss.png        the loss of every step, and what knowing less would cost
    report.json     what was learned, measured on text held out (see `pretrain_gpt`), and a sample

Left out: options for the model's sizes; for those, use `pretrain_gpt.Settings` from Python.
Proved by: the files of a short run; the sample goes on with the prompt, and another seed's is
another. What it shares with other commands is proved with them (see `pretraining`).
"""

import math
from dataclasses import asdict
from pathlib import Path

import torch
from jaxtyping import Int
from rich.text import Text
from torch import Tensor

from reference import tokenizer_file
from reference.commands.pretraining import (
    Anew,
    Device,
    Folder,
    Minutes,
    Seed,
    Steps,
    advance,
    byte_level_text,
    console_of_first,
    device_of,
    draw_losses,
    identity_of,
    resume,
    show_losses,
    write_report,
)
from reference.data_parallel import processes, rank
from reference.generation import Cached, generate
from reference.gpt import GPT
from reference.pretrain_gpt import Settings, begin, evaluate
from reference.sampling import keep_top_p, sample, with_temperature

END, END_ID = "<|endoftext|>", 0
N_PROMPT = 16  # tokens of a document held out, which the sample goes on with
TEMPERATURE, TOP_P = 0.8, 0.9


def gpt(
    steps: Steps = Settings.steps,
    minutes: Minutes = math.inf,
    seed: Seed = 0,
    device: Device = "",
    folder: Folder = Path("build/pretrain/gpt"),
    anew: Anew = False,
) -> None:
    """Train GPT on next tokens, measure it on text held out, and let it go on with one."""
    console, place = console_of_first(), device_of(device)
    tokenizer, seen, held_out = byte_level_text(Settings.vocab_size, [END], END_ID)
    vocab_size = len(tokenizer.bpe.vocabulary)  # smaller, if the text is
    settings = Settings(steps=steps, warmup=steps // 10, seed=seed, vocab_size=vocab_size)
    with processes(place):
        run = begin(seen, settings, place)
        identity = identity_of(asdict(settings), place, seen)
        resume(run, folder, identity, anew, console)
        advance(run, folder, identity, minutes, console)
    if rank() > 0:  # the first measures and writes
        return
    tokenizer_file.save(tokenizer, folder / "tokenizer.json")

    sizes = {"max_length": settings.max_length, "vocab_size": vocab_size}
    report = evaluate(run.model, held_out, seen, **sizes)
    baselines = {"token frequencies": report.unigram_loss, "the token before": report.bigram_loss}
    draw_losses(folder / "loss.png", run.losses, baselines, "Pre-training a small GPT")
    assert isinstance(run.model, GPT)
    prompt = held_out[:N_PROMPT]
    written = go_on_with(run.model, prompt, torch.Generator(run.device).manual_seed(seed))
    texts = {"prompt": tokenizer.decode(prompt.tolist()), "sample": tokenizer.decode(written)}
    write_report(folder, run, {**report._asdict(), **texts}, identity)
    show_losses(report, run, folder, console)
    console.print(Text.assemble((texts["prompt"], "dim"), texts["sample"]))


def go_on_with(model: GPT, prompt: Int[Tensor, " n"], generator: torch.Generator) -> list[int]:
    """Draw tokens after the prompt, to the end of a document or of the model's row."""
    n_new = model.config.max_length - len(prompt)
    prompt = prompt.to(generator.device)
    text = generate(
        Cached(model),
        prompt,
        n_new,
        lambda logits: sample(keep_top_p(with_temperature(logits, TEMPERATURE), TOP_P), generator),
        end_id=END_ID,
    )
    return text[len(prompt) :].tolist()
