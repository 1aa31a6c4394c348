"""`HPUGraph`: operators captured once and run again on the same tensors, as `torch.cuda.CUDAGraph` does.

Signatures are those of bridge 1.19.0, hpu/graphs.py. Replaying is not faster here, and nothing is asynchronous. A
graph keeps every tensor between its operators alive until it is reset.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import torch

from migrator.emulator.hpu_graphs.recording import Call, Recorder
from migrator.emulator.names.not_emulated import LAZY_ONLY
from migrator.emulator.profile import current

_capturing: list[Recorder] = []


class HPUGraph:
    """One graph. Raises `RuntimeError` outside lazy mode."""

    def __init__(self) -> None:
        if not current().lazy:
            raise RuntimeError(f"HPUGraph {LAZY_ONLY}")
        self._calls: list[Call] | None = None
        self._inputs: tuple[Any, ...] = ()
        self._random: Any = None

    def capture_begin(self, dry_run: bool = False) -> None:
        """Keep the operators from here to `capture_end`. With `dry_run` memory is afterwards as it was before."""
        if _capturing:
            raise RuntimeError("an HPU graph is being captured already")
        self._random = torch.hpu.get_rng_state() if dry_run else None
        _capturing.append(Recorder(keep_before=dry_run))
        _capturing[0].__enter__()

    def capture_end(self) -> None:
        """End the capture; `replay` may follow."""
        if not _capturing:
            raise RuntimeError("no HPU graph is being captured")
        recorder = _capturing.pop()
        recorder.__exit__(None, None, None)
        self._calls = recorder.calls
        for memory, content in recorder.before:
            memory.copy_(content)
        if self._random is not None:
            torch.hpu.set_rng_state(self._random)

    def replay(self, asynchronous: bool = False) -> None:
        """Run the operators again: they read the inputs' memory as it is now and write the outputs' memory."""
        if self._calls is None:
            raise RuntimeError("nothing was captured in this HPU graph")
        with torch.no_grad(), torch.autocast("hpu", enabled=False), torch.autocast("cpu", enabled=False):
            for call in self._calls:
                call.run()

    def replayV2(  # noqa: N802 - Gaudi's name
        self, static_tlist: Sequence[Any], tlist: Sequence[Any], asynchronous: bool = False
    ) -> None:
        """Copy each tensor of `tlist` into its partner in `static_tlist`, then replay."""
        copy_into(static_tlist, tlist)
        self.replay(asynchronous)

    def replayV3(self, tlistI: Sequence[Any], asynchronous: bool = False) -> None:  # noqa: N802, N803 - Gaudi's names
        """Copy the tensors into the inputs that were marked before the capture, then replay."""
        self.replayV2(self._inputs, tlistI, asynchronous)

    def mark_user_inputs(self, static_tlist: Sequence[Any]) -> None:
        """The inputs that `replayV3` fills."""
        self._inputs = tuple(static_tlist)

    def mark_user_outputs(self, static_tlist: Sequence[Any]) -> None:
        """Outputs keep their memory here in any case."""

    def get_user_input_match_indices(self) -> list[int]:
        """Which marked inputs `replayV3` fills: all of them."""
        return list(range(len(self._inputs)))

    def clear_inputs(self) -> None:
        """Forget the marked inputs."""
        self._inputs = ()

    def reset(self) -> None:
        """Forget the operators, and with them the memory between them."""
        self._calls = None
        self._inputs = ()


class graph:  # noqa: N801 - Gaudi's name, after torch.cuda.graph
    """`with graph(g):` captures what runs inside into the `HPUGraph` g."""

    def __init__(self, hpu_graph: HPUGraph, stream: Any = None, dry_run: bool = False) -> None:
        self._graph = hpu_graph
        self._dry_run = dry_run
        self._stream = contextlib.nullcontext() if stream is None else torch.hpu.stream(stream)

    def __enter__(self) -> None:
        """Begin."""
        self._stream.__enter__()
        self._graph.capture_begin(self._dry_run)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End, after an error too."""
        self._graph.capture_end()
        self._stream.__exit__(kind, error, traceback)


def is_current_stream_capturing() -> bool:
    """Whether an HPU graph is being captured."""
    return bool(_capturing)


def copy_into(static: Sequence[Any], new: Sequence[Any]) -> None:
    """Copy each new tensor into the memory of its static partner, past autograd.

    Raises `RuntimeError` when the numbers of tensors or their sizes differ.
    """
    if len(static) != len(new) or any(a.shape != b.shape for a, b in zip(static, new, strict=False)):
        shapes = [[tuple(each.shape) for each in tensors] for tensors in (static, new)]
        raise RuntimeError(f"an HPU graph captured for tensors of {shapes[0]} was given {shapes[1]}")
    for target, source in zip(static, new, strict=True):
        target.data.copy_(source.data)
