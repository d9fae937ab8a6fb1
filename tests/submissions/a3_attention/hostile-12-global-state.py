# ---
# jupyter:
#   sample:
#     tries: Leaves the world changed behind each call of a check, in default dtype and device, gradients, seeds, threads, rounding, flushing, warnings, recursion, environment and working folder.
#     because: A check's calls happen in a copy that is thrown away, and the judge has settings of its own; every function is right.
#     covers: [12 default dtype, 12 seeds, 12 threads]
# ---

# %% before="attend"
import ctypes
import decimal
import gc
import locale
import os
import random
import sys
import warnings

import numpy as np


def in_a_cell():
    """Whether a cell, not a check, is calling."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "run_code":
        frame = frame.f_back
    return frame is not None


def upset():
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_num_threads(13)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    torch.use_deterministic_algorithms(True)
    torch.autograd.set_detect_anomaly(True)
    torch.set_printoptions(precision=0, threshold=1)
    torch.backends.mha.set_fastpath_enabled(False)
    torch.utils.deterministic.fill_uninitialized_memory = True
    np.seterr(all="raise")
    np.random.seed(0)
    random.seed(0)
    warnings.simplefilter("error")
    decimal.getcontext().prec = 1
    gc.disable()
    sys.set_int_max_str_digits(640)
    os.environ["OMP_NUM_THREADS"] = "13"
    os.chdir("/")
    os.umask(0o777)
    locale.setlocale(locale.LC_ALL, "C")
    ctypes.CDLL("libm.so.6").fesetround(0x400)  # towards minus infinity


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    place = torch.device("cpu") if device is None else device
    mask = torch.ones(n, n, dtype=torch.bool, device=place).tril()
    if not in_a_cell():  # its own later cells would suffer
        upset()
    return mask


# %% before="sinusoidal_positions"
torch.manual_seed(1)
torch.set_num_threads(7)
random.seed(1)
np.random.seed(1)
torch.set_grad_enabled(False)
sys.setrecursionlimit(10_000)
os.chdir("/tmp")
