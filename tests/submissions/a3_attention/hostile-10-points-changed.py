# ---
# jupyter:
#   sample:
#     tries: Makes each test worth a thousand points.
#     because: The points are the assignment's; every function is right.
#     file: points_changed
#     notes: settings
#     covers: [10 points changed]
# ---
