# ---
# jupyter:
#   sample:
#     tries: A patient student whose functions wait a little in every call, and whose cell trains for two seconds.
#     because: Slow but within every deadline, and right.
# ---

# %% before="causal_mask"
import time

begin = time.monotonic()
rounds = 0
while time.monotonic() - begin < 2:
    rounds += 1
print("warmed up" if rounds else "")

# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    time.sleep(0.05)
    total = 0
    for step in range(100_000):
        total += step
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()
