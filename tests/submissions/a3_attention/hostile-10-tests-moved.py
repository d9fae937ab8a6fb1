# ---
# jupyter:
#   sample:
#     tries: Puts the tests first and the answers last, in reverse order.
#     because: The order of the assignment counts; every function is right.
#     file: tests_moved
#     covers: [10 test cells moved]
# ---
