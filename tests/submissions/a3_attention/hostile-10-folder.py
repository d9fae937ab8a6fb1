# ---
# jupyter:
#   sample:
#     tries: Hands in a folder with the name of the notebook.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: folder
#     status: needs review
#     reason: no regular file
#     covers: [10 symlinks]
# ---
