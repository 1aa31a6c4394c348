"""The formula of layer normalisation: what it is about, and what in it the library's does otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.rules._polynomials import Atom, Monomial, Polynomial


@dataclass(frozen=True)
class LayerNormFormula:
    """weight * (x - mean) / sqrt(variance + eps) + bias. `unlike` says what the library's does not do, if anything."""

    x: Atom
    weight: Atom
    bias: Atom
    eps: Atom | float
    unlike: str = ""


def layer_norm_formula(p: Polynomial) -> LayerNormFormula | None:
    """The parts of a polynomial that is such a formula, or one that is nearly it."""
    bias = [m for m in p if len(m) == 1]
    scaled = [m for m in p if len(m) == 3]
    if len(p) != 3 or len(bias) != 1 or len(scaled) != 2 or p[bias[0]] != 1:
        return None
    with_x, with_mean = sorted(scaled, key=lambda m: -p[m])
    shared = dict(set(with_x) & set(with_mean))
    only_x, only_mean = (_single(m, shared) for m in (with_x, with_mean))
    if (p[with_x], p[with_mean]) != (1, -1) or len(shared) != 2 or not _is_leaf(only_x) or only_mean is None:
        return None
    weights = [each for each, exponent in shared.items() if exponent == 1 and _is_leaf(each)]
    divisors = [each for each, exponent in shared.items() if exponent == -1]
    is_mean = only_mean[0] == "mean" and only_mean[2] == ((((only_x, 1),), 1.0),)
    if not is_mean or len(weights) != 1 or len(divisors) != 1 or not _is_leaf(bias[0][0][0]) or only_x is None:
        return None
    return _with_divisor(only_x, only_mean, weights[0], bias[0][0][0], divisors[0])


def _with_divisor(x: Atom, mean: Atom, weight: Atom, bias: Atom, divisor: Atom) -> LayerNormFormula | None:
    unlike = [] if mean[1] == "last" else [f"it goes over the dimensions {mean[1]}"]
    parts = _eps_and_variance(dict(divisor[1])) if divisor[0] in ("root", "sum") else None
    if parts is not None and divisor[0] == "sum":
        unlike.append("eps stands outside the root")
        inner = dict(parts[1][1]) if parts[1][0] == "root" else {}
        ((monomial, _),) = inner.items() if len(inner) == 1 else (((((), 0),), 0),)
        parts = (parts[0], monomial[0][0])
    if parts is None or not parts[1] or parts[1][0] not in ("mean", "sample mean"):
        return None
    eps, variance = parts
    distance = {((x, 2),): 1.0, tuple(sorted(((x, 1), (mean, 1)), key=repr)): -2.0, ((mean, 2),): 1.0}
    if dict(variance[2]) != distance or variance[1] != mean[1]:
        return None
    if variance[0] == "sample mean":
        unlike.append("its variance is the sample's")
    return LayerNormFormula(x, weight, bias, eps, " and ".join(unlike))


def _eps_and_variance(p: Polynomial) -> tuple[Atom | float, Atom] | None:
    """The two terms below the root: what is added, and what it is added to."""
    if len(p) != 2 or any(len(m) > 1 or (m and m[0][1] != 1) for m in p):
        return None
    eps = [m for m in p if not m or _is_leaf(m[0][0])]
    other = [m for m in p if m not in eps]
    if len(eps) != 1 or len(other) != 1 or p[other[0]] != 1 or (eps[0] and p[eps[0]] != 1):
        return None
    return (eps[0][0][0] if eps[0] else p[eps[0]]), other[0][0][0]


def _single(monomial: Monomial, shared: dict[Atom, int]) -> Atom | None:
    """The one atom of a product that is not shared."""
    own = [each for each, exponent in monomial if each not in shared and exponent == 1]
    return own[0] if len(own) == 1 else None


def _is_leaf(each: Atom | None) -> bool:
    return each is not None and each[0] == "leaf"
