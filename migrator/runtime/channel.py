"""One way from the trainer to the user: a terminal where the user has one, else a pipe."""

from __future__ import annotations

import os

from migrator.runtime.heard import Heard
from migrator.runtime.pump import Pump
from migrator.runtime.sinks import Sink, WholeLines
from migrator.runtime.terminal import TrainersTerminal


class Channel:
    """Carries what the trainer writes to `writing` on to `sink` and `log`, and hears it."""

    def __init__(self, sink: Sink, log: Sink | None) -> None:
        self.heard = Heard()
        self._terminal = TrainersTerminal(sink.descriptor) if os.isatty(sink.descriptor) else None
        reading, self.writing = self._terminal.ends if self._terminal else os.pipe()
        self._logged = WholeLines(log) if log else None
        self.pump = Pump(reading, [sink.write, *([self._logged.write] if self._logged else []), self.heard.feed])

    def resize(self) -> None:
        """The user's terminal has another size now."""
        if self._terminal is not None:
            self._terminal.resize()

    def begin(self) -> None:
        """The trainer has its end: close it here, and carry."""
        os.close(self.writing)
        self.pump.start()

    def close(self) -> None:
        """Everything has been carried."""
        self.heard.close()
        if self._logged is not None:
            self._logged.close()


def open_channels(out: Sink, err: Sink, log: Sink | None) -> tuple[Channel, ...]:
    """The channels for standard output and error; only one where both go to the same place, to keep their order."""
    if os.path.sameopenfile(out.descriptor, err.descriptor):
        return (Channel(out, log),)
    return (Channel(out, log), Channel(err, log))
