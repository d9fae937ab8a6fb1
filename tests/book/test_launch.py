"""Launch buttons: on released assignments alone, and only where their address was given."""

from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from book.launch import add_buttons, links

HOME = {"repository": "https://github.com/hust/llm", "branch": "autumn 2026"}
HUB = {"jupyterhub": "https://hub.example.org/"}


def buttons(page: str, addresses: dict[str, str]) -> list[str]:
    context = {"header_buttons": ["the theme's"]}
    app = SimpleNamespace(config=SimpleNamespace(launch_addresses=addresses))
    add_buttons(app, page, "page.html", context, object())
    *ours, theirs = context["header_buttons"]
    assert theirs == "the theme's"
    return [button["text"] for group in ours for button in group["buttons"]]


def test_colab_opens_the_notebook_in_its_folder():
    ((service, address),) = links("a3_attention", HOME)
    assert service == "Colab"
    opened = "hust/llm/blob/autumn%202026/a3_attention/a3_attention.ipynb"
    assert address == f"https://colab.research.google.com/github/{opened}"


def test_a_hub_pulls_the_repository_and_opens_the_notebook():
    address = dict(links("a3_attention", HOME | HUB))["JupyterHub"]
    parts = urlsplit(address)
    assert address.startswith("https://hub.example.org/hub/user-redirect/git-pull?")
    assert parse_qs(parts.query) == {
        "repo": ["https://github.com/hust/llm"],
        "branch": ["autumn 2026"],
        "urlpath": ["lab/tree/llm/a3_attention/a3_attention.ipynb"],
    }


def test_colab_opens_nothing_but_github():
    found = links("a3_attention", {"repository": "https://git.example.org/hust/llm"} | HUB)
    assert [service for service, _ in found] == ["JupyterHub"]


@pytest.mark.parametrize("page", ["assignments/index", "transformer/positions", "intro"])
def test_other_pages_have_no_button(page):
    assert buttons(page, HOME | HUB) == []


def test_an_assignment_has_buttons_where_there_is_an_address():
    assert buttons("assignments/a3_attention", HOME | HUB) == ["Colab", "JupyterHub"]
    assert buttons("assignments/a3_attention", {}) == []
    assert buttons("assignments/a3_attention", HUB) == []
