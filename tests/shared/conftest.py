"""The modules of patches/shared are imported as the trainers do that they are put beside: by themselves."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import ModuleType

import pytest

from migrator.resources import package_data


@pytest.fixture(scope="session")
def load() -> Callable[[str], ModuleType]:
    """load("lamb") -> the module."""

    def load(name: str) -> ModuleType:
        path = package_data() / "patches" / "shared" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
