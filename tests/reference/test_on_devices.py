"""Every module of the reference on the CPU, on meta and on a GPU, in float32 and bfloat16.

A case is a layer or a function with inputs. On `meta` it must give what it gives on the CPU but for
the numbers: a tensor made on the wrong device raises there. On a GPU outputs and gradients must be
as near to float64's as the CPU's are. What is no case stands in `NO_DEVICE`, with the reason.
"""

import ast
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_map

import reference
from reference.adapters import AdaptedLinear, Adapter, add_adapters
from reference.attention import (
    additive_score,
    attend,
    attention_scores,
    causal_mask,
    dot_score,
    multiplicative_score,
    scaled_dot_product_attention,
    scaled_dot_score,
    self_attention,
    softmax,
)
from reference.attention_maps import attention_maps
from reference.bert import (
    Bert,
    BertConfig,
    BertEmbeddings,
    BertForPreTraining,
    MLMHead,
    pretraining_loss,
)
from reference.bitfit import train_biases
from reference.decoder import Decoder, DecoderLayer
from reference.device import deterministic, seeded
from reference.double_descent import relu_features
from reference.encoder import AddAndNorm, Encoder, EncoderLayer, padding_mask
from reference.encoder_decoder import EncoderDecoder, Transformer, TransformerConfig, shift_right
from reference.feed_forward import FeedForward, gelu
from reference.fine_tuning import (
    Classifier,
    Rows,
    accuracy,
    fine_tune,
    first_state,
    last_state,
)
from reference.generation import Cached, generate, uncached
from reference.gpt import GPT, Block, GPTConfig, TanhFeedForward, next_token_loss, tanh_gelu
from reference.least_norm import fit
from reference.lora import LoRALinear, add_lora, merge, unmerge
from reference.loss_landscape import filter_normalised, loss_at, slice_around, weights_of
from reference.masked_lm import mask_tokens, masked_lm_loss
from reference.minilm import mean_pooled
from reference.minima import barrier, bezier, connect, path_losses
from reference.multihead_attention import MultiHeadAttention
from reference.positions import sinusoidal_positions
from reference.prefix_tuning import PrefixAttention, add_prefix
from reference.probing import activations, fit_linear_probe, output_of
from reference.prompt_tuning import add_prompt
from reference.sampling import greedy, keep_top_k, keep_top_p, sample, with_temperature
from reference.t5 import T5, T5Config, T5Stack
from reference.t5_layers import GatedFeedForward, RMSNorm, T5Layer, unscaled_attention
from reference.t5_positions import RelativePositionBias, relative_buckets
from reference.training import Training

BOTH = (torch.float32, torch.bfloat16)
WIDE = (torch.float32,)

NO_DEVICE = {
    "attention.check_mask": "looks at shapes alone",
    "attention.SelfAttention": "what self_attention returns",
    "adaptation": "runs the methods that are tried here, one after the other",
    "data_parallel": "parts of a run: tests/reference/test_data_parallel.py, with two processes",
    "double_descent.Curve": "holds results",
    "double_descent.Errors": "holds results",
    "double_descent.measure_network": "makes its own samples, on the CPU",
    "fine_tuning.Rows": "holds ids",
    "language_model": "counts and Python's numbers; rows of them are put on the CPU",
    "loss_landscape.Slice": "holds losses",
    "minima.Minima": "holds weights and losses",
    "minima.train_from_seeds": "trains under vmap what `make` makes, where it makes it",
    "next_sentence": "texts in lists; what is packed of them is moved as a batch",
    "ngram": "tables of counts; rows of them are put on the CPU",
    "pretrain_bert": "tried as a command: texts, tokenizer, reports",
    "pretrain_gpt": "tried as a command: texts, tokenizer, reports",
    "pretrain_t5": "tried as a command: texts, tokenizer, reports",
    "probing.feed_forward_probe": "three of torch's own layers",
    "sampling.continuation": "asks a language model, whose probabilities are on the CPU",
    "study": "trains on the CPU, so that its table can be made again bit for bit",
    "token_source": "draws tokens on the CPU, whatever trains on them",
    "trainable.modules_named": "finds names",
    "trainable.trainable_share": "counts",
    "trainable.save_trainable": "writes a file",
    "trainable.load_trainable": "reads a file",
    "training": "tests/reference/test_training.py trains and resumes on a GPU",
    "why_scaling": "whole experiments, on the CPU",
}


@dataclass(frozen=True)
class Case:
    """What is called with what; `covers` are the public names that it tries."""

    covers: tuple[str, ...]
    call: Callable[..., Any]
    inputs: tuple[Any, ...]
    dtypes: tuple[torch.dtype, ...] = BOTH
    raises: str = ""  # on meta, this; then `why` says the reason
    why: str = ""

    def __str__(self) -> str:
        return "+".join(name.partition(".")[2] for name in self.covers)


class Using(nn.Module):
    """A function of a model, as a layer: so the model moves with it."""

    def __init__(self, model: nn.Module, function: Callable[..., Any]) -> None:
        super().__init__()
        self.model, self.function = model, function

    def forward(self, *inputs: Any) -> Any:
        return self.function(self.model, *inputs)


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def ids(seed: int, *shape: int, below: int = 23) -> Tensor:
    return torch.randint(1, below, shape, generator=torch.Generator().manual_seed(seed))


def drawn(make: Callable[[], nn.Module]) -> nn.Module:
    """A layer in evaluation, its parameters from seed 0, biases and gains too."""
    with seeded(0):
        layer = make().eval()
        for parameter in layer.parameters():
            nn.init.normal_(parameter, std=0.3)
    return layer


IDS = ids(1, 2, 7)
IS_TOKEN = torch.arange(7) < torch.tensor([[7], [4]])
ROWS = Rows(IDS, IS_TOKEN, torch.tensor([0, 1]))
BERT = BertConfig(n_layers=2, d_model=12, n_heads=3, vocab_size=23, max_length=9, dropout=0.0)
GPT_ = GPTConfig(n_layers=2, d_model=12, n_heads=3, vocab_size=23, max_length=12, dropout=0.0)
T5_ = T5Config(n_layers=2, d_model=12, n_heads=3, d_head=5, d_ff=24, vocab_size=23, dropout=0.0)
SMALL = TransformerConfig(n_layers=2, d_model=12, n_heads=3, vocab_size=23, dropout=0.0)


def adapted(add: Callable[[nn.Module], Any]) -> nn.Module:
    """A GPT, adapted; its new parameters are drawn too: a branch that starts at 0 says little."""

    def make() -> nn.Module:
        model = GPT(GPT_)
        add(model)
        return model

    return drawn(make)


def merged(model: nn.Module, input_ids: Tensor) -> tuple[Tensor, Tensor]:
    merge(model)
    inside = model(input_ids)
    unmerge(model)
    return inside, model(input_ids)


def squared_error(model: nn.Module) -> Tensor:
    x = torch.linspace(-1, 1, 12, device=next(model.parameters()).device).view(4, 3)
    return model(x.to(next(model.parameters()).dtype)).square().mean()


def two_layers() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def directions(model: nn.Module) -> Tensor:
    return torch.stack([filter_normalised(model, on_cpu()) for _ in range(2)])


def on_cpu() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def cases() -> list[Case]:
    q, k, v = normal(1, 2, 3, 5, 4), normal(2, 2, 3, 6, 4), normal(3, 2, 3, 6, 8)
    x, memory = normal(4, 2, 5, 12), normal(5, 2, 6, 12)
    mask = normal(6, 5, 6) > 0
    mask[2] = False
    keys, values, query = normal(7, 6, 4), normal(8, 6, 3), normal(9, 4)
    pieces = normal(10, 2, 7, 23)
    labels = ids(2, 2, 7).where(IDS % 2 == 0, -100)
    square = causal_mask(5)

    def asked(score: Callable[..., Tensor]) -> Callable[..., Any]:
        return lambda query, keys, values, *rest: attend(
            query, keys, values, score(*rest) if rest else score
        )

    return [
        Case(("attention.softmax",), lambda x: softmax(x, -2), (q,)),
        Case(("attention.attend", "attention.dot_score"), asked(dot_score), (query, keys, values)),
        Case(("attention.scaled_dot_score",), asked(scaled_dot_score), (query, keys, values)),
        Case(
            ("attention.multiplicative_score",),
            asked(multiplicative_score),
            (query, keys, values, normal(11, 4, 4)),
        ),
        Case(
            ("attention.additive_score",),
            asked(additive_score),
            (query, keys, values, normal(12, 5, 4), normal(13, 5, 4), normal(14, 5)),
        ),
        Case(("attention.attention_scores",), attention_scores, (q, k)),
        Case(("attention.causal_mask",), lambda x: causal_mask(5, device=x.device), (x,)),
        Case(
            ("attention.self_attention",),
            self_attention,
            (x, *(0.3 * normal(i, 12, d) for i, d in ((15, 4), (16, 4), (17, 8)))),
        ),
        Case(
            ("attention.scaled_dot_product_attention",),
            scaled_dot_product_attention,
            (q, k, v, mask),
        ),
        Case(
            ("multihead_attention.MultiHeadAttention",),
            drawn(lambda: MultiHeadAttention(12, 3)),
            (x, memory, mask),
        ),
        Case(
            ("positions.sinusoidal_positions",),
            lambda x: sinusoidal_positions(5, 12, device=x.device),
            (x,),
        ),
        Case(("feed_forward.gelu",), gelu, (x,)),
        Case(("feed_forward.FeedForward",), drawn(lambda: FeedForward(12)), (x,)),
        Case(
            ("attention_maps.attention_maps",),
            Using(
                drawn(lambda: Encoder(2, 12, 3)),
                lambda encoder, x: tuple(attention_maps(encoder, x).values()),
            ),
            (x,),
        ),
        Case(("encoder.padding_mask",), padding_mask, (IS_TOKEN,)),
        Case(
            ("encoder.AddAndNorm",),
            drawn(lambda: AddAndNorm(12)),
            (x, lambda y: y.tanh()),
        ),
        Case(("encoder.EncoderLayer",), drawn(lambda: EncoderLayer(12, 3)), (x, square)),
        Case(("encoder.Encoder",), drawn(lambda: Encoder(2, 12, 3)), (x, square)),
        Case(
            ("decoder.DecoderLayer",), drawn(lambda: DecoderLayer(12, 3)), (x, memory, None, mask)
        ),
        Case(("decoder.Decoder",), drawn(lambda: Decoder(2, 12, 3)), (x, memory, None, mask)),
        Case(
            ("encoder_decoder.EncoderDecoder",),
            drawn(lambda: EncoderDecoder(2, 12, 3)),
            (memory, x),
        ),
        Case(
            ("encoder_decoder.Transformer",),
            drawn(lambda: Transformer(SMALL)),
            (IDS, ids(3, 2, 5), IS_TOKEN),
        ),
        Case(("encoder_decoder.shift_right",), lambda y: shift_right(y, 0), (IDS,)),
        Case(("masked_lm.masked_lm_loss",), masked_lm_loss, (pieces, labels)),
        Case(
            ("masked_lm.mask_tokens",),
            lambda ids: mask_tokens(ids, 22, 23, {0}, generator=on_cpu()),
            (IDS,),
        ),
        Case(
            ("bert.BertEmbeddings",),
            drawn(lambda: BertEmbeddings(23, 9, 12)),
            (IDS, torch.zeros_like(IDS)),
        ),
        Case(("bert.Bert",), drawn(lambda: Bert(BERT)), (IDS, None, IS_TOKEN)),
        Case(("bert.MLMHead",), drawn(lambda: MLMHead(BERT)), (x, normal(18, 23, 12))),
        Case(
            ("bert.BertForPreTraining", "bert.pretraining_loss"),
            Using(
                drawn(lambda: BertForPreTraining(BERT)),
                lambda model, ids, there, labels, real: pretraining_loss(
                    *[(a, labels, b, real) for a, b in [model(ids, None, there)]][0]
                ),
            ),
            (IDS, IS_TOKEN, labels, torch.tensor([True, False])),
        ),
        Case(("minilm.mean_pooled",), mean_pooled, (pieces, IS_TOKEN)),
        Case(("gpt.tanh_gelu",), tanh_gelu, (x,)),
        Case(("gpt.TanhFeedForward",), drawn(lambda: TanhFeedForward(12)), (x,)),
        Case(("gpt.Block",), drawn(lambda: Block(GPT_)), (x,)),
        Case(("gpt.GPT",), drawn(lambda: GPT(GPT_)), (IDS,)),
        Case(("gpt.next_token_loss",), next_token_loss, (pieces, IDS)),
        Case(
            ("generation.generate", "generation.uncached"),
            Using(drawn(lambda: GPT(GPT_)), lambda model, ids: generate(uncached(model), ids, 4)),
            (IDS,),
            WIDE,
        ),
        Case(
            ("generation.Cached",),
            Using(drawn(lambda: GPT(GPT_)), lambda model, ids: Cached(model)(ids)),
            (IDS,),
        ),
        Case(("t5_layers.RMSNorm",), drawn(lambda: RMSNorm(12)), (x,)),
        Case(("t5_layers.unscaled_attention",), unscaled_attention, (q, k, v, mask)),
        Case(("t5_layers.GatedFeedForward",), drawn(lambda: GatedFeedForward(12, 24)), (x,)),
        Case(
            ("t5_layers.T5Layer",),
            drawn(lambda: T5Layer(12, 3, 5, 24, in_decoder=True)),
            (x, normal(19, 3, 5, 5), square, memory, mask),
        ),
        Case(
            ("t5_positions.relative_buckets",),
            lambda d: relative_buckets(d, two_sided=True),
            (torch.arange(-200, 200),),
        ),
        Case(
            ("t5_positions.RelativePositionBias",),
            Using(
                drawn(lambda: RelativePositionBias(3, two_sided=True)),
                lambda bias: bias(40, 50),
            ),
            (),
        ),
        Case(("t5.T5Stack",), drawn(lambda: T5Stack(T5_, in_decoder=False)), (x,)),
        Case(("t5.T5",), drawn(lambda: T5(T5_)), (IDS, ids(3, 2, 5), IS_TOKEN)),
        Case(("sampling.greedy",), greedy, (pieces,), WIDE),
        Case(
            ("sampling.sample",),
            sample,
            (torch.full((2, 23), -torch.inf).scatter(1, ids(4, 2, 1), 0.0),),  # one can be drawn
        ),
        Case(("sampling.with_temperature",), lambda x: with_temperature(x, 0.7), (pieces,)),
        Case(("sampling.keep_top_k",), lambda x: keep_top_k(x, 4).softmax(-1), (pieces,), WIDE),
        Case(("sampling.keep_top_p",), lambda x: keep_top_p(x, 0.8).softmax(-1), (pieces,), WIDE),
        Case(
            ("double_descent.relu_features",), relu_features, (normal(20, 9, 4), normal(21, 4, 6))
        ),
        Case(
            ("least_norm.fit",),
            lambda features, targets: fit(features, targets, ridge=0.1),
            (normal(22, 9, 4), normal(23, 9)),
            WIDE,
        ),
        Case(("loss_landscape.weights_of",), Using(drawn(two_layers), weights_of), ()),
        Case(
            ("loss_landscape.loss_at", "loss_landscape.filter_normalised"),
            Using(
                drawn(two_layers),
                lambda model: loss_at(model, squared_error, filter_normalised(model, on_cpu())),
            ),
            (),
        ),
        Case(
            ("loss_landscape.slice_around",),
            Using(
                drawn(two_layers),
                lambda model: slice_around(model, squared_error, directions(model), 3).losses,
            ),
            (),
        ),
        Case(("minima.bezier",), bezier, (normal(24, 3, 5), torch.tensor(0.3))),
        Case(
            ("minima.path_losses",),
            Using(
                drawn(two_layers),
                lambda model: path_losses(model, squared_error, directions(model), 5),
            ),
            (),
            WIDE,
        ),
        Case(
            ("minima.barrier",),
            barrier,
            (normal(25, 7),),
            WIDE,
            raises="meta",
            why="returns Python's number",
        ),
        Case(
            ("minima.connect",),
            Using(
                drawn(two_layers),
                lambda model: connect(
                    model, squared_error, *directions(model), n_steps=2, n_draws=2
                ),
            ),
            (),
            WIDE,
        ),
        Case(("adapters.Adapter",), drawn(lambda: Adapter(12, 2)), (x,)),
        Case(
            ("adapters.AdaptedLinear",),
            drawn(lambda: AdaptedLinear(nn.Linear(12, 12), 2)),
            (x,),
        ),
        Case(
            ("adapters.add_adapters",), adapted(lambda m: add_adapters(m, d_bottleneck=2)), (IDS,)
        ),
        Case(("lora.LoRALinear",), drawn(lambda: LoRALinear(nn.Linear(12, 12), 2, 4.0)), (x,)),
        Case(
            ("lora.add_lora", "lora.merge", "lora.unmerge"),
            Using(adapted(lambda m: add_lora(m, rank=2, alpha=4.0)), merged),
            (IDS,),
        ),
        Case(("bitfit.train_biases", "trainable.freeze"), adapted(train_biases), (IDS,)),
        Case(
            ("prefix_tuning.PrefixAttention",),
            drawn(lambda: PrefixAttention(MultiHeadAttention(12, 3), 2)),
            (normal(26, 2, 3, 5, 4), normal(27, 2, 3, 6, 4), normal(28, 2, 3, 6, 4)),
        ),
        Case(("prefix_tuning.add_prefix",), adapted(lambda m: add_prefix(m, 2)), (IDS,)),
        Case(
            ("prompt_tuning.SoftPrompt", "prompt_tuning.add_prompt"),
            adapted(lambda m: add_prompt(m, 2)),
            (torch.cat([torch.tensor([[23, 24]] * 2), IDS], 1),),
        ),
        Case(
            ("probing.output_of", "probing.activations"),
            Using(
                drawn(lambda: GPT(GPT_)),
                lambda model, ids: (
                    output_of(model, "blocks.0", ids),
                    activations(model, "blocks.0", ids),
                ),
            ),
            (IDS,),
        ),
        Case(
            ("probing.fit_linear_probe",),
            lambda x, y: fit_linear_probe(x, y)(x),
            (normal(29, 40, 3), ids(5, 40, below=3)),
            (),  # where it stops depends on rounding
            raises="meta",
            why="stops where the gradient is small, and counts the classes",
        ),
        Case(
            ("fine_tuning.Classifier", "fine_tuning.mean_state"),
            drawn(lambda: Classifier(Bert(BERT), d_model=12, n_classes=2)),
            (IDS, IS_TOKEN),
        ),
        Case(
            ("fine_tuning.last_state",),
            Using(drawn(lambda: GPT(GPT_)), last_state),
            (IDS, IS_TOKEN),
        ),
        Case(
            ("fine_tuning.first_state",),
            Using(drawn(lambda: T5(T5_)), first_state),
            (IDS, IS_TOKEN),
        ),
        Case(
            ("fine_tuning.accuracy",),
            Using(
                drawn(lambda: Classifier(Bert(BERT), d_model=12, n_classes=2)),
                lambda model, *rows: torch.tensor(accuracy(model, Rows(*rows))),
            ),
            tuple(ROWS),
            WIDE,
            raises="meta",
            why="counts what is right",
        ),
        Case(
            ("fine_tuning.fine_tune",),
            Using(
                drawn(lambda: Classifier(Bert(BERT), d_model=12, n_classes=2)),
                lambda model, *rows: torch.tensor(
                    fine_tune(model, Rows(*rows), steps=2, lr=0.01, batch_size=2).losses
                ),
            ),
            tuple(ROWS),
            (),
            raises="meta",
            why="reads each step's loss",
        ),
    ]


CASES = cases()
GPT_CASE = next(case for case in CASES if case.covers == ("gpt.GPT",))
every_case = pytest.mark.parametrize("case", CASES, ids=str)


def run(
    case: Case, device: str, dtype: torch.dtype, rounded: torch.dtype | None = None
) -> list[Tensor]:
    """What comes out there, then the gradients of its weighted sum: of inputs, of parameters.

    `rounded`: all that goes in is rounded to this dtype first, so that wider ones start the same.
    """

    def placed(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if not value.is_floating_point():
            return value.to(device)
        return value.to(rounded or dtype).to(device, dtype).requires_grad_()

    inputs, call = tree_map(placed, case.inputs), deepcopy(case.call)
    leaves = [x for x in tree_flatten(inputs)[0] if isinstance(x, Tensor) and x.requires_grad]
    if isinstance(call, nn.Module):
        call.to(rounded or dtype).to(device, dtype)
        leaves += [p for p in call.parameters() if p.requires_grad]
    made = [out for out in tree_flatten(call(*inputs))[0] if isinstance(out, Tensor)]
    sums = [(out * normal(0, *out.shape).to(out)).sum() for out in made if out.requires_grad]
    grads = torch.autograd.grad(sum(sums), leaves, allow_unused=True) if sums else ()
    return [*(out.detach() for out in made), *(grad for grad in grads if grad is not None)]


def shares_of_limit(case: Case, dtype: torch.dtype, there: list[Tensor]) -> list[float]:
    """Each tensor's error as a share of the most it may be; integers and masks must be equal.

    The truth is float64's, from the same rounded inputs. The CPU's own error in this dtype tells
    what rounding costs along this computation; another order of adding may cost up to four times
    that. Where the CPU happens to hit, or where all cancels (no score changes when all keys move by
    one bias), two units in the last place of the largest entry of any tensor are allowed.
    """
    truth = run(case, "cpu", torch.float64, rounded=dtype)
    on_cpu = run(case, "cpu", dtype)
    assert len(there) == len(truth) == len(on_cpu)
    shares = []
    largest = max((largest_of(right) for right in truth), default=0.0)
    for got, ours, right in zip(there, on_cpu, truth, strict=True):
        assert (got.dtype, got.shape) == (ours.dtype, ours.shape)
        if not got.is_floating_point():
            assert torch.equal(got.cpu(), ours)
            continue
        assert torch.equal(got.cpu().isfinite(), right.isfinite())
        error, cpu_error = (largest_of(part.cpu().double() - right) for part in (got, ours))
        limit = 4 * cpu_error + 2 * torch.finfo(got.dtype).eps * largest
        shares.append(error / limit if limit else float(error > 0))
    return shares


def largest_of(x: Tensor) -> float:
    """The largest absolute value of the finite entries."""
    finite = x[x.isfinite()] if x.is_floating_point() else x.new_empty(0)
    return finite.abs().max().item() if finite.numel() else 0.0


def test_every_public_name_is_a_case_or_has_a_reason():
    tried = {name for case in CASES for name in case.covers}
    excused = set(NO_DEVICE)
    public = set()
    for path in Path(reference.__path__[0]).glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and holds_tensors(node):
                public.add(f"{path.stem}.{node.name}")
    covered = {name for name in public if name in excused or name.partition(".")[0] in excused}
    assert public - covered - tried == set()
    assert tried & covered == set()
    idle = excused - public - {name.partition(".")[0] for name in public}
    assert idle == set(), "excuses for what is not there"


def holds_tensors(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether a public function or class names a tensor or a layer."""
    return not node.name.startswith("_") and any(
        isinstance(part, ast.Name) and part.id in ("Tensor", "Module", "nn")
        for part in ast.walk(node)
    )


@every_case
def test_on_meta_it_gives_the_same_but_for_the_numbers(case):
    if case.raises:
        assert case.why
        with pytest.raises((RuntimeError, NotImplementedError, ValueError), match=case.raises):
            run(case, "meta", torch.float32)
        return
    expected = run(case, "cpu", torch.float32)
    actual = run(case, "meta", torch.float32)
    assert expected, "nothing to compare"
    assert [(x.shape, x.dtype) for x in actual] == [(x.shape, x.dtype) for x in expected]
    assert {x.device.type for x in actual} == {"meta"}


LARGE = Case(
    ("multihead_attention.MultiHeadAttention",),
    drawn(lambda: MultiHeadAttention(96, 3)),
    (normal(1, 2, 40, 96), normal(2, 2, 50, 96)),
)


@pytest.mark.parametrize(
    ("dtype", "coarser"),
    [(torch.float32, torch.bfloat16), (torch.bfloat16, torch.float8_e4m3fn)],
    ids=str,
)
@pytest.mark.parametrize("case", [LARGE, GPT_CASE], ids=str)
def test_a_device_that_rounds_more_coarsely_is_found_out(case, dtype, coarser):
    assert max(shares_of_limit(case, dtype, run(case, "cpu", dtype))) <= 1
    rough = run(case, "cpu", dtype, rounded=coarser)
    assert max(shares_of_limit(case, dtype, rough)) > 1


def test_a_gradient_that_is_wrong_is_found_out():
    there = run(LARGE, "cpu", torch.float32)
    there = [part * 1.001 for part in there]
    assert max(shares_of_limit(LARGE, torch.float32, there)) > 1


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("case", "dtype"),
    [(case, dtype) for case in [*CASES, LARGE] for dtype in case.dtypes],
    ids=str,
)
def test_a_gpu_is_as_exact_as_the_cpu(case, dtype, gpu_row):
    share = max(shares_of_limit(case, dtype, run(case, "cuda", dtype)), default=0.0)
    gpu_row(case.covers[0], str(dtype).removeprefix("torch."), f"{share:.0%} of its limit")
    assert share <= 1


@pytest.mark.gpu
def test_products_of_ten_bits_are_found_out(monkeypatch, gpu_row):
    """TF32 rounds to 10 bits what goes into a product: wrong at float32's tolerance."""
    exact = max(shares_of_limit(LARGE, torch.float32, run(LARGE, "cuda", torch.float32)))
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", True)
    rough = max(shares_of_limit(LARGE, torch.float32, run(LARGE, "cuda", torch.float32)))
    gpu_row("float32 against TF32", "float32", f"{exact:.0%} and {rough:.0%} of the limit")
    assert exact <= 1 < rough


@pytest.mark.gpu
def test_generation_with_a_cache_goes_on_as_without(gpu_row):
    model = drawn(lambda: GPT(GPT_)).cuda()
    ids = IDS.cuda()
    text = generate(Cached(model), ids, 5)
    assert torch.equal(text, generate(uncached(model), ids, 5))
    gpu_row("generation.Cached", "float32", "the same 5 tokens as without")


@pytest.mark.gpu
def test_a_probe_fitted_there_is_the_one_fitted_here(gpu_row):
    """Each stops within 1e-3 of the minimum: L-BFGS ends where float32's gradient stops falling."""
    vectors, labels = normal(29, 40, 3), ids(5, 40, below=3) - 1
    here = fit_linear_probe(vectors, labels)
    there = fit_linear_probe(vectors.cuda(), labels.cuda())
    far = (there.weight.cpu() - here.weight).abs().max().item()
    gpu_row("probing.fit_linear_probe", "float32", f"{far:.0e} from the CPU's weights")
    assert far < 1e-3


@pytest.mark.gpu
def test_the_same_steps_give_the_same_bits(gpu_row):
    """Many rows for few ids: what their gradients sum to depends on the order."""

    def loss_of(model: nn.Module, generator: torch.Generator) -> Tensor:
        rows = torch.randint(7, (64, 256), generator=generator).cuda()
        return next_token_loss(model(rows), rows)

    def losses() -> list[float]:
        config = GPTConfig(n_layers=2, d_model=64, n_heads=4, vocab_size=7, max_length=256)
        with seeded(0):
            model = GPT(config).cuda()
        training = Training(model, loss_of, lr=1e-2, warmup=1, total=20, seed=0)
        return [training.advance() for _ in range(20)]

    with deterministic():
        first, second = losses(), losses()
    assert first == second
    gpu_row("training.Training", "bfloat16", "20 steps with dropout, twice the same bits")


@pytest.mark.gpu
@pytest.mark.parametrize("n", [512, 2048, 8192])
def test_what_attention_costs_beside_torchs(n, gpu_row):
    """Ours holds tables of all pairs, torch's kernel never does (Dao et al. 2022).

    At its end softmax holds eight times b·h·n² bfloat16: the scores once; scores, exponentials and
    shares in float32, which it sums in; and the shares once more.
    """
    b, h, d = 2, 8, 64
    q, k, v = (normal(i, b, h, n, d).to("cuda", torch.bfloat16) for i in range(3))
    mask = causal_mask(n, device="cuda")

    def ours() -> Tensor:
        return scaled_dot_product_attention(q, k, v, mask)

    def theirs() -> Tensor:
        return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)

    torch.testing.assert_close(ours(), theirs(), rtol=0, atol=2e-2)  # bfloat16 of entries below 4
    costs = [(milliseconds(f), peak_mib(f)) for f in (ours, theirs)]
    (our_ms, our_mib), (their_ms, their_mib) = costs
    gpu_row(
        f"attention of {n} positions",
        "bfloat16",
        f"{our_ms:.2f} ms, {our_mib:.0f} MiB; torch {their_ms:.2f} ms, {their_mib:.0f} MiB: "
        f"{our_ms / their_ms:.0f} times as long",
    )
    table_mib = b * h * n * n * 2 / 2**20
    assert our_mib == pytest.approx(8 * table_mib, rel=0.05)
    assert their_mib < our_mib / 8


def milliseconds(call: Callable[[], Tensor], repeats: int = 20) -> float:
    """The median time of a call on the GPU, after three that warm it up."""
    for _ in range(3):
        call()
    times = []
    for _ in range(repeats):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        call()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end))
    return sorted(times)[repeats // 2]


def peak_mib(call: Callable[[], Tensor]) -> float:
    """The most memory that a call holds at once, beyond what is held before it."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    call()
    return (torch.cuda.max_memory_allocated() - before) / 2**20
