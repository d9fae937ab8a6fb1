# ---
# jupyter:
#   sample:
#     tries: Doubles every cell, the second time with answers that raise and tests that say 60.
#     because: The second answers define nothing, so what the first ones defined is graded, and it is right.
#     file: tests_duplicated
#     covers: [10 test cells duplicated]
# ---
