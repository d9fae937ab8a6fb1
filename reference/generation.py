"""Generation: choose the next token, append it, ask again; and remember keys and values meanwhile.

Slides "Language Models" (the chain rule), "GPT". p(w_1, …, w_n) is a product of each token's
probability given those before it, and so a text is drawn from left to right. What is chosen from
the next token's logits is the caller's: the most likely, or a draw (see `sampling`).

In a causal model a token changes nothing before it. So the keys and values of the past, once made,
are those of the next step too (Pope et al. 2022, §2: the KV cache). With them a step
costs one token's maps and n products of queries with keys, not n tokens' maps and n² products; the
memory is two vectors of width d_model a token and layer:

>>> from reference.gpt import GPT, GPTConfig
>>> gpt = GPT(GPTConfig(n_layers=2, d_model=8, n_heads=2, vocab_size=50, max_length=20)).eval()
>>> prompt = torch.tensor([[7, 11, 3]])
>>> cached, again = generate(Cached(gpt), prompt, 5), generate(uncached(gpt), prompt, 5)
>>> tuple(cached.shape), torch.equal(cached, again)
((1, 8), True)

Left out: prompts of several lengths in one batch, a window that slides beyond `max_length`, beam
search, memory set aside beforehand (here every step copies the cache).
Proved by: logits cached and uncached, for any cut of a text into chunks; transformers' `generate`
with copied weights; torch's FLOP counter; a Markov chain worked by hand, its draws by chi-squared.
"""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from reference.attention import causal_mask
from reference.gpt import GPT, Block
from reference.multihead_attention import MultiHeadAttention
from reference.sampling import greedy

NextLogits = Callable[[Tensor], Tensor]  # ids (…, n) -> logits (…, V) of the token that comes next
Choose = Callable[[Tensor], Tensor]  # logits (…, V) -> ids (…)


@torch.no_grad()
def generate(
    next_logits: NextLogits,
    prompt: Int[Tensor, "*batch n"],
    n_new: int,
    choose: Choose = greedy,
    *,
    end_id: int | None = None,
) -> Int[Tensor, "*batch m"]:
    """Return the prompt and up to `n_new` tokens more, each chosen from the logits of all before.

    A row in which `end_id` was generated is over: more of it follows while other rows go on, and
    when all are over the loop ends.
    """
    if prompt.shape[-1] < 1 or n_new < 0:
        raise ValueError(
            f"a prompt of 1 token or more, and n_new of 0 or more: got {prompt.shape[-1]} tokens "
            f"and n_new={n_new}; begin with a token that starts a text"
        )
    ids, over = prompt, torch.zeros_like(prompt[..., 0], dtype=torch.bool)
    for _ in range(n_new):
        token = choose(next_logits(ids))  # (…)
        if end_id is not None:
            token = token.masked_fill(over, end_id)
            over = token == end_id
        ids = torch.cat((ids, token[..., None]), dim=-1)
        if end_id is not None and over.all():
            break
    return ids


def uncached(model: nn.Module) -> NextLogits:
    """Ask any causal model anew about the whole text at each step."""
    return lambda ids: model(ids)[..., -1, :]


class Cached:
    """A GPT that is asked about a growing text, and computes what is new in it alone.

    The text is trusted to begin with what it held in the calls before: for another text, make
    another `Cached`. Set the model to evaluation: dropout would make the past another each time.
    """

    def __init__(self, model: GPT) -> None:
        self.model = model
        self.length = 0  # tokens whose keys and values are known
        self.layers: list[tuple[Tensor, Tensor]] = []  # of each, (…, h, length, d) twice

    def __call__(self, ids: Int[Tensor, "*batch n"]) -> Float[Tensor, "*batch V"]:
        """Give the logits of the token after `ids`, reading those that came since the last call."""
        new = ids[..., self.length :]
        if new.shape[-1] < 1:
            raise ValueError(
                f"a text must have grown since the last call: got {ids.shape[-1]} tokens after "
                f"{self.length}; for another text, make another Cached"
            )
        x = self.model.embed(new, first=self.length)
        for i, block in enumerate(self.model.blocks):
            assert isinstance(block, Block)
            x = block.around_attention(x, partial(self._attend, i, block.attention))
            x = block.around_feed_forward(x, block.feed_forward)
        self.length = ids.shape[-1]
        return self.model.logits(x[..., -1:, :]).squeeze(-2)

    def _attend(
        self, i: int, attention: MultiHeadAttention, x: Float[Tensor, "*batch n d_model"]
    ) -> Float[Tensor, "*batch n d_model"]:
        """Let new positions ask old and new ones: the last rows of the causal mask."""
        q, k, v = attention.project(x, x)  # (…, h, n, d)
        if self.length:
            old_k, old_v = self.layers[i]
            k, v = torch.cat((old_k, k), dim=-2), torch.cat((old_v, v), dim=-2)  # (…, h, m, d)
            self.layers[i] = k, v
        else:
            self.layers.append((k, v))
        mask = causal_mask(k.shape[-2], device=x.device)[self.length :]  # (n, m)
        return attention.join(attention.attention(q, k, v, mask))
