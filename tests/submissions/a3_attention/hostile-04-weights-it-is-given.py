# ---
# jupyter:
#   sample:
#     tries: Sets the weights that a check gives it to zero before it copies them, so that the check's own module would come to nothing too.
#     because: It is given copies. Of the module the linear maps alone are right.
#     expect: {MultiHeadAttention: 2}
#     covers: [4 malformed replies]
# ---

# %% grade_id="MultiHeadAttention"
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(d_model, d_model))

    def load_state_dict(self, state, *rest, **more):
        for weight in state.values():
            weight.zero_()
        return super().load_state_dict(state, *rest, **more)

    def forward(self, x, memory=None, mask=None):
        nothing = sum(0 * weight.sum() for weight in self.parameters())
        if memory is not None:
            nothing = nothing + 0 * memory.sum()
        return self.output.bias + 0 * x + nothing
