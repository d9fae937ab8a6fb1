"""T5's relative positions: attention learns what each distance is worth, head by head.

Slide "T5"; Raffel et al. 2020, §2.1; Shaw et al. 2018, §3.2 (relative positions). Nothing is added
to the embeddings. Instead every score e_ij gets a number that depends on the distance j - i alone,
one of `n_buckets` learned ones for each head. Near distances have a bucket each; farther ones
share buckets whose width grows with the logarithm of the distance, and all from `max_distance` on
share the last. In an encoder half of the buckets are for what stands behind, half for what stands
before; a decoder sees the past alone and spends all on it. With 8 buckets up to a distance of 16:

>>> def buckets(two_sided):
...     distances = torch.tensor([-16, -9, -4, -3, -2, -1, 0, 1, 2, 3, 16])
...     return relative_buckets(distances, n_buckets=8, max_distance=16, two_sided=two_sided)
>>> buckets(two_sided=True).tolist()
[3, 3, 2, 2, 2, 1, 0, 5, 6, 6, 7]
>>> buckets(two_sided=False).tolist()
[7, 6, 4, 3, 2, 1, 0, 0, 0, 0, 0]

Left out: distances clipped instead of bucketed, and biases of the values (both Shaw et al.).
Proved by: transformers' T5 on all distances to ±1,000, and in the model (`t5`); edges by integers,
where logarithms could round across; the bias depends on the distance alone.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

N_BUCKETS, MAX_DISTANCE = 32, 128  # Raffel et al. 2020, §2.1


def relative_buckets(
    distances: Int[Tensor, "*shape"],
    *,
    n_buckets: int = N_BUCKETS,
    max_distance: int = MAX_DISTANCE,
    two_sided: bool,
) -> Int[Tensor, "*shape"]:
    """Number the bucket of each distance j - i, of a key at j from a query at i.

    `two_sided` keeps the two directions apart; else later keys (of which a decoder sees none)
    share bucket 0 with the query's own.
    """
    n = n_buckets // 2 if two_sided else n_buckets  # for one direction
    n_near = n // 2  # distances below this have a bucket each
    if n_near < 1 or max_distance <= n_near or n_buckets % 2:
        raise ValueError(
            "n_buckets must be even, 2 or more (4 if two-sided), and max_distance beyond the near "
            f"ones: got n_buckets={n_buckets}, max_distance={max_distance}; T5 has 32 and 128"
        )
    ahead = distances > 0
    far = distances.abs() if two_sided else (-distances).clamp(min=0)
    # float32 puts no edge on the wrong side (see the tests), and every accelerator has it
    log = torch.log(far.clamp(min=1).float() / n_near) / math.log(max_distance / n_near)
    wide = (n_near + (log * (n - n_near)).long()).clamp(max=n - 1)
    buckets = torch.where(far < n_near, far, wide)
    return buckets + n * ahead if two_sided else buckets


class RelativePositionBias(nn.Module):
    """What each head adds to the score of every distance: a table of buckets by heads."""

    def __init__(
        self,
        n_heads: int,
        *,
        two_sided: bool,
        n_buckets: int = N_BUCKETS,
        max_distance: int = MAX_DISTANCE,
    ) -> None:
        super().__init__()
        self.two_sided, self.max_distance = two_sided, max_distance
        self.table = nn.Embedding(n_buckets, n_heads)

    def forward(self, n: int, m: int) -> Float[Tensor, "h n m"]:
        """Give the bias for queries at positions 0 … n-1 and keys at 0 … m-1."""
        device = self.table.weight.device
        i, j = torch.arange(n, device=device), torch.arange(m, device=device)
        buckets = relative_buckets(
            j - i[:, None],
            n_buckets=self.table.num_embeddings,
            max_distance=self.max_distance,
            two_sided=self.two_sided,
        )
        return self.table(buckets).permute(2, 0, 1)  # (h, n, m)
