# ---
# jupyter:
#   sample:
#     tries: Changes torch's default dtype in a cell, so that its own later functions answer in another dtype.
#     because: Positions are asked in float32 and come in float64, which its own code brought about; that mistake is named. Linear maps in float64 cannot take float32. The rest is right.
#     expect: {MultiHeadAttention: less, sinusoidal_positions: less}
#     mistakes: {sinusoidal_positions: positions-in-float64}
#     covers: [12 default dtype]
# ---

# %% before="MultiHeadAttention"
torch.set_default_dtype(torch.float64)

# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    table = torch.zeros(n, d_model)
    i = torch.arange(1.0, n + 1)[:, None]
    j = torch.arange(1.0, d_model // 2 + 1)
    angle = i / 10000 ** (2 * j / d_model)
    table[:, 0::2] = torch.sin(angle)
    table[:, 1::2] = torch.cos(angle)
    return table
