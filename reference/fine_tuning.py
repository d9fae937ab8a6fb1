"""Fine-tuning: a pre-trained model, a new head, and all parameters trained on the task.

Slide "Adaptation: Fine-tuning"; Devlin et al. 2019, §3 (encoders), Radford et al. 2018, §3.2
(decoders). A `Classifier` reduces the states of a text to one vector, and the head makes a logit
for each class of it. Nothing is frozen here; the lightweight methods freeze the model first, and
are then trained by the same `fine_tune`.

An encoder's text is the mean of its tokens' states, a decoder's is its last token's state, which
alone has seen them all, and an encoder-decoder's is the state that its answer would begin from (Ni
et al. 2022, §3.1):

>>> from reference.gpt import GPT, GPTConfig
>>> gpt = GPT(GPTConfig(n_layers=1, d_model=8, n_heads=2, vocab_size=50))
>>> model = Classifier(gpt, d_model=8, n_classes=3, vector_of=last_state)
>>> input_ids, attention_mask = torch.tensor([[7, 11], [9, 0]]), torch.tensor([[1, 1], [1, 0]])
>>> rows = Rows(input_ids, attention_mask, labels=torch.tensor([0, 2]))
>>> tuple(model(rows.input_ids, rows.attention_mask).shape)
(2, 3)
>>> run = fine_tune(model, rows, steps=3, lr=1e-3)
>>> run.step, 0 <= accuracy(model, rows) <= 1
(3, True)

Left out: a learning rate for each layer, early stopping, an auxiliary loss on the text itself.
Proved by: transformers' GPT-2 and BERT with the same head; the steps of a T5 one by one; padding
has no influence; steps by hand of torch's AdamW; a task that is learned.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from reference.minilm import mean_pooled
from reference.probing import output_of
from reference.training import Training

BATCH_SIZE = 16  # Devlin et al. 2019, A.3: 16 or 32
WARMUP = 0.1  # of the steps; released code
INITIAL_STD = 0.02  # of the head; as all of BERT's weights

VectorOf = Callable[[nn.Module, Tensor, Tensor], Tensor]  # (model, input_ids, mask) -> (b, d_model)


class Rows(NamedTuple):
    """Texts as ids, padded on the right, and the class of each."""

    input_ids: Int[Tensor, "b n"]
    attention_mask: Int[Tensor, "b n"] | Bool[Tensor, "b n"]
    labels: Int[Tensor, " b"]

    def take(self, index: Int[Tensor, " k"]) -> "Rows":
        """Choose rows, no wider than the longest among them."""
        mask = self.attention_mask[index]
        width = int(mask.sum(-1).max())
        return Rows(self.input_ids[index, :width], mask[:, :width], self.labels[index])


def mean_state(
    model: nn.Module, input_ids: Int[Tensor, "b n"], attention_mask: Tensor
) -> Float[Tensor, "b d_model"]:
    """Average an encoder's last states over the tokens."""
    states, _ = model(input_ids, attention_mask=attention_mask)
    return mean_pooled(states, attention_mask)


def last_state(
    model: nn.Module, input_ids: Int[Tensor, "b n"], attention_mask: Tensor, path: str = "norm"
) -> Float[Tensor, "b d_model"]:
    """Take a decoder's state of each text's last token, before the head that predicts words."""
    states = output_of(model, path, input_ids)
    last = attention_mask.long().sum(-1) - 1
    return states[torch.arange(len(last), device=last.device), last]


def first_state(
    model: nn.Module, input_ids: Int[Tensor, "b n"], attention_mask: Tensor, start_id: int = 0
) -> Float[Tensor, "b d_model"]:
    """Let an encoder-decoder read each text, and take the state that it would answer from."""
    start = torch.full_like(input_ids[:, :1], start_id)
    return output_of(model, "decoder", input_ids, start, attention_mask)[:, 0]


class Classifier(nn.Module):
    """A model of language, one vector for each text, and a linear head."""

    def __init__(
        self,
        model: nn.Module,
        *,
        d_model: int,
        n_classes: int,
        vector_of: VectorOf = mean_state,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.model, self.vector_of = model, vector_of
        self.head = nn.Linear(d_model, n_classes)
        nn.init.normal_(self.head.weight, std=INITIAL_STD, generator=generator)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, input_ids: Int[Tensor, "b n"], attention_mask: Tensor
    ) -> Float[Tensor, "b n_classes"]:
        """Give each text a logit for each class."""
        return self.head(self.vector_of(self.model, input_ids, attention_mask))


def fine_tune(
    model: nn.Module,
    rows: Rows,
    *,
    steps: int,
    lr: float,
    batch_size: int = BATCH_SIZE,
    seed: int = 0,
    on_step: Callable[[float], None] = lambda loss: None,
) -> Training:
    """Train whatever is not frozen, by AdamW with a warm-up, on rows drawn anew for each step."""
    loss_of = partial(_loss_of, rows=rows, batch_size=batch_size)
    run = Training(model, loss_of, lr=lr, warmup=int(WARMUP * steps), total=steps, seed=seed)
    while run.step < run.total:
        on_step(run.advance())
    model.eval()
    return run


def _loss_of(
    model: nn.Module, generator: torch.Generator, rows: Rows, batch_size: int
) -> Float[Tensor, ""]:
    drawn = rows.take(torch.randperm(len(rows.labels), generator=generator)[:batch_size])
    return F.cross_entropy(model(drawn.input_ids, drawn.attention_mask), drawn.labels)


@torch.inference_mode()
def accuracy(model: nn.Module, rows: Rows, batch_size: int = BATCH_SIZE) -> float:
    """Share of rows whose highest logit is their class's."""
    model.eval()
    shorter_first = rows.attention_mask.long().sum(-1).argsort()  # little padding in each batch
    right = 0
    for index in shorter_first.split(batch_size):
        batch = rows.take(index)
        found = model(batch.input_ids, batch.attention_mask).argmax(-1)
        right += int((found == batch.labels).sum())
    return right / len(rows.labels)
