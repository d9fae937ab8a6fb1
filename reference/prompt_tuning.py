"""Prompt tuning: words that no vocabulary has, learned, before the text.

Slide "Lightweight Fine-tuning"; Lester et al. 2021, §2, §3.2. A frozen model reads p learned
vectors as if they were the embeddings of p more tokens, [P; X]. Here they are just that: the
vocabulary of V tokens is followed by ids V … V + p - 1, and whoever makes rows puts these first.
They take up positions, and a tied head does not predict them.

>>> model = nn.ModuleDict({"token": nn.Embedding(50, 8)})
>>> prompt = add_prompt(model, n_prompt=3)
>>> prompt.before(torch.tensor([[7, 11]]))
tensor([[50, 51, 52,  7, 11]])
>>> tuple(model["token"](prompt.before(torch.tensor([[7, 11]]))).shape)
(1, 5, 8)

At first each vector is a copy of a token's, drawn at random: near what the model knows how to read.

Left out: a prompt that starts from the words for the classes; ensembles of prompts.
Proved by: peft with copied weights (outputs, gradients), for an encoder and a decoder; a prompt of
copied embeddings equals those tokens in the text; ids of the vocabulary read as before.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from reference.trainable import freeze, modules_named


class SoftPrompt(nn.Module):
    """The frozen vectors of a vocabulary, and p trained ones whose ids follow."""

    def __init__(
        self, base: nn.Embedding, n_prompt: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        if n_prompt < 1:
            raise ValueError(
                f"n_prompt must be 1 or more: got {n_prompt}; the paper's models use 1 to 150"
            )
        self.base = base
        start = torch.randint(base.num_embeddings, (n_prompt,), generator=generator)
        self.vectors = nn.Parameter(base.weight.detach()[start.to(base.weight.device)])

    @property
    def weight(self) -> Float[Tensor, "V d_model"]:
        """The vocabulary's own vectors: what a tied head predicts with."""
        return self.base.weight

    def before(self, input_ids: Int[Tensor, "*batch n"]) -> Int[Tensor, "*batch p_n"]:
        """Put the prompt's ids before each row; a mask grows by p entries of True, too."""
        first, p = self.base.num_embeddings, len(self.vectors)
        ids = torch.arange(first, first + p, dtype=input_ids.dtype, device=input_ids.device)
        return torch.cat([ids.expand(*input_ids.shape[:-1], p), input_ids], -1)

    def forward(self, input_ids: Int[Tensor, "*batch n"]) -> Float[Tensor, "*batch n d_model"]:
        """Look up each id, in the vocabulary or behind its end."""
        behind = input_ids - self.base.num_embeddings  # 0 … p - 1 for the prompt
        words = self.base(input_ids.where(behind < 0, 0))  # (…, n, d_model)
        prompt = self.vectors[behind.clamp(min=0)]
        return words.where((behind < 0).unsqueeze(-1), prompt)


def add_prompt(
    model: nn.Module,
    n_prompt: int,
    *,
    embedding: str = "token",
    generator: torch.Generator | None = None,
) -> SoftPrompt:
    """Freeze the model, and let the embedding of this name know `n_prompt` more tokens."""
    freeze(model)
    (path, base), *more = modules_named(model, [embedding], nn.Embedding).items()
    if more:
        raise ValueError(
            f"one embedding must be named {embedding!r}: got {path}, {', '.join(dict(more))}; "
            "pass the name of the one that reads the text"
        )
    prompt = SoftPrompt(base, n_prompt, generator)
    model.set_submodule(path, prompt)
    return prompt
