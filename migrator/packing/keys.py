"""The datasets of a shard: names, shapes and types.

Unpacked is the format of NVIDIA's create_pretraining_data.py (DeepLearningExamples, PyTorch/LanguageModeling/BERT);
packed is what trainers for Gaudi read. N rows of S tokens, P masked tokens a row at most, K sequences a row at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

TOKEN_KEYS = ("input_ids", "input_mask", "segment_ids")  # [N, S]
MASKED_KEYS = ("masked_lm_positions", "masked_lm_ids")  # [N, P]; position 0, [CLS], means: no more of them
LABEL_KEY = "next_sentence_labels"  # [N]; packed [N, K]
UNPACKED_KEYS = (*TOKEN_KEYS, *MASKED_KEYS, LABEL_KEY)
PACKED_ONLY_KEYS = ("positions", "next_sentence_positions", "next_sentence_weights")  # [N, S], [N, K], [N, K]
PACKED_KEYS = (*UNPACKED_KEYS, *PACKED_ONLY_KEYS)

# What NVIDIA's script writes; trainers turn all of them into int64.
UNPACKED_DTYPES: Mapping[str, np.dtype[Any]] = {
    "input_ids": np.dtype("<i4"),
    "input_mask": np.dtype("i1"),
    "segment_ids": np.dtype("i1"),
    "masked_lm_positions": np.dtype("<i4"),
    "masked_lm_ids": np.dtype("<i4"),
    LABEL_KEY: np.dtype("i1"),
}


def is_packed(keys: Mapping[str, object] | set[str]) -> bool:
    """Whether a shard with these datasets holds packed rows, whole or not."""
    return any(key in keys for key in PACKED_ONLY_KEYS)


def packed_dtypes(row_length: int, per_row: int) -> Mapping[str, np.dtype[Any]]:
    """The types of packed datasets: positions as wide as a row needs, ids as upstream has them."""
    place = np.dtype("<i2") if row_length <= np.iinfo(np.int16).max else np.dtype("<i4")
    number = np.dtype("i1") if per_row <= np.iinfo(np.int8).max else np.dtype("<i2")
    return {
        "input_ids": np.dtype("<i4"),
        "input_mask": number,
        "segment_ids": np.dtype("i1"),
        "positions": place,
        "masked_lm_positions": place,
        "masked_lm_ids": np.dtype("<i4"),
        "next_sentence_positions": place,
        "next_sentence_labels": np.dtype("i1"),
        "next_sentence_weights": np.dtype("i1"),
    }
