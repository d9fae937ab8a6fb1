"""What tests of the reference share: random inputs, layers, and a way past the shape checker.

`reference` is imported inside the fixtures: this file is loaded before pytest switches the shape
checker on, and a module imported here at the top would stay unchecked in every test.
"""

import math
import random
import sys
import unicodedata
from pathlib import Path

import jaxtyping
import pytest
import torch


@pytest.fixture(scope="session")
def normal():
    """Draw standard normal entries from a seed; in another dtype, the float64 ones rounded."""

    def draw(seed, *shape, dtype=torch.float64):
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(*shape, dtype=torch.float64, generator=generator).to(dtype)

    return draw


@pytest.fixture(scope="session")
def random_mask(normal):
    """Draw a mask, about half True, where every query may attend to the first key at least."""

    def draw(seed, *shape):
        mask = normal(seed, *shape) > 0
        mask[..., 0] = True
        return mask

    return draw


@pytest.fixture(scope="session")
def layer_of(normal):
    """Make a float64 multi-head layer with all parameters, biases too, drawn from a seed."""
    from reference.multihead_attention import MultiHeadAttention

    def make(seed, d_model, n_heads, kind=MultiHeadAttention, **options):
        layer = kind(d_model, n_heads, **options).double()
        with torch.no_grad():
            for i, parameter in enumerate(layer.parameters()):
                parameter.copy_(normal(seed + i, *parameter.shape) / math.sqrt(d_model))
        return layer

    return make


@pytest.fixture
def model_to_adapt(layer_of):
    """Make a small BERT, GPT or T5, in float64, all parameters drawn from a seed; not training.

    All take rows of at most 16 ids below 23, and are 12 wide, with 3 heads in each of 2 layers; the
    encoder-decoder's heads are together wider, 15.
    """
    from reference.bert import Bert, BertConfig
    from reference.gpt import GPT, GPTConfig
    from reference.t5 import T5, T5Config

    sizes = {"n_layers": 2, "d_model": 12, "n_heads": 3, "vocab_size": 23}
    make = {
        "encoder": lambda: Bert(BertConfig(**sizes, max_length=16)),
        "decoder": lambda: GPT(GPTConfig(**sizes, max_length=16)),
        "encoder-decoder": lambda: T5(T5Config(**sizes, d_head=5, d_ff=24)),
    }

    def call(kind, seed=0):
        return layer_of(seed, 12, 3, kind=lambda *_: make[kind]()).eval()

    return call


@pytest.fixture(scope="session")
def as_transformers():
    """Give transformers' model the weights of one that `model_to_adapt` made.

    With `shift`, row i of its positions is ours of i - shift: it then counts from there.
    """
    import transformers

    from reference.minilm import NAMES

    def bert(ours, shift):
        config = transformers.BertConfig(
            vocab_size=23,
            hidden_size=12,
            num_hidden_layers=2,
            num_attention_heads=3,
            intermediate_size=48,
            max_position_embeddings=16 + shift,
            pad_token_id=None,
            attn_implementation="eager",
        )
        theirs = transformers.BertModel(config).double().eval()
        weights = {}
        for name in theirs.state_dict():
            our_name = name
            for theirs_part, ours_part in NAMES.items():
                our_name = our_name.replace(theirs_part, ours_part)
            weights[name] = ours[our_name]
        name = "embeddings.position_embeddings.weight"
        theirs.load_state_dict(weights | {name: shifted(weights[name], shift)})
        return theirs

    def gpt2(ours, shift):
        config = transformers.GPT2Config(
            vocab_size=23,
            n_embd=12,
            n_layer=2,
            n_head=3,
            n_positions=16 + shift,
            bos_token_id=None,
            eos_token_id=None,
            attn_implementation="eager",
        )
        theirs = transformers.GPT2LMHeadModel(config).double().eval()
        weights = {
            "wte.weight": ours["token.weight"],
            "wpe.weight": shifted(ours["position.weight"], shift),
        }
        for kind in ("weight", "bias"):
            weights[f"ln_f.{kind}"] = ours[f"norm.{kind}"]
            for i in range(2):
                block, layer = f"blocks.{i}.", f"h.{i}."
                maps = [ours[f"{block}attention.{m}.{kind}"] for m in ("query", "key", "value")]
                weights[f"{layer}attn.c_attn.{kind}"] = transposed(torch.cat(maps))
                for their_name, our_name in {
                    "attn.c_proj": "attention.output",
                    "mlp.c_fc": "feed_forward.first",
                    "mlp.c_proj": "feed_forward.second",
                }.items():
                    tensor = ours[f"{block}{our_name}.{kind}"]
                    weights[f"{layer}{their_name}.{kind}"] = transposed(tensor)
                weights[f"{layer}ln_1.{kind}"] = ours[f"{block}around_attention.norm.{kind}"]
                weights[f"{layer}ln_2.{kind}"] = ours[f"{block}around_feed_forward.norm.{kind}"]
        theirs.transformer.load_state_dict(weights)
        return theirs

    def transposed(tensor):  # their maps are stored the other way round; biases are biases
        return tensor.T if tensor.ndim == 2 else tensor

    def shifted(positions, shift):
        return torch.cat([torch.full((shift, 12), torch.nan), positions])

    def call(ours, shift=0):
        make = gpt2 if "token.weight" in ours.state_dict() else bert
        return make(ours.state_dict(), shift)

    return call


@pytest.fixture(scope="session")
def assert_far():
    """Fail unless comparing at this tolerance tells the two apart: a tolerance's own test."""

    def check(actual, expected, *, atol):
        with pytest.raises(AssertionError, match="are not close"):
            torch.testing.assert_close(actual, expected, rtol=0, atol=atol)

    return check


@pytest.fixture
def no_shape_checker():
    """Switch jaxtyping off, as it is outside the tests, so that the module's own error is seen."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


@pytest.fixture(scope="session")
def published_folder():
    """The folder of published runs, which lies beside the repository on some machines."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.exists():
        pytest.skip(f"the published runs are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def unicode_strings():
    """Draw strings of one kind of character, of all kinds, and of words; the first is empty.

    No character is drawn that this Python's Unicode tables lack: newer tables may know its kind.
    """
    from pydoc_data.topics import topics

    assigned = [
        c
        for c in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(c) not in ("Cn", "Cs", "Co")
    ]
    plain = [chr(c) for c in range(32, 127)]
    composed = list("aăâeêioôơuưyđAĐàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ ")
    combining = [c for letter in composed for c in unicodedata.normalize("NFD", letter)]
    emoji = [*"😀👍🏽❤️‍🔥🇻🇳👩‍💻☕", "\u200d", "\ufe0f"]
    spaces = list(" \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2009\u200b\u2028\u2029\u3000")
    control = [chr(c) for c in (*range(32), *range(127, 160), 0xAD, 0xFEFF, 0xFFFD)]
    words = (
        "the cat's won't I'LL they'd 3.14 naïve học đại Ελλάς 你好 2½ x² don’t '' ²'s l'été".split()
    )
    prose = " ".join(topics[name] for name in sorted(topics)).split()
    kinds = [
        plain,
        composed,
        combining,
        emoji + plain,
        spaces + list("a1!'"),
        control + list("ab"),
        words + spaces,
        [f" {word}" for word in prose[::50]],
        assigned,
        plain + composed + combining + emoji + spaces + control + assigned[::50],
    ]

    def draw(n, seed):
        generator = random.Random(seed)
        strings = [""]
        for i in range(n - 1):
            strings.append("".join(generator.choices(kinds[i % len(kinds)], k=1 + i % 40)))
        return strings

    return draw
