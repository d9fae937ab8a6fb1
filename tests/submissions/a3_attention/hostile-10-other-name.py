# ---
# jupyter:
#   sample:
#     tries: Hands in a notebook under a name of its own.
#     because: There is no file of the expected name; the reason tells the other one.
#     file: nothing
#     status: needs review
#     reason: my homework (final).ipynb
#     covers: [10 .. in names]
# ---
