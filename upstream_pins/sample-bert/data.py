"""Reads pre-training shards and brings batches to the GPU.

A shard is an HDF5 file with six integer arrays. N is the number of samples, S the sequence length and P the
largest number of masked tokens in a sequence:

    input_ids              [N, S]   token ids, [CLS] A [SEP] B [SEP] and padding
    input_mask             [N, S]   1 for a token, 0 for padding
    segment_ids            [N, S]   0 for sentence A, 1 for sentence B
    masked_lm_positions    [N, P]   where tokens were masked; 0 where there are fewer than P
    masked_lm_ids          [N, P]   the tokens that were there before
    next_sentence_labels   [N]      1 if B does not follow A in the corpus
"""

import glob
import os

import h5py
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

IGNORE_INDEX = -1


class PretrainingShard(Dataset):
    """All samples of one HDF5 file, held in memory."""

    def __init__(self, path, max_seq_length, max_predictions_per_seq):
        with h5py.File(path, "r") as f:
            self.input_ids = f["input_ids"][:, :max_seq_length]
            self.input_mask = f["input_mask"][:, :max_seq_length]
            self.segment_ids = f["segment_ids"][:, :max_seq_length]
            self.masked_lm_positions = f["masked_lm_positions"][:, :max_predictions_per_seq]
            self.masked_lm_ids = f["masked_lm_ids"][:, :max_predictions_per_seq]
            self.next_sentence_labels = f["next_sentence_labels"][:]

    def __len__(self):
        return len(self.input_ids)

    def __getitem__(self, index):
        positions = self.masked_lm_positions[index].astype(np.int64)
        # Position 0 is [CLS], which is never masked, so a zero there means "no more masked tokens".
        labels = np.where(positions != 0, self.masked_lm_ids[index], IGNORE_INDEX).astype(np.int64)
        return {
            "input_ids": torch.from_numpy(self.input_ids[index].astype(np.int64)),
            "input_mask": torch.from_numpy(self.input_mask[index].astype(np.int64)),
            "segment_ids": torch.from_numpy(self.segment_ids[index].astype(np.int64)),
            "masked_lm_positions": torch.from_numpy(positions),
            "masked_lm_labels": torch.from_numpy(labels),
            "next_sentence_labels": torch.tensor(int(self.next_sentence_labels[index])),
        }


class ShardSampler(Sampler):
    """This rank's share of a shard in shuffled order. All ranks get equally many samples."""

    def __init__(self, num_samples, rank, world_size, seed, skip=0):
        generator = torch.Generator()
        generator.manual_seed(seed)
        order = torch.randperm(num_samples, generator=generator).tolist()
        usable = num_samples - num_samples % world_size
        self.indices = order[rank:usable:world_size][skip:]

    def __iter__(self):
        return iter(self.indices)

    def __len__(self):
        return len(self.indices)


class ShardedPretrainingData:
    """Iterates over the shards of a folder; the order depends on the seed and the epoch only."""

    def __init__(self, args, batch_size, rank=0, world_size=1):
        self.files = sorted(glob.glob(os.path.join(args.input_dir, "*.hdf5")))
        if not self.files:
            raise FileNotFoundError("no *.hdf5 files in {}".format(args.input_dir))
        self.args = args
        self.batch_size = batch_size
        self.rank = rank
        self.world_size = world_size
        if self.batches_per_epoch() == 0:
            raise ValueError("no shard is large enough for one batch of {} on each rank".format(batch_size))

    def batches_in_shard(self, path):
        with h5py.File(path, "r") as f:
            return len(f["input_ids"]) // self.world_size // self.batch_size

    def batches_per_epoch(self):
        return sum(self.batches_in_shard(path) for path in self.files)

    def epoch(self, epoch, skip=0):
        """Yield the batches of an epoch, without the first `skip` ones (used when a run is resumed)."""
        generator = torch.Generator()
        generator.manual_seed(self.args.seed + epoch)
        for shard in torch.randperm(len(self.files), generator=generator).tolist():
            batches = self.batches_in_shard(self.files[shard])
            if skip < batches:
                for batch in self.create_dataloader(shard, epoch, skip):
                    yield batch
            skip = max(0, skip - batches)

    def create_dataloader(self, shard, epoch, skip):
        dataset = PretrainingShard(self.files[shard], self.args.max_seq_length, self.args.max_predictions_per_seq)
        shard_seed = self.args.seed + epoch * len(self.files) + shard
        sampler = ShardSampler(len(dataset), self.rank, self.world_size, shard_seed, skip * self.batch_size)
        # The loader gets a generator of its own, so that opening a shard leaves the dropout masks alone.
        generator = torch.Generator()
        generator.manual_seed(shard_seed)
        return DataLoader(
            dataset,
            sampler=sampler,
            batch_size=self.batch_size,
            num_workers=self.args.num_workers,
            pin_memory=True,  # page-locked memory, so that copies to the GPU can be asynchronous
            drop_last=True,
            generator=generator,
        )


class CudaPrefetcher:
    """Copies the next batch to the GPU on a side stream while the current one is being computed.

    See https://pytorch.org/docs/stable/notes/cuda.html#cuda-streams for why `record_stream` is needed.
    """

    def __init__(self, batches):
        self.batches = iter(batches)
        self.stream = torch.cuda.Stream()
        self.preload()

    def preload(self):
        self.next_batch = next(self.batches, None)
        if self.next_batch is None:
            return
        with torch.cuda.stream(self.stream):
            self.next_batch = {name: t.cuda(non_blocking=True) for name, t in self.next_batch.items()}

    def __iter__(self):
        return self

    def __next__(self):
        torch.cuda.current_stream().wait_stream(self.stream)
        batch = self.next_batch
        if batch is None:
            raise StopIteration
        for t in batch.values():
            # The memory was allocated on the side stream; without this it could be reused too early.
            t.record_stream(torch.cuda.current_stream())
        self.preload()
        return batch
