"""An extension of Sphinx: buttons that open an assignment in Colab or JupyterHub.

The theme has such buttons, but for every page with code, and chapters need the packages of this
repository, which Colab does not have. Here only released assignments get them, and only where their
address was given: `python -m book --repository …`.

Left out: the addresses' check. Proved by: tests/book/test_launch.py.
"""

from typing import Any
from urllib.parse import quote, urlencode

COLAB = "https://colab.research.google.com"


def links(name: str, addresses: dict[str, str]) -> list[tuple[str, str]]:
    """Give the services that open a released notebook, and the address of each.

    `addresses` may have `repository` (on GitHub, where the releases were published), its `branch`,
    and `jupyterhub`.

    >>> links("a3_attention", {"repository": "https://github.com/u/llm", "branch": "main"})[0][1]
    'https://colab.research.google.com/github/u/llm/blob/main/a3_attention/a3_attention.ipynb'
    """
    repository = addresses.get("repository", "").rstrip("/")
    if not repository:
        return []
    owner, _, project = repository.rpartition("/")
    branch = addresses.get("branch", "main")
    path = f"{name}/{name}.ipynb"
    found = []
    if owner.startswith("https://github.com/"):
        where = f"{repository.removeprefix('https://github.com/')}/blob/{quote(branch)}/{path}"
        found.append(("Colab", f"{COLAB}/github/{where}"))
    if hub := addresses.get("jupyterhub", "").rstrip("/"):
        query = {"repo": repository, "branch": branch, "urlpath": f"lab/tree/{project}/{path}"}
        found.append(("JupyterHub", f"{hub}/hub/user-redirect/git-pull?{urlencode(query)}"))
    return found


def add_buttons(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the buttons into the page's header, before the theme's own."""
    folder, _, name = page.rpartition("/")
    if folder != "assignments" or name == "index":
        return
    buttons = [
        {"type": "link", "text": service, "tooltip": f"Open in {service}", "url": url}
        for service, url in links(name, app.config.launch_addresses)
    ]
    if buttons:
        group = {"type": "group", "tooltip": "Open this notebook elsewhere", "buttons": buttons}
        context["header_buttons"].insert(
            0, group | {"icon": "fas fa-rocket", "label": "launch-buttons"}
        )


def setup(app: Any) -> dict[str, bool]:
    """Connect with Sphinx: after the theme has made its list of buttons (at 501)."""
    app.add_config_value("launch_addresses", {}, "html")
    app.connect("html-page-context", add_buttons, priority=502)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
