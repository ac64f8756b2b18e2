"""Variables, built-in names and placeholders of a whole scenario: each text is resolved exactly once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.errors import Complaints
from rehearse.loading.resolve import resolve
from rehearse.loading.resolve import resolved as resolved_document
from rehearse.loading.tree import DeferredNode, ScalarNode, plain_value
from rehearse.values import FrozenMap

from .reading import field, map_of, resolved, written

WHOLE = "let the placeholder be the whole text, or name one item of it"
USED = "write it where the result is used"


def said(text: str, variables: str = "") -> object:
    """Return what `text`, quoted, comes to under these variables."""
    return field(resolved(f"  variables: {{{variables}}}\n  setup: {{v: {text}}}"), "setup", "v")


@pytest.mark.parametrize(
    ("variables", "text", "value"),
    [
        ("a: 3", '"${a}"', 3),
        ("a: 0.05", '"${a}"', Decimal("0.05")),
        ("a: true", '"${a}"', True),
        ("a: null", '"${a}"', None),
        ("a: [1, {b: 2}]", '"${a}"', (1, FrozenMap({"b": 2}))),
        ("a: [1, {b: 2}]", '"${a[1].b}"', 2),
        ("a: 2024-12-24", '"${a + 1d}"', date(2024, 12, 25)),
        ("a: 2024-12-24", '"on ${a}"', "on 2024-12-24"),
        ("a: 2024-12-24T06:00", '"at ${a}"', "at 2024-12-24T06:00"),
        ("a: 1.50", '"${a} h"', "1.5 h"),
        ("a: false", '"is ${a}"', "is false"),
        (f"a: {'9' * 40}.50", '"x${a}"', f"x{'9' * 40}.5"),
        ("a: 1e3", '"x${a}"', "x1000"),
        ("a: R1, b: R2", '"${a}-${b}"', "R1-R2"),
        ("a: 1", '"$${a} is ${a}"', "${a} is 1"),
        ("a: 1", '"costs $5${a}"', "costs $51"),
        ('a: "${b}", b: "${c}", c: 7', '"${a}"', 7),
        ('a: "${b} x", b: 1', '"${a}"', "1 x"),
        ('a: "$${b}", b: 1', '"${a}"', "${b}"),
        ('a: "2024-12-24"', '"${a + 1h}"', datetime(2024, 12, 24, 1)),  # noqa: DTZ001  (there are no zones)
        ('a: "07:00"', '"${a}"', "07:00"),
    ],
)
def test_values(variables: str, text: str, value: object) -> None:
    """A placeholder that is the whole text keeps its type; inside longer text it is written out."""
    found = said(text, variables)
    assert value == found
    assert type(value) is type(found)


@pytest.mark.parametrize(
    "value", ['"${b}"', '"[1, 2]"', '"true"', '"{a: 1}"', '"!!python/x"', '"&x *y"', '"{{ x"', '"a: b\\n- c"']
)
def test_results_are_never_scanned(value: str) -> None:
    """F45: a value that looks like YAML or like a placeholder is plain text."""
    raw = value[1:-1].replace("\\n", "\n")
    literal = value.replace("${", "$${")
    tree = map_of(resolved(f'  matrix: {{product: {{a: [{value}]}}}}\n  setup: {{v: "${{a}}", w: "<${{a}}>"}}').node)
    assert FrozenMap({"v": raw, "w": f"<{raw}>"}) == plain_value(map_of(tree.get("setup")))
    if "{{" not in value:
        assert raw == said('"${a}"', f"a: {literal}")


def test_built_in() -> None:
    """Clock, seed and id are known without being declared."""
    body = '  clock: 2024-12-25T06:00\n  seed: 7\n  setup: {a: "${clock + 1d}", b: "${seed}", c: "${id}!"}'
    setup = field(resolved(body), "setup")
    assert FrozenMap({"a": datetime(2024, 12, 26, 6), "b": 7, "c": "s!"}) == setup  # noqa: DTZ001
    assert 0 == field(resolved('  setup: {b: "${seed}"}'), "setup", "b")


@pytest.mark.parametrize("clock", ["2024-12-25", '"2024-12-25"', '"2024-12-25 00:00"', '"${day}"'])
def test_clock_is_a_moment(clock: str) -> None:
    """A date as clock is its 00:00, and the clock may be a variable."""
    body = f'  variables: {{day: 2024-12-25}}\n  clock: {clock}\n  setup: {{a: "${{clock}}", d: "${{day}}"}}'
    assert datetime(2024, 12, 25) == field(resolved(body), "setup", "a")  # noqa: DTZ001


@pytest.mark.parametrize("clock", ["2024-02-30", "noon", "2024-01-01T06:00Z"])
def test_a_clock_that_is_none(clock: str) -> None:
    """What is no moment is left for its reader to refuse."""
    assert clock == field(resolved(f'  clock: "{clock}"\n  setup: {{a: "${{clock}}"}}'), "setup", "a")


def test_clock_without_one() -> None:
    """The clock that a domain would choose is not known yet."""
    (message,) = resolved('  setup: {a: "${clock}"}').messages
    assert (
        "4:15 undefined-variable: `clock` names nothing, as the scenario has none; "
        "write `clock:`, which only then is known while the file is read" == message
    )


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (
            '  variables: {away: R1}\n  setup: {a: "x ${awy}"}',
            ["5:17 undefined-variable: `awy` names nothing; did you mean `away`?"],
        ),
        (
            '  setup: {a: "${loop.index}"}',
            [
                "4:15 undefined-variable: `loop` names nothing outside a template; use it in the `template` of a `generate`"
            ],
        ),
        (
            "  variables: {clock: 1}",
            ["4:15 conflict: `clock` is taken, and cannot be the name of a variable; choose another name"],
        ),
        (
            "  variables: {steps: 1}",
            ["4:15 conflict: `steps` is taken, and cannot be the name of a variable; choose another name"],
        ),
        (
            "  variables: {Ab: 1}",
            ["4:15 bad-value: `Ab` is no name for a variable; write lower-case letters, digits and _, a letter first"],
        ),
        ("  variables: [1]", ["4:14 wrong-type: `variables` is a list, and must be a map"]),
        (
            '  variables: {a: [1]}\n  setup: {b: "x ${a}"}',
            ["5:17 wrong-type: `${a}` is a list, and stands inside a longer text; " + WHOLE],
        ),
        (
            '  variables: {a: null}\n  setup: {b: "x ${a}"}',
            ["5:17 wrong-type: `${a}` is null, and stands inside a longer text; " + WHOLE],
        ),
        (
            '  variables: {a: "${steps.x.outcome}"}\n  setup: {b: "${a}"}',
            [
                "4:19 bad-expression: `${steps.x.outcome}` is a result, and variables must be known before anything runs; "
                + USED
            ],
        ),
        ('  setup: {b: "{{ x }}"}', ["4:15 bad-expression: `{{ x }}` is not read here; write `${x}`"]),
        (
            "  description: |\n    one\n    two ${nope}\n",
            ["6:9 undefined-variable: `nope` names nothing; known: id, seed"],
        ),
    ],
)
def test_mistakes(body: str, messages: list[str]) -> None:
    """A mistake is told at its placeholder, with a remedy."""
    assert messages == resolved(body).messages


def test_circle() -> None:
    """A circle is told once, with all its members, and what uses it is not told again."""
    body = (
        '  variables: {a: "${b}", b: "x ${c}", c: ["${a}"], d: "${a}", e: 1}\n  setup: {v: "${a} ${d} ${e}", w: "${d}"}'
    )
    found = resolved(body)
    assert ["4:15 bad-expression: `a` → `b` → `c` → `a` is a circle; give one of them a value"] == found.messages
    assert [("`b` is defined here", 4, 26), ("`c` is defined here", 4, 39)] == [
        (label, span.line, span.column) for label, span in found.problems[0].also
    ]


def test_circle_of_one() -> None:
    """A variable that uses itself is a circle, also by its clock."""
    assert ["bad-expression"] == resolved('  variables: {a: "${a}"}\n  setup: {v: "${a}"}').codes
    assert ["bad-expression"] == resolved('  variables: {a: "${clock}"}\n  clock: "${a}"').codes


def test_many_circles_and_long_chains() -> None:
    """Neither thousands of circles nor a chain of thousands takes long, recurses, or floods the author."""
    circles = ", ".join(f'a{n}: "${{b{n}}}", b{n}: "${{a{n}}}"' for n in range(3000))
    assert 20 == len(resolved(f"  variables: {{{circles}}}").problems)
    chain = ", ".join(f'a{n}: "${{a{n + 1}}}"' for n in range(5000))
    assert 1 == said('"${a0}"', f"{chain}, a5000: 1")


def test_broken_variables_are_told_once() -> None:
    """What depends on a broken variable is not complained about; it is marked as unresolved."""
    found = resolved('  variables: {a: "${nope}"}\n  setup: {v: "${a}", w: "${a.b + 1}", x: "y ${a}"}')
    assert ["undefined-variable"] == found.codes
    setup = map_of(map_of(found.node).get("setup"))
    assert [()] * 3 == [entry.value.references for entry in setup if isinstance(entry.value, DeferredNode)]


def test_not_resolved() -> None:
    """Id, domain, keys and shelves are left alone; variables, matrix and shelves do not come out."""
    body = '  domain: "${x}"\n  variables: {}\n  x-notes: "${nope} {{"\n  setup: {"${k}": 1}\n  matrix: {}'
    assert (
        FrozenMap({"id": "s", "name": "n", "domain": "${x}", "setup": FrozenMap({"${k}": 1})}) == resolved(body).value
    )


def test_ids_of_rows_are_resolved() -> None:
    """Only the scenario's own id is left alone."""
    assert "r-1" == field(
        resolved('  variables: {n: 1}\n  setup: {persons: [{id: "r-${n}"}]}'), "setup", "persons", 0, "id"
    )


def test_unused_variables_are_noted() -> None:
    """A variable that nothing uses is a note, at its key; one that others use is not."""
    notes = resolved('  variables: {a: 1, b: "${c}", c: 2}\n  setup: {v: "${a}"}').notes
    assert [("the variable `b` is not used", 21)] == [(note.summary, note.span.column) for note in notes if note.span]


def test_results_wait() -> None:
    """A text with a result is left for the run, everything else in it already resolved."""
    body = '  variables: {a: 3, b: "$"}\n  test_case: {p: "${steps.plan.data.id}", q: "$ ${a} ${b}${steps.x.data.y[0]} $${z}"}'
    case = map_of(map_of(resolved(body).node).get("test_case"))
    whole, mixed = case.get("p"), case.get("q")
    assert isinstance(whole, DeferredNode)
    assert isinstance(mixed, DeferredNode)
    assert ("${steps.plan.data.id}", (("plan", "data", "id"),)) == (whole.text, whole.references)
    assert ("$$ 3 $$${steps.x.data.y[0]} $${z}", (("x", "data", "y", 0),)) == (mixed.text, mixed.references)


def test_places_of_results() -> None:
    """A resolved value stands at its placeholder; what is inside a list stands where it is written."""
    tree = map_of(resolved('  variables: {a: [R1], b: R2}\n  setup: {v: "${a}", w: "${b}"}').node)
    setup = map_of(tree.get("setup"))
    inner = getattr(setup.get("v"), "items", ())
    assert [(5, 14), (5, 25), (4, 19)] == [
        (node.span.line, node.span.column) for node in (setup.get("v"), setup.get("w"), *inner) if node
    ]


def test_a_text_may_not_grow() -> None:
    """F45: a result has 64 kB at most."""
    big = "x" * 40_000
    assert ["yaml-limit"] == resolved(f'  variables: {{a: {big}}}\n  setup: {{v: "${{a}}${{a}}"}}').codes


def test_all_texts_together_may_not_grow() -> None:
    """F45: all results together have 1 MB at most, and it is told once."""
    uses = ", ".join(['"${a}"'] * 30)
    found = resolved(
        f"  variables: {{a: {'x' * 50_000}}}\n  setup: {{v: [{uses}]}}\n  test_case: {{w: ${{nope}}}}".replace(
            "${nope}", '"${nope}"'
        )
    )
    assert ["with this, the values of all placeholders together are too large"] == [p.summary for p in found.problems]


def test_laughing_variables() -> None:
    """F45: lists of lists of lists are measured before they are written out."""
    names = "abcdefghi"
    doubling = ", ".join(
        f"{name}: [{', '.join([f'${{{inner}}}'] * 9)}]" for name, inner in zip(names[1:], names, strict=False)
    )
    quoted = doubling.replace("${", '"${').replace("}", '}"')
    assert ["yaml-limit"] == resolved(f"  variables: {{a: [1, 2, 3, 4, 5, 6, 7, 8, 9], {quoted}}}").codes


def test_deep_variables() -> None:
    """Variables inside variables are no way around the limit of depth."""
    chain = ", ".join(f'a{n}: ["${{a{n + 1}}}"]' for n in range(60))
    assert ["yaml-limit"] == resolved(f'  variables: {{{chain}, a60: 1}}\n  setup: {{v: "${{a0}}"}}').codes


NAMES = st.sampled_from(["a", "b", "day"])
PIECES = st.sampled_from(
    ["${a}", "${b}", "${day + 1d}", "$${a}", "$", "x ", "{", "}", "${steps.s.outcome}", "2024-01-01", "true"]
)


@given(
    st.lists(PIECES, max_size=5).map("".join),
    st.lists(st.sampled_from(["$", "{", "}", "a", "$${a}", "x"]), max_size=5).map("".join),
)
def test_resolving_twice_is_resolving_once(text: str, value: str) -> None:
    """A document that was resolved is not scanned again, whatever its values look like."""
    literal = value.replace('"', "")
    body = f'  variables: {{a: "{literal}", b: 3, day: 2024-12-24}}\n  setup: {{v: "{text}"}}'
    found, problems = written(f"scenario:\n  id: s\n  name: n\n{body}")
    assert problems == ()
    complaints = Complaints()
    once = resolved_document(found[0], {}, complaints)
    assert once == resolved_document(once, {}, complaints)
    assert once.node is resolve(once, {}, complaints)


@given(st.text(alphabet=st.sampled_from("a${}.'[]0 +1d{x"), max_size=25))
def test_any_text_in_a_scenario(text: str) -> None:
    """Whatever a text says, it is resolved or told at a place inside its line."""
    found, _ = written("scenario: {id: s, name: n, variables: {a: 1}, setup: {v: x}}")
    setup = map_of(found[0].node.get("setup"))
    entry = setup.entries[0]
    node = ScalarNode(text, entry.value.span, quoted=True)
    changed = found[0].node.with_entry(
        found[0].node.entry("setup")._replace(value=setup.with_entry(entry._replace(value=node)))
    )  # type: ignore[union-attr]
    complaints = Complaints()
    resolve(replace(found[0], node=changed), {}, complaints)
    assert all(problem.span for problem in complaints.problems)
