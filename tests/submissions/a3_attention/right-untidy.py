# ---
# jupyter:
#   sample:
#     tries: A lively notebook, with helpers, plots, magics, shell commands, warnings, errors and input() between the answers.
#     because: Every graded function is right; what else stands in a notebook costs nothing.
# ---

# %% before="softmax"
# %matplotlib inline
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np

print("python", sys.version_info[:2], file=sys.stderr)
warnings.warn("my own warning, on stderr")

# %% [markdown] before="softmax"
# ## Notes to self
# - subtract the max **first**
# - <https://arxiv.org/abs/1706.03762>, §3.2.1

# %% after="softmax"
x = torch.linspace(-5, 5, 50)
plt.plot(x, softmax(torch.stack([x, torch.zeros_like(x)]), dim=0)[0])
plt.title("softmax of two");

# %% after="softmax"
# %timeit -n 1 -r 1 softmax(torch.randn(10, 10))
# !echo "from the shell"
softmax(torch.tensor([1.0, 2.0, 3.0]))

# %% after="softmax"
1 / 0  # what does numpy do here? look up

# %% after="attend"
answer = input("more? ")
print(answer)

# %% grade_id="attend"
def my_helper(query, keys, score):
    return torch.stack([score(query, k) for k in keys])


def attend(query, keys, values, score):
    print("attend was called with", keys.shape)
    warnings.warn("debugging", stacklevel=1)
    w = softmax(my_helper(query, keys, score), 0)
    return (w, (w.unsqueeze(0) @ values).squeeze(0))


# %% after="causal_mask"
plt.imshow(causal_mask(6).numpy(), cmap="Greys")
plt.colorbar()
plt.show()
_ = [print(row) for row in np.array(causal_mask(3), dtype=int)]

# %% after="MultiHeadAttention"
mha = MultiHeadAttention(8, 2)
print(sum(p.numel() for p in mha.parameters()), "parameters")
mha

# %% after="MultiHeadAttention"
optimiser = torch.optim.Adam(mha.parameters(), lr=1e-3)
target = torch.randn(4, 5, 8)
for step in range(20):
    loss = ((mha(torch.ones(4, 5, 8)) - target) ** 2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
print(f"{loss.item():.2f}" != "")
