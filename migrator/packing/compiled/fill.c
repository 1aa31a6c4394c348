#include "fill.h"

#include <string.h>

/* Where byte `byte` of the numbers of one row stands: planes of bytes follow one another. */
static uint8_t *plane(uint8_t *planes, int byte, const Drawn *in, Size width, Size row)
{
    return planes + ((Size)byte * in->height + row) * width;
}

/* One byte of each number; `restrict`, because bytes might else be part of anything, and nothing is done at once. */
static void put_bytes_of_16(uint8_t *restrict to, const uint16_t *restrict words, Size length, int shift, int kept)
{
    for (Size n = 0; n < length; n++)
        to[n] = (uint8_t)(words[n] >> shift & kept);
}

static void put_bytes_of_32(uint8_t *restrict to, const uint32_t *restrict words, Size length, int shift)
{
    for (Size n = 0; n < length; n++)
        to[n] = (uint8_t)(words[n] >> shift);
}

static void put_tokens(const Drawn *in, Size from, Size length, Planes *out, Size row, Size at)
{
    uint8_t *segments = out->segments + row * in->row_length + at, *ids[3];
    for (int byte = 0; byte < 3; byte++)
        ids[byte] = plane(out->ids, byte, in, in->row_length, row) + at;
    if (in->word_bytes == 2) {
        const uint16_t *words = (const uint16_t *)in->words + from;
        put_bytes_of_16(ids[0], words, length, 0, 255);
        put_bytes_of_16(ids[1], words, length, 8, (1 << (in->id_bits - 8)) - 1);
        put_bytes_of_16(segments, words, length, in->id_bits, 255);
    } else {
        const uint32_t *words = (const uint32_t *)in->words + from;
        for (int byte = 0; byte < 3; byte++)
            put_bytes_of_32(ids[byte], words, length, 8 * byte);
        put_bytes_of_32(segments, words, length, in->id_bits);
    }
}

static void put_places(const Drawn *in, Size length, Size number, Planes *out, Size row, Size at)
{
    uint8_t *low = plane(out->positions, 0, in, in->row_length, row) + at;
    uint8_t *high = plane(out->positions, 1, in, in->row_length, row) + at;
    for (Size n = 0; n < length; n++)
        low[n] = (uint8_t)n;
    for (Size n = 0; n < length; n += 256)
        memset(high + n, (int)(n >> 8), (size_t)(length - n < 256 ? length - n : 256));
    for (int byte = 0; byte < in->number_bytes; byte++)
        memset(plane(out->numbers, byte, in, in->row_length, row) + at, (int)(number >> 8 * byte & 255), (size_t)length);
}

static void put_masked_16(const uint32_t *restrict words, Size count, uint32_t at, uint8_t *restrict id_low,
                          uint8_t *restrict id_high, uint8_t *restrict place_low, uint8_t *restrict place_high)
{
    for (Size n = 0; n < count; n++) {
        uint32_t word = words[n], place = (word & 0xffff) + at;
        id_low[n] = (uint8_t)(word >> 16);
        id_high[n] = (uint8_t)(word >> 24);
        place_low[n] = (uint8_t)place;
        place_high[n] = (uint8_t)(place >> 8);
    }
}

static void put_masked(const Drawn *in, Size from, Size count, Planes *out, Size row, Size first, Size at)
{
    uint8_t *ids[3], *places[2];
    for (int byte = 0; byte < 3; byte++)
        ids[byte] = plane(out->masked_ids, byte, in, in->masked_width, row) + first;
    for (int byte = 0; byte < 2; byte++)
        places[byte] = plane(out->masked_positions, byte, in, in->masked_width, row) + first;
    if (in->word_bytes == 2) {
        const uint32_t *words = (const uint32_t *)in->masked_words + from;
        put_masked_16(words, count, (uint32_t)at, ids[0], ids[1], places[0], places[1]);
        return;
    }
    const uint64_t *words = (const uint64_t *)in->masked_words + from;
    for (Size n = 0; n < count; n++) {
        uint64_t place = (words[n] & 0xffff) + (uint64_t)at;
        for (int byte = 0; byte < 3; byte++)
            ids[byte][n] = (uint8_t)(words[n] >> (16 + 8 * byte));
        for (int byte = 0; byte < 2; byte++)
            places[byte][n] = (uint8_t)(place >> 8 * byte);
    }
}

static void put_nothing(uint8_t *planes, int bytes, const Drawn *in, Size width, Size row, Size from)
{
    for (int byte = 0; byte < bytes; byte++)
        memset(plane(planes, byte, in, width, row) + from, 0, (size_t)(width - from));
}

static void end_row(const Drawn *in, Planes *out, Size row, Size tokens, Size masked, Size sequences)
{
    put_nothing(out->ids, 3, in, in->row_length, row, tokens);
    put_nothing(out->numbers, in->number_bytes, in, in->row_length, row, tokens);
    put_nothing(out->segments, 1, in, in->row_length, row, tokens);
    put_nothing(out->positions, 2, in, in->row_length, row, tokens);
    put_nothing(out->masked_positions, 2, in, in->masked_width, row, masked);
    put_nothing(out->masked_ids, 3, in, in->masked_width, row, masked);
    put_nothing(out->firsts, 2, in, in->per_row, row, sequences);
    put_nothing(out->labels, 1, in, in->per_row, row, sequences);
    put_nothing(out->weights, 1, in, in->per_row, row, sequences);
}

/* Whether run [start, start + length) lies in `held` elements. */
static int within(int64_t start, int64_t length, Size held)
{
    return start >= 0 && length >= 0 && length <= held && start <= held - length;
}

int fill_rows(const Drawn *in, Planes *out)
{
    Size next = 0;
    for (Size row = 0; row < in->rows; row++) {
        Size tokens = 0, masked = 0, slot = 0;
        for (; slot < in->sizes[row]; slot++, next++) {
            if (next >= in->sequences || slot >= in->per_row)
                return 0;
            Size length = in->lengths[next], count = in->counts[next];
            if (!within(in->starts[next], length, in->words_held) || !within(tokens, length, in->row_length) ||
                !within(in->masked_starts[next], count, in->masked_held) || !within(masked, count, in->masked_width))
                return 0;
            put_tokens(in, in->starts[next], length, out, row, tokens);
            put_places(in, length, slot + 1, out, row, tokens);
            put_masked(in, in->masked_starts[next], count, out, row, masked, tokens);
            for (int byte = 0; byte < 2; byte++)
                plane(out->firsts, byte, in, in->per_row, row)[slot] = (uint8_t)(tokens >> 8 * byte);
            out->labels[row * in->per_row + slot] = (uint8_t)in->labels[next];
            out->weights[row * in->per_row + slot] = 1;
            tokens += length;
            masked += count;
        }
        end_row(in, out, row, tokens, masked, slot);
    }
    for (Size row = in->rows; row < in->height; row++)
        end_row(in, out, row, 0, 0, 0);
    return next == in->sequences;
}
