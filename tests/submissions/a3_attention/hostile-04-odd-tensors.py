# ---
# jupyter:
#   sample:
#     tries: Returns sparse, quantised, complex, nested, meta, expanded, overlapping, storage-less, fake and wrapped tensors, another in each call.
#     because: Not one is the tensor asked for; the three functions are worth nothing, the rest is right.
#     expect: {attend: zero, causal_mask: zero, sinusoidal_positions: zero}
#     covers: [4 sparse tensors, 4 quantised tensors, 4 complex tensors, 4 lying strides]
# ---

# %% before="attend"
import itertools
import warnings

import numpy as np

warnings.simplefilter("ignore")


def without_storage():
    hollow = torch.ones(1000)
    hollow.untyped_storage().resize_(0)
    return hollow


def past_its_storage():
    return torch.as_strided(torch.ones(4), (2, 2), (0, 0), 3)


def fake():
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(allow_non_fake_inputs=True):
        return torch.ones(3, 3)


def functional():
    return torch._to_functional_tensor(torch.ones(3, 3))


def wrapped():
    kept = []
    torch.func.vmap(lambda row: kept.append(row) or row)(torch.ones(3, 3))
    torch.func.grad(lambda x: kept.append(x) or x.sum())(torch.ones(3))
    return kept


def lazy():
    return torch.nn.parameter.UninitializedParameter()


def shared():
    return torch.frombuffer(bytearray(b"\x7f" * 64), dtype=torch.float64)


ODD = [
    lambda: torch.eye(3).to_sparse(),
    lambda: torch.eye(3).to_sparse_csr(),
    lambda: torch.eye(4).to_sparse_bsr((2, 2)),
    lambda: torch.sparse_coo_tensor(torch.tensor([[0, 99]]), torch.ones(2), (2,), check_invariants=False),
    lambda: torch.quantize_per_tensor(torch.rand(3, 3), 0.1, 0, torch.quint8),
    lambda: torch.quantize_per_channel(torch.rand(3, 3), torch.ones(3), torch.zeros(3), 0, torch.qint8),
    lambda: torch.complex(torch.eye(3), torch.eye(3)).conj(),
    lambda: torch.complex(torch.ones(3).double(), torch.ones(3).double()),
    lambda: torch.complex(torch.ones(3), torch.ones(3)).conj().imag,
    lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
    lambda: torch.empty(10**9, 10**9, device="meta"),
    lambda: torch.empty(3, device="meta", dtype=torch.bool),
    lambda: torch.empty(1).expand(10**12),
    lambda: torch.ones(1).expand(10**6, 10**6),
    lambda: torch.empty(0).expand(10**9, 0),
    lambda: torch.empty(0, 2**62),
    past_its_storage,
    lambda: torch.ones(4).as_strided((1000, 1000), (0, 0)),
    without_storage,
    shared,
    fake,
    functional,
    wrapped,
    lazy,
    lambda: torch.ones(3).to_mkldnn(),
    lambda: torch.ones(3, dtype=torch.float8_e5m2),
    lambda: torch.ones(3, dtype=torch.uint16),
    lambda: torch.empty(3, dtype=torch.bits8),
    lambda: torch.ones(3, names=("<script>",)),
    lambda: torch.ones(3).refine_names("n").requires_grad_(),
    lambda: torch._efficientzerotensor(3),
    lambda: torch.ones(3)._neg_view(),
    lambda: torch.ones((), dtype=torch.bool),
    lambda: torch.ones(3, requires_grad=True).sum().expand(5),
    lambda: torch.randn(3, requires_grad=True) * 2,
    lambda: torch.from_numpy(np.zeros(0, dtype=np.bool_)),
    lambda: torch.nn.Buffer(torch.ones(3)),
    lambda: torch.masked.masked_tensor(torch.ones(3), torch.tensor([True, False, True])),
    lambda: torch.tensor([[True]]).T.mT.mH,
    lambda: torch.full((64, 64), float("nan")),
    lambda: torch.zeros((1,) * 60),
]
turn = itertools.count()


def odd():
    for _ in ODD:
        try:
            return ODD[next(turn) % len(ODD)]()
        except Exception:  # this torch has no such tensor
            continue


# %% grade_id="attend"
def attend(query, keys, values, score):
    return odd(), odd()


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    return odd()


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    return odd()
