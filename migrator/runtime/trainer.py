"""A trainer as a process: it sees what the user's own command would see, and it ends as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from migrator.runtime import pdeathsig
from migrator.runtime.channel import Channel, open_channels
from migrator.runtime.family import MARK, Family, new_mark
from migrator.runtime.heard import Heard
from migrator.runtime.signal_inbox import SignalInbox
from migrator.runtime.sinks import Sink
from migrator.runtime.supervision import Ended, supervise
from migrator.runtime.terminal import terminal_kept

_STDIN = 0


@dataclass(frozen=True)
class Result:
    """How the run ended; what was heard on its standard output and error, or on both where they go to the same place;
    and whether a reader of them had gone.
    """

    ended: Ended
    heard: tuple[Heard, ...]
    reader_gone: bool


def run_trainer(
    command: Sequence[str], environment: Mapping[str, str], out: Sink, err: Sink, log: Sink | None
) -> Result:
    """Run the command in this folder to its end. Only the main thread may: it takes over the handling of signals.

    The trainer has the user's standard input. Where `out` or `err` is a terminal it gets one too, else a pipe; `log`
    gets both. Signals that stop a program are passed on; whatever ends the trainer, no process of the run stays.
    """
    mark = new_mark(environment)
    with terminal_kept(_STDIN), SignalInbox() as inbox:
        channels = open_channels(out, err, log)
        child = subprocess.Popen(  # noqa: S603 - no shell; what to run is the user's to say
            [*_watched(), *command],
            stdout=channels[0].writing,
            stderr=channels[-1].writing,
            env={**environment, MARK: mark},
            start_new_session=True,
        )
        for channel in channels:
            channel.begin()
        ended = supervise(child, Family(child.pid, mark), inbox, partial(_resize, channels))
        _carry_the_rest(channels, inbox)
    return Result(
        ended, tuple(channel.heard for channel in channels), any(channel.pump.reader_gone for channel in channels)
    )


def _resize(channels: Sequence[Channel]) -> None:
    for channel in channels:
        channel.resize()


def _watched() -> list[str]:
    """What runs the command so that it does not outlive this process; nothing where the kernel cannot tell."""
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", str(Path(pdeathsig.__file__)), str(os.getpid())]


def _carry_the_rest(channels: Sequence[Channel], inbox: SignalInbox) -> None:
    """Wait until the user's side has taken everything, or the user does not want to wait for it (a stopped pager)."""
    for channel in channels:
        channel.pump.writers_ended()
    for channel in channels:
        while channel.pump.is_alive():
            channel.pump.join(0.05)
            if {signal.SIGINT, signal.SIGTERM} & set(inbox.wait(0)):
                return
        channel.close()
