# ---
# jupyter:
#   sample:
#     tries: Hands in, beside the notebook, modules, settings, a verdict and links.
#     because: Only the notebook is read; every function is right.
#     file: other_files
#     covers: [10 symlinks, 5 verdict]
# ---
