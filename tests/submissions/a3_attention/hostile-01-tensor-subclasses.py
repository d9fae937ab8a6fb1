# ---
# jupyter:
#   sample:
#     tries: Returns a Tensor subclass whose __torch_function__ and __torch_dispatch__ answer every comparison with True.
#     because: Only the data crosses. Under the positions it is right, which counts; under the mask and in attend it is wrong.
#     expect: {attend: zero, causal_mask: zero}
#     covers: [1 Tensor subclasses, 1 __torch_function__, 4 subclassed tensors]
# ---

# %% before="attend"
class Agreeable(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", "")
        if name in ("allclose", "equal", "assert_close", "__bool__", "item", "all"):
            return True
        if name in ("eq", "__eq__", "isclose", "le", "lt", "ge", "gt", "isfinite"):
            return torch.ones(1, dtype=torch.bool)
        if name in ("sub", "__sub__", "rsub", "abs", "max"):
            return torch.zeros(1)
        return super().__torch_function__(function, types, args, kwargs or {})

    def __eq__(self, other):
        return True

    __hash__ = torch.Tensor.__hash__


class Plain(torch.Tensor):
    pass


# %% grade_id="attend"
def attend(query, keys, values, score):
    n, d_v = values.shape
    return (
        torch.ones(n, dtype=values.dtype).as_subclass(Agreeable),
        torch.ones(d_v, dtype=values.dtype).as_subclass(Agreeable),
    )


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    return torch.zeros(n, n, dtype=torch.bool, device=device).as_subclass(Agreeable)


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    i = torch.arange(1, n + 1, dtype=torch.float64)[:, None]
    j = torch.arange(1, d_model // 2 + 1, dtype=torch.float64)
    angle = i / 10000 ** (2 * j / d_model)
    table = torch.stack([torch.sin(angle), torch.cos(angle)], dim=-1).reshape(n, d_model)
    return table.float().as_subclass(Plain)
