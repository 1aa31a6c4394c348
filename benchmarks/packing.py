"""Packing throughput beside the floor and beside plain h5py, in paired rounds; and peak memory.

python benchmarks/packing.py [--sequences N ...] [--length 512 128] [--rounds 3] [--histogram FILE]

floor: the input's datasets read and the output's written, both by direct chunk, with the same threads and code, and
nothing between. codec: less than that, the input's chunks inflated, but not put together to datasets. plain h5py: the
input's datasets read whole, the output's written with gzip 4. All move exactly the bytes that packing moves. Each
measurement is a process of its own; times are of the work, without starting Python. Before each, memory is touched and
freed: the host of a virtual machine gives pages at their first touch, seconds for a GiB, and takes them back later,
which would count for whatever comes first.
"""

from __future__ import annotations

import argparse
import json
import mmap
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h5py

from benchmarks.packing_data import make_shards
from migrator.packing.memory import Memory, default_memory
from migrator.packing.pack import pack
from migrator.packing.parallel import cores, ordered
from migrator.packing.request import Request
from migrator.packing.shards.chunk_map import ChunkMap
from migrator.packing.shards.shard import Shard, open_shard
from migrator.packing.shards.writing import Column, EncodedRows, ShardFile, encode

_TOUCHED = 2**31  # bytes
WAYS = ("packing", "floor", "codec", "h5py")


def packing(source: Path, target: Path) -> float:
    """Seconds."""
    start = time.perf_counter()
    pack(Request(source, target), Memory(default_memory(cores()), cores()))
    return time.perf_counter() - start


def floor(source: Path, target: Path, packed: Path) -> float:
    """Seconds to read the input's datasets and to deflate and write the packed rows."""
    start = time.perf_counter()
    for shard in map(open_shard, sorted(source.iterdir())):
        step = -(-shard.rows // 8 // shard.block_rows) * shard.block_rows
        starts = range(0, shard.rows, step)
        for _ in ordered(partial(_read, shard, step), starts, cores()):
            pass
    return time.perf_counter() - start + _written(packed, target, _deflate_all)


def codec(source: Path, target: Path, packed: Path) -> float:
    """Seconds for the same, of inflated chunks not even put together to arrays."""
    start = time.perf_counter()
    for shard in map(open_shard, sorted(source.iterdir())):
        chunks = [(chunks, row) for chunks in shard.maps.values() if chunks for row in range(len(chunks.offsets))]
        for _ in ordered(partial(_inflated, shard), chunks, cores()):
            pass
    return time.perf_counter() - start + _written(packed, target, _deflate_all)


def plain_h5py(source: Path, target: Path, packed: Path) -> float:
    """Seconds for the same with the library alone."""
    start = time.perf_counter()
    for path in sorted(source.iterdir()):
        with h5py.File(path) as file:
            for key in file:
                file[key][:]
    return time.perf_counter() - start + _written(packed, target, _h5py_all)


def _read(shard: Shard, step: int, start: int) -> None:
    shard.read(start, min(start + step, shard.rows))


def _inflated(shard: Shard, chunks: tuple[ChunkMap, int]) -> None:
    with shard.opened() as file:
        chunks[0].decoded(file, chunks[1] * chunks[0].shape[0])


Write = Callable[[Path, int, Iterator[dict[str, Any]]], Iterator[float]]


def _written(packed: Path, target: Path, write: Write) -> float:
    """Seconds that `write` takes for all packed rows; getting them out of the packed files does not count."""
    target.mkdir()
    return sum(sum(write(target / path.name, rows, blocks)) for path, rows, blocks in _packed_blocks(packed))


def _packed_blocks(packed: Path) -> Iterator[tuple[Path, int, Iterator[dict[str, Any]]]]:
    for path in sorted(packed.glob("*.hdf5")):
        shard = open_shard(path)
        step = 32 * shard.block_rows
        blocks = (shard.read(start, min(start + step, shard.rows)) for start in range(0, shard.rows, step))
        yield path, shard.rows, blocks


def _deflate_all(path: Path, rows: int, blocks: Iterator[dict[str, Any]]) -> Iterator[float]:
    file, row = None, 0
    for arrays in blocks:
        start = time.perf_counter()
        file = file or ShardFile(path, rows, {key: Column(a.dtype, a.shape[1]) for key, a in arrays.items()})
        count, height = len(arrays["input_ids"]), file.chunk_rows
        parts = ({key: a[at : at + 4 * height] for key, a in arrays.items()} for at in range(0, count, 4 * height))
        starts = iter(range(row, row + count, 4 * height))
        for encoded in ordered(partial(_encoded, height), zip(parts, starts, strict=True), cores()):
            file.write(encoded)
        row += count
        yield time.perf_counter() - start
    start = time.perf_counter()
    if file is not None:
        file.close()
    yield time.perf_counter() - start


def _encoded(height: int, part: tuple[dict[str, Any], int]) -> EncodedRows:
    return encode(part[0], part[1], height)


def _h5py_all(path: Path, rows: int, blocks: Iterator[dict[str, Any]]) -> Iterator[float]:
    with h5py.File(path, "w") as file:
        row = 0
        for arrays in blocks:
            start = time.perf_counter()
            for key, values in arrays.items():
                if key not in file:
                    shape = (rows, *values.shape[1:])
                    file.create_dataset(key, shape, values.dtype, compression="gzip", compression_opts=4)
                file[key][row : row + len(values)] = values
            row += len(values)
            yield time.perf_counter() - start


def child(way: str, source: str, target: str, packed: str) -> None:
    """One measurement, printed as JSON."""
    before = time.process_time()
    seconds = {
        "packing": lambda: packing(Path(source), Path(target)),
        "floor": lambda: floor(Path(source), Path(target), Path(packed)),
        "codec": lambda: codec(Path(source), Path(target), Path(packed)),
        "h5py": lambda: plain_h5py(Path(source), Path(target), Path(packed)),
    }[way]()
    peak = _peak() / 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "cpu": time.process_time() - before}))


def _peak() -> int:
    """KiB. What getrusage says includes the process that started this one, which made the data."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def _touch_memory() -> None:
    """More than any of the ways needs."""
    block = b"1" * 2**22
    with mmap.mmap(-1, _TOUCHED, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        while memory.tell() < _TOUCHED:
            memory.write(block)


def measured(way: str, source: Path, target: Path, packed: Path) -> dict[str, float]:
    """One measurement in a process of its own."""
    shutil.rmtree(target, ignore_errors=True)
    _touch_memory()
    command = [sys.executable, "-m", "benchmarks.packing", "--child", way, str(source), str(target), str(packed)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    return dict(json.loads(done.stdout))


def compare(sequences: int, length: int, rounds: int, histogram: Path | None) -> None:
    """One line."""
    with tempfile.TemporaryDirectory() as folder:
        source, packed = Path(folder, "in"), Path(folder, "packed")
        make_shards(source, sequences, length, histogram)
        found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            found["packing"].append(measured("packing", source, packed, packed))
            for way in WAYS[1:]:
                found[way].append(measured(way, source, Path(folder, way), packed))
        seconds = {way: [one["seconds"] for one in found[way]] for way in WAYS}
        ratios = {way: _median_ratio(seconds["packing"], seconds[way]) for way in WAYS[1:]}
        took = statistics.median(seconds["packing"])
        size = sum(path.stat().st_size for path in packed.glob("*.hdf5")) / sequences
        print(
            f"{sequences:>10,}{length:>6}{took:>10.2f}{sequences / took:>13,.0f}{ratios['floor']:>10.2f}x"
            f"{ratios['codec']:>10.2f}x{1 / ratios['h5py']:>10.2f}x"
            f"{max(one['peak'] for one in found['packing']):>10.0f}{size:>12.0f}",
            flush=True,
        )


def _median_ratio(ours: list[float], others: list[float]) -> float:
    return statistics.median(our / other for our, other in zip(ours, others, strict=True))


def main() -> None:
    """All sizes and lengths that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--length", type=int, nargs="+", default=[512, 128])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--histogram", type=Path, help="JSON with counts_by_length_1_based, for the first --length")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(*args.child)
        return
    print(
        f"{'sequences':>10}{'row':>6}{'seconds':>10}{'sequences/s':>13}{'of floor':>11}{'of codec':>11}"
        f"{'h5py takes':>11}{'peak MiB':>10}{'bytes each':>12}"
    )
    for sequences in args.sequences:
        for length in args.length:
            compare(sequences, length, args.rounds, args.histogram)


if __name__ == "__main__":
    main()
