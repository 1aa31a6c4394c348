#include "compact.h"

typedef struct {
    int32_t ids, behind; /* all numbers of a kind, or-ed: their limits are powers of two */
    int8_t segments;
} Seen;

static Size leading_ones(const int8_t *mask, Size width)
{
    Size length = 0;
    while (length < width && mask[length] == 1)
        length++;
    return length;
}

static Size leading_places(const int32_t *positions, Size width, Size length)
{
    Size count = 0;
    while (count < width && positions[count] > 0 && positions[count] < length)
        count++;
    return count;
}

static void take_tokens(const Padded *in, Size row, Size length, Compact *out, Seen *seen)
{
    const int32_t *ids = in->ids + row * in->row_length;
    const int8_t *segments = in->segments + row * in->row_length, *mask = in->mask + row * in->row_length;
    int32_t all = 0, behind = 0;
    int8_t sides = 0, marks = 0;
    if (in->word_bytes == 2) {
        uint16_t *words = (uint16_t *)out->words + out->tokens;
        for (Size at = 0; at < length; at++)
            words[at] = (uint16_t)((uint32_t)ids[at] | (uint32_t)segments[at] << in->id_bits);
    } else {
        uint32_t *words = (uint32_t *)out->words + out->tokens;
        for (Size at = 0; at < length; at++)
            words[at] = (uint32_t)ids[at] | (uint32_t)segments[at] << in->id_bits;
    }
    for (Size at = 0; at < length; at++)
        all |= ids[at];
    for (Size at = 0; at < length; at++)
        sides |= segments[at];
    for (Size at = length; at < in->row_length; at++)
        behind |= ids[at];
    for (Size at = length; at < in->row_length; at++)
        marks |= segments[at] | mask[at];
    seen->ids |= all;
    seen->segments |= sides;
    seen->behind |= behind | marks;
}

static void take_masked(const Padded *in, Size row, Size count, Compact *out, Seen *seen)
{
    const int32_t *positions = in->positions + row * in->masked_width, *ids = in->masked_ids + row * in->masked_width;
    for (Size at = 0; at < count; at++) {
        seen->ids |= ids[at];
        if (in->word_bytes == 2)
            ((uint32_t *)out->masked_words)[out->masked_tokens + at] = (uint32_t)ids[at] << 16 | (uint32_t)positions[at];
        else
            ((uint64_t *)out->masked_words)[out->masked_tokens + at] = (uint64_t)(uint32_t)ids[at] << 16 | (uint32_t)positions[at];
    }
    for (Size at = count; at < in->masked_width; at++)
        seen->behind |= positions[at] | ids[at];
}

int compact_rows(const Padded *in, Compact *out)
{
    Seen seen = {0, 0, 0};
    for (Size row = 0; row < in->rows; row++) {
        Size length = leading_ones(in->mask + row * in->row_length, in->row_length);
        Size count = leading_places(in->positions + row * in->masked_width, in->masked_width, length);
        if (length == 0 || length > in->longest || count > in->most_masked)
            return FAULT;
        take_tokens(in, row, length, out, &seen);
        take_masked(in, row, count, out, &seen);
        out->lengths[row] = (uint16_t)length;
        out->counts[row] = (uint16_t)count;
        out->tokens += length;
        out->masked_tokens += count;
    }
    if (seen.behind != 0 || seen.ids < 0 || seen.ids >> 24 || seen.segments < 0)
        return FAULT;
    return seen.ids >> in->id_bits || seen.segments >> (8 * in->word_bytes - in->id_bits) ? WIDE : SOUND;
}
