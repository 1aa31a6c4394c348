"""`migrate run`: start a trainer on a Gaudi, or on the emulated device."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from migrator.commands.run_words import add_words

_USAGE = """\
migrate run [TARGET] [OPTIONS] -- SCRIPT ARGS...
       migrate run [TARGET] [OPTIONS] -m MODULE ARGS..."""
_DESCRIPTION = """\
Run a training script on a Gaudi, or on an emulated hpu device on the CPU where there is none. The script is not
changed and sees its own arguments, this terminal and this folder. Ctrl-C ends it with all its processes.

TARGET is a recipe or a folder that migrate apply wrote: the script is then looked for in there, and runs for the
release, mode and chip that it was ported for. Without TARGET it is any script. `--` may be left out before a script
whose name ends in .py.
"""
_EPILOG = """\
The emulated device checks behaviour. Its results are those of CPU arithmetic and say nothing of Gaudi's speed or
numerics. It needs torch (pip install 'migrator[emulator]') and never hides Gaudi's own software.

examples:
  migrate run nvidia-bert -- run_pretraining.py --max_steps 10     the port in trainers/nvidia-bert
  migrate run train.py --lr 1e-4                                   a script of your own
  migrate run --device hpu --cards 8 nvidia-bert -- run_pretraining.py
  migrate run --device emulated -m torch.distributed.run --nproc_per_node 2 train.py
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
    device = parser.add_argument_group("the device")
    device.add_argument(
        "--device",
        choices=("auto", "hpu", "emulated"),
        default="auto",
        help="auto (default): hpu where Gaudi's software and a card are, emulated where its software is not installed",
    )
    device.add_argument("--cards", type=_cards, metavar="N", help="more than one: one process a card, by torchrun")
    device.add_argument("--release", help="release of Gaudi's software (default: TARGET's, else the newest known)")
    device.add_argument(
        "--mode",
        choices=("lazy", "eager", "compile"),
        help="sets PT_HPU_LAZY_MODE (default: the environment's, else TARGET's, else the release's own)",
    )
    device.add_argument(
        "--chip", choices=("gaudi", "gaudi2", "gaudi3"), help="emulated: the chip (default: TARGET's, or gaudi2)"
    )
    device.add_argument(
        "--autocast", choices=("gaudi", "cpu"), help="emulated: whose lists of operators autocast uses (default: gaudi)"
    )
    device.add_argument("--force", action="store_true", help="emulate although Gaudi's own software is installed")
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--curve", action="store_true", help="draw the loss curve (on a terminal it is by default)")
    shown.add_argument("--log", type=Path, metavar="FILE", help="also write all that the trainer prints to FILE")
    shown.add_argument("--json", type=Path, metavar="FILE", help="with --count: also write the counts to FILE, as JSON")
    either = shown.add_mutually_exclusive_group()
    either.add_argument("--count", action="store_true", help="emulated: count host reads, step marks and new graphs")
    either.add_argument("--print", action="store_true", help="print what would be run, and run nothing")
    add_words(parser)
    parser.set_defaults(run=run)


def _cards(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of cards: 1 or more")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Run the trainer, or print how."""
    from migrator import console  # noqa: PLC0415
    from migrator.commands.run_plan import make_run_plan  # noqa: PLC0415
    from migrator.commands.run_trainer import run_plan  # noqa: PLC0415
    from migrator.runtime.shell_line import shell_line  # noqa: PLC0415

    plan = make_run_plan(args, Path.cwd(), os.environ)
    if args.print:
        console.out(shell_line(plan.command, plan.variables))
        return 0
    return run_plan(plan, args)
