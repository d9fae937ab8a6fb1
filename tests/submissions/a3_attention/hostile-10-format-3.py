# ---
# jupyter:
#   sample:
#     tries: Hands in a notebook of format 3.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: format_3
#     status: needs review
#     reason: format 3
#     covers: [10 wrong nbformat]
# ---
