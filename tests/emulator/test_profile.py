"""What environment variables make of the emulated machine."""

from __future__ import annotations

import pytest

from migrator.core.target import Chip
from migrator.emulator.profile import read_profile
from migrator.errors import UsageError


def test_by_default_it_is_the_newest_release_in_its_own_mode() -> None:
    profile = read_profile({})

    assert (profile.release.name, profile.lazy, profile.autoload) == ("1.24", False, True)
    assert (profile.chip, profile.cards, profile.autocast) == (Chip.GAUDI2, 1, "gaudi")


@pytest.mark.parametrize(
    ("release", "value", "lazy"),
    [
        ("1.20", None, True),
        ("1.21", None, False),
        ("1.24", "1", True),
        ("1.24", "0", False),
        ("1.24", "2", True),  # the bridge asks only whether it is "0"
        ("1.10", "2", False),
        ("1.10", "1", True),
        ("1.12", "0", False),
        ("1.12", "2", False),
    ],
)
def test_the_mode_is_what_the_release_makes_of_the_variable(release: str, value: str | None, lazy: bool) -> None:
    asked = {} if value is None else {"PT_HPU_LAZY_MODE": value}

    assert read_profile({"MIGRATE_HPU_RELEASE": release, **asked}).lazy is lazy


@pytest.mark.parametrize(
    ("environ", "autoload"),
    [
        ({"PT_HPU_LAZY_MODE": "0"}, True),
        ({"PT_HPU_LAZY_MODE": "1"}, False),
        ({"PT_HPU_LAZY_MODE": "1", "PT_HPU_AUTOLOAD": "1"}, True),
        ({"PT_HPU_LAZY_MODE": "0", "PT_HPU_AUTOLOAD": "0"}, False),
        ({"PT_HPU_LAZY_MODE": "0", "MIGRATE_HPU_RELEASE": "1.17"}, False),
        ({"PT_HPU_LAZY_MODE": "0", "MIGRATE_HPU_RELEASE": "1.18", "PT_HPU_AUTOLOAD": "0"}, True),
    ],
)
def test_torch_alone_loads_the_device_where_the_release_does_so(environ: dict[str, str], autoload: bool) -> None:
    assert read_profile(environ).autoload is autoload


@pytest.mark.parametrize(
    ("environ", "cards"),
    [
        ({"MIGRATE_HPU_CARDS": "8", "LOCAL_WORLD_SIZE": "2"}, 8),
        ({"LOCAL_WORLD_SIZE": "2"}, 2),
        ({"OMPI_COMM_WORLD_LOCAL_SIZE": "4"}, 4),
    ],
)
def test_cards_are_those_asked_for_or_launched(environ: dict[str, str], cards: int) -> None:
    assert read_profile(environ).cards == cards


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"MIGRATE_HPU_CARDS": "0"}, "MIGRATE_HPU_CARDS is '0'"),
        ({"MIGRATE_HPU_CARDS": "two"}, "MIGRATE_HPU_CARDS is 'two'"),
        ({"MIGRATE_HPU_AUTOCAST": "nvidia"}, "MIGRATE_HPU_AUTOCAST is 'nvidia'"),
        ({"MIGRATE_HPU_CHIP": "h100"}, "there is no chip 'h100'"),
        ({"MIGRATE_HPU_CHIP": "gaudi"}, "release 1.24 does not have the chip 'gaudi'"),
        ({"MIGRATE_HPU_RELEASE": "2.0"}, "release '2.0' is not known"),
    ],
)
def test_other_values_are_refused(environ: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read_profile(environ)
    assert caught.value.hint
