# ---
# jupyter:
#   sample:
#     tries: An honest student who copied the formula of the paper, which counts from 0, not the slide's.
#     because: Only shape and type are as asked.
#     expect: {sinusoidal_positions: less}
#     mistakes: {sinusoidal_positions: positions-of-the-paper}
# ---

# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    position = torch.arange(n).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
    pe = torch.zeros(n, d_model)
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe
