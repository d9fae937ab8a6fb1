# ---
# jupyter:
#   sample:
#     tries: Shows script, SVG, Markdown, LaTeX, iframes, forms and JavaScript in displays, results, printed text, tracebacks, markdown cells, its written answer and check messages, to run in the instructor's browser.
#     because: Only text and pictures are kept, and text is escaped; attend raises and is worth nothing, the rest is right.
#     expect: {attend: zero}
#     covers: [11 script, 11 SVG, 11 Markdown HTML]
# ---

# %% before="softmax"
from IPython.display import HTML, SVG, IFrame, Image, Javascript, Latex, Markdown, display

ATTACK = "<script>alert('marker-11')</script><img src=x onerror=\"alert('marker-11')\">"
display(HTML(ATTACK), SVG(f"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>{ATTACK}</svg>"))
display(Markdown(ATTACK + "[marker-11](javascript:alert('marker-11'))"), Latex(r"$\href{javascript:alert('marker-11')}{x}$"))
display(Javascript("alert('marker-11')"), IFrame("javascript:alert('marker-11')", 10, 10))
display({"text/html": ATTACK, "application/javascript": "alert('marker-11')", "image/svg+xml": ATTACK,
         "text/latex": ATTACK, "application/vnd.jupyter.widget-view+json": {"model_id": ATTACK},
         "text/plain": ATTACK, "image/png": "x' onerror='alert(11)", "image/jpeg": ATTACK}, raw=True)
display(Image(data=b"<svg onload=alert('marker-11')>", format="png"))
display(Image(data=b"\x89PNG\r\n\x1a\n" + ATTACK.encode(), format="png", metadata={"width": "1' onload='alert(11)"}))
print(ATTACK)
print("</pre></div>" + ATTACK + "<!--")


class Shown:
    def __repr__(self):
        return ATTACK

    def _repr_html_(self):
        return ATTACK

    def _repr_mimebundle_(self, **kwargs):
        return {"text/html": ATTACK, "text/plain": ATTACK}, {"text/html": {"isolated": True}}


Shown()

# %% before="softmax"
raise type("<script>alert('marker-11')</script>", (Exception,), {})(ATTACK)

# %% [markdown] before="softmax"
# <script>alert('marker-11')</script> <img src=x onerror="alert('marker-11')">
# <iframe srcdoc="<script>alert('marker-11')</script>"></iframe>
# <svg><animate onbegin="alert('marker-11')" attributeName=x dur=1s></svg>
# [click](javascript:alert('marker-11')) <a href="javascript:alert('marker-11')">marker-11</a>
# <form action="http://example.com/marker-11"><input type="submit"></form> <base href="http://example.com/marker-11/">
# <meta http-equiv="refresh" content="0;url=http://example.com/marker-11"> <style>body{display:none}</style>
# <math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert('marker-11')&gt;">
# $$\href{javascript:alert('marker-11')}{\text{x}}$$ $\require{html}\style{position:fixed}{x}$
#
# ```{raw} html
# <script>alert('marker-11')</script>
# ```

# %% grade_id="attend"
def attend(query, keys, values, score):
    raise ValueError(ATTACK)


# %% [markdown] grade_id="question-why-scale"
# It keeps the variance at 1. <script>alert('marker-11')</script> <img src=x onerror="alert('marker-11')">
# [more](javascript:alert('marker-11')) <iframe src="javascript:alert('marker-11')"></iframe>
