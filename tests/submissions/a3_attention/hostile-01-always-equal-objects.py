# ---
# jupyter:
#   sample:
#     tries: Returns objects that are equal to everything and answer every question as a tester would like.
#     because: They are no tensors; both functions are worth nothing, the rest is right.
#     expect: {causal_mask: zero, sinusoidal_positions: zero}
#     covers: [1 objects always equal]
# ---

# %% before="causal_mask"
class Agreeable:
    dtype, device, requires_grad = torch.bool, torch.device("cpu"), False
    shape = property(lambda self: self)
    __class__ = property(lambda self: torch.Tensor)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def _self(self, *args, **kwargs):
        return self

    __call__ = __getitem__ = __add__ = __sub__ = __mul__ = __truediv__ = __matmul__ = __abs__ = _self
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rmatmul__ = __neg__ = __invert__ = _self

    def _yes(self, *args, **kwargs):
        return True

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = _yes
    __instancecheck__ = __subclasscheck__ = _yes

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0

    def __len__(self):
        return 1

    def __iter__(self):
        return iter([self])

    def __float__(self):
        return 0.0

    def __index__(self):
        return 0

    def __repr__(self):
        return "tensor([[True]])"


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    return Agreeable()


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    return Agreeable()
