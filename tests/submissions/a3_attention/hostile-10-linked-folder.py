# ---
# jupyter:
#   sample:
#     tries: Hands in the folder of another student by a symbolic link.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: symlinked_folder
#     status: needs review
#     reason: symbolic link
#     covers: [10 symlinks]
# ---
