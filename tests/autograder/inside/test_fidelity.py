"""Ten ordinary notebooks show under our shell, in the sandbox, what they show in a real kernel.

The real one is IPython's own, run by nbclient; one kernel serves all notebooks, emptied between
them. Compared after `normal`, which names what may differ: colours, addresses, names of temporary
files, and kinds of output that are dropped on purpose.
"""

import base64
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from autograder.outputs import clean, notebook_outputs

pytestmark = pytest.mark.sandbox

NOTEBOOKS = {
    "printing": r"""
print('hello', 1, 2.5, sep=', ', end='!\n')
print()
print('é 汉 😀 \t tab')
# %%
import sys
sys.stdout.write('no newline')
sys.stdout.flush()
# %%
for i in range(3): print(i, flush=True)
print('to stderr', file=sys.stderr)
print('end')
# %%
# a comment alone
# %%

# %%
x = 1
# %%
print('a' * 10_000)
print(*range(100), sep='\n')
# %%
print('\x1b[31mred\x1b[0m and \x1b[1mbold\x1b[0m')
# %%
print('10%\r50%\r100%')
print('windows\r\nlines')
# %%
from pprint import pprint
pprint({i: 'x' * 20 for i in range(6)})
""",
    "results": r"""
1 + 1
# %%
_ + 40
# %%
'text'; None
# %%
'hidden';
# %%
In[1], Out[1], _1, __ is not None
# %%
x = y = [1, {'a': (2,)}, {3}]
x
# %%
{i: str(i) * 30 for i in range(10)}
# %%
print('before')
[i ** 2 for i in range(40)]
# %%
if True:
    'not shown in a block'
# %%
'first'
'second'
# %%
class A:
    def __repr__(self): return 'A\nof two lines'
A()
# %%
None
# %%
...
# %%
lambda x: x
# %%
int, print, A
""",
    "rich": r"""
class Rich:
    def _repr_html_(self): return '<b>rich</b>'
    def _repr_latex_(self): return '$x$'
    def __repr__(self): return 'plain'
Rich()
# %%
class OnlyHtml:
    def _repr_html_(self): return '<b>rich</b>'
OnlyHtml()
# %%
class Bundle:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {'text/plain': 'from the bundle', 'text/html': '<i>b</i>'}
Bundle()
# %%
class Shows:
    def _ipython_display_(self): print('shows itself')
Shows()
# %%
class Broken:
    def _repr_html_(self): raise ValueError('no html')
    def __repr__(self): return 'broken but plain'
Broken()
# %%
class Unprintable:
    def __repr__(self): raise ValueError('no repr')
Unprintable()
# %%
from IPython.display import HTML, Image, Latex, Markdown, display
Markdown('*hi*')
# %%
display(1, 'a', [Rich()])
display(HTML('<script>alert(1)</script>'))
display(Rich())
# %%
import base64
one = ('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9aw'
       'AAAABJRU5ErkJggg==')
Image(base64.b64decode(one))
# %%
display(Latex('$x$'), HTML('x'))
display({'text/plain': 'raw'}, raw=True)
# %%
display()
display(None)
""",
    "display": r"""
from IPython.display import clear_output, display, update_display
print('gone')
display('gone')
clear_output()
print('kept')
# %%
for i in range(3):
    clear_output(wait=True)
    print('step', i)
# %%
print('stays')
clear_output(wait=True)
# %%
handle = display('first', display_id=True)
print('between')
handle.update('second')
# %%
display('one', display_id='mine')
update_display('two', display_id='mine')
# %%
from IPython.utils.capture import capture_output
with capture_output() as got:
    print('captured'); display('captured')
print(repr(got.stdout), len(got.outputs))
# %%
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as text:
    print('redirected')
text.getvalue()
""",
    "errors": r"""
1 / 0
# %%
def f(x):
    return g(x) + 1

def g(x):
    y = [x]
    return y[3]
# %%
print('before')
f(2)
# %%
try:
    f(1)
except IndexError as error:
    raise ValueError('of another kind') from error
# %%
try:
    {}['key']
except KeyError:
    undefined
# %%
try:
    1 / 0
except ZeroDivisionError:
    raise RuntimeError('alone') from None
# %%
class MyError(Exception):
    def __str__(self): return 'in my words: ' + repr(self.args)
raise MyError(1, 'two')
# %%
x = (1,
y = 2
# %%
if True:
print(1)
# %%
print 'old'
# %%
assert 1 + 1 == 3, 'arithmetic\nover two lines'
# %%
assert [] == [1]
# %%
raise Exception
# %%
import sys
sys.exit('done')
# %%
sys.exit()
# %%
raise SystemExit(3)
# %%
raise KeyboardInterrupt
# %%
def deep(n): return deep(n + 1)
deep(0)
# %%
raise ExceptionGroup('several', [ValueError('one'), TypeError('two')])
# %%
import torch
torch.ones(2, 3) @ torch.ones(2, 3)
# %%
eval('1 +')
# %%
exec('def h():\n    raise OSError(5, "made")\nh()')
# %%
'alive'
""",
    "magics": r"""
%%capture caught
print('out')
import sys; print('err', file=sys.stderr)
7
# %%
caught.stdout, caught.stderr, len(caught.outputs)
# %%
%precision 3
3.14159
# %%
%precision %r
# %%
%%writefile made.py
value = 41
print('run', value)
# %%
%run made.py
# %%
value + 1
# %%
%who int
%who_ls
# %%
%nosuchmagic
# %%
%%nosuchcellmagic
x
# %%
%env COURSE=yes
import os
os.environ['COURSE']
# %%
%%html
<b>bold</b>
# %%
%%bash
echo from bash
echo wrong >&2
# %%
%alias_magic t timeit
# %%
%xmode Plain
int('x')
# %%
%xmode Verbose
int('y')
# %%
%xmode Context
# %%
%load_ext nosuchextension
# %%
%cd /
%pwd
# %%
%reset_selective -f value
value
""",
    "shell": r"""
!echo hello; echo again
# %%
files = !printf 'a\nb\n'
print(files, type(files).__name__)
files.n
# %%
!exit 3
_exit_code
# %%
name = 'x y'
!echo $name {1 + 1} | tr 'a-z' 'A-Z'
# %%
import os
os.system('true')
# %%
import subprocess
subprocess.run(['echo', 'quiet'], capture_output=True, text=True).stdout
# %%
!nosuchcommand-at-all 2>/dev/null
_exit_code
""",
    "input and async": r"""
input('name? ')
# %%
import getpass
getpass.getpass()
# %%
import asyncio
await asyncio.sleep(0)
print('slept')
# %%
async def double(x):
    await asyncio.sleep(0)
    return 2 * x
await double(4)
# %%
results = await asyncio.gather(*map(double, range(3)))
results
# %%
async def fails():
    raise ValueError('late')
await fails()
# %%
async with asyncio.Lock() as lock:
    print('locked')
""",
    "warnings and threads": r"""
import warnings
warnings.warn('careful')
# %%
def old():
    warnings.warn('old', DeprecationWarning, stacklevel=2)
old()
# %%
warnings.simplefilter('error')
warnings.warn('now an error')
# %%
warnings.simplefilter('ignore')
warnings.warn('silent')
# %%
import logging
logging.warning('by logging')
logging.getLogger('x').info('not shown')
# %%
import traceback
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
# %%
import threading
thread = threading.Thread(target=print, args=('from a thread',))
thread.start(); thread.join()
# %%
import torch, numpy as np
torch.manual_seed(0)
np.random.seed(0)
torch.rand(2, 2)
# %%
np.arange(2), torch.arange(3), torch.nn.Linear(2, 1), np.eye(2)
# %%
def documented(x: int = 1) -> int:
    'What it does.'
help(documented)
# %%
print(__name__)
# %%
globals()['made'] = 5
made
# %%
del made
made
""",
    "modules of one's own": r"""
%%writefile mytools.py
def double(x):
    return 2 * x
# %%
from mytools import double
double(4)
# %%
%%writefile zipapp.py
raise ValueError('of the standard library, which comes first')
# %%
import zipapp
# %%
%%writefile nbclient.py
mine = 'of the packages, which come last'
# %%
import nbclient, sys
sys.modules.pop('nbclient').mine
# %%
import os
os.mkdir('part'); os.chdir('part')
# %%
%%writefile elsewhere.py
here = True
# %%
import elsewhere
elsewhere.here
# %%
os.chdir('..')
""",
    # last: with %matplotlib on, %run shows a figure too
    "plots": r"""
import matplotlib.pyplot as plt
import numpy as np
plt.plot([1, 3, 2])
plt.title('$x^2$')
# %%
%matplotlib inline
fig, ax = plt.subplots(figsize=(3, 2))
ax.imshow(np.eye(3))
ax
# %%
plt.plot([1, 2])
plt.show()
print('between')
plt.hist([1, 1, 2])
plt.show()
# %%
fig
# %%
fig, axes = plt.subplots(1, 2)
plt.close(fig)
print(axes.shape)
# %%
plt.scatter([1, 2], [3, 4]);
plt.savefig('x.png')
import os
os.path.exists('x.png')
# %%
print(len(plt.get_fignums()), plt.rcParams['figure.dpi'])
""",
}


def cells_of(name: str) -> list[str]:
    return [cell.strip("\n") for cell in NOTEBOOKS[name].split("# %%\n")]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[dict[str, Any]]]]:
    """The outputs of every notebook's cells in a kernel that forgets between the notebooks."""
    folder = tmp_path_factory.mktemp("kernel")
    sources = [[FORGET.format(folder=str(folder)), *cells_of(name)] for name in NOTEBOOKS]
    cells = [[new_code_cell(source) for source in notebook] for notebook in sources]
    together = new_notebook(cells=list(itertools.chain(*cells)))
    NotebookClient(together, timeout=120, allow_errors=True).execute()
    ran = iter(together.cells)
    outputs = [[next(ran).outputs for _ in notebook] for notebook in sources]
    return {name: rest for name, (_, *rest) in zip(NOTEBOOKS, outputs, strict=True)}


FORGET = """
import os, sys, warnings
os.chdir({folder!r})
get_ipython().reset(new_session=True)
import sys, warnings
sys.first_filters = getattr(sys, "first_filters", warnings.filters[:])
warnings.filters[:] = sys.first_filters
if "numpy" in sys.modules:
    sys.modules["numpy"].set_printoptions(precision=8)  # changed by %precision
del sys, warnings
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
TEMPORARY = re.compile(r"(/tmp/ipykernel_\d+/)?\d+\.py")
REFUSES_INPUT = re.compile(r"File .*(ipykernel/kernelbase|inside/shell)\.py")
KEPT = ("text/plain", "image/png")


def plain(text: str) -> str:
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    lines = [clean(line.rsplit("\r", 1)[-1]).rstrip() for line in lines]
    text = "\n".join(lines).replace(f"{Path.home()}/", "~/")  # the sandbox has another home
    return TEMPORARY.sub("<cell>", ADDRESS.sub("0x…", text))


def frames(trace: str) -> list[str]:
    """The paragraphs of a traceback without blank lines; equal neighbours count once."""
    lines = [line for line in trace.split("\n") if line]
    heads = [n for n, line in enumerate(lines) if line.startswith(("Cell In", "File "))]
    cuts = [0, *heads, len(lines)]
    paragraphs = ["\n".join(lines[a:b]) for a, b in itertools.pairwise(cuts)]
    paragraphs = [p.rsplit("\n", 1)[-1] if REFUSES_INPUT.match(p) else p for p in paragraphs]
    return [paragraph for paragraph, _ in itertools.groupby(paragraphs)]


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
                trace = frames(plain("\n".join(output["traceback"])))
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
    sources = cells_of(name)
    found, true = ours(sources), kernel[name]
    different = [
        (source, normal(mine), normal(theirs))
        for source, mine, theirs in zip(sources, found, true, strict=True)
        if normal(mine) != normal(theirs)
    ]
    for source, mine, theirs in different:
        print(f"── {source}\nours:   {mine}\nkernel: {theirs}")
    assert not different
