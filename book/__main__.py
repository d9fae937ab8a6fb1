"""`python -m book`: build the book's two editions, for students and for instructors.

The assignments are released, each page with code is executed once for both editions, Jupyter Book
makes the HTML, any warning of it an error, and the edition for students is searched for leaks.
Nothing is fetched from a network.

Left out: a look at the result in a browser (tests/book). Proved by: those tests, on what it builds.
"""

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
from book import leaks
from book.editions import BOOK, INSTRUCTOR, STUDENT, Edition, lay_out
from book.execution import COLOUR, PageError, cache_folder, execute, set_up_kernels
from book.notebooks import put_in, release
from book.solutions import write_pages

ROOT = BOOK.parent / "build" / "book"


class BuildFailed(Exception):
    """Jupyter Book had something to complain of; the text is what it said."""


def main(
    repository: Annotated[str, typer.Option(help="Where releases are published, on GitHub.")] = "",
    branch: Annotated[str, typer.Option(help="The branch of it.")] = "main",
    jupyterhub: Annotated[str, typer.Option(help="Your JupyterHub, with nbgitpuller.")] = "",
    draft: Annotated[
        bool, typer.Option("--draft", help="Leave out missing pages; show warnings, and go on.")
    ] = False,
    root: Annotated[Path, typer.Option(help="Where to build.")] = ROOT,
) -> None:
    """Build both editions of the book; with a repository, its notebooks get launch buttons."""
    console = Console()
    addresses = {"repository": repository, "branch": branch, "jupyterhub": jupyterhub}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            editions = build(root.absolute(), addresses if repository else {}, draft, progress)
    except (CoursewareError, PageError, BuildFailed) as error:
        Console(stderr=True).print(f"book: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    for edition in editions:
        page = edition.html / "index.html"
        console.print(f"{edition.name}: {page}", highlight=False, soft_wrap=True)


def build(root: Path, addresses: dict[str, str], draft: bool, progress: Progress) -> list[Edition]:
    """Build all below `root`, and tell `progress` of it; returns the editions."""
    student, instructor = Edition(STUDENT, root), Edition(INSTRUCTOR, root)
    progress.add_task("releasing the assignments")
    course = Course.create(root / "course")
    releases = release(course)
    cache = cache_folder(root / "cache")
    pages: dict[str, list[Path]] = {}
    for edition in (student, instructor):
        pages[edition.name] = lay_out(edition, cache, addresses, draft=draft)
        put_in(releases, edition.sources)
    write_pages(course, instructor.sources)

    executing = progress.add_task("executing pages")
    execute(  # the instructor's pages are the student's, and more
        pages[INSTRUCTOR],
        cache,
        lambda done, of: progress.update(executing, description=f"executing pages: {done} of {of}"),
    )
    progress.add_task("making HTML of both editions")
    with ThreadPoolExecutor() as pool:
        warnings = "".join(pool.map(make_html, (student, instructor)))
    if warnings and not draft:
        raise BuildFailed(warnings)
    progress.console.print(warnings, end="", markup=False, highlight=False, soft_wrap=True)
    progress.add_task("searching the edition for students for leaks")
    leaks.scan(student, leaks.secrets(course))
    return [student, instructor]


def make_html(edition: Edition) -> str:
    """Run Jupyter Book, in a process of its own: Sphinx keeps one book's state in a process.

    Returns its warnings. After one, what Sphinx remembers is removed: the next time it would not
    say again what is wrong with pages that it knows.
    """
    command = [str(Path(sysconfig.get_path("scripts")) / "jupyter-book"), "build"]
    command += [str(edition.sources), "--path-output", str(edition.folder)]
    command += ["-W", "-n", "--keep-going", "-q"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        return ""
    rmtree(edition.doctrees, ignore_errors=True)
    return f"{edition.name} edition:\n{COLOUR.sub('', ran.stderr)}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as settings:
        set_up_kernels(Path(settings))
        typer.run(main)
