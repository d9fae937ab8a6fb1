# ---
# jupyter:
#   sample:
#     tries: Is handed in by a student called ..x.
#     because: Such a name means a path; the folder is refused.
#     student: "..x"
#     status: refused
#     covers: [10 .. in names]
# ---
