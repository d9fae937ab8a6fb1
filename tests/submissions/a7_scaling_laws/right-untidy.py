# ---
# jupyter:
#   sample:
#     tries: Prints, plots and leaves files beside the notebook, with cells of its own.
#     because: Right under all that.
# ---

# %% before="count_parameters"
import numpy as np

with open("notes.txt", "w") as notes:
    notes.write("remember the head is tied")
print(open("data/scaling_runs.csv").readline())

# %% after="fit_power_law"
print(fit_power_law(np.array([1.0, 2.0]), np.array([3.0, 12.0])))
plt.loglog([1, 2, 4], [3, 12, 48], "o")
plt.show()

# %% [markdown] after="huber"
# Huber: a parabola with straight arms.
