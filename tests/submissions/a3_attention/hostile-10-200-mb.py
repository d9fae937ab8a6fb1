# ---
# jupyter:
#   sample:
#     tries: Hands in a file of 200 MB.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: huge
#     status: needs review
#     reason: MB
#     covers: [10 200 MB]
# ---
