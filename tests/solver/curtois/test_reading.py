"""Reading the text format: what it says, and every mistake at its place, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rehearse.errors import ScenarioError
from report.golden import assert_golden
from residency.solver.curtois.instance import Cover, Employee, Instance, Request, Shift
from residency.solver.curtois.reading import read_instance

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """# A comment
SECTION_HORIZON
14

SECTION_SHIFTS
# ShiftID, Length in mins, Shifts which cannot follow this shift | separated
E,480,
D, 600 ,E
L,480,E|D

SECTION_STAFF
A,E=14|D=2|L=0,4320,3360,5,2,3,1
B,L=1|E=0|D=0,960,0,5,0,0,2

SECTION_DAYS_OFF
A,0,5
B,13

SECTION_SHIFT_ON_REQUESTS
A,2,D,2

SECTION_SHIFT_OFF_REQUESTS
B,12,L,1

SECTION_COVER
0,E,5,100,1
13,L,0,7,0
"""

BROKEN = """14
SECTION_HORIZON
0
28
SECTION_SHIFTS
E,eight,
E,480,L
D,480
SECTION_STAFF
A,E=14|D,4320,3360,5,2,2,1
A,E=-1|N=2,480,960,2,3,2
B,E=14|L=3,480,960,2,3,2,x
SECTION_DAYS_OF
A,3
SECTION_DAYS_OFF
C,0
A,28,-1
SECTION_SHIFT_ON_REQUESTS
A,30,E,2
SECTION_SHIFT_ON_REQUESTS
B,1,Early,2.5
SECTION_COVER
0,E,5,100,1
0,E,5,100,1
1,E,5,,1
"""


def read(folder: Path, text: str) -> Instance:
    """Write a file and read it."""
    path = folder / "instance.txt"
    path.write_text(text, encoding="utf-8")
    return read_instance(path)


def complaints_of(folder: Path, text: str) -> str:
    """What is wrong with a text, its file named without the folder."""
    with pytest.raises(ScenarioError) as caught:
        read(folder, text)
    return str(caught.value).replace(f"{folder}/", "") + "\n"


def test_a_whole_instance(tmp_path: Path) -> None:
    """Every section comes out as values; names are numbers in the order of the file, limits in the order of the shifts."""
    assert read(tmp_path, WHOLE) == Instance(
        days=14,
        shifts=(Shift("E", 480), Shift("D", 600, frozenset({0})), Shift("L", 480, frozenset({0, 1}))),
        employees=(
            Employee("A", (14, 2, 0), 4320, 3360, 5, 2, 3, 1, frozenset({0, 5})),
            Employee("B", (0, 0, 1), 960, 0, 5, 0, 0, 2, frozenset({13})),
        ),
        shift_on_requests=(Request(0, 2, 1, 2),),
        shift_off_requests=(Request(1, 12, 2, 1),),
        covers=(Cover(0, 0, 5, 100, 1), Cover(13, 2, 0, 7, 0)),
    )


def test_weekends_end_with_the_horizon() -> None:
    """A horizon that ends on a Saturday has a weekend of one day."""
    assert Instance(13, (), ()).weekends == ((5, 6), (12,))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("broken", BROKEN),
        ("empty", ""),
        ("hollow", "SECTION_HORIZON\nSECTION_SHIFTS\nSECTION_STAFF\nSECTION_COVER\n"),
    ],
)
def test_every_mistake_is_told(tmp_path: Path, name: str, text: str) -> None:
    """Each at its line and column, with what to do, all in one error."""
    assert_golden(f"solver/curtois_{name}.txt", complaints_of(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is told as a mistake of the author, like any other."""
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_instance(tmp_path / "Instance99.txt")
