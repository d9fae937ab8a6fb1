"""`python -m book`: build the book's two editions, for students and for instructors.

The assignments are released, each page with code is executed once for both editions, and Jupyter
Book makes the HTML: any warning of it is an error. Nothing is fetched from a network.

Left out: checks of the result, which are tests (tests/book). Proved by: those, and
tests/book/test_command.py.
"""

import re
import subprocess
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from autograder.course import Course
from autograder.errors import CoursewareError
from book.editions import BOOK, INSTRUCTOR, STUDENT, Edition, contents, lay_out, pages
from book.execution import PageError, cache_folder, execute, set_up_kernels
from book.notebooks import put_in, release
from book.solutions import write_pages

ROOT = BOOK.parent / "build" / "book"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
console = Console()


def main(
    repository: Annotated[str, typer.Option(help="Where releases are published, on GitHub.")] = "",
    branch: Annotated[str, typer.Option(help="The branch of it.")] = "main",
    jupyterhub: Annotated[str, typer.Option(help="Your JupyterHub, with nbgitpuller.")] = "",
    draft: Annotated[bool, typer.Option("--draft", help="Show warnings, and go on.")] = False,
    root: Annotated[Path, typer.Option(help="Where to build.")] = ROOT,
) -> None:
    """Build both editions of the book; with a repository, its notebooks get launch buttons."""
    addresses = {"repository": repository, "branch": branch, "jupyterhub": jupyterhub}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            editions = _prepare(root.absolute(), addresses if repository else {}, progress)
            progress.add_task("making HTML of both editions", total=None)
            with ThreadPoolExecutor() as pool:
                warnings = "".join(pool.map(_make_html, editions))
            if warnings and not draft:
                raise BuildFailed(warnings)
    except (CoursewareError, PageError, BuildFailed) as error:
        Console(stderr=True).print(f"book: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    console.print(warnings, end="", markup=False, highlight=False, soft_wrap=True)
    for edition in editions:
        page = edition.html / "index.html"
        console.print(f"{edition.name}: {page}", highlight=False, soft_wrap=True)


class BuildFailed(Exception):
    """Jupyter Book had something to complain of; the text is what it said."""


def _prepare(root: Path, addresses: dict[str, str], progress: Progress) -> list[Edition]:
    editions = [Edition(STUDENT, root), Edition(INSTRUCTOR, root)]
    progress.add_task("releasing the assignments", total=None)
    course = Course.create(root / "course")
    releases = release(course)
    cache = cache_folder(root / "cache")
    for edition in editions:
        lay_out(edition, cache, addresses)
        put_in(releases, edition.sources)
    write_pages(course, editions[1].sources)
    executing = progress.add_task("executing pages", total=None)

    def tell(done: int, total: int) -> None:
        progress.update(executing, description=f"executing pages: {done} of {total}")

    with_code = [editions[1].sources / f"{page}.md" for page in pages(contents(INSTRUCTOR))]
    execute([path for path in with_code if path.exists()], cache, tell)
    return editions


def _make_html(edition: Edition) -> str:
    """Run Jupyter Book, in a process of its own: Sphinx keeps one book's state in a process.

    Returns its warnings. With one, Sphinx reads all pages again the next time: it would be silent
    on what it knows already.
    """
    command = [str(Path(sysconfig.get_path("scripts")) / "jupyter-book"), "build"]
    command += [str(edition.sources), "--path-output", str(edition.folder)]
    command += ["-W", "-n", "--keep-going", "-q"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        return ""
    rmtree(edition.doctrees)
    return f"{edition.name} edition:\n{ANSI.sub('', ran.stderr)}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        set_up_kernels(Path(folder))
        typer.run(main)
