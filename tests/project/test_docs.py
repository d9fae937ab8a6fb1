"""README, CONTRIBUTING and CHANGELOG say what is there."""

import re
import tomllib

import typer

SCREEN = 45  # lines that a person sees before scrolling


def test_the_first_screen_shows_how_to_start(text_of, root):
    screen = "\n".join(text_of("README.md").splitlines()[:SCREEN])
    assert "make demo" in screen
    assert "make test" in screen
    for folder in ("reference", "autograder", "assignments", "tests"):
        assert f"`{folder}/`" in screen, f"the folder table lacks {folder}/"


def test_readme_names_every_command(text_of):
    from autograder.cli import app

    commands = set(typer.main.get_command(app).commands)
    assert {"build", "grade", "feedback", "validate", "doctor", "demo"} <= commands
    readme = text_of("README.md")
    assert {name for name in commands if f"autograder {name}" not in readme} == set()


def test_readme_names_every_make_target(text_of):
    phony = re.search(r"^\.PHONY: (.*)$", text_of("Makefile"), re.MULTILINE)
    assert phony
    readme = text_of("README.md")
    assert {name for name in phony[1].split() if f"make {name}" not in readme} == set()


def test_links_between_documents_lead_somewhere(files, text_of, root):
    broken = []
    for path in files:
        if path.suffix == ".md" and path.parts[0] not in {"book"}:
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(path)):
                if "://" not in target and not (root / path.parent / target).exists():
                    broken.append((str(path), target))
    assert broken == []


def test_paths_in_readme_exist(text_of, root):
    # `name/` and `name/name.py` in backticks, but for what the commands make
    named = re.findall(
        r"`((?:reference|autograder|assignments|tests)/[\w./]*)`", text_of("README.md")
    )
    assert named
    assert [name for name in named if not (root / name).exists()] == []


def test_the_changelog_tells_of_this_version(text_of):
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    changelog = text_of("CHANGELOG.md")
    section = re.search(rf"^## {re.escape(version)}.*?\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    assert section, f"CHANGELOG.md has no section for {version}"
    entries = re.findall(r"^- (.*)$", section[1], re.MULTILINE)
    assert entries
    prefixed = re.compile(r"(code|assignment|reference|book|docs|tests): ")
    assert [entry for entry in entries if not prefixed.match(entry)] == []


def test_the_licence_is_mit(text_of):
    assert text_of("LICENSE").startswith("MIT License")
