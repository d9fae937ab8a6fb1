# ---
# jupyter:
#   sample:
#     tries: Hands in JSON that is no notebook.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: no_object
#     status: needs review
#     reason: no JSON object
#     covers: [10 wrong nbformat]
# ---
