"""Ten ordinary notebooks show under our shell, in the sandbox, what they show in a real kernel.

The real one is IPython's own, run by nbclient; one kernel serves all notebooks, emptied between
them. Compared after `normal`, which names what may differ: colours, addresses, names of temporary
files, and kinds of output that are dropped on purpose.
"""

import base64
import itertools
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from autograder.outputs import clean, notebook_outputs

pytestmark = pytest.mark.sandbox

NOTEBOOKS: dict[str, list[str]] = {
    "printing": [
        "print('hello', 1, 2.5, sep=', ', end='!\\n')\nprint()\nprint('é 汉 😀 \\t tab')",
        "import sys\nsys.stdout.write('no newline')\nsys.stdout.flush()",
        "for i in range(3): print(i, flush=True)\nprint('to stderr', file=sys.stderr)\nprint('end')",
        "# a comment alone",
        "",
        "x = 1",
        "print('a' * 10_000)\nprint(*range(100), sep='\\n')",
        "print('\\x1b[31mred\\x1b[0m and \\x1b[1mbold\\x1b[0m')",
        "print('10%\\r50%\\r100%')\nprint('windows\\r\\nlines')",
        "from pprint import pprint\npprint({i: 'x' * 20 for i in range(6)})",
    ],
    "results": [
        "1 + 1",
        "_ + 40",
        "'text'; None",
        "'hidden';",
        "In[1], Out[1], _1, __ is not None",
        "x = y = [1, {'a': (2,)}, {3}]\nx",
        "{i: str(i) * 30 for i in range(10)}",
        "print('before')\n[i ** 2 for i in range(40)]",
        "if True:\n    'not shown in a block'",
        "'first'\n'second'",
        "class A:\n    def __repr__(self): return 'A\\nof two lines'\nA()",
        "None",
        "...",
        "lambda x: x",
        "int, print, A",
    ],
    "rich": [
        "class Rich:\n"
        "    def _repr_html_(self): return '<b>rich</b>'\n"
        "    def _repr_latex_(self): return '$x$'\n"
        "    def __repr__(self): return 'plain'\n"
        "Rich()",
        "class OnlyHtml:\n    def _repr_html_(self): return '<b>rich</b>'\n"
        "    def __repr__(self): return 'only'\nOnlyHtml()",
        "class Bundle:\n"
        "    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/plain': 'from the bundle', 'text/html': '<i>b</i>'}\nBundle()",
        "class Shows:\n    def _ipython_display_(self): print('shows itself')\nShows()",
        "class Broken:\n    def _repr_html_(self): raise ValueError('no html')\n"
        "    def __repr__(self): return 'broken but plain'\nBroken()",
        "class Unprintable:\n    def __repr__(self): raise ValueError('no repr')\nUnprintable()",
        "from IPython.display import HTML, Image, Latex, Markdown, SVG, display\nMarkdown('*hi*')",
        "display(1, 'a', [Rich()])\ndisplay(HTML('<script>alert(1)</script>'))\ndisplay(Rich())",
        "import base64\nImage(base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA"
        "DUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='))",
        "display(Latex('$x$'), HTML('x'))\ndisplay({'text/plain': 'raw'}, raw=True)",
        "display()\ndisplay(None)",
    ],
    "display": [
        "from IPython.display import clear_output, display, update_display\n"
        "print('gone')\ndisplay('gone')\nclear_output()\nprint('kept')",
        "for i in range(3):\n    clear_output(wait=True)\n    print('step', i)",
        "print('stays')\nclear_output(wait=True)",
        "handle = display('first', display_id=True)\nprint('between')\nhandle.update('second')",
        "display('one', display_id='mine')\nupdate_display('two', display_id='mine')",
        "from IPython.utils.capture import capture_output\n"
        "with capture_output() as got:\n    print('captured'); display('captured')\n"
        "print(repr(got.stdout), len(got.outputs))",
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n"
        "    print('redirected')\ntext.getvalue()",
    ],
    "plots": [
        "import matplotlib.pyplot as plt\nimport numpy as np\nplt.plot([1, 3,
        2])\nplt.title('$x^2$')", "%matplotlib inline\nfig, ax = plt.subplots(figsize=(3,
        2))\nax.imshow(np.eye(3))\nax", "plt.plot([1,
        2])\nplt.show()\nprint('between')\nplt.hist([1, 1, 2])\nplt.show()", "fig", "fig, axes =
        plt.subplots(1, 2)\nplt.close(fig)\nprint(axes.shape)", "plt.scatter([1, 2], [3,
        4]);\nplt.savefig('x.png')\nopen('x.png', 'rb').read(4)", "print(len(plt.get_fignums()),
        plt.rcParams['figure.dpi'])",
    ],
    "errors": [
        "1 / 0", "def f(x):\n    return g(x) + 1\n\ndef g(x):\n    y = [x]\n    return y[3]",
        "print('before')\nf(2)", "try:\n    f(1)\nexcept IndexError as error:\n    raise
        ValueError('of another kind') from error", "try:\n    {}['key']\nexcept KeyError:\n
        undefined", "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise RuntimeError('alone')
        from None", "class MyError(Exception):\n    def __str__(self): return 'in my words: ' +
        repr(self.args)\n" "raise MyError(1, 'two')", "x = (1,\ny = 2", "if True:\nprint(1)", "print
        'old'", "assert 1 + 1 == 3, 'arithmetic\\nover two lines'", "assert [] == [1]", "raise
        Exception", "import sys\nsys.exit('done')", "sys.exit()", "raise SystemExit(3)", "raise
        KeyboardInterrupt", "def deep(n): return deep(n + 1)\ndeep(0)", "class Mute(Exception):\n
        def __str__(self): raise ValueError\nraise Mute('x')", "raise ExceptionGroup('several',
        [ValueError('one'), TypeError('two')])", "import torch\ntorch.ones(2, 3) @ torch.ones(2,
        3)", "eval('1 +')", "exec('def h():\\n    raise OSError(5, \"made\")\\nh()')", "'alive'",
    ],
    "magics": [
        "%%capture caught\nprint('out')\nimport sys; print('err', file=sys.stderr)\n7",
        "caught.stdout, caught.stderr, len(caught.outputs)",
        "%precision 3\n3.14159",
        "%precision %r",
        "%%writefile made.py\nvalue = 41\nprint('run', value)",
        "%run made.py",
        "value + 1",
        "%who int\n%who_ls",
        "%nosuchmagic",
        "%%nosuchcellmagic\nx",
        "%env COURSE=yes\nimport os\nos.environ['COURSE']",
        "%%html\n<b>bold</b>",
        "%%bash\necho from bash\necho wrong >&2",
        "%alias_magic t timeit",
        "%xmode Plain\nint('x')",
        "%xmode Verbose\nint('y')",
        "%xmode Context",
        "%load_ext nosuchextension",
        "%cd /\n%pwd",
        "%reset_selective -f value\nvalue",
    ],
    "shell": [
        "!echo hello; echo again",
        "files = !printf 'a\\nb\\n'\nprint(files, type(files).__name__)\nfiles.n",
        "!echo wrong >&2",
        "!exit 3\n_exit_code",
        "name = 'x y'\n!echo $name {1 + 1} \"$HOME\" | tr -d '/a-z'",
        "import os\nos.system('true')",
        "import subprocess\nsubprocess.run(['echo', 'quiet'], capture_output=True, text=True).stdout",
        "!nosuchcommand-at-all 2>/dev/null\n_exit_code",
    ],
    "input and async": [
        "input('name? ')",
        "import getpass\ngetpass.getpass()",
        "import asyncio\nawait asyncio.sleep(0)\nprint('slept')",
        "async def double(x):\n    await asyncio.sleep(0)\n    return 2 * x\nawait double(4)",
        "results = await asyncio.gather(*map(double, range(3)))\nresults",
        "async def fails():\n    raise ValueError('late')\nawait fails()",
        "async with asyncio.Lock() as lock:\n    print('locked')",
        "import sys\nsys.stdin.readline()",
    ],
    "warnings and threads": [
        "import warnings\nwarnings.warn('careful')",
        "def old():\n    warnings.warn('old', DeprecationWarning, stacklevel=2)\nold()",
        "warnings.simplefilter('error')\nwarnings.warn('now an error')",
        "warnings.simplefilter('ignore')\nwarnings.warn('silent')",
        "import logging\nlogging.warning('by logging')\nlogging.getLogger('x').info('not shown')",
        "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()",
        "import threading\nthread = threading.Thread(target=print, args=('from a thread',))\n"
        "thread.start(); thread.join()",
        "import torch, numpy as np\ntorch.manual_seed(0)\nnp.random.seed(0)\ntorch.rand(2, 2)",
        "np.random.rand(2), torch.arange(3), torch.nn.Linear(2, 1), np.eye(2)",
        "def documented(x: int = 1) -> int:\n    'What it does.'\nhelp(documented)",
        "print(__name__)",
        "globals()['made'] = 5\nmade",
        "del made\nmade",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[list[str]], Any]]:
    """Runs cells in a real kernel that has forgotten all it ran before; gives their outputs."""
    folder = tmp_path_factory.mktemp("kernel")
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env=os.environ | {"OMP_NUM_THREADS": "1"})
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def run(sources: list[str]) -> list[list[dict[str, Any]]]:
        client.execute_interactive(FORGET.format(folder=str(folder)), silent=True, timeout=60)
        notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
        runner = NotebookClient(notebook, km=manager, timeout=60, allow_errors=True)
        runner.kc = client
        runner.reset_execution_trackers()
        for index, cell in enumerate(notebook.cells):
            runner.execute_cell(cell, index)
        return [cell.outputs for cell in notebook.cells]

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


FORGET = """
import os, sys, warnings
os.chdir({folder!r})
get_ipython().reset(new_session=True)
get_ipython().run_line_magic("precision", "%r")
get_ipython().run_line_magic("xmode", "Context")
warnings.resetwarnings(); warnings.simplefilter("default")
"""


@pytest.fixture
def ours(submission) -> Callable[[list[str]], Any]:
    """Runs cells in a student's process; gives their outputs as the judge keeps them."""

    def run(sources: list[str]) -> list[list[dict[str, Any]]]:
        one = submission()
        outcomes = [one.run(source) for source in sources]
        assert [outcome.trouble for outcome in outcomes] == [""] * len(sources)
        return [notebook_outputs(outcome.outputs, "", outcome.count) for outcome in outcomes]

    return run


ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
TEMPORARY = re.compile(r"(/tmp/ipykernel_\d+/\d+\.py|<ipython-input-[\d-]+\w*>)")
KEPT = ("text/plain", "image/png")


def plain(text: str) -> str:
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    lines = [clean(line.rsplit("\r", 1)[-1]).rstrip() for line in lines]
    return TEMPORARY.sub("<cell>", ADDRESS.sub("0x…", "\n".join(lines)))


def normal(outputs: list[dict[str, Any]]) -> list[Any]:
    """What must be equal of a cell's outputs."""
    found: list[Any] = []
    for output in outputs:
        match output["output_type"]:
            case "stream":
                streams = itertools.takewhile(lambda f: f[0].startswith("std"), reversed(found))
                before = next((stream for stream in streams if stream[0] == output["name"]), None)
                if before:
                    before[1] += output["text"]
                else:
                    found.append([output["name"], output["text"]])
            case "error":
                trace = plain("\n".join(output["traceback"]))
                found.append(["error", output["ename"], plain(output["evalue"]), trace])
            case kind:
                data = {n: output["data"][n] for n in KEPT if n in output["data"]}
                if "image/png" in data:
                    data["image/png"] = base64.b64decode(data["image/png"])
                if "text/plain" in data:
                    data["text/plain"] = plain(data["text/plain"])
                if data:
                    found.append([kind, data, output.get("execution_count")])
    return [
        [kind, plain(rest[0])] if kind in ("stdout", "stderr") else [kind, *rest]
        for kind, *rest in found
    ]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_shows_what_it_shows_in_a_kernel(name, kernel, ours):
    sources = NOTEBOOKS[name]
    found, true = ours(sources), kernel(sources)
    different = [
        (source, normal(mine), normal(theirs))
        for source, mine, theirs in zip(sources, found, true, strict=True)
        if normal(mine) != normal(theirs)
    ]
    for source, mine, theirs in different:
        print(f"── {source}\nours:   {mine}\nkernel: {theirs}")
    assert not different
