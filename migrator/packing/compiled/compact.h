/* Padded rows, checked and turned into words. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

typedef ssize_t Size;

enum { SOUND = 0, FAULT = 1, WIDE = 2 };

typedef struct {
    const int32_t *ids;
    const int8_t *mask, *segments;
    const int32_t *positions, *masked_ids;
    Size rows, row_length, masked_width, longest, most_masked;
    int id_bits, word_bytes;
} Padded;

typedef struct {
    uint16_t *lengths, *counts;
    void *words, *masked_words;
    Size tokens, masked_tokens;
} Compact;

/* One of the outcomes above; the sequences are in `out` where it is SOUND. */
int compact_rows(const Padded *in, Compact *out);
