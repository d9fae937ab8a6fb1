# ---
# jupyter:
#   sample:
#     tries: Spells half characters in every cell.
#     because: They become question marks in comments; every function is right.
#     file: lone_surrogates
#     covers: [10 invalid UTF-8]
# ---
