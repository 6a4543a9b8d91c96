# SPDX-License-Identifier: MIT
"""What a check raises, and the comparisons that many checks share.

A check returns if the server follows its rules. Otherwise it raises Broken, Departs for a rule that
only says SHOULD, or NotJudged if it cannot be judged.
"""

from typing import Any, Callable, Dict, NamedTuple, Sequence, Tuple

from conformance.run.verdicts import ABSENT
from conformance.servers.exchange import Received
from conformance.servers.subject import Subject
from refimpl.documents.json_format import parse_json
from refimpl.errordocument import error_code_of
from refimpl.errors import Error, excerpt, shown

ERROR_TYPE = "x-amzn-ErrorType"
_MESSAGES = ("message", "Message")
_FORBIDDEN = 403


class Broken(Error):
    """The server breaks a rule. message: what was compared; expected and actual as usual."""

    kind = "broken"


class Departs(Broken):
    """The server does not do what a rule says that it SHOULD do."""


class NotJudged(Error):
    """The check needs something that was not supplied, or that the server does not offer."""

    kind = "not judged"


# What a check may need, and the option that supplies it.
NEEDS = {
    "signatures": "a server that verifies signatures: without --no-signatures",
    "works": "--streams, --echoes or --attributes NAME: an endpoint that works",
    "streams": "--streams NAME: an endpoint that sends two or more parts with a pause",
    "echoes": "--echoes NAME: an endpoint that sends the body of the request",
    "attributes": "--attributes NAME: an endpoint whose model sets CustomAttributes",
    "fails": "--fails NAME: an endpoint whose model fails before its first part",
    "breaks": "--breaks NAME: an endpoint whose model fails after its first part",
}


class Check(NamedTuple):
    """One check of a server.

    rules:    the rules of SPEC.md that it judges, the most important one first
    run:      asks the server, and raises Broken, Departs, NotJudged or ServerFault
    why:      what the mistake costs a user
    needs:    what must have been supplied, keys of NEEDS
    is_plain: whether the public service may get its requests: few, small and valid HTTP
    calls:    how often it makes a model run
    """

    id: str
    title: str
    rules: Tuple[str, ...]
    run: Callable[[Subject], None]
    why: str
    needs: Tuple[str, ...] = ()
    is_plain: bool = True
    calls: int = 0


def same(stage: str, expected: Any, actual: Any) -> None:
    """Raise Broken unless two values are equal."""
    if expected != actual:
        raise Broken(stage, expected=expected, actual=actual)


def one_of(stage: str, expected: Sequence[Any], actual: Any) -> None:
    """Raise Broken unless a value is among others."""
    if actual not in expected:
        wanted = " or ".join(str(value) for value in expected)
        raise Broken(stage, expected=wanted, actual=str(actual))


def document_of(body: bytes, stage: str = "error document") -> Dict[str, Any]:
    """Return the JSON object in a body. Raises Broken."""
    try:
        document = parse_json(body)
    except Error:
        raise Broken(stage, expected="a JSON object", actual=excerpt(body)) from None
    if not isinstance(document, dict):
        raise Broken(stage, expected="a JSON object", actual=excerpt(body))
    return document


def message_of(received: Received) -> str:
    """Return the message of an error response, or the beginning of its body."""
    try:
        document = document_of(received.body)
    except Broken:
        return excerpt(received.body)
    found = [document[name] for name in _MESSAGES if isinstance(document.get(name), str)]
    return found[0] if found else ""


def code_of(received: Received) -> str:
    """Return the code of an error response without the suffix `Exception`, or an empty text."""
    code = error_code_of(received.value(ERROR_TYPE)) or ""
    if not code:
        try:
            document = document_of(received.body)
        except Broken:
            return ""
        code = error_code_of(str(document.get("__type") or document.get("code") or "")) or ""
    return code[: -len("Exception")] if code.endswith("Exception") else code


def refused(
    stage: str,
    received: Received,
    codes: Sequence[str] = (),
    text: str = "",
    status: int = _FORBIDDEN,
) -> None:
    """Raise Broken unless a response is an error with one of the codes and a text in its message.

    codes: without the suffix `Exception`; none for any code
    """
    if received.status != status:
        raise Broken(f"{stage}: status", expected=status, actual=described(received))
    if codes:
        one_of(f"{stage}: code", codes, code_of(received) or "none")
    if text and text not in message_of(received):
        raise Broken(f"{stage}: message", expected=text, actual=message_of(received))


def accepted(stage: str, received: Received) -> Received:
    """Return a response with status 200. Raises Broken."""
    if received.status != 200:
        raise Broken(f"{stage}: status", expected=200, actual=described(received))
    return received


def described(received: Received) -> str:
    """Return a response in a few words."""
    code = code_of(received)
    text = f": {shown(message_of(received), 120)}" if received.status >= 300 else ""
    return f"{received.status} {code}".rstrip() + text


def header_of(received: Received, name: str) -> str:
    """Return the value of a header that must occur once. Raises Broken."""
    values = received.values(name)
    if len(values) != 1:
        actual: Any = values or ABSENT
        raise Broken(f"header {name}", expected="one value", actual=actual)
    return values[0]
