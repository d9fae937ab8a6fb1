# ---
# jupyter:
#   sample:
#     tries: Hands in a number of ten million digits.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: long_number
#     status: needs review
#     reason: number
#     covers: [10 truncated JSON]
# ---
