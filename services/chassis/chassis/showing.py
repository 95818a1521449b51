"""Dead letters as an operator reads them: a table of many, and one with everything that is known of it (pure)."""

import base64
from collections.abc import Sequence

import orjson

from chassis.consumer import Delivery, Item
from chassis.letters import Letter


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their columns, each as wide as its widest value."""
    lines = [columns, *rows]
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def shown(letter: Letter) -> str:
    """Where it came from, what is wrong with it then and today, and every byte of it; of a restricted topic none."""
    if letter.restricted:
        return f"letter   {letter.id}\nvalue    not shown: its topic is restricted"
    about = {
        "letter": letter.id,
        "parked": letter.parked_at.isoformat(),
        "reason": letter.reason,
        "today": _today(letter.decoded()),
        "end": str(letter.end or "waiting"),
        "key": _text(letter.record.key),
    }
    headers = [f"  {name}: {_text(value)}" for name, value in letter.record.headers]
    return "\n".join([*(f"{name:<8} {text}" for name, text in about.items()), "headers", *headers, *_value(letter)])


def _today(item: Item) -> str:
    if isinstance(item, Delivery):
        envelope = item.envelope
        return f"decodes as {envelope.type} of {envelope.subject}, version {envelope.aggregate_version}"
    return f"does not decode: {item.reason}"


def _value(letter: Letter) -> list[str]:
    value: bytes | None = letter.record.value
    if value is None:
        return ["value    none"]
    raw = [f"base64   {base64.b64encode(value).decode()}", f"hex      {value.hex()}"]
    return [f"value    {len(value)} bytes", _pretty(value), *raw]


def _pretty(value: bytes) -> str:
    try:
        return orjson.dumps(orjson.loads(value), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return "  (not JSON)"


def _text(value: bytes | None) -> str:
    """Text as it is, other bytes so that none is lost."""
    if value is None:
        return "none"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    return text if text.isprintable() and (text or not value) else f"0x{value.hex()}"
