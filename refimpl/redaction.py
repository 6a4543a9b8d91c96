# SPDX-License-Identifier: MIT
"""Removes known secrets from errors, wherever a peer quotes them (HTTP-037).

A service or a proxy may quote a session token in any way: in its canonical request, as JSON, in a
page, in a redirect. So secrets are removed by value. Short texts, which may be excerpts, must not
contain any eight characters of a secret in a row. Long texts are searched for the whole secret and
for a part of it at their ends, where they may have been cut.

Some tools show the variables of each function in a traceback. There, what the peer sent and what
the client signed are still unredacted, so `forget_variables` removes them.
"""

import binascii
import json
from types import FrameType
from typing import Any, Iterable, Iterator, Set, Tuple

from .errors import Error

_HIDDEN = "<hidden>"
# How the names of the package's modules begin. A copy in one file has no other module.
_PACKAGE = (__name__[: -len("redaction")],) if __name__.endswith(".redaction") else ()
# Modules of the standard library whose functions have the bytes of a request or of a response.
_LIBRARY = ("json.", "socket", "ssl")
# A shorter secret, or part of one, may be an ordinary word.
_SHORTEST = 8
_SHORT_TEXT = 8192  # characters
_UNRESERVED_CHARACTERS = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)


def redact(error: BaseException, secrets: Iterable[str]) -> None:
    """Remove the secrets from an error, and from the errors that led to it.

    secrets: texts; an empty or short one is ignored
    """
    spellings = tuple(sorted(_spellings(secrets), key=lambda text: (-len(text), text)))
    if not spellings:
        return
    for link in _chain(error):
        if isinstance(link, Error):
            link.args = _redacted(link.args, spellings)
            # Not setattr, because the members of a shape cannot be assigned.
            vars(link).update(
                {name: _redacted(value, spellings) for name, value in vars(link).items()}
            )


def forget_variables(error: BaseException) -> None:
    """Clear the variables of the functions that an error, or one that led to it, has ended.

    Only the package's own functions are cleared, and those of the standard library that it gives
    bytes. A traceback that begins elsewhere, such as that of an exception which the caller is
    handling, keeps its variables.
    """
    for link in _chain(error):
        trace = link.__traceback__
        if trace is None or not _is_own(trace.tb_frame):
            continue
        while trace is not None:
            if _is_own(trace.tb_frame) or _module_of(trace.tb_frame).startswith(_LIBRARY):
                try:  # noqa: SIM105 - contextlib takes half a millisecond to load (bench, process)
                    trace.tb_frame.clear()
                except RuntimeError:
                    pass  # the function is still running
            trace = trace.tb_next


def _is_own(frame: FrameType) -> bool:
    return frame.f_globals is globals() or _module_of(frame).startswith(_PACKAGE)


def _module_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))


def redacted_text(text: str, secrets: Iterable[str]) -> str:
    """Return text without the secrets."""
    return _redacted_text(text, tuple(_spellings(secrets)))


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set()
    while waiting:
        link = waiting.pop()
        if id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [more for more in (link.__cause__, link.__context__) if more is not None]


def _spellings(secrets: Iterable[str]) -> Set[str]:
    """Return each secret as it is, and as JSON, URLs, HTML, base64 and UTF-16 spell it."""
    found: Set[str] = set()
    for secret in secrets:
        if len(secret) < _SHORTEST:
            continue
        quoted = json.dumps(secret)[1:-1]
        encoded = _respelled(secret, "%{:02X}")
        escaped = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        found.update((secret, quoted, quoted.replace("/", "\\/"), encoded))
        found.update((encoded.replace("%2F", "/"), escaped, escaped.replace('"', "&quot;")))
        found.update(_respelled(secret, spelling) for spelling in _SPELLINGS)
        # As bytes, and as an error shows them.
        found.update(("\0".join(secret), "\\x00".join(secret)))
        found.update(_in_base64(secret.encode("utf-8", "surrogatepass")))
    return found


# Other spellings of a character that is not a letter or a digit.
_SPELLINGS = ("%{:02x}", "&#{};", "&#x{:x};", "&#x{:X};", "\\u{:04x}", "\\u{:04X}")


def _respelled(secret: str, spelling: str) -> str:
    return "".join(
        character if character in _UNRESERVED_CHARACTERS else spelling.format(ord(character))
        for character in secret
    )


def _in_base64(secret: bytes) -> Iterator[str]:
    """Yield the base64 that contains secret at each of the three places in a group of bytes.

    A character that other bytes share is left out.
    """
    for before in range(3):
        text = binascii.b2a_base64(bytes(before) + secret, newline=False).decode("ascii")
        whole = (before + len(secret)) * 8 // 6
        yield text[(before * 8 + 5) // 6 : whole]


def _redacted(value: Any, spellings: Tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return _redacted_text(value, spellings)
    if isinstance(value, bytes):
        # Latin-1 maps each byte to one character and back.
        return _redacted_text(value.decode("latin-1"), spellings).encode("latin-1")
    if type(value) in (tuple, list):
        return type(value)(_redacted(item, spellings) for item in value)
    return value


def _redacted_text(text: str, spellings: Tuple[str, ...]) -> str:
    for spelling in spellings:
        text = text.replace(spelling, _HIDDEN)
    without_rest = _without_parts if len(text) <= _SHORT_TEXT else _without_ends
    for spelling in spellings:
        text = without_rest(text, spelling)
    return text


def _without_parts(text: str, secret: str) -> str:
    """Return text without any part of secret that has at least _SHORTEST characters."""
    for start in range(len(secret) - _SHORTEST + 1):
        part = secret[start : start + _SHORTEST]
        at = text.find(part)
        while at >= 0:
            length = _SHORTEST
            while text[at : at + length + 1] == secret[start : start + length + 1]:
                length += 1
                if start + length >= len(secret) or at + length >= len(text):
                    break
            text = text[:at] + _HIDDEN + text[at + length :]
            at = text.find(part, at)
    return text


def _without_ends(text: str, secret: str) -> str:
    """Return text without a part of secret at its start or its end."""
    for length in range(len(secret) - 1, _SHORTEST - 1, -1):
        if text.endswith(secret[:length]):
            text = text[:-length] + _HIDDEN
        if text.startswith(secret[-length:]):
            text = _HIDDEN + text[length:]
    return text
