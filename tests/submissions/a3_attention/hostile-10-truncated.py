# ---
# jupyter:
#   sample:
#     tries: Hands in two thirds of a file.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: truncated
#     status: needs review
#     reason: not valid JSON
#     covers: [10 truncated JSON]
# ---
