# SPDX-License-Identifier: MIT
"""`refimpl explain`: why a signature was refused, what a signature consists of, what each byte of a
stream is, and which error a response contains.

`explain refusal` reads a service's response, or a log that contains it. A long file is searched for
the first refusal, and only its surroundings are kept in memory. The exit code is 0 if there is a
refusal, also if it proves nothing, and 7 if there is none (EXP-006).
"""

import argparse
from itertools import islice
from typing import Any, BinaryIO, Dict, Iterator, List, Optional, Tuple

from ..errors import DocumentError, FrameError, UsageError, without_secrets
from ..explain.frames import ExplainedFrame, explain_frames
from ..explain.page import signing_page
from ..explain.readings import MAX_EXPLAINED_TEXT, text_of_bytes
from ..explain.refusal import RefusalExplanation, explain_refusal, secrets_in
from ..explain.response import explain_response, read_response
from ..explain.signing import explain_signature, lines_of_signature, printable
from ..redaction import redacted_text
from .hexdump import lines_of_frame
from .network import add_network
from .parser import UsageParser, add_file
from .sign import add_signed_request, request_to_sign
from .streams import Streams, read_file, unreadable, warn, with_file, write_line, write_text

_MAX_STREAM = 64 * 1024 * 1024  # bytes
_ROWS_OF_FIELD = 8
_SHOWN_BYTES = 256
_BLOCK = 1024 * 1024  # bytes
_MAX_PARTS = 100  # of a long file
_BEFORE = 32 * 1024  # bytes that are kept before the first sign of a refusal
# What a refusal contains. This only serves to search long files, faster than a pattern.
_SIGNS_OF_REFUSAL = (
    *(b"should have been", b"CanonicalRequest", b"SignatureDoesNotMatch", b"SignatureException"),
    *(b"IncompleteSignature", b"signature we calculated", b"issingAuthenticationToken"),
    *(b"issing Authentication Token", b"UnrecognizedClient", b"ExpiredToken"),
    *(b"InvalidAccessKeyId", b"redential should be", b"Signature expired", b"not yet current"),
    *(b"as a SignedHeader", b"must be a ", b"InvalidClientTokenId", b"RequestTimeTooSkewed"),
    *(b"AuthorizationHeaderMalformed", b"ecurity token included", b"Credential scope"),
    *(b"key=value pair", b"HeadersNotSigned", b"which were not signed", b"Request has expired"),
)


def add_explain(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `explain`."""
    subjects = parser.add_subparsers(dest="subject", metavar="SUBJECT", parser_class=UsageParser)
    parser.set_defaults(act=_without_subject)
    _add_refusal(subjects.add_parser("refusal", help="why a service refused a signature"))
    _add_signing(subjects.add_parser("sign", help="each stage of a signature, and its origins"))
    _add_frames(subjects.add_parser("frames", help="each byte of an event stream"))
    _add_response(subjects.add_parser("response", help="the error in a response"))


def _without_subject(options: argparse.Namespace, streams: Streams) -> None:
    raise UsageError("nothing to explain", expected="refusal, sign, frames or response; see --help")


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
    found: List[RefusalExplanation] = []
    signed, sent = _optional_text(options.canonical_request), _optional_text(options.request)
    with_file(options.file, streams, lambda file: found.append(_first_refusal(file, signed, sent)))
    if options.format == "json":
        write_line(_document_of(found[0]), streams.stdout)
    else:
        write_text("\n".join(_lines_of(found[0])), streams.stdout)


# ---- sign --------------------------------------------------------------------------------------


def _add_signing(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_signing)
    add_signed_request(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json", "html"),
        default="text",
        help="output format (default: text)",
    )
    add_network(parser)


def _signing(options: argparse.Namespace, streams: Streams) -> None:
    _, arguments = request_to_sign(options, streams)
    explained = explain_signature(sign_body=options.sign_body, **arguments)
    if options.format == "html":
        write_text(signing_page(explained).rstrip("\n"), streams.stdout)
        return
    origins = [(without_secrets(one.text), one.origin, one.rule) for one in explained.origins]
    if options.format == "json":
        document = {
            "stages": [
                dict(stage._asdict(), rules=list(stage.rules)) for stage in explained.stages
            ],
            "origins": [dict(zip(("text", "origin", "rule"), one)) for one in origins],
        }
        write_line(document, streams.stdout)
        return
    write_text("\n".join(lines_of_signature(explained)), streams.stdout)


# ---- frames ------------------------------------------------------------------------------------


def _add_frames(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_frames)
    add_file(parser)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="output format (default: text)"
    )


def _frames(options: argparse.Namespace, streams: Streams) -> None:
    texts: List[bytes] = []
    with_file(options.file, streams, lambda file: texts.append(file.read(_MAX_STREAM + 1)))
    data = texts[0][:_MAX_STREAM]
    failure: Optional[FrameError] = None
    for explained in explain_frames(data):
        failure = failure or explained.error
        if options.format == "json":
            write_line(_frame_document(explained), streams.stdout)
        else:
            write_text("\n".join(lines_of_frame(explained, _ROWS_OF_FIELD)), streams.stdout)
    if len(texts[0]) > _MAX_STREAM:
        warn(streams, f"the input is long: only its first {_MAX_STREAM} bytes are explained")
    if failure is not None:
        raise failure


def _frame_document(explained: ExplainedFrame) -> Dict[str, Any]:
    document: Dict[str, Any] = {
        "offset": explained.offset,
        "fields": [
            dict(field._asdict(), data=field.data[:_SHOWN_BYTES].hex(), length=len(field.data))
            for field in explained.fields
        ],
        "found_again": explained.found_again,
    }
    if explained.error is not None:
        error = explained.error
        document["error"] = {"kind": error.kind, "rule": error.rule, "message": str(error)}
        document["facts"] = list(explained.facts)
        document["next_offset"] = explained.next_offset
    return document


# ---- response ----------------------------------------------------------------------------------


def _add_response(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_response)
    add_file(parser)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="output format (default: text)"
    )


def _response(options: argparse.Namespace, streams: Streams) -> None:
    texts: List[bytes] = []
    with_file(options.file, streams, lambda file: texts.append(file.read(_MAX_STREAM)))
    status, headers, body = read_response(texts[0])
    explained = explain_response(status, headers, body)
    error = explained.error
    # EXP-009
    secrets = secrets_in(text_of_bytes(texts[0][:MAX_EXPLAINED_TEXT]))

    def shown(text: str) -> str:
        return redacted_text(text, secrets)

    if options.format == "json":
        document: Dict[str, Any] = {
            "status": status,
            "outcome": explained.outcome,
            "events": explained.events,
            "codes": [dict(place._asdict(), value=shown(place.value)) for place in explained.codes],
        }
        if error is not None:
            document["error"] = {
                "kind": error.kind,
                "code": error.code,
                "message": shown(str(error)),
            }
        write_line(document, streams.stdout)
        return
    lines = [f"status      {status}", f"outcome     {explained.outcome}"]
    lines.append(f"events      {explained.events}")
    for place in explained.codes:
        mark = "counts" if place.counts else "ignored"
        lines.append(f"code        {place.place}: {place.value} -> {place.code}, {mark} [HTTP-030]")
    if error is not None:
        lines.append(f"error       {error.kind}: {error}")
    write_text("\n".join(printable(shown(line)) for line in lines), streams.stdout)


def _optional_text(name: Optional[str]) -> Optional[str]:
    return None if name is None else text_of_bytes(read_file(name, 4 * MAX_EXPLAINED_TEXT))


def _first_refusal(
    file: BinaryIO, signed: Optional[str], sent: Optional[str]
) -> RefusalExplanation:
    """Return the explanation of the first refusal in a file. Raises DocumentError."""
    missing: Optional[DocumentError] = None
    for offset, data in islice(_parts_with_refusal(file), _MAX_PARTS):
        try:
            explained = explain_refusal(text_of_bytes(data), signed, sent)
        except DocumentError as error:
            missing = missing or error
            continue
        if offset is None:
            return explained
        note = f"the input is long: {len(data)} bytes from byte {offset} are explained"
        return explained._replace(notes=(note, *explained.notes))
    if missing is not None:
        raise missing
    return explain_refusal("", signed, sent)  # which raises the error


def _parts_with_refusal(file: BinaryIO) -> Iterator[Tuple[Optional[int], bytes]]:
    """Yield (offset, bytes) of each part of a file that has a sign of a refusal.

    A short file is one part, without an offset.
    """
    kept, offset = _read(file, b"", _BLOCK), 0
    if len(kept) <= MAX_EXPLAINED_TEXT:
        yield None, kept
        return
    while kept:
        places = [place for place in map(kept.find, _SIGNS_OF_REFUSAL) if place >= 0]
        if not places:
            done = max(len(kept) - _BEFORE, 0)
        else:
            start = max(min(places) - _BEFORE, 0)
            kept = _read(file, kept, start + MAX_EXPLAINED_TEXT)
            yield offset + start, kept[start : start + MAX_EXPLAINED_TEXT]
            # A refusal at the end of this part is also in the next one.
            done = start + MAX_EXPLAINED_TEXT - _BEFORE
        length = len(kept)
        offset += done
        kept = _read(file, kept[done:], _BLOCK)
        if not places and len(kept) <= length - done:  # nothing was added
            return


def _read(file: BinaryIO, kept: bytes, length: int) -> bytes:
    """Return kept and the bytes of the file that follow, in total at least length if possible."""
    try:
        while len(kept) < length:
            block = file.read(_BLOCK)
            if not block:
                break
            kept += block
    except OSError as error:
        name = getattr(file, "name", None)
        if not isinstance(name, str):
            raise
        raise unreadable(name, error) from None
    return kept


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
    return [f"{name:12}{printable(value)}" for name, value in rows if value is not None]
