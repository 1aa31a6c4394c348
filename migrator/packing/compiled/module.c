/* The two loops of packing that go over every token, for Python: rows.py says what they do, and has the same in numpy.
 *
 * Arrays come as bytes-like objects. Their sizes are checked here, so that nothing is read or written outside of them.
 * Python's lock is let go meanwhile: several threads run the loops at once.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "compact.h"
#include "fill.h"

static int sizes_fit(const Py_buffer *buffers, const Size *needed, int count)
{
    for (int at = 0; at < count; at++)
        if (buffers[at].len < needed[at])
            return 0;
    return 1;
}

static void release(Py_buffer *buffers, int count)
{
    for (int at = 0; at < count; at++)
        PyBuffer_Release(&buffers[at]);
}

static PyObject *compact(PyObject *Py_UNUSED(self), PyObject *arguments)
{
    Py_buffer b[9];
    Size rows, row_length, masked_width, longest, most_masked;
    int id_bits, word_bytes;
    if (!PyArg_ParseTuple(arguments, "y*y*y*y*y*w*w*w*w*(nnnnn)(ii)", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &b[6],
                          &b[7], &b[8], &rows, &row_length, &masked_width, &longest, &most_masked, &id_bits, &word_bytes))
        return NULL;
    Size tokens = rows * row_length, masked = rows * masked_width;
    Size needed[9] = {4 * tokens, tokens, tokens, 4 * masked, 4 * masked, 2 * rows, 2 * rows, word_bytes * tokens,
                      2 * word_bytes * masked};
    if (rows < 0 || row_length < 0 || masked_width < 0 || !sizes_fit(b, needed, 9)) {
        release(b, 9);
        PyErr_SetString(PyExc_ValueError, "an array is smaller than its rows");
        return NULL;
    }
    Padded in = {b[0].buf, b[1].buf, b[2].buf, b[3].buf, b[4].buf, rows, row_length, masked_width, longest,
                 most_masked, id_bits, word_bytes};
    Compact out = {b[5].buf, b[6].buf, b[7].buf, b[8].buf, 0, 0};
    int outcome;
    Py_BEGIN_ALLOW_THREADS
    outcome = compact_rows(&in, &out);
    Py_END_ALLOW_THREADS
    release(b, 9);
    return Py_BuildValue("inn", outcome, out.tokens, out.masked_tokens);
}

static PyObject *fill(PyObject *Py_UNUSED(self), PyObject *arguments)
{
    Py_buffer b[17];
    Drawn in;
    if (!PyArg_ParseTuple(arguments, "y*y*y*y*y*y*y*y*w*w*w*w*w*w*w*w*w*(nnnn)(iii)", &b[0], &b[1], &b[2], &b[3], &b[4],
                          &b[5], &b[6], &b[7], &b[8], &b[9], &b[10], &b[11], &b[12], &b[13], &b[14], &b[15], &b[16],
                          &in.height, &in.row_length, &in.masked_width, &in.per_row, &in.id_bits, &in.word_bytes,
                          &in.number_bytes))
        return NULL;
    in.rows = b[2].len / 8;
    in.sequences = b[3].len / 8;
    Size eight = 8 * in.sequences, cells = in.height * in.row_length, masked = in.height * in.masked_width,
         heads = in.height * in.per_row;
    Size needed[17] = {0, 0, 0, eight, eight, eight, eight, in.sequences, 3 * cells, in.number_bytes * cells, cells,
                       2 * cells, 2 * masked, 3 * masked, 2 * heads, heads, heads};
    if (in.height < in.rows || in.row_length < 0 || in.masked_width < 0 || in.per_row < 0 || !sizes_fit(b, needed, 17)) {
        release(b, 17);
        PyErr_SetString(PyExc_ValueError, "an array is smaller than its rows");
        return NULL;
    }
    in.words = b[0].buf, in.words_held = b[0].len / in.word_bytes;
    in.masked_words = b[1].buf, in.masked_held = b[1].len / (2 * in.word_bytes);
    in.sizes = b[2].buf, in.lengths = b[3].buf, in.counts = b[4].buf, in.starts = b[5].buf, in.masked_starts = b[6].buf;
    in.labels = b[7].buf;
    Planes out = {b[8].buf, b[9].buf, b[10].buf, b[11].buf, b[12].buf, b[13].buf, b[14].buf, b[15].buf, b[16].buf};
    int whole;
    Py_BEGIN_ALLOW_THREADS
    whole = fill_rows(&in, &out);
    Py_END_ALLOW_THREADS
    release(b, 17);
    if (!whole) {
        PyErr_SetString(PyExc_ValueError, "sequences do not fit into their rows, or lie outside the words");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"compact", compact, METH_VARARGS, NULL}, {"fill", fill, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_loops", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__loops(void)
{
    return PyModule_Create(&module);
}
