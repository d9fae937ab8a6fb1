"""What test_data_parallel.py starts, alone and under torchrun: a short run of each model.

    [torchrun …] train_together.py FOLDER STEPS WAY …

Each run goes on from its checkpoint in the folder, if there is one, and writes it again; the losses
of all steps go to FOLDER/losses.json. Seven rows, for two processes: one has four of them. All ways
to share the work but the "right" one are deliberately wrong.
"""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import torch

from reference import data_parallel, pretrain_bert, pretrain_gpt, pretrain_t5, training

SIZES = {"batch_size": 7, "n_layers": 1, "d_model": 16, "n_heads": 2, "dropout": 0.3, "lr": 1e-2}
SIZES |= {"steps": 6, "warmup": 1}
TEXTS = [
    [" ".join("abcdefgh"[i % k] for i in range(n)) + "." for n in range(3, 9)] for k in range(2, 8)
]


def mean_of_means(means):
    return sum(mean.value for mean in means) / data_parallel.n_ranks()


WAYS = {
    "right": nullcontext(),
    "mean of means": patch.object(data_parallel, "share_of", mean_of_means),
    "own dropout": patch.object(data_parallel, "_DropoutOfAll", nullcontext),
    "own gradients": patch.object(training, "parallel", lambda model: model),
}


def begin_bert():
    settings = pretrain_bert.Settings(**SIZES, max_length=20, vocab_size=40)
    tokenizer = pretrain_bert.make_vocabulary(TEXTS, settings.vocab_size)
    return pretrain_bert.begin(pretrain_bert.Examples(TEXTS, tokenizer, settings))


def begin_gpt():
    settings = pretrain_gpt.Settings(**SIZES, max_length=12, vocab_size=9)
    return pretrain_gpt.begin(torch.arange(400) ** 2 % 9, settings)


def begin_t5():
    settings = pretrain_t5.Settings(**SIZES, max_length=14, vocab_size=9, n_sentinels=4)
    return pretrain_t5.begin(torch.arange(400) ** 2 % 7 + 2, settings)


def losses_of(begin, steps, checkpoint):
    """Train to so many steps, on from a checkpoint that is there; write it again."""
    run = begin()
    if checkpoint.exists():
        run.load(checkpoint, {})
    while run.step < steps:
        run.advance()
    if data_parallel.rank() == 0:
        run.save(checkpoint, {})
    return run.losses


def main(folder, steps, *ways):
    # In float64 rounding is no explanation: sums in another order differ by far less than losses.
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    found = {}
    with data_parallel.processes(torch.device("cpu")):
        for way in ways:
            with WAYS[way]:
                found[way] = {
                    begin.__name__: losses_of(begin, steps, folder / f"{begin.__name__} {way}.pt")
                    for begin in (begin_bert, begin_gpt, begin_t5)
                }
    if data_parallel.rank() == 0:
        (folder / "losses.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
