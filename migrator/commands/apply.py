"""`migrate apply`: make the stages of a port, or add the ones that are missing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.migration import Migration

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
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="the output (default: ./trainers/NAME)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and write nothing")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Apply, and report."""
    from migrator.commands.apply_report import report_dry_run, report_output  # noqa: PLC0415
    from migrator.report.logs import write_logs  # noqa: PLC0415

    migration = plan(args)
    if args.dry_run:
        report_dry_run(migration, args.level, as_json=args.json)
        return 0
    from migrator.output import bring_to  # noqa: PLC0415
    from migrator.repo.workspace import Workspace  # noqa: PLC0415

    place = args.output or Path("trainers") / migration.name
    _check_outside(args.target, place)
    workspace = Workspace.open(place, create=True)
    report = bring_to(migration, args.level, workspace)
    logs = None if args.output else Path("logs") / migration.name
    if logs is not None:
        write_logs(workspace, logs)
    report_output(migration, report, place, logs, as_json=args.json)
    return 0


def _check_outside(target: str | None, place: Path) -> None:
    """An output inside the upstream would change the upstream, and be part of it the next time."""
    from migrator.errors import UsageError  # noqa: PLC0415
    from migrator.repo.local import LocalFolder  # noqa: PLC0415
    from migrator.targets import UpstreamTarget, resolve_target  # noqa: PLC0415

    spec = resolve_target(target, Path.cwd())
    folder = (
        spec.source.path.resolve()
        if isinstance(spec, UpstreamTarget) and isinstance(spec.source, LocalFolder)
        else None
    )
    if folder is not None and place.resolve().is_relative_to(folder):
        raise UsageError(
            f"the output {place} would lie in the upstream {folder}",
            hint="upstreams are never written to: name another place with -o, or run in another folder",
        )


def plan(args: argparse.Namespace) -> Migration:
    """What the arguments ask for: the upstream at hand, its recipe, and the target."""
    from migrator.config import make_target  # noqa: PLC0415
    from migrator.errors import UsageError  # noqa: PLC0415
    from migrator.migration import Migration  # noqa: PLC0415
    from migrator.progress import progress  # noqa: PLC0415
    from migrator.recipes import GENERIC, load_recipe, recipe_names  # noqa: PLC0415
    from migrator.repo.pins import Pin  # noqa: PLC0415
    from migrator.repo.upstream import obtain  # noqa: PLC0415
    from migrator.repo.workspace import Workspace  # noqa: PLC0415
    from migrator.targets import OutputFolder, resolve_target  # noqa: PLC0415

    target = make_target(args.release, args.mode, args.chip, None)
    spec = resolve_target(args.target, Path.cwd())
    if isinstance(spec, OutputFolder):
        raise UsageError(
            f"{spec.path} is an output of migrate, not an upstream",
            hint="name the recipe or upstream it was made from, with -o for this folder",
        )
    if args.output and not args.dry_run:
        Workspace.open(args.output, create=True)  # refuse a wrong place before anything is downloaded
    recipe = load_recipe(spec.recipe if spec.recipe in recipe_names() else GENERIC)
    with progress() as show:
        upstream = obtain(spec.source, progress=show)
    pinned = isinstance(spec.source, Pin) and recipe.name != GENERIC
    expected = spec.source.expected_for(target) if pinned and isinstance(spec.source, Pin) else {}
    return Migration(spec.recipe or upstream.name, upstream, recipe, target, expected)
