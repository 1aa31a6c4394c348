"""How programs come by the emulated habana_frameworks, and how they look for it, in processes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator.processes import result, run

LOOK = """
import importlib.util, json
names = ["habana_frameworks", "habana_frameworks.torch", "habana_frameworks.torch.hpu", "habana_frameworks.mediapipe"]
found = [importlib.util.find_spec(name) is not None for name in names]
import torch
print(json.dumps([found, hasattr(torch, "hpu") and torch.hpu.is_available()]))
"""


@pytest.mark.parametrize("lazy", ["0", "1"])
def test_programs_that_look_for_it_find_it(lazy: str) -> None:
    assert result(LOOK, lazy=lazy) == [[True, True, True, False], True]


@pytest.mark.parametrize(
    ("lazy", "autoload", "loaded"), [("0", "", True), ("1", "", False), ("1", "1", True), ("0", "0", False)]
)
def test_torch_alone_brings_the_device_as_the_release_does(lazy: str, autoload: str, loaded: bool) -> None:
    environ = {"PT_HPU_AUTOLOAD": autoload} if autoload else {}
    found = result(
        "import json, sys, torch\n"
        "print(json.dumps([hasattr(torch, 'hpu') and torch.zeros(1, device='hpu').device.type,"
        " 'habana_frameworks.torch.core' in sys.modules]))",
        lazy=lazy,
        **environ,
    )

    assert found == (["hpu", True] if loaded else [False, False])


@pytest.mark.parametrize("first", ["import torch", "import habana_frameworks.torch.core", "import torch._dynamo"])
def test_the_order_of_imports_does_not_matter(first: str) -> None:
    found = result(
        f"import json\n{first}\n"
        "import torch, habana_frameworks.torch as ht\n"
        "print(json.dumps([torch.hpu is ht.hpu, torch.ones(2, device='hpu').sum().item()]))",
        lazy="1",
    )

    assert found == [True, 2.0]


def test_spawned_children_have_the_device(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import json, multiprocessing, torch\n"
        "def work(queue):\n"
        "    queue.put([torch.arange(3, device='hpu').sum().item(), torch.hpu.get_device_name()])\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    queue = context.Queue()\n"
        "    child = context.Process(target=work, args=(queue,))\n"
        "    child.start()\n"
        "    print(json.dumps(queue.get(timeout=60)))\n"
        "    child.join()\n",
        encoding="utf-8",
    )
    code = f"import runpy; runpy.run_path({str(program)!r}, run_name='__main__')"

    assert result(code, MIGRATE_HPU_CHIP="gaudi3") == [3, "GAUDI3"]


@pytest.mark.parametrize("lazy", ["0", "1"])
def test_a_real_installation_is_not_hidden_unless_forced(tmp_path: Path, lazy: str) -> None:
    (tmp_path / "habana_frameworks").mkdir()
    (tmp_path / "habana_frameworks" / "__init__.py").touch()
    code = "import torch, habana_frameworks.torch\nprint(torch.ones(1, device='hpu').device)"

    refused = run(code, lazy=lazy, path=str(tmp_path))
    forced = run(code, lazy=lazy, path=str(tmp_path), MIGRATE_HPU_FORCE="1")

    assert refused.returncode == 1
    assert f"Gaudi's own software is installed at {tmp_path / 'habana_frameworks'}" in refused.stderr
    assert (forced.returncode, forced.stdout) == (0, "hpu:0\n"), forced.stderr


def test_gaudis_own_migration_at_run_time_is_refused() -> None:
    asked = run("import habana_frameworks.torch", lazy="1", PT_HPU_GPU_MIGRATION="1")
    imported = run("import habana_frameworks.torch.gpu_migration", lazy="1")

    assert (
        "PT_HPU_GPU_MIGRATION=1 asks for habana_frameworks.torch.gpu_migration, which is not emulated" in asked.stderr
    )
    assert "No module named 'habana_frameworks.torch.gpu_migration'" in imported.stderr
