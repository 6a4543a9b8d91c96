# SPDX-License-Identifier: MIT
"""The judge: compares an adapter's answer with what a case expects, and returns a verdict.

Each operation has a table of the stages of its output, in order. Each stage has a reader that
converts the JSON of the protocol into a value that can be compared: base64 to bytes, headers to a
dictionary, a frame to its message, a presigned target to its decoded parameters.
`first_difference` finds the first stage and place where the expected and the actual value differ.
`judge` compares the answer with the expectation, then with each acceptable outcome. `settle`
applies the list of expected failures and the dependencies between cases.

Only what a case expects is judged. A *facet* is a key of the expectation, the kind of a rejection,
or the timing of results. An answer may omit some facets: the verdict lists those that were not
judged, and a strict judge fails them. An answer that breaks the protocol is an error of the adapter
(ADAPTER), not of the implementation.
"""

import json
import re
import uuid
from collections import OrderedDict
from itertools import zip_longest
from math import sqrt
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree import ElementTree  # noqa: S405

from conformance.cases.case import Case, Document
from conformance.cases.questions import Question, expected_in
from conformance.endpoint.pacing import Pacing
from conformance.endpoint.server import Call
from conformance.protocol.messages import REJECT_KINDS, BadQuestion, to_bytes
from conformance.run.asking import is_paced
from conformance.run.called import request_difference
from conformance.run.kinds import Named, kinds_of
from conformance.run.sent import (
    DEPARTURES,
    REWRITTEN,
    SIGNED,
    UNSIGNED,
    Change,
    Inspection,
    Sent,
    inspected,
)
from conformance.run.shown import DETAILS, SHOWN, is_in_text
from conformance.run.timing import (
    AFTER,
    REFUSED_AFTER,
    Impossible,
    Late,
    has_timing,
    late_result,
    with_joined_deltas,
)
from conformance.wording import number_of
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, shown
from refimpl.eventstream import Decoder
from refimpl.explain.causes import difference_of_requests
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
TIMING = AFTER  # the facet
SIGNATURE = "signature"  # the stage of a call that the endpoint refused for its signature
PROGRESS = "progress"  # the facet
_BY_WEIGHT = (PASS, ACCEPTABLE, UNSUPPORTED, FAIL, HANG, CRASH, ADAPTER)  # the worst last
_MAX_ANSWER = 2000  # characters that a verdict keeps of a wrong answer
UNKNOWN_KIND_HINT = " (not a kind of the protocol; map it with `kinds` of hello)"


class Absent:
    """The value of something that is absent. `instead` says what is there instead, or is empty."""

    def __init__(self, instead: str = "") -> None:
        self.instead = instead

    def __repr__(self) -> str:
        return f"absent; {self.instead}" if self.instead else "absent"


ABSENT = Absent()


class Difference(NamedTuple):
    """The first difference between the expected and the actual answer.

    The values are text, bytes, numbers, lists, dictionaries or ABSENT.
    """

    stage: str
    expected: Any
    actual: Any


class Verdict(NamedTuple):
    """The verdict on one answer or one case.

    note: why it is acceptable, unsupported or blocked, or how the adapter failed
    difference: of a FAIL
    message: the implementation's own error message
    answer: the whole answer of a FAIL as JSON on one line, shortened
    divergence: row of DIVERGENCES.md that makes an outcome acceptable
    not_judged: facets that the answer omits, sorted
    departures: how a sent request differs acceptably from the given one
    """

    word: str
    note: str
    difference: Optional[Difference]
    message: str
    answer: str
    divergence: str = ""
    not_judged: Tuple[str, ...] = ()
    departures: Tuple[str, ...] = ()


class Result(NamedTuple):
    """The verdict on a case: that of its worst chunking. `seconds` is the duration."""

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
    divergence: str = "",
) -> Verdict:
    """Return a verdict."""
    return Verdict(word, note, difference, message, answer, divergence)


def worst(one: Verdict, other: Verdict) -> Verdict:
    """Return the worse of two verdicts, the first of equals, with what neither has judged."""
    found = other if _BY_WEIGHT.index(other.word) > _BY_WEIGHT.index(one.word) else one
    if found.word not in (PASS, ACCEPTABLE):
        return found
    return found._replace(not_judged=tuple(sorted({*one.not_judged, *other.not_judged})))


# ---- judging -----------------------------------------------------------------------------------


def judge(
    question: Question,
    answer: Mapping[str, Any],
    kinds: Optional[Named] = None,
    calls: Optional[Sequence[Call]] = None,
    protocol: int = 1,
    strict: bool = False,
    pacing: Optional[Pacing] = None,
) -> Verdict:
    """Return the verdict on an answer.

    kinds: the adapter's own names of reject kinds
    calls: the calls that reached the endpoint, for an `invoke` case
    protocol: the version that the adapter speaks
    strict: fail an answer that omits a facet, or whose kind may be one of several
    pacing: the progress of the client, if the endpoint has waited for it
    """
    try:
        status = _status_of(answer)
        if status == "unsupported":
            return verdict(UNSUPPORTED, _text(answer.get("reason", ""), "reason"))
        if status == "error":
            detail = shown(_text(answer.get("detail", ""), "detail"), 500)
            return verdict(ADAPTER, f"it reports an internal error: {detail}")
        read = _Answer(question, answer, kinds or {}, protocol)
        found = _judge_answer(question, read, calls, pacing)
        return _strictly(found, read) if strict else found
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
    """An `ok` or `reject` answer, converted for comparison."""

    def __init__(
        self, question: Question, answer: Mapping[str, Any], kinds: Named, protocol: int
    ) -> None:
        self.protocol = protocol
        self.status = answer["status"]
        self.message = _text(answer.get("message") or "", "message")
        self.output = _with_nulls(question, _read_output(question, answer.get("output")))
        self.code = answer.get("code")
        self.fields = _object(answer.get("fields") or {}, "fields")
        self.given = answer
        self.name = ""  # of the rejection
        self.kinds: Tuple[str, ...] = ()  # those that the name stands for
        if self.status == "reject":
            self.name = _text(answer.get("kind"), "kind")
            self.kinds = kinds_of(self.name, kinds, protocol)

    def as_json(self) -> str:
        """Return the whole answer as JSON, shortened."""
        members = {name: value for name, value in self.given.items() if name != "seq"}
        return shown(json.dumps(members, ensure_ascii=False), _MAX_ANSWER)

    def absence(self) -> Absent:
        """Return ABSENT, with the names of the output's unknown keys."""
        known = [*self.output, AFTER, REFUSED_AFTER]
        unknown = [key for key in self.given.get("output") or {} if key not in known]
        if not unknown:
            return ABSENT
        return Absent(f"the output has {', '.join(unknown)}")

    def summary(self) -> str:
        """Return the status, kind and message."""
        if self.status == "ok":
            return "ok"
        kind = self.kinds[0] if len(self.kinds) == 1 else self.name
        if not self.message:
            return f"reject {kind}"
        return f"reject {kind}: {self.message}"


def _judge_answer(
    question: Question,
    answer: _Answer,
    calls: Optional[Sequence[Call]],
    pacing: Optional[Pacing],
) -> Verdict:
    good, expect = verdict(PASS), question.expect
    difference = _unverified_call(calls) or _wrong_request(question, calls)
    if difference is None:
        difference = _difference_from(question, expect, answer)
        if difference is not None:
            other = _acceptable_outcome(question, answer)
            if other is not None:
                (good, expect), difference = other, None
            elif _SENT in answer.output and answer.status == "ok" != expect["status"]:
                good, expect = _accepted_instead(question) or (good, expect)
        if _SENT in answer.output and answer.status == expect["status"] == "ok":
            good, difference = _judge_sent(question, expect, answer, good, difference is None)
    if good.word == UNSUPPORTED:
        return good
    if difference is None:
        difference = _repeated_call(calls)
    if difference is not None:
        return _failure(difference, answer)
    if expect is question.expect and has_timing(question):
        late = _late_result(question, answer)
        if late is not None:
            return _failure(Difference(*late), answer)
    if pacing is not None:
        difference = _difference_of_progress(pacing)
        if difference is not None:
            return _failure(difference, answer)
    unclear = _why_unclear(question, expect, answer)
    if unclear:
        return verdict(UNSUPPORTED, unclear)
    not_judged = _not_judged(question, expect, answer)
    if pacing is None and is_paced(question.case):
        not_judged.add(PROGRESS)
    return good._replace(not_judged=tuple(sorted(not_judged)))


def _difference_of_progress(pacing: Pacing) -> Optional[Difference]:
    """Return a difference if the client has kept an event back. Raises Malformed."""
    if pacing.impossible is not None:
        sent, reported = pacing.impossible
        raise Malformed(f"progress: {number_of(reported, 'event')} reported, {sent} sent")
    if pacing.lapse is None:
        return None
    sent, handed_over = pacing.lapse
    note = f"{number_of(handed_over, 'event')} after {pacing.hold:g} s"
    return Difference(PROGRESS, number_of(sent, "event"), note)


def _late_result(question: Question, answer: _Answer) -> Optional[Late]:
    """Return the first result that was handed over too late. Raises Malformed."""
    results = answer.output.get(_RESULTS[question.case.op], ())
    output = answer.given.get("output") or {}
    try:
        if question.case.op == "text.extract":
            output = with_joined_deltas(output)
        return late_result(question, output, len(results))
    except Impossible as error:
        raise Malformed(str(error)) from None


def _failure(difference: Difference, answer: _Answer) -> Verdict:
    return verdict(FAIL, "", difference, answer.message, answer.as_json())


def _acceptable_outcome(question: Question, answer: _Answer) -> Optional[Tuple[Verdict, Document]]:
    """Return the verdict on an acceptable outcome and its expectation, or None."""
    for other in question.case.acceptable:
        expect = expected_in(question.case, other["expect"], question.chunking)
        if _difference_from(question, expect, answer) is None:
            return _excused(other), expect
    return None


def _accepted_instead(question: Question) -> Optional[Tuple[Verdict, Document]]:
    """Return the first acceptable outcome that accepts the input, although the case rejects it.

    A signer that adds headers has other stages than this outcome, but the same request.
    """
    for other in question.case.acceptable:
        expect = expected_in(question.case, other["expect"], question.chunking)
        if expect["status"] == "ok":
            return _excused(other), expect
    return None


def _excused(other: Document) -> Verdict:
    divergence = other["divergence"]
    return verdict(ACCEPTABLE, f"{other['why']} ({divergence})", divergence=divergence)


# ---- requests as they were sent ----------------------------------------------------------------


def _judge_sent(
    question: Question, expect: Document, answer: _Answer, good: Verdict, is_expected: bool
) -> Tuple[Verdict, Optional[Difference]]:
    """Return the verdict on a sent request, or the first difference that is not acceptable.

    is_expected: whether the stages are those of `expect`, with the verdict `good`
    """
    given, presigned = question.input, question.case.op == "sigv4.presign"
    body = to_bytes(given.get("body", ""))
    sent = answer.output[_SENT]
    wanted = expect.get("output", {})
    names = _signed_names(wanted)
    if names is None and not is_expected:
        # The case shows only a signature, and this one covers other headers.
        names = [name.lower() for name, _ in given["headers"]]
    found = inspected(given, sent, presigned, body, names, _accepted_paths(question))
    if found.change is not None and not (
        is_expected
        and not found.departures
        and found.change[::2] == ("sent.signature", wanted.get("signature"))
    ):
        earlier = None
        # The signature differs as a consequence, if an earlier stage does.
        if found.change.stage == "sent.signature" and not is_expected:
            earlier = _difference_of_stages(question, answer, sent, found.stages)
        return good, earlier or _difference_of_change(found.change)
    if not is_expected:
        difference = _difference_of_stages(question, answer, sent, found.stages)
        if difference is not None:
            return good, difference
    kinds = {departure.kind for departure in found.departures}
    words = [departure.words for departure in found.departures]
    if kinds & {UNSIGNED, SIGNED} and question.case.rules[0] == "SIG-015":
        signed = ";".join(_signed_names(wanted) or ())
        return good, Difference("sent.signed_headers", signed, "; ".join(words))
    if REWRITTEN in kinds and not is_expected:
        parts = [one.words for one in found.departures if one.kind == REWRITTEN]
        return verdict(UNSUPPORTED, f"rewritten before signing: it {', '.join(parts)}"), None
    if not words:
        # A request that departs in nothing has the stages of its case.
        return good, None if is_expected else _difference_of_case(question, expect, answer, found)
    rows = [DEPARTURES[kind] for kind in DEPARTURES if kind in kinds]
    note = f"it {'; '.join(words)} ({', '.join(rows)})"
    found_verdict = verdict(ACCEPTABLE, note, divergence=good.divergence or rows[0])
    return found_verdict._replace(departures=tuple(words)), None


def _difference_of_case(
    question: Question, expect: Document, answer: _Answer, found: Inspection
) -> Optional[Difference]:
    """Return the first stage that is not the expected one. The request shows those not returned."""
    expected = _expected_output(question, expect)
    for stage, read in _stages_of(question):
        if stage not in expected:
            continue
        actual = answer.output.get(stage)
        if actual is None and stage in found.stages:
            actual = read(found.stages[stage], stage, question)
        difference = None if actual is None else first_difference(expected[stage], actual, stage)
        if difference is not None:
            return difference
    return None


def _difference_of_change(change: Change) -> Difference:
    absent = [ABSENT if value is None else value for value in change[1:]]
    return Difference(change.stage, *absent)


def _accepted_paths(question: Question) -> List[str]:
    """Return the canonical paths of the acceptable outcomes of a case."""
    outputs = [other["expect"].get("output", {}) for other in question.case.acceptable]
    requests = [output["canonical_request"] for output in outputs if "canonical_request" in output]
    return [str(request).split("\n")[1] for request in requests]


def _signed_names(output: Document) -> Optional[List[str]]:
    """Return the SignedHeaders of an expected output, or None if it does not show them."""
    request = output.get("canonical_request")
    if request is None:
        return None
    signed_names = ("\n" + str(request)).split("\n")[-2]
    return [name for name in signed_names.split(";") if name]


def _difference_of_stages(
    question: Question, answer: _Answer, sent: Sent, stages: Mapping[str, str]
) -> Optional[Difference]:
    """Return the first returned stage that is not that of the sent request."""
    authorization = [value for name, value in sent.headers if name.lower() == "authorization"]
    for stage, read in _stages_of(question):
        if stage not in answer.output or stage == _SENT:
            continue
        wanted: Any = stages.get(stage)
        if stage == "authorization":
            wanted = read(authorization[0] if authorization else "", stage, question)
        elif stage == "target":
            wanted = read(sent.target, stage, question)
        difference = first_difference(wanted, answer.output[stage], "sent." + stage)
        if difference is not None:
            return difference
    return None


# ---- what is not judged ------------------------------------------------------------------------


def _has_several_kinds(expect: Document, answer: _Answer) -> bool:
    """Return whether an expected rejection may also be of a kind that is not expected."""
    return bool(set(answer.kinds) - set(_as_list(expect.get("kind"))))


def _why_unclear(question: Question, expect: Document, answer: _Answer) -> str:
    """Return why a rejection whose kind may be one of several proves nothing, or an empty text."""
    if answer.status != "reject" or not _has_several_kinds(expect, answer):
        return ""
    if question.case.decides == "kind":
        return f"its {answer.name} may be of several kinds, but the kind decides this case"
    if any(expect.get("output", {}).values()) and not answer.output:
        return f"its {answer.name} may be of several kinds, and it does not return earlier results"
    return ""


def _not_judged(question: Question, expect: Document, answer: _Answer) -> Set[str]:
    """Return the facets of an expected answer that it omits."""
    facets = set()
    if answer.status == "reject":
        facets.update(["kind"] if _has_several_kinds(expect, answer) else [])
        facets.update(_omitted_details(expect, answer))
    stages = list(_expected_output(question, expect))
    missing = [stage for stage in stages if stage not in answer.output]
    if answer.status == "reject" and stages == missing:
        facets.update(["output"] if stages else [])
    elif question.case.op in _SIGNERS:
        # Each of these stages depends on all inputs.
        if _SENT not in answer.output and set(stages) & _LAST_STAGES <= set(missing):
            facets.add("output.signature")
    else:
        facets.update("output." + stage for stage in missing)
    if expect is question.expect and has_timing(question) and not _shows_timing(answer):
        facets.add(TIMING)
    return facets


def _shows_timing(answer: _Answer) -> bool:
    output = answer.given.get("output") or {}
    if answer.status == "reject" and output.get(REFUSED_AFTER) is None:
        return False
    return output.get(AFTER) is not None


def _strictly(found: Verdict, answer: _Answer) -> Verdict:
    """Return the verdict of a strict judge."""
    if found.not_judged:
        named = ", ".join(found.not_judged)
        return _failure(
            Difference("not judged", "every facet", f"the answer omits {named}"), answer
        )
    if found.departures:
        return _failure(Difference(_SENT, "no departure", found.note), answer)
    if found.word == UNSUPPORTED:
        stage = "kind" if answer.status == "reject" else _SENT
        return _failure(Difference(stage, f"a {stage} that can be judged", found.note), answer)
    return found


def _unverified_call(calls: Optional[Sequence[Call]]) -> Optional[Difference]:
    """Return a difference unless a call reached the endpoint, and every call had a valid
    signature.
    """
    if calls is None:
        return None
    if not calls:
        return Difference("call", "one request", "no request reached the endpoint")
    for call in calls:
        if not call.verified:
            return _refused_signature(call)
    return None


def _refused_signature(call: Call) -> Difference:
    """Return the first stage that differs, as far as the endpoint could find it."""
    service, client = call.canonical_requests or ("", "")
    if service != client:
        return Difference(f"{SIGNATURE}.canonical_request", service, client)
    return Difference(SIGNATURE, "verified by the endpoint", call.reason)


def _wrong_request(question: Question, calls: Optional[Sequence[Call]]) -> Optional[Difference]:
    """Return the first difference of a call from what the case's input requires."""
    for call in calls or ():
        found = request_difference(question.case, question.input, call)
        if found is not None:
            return Difference(*found)
    return None


def _repeated_call(calls: Optional[Sequence[Call]]) -> Optional[Difference]:
    """Return a difference if more than one call reached the endpoint."""
    if calls is None or len(calls) <= 1:
        return None
    return Difference("attempts", 1, len(calls))


def _difference_from(question: Question, expect: Document, answer: _Answer) -> Optional[Difference]:
    kinds = _as_list(expect.get("kind"))
    if answer.status != expect["status"]:
        wanted = "ok" if expect["status"] == "ok" else "reject " + " or ".join(kinds)
        return Difference("status", wanted, answer.summary())
    if answer.status == "reject":
        difference = _difference_of_kinds(kinds, answer)
        if difference is None:
            difference = _difference_of_rejections(expect, answer)
        if difference is not None:
            return difference
    return _difference_of_outputs(question, _expected_output(question, expect), answer)


def _difference_of_kinds(kinds: Sequence[str], answer: _Answer) -> Optional[Difference]:
    """Return a difference unless the answer's kind may be one of the expected kinds."""
    if set(answer.kinds) & set(kinds):
        return None
    actual = " or ".join(answer.kinds)
    if actual not in REJECT_KINDS and len(answer.kinds) == 1:
        actual += UNKNOWN_KIND_HINT
    return Difference("kind", " or ".join(kinds), actual)


def _difference_of_rejections(expect: Document, answer: _Answer) -> Optional[Difference]:
    omitted = _omitted_details(expect, answer)
    if "code" in expect and answer.code != expect["code"] and "code" not in omitted:
        return Difference("code", expect["code"], ABSENT if answer.code is None else answer.code)
    if "fields" in omitted:
        return None
    for name, value in expect.get("fields", {}).items():
        actual_value = answer.fields.get(name)
        if value is None and actual_value is None:  # null means absent
            continue
        difference = first_difference(value, _as_number(actual_value, value), "fields." + name)
        if difference is not None:
            return difference
    return None


def _omitted_details(expect: Document, answer: _Answer) -> List[str]:
    """Return which details of an error an application omits."""
    if not is_in_text(expect):
        return []
    return [name for name in DETAILS if name in expect and not answer.given.get(name)]


def _as_list(kind: Any) -> List[str]:
    if kind is None:
        return []
    return [kind] if isinstance(kind, str) else list(kind)


def _as_number(value: object, like: object) -> object:
    """Return a decimal string as an integer if an integer is expected; ABSENT for None."""
    if value is None:
        return ABSENT
    if isinstance(value, str) and type(like) is int and _is_decimal(value):
        return int(value)
    return value


def _expected_output(question: Question, expect: Document) -> Document:
    output = expect.get("output", {})
    if question.case.op == "eventstream.encode" and expect["status"] == "ok" and not output:
        given = question.input
        output = {"messages": [{"headers": given["headers"], "payload": given["payload"]}]}
    if "messages" in output and question.case.op == "eventstream.encode":
        output = {"frame": output["messages"]}
    return _read_output(question, output)


_SIGNERS = ("sigv4.sign", "sigv4.presign")  # an answer may have any non-empty subset of the stages
_LAST_STAGES = {"signature", "authorization", "target"}
_SENT = "sent"
# The stage whose items `after` counts.
_RESULTS = {
    "eventstream.decode": "messages",
    "http.response": "events",
    "text.lines": "lines",
    "text.sse": "events",
    "json.values": "values",
    "text.extract": "deltas",
}
# A decoder of event streams, and an application, do not show the headers of the response.
_OPTIONAL = {
    "http.response": ("output",),
    "invoke": ("output",),
    "explain.refusal": ("advice",),
}


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
        elif answer.status == "ok" and not (some and _is_optional(stage, question, answer)):
            return Difference(stage, _plain(expected[stage]), answer.absence())
    return None


def _is_optional(stage: str, question: Question, answer: _Answer) -> bool:
    op = question.case.op
    return op in _SIGNERS or (answer.protocol > 1 and stage in _OPTIONAL.get(op, ()))


# ---- comparing ---------------------------------------------------------------------------------


class Loose(NamedTuple):
    """A text that equals another text if their keys are equal. Differences show the text."""

    key: Any
    text: str


def first_difference(expected: Any, actual: Any, path: str) -> Optional[Difference]:
    """Return the first difference between two values, in the order of the expected one, or None."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        pairs = _pairs_of_objects(expected, actual)
    elif isinstance(expected, list) and isinstance(actual, list):
        pairs = _pairs_of_lists(expected, actual)
    elif _is_same(expected, actual):
        return None
    else:
        return Difference(path, _plain(expected), _plain(actual))
    for place, wanted, got in pairs:
        if isinstance(wanted, Absent) or isinstance(got, Absent):
            return Difference(path + place, _plain(wanted), _plain(got))
        difference = first_difference(wanted, got, path + place)
        if difference is not None:
            return difference
    return None


def _pairs_of_objects(
    expected: Dict[str, Any], actual: Dict[str, Any]
) -> Iterator[Tuple[str, Any, Any]]:
    for name in list(expected) + [name for name in actual if name not in expected]:
        yield f".{name}", expected.get(name, ABSENT), actual.get(name, ABSENT)


def _pairs_of_lists(expected: List[Any], actual: List[Any]) -> Iterator[Tuple[str, Any, Any]]:
    pairs = zip_longest(expected, actual, fillvalue=ABSENT)
    for index, (wanted, got) in enumerate(pairs):
        yield f"[{index}]", wanted, got


def _is_same(expected: Any, actual: Any) -> bool:
    if isinstance(expected, Loose) and isinstance(actual, Loose):
        return bool(expected.key == actual.key)
    return isinstance(expected, bool) == isinstance(actual, bool) and bool(expected == actual)


def _plain(value: Any) -> Any:
    return value.text if isinstance(value, Loose) else value


# ---- reading outputs ---------------------------------------------------------------------------

Reader = Callable[[Any, str, Question], Any]


def _read_output(question: Question, output: object) -> Document:
    """Return the stages of an output, converted for comparison. Raises Malformed."""
    given = _object({} if output is None else output, "output")
    return {
        stage: read(given.get(stage), "output." + stage, question)
        for stage, read in _stages_of(question)
        # null means absent, but see _MEANINGFUL_NULLS. A finish reason that is absent is null.
        if given.get(stage) is not None
        or (stage in given and read in _MEANINGFUL_NULLS)
        or (given and read is _finish_reason)
    }


def _with_nulls(question: Question, output: Document) -> Document:
    """Return the output of an answer, in which an optional text that is absent is null."""
    if not output:
        return output
    absent = {
        stage: read(None, stage, question)
        for stage, read in _stages_of(question)
        if read is _optional_text and stage not in output
    }
    return dict(output, **absent)


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


def _optional_text(value: object, path: str, question: Question) -> Loose:
    return Loose(None, "none") if value is None else Loose(_text(value, path), str(value))


def _bytes(value: object, path: str, question: Optional[Question] = None) -> bytes:
    try:
        return to_bytes(value)
    except BadQuestion as error:
        raise Malformed(f"{path}: {error}") from None


def _texts(value: object, path: str, question: Question) -> List[str]:
    return [_text(line, f"{path}[{index}]") for index, line in enumerate(_list(value, path))]


def _named(pairs: Iterable[Tuple[str, Any]]) -> Dict[str, Any]:
    """Return pairs by their names; a repeated name gets a number."""
    named: Dict[str, Any] = {}
    for name, value in pairs:
        again = 2
        own = name
        while own in named:
            own, again = f"{name}#{again}", again + 1
        named[own] = value
    return named


def _authorization(value: object, path: str, question: Question) -> Any:
    """Return the parts of an Authorization value; the spaces between them have no meaning."""
    text = _text(value, path)
    algorithm, _, rest = text.partition(" ")
    parts = [part.strip(" ").partition("=") for part in rest.split(",")]
    if any(not sign for _, sign, _ in parts):
        return text
    return dict({"algorithm": algorithm}, **_named((name, content) for name, _, content in parts))


def _target(value: object, path: str, question: Question) -> Any:
    """Return the path unchanged, and the query as decoded pairs, whose order has no meaning."""
    place, _, query = _text(value, path).partition("?")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    decoded = sorted((_octets(name), _octets(content)) for name, _, content in pairs)
    return dict({"path": place}, **_named(decoded))


def _octets(text: str) -> str:
    """Return decoded query text with one character per octet, so that raw equals escaped UTF-8."""
    return unquote_to_bytes(text).decode("latin-1")


def _sent(value: object, path: str, question: Question) -> Sent:
    """Return a sent request. Each character of it is one octet, except in the target."""
    given = _object(value, path)
    headers = _pairs(given.get("headers"), path + ".headers")
    method, target = (_text(given.get(name), f"{path}.{name}") for name in ("method", "target"))
    if not all(ord(character) < 256 for pair in headers for character in "".join(pair)):
        raise Malformed(f"{path}.headers: expected one character for each octet")
    body = given.get("body")
    return Sent(method, target, headers, None if body is None else _bytes(body, path + ".body"))


def _messages(value: object, path: str, question: Question) -> List[Document]:
    return [_message(item, f"{path}[{index}]") for index, item in enumerate(_list(value, path))]


def _message(value: object, path: str) -> Document:
    given = _object(value, path)
    headers = [
        _header(item, f"{path}.headers[{index}]")
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
    """Return the messages of a frame: an encoder is judged by what its frame decodes to.

    The expected value may already be messages.
    """
    if isinstance(value, list):
        return _messages(value, path, question)
    decoder = Decoder()
    try:
        messages = decoder.feed(_bytes(value, path))
        decoder.close()
    except Error as error:
        # The kind, not the message, so that reports do not depend on the wording of refimpl.
        evidence = str(error)[len(error.message or "") :]
        return f"invalid frame: {error.kind}{evidence}"
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
    """Return the headers that carry members; other headers are not compared."""
    return _named(
        sorted(
            (name.lower(), content)
            for name, content in _pairs(value, path)
            if name.lower() in _BOUND
        )
    )


def _url(value: object, path: str, question: Question) -> Loose:
    """Compare scheme and host without case, and a default port like an absent one."""
    text = _text(value, path)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return Loose(text, text)
    if port == {"https": 443, "http": 80}.get(parts.scheme):
        port = None
    return Loose(
        (
            parts.scheme,
            parts.hostname,
            port,
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
        place = f"{path}[{index}]"
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
        _members(item, f"{path}[{index}]", question)
        for index, item in enumerate(_list(value, path))
    ]


def _json_values(value: object, path: str, question: Question) -> List[Loose]:
    """Return JSON texts. They are compared by value, so the order of members has no meaning."""
    texts = [_text(item, f"{path}[{index}]") for index, item in enumerate(_list(value, path))]
    return [Loose(_value_key(text), text) for text in texts]


class _Number(str):
    """A number as text, which differs from a string with this text."""


def _value_key(text: str) -> Any:
    try:
        value = parse_json(text.encode("utf-8", "surrogatepass"), lenient=True)
    except Error:
        return text
    return ("json", _without_order(_with_plain_numbers(value)))


def _with_plain_numbers(value: Any) -> Any:
    """Return a JSON value with numbers that can be compared: 1.0 is 1, and NaN equals itself."""
    if isinstance(value, dict):
        return {name: _with_plain_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_plain_numbers(inner) for inner in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() else _Number(repr(value))
    return value


def _deltas(value: object, path: str, question: Question) -> List[Document]:
    """Return pieces of text by channel. Adjacent pieces of a channel are joined."""
    deltas: List[Document] = []
    for index, item in enumerate(_list(value, path)):
        place = f"{path}[{index}]"
        given = _object(item, place)
        channel = _text(given.get("channel"), f"{place}.channel")
        text = _text(given.get("text"), f"{place}.text")
        if text and deltas and deltas[-1]["channel"] == channel:
            deltas[-1]["text"] += text
        elif text:
            deltas.append({"channel": channel, "text": text})
    return deltas


def _finish_reason(value: object, path: str, question: Question) -> Loose:
    return _optional_text(value, path, question)


def _count(value: object, path: str, question: Question) -> int:
    return _integer(value, path)


def _flag(value: object, path: str, question: Question) -> bool:
    if not isinstance(value, bool):
        raise Malformed(f"{path}: expected true or false, got {shown(value, 80)}")
    return value


def _proxy(value: object, path: str, question: Question) -> Loose:
    """Return a proxy's URL. Its port may be the default, and credentials are not compared."""
    if value is None:
        return Loose(None, "a direct connection")
    text = _text(value, path)
    try:
        parts = urlsplit(text)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return Loose(text, text)
    return Loose((parts.scheme, parts.hostname, port), text)


def _outcomes(value: object, path: str, question: Question) -> List[Document]:
    """Return the decisions after each attempt, with all numbers as floats."""
    return [
        {
            name: float(content) if isinstance(content, (int, float)) else content
            for name, content in _members(item, f"{path}[{index}]", question).items()
        }
        for index, item in enumerate(_list(value, path))
    ]


def _sections(value: object, path: str, question: Question) -> Document:
    """Return the sections of a configuration file: names to texts, or to nested texts."""
    sections = _object(value, path)
    for name, section in sections.items():
        for key, content in _object(section, f"{path}.{name}").items():
            place = f"{path}.{name}.{key}"
            nested = content.items() if isinstance(content, dict) else [("", content)]
            for inner, text in nested:
                _text(text, f"{place}.{inner}" if inner else place)
    return sections


def _requests(value: object, path: str, question: Question) -> List[Loose]:
    """Return requests, [[method, url], ...]. Their URLs are compared as _url does."""
    requests = []
    for index, (method, url) in enumerate(_pairs(value, path)):
        read = _url(url, f"{path}[{index}][1]", question)
        requests.append(Loose((method, read.key), f"{method} {url}"))
    return requests


def _document(value: object, path: str, question: Question) -> Any:
    """Compare a document by content: parsed JSON and XML, query pairs, headers without case."""
    target = question.case.input["to"]
    if target == "value":
        return value
    if target == "headers":
        given = _object(value, path)
        headers = _pairs(given.get("headers"), path + ".headers")
        body = given.get("body")
        if isinstance(body, str):
            body = Loose(_json_key(body), body)
        return {
            "headers": _named(sorted((name.lower(), content) for name, content in headers)),
            "body": body,
        }
    text = _text(value, path)
    return Loose(_DOCUMENT_KEYS[target](text), text)


def _json_key(text: str) -> Any:
    try:
        return ("json", _without_order(parse_json(text.encode("utf-8", "surrogatepass"))))
    except Error:
        return text


def _without_order(value: Any) -> Any:
    """Return a key that two JSON values share if and only if they are equal; true is not 1."""
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


def _proved(value: object, path: str, question: Question) -> Loose:
    """Return what a refusal proves, or a line of it."""
    if value is None:
        return Loose(None, "nothing")
    text = _text(value, path)
    return Loose(text, text)


def _advice(value: object, path: str, question: Question) -> Loose:
    """Return the secrets that an advice contains. The expected advice names them, and has none."""
    expected = question.case.expect.get("output", {}).get("advice", {"without": []})
    secrets = expected["without"]
    if value == expected:
        return Loose((), f"a text without {', '.join(secrets)}")
    text = _text(value, path)
    return Loose(tuple(secret for secret in secrets if secret in text), text)


# null means absent, except that a proxy of null is a direct connection, and that an explanation of
# null proves nothing.
_MEANINGFUL_NULLS = (_proxy, _proved, _optional_text)

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

# The stages of each operation's output, in order: the first that differs is the one to look at.
_STAGES: Dict[str, Tuple[Tuple[str, Reader], ...]] = {
    "sigv4.sign": _SIGNING + (("authorization", _authorization), (_SENT, _sent)),
    "sigv4.presign": _SIGNING + (("target", _target), (_SENT, _sent)),
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
    "invoke": _ANSWERED + ((SHOWN, _text),),
    "text.lines": (("lines", _texts),),
    "text.sse": (("events", _sse_events),),
    "json.values": (("values", _json_values),),
    "text.extract": (
        ("deltas", _deltas),
        ("finish_reason", _finish_reason),
        ("skipped", _count),
        ("complete", _flag),
    ),
    "endpoint.resolve": (("url", _text), ("signing_region", _text), ("signing_name", _text)),
    "proxy.select": (("proxy", _proxy), ("authorization", _text)),
    "retry.decide": (("outcomes", _outcomes),),
    "config.parse": (("profiles", _sections), ("sso_sessions", _sections), ("services", _sections)),
    "credentials.resolve": (
        ("source", _text),
        ("access_key", _text),
        ("secret_key", _text),
        ("session_token", _optional_text),
        ("expires", _optional_text),
        ("requests", _requests),
    ),
    "explain.refusal": (
        ("differs_in", _proved),
        ("server", _proved),
        ("client", _proved),
        ("advice", _advice),
    ),
}


# ---- what verdicts mean together ---------------------------------------------------------------


def settle(results: Sequence[Result], expected_failures: Sequence[str] = ()) -> List[Result]:
    """Return the results after applying dependencies (BLOCKED) and expected failures (XFAIL,
    XPASS).

    expected_failures: ids of cases that are expected to fail
    """
    failed = {result.case.id for result in results if result.verdict.word in FAILURES + (ADAPTER,)}
    without_pass = _operations_without_pass(results)
    wrong_host = _case_of_wrong_host(results)
    refused = _case_of_refusals(results, without_pass)
    settled = []
    for result in results:
        word = result.verdict.word
        if word in _GOOD and _is_rejection(result) and result.case.op in without_pass:
            note = f"a rejection has no meaning while no accepted case of {result.case.op} passes"
            result = result._replace(verdict=verdict(BLOCKED, note))
            word = BLOCKED
        if wrong_host and word == FAIL and _depends_on_host(result):
            note = f"it has no meaning while {wrong_host} fails"
            result = result._replace(verdict=verdict(BLOCKED, note))
            word = BLOCKED
        if refused and _is_refused(result) and result.case.id != refused:
            note = f"the endpoint refused the signature, as in {refused}"
            result = result._replace(verdict=verdict(BLOCKED, note))
            word = BLOCKED
        missing = [need for need in result.case.needs if need in failed]
        if missing and word != ADAPTER:
            result = result._replace(
                verdict=verdict(BLOCKED, f"it has no meaning while {missing[0]} fails")
            )
        elif result.case.id in expected_failures and word in FAILURES:
            result = result._replace(verdict=result.verdict._replace(word=XFAIL))
        elif result.case.id in expected_failures and word in (PASS, ACCEPTABLE):
            note = "it is listed as an expected failure, but passes: remove it from the list"
            result = result._replace(verdict=verdict(XPASS, note))
        settled.append(result)
    return settled


_GOOD = (PASS, ACCEPTABLE)


def _case_of_wrong_host(results: Iterable[Result]) -> str:
    """Return a case about Host that a wrong Host fails, or an empty text."""
    for result in results:
        is_about_host = result.verdict.word == FAIL and result.case.rules[:1] == ("SIG-014",)
        if is_about_host and rule_of_stage(result) == "SIG-014":
            return result.case.id
    return ""


def _case_of_refusals(results: Iterable[Result], without_pass: Set[str]) -> str:
    """Return the first case whose signature the endpoint refused if it accepted none, or ""."""
    refused = [result.case.id for result in results if _is_refused(result)]
    return refused[0] if refused and "invoke" in without_pass else ""


def _is_refused(result: Result) -> bool:
    difference = result.verdict.difference
    return (
        result.case.op == "invoke"
        and result.verdict.word == FAIL
        and difference is not None
        and difference.stage.startswith(SIGNATURE)
    )


def _depends_on_host(result: Result) -> bool:
    """Return whether a wrong Host explains a failure of a case that is not about Host."""
    if result.case.op not in _SIGNERS or result.case.rules[:1] == ("SIG-014",):
        return False
    if rule_of_stage(result) == "SIG-014":
        return True
    # A recorded request shows only its signature.
    return "canonical_request" not in result.case.expect.get("output", {"canonical_request": ""})


def _is_rejection(result: Result) -> bool:
    return bool(result.case.expect["status"] == "reject")


def _operations_without_pass(results: Sequence[Result]) -> Set[str]:
    """Return the operations with accepted cases of which none passes."""
    accepted = [result for result in results if not _is_rejection(result)]
    passing = {result.case.op for result in accepted if result.verdict.word in _GOOD}
    return {result.case.op for result in accepted} - passing


def count_not_judged(results: Iterable[Result]) -> Dict[str, Dict[str, int]]:
    """Return, by operation, in how many cases each facet was not judged."""
    counts: Dict[str, Dict[str, int]] = OrderedDict()
    for result in results:
        for facet in result.verdict.not_judged:
            row = counts.setdefault(result.case.op, {})
            row[facet] = row.get(facet, 0) + 1
    return OrderedDict(
        (name, OrderedDict((facet, row[facet]) for facet in sorted(row, key=_facet_order)))
        for name, row in counts.items()
    )


def _facet_order(facet: str) -> Tuple[int, str]:
    return int(facet == TIMING), facet


def suspects(results: Iterable[Result]) -> Dict[str, str]:
    """Return the rule that each failing case most likely violates, by the id of the case."""
    listed = list(results)
    found = suspects_among([(result.case, result.verdict.word) for result in listed])
    for result in listed:
        rule = rule_of_stage(result)
        if result.case.id in found and rule:
            found[result.case.id] = rule
    return found


def suspects_among(judged: Sequence[Tuple[Case, str]]) -> Dict[str, str]:
    """Return the same as `suspects` for cases with their verdicts.

    It is the cited rule that most failures and fewest passes have in common, by Ochiai's
    coefficient (spectrum-based fault localisation). Among equals it is the first rule, which is
    the subject of the case.
    """
    failing, passing = FAILURES + (XFAIL,), (PASS, ACCEPTABLE, XPASS)
    failures: Dict[str, int] = {}
    total: Dict[str, int] = {}
    for case, word in judged:
        if word in failing + passing:
            for rule in case.rules:
                total[rule] = total.get(rule, 0) + 1
                failures[rule] = failures.get(rule, 0) + (word in failing)
    return {
        case.id: max(case.rules, key=lambda rule: failures[rule] / sqrt(total[rule]))
        for case, word in judged
        if word in failing and case.rules
    }


def rule_of_stage(result: Result) -> str:
    """Return the rule that the place and form of a difference alone show, or an empty text."""
    difference = result.verdict.difference
    if difference is None:
        return ""
    stage = difference.stage
    if stage == PROGRESS:
        return "HTTP-050"
    if stage.startswith((AFTER, REFUSED_AFTER)):
        return _rule_of_time(result, stage)
    if result.case.op in _SIGNERS:
        return _rule_of_signature(result, stage, difference)
    if _is_refused(result):
        return _rule_of_refusal(difference)
    return ""


def _rule_of_refusal(difference: Difference) -> str:
    """Return the rule for a signature that the endpoint refused."""
    service, client = str(difference.expected), str(difference.actual)
    if difference.stage != SIGNATURE:
        found = difference_of_requests(service, client)
        return found.rule if found is not None else "SIG-001"
    named = re.search(r"\((SIG-[0-9]{3})", client)
    return named.group(1) if named else "SIG-023"


def _rule_of_time(result: Result, stage: str) -> str:
    if result.case.op == "text.extract":
        return "TXT-067"
    if not result.case.op.startswith(("eventstream.", "http.")):
        return "TXT-004"
    kinds = _as_list(result.case.expect.get("kind"))
    if stage == REFUSED_AFTER and "prelude_crc" in kinds:
        return "EVS-004"
    if stage == REFUSED_AFTER and set(kinds) & {"length", "limit"}:
        return "EVS-028"
    return "EVS-042"


def _rule_of_signature(result: Result, stage: str, difference: Difference) -> str:
    """Return the rule for a stage after the canonical request, if that one is right.

    The first stage that differs is the one to look at, so all earlier ones are right.
    """
    if stage == "signature" and "string_to_sign" in result.case.expect.get("output", ()):
        answer = result.verdict.answer
        # The answer is shortened, so it may not show the string to sign.
        return "SIG-022" if "string_to_sign" in answer or answer.endswith("...") else ""
    if stage not in ("canonical_request", "sent.canonical_request"):
        return ""
    wanted, got = (str(value).split("\n") for value in (difference.expected, difference.actual))
    if [line for line in got if line.startswith("host:")] != [
        line for line in wanted if line.startswith("host:")
    ]:
        return "SIG-014"
    if len(wanted) == len(got) and wanted != got and _upper(wanted) == _upper(got):
        return "SIG-006"
    return ""


def _upper(lines: Sequence[str]) -> List[str]:
    """Return lines with the digits of escapes in upper case."""
    return [re.sub("%[0-9a-f]{2}", lambda match: match.group().upper(), line) for line in lines]


def exit_code(results: Iterable[Result], failing: Sequence[str] = FAILURES + (XPASS,)) -> int:
    """Return 0 if all verdicts are as expected, 1 for failures, 3 for a broken adapter.

    failing: the verdicts that count as failures
    """
    words = {result.verdict.word for result in results}
    if ADAPTER in words:
        return 3
    return 1 if words & set(failing) else 0
