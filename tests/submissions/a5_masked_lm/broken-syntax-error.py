# ---
# jupyter:
#   sample:
#     tries: One cell that Python cannot read.
#     because: The function of that cell is missing; all else is right.
#     expect: {pack_pair: zero}
# ---

# %% grade_id="pack_pair"
def pack_pair(a, b, max_length, cls_id, sep_id, pad_id)
    return [cls_id] + a + [sep_id] + b + [sep_id]
