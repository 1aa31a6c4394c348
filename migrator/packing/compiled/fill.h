/* Packed rows out of sequences, as planes: the first bytes of all numbers of a dataset, then all second bytes, and so on. */
#pragma once
#include "compact.h"

typedef struct {
    const void *words, *masked_words;
    Size words_held, masked_held, rows, height, row_length, masked_width, per_row;
    int id_bits, word_bytes, number_bytes;
    const int64_t *sizes, *lengths, *counts, *starts, *masked_starts; /* sizes: sequences of each row */
    const int8_t *labels;
    Size sequences;
} Drawn;

typedef struct {
    uint8_t *ids, *numbers, *segments, *positions, *masked_positions, *masked_ids, *firsts, *labels, *weights;
} Planes;

/* 0 where sequences do not fit into their rows or lie outside of what is held. */
int fill_rows(const Drawn *in, Planes *out);
