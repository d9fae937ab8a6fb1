# ---
# jupyter:
#   sample:
#     tries: Hands in a symbolic link to a device that never ends.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: symlink_to_zeros
#     status: needs review
#     reason: symbolic link
#     covers: [10 symlinks]
# ---
