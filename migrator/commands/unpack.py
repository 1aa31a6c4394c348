"""`migrate unpack`: the sequences of a packed folder in rows of their own again."""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

from migrator.commands.pack_options import add_sizes, count, memory_of
from migrator.errors import ExitCode


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "unpack",
        help="give the sequences of a packed folder back",
        description="Write every sequence of a packed folder, whoever made it, once, in a row of its own.",
    )
    parser.add_argument("input", type=Path, metavar="INPUT", help="a packed folder, or one packed shard")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="the folder of unpacked shards, to be made")
    parser.add_argument(
        "--max-seq-len", type=count, metavar="N", help="tokens of a row (default: as before packing, if that is known)"
    )
    parser.add_argument(
        "--max-predictions",
        type=count,
        metavar="N",
        help="masked tokens of a row (default: likewise, or as many as fit)",
    )
    add_sizes(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Unpack, and report."""
    from migrator.commands.pack_progress import packing_progress  # noqa: PLC0415
    from migrator.commands.pack_report import report_unpacked  # noqa: PLC0415
    from migrator.packing.unpacking.unpack import unpack  # noqa: PLC0415
    from migrator.packing.unpacking.unpacked_form import Widths  # noqa: PLC0415

    start = perf_counter()
    widths = Widths(args.max_seq_len, args.max_predictions)
    with packing_progress() as progress:
        done = unpack(args.input, args.output, memory_of(args), progress, widths)
    report_unpacked(done, args.output, perf_counter() - start, as_json=args.json)
    return ExitCode.DONE
