# ---
# jupyter:
#   sample:
#     tries: Is handed in by a student called O’Brien, Zoë; drop table (x) $HOME, which is odd and harmless.
#     because: A name may be odd; every function is right.
#     student: O’Brien, Zoë; drop table (x) $HOME '
#     covers: [10 .. in names]
# ---
