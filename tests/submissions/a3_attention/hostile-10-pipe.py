# ---
# jupyter:
#   sample:
#     tries: Hands in a named pipe, which waits for ever when it is opened.
#     because: Nothing can be read, so nothing is graded and a person looks.
#     file: pipe
#     status: needs review
#     reason: no regular file
#     covers: [10 symlinks]
# ---
