"""Nights of night float in a row, and the free time between two blocks (CPR 6.26)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from residency.rules.record import Record
from residency.timeline import NightBlock, Timeline, ids_of
from residency.wording import counted, days_text, hours_text, moment_text, number_of

if TYPE_CHECKING:
    from residency.policy.settings import NightFloat


def night_float(timeline: Timeline, setting: NightFloat) -> list[Record]:
    """Blocks of too many nights (`run`), and too little free time between two of them (`block_gap`)."""
    if setting.max_nights is None and setting.gap is None:
        return []
    records: list[Record] = []
    if setting.max_nights is not None:
        maximum = setting.max_nights
        records += [_run(timeline, setting, block) for block in timeline.night_blocks if block.nights > maximum]
    if setting.gap is not None:
        for block, following in pairwise(timeline.night_blocks):
            longest = timeline.longest_free(block.end, following.start)
            if longest < setting.gap:
                records.append(_block_gap(timeline, setting, (block, following), longest))
    return records


def _run(timeline: Timeline, setting: NightFloat, block: NightBlock) -> Record:
    limit = setting.max_nights or 0
    message = (
        f"{timeline.person_id} has {counted(block.nights, 'night')} of night float in a row "
        f"{days_text(block.start, block.end)} (at most {limit}; {number_of(setting.citation)})."
    )
    return Record(
        rule=setting.stem,
        code="run",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=block.start,
        end=block.end,
        measured=block.nights,
        limit=limit,
        unit="nights",
        citation=setting.citation,
        duty_ids=ids_of(timeline.duties_in(block.start, block.end)),
        message=message,
    )


def _block_gap(timeline: Timeline, setting: NightFloat, blocks: tuple[NightBlock, NightBlock], longest: int) -> Record:
    start, end = blocks[0].end, blocks[1].start
    limit = setting.gap or 0
    message = (
        f"{timeline.person_id} is free for {hours_text(longest)} at most between two blocks of night float, "
        f"from {moment_text(start)} to {moment_text(end)} (due {hours_text(limit)}; {number_of(setting.citation)})."
    )
    return Record(
        rule=setting.stem,
        code="block_gap",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=start,
        end=end,
        measured=longest,
        limit=limit,
        unit="minutes",
        citation=setting.citation,
        duty_ids=ids_of(timeline.duties_in(start - 1, end + 1)),
        message=message,
    )
