"""Least squares over numbers from 0 up, where every column has a few entries (Lawson and Hanson, "Solving Least Squares
Problems", 1974, chapter 23: the active set method).
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_TOLERANCE = 1e-9  # of the gradient, relative to its greatest entry at the start


class NonNegativeLeastSquares:
    """Minimise |W (A x - b)| over x >= 0.

    `entries` [columns, k] has the rows in which a column of A is 1, twice for 2; -1 for none. `weights` [rows] is W's
    diagonal, `target` [rows] is b. `complete` says whether `solve` reached the optimum before its time was over.
    """

    def __init__(self, entries: NDArray[np.int64], weights: Array, target: Array) -> None:
        self._entries = entries
        self._weights = weights
        self._target = target * weights
        self._active: list[int] = []  # the columns that may be above 0
        self._matrix = np.zeros((len(target), 0))  # theirs
        self.solution = np.zeros(len(entries))
        self.complete = False

    def solve(self, seconds: float) -> Array:
        """The solution, or the best point so far when the time is over; every point on the way is from 0 up."""
        deadline = time.perf_counter() + seconds
        residual = self._target
        enough = _TOLERANCE * float(np.abs(self._gradient(residual)).max(initial=0.0))
        while time.perf_counter() < deadline:
            gradient = self._gradient(residual)
            gradient[self._active] = -np.inf
            if not len(gradient) or gradient.max() <= enough or not self._enter(int(gradient.argmax())):
                self.complete = True
                break
            residual = self._target - self._matrix @ self.solution[self._active]
        return self.solution

    def _gradient(self, residual: Array) -> Array:
        padded = np.append(residual * self._weights, 0.0)  # where -1 points to
        total: Array = padded[self._entries].sum(axis=1)
        return total

    def _enter(self, column: int) -> bool:
        """Let a column in and go to the optimum over those that are; whether it stayed: rounding ends the search."""
        self._active.append(column)
        entry = np.zeros((len(self._target) + 1, 1))
        np.add.at(entry[:, 0], self._entries[column], 1.0)
        self._matrix = np.hstack([self._matrix, entry[:-1] * self._weights[:, None]])
        while self._active:
            optimum = np.linalg.solve(self._matrix.T @ self._matrix, self._matrix.T @ self._target)
            if (optimum > 0).all():
                self.solution[self._active] = optimum
                break
            self._leave(optimum)
        return column in self._active

    def _leave(self, optimum: Array) -> None:
        """Go towards an optimum outside until columns are 0, and take those out."""
        now = self.solution[self._active]
        outside = optimum <= 0
        distance = now[outside] - optimum[outside]
        steps = np.divide(now[outside], distance, out=np.zeros_like(distance), where=distance > 0)
        now = now + float(steps.min()) * (optimum - now)
        stays = ~outside
        stays[outside] = steps > steps.min()
        now[~stays] = 0.0
        self.solution[self._active] = now
        self._active = [column for column, kept in zip(self._active, stays.tolist(), strict=True) if kept]
        self._matrix = self._matrix[:, stays]
