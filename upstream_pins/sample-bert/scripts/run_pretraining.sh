#!/usr/bin/env bash
# Phase 1 pre-training on all GPUs of one machine.
#
#   [NUM_GPUS=8] scripts/run_pretraining.sh DATA_DIR OUTPUT_DIR [further arguments of run_pretraining.py]
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: $0 DATA_DIR OUTPUT_DIR [ARGS...]" >&2
    exit 2
fi

if ! command -v nvidia-smi > /dev/null; then
    echo "nvidia-smi not found: is the NVIDIA driver installed?" >&2
    exit 1
fi

data_dir=$1
output_dir=$2
num_gpus=${NUM_GPUS:-$(nvidia-smi --list-gpus | wc -l)}
shift 2

here=$(cd "$(dirname "$0")/.." && pwd)
nvidia-smi --query-gpu=index,name,memory.total --format=csv

export CUDA_VISIBLE_DEVICES=${CUDA_VISIBLE_DEVICES:-$(seq -s, 0 $((num_gpus - 1)))}
export CUDA_DEVICE_MAX_CONNECTIONS=1
export NCCL_DEBUG=${NCCL_DEBUG:-WARN}
export NCCL_SOCKET_IFNAME=${NCCL_SOCKET_IFNAME:-^docker0,lo}
export NCCL_IB_DISABLE=${NCCL_IB_DISABLE:-0}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-4}

python -m torch.distributed.launch --nproc_per_node="$num_gpus" "$here/run_pretraining.py" \
    --input_dir="$data_dir" \
    --output_dir="$output_dir" \
    --config_file="$here/configs/bert_base.json" \
    --optimizer=lamb \
    --train_batch_size=1024 \
    --gradient_accumulation_steps=16 \
    --allreduce_post_accumulation \
    --max_seq_length=128 \
    --max_predictions_per_seq=20 \
    --max_steps=7038 \
    --warmup_proportion=0.2843 \
    --learning_rate=6e-3 \
    --fp16 \
    --resume_from_checkpoint \
    --json-summary="$output_dir/summary.jsonl" \
    "$@"
