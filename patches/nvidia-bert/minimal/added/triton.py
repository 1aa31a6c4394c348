"""What `import triton` finds beside these scripts: the compiler of that name where it is installed, else nothing.

The folder triton/ holds files for NVIDIA's inference server of the same name. Where the compiler is not installed, as
on a Gaudi, Python takes the folder for a package without content; torch then asks it for `triton.language` and ends
with an AttributeError as soon as an optimizer is made. A module comes before such a folder, which this one is for.
Sources: https://docs.python.org/3/reference/import.html#namespace-packages and torch 2.13, torch/_dynamo/utils.py
"""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

_here = Path(__file__).resolve().parent
_elsewhere = [entry for entry in sys.path if Path(entry).resolve() != _here]
_spec = importlib.machinery.PathFinder.find_spec(__name__, _elsewhere)
if _spec is None or _spec.loader is None or _spec.origin is None:  # none, or another folder without content
    raise ModuleNotFoundError(f"No module named {__name__!r}", name=__name__)
_compiler = importlib.util.module_from_spec(_spec)
sys.modules[__name__] = _compiler
_spec.loader.exec_module(_compiler)
