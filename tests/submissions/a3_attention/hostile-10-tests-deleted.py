# ---
# jupyter:
#   sample:
#     tries: Deletes every locked and graded cell.
#     because: They are put back; every function is right.
#     file: tests_deleted
#     notes: was missing
#     covers: [10 test cells deleted]
# ---
