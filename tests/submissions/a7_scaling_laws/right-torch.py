# ---
# jupyter:
#   sample:
#     tries: Counts real modules without memory, and fits with torch.
#     because: Right in another style.
# ---

# %% grade_id="count_parameters"
import torch
from torch import nn


def count_parameters(n_layers, d_model, vocab_size, context_length):
    with torch.device("meta"):
        block = nn.TransformerEncoderLayer(d_model, 1, 4 * d_model)
        rest = nn.ModuleList(
            [nn.Embedding(vocab_size, d_model), nn.Embedding(context_length, d_model), nn.LayerNorm(d_model)]
        )
    return n_layers * sum(p.numel() for p in block.parameters()) + sum(p.numel() for p in rest.parameters())

# %% grade_id="fit_power_law"
def fit_power_law(x, y):
    u, v = torch.tensor(np.log(x)), torch.tensor(np.log(y))
    matrix = torch.stack([torch.ones_like(u), u], dim=1)
    constant, exponent = torch.linalg.lstsq(matrix, v[:, None]).solution[:, 0].tolist()
    return math.exp(constant), exponent
