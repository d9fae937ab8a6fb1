"""tokenizer_file.py: the tokenizers library reads what we write, and we read what it writes."""

import json
from collections.abc import MutableMapping

import pytest
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from reference.byte_level_bpe import ByteLevelBPE
from reference.tokenizer_file import load, save

CORPUS = ["Đại học Bách khoa Hà Nội", "the cat in the hat sat on the mat", "don't   stop\n\n"] * 3
SPECIAL = ["<|endoftext|>", "<|a pad|>"]


@pytest.fixture(scope="module")
def ours():
    return ByteLevelBPE.train(CORPUS, 300, SPECIAL)


@pytest.fixture
def theirs():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


@pytest.fixture(scope="module")
def strings(unicode_strings):
    return [*unicode_strings(500, seed=2), *CORPUS, "the <|endoftext|>cat<|a pad|>"]


@pytest.mark.parity
def test_they_read_ours(ours, strings, tmp_path):
    save(ours, tmp_path / "tokenizer.json")
    read = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for text in strings:
        assert read.encode(text).ids == ours.encode(text)
        assert read.decode(read.encode(text).ids, skip_special_tokens=False) == text


@pytest.mark.parity
def test_transformers_reads_ours(ours, strings, tmp_path):
    save(ours, tmp_path / "tokenizer.json")
    read = transformers.PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    assert read(strings)["input_ids"] == [ours.encode(text) for text in strings]


@pytest.mark.parity
@pytest.mark.parametrize("post", [None, processors.ByteLevel(trim_offsets=False)])
def test_we_read_theirs(post, ours, theirs, strings, tmp_path):
    if post:
        theirs.post_processor = post
    theirs.save(str(tmp_path / "tokenizer.json"))
    read = load(tmp_path / "tokenizer.json")
    for text in strings:
        assert read.encode(text) == theirs.encode(text).ids
    assert read.special == SPECIAL
    assert read.bpe.vocabulary == ours.bpe.vocabulary
    assert read.bpe.merges == ours.bpe.merges


@pytest.mark.parity
def test_added_tokens_outside_the_vocabulary_have_the_ids_after_it(theirs, strings, tmp_path):
    """As in GPT-2's file: the special token comes last."""
    theirs.add_special_tokens([AddedToken("<|later|>", special=True, normalized=False)])
    theirs.save(str(tmp_path / "tokenizer.json"))
    read = load(tmp_path / "tokenizer.json")
    text = "the cat<|later|>"
    assert read.encode(text) == theirs.encode(text).ids
    assert read.encode("<|later|>") == [300]


def test_saved_and_loaded_twice_the_file_is_the_same(ours, tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    save(ours, first)
    save(load(first), second)
    assert first.read_bytes() == second.read_bytes()


def changed(path, change):
    whole = json.loads(path.read_text(encoding="utf-8"))
    change(whole)
    path.write_text(json.dumps(whole), encoding="utf-8")


def test_an_older_file_says_less_and_writes_merges_as_strings(ours, strings, tmp_path):
    def older(whole):
        model = whole["model"]
        for key in ("type", "byte_fallback", "ignore_merges", "fuse_unk"):
            del model[key]
        model |= {"unk_token": "", "continuing_subword_prefix": "", "end_of_word_suffix": ""}
        model["merges"] = [" ".join(pair) for pair in model["merges"]]
        del whole["pre_tokenizer"]["use_regex"]
        whole["post_processor"] = {"type": "ByteLevel", "trim_offsets": False}

    path = tmp_path / "tokenizer.json"
    save(ours, path)
    changed(path, older)
    read = load(path)
    assert [read.encode(text) for text in strings] == [ours.encode(text) for text in strings]


OTHERS = {
    "normalizer": {"type": "Lowercase"},
    "truncation": {"max_length": 5},
    "padding": {"strategy": {"Fixed": 5}},
    "pre_tokenizer": None,
    "pre_tokenizer/add_prefix_space": True,
    "pre_tokenizer/use_regex": False,
    "pre_tokenizer/type": "Whitespace",
    "decoder": None,
    "decoder/type": "WordPiece",
    "post_processor": {"type": "TemplateProcessing"},
    "model/type": "Unigram",
    "model/dropout": 0.1,
    "model/ignore_merges": True,
    "model/byte_fallback": True,
    "model/unk_token": "<unk>",
    "model/fuse_unk": True,
    "model/end_of_word_suffix": "</w>",
    "model/continuing_subword_prefix": "##",
    "added_tokens/0/lstrip": True,
    "added_tokens/1/rstrip": True,
    "added_tokens/0/single_word": True,
}


@pytest.mark.parametrize("place", OTHERS)
def test_a_tokenizer_of_another_kind_is_refused(place, ours, tmp_path):
    def change(whole):
        *parents, key = place.split("/")
        for parent in parents:
            whole = whole[parent] if isinstance(whole, MutableMapping) else whole[int(parent)]
        whole[key] = OTHERS[place]

    path = tmp_path / "tokenizer.json"
    save(ours, path)
    load(path)
    changed(path, change)
    with pytest.raises(ValueError, match=r"must be .*: got .*; this is another kind of tokenizer"):
        load(path)


def test_ids_with_a_gap_are_refused(ours, tmp_path):
    path = tmp_path / "tokenizer.json"
    save(ours, path)
    last = ours.bpe.vocabulary[-1]
    changed(path, lambda whole: whole["model"]["vocab"].update({last: 310}))
    with pytest.raises(
        ValueError, match="without a gap, each once: got 300 tokens and ids up to 310"
    ):
        load(path)
