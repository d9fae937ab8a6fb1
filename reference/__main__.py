"""Commands of the reference, `python -m reference …`: it trains, measures and draws.

>>> sorted(typer.main.get_command(app).commands)
['adapt', 'plot', 'pretrain', 'published', 'study']

Left out: the commands themselves; each is a module of `commands`.
Proved by: the help that it prints as a module, and each command's own tests.
"""

import typer

from reference.commands.adapt import adapt
from reference.commands.plot import plot
from reference.commands.pretrain_bert import bert
from reference.commands.pretrain_gpt import gpt
from reference.commands.pretrain_t5 import t5
from reference.commands.published import published
from reference.commands.study import study

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
pretrain = typer.Typer(no_args_is_help=True)
app.add_typer(pretrain, name="pretrain", help="Train a small model from random weights.")
for train in (bert, gpt, t5):
    pretrain.command()(train)
for command in (study, plot, published, adapt):
    app.command()(command)


@app.callback()
def main() -> None:
    """Reference implementations of the lecture "Intro to LLMs", at work."""


if __name__ == "__main__":
    app(prog_name="python -m reference")
