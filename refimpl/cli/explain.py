# SPDX-License-Identifier: MIT
"""`refimpl explain`: why a signature was refused.

`explain refusal` reads a service's response, or a log that contains it. A long file is searched for
the first refusal, and only its surroundings are kept in memory. The exit code is 0 if there is a
refusal, also if it proves nothing, and 7 if there is none (EXP-006).
"""

import argparse
import re
from typing import Any, BinaryIO, Dict, List, Optional

from ..errors import UsageError
from ..explain.readings import MAX_EXPLAINED_TEXT, text_of_bytes
from ..explain.refusal import RefusalExplanation, explain_refusal
from .parser import UsageParser
from .streams import Streams, read_file, unreadable, with_file, write_line, write_text

_BLOCK = 1024 * 1024  # bytes
_BEFORE = 32 * 1024  # bytes that are kept before the first sign of a refusal
# The beginnings of what a refusal contains. They are only used to search long files.
_SIGNS_OF_REFUSAL = re.compile(
    rb"(?i)should have been|CanonicalRequest|Signature(?:DoesNotMatch|Exception)|"
    rb"IncompleteSignature|signature we calculated|MissingAuthenticationToken|UnrecognizedClient|"
    rb"ExpiredToken|InvalidAccessKeyId|Credential should be|Signature expired|"
    rb"not yet current|SignedHeader|InvalidClientTokenId|RequestTimeTooSkewed|"
    rb"AuthorizationHeaderMalformed|security token included|Credential scope"
)


def add_explain(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `explain`."""
    subjects = parser.add_subparsers(dest="subject", metavar="SUBJECT", parser_class=UsageParser)
    parser.set_defaults(act=_without_subject)
    _add_refusal(subjects.add_parser("refusal", help="why a service refused a signature"))


def _without_subject(options: argparse.Namespace, streams: Streams) -> None:
    raise UsageError("nothing to explain", expected="refusal; see --help")


def _add_refusal(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_refusal)
    parser.add_argument(
        "file", nargs="?", default="-", help="response of the service or a log (default: -, stdin)"
    )
    parser.add_argument(
        "--canonical-request", metavar="FILE", help="canonical request that the client signed"
    )
    parser.add_argument(
        "--request",
        metavar="FILE",
        help="request as sent: raw HTTP, a curl command line, a HAR file or a debug log",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="output format (default: text)"
    )


def _refusal(options: argparse.Namespace, streams: Streams) -> None:
    notes: List[str] = []
    texts: List[bytes] = []
    with_file(options.file, streams, lambda file: texts.append(_part_with_refusal(file, notes)))
    explained = explain_refusal(
        text_of_bytes(texts[0]),
        _optional_text(options.canonical_request),
        _optional_text(options.request),
    )
    explained = explained._replace(notes=(*notes, *explained.notes))
    if options.format == "json":
        write_line(_document_of(explained), streams.stdout)
    else:
        write_text("\n".join(_lines_of(explained)), streams.stdout)


def _optional_text(name: Optional[str]) -> Optional[str]:
    return None if name is None else text_of_bytes(read_file(name, 4 * MAX_EXPLAINED_TEXT))


def _part_with_refusal(file: BinaryIO, notes: List[str]) -> bytes:
    """Return a file, or the part of a long one that begins shortly before its first refusal."""
    kept, skipped = b"", 0
    while True:
        block = _read(file)
        kept += block
        match = _SIGNS_OF_REFUSAL.search(kept)
        if match is not None or not block:
            break
        if len(kept) > MAX_EXPLAINED_TEXT:
            skipped += len(kept) - _BEFORE
            kept = kept[-_BEFORE:]
    start = 0
    if match is not None and match.start() > _BEFORE:
        start = match.start() - _BEFORE
        kept = kept[start:]
    while block and len(kept) < MAX_EXPLAINED_TEXT:
        block = _read(file)
        kept += block
    if skipped + start or len(kept) > MAX_EXPLAINED_TEXT:
        notes.append(
            f"the input is long: {MAX_EXPLAINED_TEXT} bytes from byte {skipped + start} are "
            "explained, around the first refusal"
        )
    return kept[:MAX_EXPLAINED_TEXT]


def _read(file: BinaryIO) -> bytes:
    try:
        return file.read(_BLOCK)
    except OSError as error:
        name = getattr(file, "name", None)
        if not isinstance(name, str):
            raise
        raise unreadable(name, error) from None


def _document_of(explained: RefusalExplanation) -> Dict[str, Any]:
    document = dict(explained._asdict())
    document["notes"] = list(explained.notes)
    return document


def _lines_of(explained: RefusalExplanation) -> List[str]:
    place = None
    if explained.line is not None:
        place = f"line {explained.line}, column {explained.column} of the canonical request"
    rows = (
        ("differs in", explained.differs_in or "unknown"),
        ("signed", explained.client),
        ("received", explained.server),
        ("place", place),
        ("code", explained.code),
        ("rule", explained.rule),
        ("advice", explained.advice),
        *(("note", note) for note in explained.notes),
    )
    return [f"{name:12}{_printable(value)}" for name, value in rows if value is not None]


def _printable(text: str) -> str:
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
