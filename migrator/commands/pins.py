"""`migrate pins`: the upstreams that recipes start from, and their exact commits."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from migrator.console import out
from migrator.errors import ExitCode

if TYPE_CHECKING:
    from migrator.repo.pin_check import Checked
    from migrator.repo.pins import AnyPin


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command to `migrate`'s parser."""
    summary = "upstreams and their exact commits"
    parser = subparsers.add_parser("pins", help=summary, description=f"Show, fetch and check {summary}.")
    parser.set_defaults(run=run)
    _add_json(parser, default=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions (default: list)")
    # a default here would undo a --json given before the action
    _add_json(actions.add_parser("list", help="name each pin, what it is and where"), default=argparse.SUPPRESS)
    show = actions.add_parser("show", help="show all of one pin")
    show.add_argument("name", metavar="NAME")
    _add_json(show, default=argparse.SUPPRESS)
    fetch = actions.add_parser("fetch", help="have a pin's upstream in the cache, verified")
    fetch.add_argument("name", metavar="NAME")
    verify = actions.add_parser("verify", help="check each pin against what is here, without the network")
    _add_json(verify, default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Do what the action says; exit 1 when `verify` found something wrong."""
    actions = {"list": _list, "show": _show, "fetch": _fetch, "verify": _verify}
    return actions[args.action or "list"](args)


def _add_json(parser: argparse.ArgumentParser, *, default: bool | str) -> None:
    parser.add_argument("--json", action="store_true", default=default, help="print JSON")


def _list(args: argparse.Namespace) -> int:
    from migrator.repo.known_pins import load_pin, pin_names  # noqa: PLC0415
    from migrator.repo.pin_text import as_values  # noqa: PLC0415

    pins = [load_pin(name) for name in pin_names()]
    if args.json:
        out(json.dumps([as_values(pin) for pin in pins], indent=2))
    else:
        _columns([_row(pin) for pin in pins])
    return ExitCode.DONE


def _row(pin: AnyPin) -> tuple[str, ...]:
    from migrator.repo.pin_text import kind_of, where_from  # noqa: PLC0415

    return pin.name, kind_of(pin), where_from(pin)


def _show(args: argparse.Namespace) -> int:
    from migrator.repo.known_pins import load_pin  # noqa: PLC0415
    from migrator.repo.pin_text import as_values  # noqa: PLC0415

    values = as_values(load_pin(args.name))
    if args.json:
        out(json.dumps(values, indent=2))
        return ExitCode.DONE
    expected = values.pop("expected")
    _columns([(key, " ".join(value) if isinstance(value, list) else str(value)) for key, value in values.items()])
    for entry in expected:
        out(f"expected for release {entry['release']} {entry['mode']} {entry['chip']} {entry['style']}")
        _columns([(f"  {stage}", ids["tree"], ids["commit"]) for stage, ids in entry["stages"].items()])
    return ExitCode.DONE


def _fetch(args: argparse.Namespace) -> int:
    from migrator.progress import progress  # noqa: PLC0415
    from migrator.repo.known_pins import load_pin  # noqa: PLC0415
    from migrator.repo.upstream import obtain  # noqa: PLC0415

    with progress() as show:
        found = obtain(load_pin(args.name), progress=show)
    out(f"{found.name}: {len(found.tree)} files, tree {found.tree_hash}, from {found.origin}")
    return ExitCode.DONE


def _verify(args: argparse.Namespace) -> int:
    from migrator.repo.pin_check import Verdict, check_pins  # noqa: PLC0415
    from migrator.repo.settings import Settings  # noqa: PLC0415

    checked = check_pins(Settings.from_environment(network=False))
    if args.json:
        out(json.dumps([{"name": c.name, "verdict": c.verdict.value, "detail": c.detail} for c in checked], indent=2))
    else:
        _columns([_verdict_row(entry) for entry in checked])
    wrong = any(entry.verdict is Verdict.WRONG for entry in checked)
    return ExitCode.CHECK_FOUND if wrong else ExitCode.DONE


def _verdict_row(entry: Checked) -> tuple[str, ...]:
    return entry.name, entry.verdict.value, entry.detail


def _columns(rows: list[tuple[str, ...]]) -> None:
    """Print rows with all columns but the last padded to one width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for row in rows:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        out("  ".join([*padded, row[-1]]).rstrip())
