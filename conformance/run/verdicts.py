# SPDX-License-Identifier: MIT
"""What an answer is worth: a question and an answer -> a Verdict; the verdicts of a run -> what they mean together.

The plan: each operation has a table of what its output holds, in the order of its stages, each with the reader that turns the
JSON of the protocol into a value that is compared: bytes out of base64, headers by their names, a frame by decoding it, a
presigned target by its decoded pairs. first_difference() walks what was expected beside what came; where they part is the stage.
judge() compares with what is expected, then with each acceptable answer; settle() draws what the ratchet of known failures and
the dependence between cases make of single verdicts.

Only what a case expects is judged, and of a refusal's output only what the answer gives. An answer that breaks the protocol is
no failure of the implementation: it is the adapter's (ADAPTER), told with the path of the value. Refused: nothing.
"""

import json
import uuid
from math import sqrt
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree import ElementTree  # noqa: S405

from conformance.cases.case import Case, Document
from conformance.cases.questions import Question, expected_in
from conformance.endpoint.server import Call
from conformance.protocol.messages import REJECT_KINDS, BadQuestion, to_bytes
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, shown
from refimpl.eventstream import Decoder
from refimpl.message_json import message_to_json
from refimpl.shapes import InvokeEndpointWithResponseStreamInput

PASS, ACCEPTABLE, FAIL, CRASH, HANG, UNSUPPORTED, BLOCKED, XFAIL, XPASS, ADAPTER = WORDS = (
    "PASS",
    "ACCEPTABLE",
    "FAIL",
    "CRASH",
    "HANG",
    "UNSUPPORTED",
    "BLOCKED",
    "XFAIL",
    "XPASS",
    "ADAPTER",
)
FAILURES = (FAIL, CRASH, HANG)  # of the implementation
_BY_WEIGHT = (
    PASS,
    ACCEPTABLE,
    UNSUPPORTED,
    FAIL,
    HANG,
    CRASH,
    ADAPTER,
)  # what may come of a question, the worst last
_WHOLE = 2000  # characters of an answer that departs


class _Absent:
    """Stands where there is no value."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


class Difference(NamedTuple):
    stage: str
    expected: Any
    actual: Any


Difference.__doc__ = """Where what came departs from what was expected; the values are text, bytes, numbers, lists, dicts or ABSENT."""


class Verdict(
    NamedTuple(
        "Verdict",
        [
            ("word", str),
            ("note", str),  # why it is acceptable, unsupported, blocked; how the adapter broke down
            ("difference", Optional[Difference]),  # of a FAIL
            ("message", str),  # the implementation's own, when it refuses
            ("answer", str),
        ],
    )
):  # of a FAIL, as JSON on one line, shortened
    """What one answer, or one case, comes to."""

    __slots__ = ()


class Result(NamedTuple):
    case: Case
    chunking: str
    verdict: Verdict
    seconds: float


Result.__doc__ = """What a case came to: the verdict of its worst chunking."""


class Malformed(Exception):
    """The answer breaks the protocol."""


def verdict(
    word: str,
    note: str = "",
    difference: Optional[Difference] = None,
    message: str = "",
    answer: str = "",
) -> Verdict:
    """Return a verdict."""
    return Verdict(word, note, difference, message, answer)


def worst(one: Verdict, other: Verdict) -> Verdict:
    """Return the worse of two verdicts, the first of equals."""
    return other if _BY_WEIGHT.index(other.word) > _BY_WEIGHT.index(one.word) else one


# ---- judging -----------------------------------------------------------------------------------------------------


def judge(
    question: Question,
    answer: Mapping[str, Any],
    kinds: Optional[Mapping[str, str]] = None,
    calls: Optional[Sequence[Call]] = None,
) -> Verdict:
    """Return what an answer is worth.

    kinds: the adapter's own names of kinds;  calls: what reached the endpoint of an `invoke` question
    """
    try:
        status = _status_of(answer)
        if status == "unsupported":
            return verdict(UNSUPPORTED, _text(answer.get("reason", ""), "reason"))
        if status == "error":
            return verdict(
                ADAPTER,
                f"it says that it is broken itself: {shown(_text(answer.get('detail', ''), 'detail'), 500)}",
            )
        return _judge_answer(question, _Answer(question, answer, kinds or {}), calls)
    except Malformed as error:
        return verdict(ADAPTER, f"its answer breaks the protocol: {error}")


def _status_of(answer: Mapping[str, Any]) -> str:
    status = answer.get("status")
    if status not in ("ok", "reject", "unsupported", "error"):
        raise Malformed(
            f"status: expected ok, reject, unsupported or error, got {shown(status, 80)}"
        )
    return str(status)


class _Answer:
    """An `ok` or a `reject` in the form in which it is compared."""

    def __init__(
        self, question: Question, answer: Mapping[str, Any], kinds: Mapping[str, str]
    ) -> None:
        self.status = answer["status"]
        self.message = _text(answer.get("message") or "", "message")
        self.output = _read_output(question, answer.get("output"))
        self.code = answer.get("code")
        self.fields = _object(answer.get("fields") or {}, "fields")
        self.given = answer
        self.kind = ""
        if self.status == "reject":
            name = _text(answer.get("kind"), "kind")
            self.kind = kinds.get(name, name)

    def whole(self) -> str:
        """Tell all of it, as far as there is room."""
        return shown(
            json.dumps(
                {name: value for name, value in self.given.items() if name != "seq"},
                ensure_ascii=False,
            ),
            _WHOLE,
        )

    def told(self) -> str:
        """Tell it in a few words."""
        return (
            "ok"
            if self.status == "ok"
            else f"reject {self.kind}{': ' + self.message if self.message else ''}"
        )


def _judge_answer(question: Question, answer: _Answer, calls: Optional[Sequence[Call]]) -> Verdict:
    good, difference = PASS, _difference_of_calls(calls, before=True) if calls is not None else None
    note = ""
    if difference is None:
        difference = _difference_from(question, question.expect, answer)
        for other in question.case.acceptable if difference is not None else ():
            if (
                _difference_from(question, expected_in(other["expect"], question.chunking), answer)
                is None
            ):
                good, note, difference = ACCEPTABLE, f"{other['why']} ({other['divergence']})", None
                break
    if difference is None and calls is not None:
        difference = _difference_of_calls(calls, before=False)
    return (
        verdict(good, note)
        if difference is None
        else verdict(FAIL, "", difference, answer.message, answer.whole())
    )


def _difference_of_calls(calls: Sequence[Call], before: bool) -> Optional[Difference]:
    """Judge what the endpoint saw: first whether the call was good, and behind its outcome whether it was the only one."""
    if before and not calls:
        return Difference("call", "one request", "no request reached the endpoint")
    refused = [call.reason for call in calls if not call.verified]
    if before and refused:
        return Difference("signature", "verified by the endpoint", refused[0])
    return Difference("attempts", 1, len(calls)) if not before and len(calls) > 1 else None


def _difference_from(question: Question, expect: Document, answer: _Answer) -> Optional[Difference]:
    kinds = _listed(expect.get("kind"))
    if answer.status != expect["status"]:
        return Difference(
            "status",
            "ok" if expect["status"] == "ok" else "reject " + " or ".join(kinds),
            answer.told(),
        )
    if answer.status == "reject":
        if answer.kind not in kinds:
            unmapped = (
                ""
                if answer.kind in REJECT_KINDS
                else " (no kind of the protocol; `kinds` of hello maps a name of your own to one)"
            )
            return Difference("kind", " or ".join(kinds), answer.kind + unmapped)
        if "code" in expect and answer.code != expect["code"]:
            return Difference(
                "code", expect["code"], ABSENT if answer.code is None else answer.code
            )
        for name, value in expect.get("fields", {}).items():
            actual = answer.fields.get(name)
            difference = first_difference(value, _as_number(actual, value), "fields." + name)
            if difference is not None and not (
                value is None and actual is None
            ):  # null means absent
                return difference
    return _difference_of_outputs(question, _expected_output(question, expect), answer)


def _listed(kind: object) -> List[str]:
    return [] if kind is None else [kind] if isinstance(kind, str) else list(kind)  # type: ignore[call-overload]


def _as_number(value: object, like: object) -> object:
    """Return an integer that came as a decimal string as a number, where a number is expected."""
    if value is None:
        return ABSENT
    return (
        int(value) if isinstance(value, str) and type(like) is int and _is_decimal(value) else value
    )


def _expected_output(question: Question, expect: Document) -> Document:
    output = expect.get("output", {})
    if question.case.op == "eventstream.encode" and expect["status"] == "ok" and not output:
        given = question.case.input
        output = {"messages": [{"headers": given["headers"], "payload": given["payload"]}]}
    if "messages" in output and question.case.op == "eventstream.encode":
        output = {"frame": output["messages"]}
    return _read_output(question, output)


def _difference_of_outputs(
    question: Question, expected: Document, answer: _Answer
) -> Optional[Difference]:
    stages = [stage for stage, _ in _stages_of(question) if stage in expected]
    some = any(stage in answer.output for stage in stages)
    for stage in stages:
        if stage in answer.output:
            difference = first_difference(expected[stage], answer.output[stage], stage)
            if difference is not None:
                return difference
        elif answer.status == "ok" and not (
            some and question.case.op in ("sigv4.sign", "sigv4.presign")
        ):
            return Difference(
                stage, _plain(expected[stage]), ABSENT
            )  # any subset of the stages of a signature will do
    return None


# ---- comparing ---------------------------------------------------------------------------------------------------


class Loose(NamedTuple("Loose", [("key", Any), ("text", str)])):
    """A text that is the same as another one when their keys are; it is shown as it stands."""

    __slots__ = ()


def first_difference(expected: Any, actual: Any, path: str) -> Optional[Difference]:
    """Return where two values first part, in the order of what is expected, or None."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in list(expected) + [name for name in actual if name not in expected]:
            if name not in expected or name not in actual:
                return Difference(
                    f"{path}.{name}",
                    _plain(expected.get(name, ABSENT)),
                    _plain(actual.get(name, ABSENT)),
                )
            difference = first_difference(expected[name], actual[name], f"{path}.{name}")
            if difference is not None:
                return difference
        return None
    if isinstance(expected, list) and isinstance(actual, list):
        for index in range(max(len(expected), len(actual))):
            place = f"{path}[{int(index)}]"
            if index >= len(expected) or index >= len(actual):
                return Difference(
                    place,
                    _plain((expected + [ABSENT])[min(index, len(expected))]),
                    _plain((actual + [ABSENT])[min(index, len(actual))]),
                )
            difference = first_difference(expected[index], actual[index], place)
            if difference is not None:
                return difference
        return None
    return (
        None if _is_same(expected, actual) else Difference(path, _plain(expected), _plain(actual))
    )


def _is_same(expected: Any, actual: Any) -> bool:
    if isinstance(expected, Loose) and isinstance(actual, Loose):
        return bool(expected.key == actual.key)
    return isinstance(expected, bool) == isinstance(actual, bool) and bool(expected == actual)


def _plain(value: Any) -> Any:
    return value.text if isinstance(value, Loose) else value


# ---- reading outputs ---------------------------------------------------------------------------------------------

Reader = Callable[[Any, str, Question], Any]


def _read_output(question: Question, output: object) -> Document:
    """Return an output's stages in the form in which they are compared. Raises Malformed."""
    given = {
        name: value
        for name, value in _object({} if output is None else output, "output").items()
        if value is not None
    }
    return {
        stage: read(given[stage], "output." + stage, question)
        for stage, read in _stages_of(question)
        if stage in given
    }


def _stages_of(question: Question) -> Sequence[Tuple[str, Reader]]:
    return _STAGES[question.case.op]


def _object(value: object, path: str) -> Dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{path}: expected an object, got {shown(value, 80)}")
    return value


def _list(value: object, path: str) -> List[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{path}: expected a list, got {shown(value, 80)}")
    return value


def _text(value: object, path: str, question: Optional[Question] = None) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{path}: expected text, got {shown(value, 80)}")
    return value


def _bytes(value: object, path: str, question: Optional[Question] = None) -> bytes:
    try:
        return to_bytes(value)
    except BadQuestion as error:
        raise Malformed(f"{path}: {error}") from None


def _texts(value: object, path: str, question: Question) -> List[str]:
    return [_text(line, f"{path}[{int(index)}]") for index, line in enumerate(_list(value, path))]


def _named(pairs: Iterable[Tuple[str, Any]]) -> Dict[str, Any]:
    """Return pairs by their names; a name that comes again gets a number."""
    named: Dict[str, Any] = {}
    for name, value in pairs:
        again = 2
        own = name
        while own in named:
            own, again = f"{name}#{int(again)}", again + 1
        named[own] = value
    return named


def _authorization(value: object, path: str, question: Question) -> Any:
    """The blanks between its parts mean nothing."""
    text = _text(value, path)
    algorithm, _, rest = text.partition(" ")
    parts = [part.strip(" ").partition("=") for part in rest.split(",")]
    if any(not sign for _, sign, _ in parts):
        return text
    return dict({"algorithm": algorithm}, **_named((name, content) for name, _, content in parts))


def _target(value: object, path: str, question: Question) -> Any:
    """A presigned target: the path as it stands, the query as decoded pairs, whose order means nothing."""
    place, _, query = _text(value, path).partition("?")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    decoded = sorted((_octets(name), _octets(content)) for name, _, content in pairs)
    return dict({"path": place}, **_named(decoded))


def _octets(text: str) -> str:
    """Text of a query, decoded, a character for each octet: raw or escaped, UTF-8 is the same."""
    return unquote_to_bytes(text).decode("latin-1")


def _messages(value: object, path: str, question: Question) -> List[Document]:
    return [
        _message(item, f"{path}[{int(index)}]") for index, item in enumerate(_list(value, path))
    ]


def _message(value: object, path: str) -> Document:
    given = _object(value, path)
    headers = [
        _header(item, f"{path}.headers[{int(index)}]")
        for index, item in enumerate(_list(given.get("headers"), path + ".headers"))
    ]
    return {
        "headers": _named(sorted(headers, key=lambda pair: pair[0])),
        "payload": _bytes(given.get("payload"), path + ".payload"),
    }


def _header(value: object, path: str) -> Tuple[str, Document]:
    given = _object(value, path)
    kind, content = _text(given.get("type"), path + ".type"), given.get("value")
    if kind == "bytes":
        content = _bytes(content, path + ".value")
    elif kind in ("int8", "int16", "int32", "int64", "timestamp"):
        content = _integer(content, path + ".value")
    elif kind == "uuid":
        content = _uuid(content, path + ".value")
    return _text(given.get("name"), path + ".name"), {"type": kind, "value": content}


def _integer(value: object, path: str) -> int:
    if isinstance(value, str) and _is_decimal(value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed(f"{path}: expected an integer, got {shown(value, 80)}")
    return value


def _is_decimal(text: str) -> bool:
    digits = text[1:] if text.startswith("-") else text
    return 0 < len(digits) <= 20 and all("0" <= digit <= "9" for digit in digits)


def _uuid(value: object, path: str) -> str:
    try:
        return str(uuid.UUID(_text(value, path)))
    except ValueError:
        raise Malformed(f"{path}: expected a uuid, got {shown(value, 80)}") from None


def _frame(value: object, path: str, question: Question) -> Any:
    """Judge an encoder by what its frame holds when it is decoded; what is expected may stand as messages."""
    if isinstance(value, list):
        return _messages(value, path, question)
    decoder = Decoder()
    try:
        messages = decoder.feed(_bytes(value, path))
        decoder.close()
    except Error as error:
        return f"no frame: {error}"
    return _messages([message_to_json(message) for message in messages], path, question)


def _pairs(value: object, path: str) -> List[Tuple[str, str]]:
    pairs = _list(value, path)
    if not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
        for pair in pairs
    ):
        raise Malformed(f"{path}: expected [[name, value], ...], got {shown(value, 80)}")
    return [(name, content) for name, content in pairs]


_BOUND = {
    field.wire_name.lower()
    for field in InvokeEndpointWithResponseStreamInput.fields
    if field.location == "header"
}


def _bound_headers(value: object, path: str, question: Question) -> Document:
    """Only headers that are bound to members are compared."""
    return _named(
        sorted(
            (name.lower(), content)
            for name, content in _pairs(value, path)
            if name.lower() in _BOUND
        )
    )


def _url(value: object, path: str, question: Question) -> Loose:
    """Scheme and host are without case, and the scheme's default port is no other than none."""
    text = _text(value, path)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return Loose(text, text)
    own = None if port == {"https": 443, "http": 80}.get(parts.scheme) else port
    return Loose(
        (
            parts.scheme,
            parts.hostname,
            own,
            parts.path,
            parts.query,
            parts.fragment,
            parts.username,
        ),
        text,
    )


def _members(value: object, path: str, question: Question) -> Document:
    return {name: content for name, content in _object(value, path).items() if content is not None}


def _events(value: object, path: str, question: Question) -> List[Document]:
    events = []
    for index, item in enumerate(_list(value, path)):
        place = f"{path}[{int(index)}]"
        events.append(
            {
                name: _event(content, f"{place}.{name}")
                for name, content in _object(item, place).items()
            }
        )
    return events


def _event(value: object, path: str) -> Document:
    return {
        name: _bytes(content, path + ".Bytes") if name == "Bytes" else content
        for name, content in _object(value, path).items()
        if content is not None
    }


def _sse_events(value: object, path: str, question: Question) -> List[Document]:
    return [
        _members(item, f"{path}[{int(index)}]", question)
        for index, item in enumerate(_list(value, path))
    ]


def _document(value: object, path: str, question: Question) -> Any:
    """A document is compared by what it says: JSON and XML parsed, a query by its pairs, header names without case."""
    form = question.case.input["to"]
    if form == "value":
        return value
    if form == "headers":
        whole = _object(value, path)
        headers = _pairs(whole.get("headers"), path + ".headers")
        body = whole.get("body")
        return {
            "headers": _named(sorted((name.lower(), content) for name, content in headers)),
            "body": Loose(_json_key(body), body) if isinstance(body, str) else body,
        }
    text = _text(value, path)
    return Loose(_DOCUMENT_KEYS[form](text), text)


def _json_key(text: str) -> Any:
    try:
        return ("json", _without_order(parse_json(text.encode("utf-8", "surrogatepass"))))
    except Error:
        return text


def _without_order(value: Any) -> Any:
    """Return a JSON value in a form that is equal to another one exactly when the two say the same: true is not 1."""
    if isinstance(value, dict):
        return ("object", sorted((name, _without_order(inner)) for name, inner in value.items()))
    if isinstance(value, list):
        return ("list", [_without_order(inner) for inner in value])
    return (type(value).__name__, value)


def _xml_key(text: str) -> Any:
    if "<!DOCTYPE" in text:  # nothing is expanded here
        return text
    try:
        return ("xml", _element_key(ElementTree.fromstring(text)))  # noqa: S314
    except (ElementTree.ParseError, ValueError, RecursionError):
        return text


def _element_key(element: Any) -> Any:
    children = [(_element_key(child), (child.tail or "").strip(" \t\r\n")) for child in element]
    content = element.text or ""
    return (
        element.tag,
        sorted(element.attrib.items()),
        content.strip(" \t\r\n") if children else content,
        children,
    )


def _query_key(text: str) -> Any:
    pairs = [pair.partition("=")[::2] for pair in text.split("&")]
    return (
        "query",
        sorted(tuple(_octets(half.replace("+", " ")) for half in pair) for pair in pairs),
    )


_DOCUMENT_KEYS: Dict[str, Callable[[str], Any]] = {
    "json": _json_key,
    "xml": _xml_key,
    "query": _query_key,
}

_SIGNING: Tuple[Tuple[str, Reader], ...] = (
    ("canonical_request", _text),
    ("string_to_sign", _text),
    ("k_date", _text),
    ("k_region", _text),
    ("k_service", _text),
    ("k_signing", _text),
    ("signature", _text),
)
_ANSWERED: Tuple[Tuple[str, Reader], ...] = (("output", _members), ("events", _events))

# What an output holds, in the order of its stages: the first that differs is the one to look at.
_STAGES: Dict[str, Tuple[Tuple[str, Reader], ...]] = {
    "sigv4.sign": _SIGNING + (("authorization", _authorization),),
    "sigv4.presign": _SIGNING + (("target", _target),),
    "sigv4.verify": (),
    "eventstream.decode": (("messages", _messages),),
    "eventstream.encode": (("frame", _frame),),
    "shape.convert": (("document", _document),),
    "http.request": (
        ("method", _text),
        ("url", _url),
        ("headers", _bound_headers),
        ("body", _bytes),
    ),
    "http.response": _ANSWERED,
    "invoke": _ANSWERED,
    "text.lines": (("lines", _texts),),
    "text.sse": (("events", _sse_events),),
    "endpoint.resolve": (("url", _text), ("signing_region", _text), ("signing_name", _text)),
}


# ---- what verdicts mean together ---------------------------------------------------------------------------------


def settle(results: Sequence[Result], known: Sequence[str] = ()) -> List[Result]:
    """Return the results with what follows from others (BLOCKED) and from the list of known failures (XFAIL, XPASS)."""
    failed = {result.case.id for result in results if result.verdict.word in FAILURES + (ADAPTER,)}
    settled = []
    for result in results:
        word = result.verdict.word
        missing = [need for need in result.case.needs if need in failed]
        if missing and word != ADAPTER:
            result = result._replace(
                verdict=verdict(BLOCKED, f"it says nothing while {missing[0]} fails")
            )
        elif result.case.id in known and word in FAILURES:
            result = result._replace(verdict=result.verdict._replace(word=XFAIL))
        elif result.case.id in known and word in (PASS, ACCEPTABLE):
            result = result._replace(
                verdict=verdict(
                    XPASS,
                    "it is listed as a known failure, and passes: take it off the list",
                )
            )
        settled.append(result)
    return settled


def suspects(results: Sequence[Result]) -> Dict[str, str]:
    """Return for each case that fails, by its id, the rule that it is most likely to break.

    Of the rules that it cites it is the one that failures have most in common and passes least, by Ochiai's coefficient as in
    the location of faults by test spectra; of equals the first, which the case is about.
    """
    failed: Dict[str, int] = {}
    judged: Dict[str, int] = {}
    for result in results:
        for rule in (
            result.case.rules
            if result.verdict.word in FAILURES + (XFAIL, PASS, ACCEPTABLE, XPASS)
            else ()
        ):
            judged[rule] = judged.get(rule, 0) + 1
            failed[rule] = failed.get(rule, 0) + (result.verdict.word in FAILURES + (XFAIL,))
    return {
        result.case.id: max(result.case.rules, key=lambda rule: failed[rule] / sqrt(judged[rule]))
        for result in results
        if result.verdict.word in FAILURES + (XFAIL,) and result.case.rules
    }


def exit_code(results: Iterable[Result]) -> int:
    """Return what a run comes to: 0 all as expected, 1 some failed, 3 the adapter itself is broken."""
    words = {result.verdict.word for result in results}
    return 3 if ADAPTER in words else 1 if words & set(FAILURES + (XPASS,)) else 0


def unknown_kinds(kinds: Mapping[str, object]) -> List[object]:
    """Return the kinds onto which an adapter maps its own and which the protocol does not have."""
    return [kind for kind in kinds.values() if kind not in REJECT_KINDS]
