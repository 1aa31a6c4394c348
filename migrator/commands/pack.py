"""`migrate pack`: pack padded data, say what packing it would bring, or check a packed folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.commands.pack_mode import ALGORITHMS, CHECK, PACK, PLAN_ONLY, mode_of
from migrator.commands.pack_options import ANY, add_sizes, count, memory_of, natural, per_row, seconds
from migrator.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from migrator.packing.algorithms.histogram import LengthHistogram
    from migrator.packing.request import Packing, Request


_USAGE = """\
migrate pack INPUT OUTPUT [OPTIONS]
       migrate pack INPUT --plan-only [OPTIONS]
       migrate pack FOLDER --check [--against DATA] [OPTIONS]"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "pack",
        usage=_USAGE,
        help="pack padded sequences into full rows, or check a packed folder",
        description="Pack the sequences of HDF5 shards, each exactly once, several a row, so that trainers spend no "
        "time on padding. Killed, it continues when it is run again.",
    )
    parser.add_argument(
        "input",
        type=Path,
        metavar="INPUT",
        help="a folder of shards, or one shard; for --plan-only also a JSON histogram",
    )
    output = parser.add_argument("output", type=Path, metavar="OUTPUT", help="the packed folder, to be made")
    output.required = False  # with nargs="?" argparse would not find it behind options: INPUT --seed 1 OUTPUT
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--plan-only", action="store_true", help="only compare what the algorithms make of INPUT")
    mode.add_argument("--check", action="store_true", help="check a packed folder, whoever made it")
    parser.add_argument("--against", type=Path, metavar="DATA", help="with --check: the unpacked data it was made of")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="with --plan-only: a .png or .html to be drawn")
    _add_packing(parser)
    add_sizes(parser)
    parser.set_defaults(run=run)


def _add_packing(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--max-seq-len", type=count, metavar="N", help="tokens of a packed row (default: as long as the input's)")
    add("--max-predictions", type=natural, metavar="N", help="masked tokens that a sequence may have (default: any)")
    add(
        "--max-per-row",
        type=per_row,
        metavar="K",
        help=f"sequences a row at most, or {ANY} (default: as few as do well)",
    )
    add("--algorithm", action="append", choices=ALGORITHMS, help="with --plan-only more than one (default: the first)")
    add("--time-limit", type=seconds, metavar="S", help="seconds for the plan (default: 30)")
    add("--seed", type=natural, metavar="N", help="which sequences meet, and the order of rows (default: 0)")
    add("--shards", type=count, metavar="N", help="files to write (default: as many as INPUT has)")
    add("--skip-bad", action="store_true", help="leave out broken rows and files, and list them in a report")


def run(args: argparse.Namespace) -> int:
    """Do what the options say; exit 1 when a check found something."""
    return {PACK: _pack, PLAN_ONLY: _plan, CHECK: _check}[mode_of(args)](args)


def _pack(args: argparse.Namespace) -> int:
    from migrator.commands.pack_progress import packing_progress  # noqa: PLC0415
    from migrator.commands.pack_report import report_packed  # noqa: PLC0415
    from migrator.packing.pack import pack  # noqa: PLC0415

    with packing_progress({"reading": "planning"}) as progress:
        done = pack(_request(args), memory_of(args), progress)
    report_packed(done, args.output, as_json=args.json)
    return ExitCode.DONE


def _request(args: argparse.Namespace) -> Request:
    from migrator.packing.request import Reading, Request  # noqa: PLC0415

    reading = Reading(args.max_seq_len, args.max_predictions, args.skip_bad)
    return Request(args.input, args.output, reading, _packing(args))


def _packing(args: argparse.Namespace) -> Packing:
    from migrator.packing.algorithms.solve import Algorithm  # noqa: PLC0415
    from migrator.packing.request import Packing  # noqa: PLC0415

    limited = None if args.max_per_row == ANY else args.max_per_row
    said: dict[str, Any] = {"seconds": args.time_limit, "seed": args.seed, "shards": args.shards}
    if args.algorithm:
        said["algorithm"] = Algorithm(args.algorithm[0])
    known = {name: value for name, value in said.items() if value is not None}
    return Packing(per_row=limited, unlimited=args.max_per_row == ANY, **known)


def _plan(args: argparse.Namespace) -> int:
    from migrator.commands.pack_plan import show_plans  # noqa: PLC0415
    from migrator.packing.algorithms.solve import Algorithm  # noqa: PLC0415

    asked = _packing(args)
    algorithms = [Algorithm(name) for name in dict.fromkeys(args.algorithm or ALGORITHMS)]
    return show_plans(
        _histogram(args),
        asked.per_row,
        algorithms,
        asked.seconds,
        unlimited=asked.unlimited,
        as_json=args.json,
        plot_file=args.plot,
    )


def _histogram(args: argparse.Namespace) -> LengthHistogram:
    from migrator.commands.pack_progress import packing_progress  # noqa: PLC0415
    from migrator.packing.histogram_file import read_histogram  # noqa: PLC0415
    from migrator.packing.input_files import training_files  # noqa: PLC0415
    from migrator.packing.inputs import look_at  # noqa: PLC0415
    from migrator.packing.lengths import length_histogram  # noqa: PLC0415

    if args.input.suffix == ".json":
        if args.max_seq_len is not None:
            raise UsageError("a histogram says itself how long rows are", hint="leave out --max-seq-len")
        return read_histogram(args.input)
    inputs = look_at(training_files(args.input)[0], args.skip_bad)
    with packing_progress() as progress:
        return length_histogram(inputs, inputs.row_length(args.max_seq_len), args.skip_bad, memory_of(args), progress)


def _check(args: argparse.Namespace) -> int:
    from migrator.commands.pack_check_report import report_checked  # noqa: PLC0415
    from migrator.commands.pack_progress import packing_progress  # noqa: PLC0415
    from migrator.packing.checks.check import check  # noqa: PLC0415

    with packing_progress(unit="rows") as progress:
        found = check(args.input, args.against, memory_of(args), progress)
    report_checked(found, args.input, args.against, as_json=args.json)
    return ExitCode.CHECK_FOUND if found.faults else ExitCode.DONE
