"""Which fixes hold together, and what their edits make of a text."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.edits import Edit, Fix, apply_edits, choose, contradicts_itself, merged_edits
from migrator.core.findings import Kind

TEXT = b"0123456789abcdef"


def fix(*edits: Edit, rule: str = "rule", reindents: tuple[tuple[int, int], ...] = ()) -> Fix:
    return Fix(rule, Kind.MODIFIED, "", "", edits, reindents)


def after(*fixes: Fix) -> bytes:
    return apply_edits(TEXT, merged_edits(choose(fixes)))


def test_a_fix_that_loses_one_edit_loses_all() -> None:
    wide = fix(Edit(2, 8, b"W"))
    both = fix(Edit(0, 1, b"import"), Edit(4, 5, b"inner"))
    assert choose([both, wide]) == [wide]
    assert after(both, wide) == b"01W89abcdef"


def test_the_same_edit_of_two_fixes_is_made_once() -> None:
    one, other = fix(Edit(0, 0, b"I;"), Edit(3, 4, b"x")), fix(Edit(0, 0, b"I;", anchor=0), Edit(5, 6, b"y"))
    assert after(one, other) == b"I;012x4y6789abcdef"
    assert after(fix(Edit(1, 3, b"-", anchor=1)), fix(Edit(1, 3, b"-"))) == b"0-3456789abcdef"


def test_insertions_stand_in_the_order_of_their_fixes_and_before_a_replacement() -> None:
    assert after(fix(Edit(3, 5, b"R")), fix(Edit(3, 3, b"b")), fix(Edit(3, 3, b"a"))) == b"012baR56789abcdef"


def test_an_insertion_conflicts_only_inside_a_replaced_span() -> None:
    replaced = fix(Edit(3, 6, b"R"))
    assert choose([replaced, fix(Edit(4, 4, b"x"))]) == [replaced]
    assert after(replaced, fix(Edit(3, 3, b"<")), fix(Edit(6, 6, b">"))) == b"012<R>6789abcdef"


def test_of_equally_wide_fixes_the_first_wins() -> None:
    first, second = fix(Edit(2, 5, b"1")), fix(Edit(4, 7, b"2"))
    assert choose([first, second]) == [first]
    assert choose([second, first]) == [second]


def test_text_that_copies_an_indent_waits_for_the_reindentation() -> None:
    unwrapped = fix(Edit(0, 2, b""), reindents=((2, 9),))
    copies = fix(Edit(12, 12, b"mark"), Edit(9, 9, b"x", anchor=5))
    assert choose([copies, unwrapped]) == [unwrapped]
    assert choose([fix(Edit(9, 9, b"x", anchor=9)), unwrapped])[1:] == [unwrapped]


def test_overlapping_reindentations_take_turns() -> None:
    outer = fix(Edit(0, 3, b""), reindents=((0, 12),))
    inner = fix(Edit(4, 6, b""), reindents=((4, 9),))
    assert choose([inner, outer]) == [outer]


def test_edits_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="overlapping edit at byte 2"):
        apply_edits(TEXT, [Edit(0, 4, b""), Edit(2, 5, b"")])


def test_a_fix_can_contradict_itself() -> None:
    assert contradicts_itself(fix(Edit(0, 4, b""), Edit(2, 5, b"")))
    assert contradicts_itself(fix(Edit(3, 3, b"x"), Edit(2, 5, b"")))
    assert not contradicts_itself(fix(Edit(0, 2, b""), Edit(2, 5, b""), Edit(2, 2, b"x"), Edit(2, 2, b"y")))


spans = st.tuples(st.integers(0, 16), st.integers(0, 16)).map(sorted)
edits = st.builds(lambda span, new: Edit(span[0], span[1], new), spans, st.sampled_from([b"", b"x", b"yy"]))
fixes = st.builds(
    lambda own, spans: fix(*own, reindents=tuple((lo, hi) for lo, hi in spans)),
    st.lists(edits, min_size=1, max_size=3),
    st.lists(spans, max_size=1),
).filter(lambda one: not contradicts_itself(one))


def clash(a: Fix, b: Fix) -> bool:
    """The rules of the module's docstring, pair by pair."""

    def overlap(x: Edit, y: Edit) -> bool:
        if (x.start, x.end, x.new) == (y.start, y.end, y.new):
            return False
        if x.start < x.end and y.start < y.end:
            return x.start < y.end and y.start < x.end
        return x.start < y.start < x.end or y.start < x.start < y.end

    return any(overlap(x, y) for x in a.edits for y in b.edits) or any(
        lo < other_hi and other_lo < hi for lo, hi in a.reindents for other_lo, other_hi in b.reindents
    )


@given(st.lists(fixes, max_size=6))
def test_chosen_fixes_hold_together_and_no_other_could_be_added(asked: list[Fix]) -> None:
    chosen = choose(asked)
    assert not any(clash(a, b) for a, b in combinations(chosen, 2))
    left = list(asked)
    for one in chosen:
        left.remove(one)
    assert all(any(clash(one, other) for other in chosen) for one in left)
    result = apply_edits(TEXT, merged_edits(chosen))
    made = {(e.start, e.end, e.new) for one in chosen for e in one.edits}
    assert len(result) == len(TEXT) + sum(len(new) - (end - start) for start, end, new in made)
