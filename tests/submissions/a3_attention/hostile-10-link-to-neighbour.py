# ---
# jupyter:
#   sample:
#     tries: Hands in a symbolic link to the work of another student.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: symlink_to_neighbour
#     status: needs review
#     reason: symbolic link
#     covers: [10 symlinks]
# ---
