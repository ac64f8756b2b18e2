"""A resolved scenario can be written down and loads to the same."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from rehearse.errors import Complaints
from rehearse.loading.resolve import resolve
from rehearse.loading.tree import DeferredNode, Entry, ListNode, MapNode, Node, ScalarNode, plain_value
from rehearse.loading.write import scenario_text
from rehearse.loading.yaml_tree import read_tree
from rehearse.scenario import Written
from rehearse.source import Source, Span

HERE = Span(Source("x", ""), 1, 1, 2)
DATES = st.dates(min_value=date(1, 1, 1))
MOMENTS = st.datetimes().map(lambda moment: moment.replace(second=0, microsecond=0))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("${}"), max_size=20)
KEYS = TEXTS.filter(bool).filter(lambda key: not key.startswith("x-"))
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | DECIMALS | DATES | MOMENTS | TEXTS


def node_of(value: object) -> Node:
    """Return a tree of plain values."""
    if isinstance(value, dict):
        return MapNode(tuple(Entry(key, HERE, node_of(item)) for key, item in value.items()), HERE)
    if isinstance(value, list):
        return ListNode(tuple(node_of(item) for item in value), HERE)
    return ScalarNode(value, HERE)  # type: ignore[arg-type]


TREES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)


def resolved_again(tree: MapNode) -> MapNode:
    """Return what a tree resolves to after it was written down."""
    complaints = Complaints()
    back = read_tree(Source("y", scenario_text(tree)), complaints)
    assert isinstance(back, MapNode)
    inner = back.get("scenario")
    assert isinstance(inner, MapNode)
    node = resolve(Written("a", "a", "a", inner, inner.span.source), {}, complaints)
    assert complaints.problems == ()
    return node


@given(TREES)
def test_what_is_written_resolves_to_the_same(value: dict[str, object]) -> None:
    """Whatever a scenario may hold survives: types, order, empty collections, odd keys, texts full of ``$`` and ``{``."""
    tree = node_of({"shelf": value})
    assert isinstance(tree, MapNode)
    assert plain_value(resolved_again(tree)) == plain_value(tree)


@given(TEXTS, TEXTS)
def test_a_text_that_waits_survives(before: str, after: str) -> None:
    """What stands around a result that is read later, dollars and braces included, comes back as it was."""
    literal = before.replace("$", "$$"), after.replace("$", "$$")
    text = f"{literal[0]}${{steps.plan.data.id}}{literal[1]}"
    tree = MapNode((Entry("later", HERE, DeferredNode(text, HERE, (("plan", "data", "id"),))),), HERE)
    found = resolved_again(tree).get("later")
    assert isinstance(found, DeferredNode)
    assert (found.text, found.references) == (text, (("plan", "data", "id"),))


def test_a_literal_placeholder_stays_literal() -> None:
    """A text that came out of ``$${`` is written so that it is not resolved a second time; a deferred one is written as it is."""
    tree = MapNode(
        (
            Entry("literal", HERE, ScalarNode("${x}", HERE)),
            Entry("later", HERE, DeferredNode("${steps.plan.data.id}", HERE, (("plan", "data", "id"),))),
        ),
        HERE,
    )
    assert scenario_text(tree) == 'scenario:\n  literal: "$${x}"\n  later: "${steps.plan.data.id}"\n'


def test_the_layout_is_one_that_a_person_reads() -> None:
    """Rows of scalars stand on one line, deeper ones are indented."""
    tree = node_of(
        {
            "rows": [{"id": "R1", "n": 1}, {"id": "R2", "list": [{"a": Decimal("2.50")}]}],
            "at": datetime(2024, 1, 2, 3, 4),  # noqa: DTZ001
        }
    )
    assert isinstance(tree, MapNode)
    assert scenario_text(tree) == (
        'scenario:\n  rows:\n    - {id: "R1", n: 1}\n    - id: "R2"\n      list:\n        - {a: 2.50}\n  at: 2024-01-02T03:04\n'
    )
