# ---
# jupyter:
#   sample:
#     tries: Computes right values whose backward pass returns gradients of other shapes and kinds, raises, or ends the process.
#     because: Values are right, gradients are not; what checks them is lost, here and in nothing else.
#     expect: {attend: less}
#     covers: [4 malformed replies]
# ---

# %% before="attend"
import itertools
import os


class Odd(torch.autograd.Function):
    turn = itertools.count()

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        kinds = [
            lambda: torch.ones(7, 7),
            lambda: "gradient",
            lambda: gradient.to_sparse(),
            lambda: gradient.expand(10**6, *gradient.shape),
            lambda: gradient * float("nan"),
            lambda: torch.ones(gradient.shape, dtype=torch.complex64),
            lambda: 1 / 0,
            lambda: os._exit(1),
        ]
        return kinds[(next(Odd.turn) + os.getpid()) % len(kinds)]()


# %% grade_id="attend"
def attend(query, keys, values, score):
    weights = softmax(torch.stack([score(query, key) for key in keys]))
    return Odd.apply(weights), Odd.apply(weights @ values)
