"""`migrate apply`: make the stages of a port, or add the ones that are missing."""

from __future__ import annotations

import argparse
from pathlib import Path

_LEVELS = ("minimal", "packed", "performance")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "apply",
        help="port an upstream, up to a level",
        description="Port an upstream to Gaudi, up to a level, in a git repository of its own: one commit a stage. "
        "Run again, it continues where it was stopped, or says that nothing is left to do.",
    )
    parser.add_argument(
        "target", nargs="?", metavar="TARGET", help="a recipe, a folder, or a git URL@REF (default: nvidia-bert)"
    )
    parser.add_argument("--level", choices=_LEVELS, required=True, help="levels are cumulative")
    parser.add_argument("--release", help="release of Gaudi's software (default: the newest known)")
    parser.add_argument("--mode", choices=("lazy", "eager", "compile"), help="how the device executes (default: lazy)")
    parser.add_argument("--chip", choices=("gaudi", "gaudi2", "gaudi3"), help="(default: gaudi2)")
    parser.add_argument(
        "--style",
        choices=("native", "gpu-migration"),
        help="hpu's names in the code, or CUDA's names and Gaudi's GPU migration while it runs (default: native)",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="the output (default: ./trainers/NAME)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and write nothing")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Apply, and report."""
    from migrator.commands.apply_report import report_dry_run, report_output  # noqa: PLC0415
    from migrator.config import make_target  # noqa: PLC0415
    from migrator.output import bring_to  # noqa: PLC0415
    from migrator.plan import make_plan  # noqa: PLC0415
    from migrator.repo.workspace import Workspace  # noqa: PLC0415
    from migrator.report.logs import write_logs  # noqa: PLC0415

    plan = make_plan(args.target, make_target(args.release, args.mode, args.chip, args.style), Path.cwd())
    if args.dry_run:
        report_dry_run(plan.fetch(), args.level, as_json=args.json)
        return 0
    place = args.output or Path("trainers") / plan.name
    plan.check_outside(place)
    workspace = Workspace.open(place, create=True)  # a wrong place is refused before anything is fetched
    migration = plan.fetch()
    report = bring_to(migration, args.level, workspace)
    logs = None if args.output else Path("logs") / plan.name
    if logs is not None:
        write_logs(workspace, logs)
    report_output(migration, report, place, logs, as_json=args.json)
    return 0
