# ---
# jupyter:
#   sample:
#     tries: Hands in 100,000 cells.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: many_cells
#     status: needs review
#     reason: cells
#     covers: [10 100000 cells]
# ---
