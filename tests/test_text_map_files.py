"""The text map that travels with the package: whole, and right about the words people write."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.core.globs import selected
from migrator.core.layers import TextsLayer
from migrator.core.live_text import live_lines
from migrator.errors import UsageError
from migrator.text_map_files import load_text_map, read_text_map

ENTRY = """\
[[text]]
name = "smi"
patterns = ['nvidia-smi']
class = "manual"
reason = "why"
advice = "what"
source = "https://docs.example.org/"
"""


def found(path: str, line: str) -> list[tuple[str, str]]:
    """Each use in one line of a file, with the entry that knows it."""
    known = load_text_map().for_file(path)
    return [(entry.name, use) for live in live_lines(path, line.encode()) for use, entry in known.uses(live.text)]


@pytest.mark.parametrize(
    ("path", "line", "names"),
    [
        ("run.sh", "gpus=$(nvidia-smi -L | wc -l)", ["nvidia-smi"]),
        ("run.sh", "export CUDA_VISIBLE_DEVICES=0,1", ["visible-devices"]),
        ("run.sh", "CUDA_LAUNCH_BLOCKING=1 PYTORCH_CUDA_ALLOC_CONF=x python a.py", ["cuda-variables"] * 2),
        ("run.sh", "mpirun -x NCCL_DEBUG=INFO -x TORCH_NCCL_ASYNC_ERROR_HANDLING", ["nccl-variables"] * 2),
        ("run.sh", "nsys profile -o x python a.py", ["nvidia-profilers"]),
        ("run.sh", "nvprof --print-gpu-trace python a.py", ["nvidia-profilers"]),
        ("run.sh", "dcgmi dmon -e 1002", ["nvidia-driver-tools"]),
        ("run.sh", "nvidia-docker run -it image", ["nvidia-docker"]),
        (
            "run.sh",
            "docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=0 x",
            ["nvidia-runtime", "nvidia-container-variables"],
        ),
        ("run.sh", "docker run --gpus all nvcr.io/nvidia/pytorch:20.06-py3", ["docker-gpus", "nvidia-image"]),
        ("run.sh", "srun --gpus-per-node=8 python a.py", ["slurm-gpus"]),
        ("run.sub", "#SBATCH --gres=gpu:8", ["slurm-gpus"]),
        ("run.sh", "python a.py --device cuda:0 --dist-backend nccl", ["device-option", "backend-option"]),
        ("run.sh", 'python a.py --device="cuda" --backend=nccl', ["device-option", "backend-option"]),
        ("run.sh", 'pip install -v --global-option="--cuda_ext" ./apex', ["apex-build"]),
        ("run.sh", "git clone https://github.com/NVIDIA/apex", ["apex-build"]),
        ("run.sh", "python -c 'from apex import amp'", ["apex-import"]),
        ("run.sh", "conda install pytorch cudatoolkit=10.1", ["cuda-toolkit"]),
        ("run.sh", "pip install torch --index-url https://download.pytorch.org/whl/cu118", ["cuda-torch"]),
        ("Dockerfile", "FROM nvidia/cuda:11.8.0-devel-ubuntu22.04", ["nvidia-image"]),
        ("Dockerfile", "FROM nvcr.io/nvidia/tritonserver:20.06-v1-py3 as trt", ["triton-server"]),
        ("requirements.txt", "cupy-cuda110==8.0", ["gpu-packages"]),
        ("requirements.txt", "nvidia-dali-cuda100", ["gpu-packages"]),
        ("requirements.txt", "onnxruntime-gpu>=1.4", ["gpu-packages"]),
        ("requirements.txt", "torch==2.1.0+cu118", ["cuda-torch"]),
        ("requirements.txt", "apex", ["apex-requirement"]),
        ("requirements.txt", "git+https://github.com/NVIDIA/apex.git", ["apex-build"]),
        ("compose.yaml", "    runtime: nvidia", ["nvidia-runtime"]),
        ("pod.yaml", "  nvidia.com/gpu: 8", ["kubernetes-gpu"]),
        ("README.md", "Run `nvidia-docker run image`.", ["nvidia-docker"]),
    ],
)
def test_what_people_write(path: str, line: str, names: list[str]) -> None:
    assert selected(path, TextsLayer.files)
    assert [name for name, _ in found(path, line)] == names


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("run.sh", "python3 -m torch.distributed.launch --nproc_per_node=$num_gpus run.py --fp16"),
        ("run.sh", "num_gpus=8; echo gpus cuda CUDA nccl apex >> $LOG"),
        ("run.sh", "export HABANA_VISIBLE_MODULES=0,1 HCCL_SOCKET_IFNAME=eth0"),
        ("run.sh", "hl-smi -Q module_id -f csv,noheader"),
        ("run.sh", "# nvidia-smi, CUDA_VISIBLE_DEVICES and NCCL_DEBUG"),
        ("run.sh", "python a.py --no_cuda --backend hccl --device cpu --use_cuda false"),
        (
            "Dockerfile",
            "FROM vault.habana.ai/gaudi-docker/1.24.0/ubuntu24.04/habanalabs/pytorch-installer-2.10.0:latest",
        ),
        ("requirements.txt", "onnxruntime\nnumpy\ntritonclient\nh5py"),
        ("README.md", "Install [NVIDIA Docker](https://github.com/NVIDIA/nvidia-docker) and look at nvidia-smi."),
    ],
)
def test_what_needs_no_gpu(path: str, line: str) -> None:
    assert found(path, line) == []


def test_every_entry_has_a_source_and_no_pattern_stands_twice() -> None:
    entries = load_text_map().entries
    assert [e.name for e in entries if not e.source.startswith("https://")] == []
    patterns = [pattern for entry in entries for pattern in entry.patterns if len(entry.files) == 1]
    assert len(patterns) == len(set(patterns))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('class = "manual"', 'class = "match"', "text[0].class must be manual or unsupported"),
        ('class = "manual"\n', "", "text[0].class is missing"),
        ('advice = "what"\n', "", "text[0].advice is missing"),
        ('source = "https://docs.example.org/"\n', "", "text[0].source is missing"),
        ("['nvidia-smi']", "[]", "text[0].patterns is missing or empty"),
        ("['nvidia-smi']", "['nvidia-(smi']", "which is no regular expression"),
        ("['nvidia-smi']", "['(smi)?']", "which matches nothing at all"),
        ("name =", "title =", "text[0].name is missing"),
        ('class = "manual"', 'class = "manual"\nto = "hl-smi"', "text[0].to is not a known key"),
        ("[[text]]", "[[texts]]", "texts is not a known key"),
    ],
)
def test_a_malformed_entry(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "x.toml").write_text(ENTRY.replace(old, new))
    with pytest.raises(UsageError) as caught:
        read_text_map(tmp_path)
    assert said in caught.value.message


def test_a_source_for_a_whole_file(tmp_path: Path) -> None:
    row = ENTRY.replace('source = "https://docs.example.org/"\n', "")
    (tmp_path / "x.toml").write_text(f'source = "https://docs.example.org/all"\n{row}')
    (entry,) = read_text_map(tmp_path).entries
    assert (entry.source, entry.files) == ("https://docs.example.org/all", ("**",))


def test_a_name_in_two_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(ENTRY)
    (tmp_path / "y.toml").write_text(ENTRY)
    with pytest.raises(UsageError, match="'smi' twice"):
        read_text_map(tmp_path)


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no text map"):
        read_text_map(tmp_path)
