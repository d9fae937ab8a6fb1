# ---
# jupyter:
#   sample:
#     tries: Is handed in by a student whose name clears the terminal and carries markup.
#     because: Such a name names no student; the folder is refused.
#     student: "x\u001b[2J\u001b]0;owned-11\u0007[red]<b>"
#     status: refused
#     covers: [10 newlines in names, 11 terminal escapes, 11 script]
# ---
