/* The two loops of packing that go over every token, for Python: rows.py says what they do, and has the same in numpy.
 *
 * Arrays come as bytes-like objects. Their sizes are checked here, so that nothing is read or written outside of them.
 * Python's lock is let go meanwhile: several threads run the loops at once.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "compact.h"
#include "fill.h"
#include "tiles.h"

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
    Held held[5];
    PyObject *lists[5];
    Py_buffer b[4];
    Size rows, row_length, masked_width, longest, most_masked;
    int id_bits, word_bytes;
    if (!PyArg_ParseTuple(arguments, "OOOOOw*w*w*w*(nnnnn)(ii)", &lists[0], &lists[1], &lists[2], &lists[3], &lists[4],
                          &b[0], &b[1], &b[2], &b[3], &rows, &row_length, &masked_width, &longest, &most_masked,
                          &id_bits, &word_bytes))
        return NULL;
    const Size widths[5] = {row_length, row_length, row_length, masked_width, masked_width};
    const Size itemsizes[5] = {4, 1, 1, 4, 4};
    int outcome = -1, sound = rows >= 0 && rows <= b[0].len / 2 && row_length >= 0 && row_length < 65536 &&
                              masked_width >= 0 && masked_width < 65536;
    memset(held, 0, sizeof held);
    const Size held_rows = sound ? rows : 0;
    const Size needed[4] = {2 * held_rows, 2 * held_rows, word_bytes * held_rows * row_length,
                            2 * word_bytes * held_rows * masked_width};
    sound = sound && sizes_fit(b, needed, 4);
    for (int key = 0; sound && key < 5; key++)
        sound = hold(lists[key], itemsizes[key], rows, widths[key], &held[key]);
    Size *starts = PyMem_RawMalloc(2 * sizeof(Size) * (size_t)(held_rows + 1));
    Padded in = {held[0].tiles, held[1].tiles, held[2].tiles, held[3].tiles, held[4].tiles, rows, longest, most_masked,
                 id_bits, word_bytes};
    Compact out = {b[0].buf, b[1].buf, starts, starts + held_rows, b[2].buf, b[3].buf, 0, 0};
    if (sound && starts) {
        Py_BEGIN_ALLOW_THREADS
        outcome = compact_rows(&in, &out);
        Py_END_ALLOW_THREADS
    }
    PyMem_RawFree(starts);
    for (int key = 0; key < 5; key++)
        let_go(&held[key]);
    release(b, 4);
    if (outcome >= 0)
        return Py_BuildValue("inn", outcome, out.tokens, out.masked_tokens);
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "an array is smaller than its rows, or tiles do not make them up");
    return NULL;
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
