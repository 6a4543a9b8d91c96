# SPDX-License-Identifier: MIT
"""A small text language for event-stream frames, valid and invalid.

    frame :message-type='event' :event-type='PayloadPart' payload('one ')
    frame :message-type='event' :event-type='PayloadPart' payload('two ') crc(wrong)

A text is a sequence of items. White space and line ends only separate. `#` begins a comment.

    frame ...               one frame, made of the following parts; only headers have an order
    bytes(TERMS)            bytes between frames, unchanged

    NAME=VALUE              a header. NAME: letters, digits and `:_.-`, or (TERMS). VALUE:
        'text'  true  false  int8(-2)  int16(N)  int32(N)  int64(N)  timestamp(N)  uuid(0102...10)
        string(TERMS)  bytes(TERMS)
        type10(TERMS)       any type from 0 to 255, followed by the bytes of the value
    raw(TERMS)              bytes among the headers, unchanged
    numbered(N)             N headers 00000=true, 00001=true, ...
    payload(TERMS)
    total(N)  headers(N)    the values of the two length fields, if they are not correct
    prelude_crc(TERMS)      four bytes, or `wrong`: the correct ones with the last bit flipped
    crc(TERMS)              up to four bytes, or `wrong`
    cut(N)                  only the first N bytes of the frame; cut(-N): all but the last N

TERMS is a sequence of terms: 'text' in UTF-8 (a quote is doubled), pairs of hexadecimal digits,
random(NAME N), the first N random bytes of a name (described.py), and N*TERM, a repeated term. In a
NAME, a string and bytes, length=N may follow the terms and sets the value of their length field.
There are no other escapes, so a text needs few escapes inside JSON.

assemble() and disassemble() are inverse: assemble(disassemble(data)) == data for all bytes.
disassemble() shows bytes that are not a frame, and continues at the next frame. Neither uses
refimpl's codec, which the vectors judge. assemble() rejects a text that breaks these rules, in one
line that contains the line number.
"""

import re
import struct
import uuid
from itertools import groupby
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple
from zlib import crc32

from conformance.cases.described import MOST_DESCRIBED, random_bytes
from refimpl.errors import UsageError, require_type

MAX_NUMBERED = 100000  # headers of numbered(N)
MAX_REPEATED = MOST_DESCRIBED  # bytes that N*TERM may produce
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
    """A frame text that cannot be assembled. line: the number of the incorrect line, from 1."""

    kind = "syntax"
    line = 0


# ---- assembling --------------------------------------------------------------------------------


def assemble(text: str) -> bytes:
    """Return the bytes of a frame text. Raises FrameTextError."""
    require_type(text, str, "frame text")
    return _Assembler(text).assembled()


class _Token(NamedTuple):
    """A part of a text. kind: text, word, mark or end."""

    kind: str
    text: str
    position: int


_TOKEN = re.compile(
    r"(?P<space>(?:[ \t\r\n]+|#[^\n]*)+)"
    r"|(?P<text>'[^'\n]*(?:''[^'\n]*)*')"
    r"|(?P<word>[A-Za-z0-9:_.-]+)"
    r"|(?P<mark>[()=*])"
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,20}\Z")
_TYPE = re.compile(r"type([0-9]{1,3})\Z")
_NUMBERS = {"total": (0, _U32_MAX), "headers": (0, _U32_MAX), "cut": (-_U32_MAX, _U32_MAX)}
_CHECKSUMS = {"prelude_crc": (4, 4), "crc": (0, 4)}  # the least and the most bytes


class _Frame:
    """The parts of one frame that have been read."""

    def __init__(self) -> None:
        self.block: List[bytes] = []
        self.payload: Optional[bytes] = None
        self.numbers: Dict[str, int] = {}
        self.checksums: Dict[str, Optional[bytes]] = {}  # None for `wrong`

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
        if given is None:
            return _crc_of(data, 1)
        return given


def _crc_of(data: bytes, flipped: int = 0) -> bytes:
    return struct.pack(">I", crc32(data) ^ flipped)


class _Assembler:
    """Reads a text token by token. Each method reads the part that it is named after."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._tokenized())
        self._index = 0

    def _tokenized(self) -> Iterator[_Token]:
        position = 0
        while position < len(self._text):
            match = _TOKEN.match(self._text, position)
            if match is None:
                message = "unexpected character"
                if self._text[position] == "'":
                    message = "missing closing quote"
                raise self._error(message, position, actual=self._shown_at(position))
            if match.lastgroup != "space":
                yield _Token(str(match.lastgroup), match.group(), position)
            position = match.end()
        yield _Token("end", "", position)

    def _shown_at(self, position: int) -> str:
        return self._text[position : position + 24].partition("\n")[0] or "the end of the text"

    def _error(self, message: str, position: int, **evidence: object) -> FrameTextError:
        line = self._text.count("\n", 0, position) + 1
        return FrameTextError(f"line {line}: {message}", line=line, **evidence)

    def _unexpected(self, token: _Token, expected: str) -> FrameTextError:
        actual = self._shown_at(token.position)
        return self._error("unexpected text", token.position, expected=expected, actual=actual)

    def _next(self) -> _Token:
        token = self._tokens[self._index]
        if token.kind != "end":
            self._index += 1
        return token

    def _follows(self, text: str, ahead: int = 0) -> bool:
        """Return whether a word or mark is the next token, or the one `ahead` tokens later."""
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
                "frame too long for its length field",
                start.position,
                expected=f"at most {_U32_MAX} bytes",
                actual=frame.length(),
            )
        data = frame.assembled()
        cut = frame.numbers.get("cut", len(data))
        if not -len(data) <= cut <= len(data):
            raise self._error(
                "cut outside the frame",
                start.position,
                expected=f"at most {len(data)} bytes",
                actual=cut,
            )
        return data[:cut]

    def _begins_item(self) -> bool:
        is_word = (self._follows("frame") or self._follows("bytes")) and not self._follows("=", 1)
        return is_word or self._tokens[self._index].kind == "end"

    # -- parts of a frame

    def _part(self, frame: _Frame) -> None:
        token = self._next()
        if token.kind == "mark" and token.text == "(":
            frame.block.append(self._header(self._counted(255, "name")))
        elif token.kind != "word":
            raise self._unexpected(token, "a part of a frame")
        elif self._follows("="):
            frame.block.append(
                self._header(self._with_length(token, token.text.encode("ascii"), 255, "name"))
            )
        elif frame.has(token.text):
            raise self._error(f"second {token.text}(...) in a frame", token.position)
        elif token.text in _NUMBERS:
            frame.numbers[token.text] = self._number_in_parentheses(*_NUMBERS[token.text])
        elif token.text in _CHECKSUMS:
            frame.checksums[token.text] = self._checksum_in_parentheses(*_CHECKSUMS[token.text])
        elif token.text == "payload":
            frame.payload = self._terms_in_parentheses()
        elif token.text == "raw":
            frame.block.append(self._terms_in_parentheses())
        elif token.text == "numbered":
            count = self._number_in_parentheses(0, MAX_NUMBERED)
            frame.block += [b"\5%05d\0" % number for number in range(count)]
        else:
            raise self._unexpected(
                token,
                "NAME=VALUE, raw, numbered, payload, total, headers, prelude_crc, crc, cut, "
                "or another item",
            )

    def _header(self, name: bytes) -> bytes:
        self._expect("=")
        token = self._next()
        if token.kind == "text":
            value = self._with_length(token, self._utf8(token), 65535, "value")
            return name + bytes((_COUNTED["string"],)) + value
        if token.kind != "word":
            raise self._unexpected(token, "a value")
        if token.text in ("true", "false"):
            return name + (b"\0" if token.text == "true" else b"\1")
        if token.text in _INTEGERS:
            code, layout = _INTEGERS[token.text]
            half = 1 << 8 * struct.calcsize(layout) - 1
            number = self._number_in_parentheses(-half, half - 1)
            return name + bytes((code,)) + struct.pack(layout, number)
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
        """Read terms and an optional length=N up to the closing parenthesis."""
        start = self._tokens[self._index]
        data = self._terms()
        given = None
        if self._follows("length") and self._follows("=", 1):
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
                f"{what} too long for its length field",
                token.position,
                expected=f"at most {most} bytes",
                actual=length,
            )
        return struct.pack(">B" if most == 255 else ">H", length) + data

    # -- contents of parentheses

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
            raise self._unexpected(token, f"{low} to {high}")
        return int(token.text)

    def _checksum_in_parentheses(self, least: int, most: int) -> Optional[bytes]:
        token = self._tokens[self._index]
        if self._follows("wrong", 1) and self._follows(")", 2):
            self._expect("(")
            self._index += 2
            return None
        data = self._terms_in_parentheses()
        if not least <= len(data) <= most:
            raise self._error(
                "checksum of the wrong length",
                token.position,
                expected=f"`wrong` or {least} to {most} bytes",
                actual=f"{len(data)} bytes",
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

    def _random_in_parentheses(self) -> bytes:
        self._expect("(")
        token = self._next()
        if token.kind != "word":
            raise self._unexpected(token, "the name of random bytes")
        size = self._number(0, MAX_REPEATED)
        self._expect(")")
        return random_bytes(token.text, size)

    def _terms_in_parentheses(self) -> bytes:
        self._expect("(")
        data = self._terms()
        self._expect(")")
        return data

    def _terms(self) -> bytes:
        pieces: List[bytes] = []
        while not (self._follows(")") or self._follows("length")):
            pieces.append(self._term())
        return b"".join(pieces)

    def _term(self) -> bytes:
        if not self._follows("*", 1):
            return self._literal()
        start = self._tokens[self._index]
        count = self._number(0, MAX_REPEATED)
        self._expect("*")
        data = self._literal()
        if count * len(data) > MAX_REPEATED:
            raise self._error(
                "too many repeated bytes",
                start.position,
                expected=f"at most {MAX_REPEATED}",
                actual=count * len(data),
            )
        return data * count

    def _literal(self) -> bytes:
        token = self._next()
        if token.kind == "text":
            return self._utf8(token)
        if token.kind == "word" and token.text == "random":
            return self._random_in_parentheses()
        if token.kind != "word" or not _HEX.match(token.text):
            raise self._unexpected(
                token, "'text' or pairs of hexadecimal digits, optionally after N*"
            )
        return bytes.fromhex(token.text)

    def _utf8(self, token: _Token) -> bytes:
        try:
            return token.text[1:-1].replace("''", "'").encode("utf-8")
        except UnicodeEncodeError:
            raise self._error("lone surrogate in a text", token.position) from None


# ---- disassembling -----------------------------------------------------------------------------

_WIDTH = 120  # characters of a line
_TEXT_WIDTH = 80  # characters of a quoted text
_HEX_WIDTH = 32  # bytes of a sequence of digits
_BINARY_WORDS = 4  # characters of the shortest text that is quoted among mostly binary data

_RUN = re.compile(rb"(?s)(.)\1{15,65535}")
_BARE_NAME = re.compile(rb"[A-Za-z0-9:_.-]{1,40}\Z")
_WORD_OF_CODE = {code: (word, layout) for word, (code, layout) in _INTEGERS.items()}
_WORD_OF_COUNTED = {code: word for word, code in _COUNTED.items()}

# A possible start of a frame: a total length below 32 MiB and a headers length below 16 MiB.
_LIKELY = re.compile(rb"(?s)(?=[\x00\x01].{3}\x00.{7})")


class _Part(NamedTuple):
    """A part of an item: terms, which may need several lines, and the text around them."""

    before: str
    terms: List[str]
    after: str

    def line(self) -> str:
        return self.before + " ".join(self.terms) + self.after


def disassemble(data: bytes) -> str:
    """Return the text of bytes, one item per line or, if it is long, on several lines."""
    require_type(data, bytes, "data")
    return "".join(_laid_out(parts) for parts in _items(data))


def _laid_out(parts: List[_Part]) -> str:
    """Return the line of an item. If it is too long, return one line per part, indented."""
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
    return lines + [indent + "  " + line + part.after]


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
    """Return whether a frame begins at a position.

    Its prelude is intact, or its lengths are plausible and the end or another frame follows.
    """
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
    """Return the start of the next intact prelude, at the position or later, or the end."""
    for match in _LIKELY.finditer(data, position):
        if _prelude_is_intact(data, match.start()):
            return match.start()
    return len(data)


def _frame_parts(frame: bytes, total: int, headers_length: int) -> List[_Part]:
    """Return the parts of a frame, which may be truncated or longer than its total length."""
    crc_length = _crc_length(frame, total)
    content = frame[12 : len(frame) - crc_length]
    block, payload = content[:headers_length], content[headers_length:]
    parts = [_Part("frame", [], "")]
    if total != 16 + len(content):
        parts.append(_Part(f"total({total})", [], ""))
    if headers_length != len(block):
        parts.append(_Part(f"headers({headers_length})", [], ""))
    parts += _checksum_parts("prelude_crc", frame[:8], frame[8:12])
    parts += _header_parts(block)
    if payload:
        parts.append(_Part("payload(", _terms_of(payload), ")"))
    return parts + _checksum_parts(
        "crc", frame[: len(frame) - crc_length], frame[len(frame) - crc_length :]
    )


def _crc_length(frame: bytes, total: int) -> int:
    """Return the number of final bytes that are the message CRC: fewer than 4 if truncated."""
    if len(frame) >= 16 and (len(frame) == total or frame[-4:] == _crc_of(frame[:-4])):
        return 4
    length = len(frame) - (total - 4)
    if 0 < length < 4 and len(frame) - length >= 12:
        return length
    return 0


def _checksum_parts(word: str, covered: bytes, checksum: bytes) -> List[_Part]:
    if checksum == _crc_of(covered):
        return []
    if checksum == _crc_of(covered, 1):
        return [_Part(word + "(wrong)", [], "")]
    return [_Part(word + "(", [checksum.hex()] if checksum else [], ")")]


def _header_parts(block: bytes) -> Iterator[_Part]:
    position = 0
    while position < len(block):
        part, end = _header_at(block, position)
        yield part
        position = end


def _header_at(block: bytes, position: int) -> Tuple[_Part, int]:
    """Return a header and its end, or the rest of the block as raw bytes if it is incomplete."""
    rest = _Part("raw(", _terms_of(block[position:]), ")"), len(block)
    name_end = position + 1 + block[position]
    if name_end >= len(block):
        return rest
    name, code, start = block[position + 1 : name_end], block[name_end], name_end + 1
    before = f"({' '.join(_terms_of(name))})="
    if _BARE_NAME.match(name):
        before = name.decode("ascii") + "="
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
            (number,) = struct.unpack_from(layout, block, start)
            value = _Part(before + f"{word}({number})", [], "")
    elif code == _UUID:
        end = start + 16
        if end <= len(block):
            value = _Part(before + f"uuid({uuid.UUID(bytes=block[start:end])})", [], "")
    else:  # the end of a value of unknown type is unknown
        end = len(block)
        value = _Part(before + f"type{code}(", _terms_of(block[start:]), ")")
    return (value, end) if end <= len(block) else rest


def _counted_part(before: str, code: int, data: bytes) -> _Part:
    terms = _terms_of(data)
    if code == _COUNTED["string"] and (not data or len(terms) == 1 and terms[0].startswith("'")):
        return _Part(before, terms or ["''"], "")
    return _Part(before + _WORD_OF_COUNTED[code] + "(", terms, ")")


def _terms_of(data: bytes) -> List[str]:
    """Return bytes as terms: quoted text, repeated bytes, and digits for the rest."""
    terms: List[str] = []
    position = 0
    for match in _RUN.finditer(data):
        terms += _plain_terms(data[position : match.start()])
        terms.append(f"{match.end() - match.start()}*{_plain_terms(match.group(1))[0]}")
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
        "'" + text[start : start + _TEXT_WIDTH].replace("'", "''") + "'"
        for start in range(0, len(text), _TEXT_WIDTH)
    ]


def _digits(data: bytes) -> List[str]:
    return [data[start : start + _HEX_WIDTH].hex() for start in range(0, len(data), _HEX_WIDTH)]
