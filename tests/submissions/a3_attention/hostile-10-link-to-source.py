# ---
# jupyter:
#   sample:
#     tries: Hands in a symbolic link to the assignment with its solutions.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: symlink_to_source
#     status: needs review
#     reason: symbolic link
#     covers: [10 symlinks]
# ---
