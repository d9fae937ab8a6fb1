"""The landscape of language models, GPT-1 to LLaMA: sizes counted from their published layers.

Slides "How large are large LMs", "Scaling: LM Landscape with GPT-3". Each entry holds what a paper
says of the layers, and what it says of the size.

>>> for name in ("BERT base", "T5 11B", "GPT-3", "PaLM"):
...     model = LANDSCAPE[name]
...     print(name, f"{model.architecture.parameters().total / 1e9:.3f}B, {model.claimed / 1e9:g}B")
BERT base 0.109B, 0.11B
T5 11B 11.307B, 11B
GPT-3 174.604B, 175B
PaLM 540.359B, 540.35B

Left out: mixtures of experts, and models whose layers were not published.
Proved by: the modules of `bert` and `gpt` and transformers' T5, GPT and BERT on torch's meta
device; counts within 5% of what was published.
"""

from typing import Any, NamedTuple

from reference.model_sizes import Architecture


class Published(NamedTuple):
    """A model of the landscape: what was said of its size, when (year and month), and where."""

    architecture: Architecture
    claimed: float
    date: float
    source: str


def _decoder(layers: int, d: int, heads: int, vocab_size: int, **more: Any) -> Architecture:
    more = {"d_ff": 4 * d, **more}
    return Architecture(
        decoder_layers=layers, d_model=d, n_heads=heads, vocab_size=vocab_size, **more
    )


def _deepmind(layers: int, d: int, heads: int) -> Architecture:
    return _decoder(layers, d, heads, 32_000, biases=False, relative_maps=True)


def _bert(layers: int, d: int, heads: int) -> Architecture:
    return Architecture(
        encoder_layers=layers,
        d_model=d,
        n_heads=heads,
        d_ff=4 * d,
        vocab_size=30_522,
        positions=512,
        segments=2,
        embedding_norm=True,
        final_norm=False,
        pooler=True,
    )


def _t5(layers: int, d: int, heads: int, d_ff: int, d_head: int = 64) -> Architecture:
    return Architecture(
        encoder_layers=layers,
        decoder_layers=layers,
        d_model=d,
        n_heads=heads,
        d_ff=d_ff,
        d_head=d_head,
        vocab_size=32_128,
        relative_positions=32,
        biases=False,
    )


def _month(year: int, month: int) -> float:
    return year + (month - 0.5) / 12


_GPT2 = "Radford et al. 2019, Table 2; 117M and 345M there"
_T5 = "Raffel et al. 2020, §3.7; released checkpoints"
LANDSCAPE = {
    "GPT-1": Published(
        _decoder(12, 768, 12, 40_478, positions=512, final_norm=False),
        117e6,
        _month(2018, 6),
        "Radford et al. 2018, §4.1; size: Devlin et al. 2019, §3",
    ),
    "BERT base": Published(_bert(12, 768, 12), 110e6, _month(2018, 10), "Devlin et al. 2019, §3"),
    "BERT large": Published(_bert(24, 1024, 16), 340e6, _month(2018, 10), "Devlin et al. 2019, §3"),
    "GPT-2 small": Published(
        _decoder(12, 768, 12, 50_257, positions=1024), 124e6, _month(2019, 2), _GPT2
    ),
    "GPT-2 XL": Published(
        _decoder(48, 1600, 25, 50_257, positions=1024), 1.542e9, _month(2019, 2), _GPT2
    ),
    "Megatron-LM": Published(
        _decoder(72, 3072, 24, 51_200, positions=1024),
        8.3e9,
        _month(2019, 9),
        "Shoeybi et al. 2019, Table 1",
    ),
    "T5 small": Published(_t5(6, 512, 8, 2048), 60e6, _month(2019, 10), _T5),
    "T5 base": Published(_t5(12, 768, 12, 3072), 220e6, _month(2019, 10), _T5),
    "T5 large": Published(_t5(24, 1024, 16, 4096), 770e6, _month(2019, 10), _T5),
    "T5 3B": Published(_t5(24, 1024, 32, 16_384, 128), 2.8e9, _month(2019, 10), _T5),
    "T5 11B": Published(_t5(24, 1024, 128, 65_536, 128), 11e9, _month(2019, 10), _T5),
    "GPT-3": Published(
        _decoder(96, 12_288, 96, 50_257, positions=2048),
        175e9,
        _month(2020, 5),
        "Brown et al. 2020, Table 2.1",
    ),
    "Gopher": Published(
        _deepmind(80, 16_384, 128), 280e9, _month(2021, 12), "Rae et al. 2021, §2.1, Table 1"
    ),
    "MT-NLG": Published(
        _decoder(105, 20_480, 128, 51_200, positions=2048),
        530e9,
        _month(2022, 1),
        "Smith et al. 2022, §2; vocabulary: Megatron-LM's",
    ),
    "Chinchilla": Published(
        _deepmind(80, 8192, 64), 70e9, _month(2022, 3), "Hoffmann et al. 2022, §4.1, Table 4"
    ),
    "PaLM": Published(
        _decoder(118, 18_432, 48, 256_000, d_head=256, kv_heads=1, gated=True, biases=False),
        540.35e9,
        _month(2022, 4),
        "Chowdhery et al. 2022, §2, Table 1",
    ),
    "LLaMA 65B": Published(
        _decoder(80, 8192, 64, 32_000, d_ff=22_016, gated=True, biases=False, tied=False),
        65.2e9,
        _month(2023, 2),
        "Touvron et al. 2023, Table 2; d_ff and vocabulary: released",
    ),
}
