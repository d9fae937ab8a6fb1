# ---
# jupyter:
#   sample:
#     tries: Hands in a file in another encoding.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: invalid_utf8
#     status: needs review
#     reason: not UTF-8
#     covers: [10 invalid UTF-8]
# ---
