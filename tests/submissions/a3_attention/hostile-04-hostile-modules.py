# ---
# jupyter:
#   sample:
#     tries: Makes modules whose state_dict, parameters and forward pass lie, grow without end, change between calls or hand back the judge's own tensors.
#     because: What is right of it is only the names of the linear maps; multi-head attention is worth nothing, the rest is right.
#     expect: {MultiHeadAttention: zero}
#     covers: [4 malformed replies]
# ---

# %% grade_id="MultiHeadAttention"
class MultiHeadAttention(nn.Module):
    count = 0

    def __init__(self, d_model, n_heads):
        super().__init__()
        self.d_model = d_model
        self.query = self.key = self.value = self.output = nn.Linear(d_model, d_model)

    def state_dict(self, *args, **kwargs):
        type(self).count += 1
        kinds = [
            {},
            {"query.weight": "weights"},
            {f"layer{number}.weight": torch.zeros(1) for number in range(2_000)},
            {0: torch.zeros(1), None: torch.zeros(1), ("query", "weight"): torch.zeros(1)},
            {"query.weight": self, "key.weight": lambda: 0},
            [("query.weight", torch.zeros(1))],
            {"query.weight": torch.zeros(1).expand(10**12)},
            {"\x1b[2J\ud800": torch.zeros(1)},
        ]
        return kinds[self.count % len(kinds)]

    def named_parameters(self, *args, **kwargs):
        yield "query.weight", nn.Parameter(torch.zeros(1))
        yield "query.weight", nn.Parameter(torch.zeros(2))
        yield None, None
        for number in range(2_000):
            yield f"parameter{number}", nn.Parameter(torch.full((3,), float("nan")))

    def parameters(self, *args, **kwargs):
        return iter([self, 1, "two", torch.zeros(3)])

    def load_state_dict(self, state, *args, **kwargs):
        self.loaded = state
        for tensor in state.values():
            tensor.detach().zero_()
        return "loaded"

    def train(self, mode=True):
        raise GeneratorExit

    def to(self, *args, **kwargs):
        return torch.zeros(3)

    @property
    def training(self):
        raise RuntimeError("is it?")

    @training.setter
    def training(self, value):
        pass

    def forward(self, x, memory=None, mask=None):
        with torch.no_grad():
            x.zero_()
        return x
