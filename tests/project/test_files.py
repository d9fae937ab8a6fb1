"""The files themselves: what may be committed, how long a module may be, what text may not hold."""

import ast
import re

LONGEST_MODULE = 300  # lines; 200 is the aim
LONGEST_TEST = 800  # lines: a test module mirrors one module, and tries every way through it
LARGEST_FILE = 200_000  # bytes: sources are small, and what is generated is not committed

GENERATED = {".ipynb", ".db", ".pt", ".bin", ".pkl", ".safetensors", ".npy", ".npz", ".html"}
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:root|work|Users)/")


def test_nothing_generated_or_binary_is_committed(files, root):
    assert files, "git lists no files"
    assert [path for path in files if path.suffix in GENERATED] == []
    assert [path for path in files if b"\0" in (root / path).read_bytes()] == []
    assert [path for path in files if (root / path).stat().st_size > LARGEST_FILE] == []


def test_every_module_says_what_it_holds(modules, text_of):
    silent = [
        path for path in modules if len(ast.get_docstring(ast.parse(text_of(path))) or "") < 20
    ]
    assert silent == []


def test_modules_can_be_read_in_one_sitting(modules, text_of):
    lengths = {path: text_of(path).count("\n") for path in modules}
    long = {
        str(path): lines
        for path, lines in lengths.items()
        if lines > (LONGEST_TEST if path.parts[0] == "tests" else LONGEST_MODULE)
    }
    assert long == {}


def test_nothing_is_marked_unfinished(files, text_of):
    assert [path for path in files if UNFINISHED.search(text_of(path))] == []


def test_no_path_of_one_machine(files, text_of):
    # what students hand in may name any path: some of them look for what is not theirs
    ours = [path for path in files if path.parts[:2] != ("tests", "submissions")]
    assert [path for path in ours if MACHINE_PATH.search(text_of(path))] == []


def test_tests_assert_something(modules, text_of):
    tests = [path for path in modules if path.name.startswith("test_")]
    proves = re.compile(r"\bassert\b|pytest\.raises|assert_close|assert_allclose|gradcheck")
    assert [path for path in tests if not proves.search(text_of(path))] == []
