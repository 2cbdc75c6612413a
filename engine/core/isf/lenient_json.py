"""The JSON of ISF headers as people write it: lenient in form, bounded in size and depth."""

from __future__ import annotations

import re
from collections.abc import Iterator

Json = None | bool | float | str | list["Json"] | dict[str, "Json"]

DEPTH = 32
_TOKEN = re.compile(
    r"""(?P<space>[\s\u00a0\ufeff]+|(?://|\#)[^\n]*)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<mark>[{}\[\]:,])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None, "yes": True, "no": False}


class _Text:
    """A cursor over the tokens of one header. Knows where it is, for messages."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._scan()
        self.kind, self.token, self.at = next(self.tokens)

    def _scan(self) -> Iterator[tuple[str, str, int]]:
        at = 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise self.error(f"unexpected {self.text[at]!r}", at)
            if match.lastgroup != "space":
                yield str(match.lastgroup), match.group(), at
            at = match.end()
        while True:
            yield "end", "the end", at

    def error(self, what: str, at: int | None = None) -> ValueError:
        line = self.text.count("\n", 0, self.at if at is None else at) + 1
        return ValueError(f"{line}: {what}")

    def take(self) -> str:
        token = self.token
        self.kind, self.token, self.at = next(self.tokens)
        return token


def read(text: str) -> Json:
    r"""Read the first JSON value of `text`; what follows it is ignored.

    Accepts what ISF files in the wild hold and strict JSON refuses: ``//`` and ``#`` comments,
    single quotes, names without quotes, trailing, missing and doubled commas, ``.5``, ``5.``,
    ``+1``, raw tabs and newlines in strings, no-break spaces and byte order marks. Numbers become
    float.

    Raises
    ------
    ValueError
        ``LINE: what is wrong``, with the 1-based line within `text`. Also for nesting deeper than
        `DEPTH` and for numbers too large for a float.
    """
    return _value(_Text(text), 0)


def _value(cursor: _Text, depth: int) -> Json:
    if depth > DEPTH:
        raise cursor.error(f"nested more than {DEPTH} deep")
    if cursor.kind == "string":
        return _string(cursor.take())
    if cursor.kind == "number":
        number = float(cursor.token)
        if number in (float("inf"), float("-inf")):
            raise cursor.error(f"the number {cursor.token[:20]} is too large")
        cursor.take()
        return number
    if cursor.kind == "word" and cursor.token.lower() in _WORDS:
        return _WORDS[cursor.take().lower()]
    if cursor.token == "{":
        return _object(cursor, depth)
    if cursor.token == "[":
        return _list(cursor, depth)
    raise cursor.error(f"a value was expected, not {cursor.token[:20]}")


def _object(cursor: _Text, depth: int) -> Json:
    cursor.take()
    items: dict[str, Json] = {}
    while _skip_commas(cursor) != "}":
        if cursor.kind not in ("string", "word"):
            raise cursor.error(f"a quoted name or '}}' was expected, not {cursor.token[:20]}")
        name = _string(cursor.take()) if cursor.kind == "string" else cursor.take()
        if cursor.token != ":":
            raise cursor.error(f"':' was expected after \"{name[:40]}\", not {cursor.token[:20]}")
        cursor.take()
        items[name] = _value(cursor, depth + 1)
    cursor.take()
    return items


def _list(cursor: _Text, depth: int) -> Json:
    cursor.take()
    items: list[Json] = []
    while _skip_commas(cursor) != "]":
        items.append(_value(cursor, depth + 1))
    cursor.take()
    return items


def _skip_commas(cursor: _Text) -> str:
    while cursor.token == ",":
        cursor.take()
    return cursor.token


def _string(token: str) -> str:
    def decode(match: re.Match[str]) -> str:
        code = match.group(1)
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)

    return _ESCAPE.sub(decode, token[1:-1])
