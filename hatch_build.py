"""The build hook of the wheel: makes the compiled loops of `migrate pack` where a C compiler is there.

Without one the wheel is as good, and packing takes longer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError

FOLDER = Path("migrator/packing/compiled")
NAME = "migrator.packing.compiled._loops"


class Compile(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile beside the sources, where an editable installation finds it, and put it into the wheel."""
        root = Path(self.root)
        sources = [str(path.relative_to(root)) for path in sorted((root / FOLDER).glob("*.c"))]
        extension = Extension(NAME, sources, extra_compile_args=["-O3"])
        command = build_ext(Distribution({"name": "migrator", "ext_modules": [extension]}))
        command.inplace = True
        with tempfile.TemporaryDirectory() as folder:
            command.build_temp = command.build_lib = folder
            command.ensure_finalized()
            try:
                command.run()
            except BaseError as error:
                print(f"migrate pack will be slower: its loops were not compiled: {error}", file=sys.stderr)  # noqa: T201
                return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"] += [f"/{FOLDER.as_posix()}/_loops*.so"]
