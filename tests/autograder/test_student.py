"""A student's process as the judge sees it: whatever it does, the judge hears of it in time."""

import contextlib
import gc
import os
import shutil
import time

import psutil
import pytest
import torch

from autograder.errors import BadReply, StudentDied, StudentError, StudentRaised, StudentTimeout
from autograder.inside import wire
from autograder.memory import descendants
from autograder.process import Process
from autograder.sandbox import conversation

pytestmark = pytest.mark.sandbox

IGNORED = "stopped: it ran for more than 0.3 s, and it ignored the interrupt"
ENDED = "it ended the notebook's process"


def error_names(outcome) -> list[str]:
    return [output.ename for output in outcome.outputs if output.output_type == "error"]


# ── cells that do not end ───────────────────────────────────────────────────────────────────────


def test_a_cell_that_takes_too_long_is_interrupted_and_the_notebook_goes_on(submission, printed):
    one = submission(cell_s=0.3)
    for code in ("x = 1\nwhile True: pass", "import time; time.sleep(60)"):
        outcome = one.run(code)
        assert outcome.trouble == "stopped: it ran for more than 0.3 s"
        assert error_names(outcome) == ["KeyboardInterrupt"]
        assert outcome.alive
    assert printed(one.run("print(x)")) == "1\n"


STUBBORN = """
import time
def stubborn(*_):
    while True:
        try:
            while True:
                time.sleep(0.01)
        except BaseException:
            continue
def ignoring(*_):
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 60))
    while True:
        pass
def stopped(*_):
    import os, signal
    os.kill(os.getpid(), signal.SIGSTOP)
def in_c(*_):
    return sum(range(10**14))
def double(x):
    return 2 * x
"""


@pytest.mark.parametrize("name", ["stubborn", "ignoring", "stopped", "in_c"])
def test_a_cell_that_ignores_the_interrupt_is_ended(submission, name):
    one = submission(cell_s=0.3, grace_s=0.3)
    assert one.run(STUBBORN).trouble == ""
    outcome = one.run(f"{name}()")
    assert (outcome.alive, outcome.trouble) == (False, IGNORED)
    assert not one.alive


@pytest.mark.parametrize("name", ["stubborn", "ignoring", "stopped", "in_c"])
def test_a_function_that_ignores_the_interrupt_costs_its_snapshot_alone(submission, name):
    one = submission(call_s=0.3, grace_s=0.3)
    one.run(STUBBORN)
    snapshot, other = one.snapshot(), one.snapshot()
    found = snapshot.look([name, "double"])
    with pytest.raises(StudentTimeout, match="no answer within 0.3 s"):
        found[name](1)
    assert not snapshot.alive
    for use in (lambda: found["double"](1), lambda: snapshot.look(["double"])):
        with pytest.raises(StudentDied):
            use()
    assert other.look(["double"])["double"](4) == 8
    assert one.run("1").alive


def test_a_function_that_heeds_the_interrupt_costs_that_call_alone(submission):
    one = submission(call_s=0.3)
    one.run("import time\ndef slow(x): time.sleep(60)\ndef double(x): return 2 * x")
    found = one.snapshot().look(["slow", "double"])
    for _ in range(2):
        with pytest.raises(StudentTimeout):
            found["slow"](1)
        assert found["double"](3) == 6


def test_a_backward_pass_has_a_deadline_too(submission):
    one = submission(call_s=0.3)
    one.run(
        "import torch, time\n"
        "class Slow(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x: x * 2)\n"
        "    backward = staticmethod(lambda ctx, g: time.sleep(60))\n"
        "f = lambda x: Slow.apply(x)"
    )
    x = torch.ones(2, requires_grad=True)
    out = one.snapshot().look(["f"])["f"](x)
    with pytest.raises(StudentTimeout):
        out.sum().backward()


# ── processes that end ──────────────────────────────────────────────────────────────────────────

DEATHS = {
    "exit": "import os; os._exit(0)",
    "segmentation fault": "import ctypes; ctypes.string_at(0)",
    "kill": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "abort": "import os; os.abort()",
    "closed descriptors": "import os; os.closerange(0, 1000)",
    "replaced": "import os; os.execv('/bin/true', ['true'])",
    "quit": "quit()",
}


@pytest.mark.parametrize("code", DEATHS.values(), ids=DEATHS)
def test_a_cell_that_ends_its_process(submission, code):
    one = submission()
    snapshot = one.snapshot()
    outcome = one.run(code)
    assert (outcome.alive, outcome.trouble) == (False, ENDED)
    with pytest.raises(StudentDied):
        snapshot.look(["x"])
    for _ in range(2):
        assert not one.run("1").alive
    with pytest.raises(StudentDied):
        one.snapshot()


@pytest.mark.parametrize("death", ["exit", "segmentation fault", "kill", "closed descriptors"])
def test_a_function_that_ends_its_process_costs_its_snapshot_alone(submission, death):
    one = submission()
    one.run(f"def f(x):\n    {DEATHS[death]}\ndef double(x): return 2 * x")
    snapshot, other = one.snapshot(), one.snapshot()
    found = snapshot.look(["f", "double"])
    with pytest.raises(StudentDied, match=ENDED):
        found["f"](1)
    with pytest.raises(StudentDied, match="has ended"):
        found["double"](1)
    assert other.look(["double"])["double"](4) == 8
    assert one.run("1").alive


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise BaseException('a' * 10_000)", "BaseException: " + "a" * 500),
        ("raise GeneratorExit", "GeneratorExit"),
        ("return [0] * 10**6", "Unsendable: a value of more than 100,000 parts cannot be sent"),
        ("raise type('E' * 200, (Exception,), {})()", "E" * 80),
        ("assert x == 3, f'{x} is no 3'", "AssertionError: 1 is no 3"),
    ],
)
def test_what_a_function_raises_is_told(submission, code, told):
    one = submission()
    one.run(f"def f(x):\n    {code}")
    f = one.snapshot().look(["f"])["f"]
    for _ in range(2):
        with pytest.raises(StudentRaised) as caught:
            f(1)
        assert str(caught.value) == told


def test_what_an_exception_derives_from_is_told(submission):
    one = submission()
    one.run("class Mine(ValueError): pass\ndef f(x):\n    raise Mine('no')")
    with pytest.raises(StudentRaised, match="^Mine: no$") as caught:
        one.snapshot().look(["f"])["f"](1)
    assert caught.value.kinds[:3] == ("Mine", "ValueError", "Exception")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs g++, not installed here")
def test_a_compiled_function_is_compiled_in_a_snapshot(submission):
    one = submission(cell_s=100, call_s=60)  # seconds on a machine that does nothing else
    one.run(
        "import torch\n@torch.compile\ndef f(x):\n    return torch.exp(x - x.amax(-1))\n"
        "f(torch.ones(3))"
    )
    f = one.snapshot().look(["f"])["f"]
    for shape in ((3,), (5,)):  # the second time it is compiled for all shapes
        x = torch.ones(shape, requires_grad=True)
        out = f(x)
        assert out.tolist() == [1.0] * len(x)
        for _ in range(2):
            (slope,) = torch.autograd.grad(out[0], x, retain_graph=True)
            torch.testing.assert_close(slope, torch.eye(len(x))[0] - 1 / len(x))


def test_what_is_left_of_a_closed_submission_says_so(submission):
    one = submission()
    one.run("import torch\nmodel = torch.nn.Linear(2, 2)\ndef f(x): return x * 2")
    snapshot = one.snapshot()
    found = snapshot.look(["f", "model"])
    x = torch.ones(2, requires_grad=True)
    out = found["f"](x)
    one.close()
    one.close()
    for use in (
        lambda: found["f"](1),
        lambda: found["model"](x),
        lambda: found["model"].state_dict(),
        lambda: snapshot.look(["f"]),
        lambda: torch.autograd.grad(out.sum(), x),
        one.snapshot,
    ):
        with pytest.raises(StudentDied):
            use()


def test_nothing_of_the_judge_s_is_left_open(submission):
    def descriptors() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    submission().close()
    before = descriptors()
    for code in ("x = 1", "import os; os._exit(0)", "while True: pass"):
        one = submission(cell_s=0.3)
        one.snapshot()
        one.run(code)
        if one.alive:
            one.snapshot()
        one.close()
    assert descriptors() == before


# ── output, descriptors, threads ────────────────────────────────────────────────────────────────


def test_a_flood_of_output_is_cut(submission, printed):
    one = submission()
    text = printed(one.run("for _ in range(3000): print('x' * 100_000)"))
    assert 200_000 < len(text) < 200_200
    assert text.endswith("(output cut: more than 200,000 characters)\n")
    assert one.run("for i in range(10_000): display(i)").outputs.__len__() == 200
    past = one.run("import os\nfor _ in range(3000): os.write(1, b'x' * 100_000)")
    assert error_names(past) == ["OSError"], "the file behind it is capped"
    assert past.outputs[-1].text == "x" * 64 * 1024
    assert printed(one.run("print(1)")) == "1\n"


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.closerange(0, 3)",
        "import sys; sys.stdout.close(); sys.stderr = None; sys.stdin.close()",
        "import sys; del sys.stdout, sys.stderr",
        "import os; os.chdir('/'); os.environ.clear()",
        "import sys; sys.settrace(lambda *a: 1/0); sys.setrecursionlimit(100)",
        "import signal; [signal.signal(n, signal.SIG_IGN) for n in (2, 13, 15, 17)]",
        "import gc; gc.disable(); import os; os.nice(19)",
        "import builtins; builtins.any = builtins.all = lambda *a: False; builtins.abs = int",
    ],
)
def test_a_cell_that_turns_things_round_is_followed_by_the_next(submission, code):
    one = submission()
    one.run(code)
    time.sleep(0.1)  # until the process waits for what comes next
    outcome = one.run("6 * 7")
    assert outcome.alive
    assert "42" in [output.data.get("text/plain") for output in outcome.outputs]


def test_threads_go_on_between_cells_and_stay_behind_in_snapshots(submission, printed):
    one = submission()
    one.run(
        "import threading, time\n"
        "count = 0\n"
        "def run():\n"
        "    global count\n"
        "    while True:\n"
        "        count += 1; time.sleep(0.001)\n"
        "for _ in range(5): threading.Thread(target=run, daemon=True).start()\n"
        "def now(): return count\n"
        "def late():\n"
        "    threading.Thread(target=run, daemon=True).start(); time.sleep(0.1); return count"
    )
    first = int(printed(one.run("print(count)")))
    found = one.snapshot().look(["now", "late"])
    stands = found["now"]()
    assert found["now"]() == stands >= first
    assert found["late"]() > stands, "the snapshot may start threads of its own"
    assert int(printed(one.run("time.sleep(0.05); print(count)"))) > first


def test_a_thread_that_stays_in_the_way_of_the_end_ends(submission):
    one = submission()
    one.run("import threading\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()")
    pid = one._main.pid
    one.close()
    for _ in range(200):
        if not psutil.pid_exists(pid):
            break
        time.sleep(0.02)
    assert not psutil.pid_exists(pid)


def test_a_function_may_print_after_a_cell_that_printed(submission, printed):
    one = submission()
    printed(one.run("def f(x):\n    print('called with', x)\n    return x\nprint('last')"))
    assert one.snapshot().look(["f"])["f"](3) == 3


LEAVES = {
    "nothing": "pass",
    "a daemon": "if os.fork() == 0 and os.setsid() and os.fork() == 0: time.sleep(60)",
    "a dead one": "if os.fork() == 0: os._exit(0)",
    "one that flees": "while os.fork() == 0: pass",
}


@pytest.mark.parametrize("name", LEAVES)
def test_what_a_snapshot_s_calls_left_ends_with_it(submission, name):
    one = submission(call_s=2, grace_s=0.2)
    one.run(
        f"import os, time\nif os.fork() == 0:\n    time.sleep(60)\ndef double(x): return 2 * x\n"
        f"def leave(x):\n    {LEAVES[name]}"
    )
    other, snapshot = one.snapshot(), one.snapshot()
    before = set(descendants(one._init.pid))
    assert len(before) == 4  # with the notebook's process, and what its cell has forked
    with contextlib.suppress(StudentError):
        snapshot.look(["leave"])["leave"](1)
    one.finish(snapshot)
    assert not snapshot.alive
    if name == "one that flees":  # all had to end, or it was met
        assert not one.alive or set(descendants(one._init.pid)) <= before
        return
    assert set(descendants(one._init.pid)) <= before
    assert other.look(["double"])["double"](4) == 8


# ── memory ──────────────────────────────────────────────────────────────────────────────────────

MB = 2**20


def test_a_function_that_takes_too_much_memory_ends_its_submission(submission):
    one = submission(memory_bytes=250 * MB)
    one.run(f"import time\ndef f(): x = bytearray(b'x') * (400 * {MB}); time.sleep(20)")
    with pytest.raises(StudentDied, match="it used more than 0.244141 GB of memory"):
        one.snapshot().look(["f"])["f"]()


def test_memory_of_processes_is_counted_together(submission):
    one = submission(memory_bytes=250 * MB)
    code = f"""
import os, time
for _ in range(4):
    if os.fork() == 0:
        x = bytearray(b'x') * (100 * {MB})
        time.sleep(20)
time.sleep(20)
"""
    outcome = one.run(code)
    assert outcome.trouble == "it used more than 0.244141 GB of memory"


def test_memory_that_copies_share_is_counted_once(submission, printed):
    """A notebook with a large model, and a snapshot of it at every test cell."""
    one = submission(memory_bytes=400 * MB)
    printed(one.run(f"import time\nx = bytearray(b'x') * (120 * {MB})\ndef size(): return len(x)"))
    snapshots = [one.snapshot() for _ in range(4)]
    printed(one.run("time.sleep(0.6)"))
    assert [s.look(["size"])["size"]() for s in snapshots] == [120 * MB] * 4


# ── snapshots and files ─────────────────────────────────────────────────────────────────────────


def test_threads_that_a_cell_asks_for_do_not_stop_its_snapshots(submission):
    """OpenMP's threads are not there after a fork, and who waits for them waits for ever."""
    one = submission()
    cell = "import torch\ntorch.set_num_threads(4)\n"
    cell += "def work():\n    return float(torch.ones(10**6).exp().sum())\n\nwork()"
    assert one.run(cell).trouble == ""
    assert one.snapshot().look(["work"])["work"]() > 2e6


def test_a_snapshot_is_the_state_reached_and_no_other(submission, printed):
    one = submission()
    one.run("state = [1]\ndef look(): return state\ndef add(x): state.append(x); return state")
    first = one.snapshot()
    one.run("state.append(2)")
    second = one.snapshot()
    assert first.look(["state"]) == {"state": [1]}
    assert first.look(["add"])["add"](9) == [1, 9]
    assert first.look(["look"])["look"]() == [1, 9], "a snapshot keeps what its functions do"
    assert second.look(["look"])["look"]() == [1, 2]
    assert printed(one.run("print(state)")) == "[1, 2]\n"
    assert second.look(["nothing", "here"]) == {}


def test_files_stand_in_the_working_folder(submission, printed):
    one = submission(files={"data.bin": bytes(range(256)), "more/notes.txt": "é".encode()})
    code = "print(open('data.bin','rb').read() == bytes(range(256)), open('more/notes.txt').read())"
    assert printed(one.run(code)) == "True é\n"


def test_cells_are_counted(submission):
    one = submission()
    assert [one.run(code).count for code in ("1", "1/0", "(", "2")] == [1, 2, 3, 4]


# ── forgeries, by code that has found the conversation ──────────────────────────────────────────

FORGE = """
import gc, sys
wire = sys.modules["inside.wire"]
(channel,) = [o for o in gc.get_objects() if type(o) is wire.Channel and o.sock.fileno() >= 0]
"""
FORGED_CELLS = {
    "raised": "channel.send(wire.Raised({id}, 'ValueError', 'no'))",
    "a reply": "channel.send(wire.Reply({id}, None))",
    "a greeting": "channel.send(wire.Hello('init'))\nraise SystemExit",
    "nonsense": "channel.sock.send(wire._HEADER.pack(channel.token, 1, 0, 1) + b'x')",
    "an empty packet": "channel.sock.send(b'')",
    "a packet of many": "channel.sock.send(wire._HEADER.pack(channel.token, 1, 0, 2**31))",
    "no output": "channel.send(wire.CellDone({id}, [], 2**62, False))",
    "a count below zero": "channel.send(wire.CellDone({id}, [], -3, False))",
}


@pytest.mark.parametrize("code", FORGED_CELLS.values(), ids=FORGED_CELLS)
def test_a_forged_answer_to_a_cell_never_breaks_the_judge(submission, code):
    one = submission(cell_s=3)
    outcome = one.run(FORGE + code.format(id=one._ids + 1))
    assert 0 <= outcome.count < 100
    assert outcome.alive == one.alive
    if not outcome.alive:
        assert "outputs could not be read" in outcome.trouble
    else:
        assert one.run("1").outputs[0].data == {"text/plain": "1"}


FORGED_NAMES = {
    "no dict": "wire.Reply(3, 7)",
    "names not asked for": "wire.Reply(3, wire.Mapping_(['other'], [1]))",
    "names that are none": "wire.Reply(3, wire.Mapping_([1], [1]))",
    "unhashable names": "wire.Reply(3, wire.Mapping_([wire.Sequence_('list', [])], [1]))",
    "a tensor that did not come": "wire.Reply(3, wire.Mapping_(['x'], [wire.TensorRef(3)]))",
    "another kind": "wire.CellDone(3, [], 1, False)",
}


@pytest.mark.parametrize("answer", FORGED_NAMES.values(), ids=FORGED_NAMES)
def test_forged_names_are_a_bad_reply(submission, answer):
    """A thread of the snapshot answers before the snapshot itself can."""
    one = submission()
    one.run(
        f"def before():\n    import threading\n    exec({FORGE!r}, globals())\n"
        f"    threading.Timer(0.1, lambda: channel.send({answer})).start()"
    )
    snapshot = one.snapshot()
    snapshot.look(["before"])["before"]()  # requests 1 and 2
    time.sleep(0.3)
    with pytest.raises(BadReply):
        snapshot.look(["x"])


def test_a_forged_value_is_a_bad_reply(submission):
    one = submission(call_s=3)
    code = FORGE + "def f(x): channel.send(wire.Reply(number, wire.TensorRef(5))); return 1"
    one.run(
        "number = 2\ndef f(x):\n    exec(code, globals())\n    return f(x)\n" + f"code = {code!r}"
    )
    x = torch.ones(1)
    with pytest.raises(BadReply):
        one.snapshot().look(["f"])["f"](x)
    with pytest.raises(BadReply):
        one.snapshot().look(["f"])["f"](x.requires_grad_())


def test_a_stranger_s_greeting_is_refused():
    """Its pid may meanwhile be another's, whom a signal must not reach."""
    ours, theirs = conversation()
    near, far = wire.Channel(ours, bytes(16)), wire.Channel(theirs, bytes(16))
    soon = time.monotonic() + 5
    far.send(wire.Hello("snapshot"))
    with pytest.raises(wire.WireError, match="not a process of the submission"):
        Process(near, "snapshot", soon, within=os.getpid())
    far.send(wire.Hello("student"))
    with pytest.raises(wire.WireError, match="greeting of snapshot"):
        Process(near, "snapshot", soon)
    far.send(wire.Hello("snapshot"))
    mine = Process(near, "snapshot", soon, within=os.getppid())
    assert mine.pid == os.getpid()
    os.close(mine._pidfd)
    near.close()
    far.close()


def test_a_copy_that_cannot_be_made_is_the_student_s_end(submission):
    one = submission()
    one.run("import os\nos.fork = None")
    with pytest.raises(StudentError):
        one.snapshot()
