# ---
# jupyter:
#   sample:
#     tries: Hands in an empty file.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: empty
#     status: needs review
#     reason: empty
#     covers: [10 truncated JSON]
# ---
