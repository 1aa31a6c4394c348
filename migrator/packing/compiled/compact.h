/* Padded rows, checked and turned into words. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

typedef ssize_t Size;

enum { SOUND = 0, FAULT = 1, WIDE = 2 };

/* Some rows and columns of a dataset: `rows` rows of a table of `width` columns, after `skip` others, which belong at
   `row` and `column`; columns of the table past the dataset's last one count for nothing. */
typedef struct {
    const void *data;
    Size width, skip, rows, row, column;
} Tile;

typedef struct {
    const Tile *tiles;
    Size count, width; /* of the dataset */
} Tiles;

typedef struct {
    Tiles ids, mask, segments, positions, masked_ids; /* tiles of a row in the order of their columns */
    Size rows, longest, most_masked;
    int id_bits, word_bytes;
} Padded;

typedef struct {
    uint16_t *lengths, *counts; /* 0 at first */
    Size *starts, *masked_starts; /* of each row's words */
    void *words, *masked_words;
    Size tokens, masked_tokens;
} Compact;

/* One of the outcomes above; the sequences are in `out` where it is SOUND. */
int compact_rows(const Padded *in, Compact *out);
