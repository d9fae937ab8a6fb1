# ---
# jupyter:
#   sample:
#     tries: Is handed in by a student called --force.
#     because: Such a name is an option of some command; the folder is refused.
#     student: "--force"
#     status: refused
#     covers: [10 .. in names]
# ---
