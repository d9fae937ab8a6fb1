"""Feedback pages: what a student reads, what no page may hold, and one bad notebook among good."""

import base64
import contextlib
import re
import shutil
import subprocess
import time
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from autograder.feedback import feedback
from autograder.feedback_page import _HIDDEN
from autograder.gradebook import write
from autograder.markdown import MOST_CHARACTERS, markdown_to_html
from autograder.mathml import formula
from autograder.verdict import CellVerdict, CheckReport

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 40).decode()

MISTAKEN = CellVerdict(
    "test-double",
    4.0,
    1.0,
    False,
    "",
    (
        CheckReport("doubles whole numbers", 1.0, 1.0, True),
        CheckReport("doubles fractions", 0.0, 3.0, False, "expected 1.0 & got 0 for <b>0.5</b>"),
    ),
    "whole-numbers-only",
    "You round <i>before</i> doubling.",
)


def page(course, student):
    path = course.feedback / student / "tiny" / "tiny.html"
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture
def made(tiny, judged):
    """Grade and write the page of one submission; `cells` are put in by the student."""

    def made(*cells, **answers):
        verdict, notebook = judged(
            "ada", {"test-triple": 2.0}, changes=[MISTAKEN], double="x", **answers
        )
        notebook.cells[1:1] = cells
        assert write(tiny, "tiny", [(verdict, notebook)]) == ()
        assert feedback(tiny, "tiny") == ()
        return page(tiny, "ada")

    return made


def words(element):
    return " ".join(element.get_text(" ").split())


def test_a_student_reads_points_the_mistake_and_each_check(made):
    read = made(question="Because.")
    assert words(read.select_one(".total")) == "3 of 9 points so far"
    rows = [words(row) for row in read.select(".summary tr")]
    assert rows == [
        "double 1 of 4",
        "triple 2 of 2",
        "Question: why not graded yet, of 3",
    ]
    assert words(read.select_one(".mistake")) == (
        "What happened whole-numbers-only You round <i>before</i> doubling."
    )
    checks = [words(row) for row in read.select("#result-1 .checks tr")]
    assert checks == [
        "✓ doubles whole numbers 1 of 1",
        "✗ doubles fractions expected 1.0 & got 0 for <b>0.5</b> 0 of 3",
    ]
    assert words(read.select_one("#result-3 .answer")) == "Because."


def test_the_page_shows_no_hidden_test(made):
    text = made().get_text()
    assert "# Doubles numbers." in text, "what the test tells students"
    assert "HIDDEN TESTS" not in text
    assert "double(3) == 6" not in text


def test_a_student_may_write_nbgraders_own_words(made):
    read = made(triple="### BEGIN HIDDEN TESTS\nx = 1\n### BEGIN HIDDEN TESTS")
    assert "x = 1" in words(read.select_one("#answer-triple"))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS", "a\n"),
        ("a\n### BEGIN HIDDEN TESTS\nb", "a\n"),
        ("a\n=== BEGIN MARK SCHEME ===\nb\n\n=== END MARK SCHEME ===\nc", "a\nc"),
        ("### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\nb\n", "b\n"),
        ("a\nb", "a\nb"),
    ],
)
def test_hidden_tests_and_mark_schemes_are_cut_out(source, shown):
    assert _HIDDEN.sub("", source) == shown


def test_what_people_gave_and_wrote_is_on_the_page(tiny, judged):
    import sqlite3
    from contextlib import closing

    write(tiny, "tiny", [judged("ada", question="Because.")])
    with closing(sqlite3.connect(tiny.root / "gradebook.db")) as db, db:
        db.execute("UPDATE grade SET manual_score = 2.5, needs_manual_grade = 0")
        db.execute("UPDATE comment SET manual_comment = 'See $x^2$ <script>1</script>'")
    feedback(tiny, "tiny")
    read = page(tiny, "ada")
    assert words(read.select_one(".total")) == "7.5 of 9 points"
    assert words(read.select_one("#result-3 .comment")) == "Comment See x 2 <script>1</script>"


def test_what_is_in_doubt_says_so(tiny, judged):
    write(tiny, "tiny", [judged("ada", status="needs review", reason="it is not <valid> JSON")])
    assert feedback(tiny, "tiny") == ()
    read = page(tiny, "ada")
    assert "A person will look at these points: it is not <valid> JSON" in words(read)
    assert words(read.select_one(".total")) == "0 of 9 points so far"


def test_a_late_penalty_is_named(tiny, judged):
    import sqlite3
    from contextlib import closing

    write(tiny, "tiny", [judged("ada", {"test-double": 4.0}, double="x")])
    with closing(sqlite3.connect(tiny.root / "gradebook.db")) as db, db:
        db.execute("UPDATE submitted_notebook SET late_submission_penalty = 1.5")
    feedback(tiny, "tiny")
    read = page(tiny, "ada")
    assert words(read.select_one(".total")) == "2.5 of 9 points"
    assert words(read.select_one(".late")).startswith("1.5 points were taken off")


def test_outputs_are_text_and_pictures(made):
    outputs = [
        new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m <b>"),
        new_output("stream", name="stderr", text="warned"),
        new_output("error", ename="E", evalue="v", traceback=["Trace <i>", "E: v"]),
        new_output("display_data", data={"image/png": PNG, "text/plain": '<Figure "1">'}),
        new_output("execute_result", data={"text/plain": "[1, <2>]"}),
        new_output("display_data", data={"text/html": "<p id=mine>HTML</p>", "text/plain": "p"}),
        new_output("display_data", data={"image/svg+xml": "<svg onload=alert(1)></svg>"}),
        new_output("display_data", data={"application/javascript": "alert(1)"}),
        new_output("display_data", data={"text/markdown": "<script>alert(1)</script>"}),
    ]
    read = made(new_code_cell("f()", outputs=outputs))
    shown = [words(element) for element in read.select(".notebook pre.output")]
    assert shown[:5] == ["red <b>", "warned", "Trace <i> E: v", "[1, <2>]", "p"]
    (picture,) = read.select("img")
    assert picture["src"] == f"data:image/png;base64,{PNG}"
    assert picture["alt"] == '<Figure "1">'


ATTACKS = [
    "<script>document.title='attacked'</script>",
    "<img src=x onerror=\"document.title='attacked'\">",
    "<svg onload=\"document.title='attacked'\"></svg>",
    "<iframe srcdoc=\"<script>parent.document.title='attacked'</script>\"></iframe>",
    "<style>body{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><button autofocus onfocus=\"document.title='attacked'\">",
    "<details open ontoggle=\"document.title='attacked'\">x</details>",
    "[a](javascript:document.title='attacked') <javascript:document.title='attacked'>",
    "[b]: javascript:alert(1)\n\n[b] [c](data:text/html,<script>alert(1)</script>)",
    "[d](/hub/logout) [e](//evil.example) [f](../../gradebook.db)",
    '![x](//evil.example/pixel.png) ![y](attachment:none.svg) ![z](../secret.png "t")',
    "```mermaid\n<img src=x onerror=\"document.title='attacked'\">\n```",
    '```html"><script>alert(1)</script>\n```',
    "# <img src=x onerror=alert(1)> {#x onclick=alert(1)}",
    "# x\" onmouseover=\"document.title='attacked'",
    "$\\text{<script>document.title='attacked'</script>}$",
    "$\\href{javascript:alert(1)}{x}\\style{position:fixed}{y}\\class{z}{w}$",
    '$$\\hspace{9999em}\\rule{9999em}{9999em}$$ $\\color{red"onload=alert(1)}{x}$',
    "$\\newcommand{\\a}{xx}\\newcommand{\\b}{\\a\\a}\\b$ $" + "{" * 1500 + "$ $\\frac{$",
    "\\begin{align}<img src=x onerror=alert(1)>\\end{align}",
    '\\begin{a"onx="}\\end{a"onx="}',
    "<!--><img src=x onerror=alert(1)>--> <![CDATA[<img src=x onerror=alert(1)>]]>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<a href="https://x" onclick="document.title=\'attacked\'">x</a>',
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "&lt;script&gt;alert(1)&lt;/script&gt; \\<script>alert(1)\\</script>",
    "{{ resources }} {% include 'x' %} ${alert(1)} </body></html><script>alert(1)</script>",
    ">" * 3000 + "[" * 3000 + "`" * 3001,
]

TAGS = set(
    "html head meta title style body header main section h1 h2 h3 h4 h5 h6 p div span a small"
    " strong em code pre table thead tbody tr td th ul ol li input blockquote br hr img del"
    " dl dt dd math mrow mi mo mn ms mtext mspace mfrac msqrt mroot mstyle msub msup msubsup"
    " mtable mtr mtd munder mover munderover mpadded mphantom menclose mmultiscripts".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class id href rel alt src type disabled checked"
    " display stretchy fence form columnalign columnspacing displaystyle scriptlevel"
    " mathvariant width height depth lspace rspace minsize maxsize accent movablelimits"
    " separator".split()
)


def assert_harmless(read):
    """Nothing on the page runs, fetches or leaves it; allow-lists, so that news is noticed."""
    assert {element.name for element in read.find_all(True)} <= TAGS
    assert {name for element in read.find_all(True) for name in element.attrs} <= ATTRIBUTES
    assert all(re.match("#|https?://|mailto:", link["href"]) for link in read.select("[href]"))
    assert all(image["src"].startswith("data:image/png;base64,") for image in read.select("[src]"))
    assert all(field["type"] == "checkbox" for field in read.select("input"))
    assert [e["http-equiv"] for e in read.select("[http-equiv]")] == ["Content-Security-Policy"]
    assert [e.get("name") for e in read.select("meta[name]")] == ["viewport", "referrer"]
    assert not read.select("main style")


@pytest.mark.parametrize("attack", ATTACKS)
def test_markdown_can_do_nothing(attack):
    read = BeautifulSoup(markdown_to_html(attack), "html.parser")
    assert {element.name for element in read.find_all(True)} <= TAGS - {"style", "meta", "img"}
    assert {name for element in read.find_all(True) for name in element.attrs} <= ATTRIBUTES
    assert all(re.match("#|https?://|mailto:", link["href"]) for link in read.select("[href]"))


def attacked_page(made):
    everywhere = [
        *(new_markdown_cell(attack) for attack in ATTACKS),
        *(nbformat.v4.new_raw_cell(attack) for attack in ATTACKS),
        new_code_cell(
            "\n".join(ATTACKS),
            outputs=[
                *(new_output("stream", text=attack) for attack in ATTACKS),
                *(
                    new_output("display_data", data=dict.fromkeys(("text/html", kind), attack))
                    for attack in ATTACKS
                    for kind in ("text/plain", "image/svg+xml", "text/latex", "text/markdown")
                ),
                new_output("error", ename=ATTACKS[0], evalue=ATTACKS[1], traceback=ATTACKS),
            ],
        ),
    ]
    return made(*everywhere, question="\n\n".join(ATTACKS))


def test_a_page_full_of_attacks_can_do_nothing(made):
    assert_harmless(attacked_page(made))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine")
def test_a_page_full_of_attacks_does_nothing_in_a_browser(tiny, made):
    attacked_page(made)
    path = tiny.feedback / "ada/tiny/tiny.html"
    # without the policy, so that the filters alone are tried
    text = path.read_text(encoding="utf-8")
    bare = path.with_name("bare.html")
    bare.write_text(re.sub("<meta[^>]*Security-Policy[^>]*>", "", text), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    dom = subprocess.run(
        [
            "chromium",
            *options,
            f"--user-data-dir={tiny.root}/chromium",
            "--dump-dom",
            bare.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    assert "<title>tiny: feedback</title>" in dom
    assert_harmless(BeautifulSoup(dom.replace("<head>", f"<head>{_POLICY}", 1), "html.parser"))


_POLICY = '<meta http-equiv="Content-Security-Policy" content="">'


def test_the_policy_forbids_scripts_and_network(made):
    policy = made().select_one("[http-equiv]")["content"]
    assert policy.startswith("default-src 'none';")
    assert "script" not in policy
    assert "http" not in policy


def test_formgrader_shows_markdown_through_the_same_filter(tiny, tmp_path):
    from nbconvert.exporters import HTMLExporter

    from autograder.nbgrader_config import load_config

    exporter = HTMLExporter(config=load_config(tiny.root), template_name="classic")
    notebook = nbformat.v4.new_notebook(cells=[new_markdown_cell(attack) for attack in ATTACKS])
    html, _ = exporter.from_notebook_node(notebook)
    read = BeautifulSoup(html, "html.parser").select_one("#notebook")
    assert not read.select("script, img, svg, iframe, style, form, button, link, meta, details")
    assert not [e for e in read.find_all(True) if any(a.startswith("on") for a in e.attrs)]
    assert not read.select("[href^=javascript], [href^=data]")


def formgraders_page(course, *cells):
    """A notebook as formgrader's handler shows it, with the course's settings."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    from autograder.nbgrader_config import load_config

    theirs = Config()
    theirs.HTMLExporter.template_name = "formgrade"
    theirs.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    config = load_config(course.root)
    config.merge(theirs)
    names = "assignment_id submission_id notebook_id base_url student last_name first_name".split()
    resources = dict.fromkeys(names, "x") | {"notebook_path": "", "index": 0, "total": 1}
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    html, _ = HTMLExporter(config=config).from_notebook_node(notebook, resources)
    return BeautifulSoup(html, "html.parser").select_one("#notebook")


RAW = """```\n</pre><a id=in href="/formgrader/x" class=btn>x</a><div style="position:fixed">"""


def test_raw_cells_are_text_in_formgrader_and_on_the_page(tiny, made):
    raw = nbformat.v4.new_raw_cell(RAW)
    for read in (formgraders_page(tiny, raw), made(raw)):
        assert RAW in [code.get_text().strip() for code in read.select("pre > code")]
        assert not read.select("#in, [style*=fixed]")


@pytest.mark.parametrize(
    "code",
    [
        "a." * 450_000,
        "\n    " * 90_000,
        "a." * 400,
        "%%javascript\n" + "/a/" * 20,
        pytest.param("x = 1\n" * 800, id="much"),
    ],
    ids=lambda code: repr(code[:12]),
)
def test_code_that_pygments_may_never_end_on_is_shown_without_colours(tiny, made, code):
    cells = [new_code_cell(code) for _ in range(14)]
    for read in (formgraders_page(tiny, *cells), made(*cells)):
        shown = [block for block in read.select("pre") if block.get_text().strip() == code.strip()]
        assert len(shown) == 14
        assert not shown[-1].select("span[class]")


def test_usual_code_is_coloured(tiny, made):
    cell = new_code_cell("def f(x):\n    return 1")
    for read in (formgraders_page(tiny, cell), made(cell)):
        assert "def" in [key.get_text() for key in read.select("pre span.k")]


def test_markdown_that_means_no_harm_is_rendered():
    html = markdown_to_html("# T\n\n*a* `b<c` $\\frac{1}{2}$\n\n- [x] d\n\n> e\n\n|f|\n|-|\n|g|\n")
    read = BeautifulSoup(html, "html.parser")
    for selector in ("h1", "em", "code", "math mfrac", "li input", "blockquote", "table td"):
        assert read.select(selector), selector
    assert read.code.text == "b<c"


def test_text_too_long_to_parse_is_shown_as_it_is():
    text = "**x** " * MOST_CHARACTERS
    assert markdown_to_html(text) == f"<pre>{text}</pre>"


@pytest.mark.parametrize(
    ("latex", "element"),
    [
        (r"\mathrm{softmax}(x)_i = \frac{e^{x_i}}{\sum_{j=1}^{n} e^{x_j}}", "mfrac"),
        (r"\sqrt{d_k}", "msqrt"),
        (r"\begin{cases} 1 & i \ge j \\ 0 & \text{else}\end{cases}", "mtable"),
        (r"\operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V", "mfrac"),
        (r"p_{i,2j} = \sin\left(\frac{i}{10000^{2j/d}}\right)", "mfrac"),
        (r"\mathbb{R}^{n \times d}", "msup"),
        (r"\alpha_i \in [0, 1], \quad \sum_i \alpha_i = 1", "mo"),
    ],
)
def test_the_lectures_formulas_become_mathml(latex, element):
    assert f"<{element}" in formula(latex, block=True)
    assert "\\" not in formula(latex, block=False)


@pytest.mark.parametrize("latex", [r"\frac{", r"\left( x", r"\def\a{b}\a", "x" * 3000])
def test_a_formula_that_is_not_understood_is_shown_as_written(latex):
    assert formula(latex, block=False) == f"<code>{latex}</code>"


def test_one_notebook_that_cannot_be_rendered_costs_its_own_page_alone(tiny, judged):
    write(tiny, "tiny", [judged(student, question="x") for student in ("ada", "bob", "eve")])
    broken = tiny.autograded / "bob/tiny/tiny.ipynb"
    broken.chmod(0o644)
    broken.write_text('{"cells": [')
    seen = []
    (problem,) = feedback(tiny, "tiny", progress=lambda *done: seen.append(done))
    assert problem.startswith("bob: no feedback page: ")
    assert "Notebook does not appear to be JSON" in problem
    assert not (tiny.feedback / "bob/tiny/tiny.html").exists()
    assert page(tiny, "ada").select(".total")
    assert page(tiny, "eve").select(".total")
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_page_that_takes_too_long_fails_alone(tiny, judged, monkeypatch):
    import importlib

    from autograder.shown_cells import PlainWhereHostile

    def slow(_, notebook, resources):
        if notebook.cells[-1].source == "for ever":
            with contextlib.suppress(Exception):  # as a filter that catches everything
                time.sleep(3600)
            time.sleep(3600)
        return notebook, resources

    write(tiny, "tiny", [judged(student, question="x") for student in ("ada", "eve")])
    write(tiny, "tiny", [judged("bob", question="for ever")])
    monkeypatch.setattr(importlib.import_module("autograder.feedback"), "PAGE_S", 4.0)
    monkeypatch.setattr(PlainWhereHostile, "preprocess", slow)
    assert feedback(tiny, "tiny", jobs=1) == (
        "bob: no feedback page: TimeoutError: it takes longer than 4 s",
    )
    assert not (tiny.feedback / "bob/tiny/tiny.html").exists()
    assert page(tiny, "ada").select(".total")
    assert page(tiny, "eve").select(".total")


def test_nbgraders_own_command_makes_the_same_page(tiny, judged, monkeypatch):
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory

    from autograder.nbgrader_config import load_config

    write(tiny, "tiny", [judged("ada", changes=[MISTAKEN], double="x")])
    feedback(tiny, "tiny")
    path = Path(tiny.feedback / "ada/tiny/tiny.html")
    ours = path.read_bytes()
    monkeypatch.chdir(tiny.root)
    # formgrader's button hands its own template directories down
    config = load_config(tiny.root)
    config.HTMLExporter.template_name = "formgrade"
    where = CourseDirectory(config=config, assignment_id="tiny", student_id="ada")
    app = GenerateFeedback(coursedir=where, config=config, force=True)
    config.HTMLExporter.template_name = "feedback"
    app.update_config(config)
    app.start()
    assert path.read_bytes() == ours
