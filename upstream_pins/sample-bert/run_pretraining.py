"""BERT pre-training on one or more NVIDIA GPUs: masked language model and next sentence prediction.

One process drives one GPU. Several are started with scripts/run_pretraining.sh or torchrun.
"""

import argparse
import contextlib
import glob
import json
import logging
import os
import random
import re
import time

import numpy as np
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel as DDP

import dist_utils
from data import IGNORE_INDEX, CudaPrefetcher, ShardedPretrainingData
from dist_utils import format_step, is_main_process
from modeling import BertConfig, BertForPreTraining, BertPretrainingCriterion
from optimization import build_optimizer, build_schedule

try:
    from apex import amp
    from apex.parallel import DistributedDataParallel as ApexDDP

    APEX_AVAILABLE = True
except ImportError:
    APEX_AVAILABLE = False

logger = logging.getLogger("run_pretraining")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input_dir", required=True, help="folder with *.hdf5 shards")
    parser.add_argument("--output_dir", required=True, help="folder for checkpoints")
    parser.add_argument("--config_file", required=True, help="model configuration (JSON)")
    parser.add_argument("--train_batch_size", type=int, default=32,
                        help="samples in one update on each GPU, over all accumulation steps")
    parser.add_argument("--max_seq_length", type=int, default=128, help="longer rows are cut")
    parser.add_argument("--max_predictions_per_seq", type=int, default=20, help="masked tokens in a row, at most")
    parser.add_argument("--max_steps", type=int, default=1000, help="updates in total, over all runs")
    parser.add_argument("--learning_rate", type=float, default=1e-4)
    parser.add_argument("--warmup_proportion", type=float, default=0.1, help="part of max_steps spent on warmup")
    parser.add_argument("--weight_decay", type=float, default=0.01)
    parser.add_argument("--max_grad_norm", type=float, default=1.0)
    parser.add_argument("--gradient_accumulation_steps", type=int, default=1)
    parser.add_argument("--allreduce_post_accumulation", action="store_true",
                        help="exchange gradients once in an update, not after every accumulation step")
    parser.add_argument("--checkpoint_activations", action="store_true",
                        help="save GPU memory: compute activations again in the backward pass")
    parser.add_argument("--optimizer", choices=["lamb", "adamw"], default="lamb")
    parser.add_argument("--fp16", action="store_true", help="mixed precision with apex (O2); --amp without apex")
    parser.add_argument("--amp", action="store_true", help="mixed precision with torch.cuda.amp")
    parser.add_argument("--loss_scale", type=float, default=0.0, help="fixed with apex, initial with --amp; 0: dynamic")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--local_rank", "--local-rank", type=int, default=int(os.environ.get("LOCAL_RANK", -1)),
                        help="set by torch.distributed.launch; -1 means a single process")
    parser.add_argument("--no_cuda", action="store_true", help="train on the CPU even when CUDA is available")
    parser.add_argument("--num_workers", type=int, default=2, help="data loader processes on each GPU")
    parser.add_argument("--log_freq", type=int, default=10, help="updates between two log lines")
    parser.add_argument("--num_steps_per_checkpoint", type=int, default=200)
    parser.add_argument("--resume_from_checkpoint", action="store_true",
                        help="go on from the newest checkpoint in --output_dir")
    parser.add_argument("--json-summary", help="also write every log line to this file, as JSON")
    args = parser.parse_args()
    if args.train_batch_size % args.gradient_accumulation_steps != 0:
        parser.error("--train_batch_size must be a multiple of --gradient_accumulation_steps")
    if args.fp16 and args.amp:
        parser.error("--fp16 (apex) and --amp (native) exclude each other")
    return args


def setup_device(args):
    """Pick this process's device, join the process group and settle which mixed precision is used."""
    args.use_cuda = torch.cuda.is_available() and not args.no_cuda
    if args.local_rank == -1:
        device = torch.device("cuda" if args.use_cuda else "cpu")
    elif args.use_cuda:
        if args.local_rank >= torch.cuda.device_count():
            raise ValueError("local rank {} but only {} GPUs".format(args.local_rank, torch.cuda.device_count()))
        torch.cuda.set_device(args.local_rank)
        device = torch.device("cuda", args.local_rank)
        dist.init_process_group(backend="nccl", init_method="env://")
    else:
        device = torch.device("cpu")
        dist.init_process_group(backend="gloo", init_method="env://")

    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(message)s",
        level=logging.INFO if is_main_process() else logging.WARNING,
    )
    if args.use_cuda:
        # The shapes never change, so let cuDNN search for the fastest kernels once.
        torch.backends.cudnn.benchmark = True
        cuda_visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
        logger.info("device %s (%s), CUDA_VISIBLE_DEVICES=%s", device, torch.cuda.get_device_name(device), cuda_visible)
    else:
        if not args.no_cuda:
            logger.warning("CUDA is not available, training on the CPU")
        if args.fp16 or args.amp:
            logger.warning("mixed precision needs CUDA, training in FP32")
        args.fp16 = args.amp = False
    if args.fp16 and not APEX_AVAILABLE:
        logger.warning("apex is not installed, --fp16 uses torch.cuda.amp")
        args.fp16, args.amp = False, True
    return device


def set_seed(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)


def prepare_model_and_optimizer(args, device):
    config = BertConfig.from_json_file(args.config_file)
    if args.max_seq_length > config.max_position_embeddings:
        raise ValueError("--max_seq_length {} is more than the model's {} positions".format(
            args.max_seq_length, config.max_position_embeddings))
    model = BertForPreTraining(config, checkpoint_activations=args.checkpoint_activations).to(device)
    criterion = BertPretrainingCriterion(config.vocab_size).to(device)
    optimizer = build_optimizer(args, model)
    scaler = torch.cuda.amp.GradScaler(init_scale=args.loss_scale or 2.0 ** 16, enabled=args.amp)
    if args.fp16:
        loss_scale = args.loss_scale or "dynamic"
        model, optimizer = amp.initialize(model, optimizer, opt_level="O2", loss_scale=loss_scale)
    if args.local_rank != -1:
        if args.fp16:
            model = ApexDDP(model)
        elif args.use_cuda:
            model = DDP(model, device_ids=[args.local_rank], output_device=args.local_rank)
        else:
            model = DDP(model)
    return model, criterion, optimizer, scaler


def unwrap(model):
    return model.module if hasattr(model, "module") else model


def save_checkpoint(args, progress, model, optimizer, scaler):
    """Rank 0 writes everything that is needed to go on as if there had been no interruption."""
    rng = {"cpu": torch.get_rng_state()}
    if args.use_cuda:
        rng["cuda"] = torch.cuda.get_rng_state()
    rng_of_ranks = dist_utils.all_gather(rng)
    if is_main_process():
        checkpoint = {
            "model": unwrap(model).state_dict(),
            "optimizer": optimizer.state_dict(),
            "step": progress["step"],
            "epoch": progress["epoch"],
            "batch": progress["batch"],
            "rng": rng_of_ranks,
        }
        if args.fp16:
            checkpoint["amp"] = amp.state_dict()
        elif args.amp:
            checkpoint["scaler"] = scaler.state_dict()
        path = os.path.join(args.output_dir, "ckpt_{}.pt".format(progress["step"]))
        torch.save(checkpoint, path + ".tmp")
        os.replace(path + ".tmp", path)  # a run that is killed while saving leaves no broken checkpoint
        logger.info("saved %s", path)
    dist_utils.barrier()


def find_last_checkpoint(output_dir):
    def step_of(path):
        return int(re.search(r"ckpt_(\d+)\.pt$", path).group(1))

    return max(glob.glob(os.path.join(output_dir, "ckpt_[0-9]*.pt")), key=step_of, default=None)


def load_checkpoint(args, model, optimizer, schedule, scaler):
    """Restore the newest checkpoint, if there is one, and return how far the training has got."""
    progress = {"step": 0, "epoch": 0, "batch": 0}
    path = find_last_checkpoint(args.output_dir) if args.resume_from_checkpoint else None
    if path is None:
        return progress
    if args.use_cuda:
        # Straight to this rank's GPU: all ranks would meet on GPU 0 otherwise.
        checkpoint = torch.load(path, map_location="cuda:{}".format(max(args.local_rank, 0)))
    else:
        checkpoint = torch.load(path, map_location="cpu")
    unwrap(model).load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    if args.fp16 and "amp" in checkpoint:
        amp.load_state_dict(checkpoint["amp"])
    elif args.amp and "scaler" in checkpoint:
        scaler.load_state_dict(checkpoint["scaler"])
    schedule.last_step = checkpoint["step"]
    if len(checkpoint["rng"]) == dist_utils.get_world_size():
        rng = checkpoint["rng"][dist_utils.get_rank()]
        torch.set_rng_state(rng["cpu"].cpu())  # map_location moved it as well
        if args.use_cuda and "cuda" in rng:
            torch.cuda.set_rng_state(rng["cuda"].cpu())
    else:
        logger.warning("another number of processes: dropout starts from a new seed")
    progress = {key: checkpoint[key] for key in progress}
    logger.info("resumed from %s", path)
    del checkpoint
    if args.use_cuda:
        torch.cuda.empty_cache()  # the copies that were loaded are not needed any more
    return progress


def forward(args, model, criterion, batch):
    with torch.cuda.amp.autocast(enabled=args.amp):
        prediction_scores, seq_relationship_score = model(
            batch["input_ids"], batch["segment_ids"], batch["input_mask"], batch["masked_lm_positions"])
        loss = criterion(
            prediction_scores, seq_relationship_score, batch["masked_lm_labels"], batch["next_sentence_labels"])
    return loss, prediction_scores


def backward(args, loss, optimizer, scaler, last_micro_step):
    loss = loss / args.gradient_accumulation_steps
    if args.fp16:
        with amp.scale_loss(loss, optimizer, delay_unscale=not last_micro_step) as scaled_loss:
            scaled_loss.backward()
    elif args.amp:
        scaler.scale(loss).backward()
    else:
        loss.backward()


def take_optimizer_step(args, model, optimizer, schedule, scaler):
    schedule.step()
    if args.fp16:
        torch.nn.utils.clip_grad_norm_(amp.master_params(optimizer), args.max_grad_norm)
        optimizer.step()
    elif args.amp:
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), args.max_grad_norm)
        scaler.step(optimizer)
        scaler.update()
    else:
        torch.nn.utils.clip_grad_norm_(model.parameters(), args.max_grad_norm)
        optimizer.step()
    optimizer.zero_grad()


def gradient_sync(args, model, last_micro_step):
    """A context without the all-reduce of DDP, where it is not due yet. ApexDDP has no such context."""
    if last_micro_step or not args.allreduce_post_accumulation or not hasattr(model, "no_sync"):
        return contextlib.nullcontext()
    return model.no_sync()


def masked_lm_accuracy(prediction_scores, labels):
    is_masked = labels != IGNORE_INDEX
    predictions = prediction_scores.argmax(dim=-1)
    return (predictions[is_masked] == labels[is_masked]).float().mean().item()


class TrainingLog:
    """Averages losses between two log lines and measures the throughput."""

    def __init__(self, args):
        self.args = args
        self.restart()

    def restart(self):
        if self.args.use_cuda:
            torch.cuda.synchronize()  # kernels are asynchronous, the clock must not start before they are done
        self.start = time.time()
        self.losses = []
        self.sequences = 0

    def add(self, loss, sequences):
        self.losses.append(loss)
        self.sequences += sequences * dist_utils.get_world_size()

    def write(self, progress, schedule, accuracy):
        if self.args.use_cuda:
            torch.cuda.synchronize()
        elapsed = time.time() - self.start
        line = {
            "epoch": progress["epoch"],
            "step": progress["step"],
            "loss": dist_utils.reduce_mean(sum(self.losses) / len(self.losses)),
            "masked_lm_accuracy": accuracy,
            "learning_rate": schedule.get_last_lr()[0],
            "sequences_per_second": self.sequences / elapsed,
            "max_memory_mb": torch.cuda.max_memory_allocated() / 2 ** 20 if self.args.use_cuda else 0.0,
        }
        logger.info(
            "%s | loss %.4f | accuracy %.3f | lr %.3e | %.1f sequences/s | %.0f MB",
            format_step(line["epoch"], line["step"], self.args.max_steps), line["loss"], accuracy,
            line["learning_rate"], line["sequences_per_second"], line["max_memory_mb"],
        )
        if self.args.json_summary and is_main_process():
            with open(self.args.json_summary, "a", encoding="utf-8") as f:
                f.write(json.dumps(line) + "\n")
        self.restart()


def move_to_device(batches, device):
    for batch in batches:
        yield {name: t.to(device) for name, t in batch.items()}


def train(args, device, data, model, criterion, optimizer, schedule, scaler, progress):
    log = TrainingLog(args)
    model.train()
    optimizer.zero_grad()
    micro_step = 0
    while progress["step"] < args.max_steps:
        batches = data.epoch(progress["epoch"], skip=progress["batch"])
        batches = CudaPrefetcher(batches) if args.use_cuda else move_to_device(batches, device)
        for batch in batches:
            micro_step += 1
            progress["batch"] += 1
            last_micro_step = micro_step % args.gradient_accumulation_steps == 0
            with gradient_sync(args, model, last_micro_step):
                loss, prediction_scores = forward(args, model, criterion, batch)
                backward(args, loss, optimizer, scaler, last_micro_step)
            log.add(loss.item(), len(batch["input_ids"]))
            if not last_micro_step:
                continue

            take_optimizer_step(args, model, optimizer, schedule, scaler)
            progress["step"] += 1
            done = progress["step"] >= args.max_steps
            if progress["step"] % args.log_freq == 0 or done:
                log.write(progress, schedule, masked_lm_accuracy(prediction_scores, batch["masked_lm_labels"]))
            if progress["step"] % args.num_steps_per_checkpoint == 0 or done:
                save_checkpoint(args, progress, model, optimizer, scaler)
            if done:
                return
        progress["epoch"] += 1
        progress["batch"] = 0


def main():
    args = parse_arguments()
    device = setup_device(args)
    set_seed(args.seed + dist_utils.get_rank())
    if is_main_process():
        os.makedirs(args.output_dir, exist_ok=True)
    dist_utils.barrier()

    micro_batch_size = args.train_batch_size // args.gradient_accumulation_steps
    data = ShardedPretrainingData(args, micro_batch_size, dist_utils.get_rank(), dist_utils.get_world_size())
    model, criterion, optimizer, scaler = prepare_model_and_optimizer(args, device)
    schedule = build_schedule(args, optimizer)
    progress = load_checkpoint(args, model, optimizer, schedule, scaler)
    if progress["step"] >= args.max_steps:
        logger.info("nothing to do: step %d of %d", progress["step"], args.max_steps)
    train(args, device, data, model, criterion, optimizer, schedule, scaler, progress)

    if args.use_cuda:
        where = f"cuda:{max(args.local_rank, 0)}"
        peak = torch.cuda.max_memory_allocated(torch.device(where))
        logger.info("peak memory on %s: %.0f MB", where, peak / 2 ** 20)
    if dist_utils.is_distributed():
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
