"""From the text of a file to a tree with places.

One pass over the parser's events, without recursion and without any constructor: nothing that a file says can make an
object other than text, numbers, dates, lists and maps. Every limit is checked while reading, and mistakes are collected
as far as the text can be followed: only a syntax error or a limit ends the reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from rehearse.errors import Code, Complaints, Problem, did_you_mean
from rehearse.loading.files import check_text
from rehearse.loading.limits import SCENARIO_LIMITS, Limits
from rehearse.loading.scalars import UNUSUAL, ScalarError, plain_scalar
from rehearse.loading.tree import Entry, ListNode, MapNode, Node, ScalarNode
from rehearse.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable


class _Mark(Protocol):
    """A place, counted from 0."""

    line: int
    column: int


class _Event(Protocol):
    """What the parser says of a piece of the text; `value`, `style` and `implicit` belong to scalars alone."""

    start_mark: _Mark
    end_mark: _Mark
    anchor: str
    tag: str | None
    value: str
    style: str | None
    implicit: tuple[bool, bool]


class _Parser(Protocol):
    def get_event(self) -> Any: ...


def _parser_type() -> Callable[[str], _Parser]:
    """Return libyaml's parser, or the slow one in Python where libyaml is missing: both speak in the same events."""
    try:
        from yaml._yaml import CParser  # noqa: PLC0415  (missing where PyYAML was built without libyaml)
    except ImportError:
        return yaml.SafeLoader
    return CParser


PARSER = _parser_type()


def read_tree(source: Source, complaints: Complaints, *, limits: Limits = SCENARIO_LIMITS) -> Node | None:
    """Return the document in `source`; an empty one is a null.

    Mistakes go to `complaints`. None means that the text could not be followed to its end. A tree may come back beside
    complaints, so that others can look for more mistakes in it; what it says is not to be trusted then.
    """
    if not check_text(source, complaints, limits):
        return None
    builder = _Builder(source, complaints, limits)
    try:
        _follow(PARSER(source.text), builder)
    except yaml.MarkedYAMLError as error:
        complaints.add(_syntax_problem(source, error))
        return None
    except _GiveUpError:
        return None
    return builder.root


def _follow(parser: _Parser, builder: _Builder) -> None:
    """Hand every event to the builder."""
    next_event = parser.get_event
    handlers: dict[type, Callable[[Any], None]] = {
        ScalarEvent: builder.scalar,
        MappingStartEvent: builder.start,
        MappingEndEvent: builder.end,
        SequenceStartEvent: builder.start,
        SequenceEndEvent: builder.end,
        AliasEvent: builder.alias,
        DocumentStartEvent: builder.document,
    }
    while (event := next_event()) is not None:  # after the end of the stream there is none
        handler = handlers.get(type(event))
        if handler is not None:
            handler(event)
        elif type(event) is StreamEndEvent:
            return


class _GiveUpError(Exception):
    """A limit was passed, and has been complained about: reading on is pointless."""


class _Frame:
    """A collection that is being read.

    A map wants a key and a value in turn; `key` is None for a value whose key was refused.
    """

    __slots__ = ("anchor", "before", "end_column", "entries", "height", "is_map", "items", "key", "mark", "wants_key")

    def __init__(self, event: _Event, before: int) -> None:
        self.is_map = isinstance(event, MappingStartEvent)
        self.mark: _Mark = event.start_mark
        self.anchor = event.anchor
        self.before = before
        self.height = 1
        self.items: list[Node] = []
        self.entries: dict[str, Entry] = {}
        self.wants_key = self.is_map
        self.key: tuple[str, Span] | None = None
        self.end_column = 0


_Anchored: TypeAlias = "tuple[Node, int, int]"  # the node, its nodes when written out, its depth


class _Builder:
    """Puts the tree together, event by event."""

    def __init__(self, source: Source, complaints: Complaints, limits: Limits) -> None:
        self.root: Node = ScalarNode(None, Span(source, 1, 1, 2))
        self._source = source
        self._complaints = complaints
        self._limits = limits
        self._short = limits.scalar // 4  # so many characters cannot have too many bytes
        self._stack: list[_Frame] = []
        self._top: _Frame | None = None
        self._count = 0
        self._documents = 0
        self._anchors: dict[str, _Anchored] = {}

    def document(self, event: _Event) -> None:
        """Begin a document; there may be one."""
        self._documents += 1
        if self._documents > 1:
            self._give_up("yaml-feature", "a second document begins here", event, "put it into a file of its own")

    def scalar(self, event: _Event) -> None:
        """Place a scalar, as key or as value; most events are these, so the usual case is written out."""
        self._count += 1
        if self._count > self._limits.nodes:
            self._too_many(event)
        text = event.value
        if len(text) > self._short and len(text.encode()) > self._limits.scalar:
            self._give_up("yaml-limit", f"this text is longer than {self._limits.scalar:,} bytes", event, "shorten it")
        start, end = event.start_mark, event.end_mark
        span = self._span(start, end)
        if event.tag is not None:
            self._refuse_tag(event)
        frame = self._top
        is_key = frame is not None and frame.wants_key
        if event.style or not event.implicit[0]:
            node = ScalarNode(text, span, quoted=True)
            if "\0" in text:
                self._refuse("bad-value", "the text holds a NUL character", event, "no database takes one: remove it")
        elif text and text[0] not in UNUSUAL:
            node = ScalarNode(text, span)
        else:
            node = self._plain(text, span, is_key=is_key)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, 1, 0)
        if frame is not None and is_key:
            self._key(frame, node, span)
        else:
            self._place(node, 0, end)

    def start(self, event: _Event) -> None:
        """Begin a list or a map."""
        self._count += 1
        if self._count > self._limits.nodes:
            self._too_many(event)
        if len(self._stack) >= self._limits.depth:
            self._too_deep(event)
        if event.tag is not None:
            self._refuse_tag(event)
        if self._top is not None and self._top.wants_key:
            self._refuse("yaml-feature", "a list or a map is no key", event, "write a text as the key")
        self._top = _Frame(event, self._count - 1)
        self._stack.append(self._top)

    def end(self, event: _Event) -> None:
        """End the innermost list or map and place it."""
        frame = self._stack.pop()
        self._top = self._stack[-1] if self._stack else None
        node = self._map(frame) if frame.is_map else self._list(frame, event.end_mark)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (node, self._count - frame.before, frame.height)
        self._place(node, frame.height, event.end_mark)

    def alias(self, event: _Event) -> None:
        """Place once more what an anchor marks."""
        name = event.anchor
        node: Node
        if any(frame.anchor == name for frame in self._stack):
            self._refuse("yaml-feature", f"`*{name}` stands inside its own anchor", event, "write out what is meant")
            node, size, height = ScalarNode(None, self._event_span(event)), 1, 0
        elif name not in self._anchors:
            self._refuse("yaml-syntax", f"`*{name}` names no anchor", event, did_you_mean(name, self._anchors))
            node, size, height = ScalarNode(None, self._event_span(event)), 1, 0
        else:
            node, size, height = self._anchors[name]
        self._count += size
        if self._count > self._limits.nodes:
            self._too_many(event)
        if len(self._stack) + height > self._limits.depth:
            self._too_deep(event)
        if self._top is not None and self._top.wants_key:
            self._key(self._top, node, self._event_span(event))
        else:
            self._place(node, height, event.end_mark)

    def _place(self, node: Node, height: int, end: _Mark) -> None:
        """Put a finished node into the collection around it, or make it the root."""
        frame = self._top
        if frame is None:
            self.root = node
            return
        if height >= frame.height:
            frame.height = height + 1
        if not frame.is_map:
            if not frame.items and end.line == frame.mark.line:
                frame.end_column = end.column + 1
            frame.items.append(node)
        elif frame.wants_key:  # a collection, refused as a key when it began
            frame.key, frame.wants_key = None, False
        else:
            frame.wants_key = True
            if frame.key is not None:
                name, span = frame.key
                frame.entries[name] = Entry(name, span, node)

    def _key(self, frame: _Frame, node: Node, place: Span) -> None:
        """Take `node` as the key of the next value, or refuse it so that its value is dropped."""
        frame.wants_key, frame.key = False, None
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            shown = self._source.line(place.line)[place.column - 1 : place.end_column - 1].strip()
            summary = f"the key `{shown}` is not text" if shown else "a key is missing before the colon"
            self._complain(Problem("yaml-feature", summary, place, f'write it in quotes, `"{shown}"`' if shown else ""))
        elif node.value == "<<" and not node.quoted:
            self._complain(Problem("yaml-feature", "the merge key `<<` is not read", place, "write the keys out"))
        elif (first := frame.entries.get(node.value)) is not None:
            also = (("it is first written here", first.span),)
            summary = f"`{node.value}` is written twice in one map"
            self._complain(Problem("duplicate-key", summary, place, "keep one of the two", also=also))
        else:
            frame.key = (node.value, place)

    def _plain(self, text: str, span: Span, *, is_key: bool) -> ScalarNode:
        try:
            return ScalarNode(plain_scalar(text), span)
        except ScalarError as error:
            if not is_key:  # a key is refused as no text anyway
                self._complain(Problem(error.code, error.summary, span, error.remedy))
            return ScalarNode(None, span)

    def _map(self, frame: _Frame) -> MapNode:
        entries = tuple(frame.entries.values())
        span = entries[0].span if entries else self._start_span(frame.mark)
        return MapNode(entries, span)

    def _list(self, frame: _Frame, end: _Mark) -> ListNode:
        mark = frame.mark
        if end.line == mark.line:
            return ListNode(tuple(frame.items), self._span(mark, end))
        if frame.end_column:
            return ListNode(tuple(frame.items), Span(self._source, mark.line + 1, mark.column + 1, frame.end_column))
        return ListNode(tuple(frame.items), self._span(mark, end))

    def _span(self, start: _Mark, end: _Mark) -> Span:
        line, column = start.line + 1, start.column + 1
        last = end.column + 1 if end.line == start.line else len(self._source.line(line).rstrip()) + 1
        return Span(self._source, line, column, last if last > column else column + 1)

    def _start_span(self, start: _Mark) -> Span:
        return Span(self._source, start.line + 1, start.column + 1, start.column + 2)

    def _event_span(self, event: _Event) -> Span:
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            return self._start_span(event.start_mark)
        return self._span(event.start_mark, event.end_mark)

    def _too_many(self, event: _Event) -> NoReturn:
        summary = f"more than {self._limits.nodes:,} keys and values, aliases written out"
        self._give_up("yaml-limit", summary, event, "split the file, or let `generate` make the rows")

    def _too_deep(self, event: _Event) -> NoReturn:
        summary = f"more than {self._limits.depth} lists and maps inside each other"
        self._give_up("yaml-limit", summary, event, "write it flatter")

    def _refuse_tag(self, event: _Event) -> None:
        span = self._event_span(event)
        shown = (event.tag or "").replace("tag:yaml.org,2002:", "!!")
        self._complain(Problem("yaml-feature", f"the tag `{shown}` is not read", span, "remove it"))

    def _refuse(self, code: Code, summary: str, event: _Event, remedy: str) -> None:
        self._complain(Problem(code, summary, self._event_span(event), remedy))

    def _give_up(self, code: Code, summary: str, event: _Event, remedy: str) -> NoReturn:
        self._refuse(code, summary, event, remedy)
        raise _GiveUpError

    def _complain(self, problem: Problem) -> None:
        self._complaints.add(problem)


def _syntax_problem(source: Source, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    if error.context_mark and "end of stream" in (error.problem or ""):
        mark = error.context_mark  # what does not end is found by its beginning
    span = _shown(source, mark.line + 1, mark.column + 1) if mark else Span(source, 1, 1, 2)
    told = " ".join(part for part in (error.problem, error.context) if part)
    also: tuple[tuple[str, Span], ...] = ()
    begin = error.context_mark
    if begin and begin.line + 1 < span.line:
        also = (("it begins here", _shown(source, begin.line + 1, begin.column + 1)),)
    return Problem("yaml-syntax", f"this is not YAML: {told}", span, _hint(span, told), also=also)


def _shown(source: Source, line: int, column: int) -> Span:
    """Return the place, or the last character of the text if the place lies behind it."""
    if line > len(source.lines):
        line = max(1, len(source.lines))
        column = max(1, len(source.line(line)))
    return Span(source, line, column, column + 1)


def _hint(span: Span, told: str) -> str:
    """Return what to do about the mistakes that are made most, else the empty text."""
    text = span.source.line(span.line)
    character = text[span.column - 1 : span.column]
    if "cannot start any token" in told:
        return (
            "indent with spaces, not with tabs"
            if character == "\t"
            else f"a text that begins with `{character}` needs quotes"
        )
    if "mapping values are not allowed" in told:
        return "a text in which a colon and a space stand needs quotes"
    return "close the quotes" if "quoted scalar" in told else ""
