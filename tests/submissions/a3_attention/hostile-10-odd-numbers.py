# ---
# jupyter:
#   sample:
#     tries: Hands in NaN, infinity and a key given twice, in metadata.
#     because: Metadata is not read; every function is right.
#     file: odd_numbers
#     covers: [10 truncated JSON]
# ---
