#include "compact.h"

#include <string.h>

typedef struct {
    int32_t ids, behind; /* all numbers of a kind, or-ed: their limits are powers of two */
    int8_t segments;
} Seen;

static Size columns_of(const Tile *tile, Size width)
{
    return tile->width < width - tile->column ? tile->width : width - tile->column;
}

/* How many of `width` numbers from `column` on belong to the first `held` ones of a row. */
static Size held_of(Size held, Size column, Size width)
{
    return held <= column ? 0 : held - column < width ? held - column : width;
}

static Size leading_ones(const int8_t *mask, Size width)
{
    const uint64_t ones = 0x0101010101010101;
    Size length = 0;
    uint64_t eight;
    for (; length + 8 <= width; length += 8) {
        memcpy(&eight, mask + length, 8);
        if (eight != ones)
            break;
    }
    while (length < width && mask[length] == 1)
        length++;
    return length;
}

static int8_t all_bytes(const int8_t *bytes, Size from, Size to)
{
    int8_t all = 0;
    for (Size at = from; at < to; at++)
        all |= bytes[at];
    return all;
}

static int32_t all_numbers(const int32_t *numbers, Size from, Size to)
{
    int32_t all = 0;
    for (Size at = from; at < to; at++)
        all |= numbers[at];
    return all;
}

/* Lengths of sequences; 0 where they have a gap. */
static int measure(const Tiles *mask, uint16_t *lengths, Seen *seen)
{
    for (const Tile *tile = mask->tiles; tile < mask->tiles + mask->count; tile++) {
        const int8_t *from = (const int8_t *)tile->data + tile->skip * tile->width;
        Size width = columns_of(tile, mask->width);
        for (Size row = tile->row; row < tile->row + tile->rows; row++, from += tile->width) {
            Size ones = leading_ones(from, width);
            if (ones && lengths[row] != tile->column)
                return 0;
            lengths[row] += (uint16_t)ones;
            seen->behind |= all_bytes(from, ones, width);
        }
    }
    return 1;
}

/* Masked tokens of sequences; they lie inside of them and follow one another. */
static int measure_masked(const Tiles *positions, const uint16_t *lengths, uint16_t *counts, Seen *seen)
{
    for (const Tile *tile = positions->tiles; tile < positions->tiles + positions->count; tile++) {
        const int32_t *from = (const int32_t *)tile->data + tile->skip * tile->width;
        Size width = columns_of(tile, positions->width);
        for (Size row = tile->row; row < tile->row + tile->rows; row++, from += tile->width) {
            Size places = 0;
            while (places < width && from[places] > 0 && from[places] < lengths[row])
                places++;
            if (places && counts[row] != tile->column)
                return 0;
            counts[row] += (uint16_t)places;
            seen->behind |= all_numbers(from, places, width);
        }
    }
    return 1;
}

static int line_up(const Padded *in, Compact *out)
{
    for (Size row = 0; row < in->rows; row++) {
        if (out->lengths[row] == 0 || out->lengths[row] > in->longest || out->counts[row] > in->most_masked)
            return 0;
        out->starts[row] = out->tokens;
        out->masked_starts[row] = out->masked_tokens;
        out->tokens += out->lengths[row];
        out->masked_tokens += out->counts[row];
    }
    return 1;
}

/* The lowest bits of words. */
static void set_words(void *words, Size at, int bytes, const int32_t *restrict from, Size count, int shift)
{
    if (bytes == 2) {
        uint16_t *restrict to = (uint16_t *)words + at;
        for (Size n = 0; n < count; n++)
            to[n] = (uint16_t)from[n];
    } else if (bytes == 4) {
        uint32_t *restrict to = (uint32_t *)words + at;
        for (Size n = 0; n < count; n++)
            to[n] = (uint32_t)from[n] << shift;
    } else {
        uint64_t *restrict to = (uint64_t *)words + at;
        for (Size n = 0; n < count; n++)
            to[n] = (uint64_t)(uint32_t)from[n] << shift;
    }
}

static void take_numbers(const Tiles *in, const uint16_t *held, const Size *starts, void *words, int bytes, int shift,
                         Seen *seen)
{
    for (const Tile *tile = in->tiles; tile < in->tiles + in->count; tile++) {
        const int32_t *from = (const int32_t *)tile->data + tile->skip * tile->width;
        Size width = columns_of(tile, in->width);
        for (Size row = tile->row; row < tile->row + tile->rows; row++, from += tile->width) {
            Size count = held_of(held[row], tile->column, width);
            set_words(words, starts[row] + tile->column, bytes, from, count, shift);
            seen->ids |= all_numbers(from, 0, count);
            seen->behind |= all_numbers(from, count, width);
        }
    }
}

static void add_segments(const Tiles *in, const Padded *rows, Compact *out, Seen *seen)
{
    for (const Tile *tile = in->tiles; tile < in->tiles + in->count; tile++) {
        const int8_t *restrict from = (const int8_t *)tile->data + tile->skip * tile->width;
        Size width = columns_of(tile, in->width);
        for (Size row = tile->row; row < tile->row + tile->rows; row++, from += tile->width) {
            Size count = held_of(out->lengths[row], tile->column, width), at = out->starts[row] + tile->column;
            uint16_t *restrict narrow = (uint16_t *)out->words + at;
            uint32_t *restrict wide = (uint32_t *)out->words + at;
            for (Size n = 0; rows->word_bytes == 2 && n < count; n++)
                narrow[n] |= (uint16_t)((uint32_t)from[n] << rows->id_bits);
            for (Size n = 0; rows->word_bytes == 4 && n < count; n++)
                wide[n] |= (uint32_t)from[n] << rows->id_bits;
            seen->segments |= all_bytes(from, 0, count);
            seen->behind |= all_bytes(from, count, width);
        }
    }
}

static void add_positions(const Tiles *in, const Padded *rows, Compact *out)
{
    for (const Tile *tile = in->tiles; tile < in->tiles + in->count; tile++) {
        const int32_t *from = (const int32_t *)tile->data + tile->skip * tile->width;
        Size width = columns_of(tile, in->width);
        for (Size row = tile->row; row < tile->row + tile->rows; row++, from += tile->width) {
            Size count = held_of(out->counts[row], tile->column, width), at = out->masked_starts[row] + tile->column;
            for (Size n = 0; rows->word_bytes == 2 && n < count; n++)
                ((uint32_t *)out->masked_words)[at + n] |= (uint32_t)from[n];
            for (Size n = 0; rows->word_bytes == 4 && n < count; n++)
                ((uint64_t *)out->masked_words)[at + n] |= (uint32_t)from[n];
        }
    }
}

int compact_rows(const Padded *in, Compact *out)
{
    Seen seen = {0, 0, 0};
    if (!measure(&in->mask, out->lengths, &seen) ||
        !measure_masked(&in->positions, out->lengths, out->counts, &seen) || !line_up(in, out))
        return FAULT;
    take_numbers(&in->ids, out->lengths, out->starts, out->words, in->word_bytes, 0, &seen);
    take_numbers(&in->masked_ids, out->counts, out->masked_starts, out->masked_words, 2 * in->word_bytes, 16, &seen);
    if (seen.behind != 0 || seen.ids < 0 || seen.ids >> 24)
        return FAULT;
    add_segments(&in->segments, in, out, &seen);
    if (seen.behind != 0 || seen.segments < 0)
        return FAULT;
    add_positions(&in->positions, in, out);
    return seen.ids >> in->id_bits || seen.segments >> (8 * in->word_bytes - in->id_bits) ? WIDE : SOUND;
}
