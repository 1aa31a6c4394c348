"""Which of its three works `migrate pack` is asked for, and whether the options go together."""

from __future__ import annotations

import argparse

from migrator.commands.pack_options import ANY
from migrator.errors import UsageError

PACK, PLAN_ONLY, CHECK = "", "--plan-only", "--check"
ALGORITHMS = ("near-optimal", "lpfhp", "spfhp", "nnlshp")
_NNLS_MOST = 3  # sequences a row
_TAKEN = {
    PACK: {"output", "max_seq_len", "max_predictions", "max_per_row", "algorithm", "time_limit", "seed", "shards"}
    | {"skip_bad"},
    PLAN_ONLY: {"max_seq_len", "max_per_row", "algorithm", "time_limit", "skip_bad", "plot"},
    CHECK: {"against"},
}


def mode_of(args: argparse.Namespace) -> str:
    """PACK, PLAN_ONLY or CHECK. Raises `UsageError` for options that do not go with it, or with one another."""
    mode = CHECK if args.check else PLAN_ONLY if args.plan_only else PACK
    for name, value in sorted(vars(args).items()):
        if value is not None and value is not False:
            _refuse_strange(name, mode)
    if mode == PACK:
        _refuse_incomplete(args)
    return mode


def _refuse_strange(name: str, mode: str) -> None:
    homes = [other for other, names in _TAKEN.items() if name in names]
    if not homes or mode in homes:
        return
    what = "OUTPUT" if name == "output" else f"--{name.replace('_', '-')}"
    if mode != PACK:
        raise UsageError(f"{what} does not go with {mode}", hint="leave one of them out")
    raise UsageError(f"{what} goes with {homes[0]} only", hint=f"give {homes[0]} as well, or leave {what} out")


def _refuse_incomplete(args: argparse.Namespace) -> None:
    algorithms = args.algorithm or []
    if args.output is None:
        hint = "migrate pack INPUT OUTPUT; --plan-only and --check need none"
        raise UsageError("there is no OUTPUT to pack into", hint=hint)
    if len(algorithms) > 1:
        raise UsageError("--algorithm was given more than once", hint="give one; --plan-only compares several")
    if "nnlshp" in algorithms and (args.max_per_row == ANY or (args.max_per_row or 0) > _NNLS_MOST):
        hint = f"give --max-per-row {_NNLS_MOST}, or take another algorithm"
        raise UsageError(f"nnlshp packs {_NNLS_MOST} sequences a row at most", hint=hint)
    if args.input.suffix == ".json":
        raise UsageError(f"{args.input} is a histogram, not data", hint="give a folder of shards, or --plan-only")
