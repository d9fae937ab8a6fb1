"""Multi-head attention: several small attentions side by side, each free to look elsewhere.

Slide "Multi-head Attention"; Vaswani et al. 2017, §3.2.2. With h heads of width d = d_model / h,
the first works on entries 1 … d of the projected queries, keys and values, the second on the next
d, and so on; `output` mixes what they found. With a `memory` the same code is cross-attention: x
asks, the memory answers.

>>> import torch
>>> layer = MultiHeadAttention(d_model=8, n_heads=2)
>>> x, memory = torch.randn(3, 5, 8), torch.randn(3, 7, 8)
>>> tuple(layer(x, memory).shape)
(3, 5, 8)

`project` and `join` are what comes before the heads and after them; in between, `generation` keeps
keys and values. `attention` is what each head computes; T5 puts another in its place.

Left out: dropout, inputs of keys and values of widths of their own.
Proved by: torch.nn.MultiheadAttention with copied weights (outputs, all gradients, masks, memory),
two heads worked by hand, gradcheck; the order of the memory does not matter, and no output has a
gradient with respect to a later input under a causal mask.
"""

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from reference.attention import check_mask, scaled_dot_product_attention

Attention = Callable[..., Tensor]  # called as attention(q, k, v, mask), and with options if any


class MultiHeadAttention(nn.Module):
    """Self-attention over x, or cross-attention from x to a memory, with `n_heads` heads."""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        *,
        d_head: int | None = None,
        bias: bool = True,
        attention: Attention = scaled_dot_product_attention,
    ) -> None:
        """Make the four linear maps; `attention` is what each head computes.

        A head is d_model / n_heads wide, or `d_head` where one is given (T5's largest).
        """
        super().__init__()
        if d_model < 1 or n_heads < 1 or (d_head is None and d_model % n_heads):
            raise ValueError(
                f"n_heads must divide d_model: got d_model={d_model}, n_heads={n_heads}; "
                "every head takes an equal share, of one entry or more"
            )
        self.d_model, self.n_heads, self.attention = d_model, n_heads, attention
        d_head = d_model // n_heads if d_head is None else d_head
        if d_head < 1:
            raise ValueError(
                f"d_head must be 1 or more: got {d_head}; leave it out for d_model / n_heads"
            )
        d_all = n_heads * d_head
        self.query = nn.Linear(d_model, d_all, bias=bias)
        self.key = nn.Linear(d_model, d_all, bias=bias)
        self.value = nn.Linear(d_model, d_all, bias=bias)
        self.output = nn.Linear(d_all, d_model, bias=bias)

    def forward(
        self,
        x: Float[Tensor, "*batch n d_model"],
        memory: Float[Tensor, "*batch m d_model"] | None = None,
        mask: Bool[Tensor, "*#batch #n #m"] | None = None,
        **options: Tensor,
    ) -> Float[Tensor, "*batch n d_model"]:
        """Let every position of x attend to the memory, or to x itself where there is none.

        The mask, (n, m) or (…, n, m), True where a query may attend, is the same for every head; an
        axis of length 1 stands for its full length. `options` are what else `attention` takes.
        """
        memory = x if memory is None else memory
        self._check(x, memory, mask)
        q, k, v = self.project(x, memory)
        if mask is not None:
            mask = mask.unsqueeze(-3)  # (…, 1, n, m)
        return self.join(self.attention(q, k, v, mask, **options))

    def project(
        self, x: Float[Tensor, "*batch n d_model"], memory: Float[Tensor, "*batch m d_model"]
    ) -> tuple[
        Float[Tensor, "*batch h n d"], Float[Tensor, "*batch h m d"], Float[Tensor, "*batch h m d"]
    ]:
        """Make every head's queries, keys and values."""
        return (
            self._split(self.query(x)),
            self._split(self.key(memory)),
            self._split(self.value(memory)),
        )

    def join(self, heads: Float[Tensor, "*batch h n d"]) -> Float[Tensor, "*batch n d_model"]:
        """Put what the heads found side by side again, and mix it."""
        return self.output(heads.transpose(-3, -2).flatten(-2))  # (…, n, d_model)

    def _split(self, x: Float[Tensor, "*batch n d_all"]) -> Float[Tensor, "*batch h n d"]:
        """Give each head its share of every vector, and each head a batch axis of its own."""
        return x.unflatten(-1, (self.n_heads, -1)).transpose(-3, -2)  # (…, h, n, d)

    def _check(self, x: Tensor, memory: Tensor, mask: Tensor | None) -> None:
        for name, axes, value in (("x", "n", x), ("memory", "m", memory)):
            if value.ndim < 2 or value.shape[-1] != self.d_model:
                raise ValueError(
                    f"{name} must have shape (…, {axes}, d_model) with d_model={self.d_model}: got "
                    f"{tuple(value.shape)}; one row a position, one column a feature"
                )
        if mask is None:
            return
        if mask.ndim < 2:
            raise ValueError(
                f"mask must have shape (n, m) or (…, n, m): got {tuple(mask.shape)}; "
                "for one over the memory alone, of shape (m,), pass mask[None, :]"
            )
        check_mask(mask, (*x.shape[:-1], memory.shape[-2]))
