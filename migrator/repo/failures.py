"""Ways in which an upstream cannot be had; all end with exit code 3."""

from __future__ import annotations

from migrator.errors import UpstreamError


class NetworkError(UpstreamError):
    """The other side did not answer, or stopped in the middle: another try may help."""


class NotHereError(UpstreamError):
    """No cache, mirror or index that was to be asked has it."""


class CorruptError(UpstreamError):
    """An object is missing from a local copy or is not what its id says."""
