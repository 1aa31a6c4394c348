"""`migrate run`: start a trainer on a Gaudi, or on the emulated device."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from migrator.commands.run_options import add_options
from migrator.commands.run_words import add_words

_USAGE = """\
migrate run [TARGET] [OPTIONS] -- SCRIPT ARGS...
       migrate run [TARGET] [OPTIONS] -m MODULE ARGS...
       migrate run [TARGET] [OPTIONS] --config NAME [-- ARGS...]
       migrate run [TARGET] --configs [--json]"""
_DESCRIPTION = """\
Run a training script on a Gaudi, or on an emulated hpu device on the CPU where there is none.
The script is not changed and sees its own arguments, this terminal and this folder. Ctrl-C ends
it with all its processes.

TARGET is a recipe or a folder that migrate apply wrote: the script is then looked for in there,
and runs for the release, mode and chip that it was ported for. Without TARGET it is any script.
`--` may be left out before a script whose name ends in .py. A configuration is a script with its
arguments, described with the recipe: ARGS are added to them, and without TARGET it is one of
nvidia-bert.
"""
_EPILOG = """\
The emulated device checks behaviour. Its results are those of CPU arithmetic and say nothing of
Gaudi's speed or numerics. It needs torch (pip install 'migrator[emulator]') and never hides
Gaudi's own software.

examples:
  migrate run nvidia-bert -- run_pretraining.py --max_steps 10   the port in trainers/nvidia-bert
  migrate run train.py --lr 1e-4                                 a script of your own
  migrate run --device hpu --cards 8 nvidia-bert -- run_pretraining.py
  migrate run --device emulated -m torch.distributed.run --nproc_per_node 2 train.py
  migrate run nvidia-bert --config phase1-bf16 --data DATA --out OUT --set max_steps=20
  migrate run --count train.py           where the host waits for the device, and which graphs are new
  migrate run --print train.py           the command line and its environment, to be pasted

exit codes: 0 done, 2 wrong arguments or no such device, 5 the trainer failed, 130 interrupted
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "run",
        help="run a trainer on a Gaudi or on the emulated device",
        usage=_USAGE,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    add_words(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the trainer, or print how."""
    from migrator import console  # noqa: PLC0415
    from migrator.commands.run_configs import list_configs  # noqa: PLC0415
    from migrator.commands.run_plan import make_run_plan  # noqa: PLC0415
    from migrator.commands.run_trainer import run_plan  # noqa: PLC0415
    from migrator.runtime.shell_line import shell_line  # noqa: PLC0415
    from migrator.trainer_config_tables import LIST  # noqa: PLC0415

    if args.configs or args.config == LIST:
        return list_configs(args, Path.cwd())
    plan = make_run_plan(args, Path.cwd(), os.environ)
    if args.print:
        console.out(shell_line(plan.command, plan.variables))
        return 0
    return run_plan(plan, args)
