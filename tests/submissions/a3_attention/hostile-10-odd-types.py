# ---
# jupyter:
#   sample:
#     tries: Hands in cells that are texts and numbers.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: odd_types
#     status: needs review
#     reason: no JSON object
#     covers: [10 wrong nbformat]
# ---
