"""The names that travel with the package as known to Gaudi's GPU migration toolkit."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.api_map_files import load_api_map, read_api_map
from migrator.config import load_releases
from migrator.errors import UsageError

SOURCES = ("https://", "docs.habana.ai ", "HabanaAI/Model-References 1.", "Gaudi's GPU migration toolkit 1.")


def test_each_name_is_one_that_would_be_listed_otherwise() -> None:
    api = load_api_map()
    names = [name for group in api.toolkit.known for name in group.names]

    assert len(names) > 50
    assert [name for name in names if api.lookup(name) is None] == []


def test_every_source_is_an_address_or_a_named_document() -> None:
    assert [group.source for group in load_api_map().toolkit.known if not group.source.startswith(SOURCES)] == []


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("torch.cuda.synchronize", True),
        ("apex.optimizers.FusedLAMB", True),
        ("apex.amp.scale_loss", True),
        ("amp_C.multi_tensor_scale", True),
        ("torch.nn.DataParallel", False),
        ("torch.jit.script", False),
        ("apex.multi_tensor_apply.multi_tensor_applier", False),
        ("torch.distributed.Backend.NCCL", False),
        ("pynvml.nvmlSystemGetDriverVersion", False),
    ],
)
def test_what_is_known_of_common_names(name: str, known: bool) -> None:
    assert (load_api_map().toolkit.find(name) is not None) is known


def test_a_release_takes_nothing_away() -> None:
    api = load_api_map()

    assert all(api.at(release).toolkit is api.toolkit for release in load_releases().values())


def test_a_name_in_two_files_is_an_error(tmp_path: Path) -> None:
    for file in ("one.toml", "two.toml"):
        (tmp_path / file).write_text('[[toolkit]]\nnames = ["torch.cuda.init"]\nsource = "https://x"\n')

    with pytest.raises(UsageError, match=r"'torch\.cuda\.init' twice"):
        read_api_map(tmp_path)
