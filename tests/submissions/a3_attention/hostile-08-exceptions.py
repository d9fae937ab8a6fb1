# ---
# jupyter:
#   sample:
#     tries: Raises SystemExit, KeyboardInterrupt, GeneratorExit and BaseExceptions of its own, in cells and in functions, and calls exit() and quit().
#     because: The three functions give no value and are worth nothing; every other one is right.
#     expect: {attend: zero, causal_mask: zero, sinusoidal_positions: zero}
#     covers: [8 sys.exit, 8 BaseException]
# ---

# %% before="softmax"
import sys

sys.exit(60)

# %% before="softmax"
raise KeyboardInterrupt

# %% before="softmax"
class Ending(BaseException):
    pass


raise Ending("of all")

# %% before="softmax"
raise GeneratorExit

# %% before="softmax"
quit()

# %% before="attend"
import itertools
import sys


class Ending(BaseException):
    pass


turn = itertools.cycle([SystemExit(0), SystemExit("60"), KeyboardInterrupt(), GeneratorExit(), Ending(), StopIteration(60)])

# %% grade_id="attend"
def attend(query, keys, values, score):
    raise next(turn)


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    sys.exit()


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    raise next(turn)
