# ---
# jupyter:
#   sample:
#     tries: Hands in JSON nested 10,000 deep.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: deep
#     status: needs review
#     reason: nested
#     covers: [10 nesting 10000 deep]
# ---
