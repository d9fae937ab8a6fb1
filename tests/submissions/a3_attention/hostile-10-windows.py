# ---
# jupyter:
#   sample:
#     tries: Hands in a byte-order mark and carriage returns, as an editor on Windows may.
#     because: Both are read as they are meant; every function is right.
#     file: windows
#     covers: [10 invalid UTF-8]
# ---
