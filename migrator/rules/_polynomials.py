"""Formulas as polynomials, so that two ways to write one are equal: sums of products of atoms, and their factors.

An atom is a tensor (`("leaf", "x")`) or a function of a polynomial (`("erf", ...)`, `("mean", ...)`); its exponent may
be negative. `("root", p)` is the square root of p, and `("sum", p)` a sum that something is divided by. Constants are
worked out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Atom = tuple[Any, ...]
Monomial = tuple[tuple[Atom, int], ...]
Polynomial = Mapping[Monomial, float]
_MOST = 64  # terms; no formula that is looked for has more


def number(value: float) -> Polynomial:
    """A constant."""
    return {(): float(value)} if value else {}


def atom(*parts: Any) -> Polynomial:
    """A single atom."""
    return {((parts, 1),): 1.0}


def frozen(p: Polynomial) -> tuple[tuple[Monomial, float], ...]:
    """The polynomial as a value that an atom can hold."""
    return tuple(sorted(p.items(), key=repr))


def constant(p: Polynomial) -> float | None:
    """The number that a polynomial is, if it is one."""
    return p.get((), 0.0) if set(p) <= {()} else None


def added(p: Polynomial, q: Polynomial, factor: float = 1.0) -> Polynomial:
    """p + factor * q."""
    total = dict(p)
    for monomial, value in q.items():
        total[monomial] = total.get(monomial, 0.0) + factor * value
    return {monomial: value for monomial, value in total.items() if value}


def multiplied(p: Polynomial, q: Polynomial) -> Polynomial | None:
    """The product; None where it has too many terms."""
    if len(p) * len(q) > _MOST:
        return None
    total: Polynomial = {}
    for left, a in p.items():
        for right, b in q.items():
            total = added(total, {_joined(left, right): a * b})
    return total


def _joined(left: Monomial, right: Monomial) -> Monomial:
    exponents = dict(left)
    for each, exponent in right:
        exponents[each] = exponents.get(each, 0) + exponent
    return tuple(sorted(((each, n) for each, n in exponents.items() if n), key=repr))


def power(p: Polynomial, exponent: float) -> Polynomial | None:
    """p ** exponent for whole and half exponents; None where it cannot be said."""
    plain = constant(p)
    if plain is not None:
        return number(plain**exponent) if plain > 0 else None
    if exponent in (0.5, -0.5):
        return {((("root", frozen(p)), 1 if exponent > 0 else -1),): 1.0}
    if exponent < 0 and exponent == int(exponent):
        if len(p) > 1:
            return {((("sum", frozen(p)), int(exponent)),): 1.0}
        ((monomial, value),) = p.items()
        return {tuple((each, int(n * exponent)) for each, n in monomial): value**exponent}
    if exponent not in (1, 2, 3):
        return None
    result: Polynomial | None = p
    for _ in range(int(exponent) - 1):
        result = multiplied(result, p) if result is not None else None
    return result


def divided(p: Polynomial, q: Polynomial) -> Polynomial | None:
    """p / q; None for a q that is zero or may be."""
    below = number(1 / value) if (value := constant(q)) else power(q, -1)
    return multiplied(p, below) if below is not None else None
