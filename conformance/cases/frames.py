# SPDX-License-Identifier: MIT
"""A small text language for event-stream frames, valid and broken: what is right is short, and each fault can be said.

    frame :message-type='event' :event-type='PayloadPart' payload('one ')
    frame :message-type='event' :event-type='PayloadPart' payload('two ') crc(wrong)

A text is a row of items. White space and line ends separate and mean nothing more; `#` begins a comment.

    frame ...               one frame, of the parts that follow it, in any order but that of its headers
    bytes(TERMS)            bytes between frames, as they stand

    NAME=VALUE              a header. NAME: letters, digits and `:_.-`, or (TERMS). VALUE:
        'text'  true  false  int8(-2)  int16(N)  int32(N)  int64(N)  timestamp(N)  uuid(0102...10)
        string(TERMS)  bytes(TERMS)  type10(TERMS)      the last: any type from 0 to 255, and its value as it stands
    raw(TERMS)              bytes among the headers, as they stand
    payload(TERMS)
    total(N)  headers(N)    what the two lengths say, instead of what is true
    prelude_crc(TERMS)      four bytes, or `wrong`: the right ones with the last bit flipped
    crc(TERMS)              up to four bytes, or `wrong`
    cut(N)                  of the whole frame only the first N bytes; cut(-N): all but the last N

TERMS is a row of terms: 'text' in UTF-8 (a quote in it is doubled), hexadecimal digits in pairs, and N*TERM, one of these N
times. In a NAME, a string and bytes, length=N may stand behind them: what their length says. Nothing else escapes, and so
nothing has to be escaped again when a text stands in JSON.

assemble() and disassemble() are inverse: assemble(disassemble(data)) == data whatever the bytes are. Of what no frame can be
made disassemble() shows the bytes, and goes on where the next frame begins. Neither uses the codec of the reference
implementation, which the vectors judge. Refused: a text that breaks these rules, in one line that names its own.
"""

import re
import struct
import uuid
from itertools import groupby
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple
from zlib import crc32

from refimpl.errors import UsageError, require_type

MAX_REPEATED = (
    64 * 1024 * 1024
)  # bytes that one N*TERM may make: a slip of the finger must not exhaust the memory
_U32_MAX = 0xFFFFFFFF

_INTEGERS = {
    "int8": (2, ">b"),
    "int16": (3, ">h"),
    "int32": (4, ">i"),
    "int64": (5, ">q"),
    "timestamp": (8, ">q"),
}
_COUNTED = {"bytes": 6, "string": 7}
_UUID = 9


class FrameTextError(UsageError):
    """A frame text that cannot be assembled. line: the number of the line that is wrong, from 1."""

    kind = "syntax"
    line = 0


# ---- assembling --------------------------------------------------------------------------------------------------


def assemble(text: str) -> bytes:
    """Return the bytes of a frame text. Raises FrameTextError."""
    require_type(text, str, "frame text")
    return _Assembler(text).assembled()


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


_TOKEN = re.compile(
    r"(?P<blank>(?:[ \t\r\n]+|#[^\n]*)+)|(?P<text>'[^'\n]*(?:''[^'\n]*)*')|(?P<word>[A-Za-z0-9:_.-]+)|(?P<mark>[()=*])"
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,20}\Z")
_TYPE = re.compile(r"type([0-9]{1,3})\Z")
_NUMBERS = {"total": (0, _U32_MAX), "headers": (0, _U32_MAX), "cut": (-_U32_MAX, _U32_MAX)}
_CHECKSUMS = {"prelude_crc": (4, 4), "crc": (0, 4)}  # how many bytes may be given


class _Frame:
    """The parts of one frame, as they are read."""

    def __init__(self) -> None:
        self.block: List[bytes] = []
        self.payload: Optional[bytes] = None
        self.numbers: Dict[str, int] = {}
        self.checksums: Dict[str, Optional[bytes]] = {}  # None: wrong

    def has(self, word: str) -> bool:
        return (
            word in self.numbers
            or word in self.checksums
            or (word == "payload" and self.payload is not None)
        )

    def length(self) -> int:
        return 16 + sum(map(len, self.block)) + len(self.payload or b"")

    def assembled(self) -> bytes:
        block, payload = b"".join(self.block), self.payload or b""
        lengths = struct.pack(
            ">II", self.numbers.get("total", self.length()), self.numbers.get("headers", len(block))
        )
        frame = b"".join((lengths, self._checksum("prelude_crc", lengths), block, payload))
        return frame + self._checksum("crc", frame)

    def _checksum(self, word: str, data: bytes) -> bytes:
        if word not in self.checksums:
            return _crc_of(data)
        given = self.checksums[word]
        return _crc_of(data, 1) if given is None else given


def _crc_of(data: bytes, flipped: int = 0) -> bytes:
    return struct.pack(">I", crc32(data) ^ flipped)


class _Assembler:
    """Reads a text, token by token; each method reads what its name says, and raises at the first token that does not fit."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._tokenized())
        self._index = 0

    def _tokenized(self) -> Iterator[_Token]:
        position = 0
        while position < len(self._text):
            match = _TOKEN.match(self._text, position)
            if match is None:
                what = (
                    "a text without its closing quote"
                    if self._text[position] == "'"
                    else "a character that means nothing here"
                )
                raise self._error(what, position, actual=self._shown_at(position))
            if match.lastgroup != "blank":
                yield _Token(str(match.lastgroup), match.group(), position)
            position = match.end()
        yield _Token("end", "", position)

    def _shown_at(self, position: int) -> str:
        return self._text[position : position + 24].partition("\n")[0] or "the end of the text"

    def _error(self, message: str, position: int, **evidence: object) -> FrameTextError:
        line = self._text.count("\n", 0, position) + 1
        return FrameTextError(f"line {int(line)}: {message}", line=line, **evidence)

    def _unexpected(self, token: _Token, expected: str) -> FrameTextError:
        return self._error(
            "this cannot stand here",
            token.position,
            expected=expected,
            actual=self._shown_at(token.position),
        )

    def _next(self) -> _Token:
        token = self._tokens[self._index]
        if token.kind != "end":
            self._index += 1
        return token

    def _stands(self, text: str, ahead: int = 0) -> bool:
        """Whether that word or mark is the next token, or one behind it."""
        index = min(self._index + ahead, len(self._tokens) - 1)
        return self._tokens[index].kind in ("word", "mark") and self._tokens[index].text == text

    def _expect(self, mark: str) -> None:
        token = self._next()
        if token.kind != "mark" or token.text != mark:
            raise self._unexpected(token, mark)

    # -- items

    def assembled(self) -> bytes:
        pieces: List[bytes] = []
        while self._tokens[self._index].kind != "end":
            token = self._next()
            if token.kind == "word" and token.text == "frame":
                pieces.append(self._frame(token))
            elif token.kind == "word" and token.text == "bytes":
                pieces.append(self._terms_in_parentheses())
            else:
                raise self._unexpected(token, "frame or bytes(...)")
        return b"".join(pieces)

    def _frame(self, start: _Token) -> bytes:
        frame = _Frame()
        while not self._begins_item():
            self._part(frame)
        if frame.length() > _U32_MAX:
            raise self._error(
                "a frame too long for its length field",
                start.position,
                expected=f"at most {int(_U32_MAX)} bytes",
                actual=frame.length(),
            )
        data = frame.assembled()
        cut = frame.numbers.get("cut", len(data))
        if not -len(data) <= cut <= len(data):
            raise self._error(
                "a cut outside the frame",
                start.position,
                expected=f"at most {len(data)} bytes",
                actual=cut,
            )
        return data[:cut]

    def _begins_item(self) -> bool:
        is_word = (self._stands("frame") or self._stands("bytes")) and not self._stands("=", 1)
        return is_word or self._tokens[self._index].kind == "end"

    # -- parts of a frame

    def _part(self, frame: _Frame) -> None:
        token = self._next()
        if token.kind == "mark" and token.text == "(":
            frame.block.append(self._header(self._counted(255, "name")))
        elif token.kind != "word":
            raise self._unexpected(token, "a part of a frame")
        elif self._stands("="):
            frame.block.append(
                self._header(self._with_length(token, token.text.encode("ascii"), 255, "name"))
            )
        elif frame.has(token.text):
            raise self._error(f"{token.text}(...) twice in one frame", token.position)
        elif token.text in _NUMBERS:
            frame.numbers[token.text] = self._number_in_parentheses(*_NUMBERS[token.text])
        elif token.text in _CHECKSUMS:
            frame.checksums[token.text] = self._checksum_in_parentheses(*_CHECKSUMS[token.text])
        elif token.text == "payload":
            frame.payload = self._terms_in_parentheses()
        elif token.text == "raw":
            frame.block.append(self._terms_in_parentheses())
        else:
            raise self._unexpected(
                token,
                "NAME=VALUE, raw, payload, total, headers, prelude_crc, crc, cut, or another item",
            )

    def _header(self, name: bytes) -> bytes:
        self._expect("=")
        token = self._next()
        if token.kind == "text":
            return (
                name
                + bytes((_COUNTED["string"],))
                + self._with_length(token, self._utf8(token), 65535, "value")
            )
        if token.kind != "word":
            raise self._unexpected(token, "a value")
        if token.text in ("true", "false"):
            return name + (b"\0" if token.text == "true" else b"\1")
        if token.text in _INTEGERS:
            code, layout = _INTEGERS[token.text]
            half = 1 << 8 * struct.calcsize(layout) - 1
            return (
                name
                + bytes((code,))
                + struct.pack(layout, self._number_in_parentheses(-half, half - 1))
            )
        if token.text in _COUNTED:
            self._expect("(")
            return name + bytes((_COUNTED[token.text],)) + self._counted(65535, "value")
        if token.text == "uuid":
            return name + bytes((_UUID,)) + self._uuid_in_parentheses()
        match = _TYPE.match(token.text)
        if match is None or int(match.group(1)) > 255:
            raise self._unexpected(token, "a value")
        return name + bytes((int(match.group(1)),)) + self._terms_in_parentheses()

    def _counted(self, most: int, what: str) -> bytes:
        """Terms, and perhaps length=N, up to the closing parenthesis, with their length before them."""
        start = self._tokens[self._index]
        data = self._terms()
        given = None
        if self._stands("length") and self._stands("=", 1):
            self._index += 2
            given = self._number(0, most)
        self._expect(")")
        return self._with_length(start, data, most, what, given)

    def _with_length(
        self, token: _Token, data: bytes, most: int, what: str, given: Optional[int] = None
    ) -> bytes:
        length = len(data) if given is None else given
        if length > most:
            raise self._error(
                f"a {what} too long for its length field",
                token.position,
                expected=f"at most {int(most)} bytes",
                actual=length,
            )
        return struct.pack(">B" if most == 255 else ">H", length) + data

    # -- what stands in parentheses

    def _number_in_parentheses(self, low: int, high: int) -> int:
        self._expect("(")
        number = self._number(low, high)
        self._expect(")")
        return number

    def _number(self, low: int, high: int) -> int:
        token = self._next()
        if (
            token.kind != "word"
            or not _DECIMAL.match(token.text)
            or not low <= int(token.text) <= high
        ):
            raise self._unexpected(token, f"{int(low)} to {int(high)}")
        return int(token.text)

    def _checksum_in_parentheses(self, least: int, most: int) -> Optional[bytes]:
        token = self._tokens[self._index]
        if self._stands("wrong", 1) and self._stands(")", 2):
            self._expect("(")
            self._index += 2
            return None
        data = self._terms_in_parentheses()
        if not least <= len(data) <= most:
            raise self._error(
                f"a checksum of {len(data)} bytes",
                token.position,
                expected=f"wrong, or {int(least)} to {int(most)} bytes",
            )
        return data

    def _uuid_in_parentheses(self) -> bytes:
        self._expect("(")
        token = self._next()
        digits = token.text.replace("-", "")
        if token.kind != "word" or len(digits) != 32 or not _HEX.match(digits):
            raise self._unexpected(token, "32 hexadecimal digits")
        self._expect(")")
        return bytes.fromhex(digits)

    def _terms_in_parentheses(self) -> bytes:
        self._expect("(")
        data = self._terms()
        self._expect(")")
        return data

    def _terms(self) -> bytes:
        pieces: List[bytes] = []
        while not (self._stands(")") or self._stands("length")):
            pieces.append(self._term())
        return b"".join(pieces)

    def _term(self) -> bytes:
        if not self._stands("*", 1):
            return self._literal()
        start = self._tokens[self._index]
        count = self._number(0, MAX_REPEATED)
        self._expect("*")
        data = self._literal()
        if count * len(data) > MAX_REPEATED:
            raise self._error(
                "too many bytes",
                start.position,
                expected=f"at most {int(MAX_REPEATED)}",
                actual=count * len(data),
            )
        return data * count

    def _literal(self) -> bytes:
        token = self._next()
        if token.kind == "text":
            return self._utf8(token)
        if token.kind != "word" or not _HEX.match(token.text):
            raise self._unexpected(
                token, "'text', hexadecimal digits in pairs, or N* before one of them"
            )
        return bytes.fromhex(token.text)

    def _utf8(self, token: _Token) -> bytes:
        try:
            return token.text[1:-1].replace("''", "'").encode("utf-8")
        except UnicodeEncodeError:
            raise self._error("a lone surrogate, which UTF-8 has not", token.position) from None


# ---- disassembling -----------------------------------------------------------------------------------------------

_WIDTH = 120  # of a line
_TEXT_WIDTH = 80  # characters of one quoted text
_HEX_WIDTH = 32  # bytes of one row of digits
_BINARY_WORDS = (
    4  # characters; between bytes that are mostly no text, shorter texts are left as digits
)

_RUN = re.compile(rb"(?s)(.)\1{15,65535}")
_BARE_NAME = re.compile(rb"[A-Za-z0-9:_.-]{1,40}\Z")
_WORD_OF_CODE = {code: (word, layout) for word, (code, layout) in _INTEGERS.items()}
_WORD_OF_COUNTED = {code: word for word, code in _COUNTED.items()}

# Where a frame may begin amid bytes that are none: a total length under 32 MiB, a headers length under 16 MiB.
_LIKELY = re.compile(rb"(?s)(?=[\x00\x01].{3}\x00.{7})")


class _Part(NamedTuple("_Part", [("before", str), ("terms", List[str]), ("behind", str)])):
    """A part of an item: terms, which may stand on several lines, and what stands before and behind them."""

    __slots__ = ()

    def line(self) -> str:
        return self.before + " ".join(self.terms) + self.behind


def disassemble(data: bytes) -> str:
    """Return the text of bytes, one item a line, long ones on several: assemble() of it gives the bytes back."""
    require_type(data, bytes, "data")
    return "".join(_laid_out(parts) for parts in _items(data))


def _laid_out(parts: List[_Part]) -> str:
    """The line of an item, or, where it is too long, its head on one line and its parts below, indented."""
    line = " ".join(part.line() for part in parts)
    if len(line) <= _WIDTH:
        return line + "\n"
    lines = []
    for depth, part in zip([0] + [1] * len(parts), parts):
        lines += _wrapped(part, "  " * depth)
    return "\n".join(lines) + "\n"


def _wrapped(part: _Part, indent: str) -> List[str]:
    if len(indent + part.line()) <= _WIDTH or len(part.terms) <= 1:
        return [indent + part.line()]
    lines, line = [indent + part.before], ""
    for term in part.terms:
        if line and len(indent) + 2 + len(line) + 1 + len(term) > _WIDTH:
            lines.append(indent + "  " + line)
            line = term
        else:
            line = line + " " + term if line else term
    return lines + [indent + "  " + line + part.behind]


def _items(data: bytes) -> Iterator[List[_Part]]:
    position, length = 0, len(data)
    while position < length:
        if not _frame_begins(data, position):
            end = _next_frame(data, position + 1)
            yield [_Part("bytes(", _terms_of(data[position:end]), ")")]
        else:
            total, headers_length = struct.unpack_from(">II", data, position)
            end = position + total
            if total < 16 or end > length:
                end = _next_frame(data, position + 12)
            yield _frame_parts(data[position:end], total, headers_length)
        position = end


def _frame_begins(data: bytes, position: int) -> bool:
    """Whether a frame stands there: its prelude says so; or all but its checksum does, and a frame or the end follows."""
    if len(data) - position < 12:
        return False
    if _prelude_is_intact(data, position):
        return True
    total, headers_length = struct.unpack_from(">II", data, position)
    end = position + total
    return (
        total >= 16
        and headers_length <= total - 16
        and (end == len(data) or _prelude_is_intact(data, end))
    )


def _prelude_is_intact(data: bytes, position: int) -> bool:
    return (
        len(data) - position >= 12
        and _crc_of(data[position : position + 8]) == data[position + 8 : position + 12]
    )


def _next_frame(data: bytes, position: int) -> int:
    """Where the next intact prelude begins, at that position or behind it, or the end."""
    for match in _LIKELY.finditer(data, position):
        if _prelude_is_intact(data, match.start()):
            return match.start()
    return len(data)


def _frame_parts(frame: bytes, total: int, headers_length: int) -> List[_Part]:
    """The parts of a frame that may be cut short, or longer than its total length says."""
    crc_length = _crc_length(frame, total)
    content = frame[12 : len(frame) - crc_length]
    block, payload = content[:headers_length], content[headers_length:]
    parts = [_Part("frame", [], "")]
    if total != 16 + len(content):
        parts.append(_Part(f"total({int(total)})", [], ""))
    if headers_length != len(block):
        parts.append(_Part(f"headers({int(headers_length)})", [], ""))
    parts += _checksum_parts("prelude_crc", frame[:8], frame[8:12])
    parts += _header_parts(block)
    if payload:
        parts.append(_Part("payload(", _terms_of(payload), ")"))
    return parts + _checksum_parts(
        "crc", frame[: len(frame) - crc_length], frame[len(frame) - crc_length :]
    )


def _crc_length(frame: bytes, total: int) -> int:
    """How many of the last bytes are the message CRC: four where it is right or where it should be, fewer of a frame cut inside it."""
    if len(frame) >= 16 and (len(frame) == total or frame[-4:] == _crc_of(frame[:-4])):
        return 4
    there = len(frame) - (total - 4)
    return there if 0 < there < 4 and len(frame) - there >= 12 else 0


def _checksum_parts(word: str, covered: bytes, there: bytes) -> List[_Part]:
    if there == _crc_of(covered):
        return []
    if there == _crc_of(covered, 1):
        return [_Part(word + "(wrong)", [], "")]
    return [_Part(word + "(", [there.hex()] if there else [], ")")]


def _header_parts(block: bytes) -> Iterator[_Part]:
    position = 0
    while position < len(block):
        part, end = _header_at(block, position)
        yield part
        position = end


def _header_at(block: bytes, position: int) -> Tuple[_Part, int]:
    """One header and where it ends; raw bytes, up to the end, of what is no whole header."""
    rest = _Part("raw(", _terms_of(block[position:]), ")"), len(block)
    name_end = position + 1 + block[position]
    if name_end >= len(block):
        return rest
    name, code, start = block[position + 1 : name_end], block[name_end], name_end + 1
    before = (
        name.decode("ascii") if _BARE_NAME.match(name) else f"({' '.join(_terms_of(name))})"
    ) + "="
    if code in (0, 1):
        return _Part(before + ("false" if code else "true"), [], ""), start
    if code in _COUNTED.values():
        if start + 2 > len(block):
            return rest
        end = start + 2 + struct.unpack_from(">H", block, start)[0]
        value = _counted_part(before, code, block[start + 2 : end])
    elif code in _WORD_OF_CODE:
        word, layout = _WORD_OF_CODE[code]
        end = start + struct.calcsize(layout)
        if end <= len(block):
            value = _Part(
                before + "%s(%d)" % ((word,) + struct.unpack_from(layout, block, start)), [], ""
            )
    elif code == _UUID:
        end = start + 16
        if end <= len(block):
            value = _Part(before + f"uuid({uuid.UUID(bytes=block[start:end])})", [], "")
    else:  # of an unknown type nobody knows where it ends
        end = len(block)
        value = _Part(before + f"type{int(code)}(", _terms_of(block[start:]), ")")
    return (value, end) if end <= len(block) else rest


def _counted_part(before: str, code: int, data: bytes) -> _Part:
    terms = _terms_of(data)
    if code == _COUNTED["string"] and (not data or len(terms) == 1 and terms[0].startswith("'")):
        return _Part(before, terms or ["''"], "")
    return _Part(before + _WORD_OF_COUNTED[code] + "(", terms, ")")


def _terms_of(data: bytes) -> List[str]:
    """Bytes as terms: what is text in quotes, runs of one byte repeated, all else in digits."""
    terms: List[str] = []
    position = 0
    for match in _RUN.finditer(data):
        terms += _plain_terms(data[position : match.start()])
        terms.append(f"{int(match.end() - match.start())}*{_plain_terms(match.group(1))[0]}")
        position = match.end()
    return terms + _plain_terms(data[position:])


def _plain_terms(data: bytes) -> List[str]:
    text = data.decode("utf-8", "surrogateescape")
    groups = [
        (is_text, "".join(characters)) for is_text, characters in groupby(text, str.isprintable)
    ]
    mostly_text = 2 * sum(len(group) for is_text, group in groups if is_text) >= len(text)
    shortest = 1 if mostly_text else _BINARY_WORDS
    terms: List[str] = []
    for is_text, pairs in groupby(groups, lambda group: group[0] and len(group[1]) >= shortest):
        joined = "".join(group for _, group in pairs)
        terms += _quoted(joined) if is_text else _digits(joined.encode("utf-8", "surrogateescape"))
    return terms


def _quoted(text: str) -> List[str]:
    return [
        "'{}'".format(text[start : start + _TEXT_WIDTH].replace("'", "''"))
        for start in range(0, len(text), _TEXT_WIDTH)
    ]


def _digits(data: bytes) -> List[str]:
    return [data[start : start + _HEX_WIDTH].hex() for start in range(0, len(data), _HEX_WIDTH)]
