# ---
# jupyter:
#   sample:
#     tries: An honest student who only adds the three.
#     because: The norm is there and never used.
#     expect: {BertEmbeddings: less}
#     mistakes: {BertEmbeddings: embeddings-not-normalised}
# ---

# %% grade_id="BertEmbeddings"
class BertEmbeddings(nn.Module):
    """Token, segment and position, added and normalised."""

    def __init__(self, vocab_size, max_length, d_model):
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        place = torch.arange(input_ids.shape[-1], device=input_ids.device)
        summed = self.token(input_ids) + self.segment(token_type_ids) + self.position(place)
        return summed
