"""The JSON of ISF headers as people write it: lenient in form, bounded in size and depth."""

from __future__ import annotations

import re
from collections.abc import Iterator

Json = None | bool | float | str | list["Json"] | dict[str, "Json"]

DEPTH = 32
_TOKEN = re.compile(
    r"""(?P<space>[\s\u00a0\ufeff]+|(?://|\#)[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\u201c[^\u201d]*\u201d)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fF]?
      | (?P<word>[+-]?[A-Za-z_]\w*)
      | (?P<mark>[{}\[\]:,;])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None, "yes": True, "no": False}


class _Text:
    """A cursor over the tokens of one header. Knows where it is, for messages."""

    def __init__(self, text: str, may_be_open: bool) -> None:
        self.text, self.may_be_open = text, may_be_open
        self.tokens = self._scan()
        self.kind, self.token, self.at = next(self.tokens)

    def _scan(self) -> Iterator[tuple[str, str, int]]:
        at = 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise self.error(f"unexpected {self.text[at]!r}", at)
            if match.lastgroup != "space":
                yield str(match.lastgroup), match[str(match.lastgroup)], at
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


def read(text: str, may_be_open: bool = False) -> Json:
    r"""Read the first JSON value of `text`; what follows it is ignored.

    Accepts what ISF files in the wild hold and strict JSON refuses: comments of three kinds, single
    and curly quotes, words without quotes, trailing, missing and doubled commas, brackets that are
    not closed, ``.5``, ``5.``, ``+1``, ``1.0f``, raw tabs and newlines in strings, no-break spaces
    and byte order marks. Numbers become float.

    Parameters
    ----------
    may_be_open
        Whether the text's end closes what is open.

    Raises
    ------
    ValueError
        ``LINE: what is wrong``, with the 1-based line within `text`. Also for nesting deeper than
        `DEPTH` and for numbers too large for a float.
    """
    return _value(_Text(text, may_be_open), 0)


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
    if cursor.kind == "word":
        word = cursor.take()
        return _WORDS.get(word.lower(), word)
    if cursor.token == "{":
        return _object(cursor, depth)
    if cursor.token == "[":
        return _list(cursor, depth)
    raise cursor.error(f"a value was expected, not {cursor.token[:20]}")


def _object(cursor: _Text, depth: int) -> Json:
    cursor.take()
    items: dict[str, Json] = {}
    while _skip_commas(cursor) not in ("}", "]") and cursor.kind != "end":
        if cursor.kind not in ("string", "word"):
            raise cursor.error(f"a quoted name or '}}' was expected, not {cursor.token[:20]}")
        name = _string(cursor.take()) if cursor.kind == "string" else cursor.take()
        if cursor.token != ":":
            raise cursor.error(f"':' was expected after \"{name[:40]}\", not {cursor.token[:20]}")
        cursor.take()
        items[name] = _value(cursor, depth + 1)
    return _closed(cursor, "}", items)


def _list(cursor: _Text, depth: int) -> Json:
    cursor.take()
    items: list[Json] = []
    while _skip_commas(cursor) not in ("}", "]") and cursor.kind != "end":
        items.append(_value(cursor, depth + 1))
    return _closed(cursor, "]", items)


def _closed(cursor: _Text, mark: str, items: Json) -> Json:
    """Go on behind a bracket; where it is missing, another one ends what is inside, too."""
    if cursor.kind == "end" and not cursor.may_be_open:
        raise cursor.error(f"'{mark}' is missing")
    if cursor.token == mark:
        cursor.take()
    return items


def _skip_commas(cursor: _Text) -> str:
    while cursor.token in (",", ";"):
        cursor.take()
    return cursor.token


def _string(token: str) -> str:
    def decode(match: re.Match[str]) -> str:
        code = match.group(1)
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)

    return _ESCAPE.sub(decode, token[1:-1])
