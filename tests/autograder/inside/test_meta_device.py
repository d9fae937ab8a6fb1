"""The meta device's first use, in a fresh process: what it loads, and that it still works."""

import subprocess
import sys

PROBE = """
import sys
import torch
{load}
x = torch.ones(3, 4, device="meta", dtype=torch.bfloat16)
mask = torch.ones(3, 3, dtype=torch.bool, device="meta").tril()
y = (x @ x.transpose(-1, -2)).masked_fill(~mask, float("-inf")).softmax(-1).nan_to_num() @ x
assert y.shape == (3, 4) and y.dtype == torch.bfloat16 and y.device.type == "meta"
print("torch._dynamo" in sys.modules)
"""
LOAD = "from autograder.inside import meta_device; meta_device.load()"


def compiler_was_loaded(load: str) -> bool:
    probe = [sys.executable, "-c", PROBE.format(load=load)]
    return subprocess.run(probe, capture_output=True, text=True, check=True).stdout == "True\n"


def test_loading_leaves_the_compiler_out_where_torch_alone_would_load_it():
    assert compiler_was_loaded("")  # else this module has become needless
    assert not compiler_was_loaded(LOAD)
