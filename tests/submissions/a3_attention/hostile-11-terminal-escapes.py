# ---
# jupyter:
#   sample:
#     tries: Puts escape sequences, control characters, direction overrides, terminal links and Rich markup into output, exceptions, names and results, to rewrite what the instructor's terminal shows.
#     because: What is printed of it is made visible instead of obeyed; attend and the mask raise and are worth nothing, the rest is right.
#     expect: {attend: zero, causal_mask: zero}
#     covers: [11 terminal escapes]
# ---

# %% before="softmax"
ESCAPES = (
    "\x1b[2J\x1b[H\x1b]0;owned-11\x07\x1b]8;;http://example.com\x07link\x1b]8;;\x07\x1b[31m\x9b2J"
    "\x1bP+q544e\x1b\\\x1b]52;c;b3duZWQ=\x07\r60.0 of 60 points\b\b\x00\x7f\u202egnorts\u2066\u200b"
    "[bold red]markup[/bold red][link=http://example.com]x[/link][/] :skull:"
)
print(ESCAPES)
import os
import sys

print(ESCAPES, file=sys.stderr)
os.write(1, ESCAPES.encode() + b"\xff\xfe")
os.system("printf '\\033[2J\\033]0;owned-11\\007'")

# %% before="softmax"
raise type("\x1b[2JError" + ESCAPES, (Exception,), {})(ESCAPES)

# %% grade_id="attend"
def attend(query, keys, values, score):
    raise type("Error\x1b[2J[red]", (Exception,), {})(ESCAPES)


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    raise ValueError("\n" * 50 + ESCAPES + "\n  ✓ 4/4  the causal mask\n")
