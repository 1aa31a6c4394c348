#include "tiles.h"

void let_go(Held *held)
{
    for (Size at = 0; at < held->count; at++)
        PyBuffer_Release(&held->buffers[at]);
    PyMem_Free(held->buffers);
    PyMem_Free(held->own);
}

/* Whether the tile lies inside its data and inside the dataset. */
static int lies_inside(const Tile *tile, Size held, Size rows, Size width)
{
    if (tile->width <= 0 || tile->skip < 0 || tile->rows < 0 || tile->row < 0 || tile->column < 0)
        return 0;
    Size rows_held = held / tile->width;
    return tile->skip <= rows_held && tile->rows <= rows_held - tile->skip && tile->row <= rows &&
           tile->rows <= rows - tile->row && tile->column < width;
}

/* One tuple as a tile, whose buffer is kept where this is done. */
static int take(PyObject *item, Size itemsize, Size rows, Size width, Py_buffer *buffer, Tile *tile)
{
    if (!PyTuple_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "a tile is a tuple");
        return 0;
    }
    if (!PyArg_ParseTuple(item, "y*nnnnn", buffer, &tile->width, &tile->skip, &tile->rows, &tile->row, &tile->column))
        return 0;
    tile->data = buffer->buf;
    if (lies_inside(tile, buffer->len / itemsize, rows, width))
        return 1;
    PyBuffer_Release(buffer);
    return 0;
}

int hold(PyObject *list, Size itemsize, Size rows, Size width, Held *held)
{
    PyObject *items = PySequence_Fast(list, "tiles are a list");
    if (!items)
        return 0;
    Size count = PySequence_Fast_GET_SIZE(items), area = 0;
    held->own = PyMem_Calloc((size_t)count + 1, sizeof(Tile));
    held->buffers = PyMem_Calloc((size_t)count + 1, sizeof(Py_buffer));
    while (held->own && held->buffers && held->count < count) {
        Tile *tile = &held->own[held->count];
        if (!take(PySequence_Fast_GET_ITEM(items, held->count), itemsize, rows, width, &held->buffers[held->count], tile))
            break;
        area += tile->rows * (tile->width < width - tile->column ? tile->width : width - tile->column);
        held->count++;
    }
    Py_DECREF(items);
    held->tiles = (Tiles){held->own, held->count, width};
    return held->own && held->buffers && held->count == count && area == rows * width;
}
