"""What the scripts use of NVIDIA's dllogger, which no package index has: imported only where the real one is absent.

The two backends write the lines that dllogger writes: `DLL <time> - <step> <metric> : <value> <unit>` to standard
output, and one JSON object a line, after `DLLL `, to a file (format: https://github.com/NVIDIA/dllogger).
"""

import atexit
import json
from datetime import datetime
from pathlib import Path


class Verbosity:
    """How much a backend shows: a record is shown when its verbosity is not above the backend's."""

    OFF = -1
    DEFAULT = 0
    VERBOSE = 1


class StdOutBackend:
    """Prints a line for each record."""

    def __init__(self, verbosity, step_format=str, metric_format=None, prefix_format="DLL {} - ".format):
        self.verbosity = verbosity
        self._step_format = step_format
        self._metric_format = metric_format or _format_metric
        self._prefix_format = prefix_format
        self._known = {}

    def metadata(self, when, elapsed, metric, metadata):
        """Remember the unit and format of a metric."""
        self._known.setdefault(metric, {}).update(metadata)

    def log(self, when, elapsed, step, data):
        """Print one record."""
        metrics = (self._metric_format(name, self._known.get(name, {}), value) for name, value in data.items())
        print(self._prefix_format(when) + self._step_format(step), *metrics)

    def flush(self):
        """Nothing is held back."""


class JSONStreamBackend:
    """Writes a line of JSON for each record. The folder of `filename` is made when it is not there."""

    def __init__(self, verbosity, filename, append=False):
        self.verbosity = verbosity
        Path(filename).parent.mkdir(parents=True, exist_ok=True)
        self._file = Path(filename).open("a" if append else "w")  # noqa: SIM115 - as long as the process
        atexit.register(self._file.close)

    def metadata(self, when, elapsed, metric, metadata):
        """Write the unit and format of a metric."""
        self._write(when, elapsed, type="METADATA", metric=metric, metadata=metadata)

    def log(self, when, elapsed, step, data):
        """Write one record."""
        self._write(when, elapsed, type="LOG", step=step, data=data)

    def flush(self):
        """Write what is held back."""
        self._file.flush()

    def _write(self, when, elapsed, **record):
        moment = {"timestamp": str(when.timestamp()), "datetime": str(when.astimezone()), "elapsedtime": str(elapsed)}
        self._file.write("DLLL " + json.dumps({**moment, **record}) + "\n")


def _format_metric(name, metadata, value):
    shown = value if value is None else ("{" + metadata.get("format", "") + "}").format(value)
    return "{} : {} {}".format(name, shown, metadata.get("unit", ""))


class _Logger:
    """Sends records to the backends, with the time since `init`."""

    def __init__(self):
        self._started = datetime.now()
        self._backends = []

    def init(self, backends):
        """Send records to `backends` from now on."""
        self._started = datetime.now()
        self._backends = list(backends)
        atexit.register(self.flush)

    def log(self, step, data, verbosity=Verbosity.DEFAULT):
        """Send `data`, metrics by name, of `step` to each backend that shows records of this verbosity."""
        now = datetime.now()
        for backend in self._backends:
            if backend.verbosity >= verbosity:
                backend.log(now, self._elapsed(now), step, data)

    def metadata(self, metric, metadata):
        """Tell each backend the unit and format of a metric."""
        now = datetime.now()
        for backend in self._backends:
            backend.metadata(now, self._elapsed(now), metric, metadata)

    def flush(self):
        """Write what the backends hold back."""
        for backend in self._backends:
            backend.flush()

    def _elapsed(self, now):
        return (now - self._started).total_seconds()


_logger = _Logger()
init, log, metadata, flush = _logger.init, _logger.log, _logger.metadata, _logger.flush
