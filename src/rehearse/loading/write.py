"""Trees → text: a scenario with everything resolved and every fixture merged, as a file that loads to the same scenario again."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal

from rehearse.loading.tree import DeferredNode, Entry, ListNode, MapNode, Node, PlainScalar, ScalarNode
from rehearse.values import plain

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_PLAIN = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_INDENT = "  "
_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x7F, 0x85, 0x2028, 0x2029, 0xFEFF)}


BRACE, DOLLAR = "literal_brace", "literal_dollar"
"""Variables that stand for a character where it would be read as the beginning of something else."""


def scenario_text(tree: MapNode) -> str:
    """Return ``scenario:`` with this resolved tree under it, as YAML that resolves to the same tree."""
    lines = _block(tree)
    used = [name for name in (BRACE, DOLLAR) if any(f"${{{name}}}" in line for line in lines)]
    if used:
        characters = {BRACE: "{", DOLLAR: "$"}
        lines += ["variables:", *(f'{_INDENT}{name}: "{characters[name]}"' for name in used)]
    return "scenario:\n" + "".join(f"{_INDENT}{line}\n" for line in lines)


def _block(node: Node) -> list[str]:
    match node:
        case MapNode() if node.entries:
            return [line for entry in node.entries for line in _entry(entry)]
        case ListNode() if node.items:
            return [line for item in node.items for line in _item(item)]
        case _:
            return [_flow(node)]


def _entry(entry: Entry) -> list[str]:
    key = _key(entry.key)
    if _is_flat(entry.value):
        return [f"{key}: {_flow(entry.value)}"]
    return [f"{key}:", *(_INDENT + line for line in _block(entry.value))]


def _item(node: Node) -> list[str]:
    if _is_flat(node) or (isinstance(node, MapNode) and all(_is_flat(entry.value) for entry in node.entries)):
        return [f"- {_flow(node)}"]
    first, *rest = _block(node)
    return [f"- {first}", *(_INDENT + line for line in rest)]


def _is_flat(node: Node) -> bool:
    """Whether a node fits behind its key: a scalar, or a collection of scalars only."""
    match node:
        case ListNode():
            return all(isinstance(item, ScalarNode | DeferredNode) for item in node.items)
        case MapNode():
            return not node.entries
        case _:
            return True


def _flow(node: Node) -> str:
    match node:
        case ScalarNode():
            return _scalar(node.value)
        case DeferredNode():
            return _quoted(_unbraced(node.text.replace("$$", f"${{{DOLLAR}}}")))
        case ListNode():
            return "[" + ", ".join(_flow(item) for item in node.items) + "]"
        case MapNode():
            return "{" + ", ".join(f"{_key(entry.key)}: {_flow(entry.value)}" for entry in node.entries) + "}"


def _key(key: str) -> str:
    plain_key = _PLAIN_KEY.fullmatch(key) and key.lower() not in _NOT_PLAIN
    return key if plain_key else _quoted(key)


def _quoted(text: str) -> str:
    """Double-quoted as in JSON; what YAML takes for the end of a line beyond that is escaped."""
    return json.dumps(text, ensure_ascii=False).translate(_LINE_ENDS)


def _unbraced(text: str) -> str:
    """Two braces would begin a companion's expression; a lone one is only a brace."""
    return text.replace("{{", f"{{${{{BRACE}}}")


def _scalar(value: PlainScalar) -> str:
    """Text is always quoted, and written so that it is read as the same text again."""
    match value:
        case str():
            return _quoted(_unbraced(value.replace("${", "$${")))
        case Decimal():
            text = format(value, "f")
            return text if "." in text else f"{text}.0"
        case datetime() | date():
            return plain(value)
        case _:
            return plain(value)
