"""Writes small HDF5 shards that look like pre-training data, for smoke tests and benchmarks.

The text is made up but can be learned. The vocabulary is cut into topics of 16 words each, and within a topic
every word has one successor, so a masked word follows from its neighbours. Sentence B goes on where A stops, or
comes from another topic; that is what the next sentence label says. A few topics are much more frequent than the
others (Zipf's law), which is learned first. Lengths vary, as they do in real data.
"""

import argparse
import os

import h5py
import numpy as np

PAD, CLS, SEP, MASK = 0, 1, 2, 3
FIRST_WORD = 4
WORDS_PER_TOPIC = 16


def parse_args():
    parser = argparse.ArgumentParser(description="Write synthetic BERT pre-training shards (no GPU, no CUDA needed)")
    parser.add_argument("--output_dir", required=True, help="folder for the shards, made if needed")
    parser.add_argument("--shards", type=int, default=4, help="number of files")
    parser.add_argument("--samples", type=int, default=512, help="samples in each file")
    parser.add_argument("--seq_len", type=int, default=128, help="tokens in a row, padding included")
    parser.add_argument("--max_pred", type=int, default=20, help="largest number of masked tokens in a sample")
    parser.add_argument("--vocab", type=int, default=1024, help="size of the vocabulary")
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()
    if args.seq_len < 8:
        parser.error("--seq_len must be at least 8")
    if args.vocab < FIRST_WORD + 2 * WORDS_PER_TOPIC:
        parser.error("--vocab must be at least {}".format(FIRST_WORD + 2 * WORDS_PER_TOPIC))
    return args


def walk(topic, start, length):
    """`length` words of a topic, each followed by its successor."""
    return FIRST_WORD + topic * WORDS_PER_TOPIC + (start + np.arange(length)) % WORDS_PER_TOPIC


def topic_frequencies(topics):
    weights = 1.0 / np.arange(1, topics + 1) ** 2
    return weights / weights.sum()


def make_sentences(rng, length, frequencies):
    """Two sentences with `length` words in total, and the label."""
    topics = len(frequencies)
    length_a = int(rng.integers(1, length))
    topic, start = int(rng.choice(topics, p=frequencies)), int(rng.integers(WORDS_PER_TOPIC))
    is_random_next = int(rng.random() < 0.5)
    sentence_a = walk(topic, start, length_a)
    if is_random_next:
        other = (topic + int(rng.choice(topics - 1, p=topic_frequencies(topics - 1))) + 1) % topics
        sentence_b = walk(other, int(rng.integers(WORDS_PER_TOPIC)), length - length_a)
    else:
        sentence_b = walk(topic, start + length_a, length - length_a)
    return sentence_a, sentence_b, is_random_next


def mask_tokens(rng, tokens, args):
    """Mask 15 % of the words in place: 80 % [MASK], 10 % a random word, 10 % unchanged."""
    candidates = np.flatnonzero(tokens >= FIRST_WORD)
    count = min(args.max_pred, max(1, round(0.15 * len(tokens))), len(candidates))
    positions = np.sort(rng.choice(candidates, size=count, replace=False))
    labels = tokens[positions].copy()
    dice = rng.random(count)
    tokens[positions[dice < 0.8]] = MASK
    replaced = positions[dice >= 0.9]
    tokens[replaced] = rng.integers(FIRST_WORD, args.vocab, size=len(replaced))
    return positions, labels


def make_shard(rng, args):
    n, s, p = args.samples, args.seq_len, args.max_pred
    shard = {
        "input_ids": np.full((n, s), PAD, dtype=np.int32),
        "input_mask": np.zeros((n, s), dtype=np.int8),
        "segment_ids": np.zeros((n, s), dtype=np.int8),
        "masked_lm_positions": np.zeros((n, p), dtype=np.int32),
        "masked_lm_ids": np.zeros((n, p), dtype=np.int32),
        "next_sentence_labels": np.zeros(n, dtype=np.int8),
    }
    frequencies = topic_frequencies((args.vocab - FIRST_WORD) // WORDS_PER_TOPIC)
    for i in range(n):
        # Mostly short sequences, one in ten fills the row. Three tokens are [CLS] and twice [SEP].
        words = s - 3 if rng.random() < 0.1 else 2 + int((s - 4) * rng.beta(1.5, 2.5))
        a, b, label = make_sentences(rng, words, frequencies)
        tokens = np.concatenate([[CLS], a, [SEP], b, [SEP]])
        positions, labels = mask_tokens(rng, tokens, args)
        shard["input_ids"][i, :len(tokens)] = tokens
        shard["input_mask"][i, :len(tokens)] = 1
        shard["segment_ids"][i, len(a) + 2:len(tokens)] = 1
        shard["masked_lm_positions"][i, :len(positions)] = positions
        shard["masked_lm_ids"][i, :len(positions)] = labels
        shard["next_sentence_labels"][i] = label
    return shard


def main():
    args = parse_args()
    os.makedirs(args.output_dir, exist_ok=True)
    rng = np.random.default_rng(args.seed)
    for index in range(args.shards):
        path = os.path.join(args.output_dir, "part-{:05d}.hdf5".format(index))
        with h5py.File(path, "w") as f:
            for name, array in make_shard(rng, args).items():
                f.create_dataset(name, data=array, compression="gzip")
        print("wrote {} samples to {}".format(args.samples, path))


if __name__ == "__main__":
    main()
