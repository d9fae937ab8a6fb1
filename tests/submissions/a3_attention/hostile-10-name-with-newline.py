# ---
# jupyter:
#   sample:
#     tries: Is handed in by a student whose name has a newline and a line of its own for the table.
#     because: Such a name names no student; the folder is refused.
#     student: "right\n60 / 60 graded"
#     status: refused
#     covers: [10 newlines in names, 11 terminal escapes]
# ---
