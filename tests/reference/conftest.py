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
