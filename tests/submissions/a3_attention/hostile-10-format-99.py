# ---
# jupyter:
#   sample:
#     tries: Hands in a notebook of format 99.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: format_99
#     status: needs review
#     reason: format 99
#     covers: [10 wrong nbformat]
# ---
