# ---
# jupyter:
#   sample:
#     tries: Uses the score function that the judge lends, to climb into the judge by attributes, pickling, closures, endless and nested calls, odd arguments, and calls after the check is over.
#     because: The lent function can be called and nothing else; attend asks right and answers right, so it gets its points, as the rest does.
#     covers: [3 frames, 4 malformed replies]
# ---

# %% grade_id="attend"
def attend(query, keys, values, score):
    for name in ("__globals__", "__closure__", "__code__", "__self__", "__wrapped__", "func", "__module__"):
        try:
            inner = getattr(score, name)
        except AttributeError:
            continue
        if name == "__globals__" and any("reference" in str(key) or "check" in str(key) for key in inner):
            raise RuntimeError("ESCA" "PED: the judge's globals")
    peer = getattr(score, "peer", None)
    for method in ("__globals__", "__call__", "__getattribute__", "__reduce_ex__", "__class__", "__code__"):
        try:
            got = peer.call(score.number, ["__globals__"], {}, method=method)
        except BaseException as error:
            refused = type(error).__name__
        else:
            raise RuntimeError(f"ESCA" f"PED: the judge answered {method} with {got!r}")
    for number in range(64):
        if peer is not None and number != score.number:
            try:
                got = peer.call(number, [], {})
            except BaseException as error:
                refused = type(error).__name__
            else:
                raise RuntimeError(f"ESCA" f"PED: called object {number} of the judge: {got!r}")
    for arguments in ((), (None, None), ("\ud800", {}), (query,), (query, keys[0], 1), (torch.zeros(0), torch.zeros(3, 0))):
        try:
            score(*arguments)
        except BaseException as error:
            refused = type(error).__name__
    scores = torch.stack([score(query, key) for key in keys])
    weights = softmax(scores)
    return weights, weights @ values
