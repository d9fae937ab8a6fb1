# ---
# jupyter:
#   sample:
#     tries: An honest student with two mistakes in different functions, values weighted by raw scores and halves instead of pairs.
#     because: Each mistake costs its own function, and only that.
#     expect: {attend: zero, sinusoidal_positions: less}
#     mistakes: {attend: attend-raw-scores, sinusoidal_positions: positions-in-halves}
# ---

# %% grade_id="attend"
def attend(query, keys, values, score):
    scores = torch.stack([score(query, key) for key in keys])
    return scores, scores @ values


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    i = torch.arange(1, n + 1, dtype=torch.float64)[:, None]
    j = torch.arange(1, d_model // 2 + 1, dtype=torch.float64)
    angle = i / 10000 ** (2 * j / d_model)
    return torch.cat([torch.sin(angle), torch.cos(angle)], dim=1).float()
