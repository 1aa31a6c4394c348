/* Tiles as Python gives them: a list of tuples (shards/tiles.py). */
#pragma once
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "compact.h"

typedef struct {
    Tiles tiles;
    Tile *own;
    Py_buffer *buffers;
    Size count;
} Held;

/* The tiles of a dataset; whether together they are [rows, width], of numbers of `itemsize` bytes. A Python error may be
   set where they are not. `let_go` of them in any case; all bytes of `held` are 0 at first. */
int hold(PyObject *list, Size itemsize, Size rows, Size width, Held *held);
void let_go(Held *held);
