# SPDX-License-Identifier: MIT
"""The adapter of the reference implementation: `python3 -m conformance.adapters.refimpl`.

It is a model for other adapters in Python: each operation is a small function that turns the
input of a request into a call of the implementation, and the result into the output of the
answer. The errors of the reference already have the protocol's kinds.
"""

import json
import uuid
from functools import lru_cache
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Union

from conformance.protocol.messages import (
    BadQuestion,
    Operation,
    Reject,
    Report,
    serve,
    to_base64_text,
    to_bytes,
    to_pairs,
    to_triples,
)
from refimpl.client import Client
from refimpl.config.chain import CredentialChain
from refimpl.config.profiles import ConfigFile, Section, parse_shared_config
from refimpl.config.retries import CallRetries, RetryPolicy, RetryQuota
from refimpl.config.surroundings import FetchReply, FetchRequest, ProcessOutput, Surroundings
from refimpl.convert import JSON_ENCODED_FORMATS, convert
from refimpl.documents.json_format import json_text, members_to_json
from refimpl.endpoints import resolve_endpoint
from refimpl.errors import Error, NetworkError
from refimpl.eventstream import Decoder, Message, encode
from refimpl.explain.refusal import explain_refusal
from refimpl.message_json import message_to_json
from refimpl.operation import (
    ERROR_TYPE_HEADER,
    VERSION,
    ResponseReader,
    build_request,
    service_error,
)
from refimpl.proxy import proxy_for
from refimpl.shapes import (
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    OperationError,
    Shape,
    UnknownOperationError,
)
from refimpl.sigv4 import Credentials, Signer, amz_date_of, seconds_of, verify
from refimpl.text import (
    PRESETS,
    Delta,
    Extraction,
    JSONValues,
    LineDecoder,
    ModelText,
    Preset,
    ServerSentEventDecoder,
    parse_extraction,
)
from refimpl.text.containers import AUTO
from refimpl.text.paths import parse_path

_INVOKE_READ_TIMEOUT = 3.0  # seconds, if the request has none
_INVOKE_TOTAL_TIMEOUT = 8.0  # less than the runner's timeout for a request

Given = Mapping[str, Any]


def refusal(error: Error, output: Any = None) -> Reject:
    """Return the rejection for an error of the implementation."""
    fields = None
    if isinstance(error, UnknownOperationError):
        fields = {"Message": error.message} if error.message is not None else {}
    elif isinstance(error, OperationError):
        fields = members_to_json(error.fields, error)
    return Reject(error.kind, str(error), code=error.code, fields=fields, output=output)


def _guarded(operation: Operation) -> Operation:
    def guarded(given: Dict[str, Any], *report: Report) -> Dict[str, Any]:
        try:
            return operation(given, *report)
        except Error as error:
            raise refusal(error) from error

    return guarded


# ---- sigv4 -------------------------------------------------------------------------------------


def _credentials(given: Given) -> Credentials:
    return Credentials(given["access_key"], given["secret_key"], given.get("session_token"))


def _signing_arguments(given: Given, *options: str) -> Dict[str, Any]:
    """Return the arguments that sign, presign and verify share, and the given options."""
    arguments = {
        "method": given["method"],
        "target": given["target"],
        "headers": to_pairs(given["headers"]),
        "body": to_bytes(given.get("body", "")),
        "credentials": _credentials(given),
        "region": given["region"],
        "service": given["service"],
        "amz_date": given["time"],
        "normalize": given.get("normalize_path", True),
        "double_encode": given.get("double_encode", True),
    }
    arguments.update((name, given[name]) for name in options if name in given)
    return arguments


@lru_cache(maxsize=1)
def _signer() -> Signer:
    """Return the signer of all requests, so that the keys that it keeps are judged as well."""
    return Signer()


def _sigv4_sign(given: Given) -> Dict[str, Any]:
    signed = _signer().sign(**_signing_arguments(given, "sign_body", "omit_session_token"))
    return {
        "canonical_request": signed.canonical_request,
        "string_to_sign": signed.string_to_sign,
        "signature": signed.signature,
        "authorization": signed.authorization,
        "sent": _sent(given, given["target"], signed.headers),
    }


def _sent(given: Given, target: str, headers: Sequence[Sequence[str]]) -> Dict[str, Any]:
    """Return a signed request as the HTTP layer sends it."""
    pairs = [list(pair) for pair in headers]
    return {"method": given["method"], "target": target, "headers": pairs}


def _sigv4_presign(given: Given) -> Dict[str, Any]:
    presigned = _signer().presign(
        expires=given["expires"], **_signing_arguments(given, "omit_session_token")
    )
    return {
        "canonical_request": presigned.canonical_request,
        "string_to_sign": presigned.string_to_sign,
        "signature": presigned.signature,
        "target": presigned.target,
        "sent": _sent(given, presigned.target, given["headers"]),
    }


def _sigv4_verify(given: Given) -> Dict[str, Any]:
    verify(**_signing_arguments(given, "may_be_unsigned"))
    return {}


# ---- eventstream -------------------------------------------------------------------------------


def _eventstream_decode(given: Given) -> Dict[str, Any]:
    decoder = Decoder()
    fed = _Fed(given["chunks"])
    try:
        for chunk in fed:
            fed.add(decoder.feed(chunk))
        decoder.close()
    except Error as error:
        fed.add(getattr(error, "messages", ()))
        raise refusal(error, dict(_messages(fed.results), **fed.refused())) from error
    return dict(_messages(fed.results), after=fed.after)


def _messages(messages: Sequence[Message]) -> Dict[str, Any]:
    return {"messages": [message_to_json(message) for message in messages]}


def _eventstream_encode(given: Given) -> Dict[str, Any]:
    triples = [
        (name, kind, _uuid_of(value) if kind == "uuid" else value)
        for name, kind, value in to_triples(given["headers"])
    ]
    return {"frame": to_base64_text(encode(triples, to_bytes(given["payload"])))}


def _uuid_of(value: object) -> object:
    try:
        return uuid.UUID(value) if isinstance(value, str) else value
    except ValueError:
        raise BadQuestion(f"not a uuid: {value}") from None


# ---- text --------------------------------------------------------------------------------------


def _text_results(
    decoder: Union[LineDecoder, ServerSentEventDecoder, JSONValues],
    parts: Sequence[str],
    output_of: Callable[[List[Any]], Given],
) -> Dict[str, Any]:
    fed = _Fed(parts)
    try:
        for part in fed:
            fed.add(decoder.feed(part))
        fed.add(decoder.close())
    except Error as error:
        fed.add(getattr(error, "results", ()))
        raise refusal(error, dict(output_of(fed.results), **fed.refused())) from error
    return dict(output_of(fed.results), after=fed.after)


class _Fed:
    """Iterates over the chunks of a request, and notes after how many each result came."""

    def __init__(self, chunks: Sequence[str]) -> None:
        self._chunks = chunks
        self._count = 0
        self.results: List[Any] = []
        self.after: List[int] = []

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._count += 1
            yield to_bytes(chunk)
        self._count += 1  # the end

    def add(self, results: Sequence[Any]) -> None:
        """Add results that the last chunk, or the end, has completed."""
        self.results += results
        self.after += [self._count] * len(results)

    def refused(self) -> Dict[str, Any]:
        """Return the keys of the output of a rejection."""
        return {"after": self.after, "refused_after": self._count}


def _text_lines(given: Given) -> Dict[str, Any]:
    return _text_results(LineDecoder(), given["parts"], lambda lines: {"lines": lines})


def _text_sse(given: Given) -> Dict[str, Any]:
    return _text_results(
        ServerSentEventDecoder(),
        given["parts"],
        lambda events: {"events": [dict(event._asdict()) for event in events]},
    )


def _json_values(given: Given) -> Dict[str, Any]:
    return _text_results(
        JSONValues(lenient=given.get("lenient", False)),
        given["parts"],
        lambda values: {"values": [json_text(value) for value in values]},
    )


def _text_extract(given: Given) -> Dict[str, Any]:
    model_text = ModelText(
        _extraction(given), given.get("channel", "text"), content_type=given.get("content_type", "")
    )
    fed = _Fed(given["parts"])
    try:
        for part in fed:
            fed.add(model_text.feed(part))
        fed.add(model_text.close())
    except Error as error:
        fed.add(getattr(error, "deltas", ()) or getattr(error, "results", ()))
        output = _extracted(fed.results, model_text)
        raise refusal(error, dict(output, **fed.refused())) from error
    return dict(_extracted(fed.results, model_text), after=fed.after)


def _extraction(given: Given) -> Extraction:
    if "preset" not in given:
        return Extraction(Preset(parse_path(given["path"])), given["path"])
    if given["preset"] not in PRESETS and given["preset"] != AUTO:
        raise BadQuestion(f"no such preset: {given['preset']}")
    return parse_extraction(given["preset"])


def _extracted(deltas: Sequence[Delta], model_text: ModelText) -> Dict[str, Any]:
    summary = model_text.summary
    return {
        "deltas": [dict(delta._asdict()) for delta in deltas],
        "finish_reason": summary.finish_reason,
        "skipped": summary.unreadable + summary.skipped,
        "complete": summary.complete,
    }


# ---- the operation -----------------------------------------------------------------------------


def _call_members(document: Mapping[str, Any]) -> Dict[str, Any]:
    """Return input members by their Python names."""
    if not isinstance(document, dict):
        raise BadQuestion("the input's members must be an object")
    fields = {field.member: field for field in InvokeEndpointWithResponseStreamInput.fields}
    known = {
        fields[name].attribute: to_bytes(value)
        if fields[name].type.kind == "blob" and isinstance(value, str)
        else value
        for name, value in document.items()
        if name in fields
    }
    # The implementation rejects unknown members itself.
    unknown = {"member " + name: value for name, value in document.items() if name not in fields}
    return dict(known, **unknown)


def _http_request(given: Given) -> Dict[str, Any]:
    endpoint = resolve_endpoint(given.get("region"), given.get("endpoint_url"))
    request = build_request(
        InvokeEndpointWithResponseStreamInput(**_call_members(given["input"])), endpoint.url
    )
    return {
        "method": request.method,
        "url": request.url,
        "headers": [list(pair) for pair in request.headers],
        "body": to_base64_text(request.body),
    }


def event_documents(events: Sequence[Shape]) -> List[Dict[str, Any]]:
    """Return events as the protocol shows them: [{"PayloadPart": {"Bytes": …}}]."""
    return [{type(event).__name__: members_to_json(event.fields, event)} for event in events]


def _output_document(output: object) -> Dict[str, Any]:
    return members_to_json(
        tuple(
            field
            for field in InvokeEndpointWithResponseStreamOutput.fields
            if field.location == "header"
        ),
        output,
    )


def _http_response(given: Given) -> Dict[str, Any]:
    fed = _Fed(given["chunks"])
    output: Dict[str, Any] = {}
    try:
        reader = ResponseReader(given["status"], to_pairs(given["headers"]))
        output = _output_document(reader.output)
        for chunk in fed:
            fed.add(reader.feed(chunk))
        reader.close(complete=given.get("complete", True))
    except Error as error:
        fed.add(getattr(error, "events", ()))
        partial = {"output": output, "events": event_documents(fed.results)}
        raise refusal(error, dict(partial, **fed.refused())) from error
    return {"output": output, "events": event_documents(fed.results), "after": fed.after}


def _no_report(count: int) -> None:
    """Do nothing with the progress of a call."""


def _invoke(given: Given, report: Report = _no_report) -> Dict[str, Any]:
    client = Client(
        region=given["region"],
        endpoint_url=given["endpoint_url"],
        credentials=_credentials(given),
        read_timeout=given.get("read_timeout", _INVOKE_READ_TIMEOUT),
        total_timeout=_INVOKE_TOTAL_TIMEOUT,
        max_attempts=1,
        environment={},
    )
    events: List[Shape] = []
    output: Dict[str, Any] = {}
    try:
        with client.invoke_endpoint_with_response_stream(
            **_call_members(given["input"])
        ) as response:
            output = _output_document(response)
            for event in response.body:
                events.append(event)
                report(len(events))
    except Error as error:
        raise refusal(error, {"output": output, "events": event_documents(events)}) from error
    return {"output": output, "events": event_documents(events)}


def _endpoint_resolve(given: Given) -> Dict[str, Any]:
    resolved = resolve_endpoint(
        given.get("region"),
        given.get("endpoint_url"),
        given.get("use_fips", False),
        given.get("use_dualstack", False),
    )
    return dict(resolved._asdict())


# ---- proxies and retries -----------------------------------------------------------------------


def _proxy_select(given: Given) -> Dict[str, Any]:
    proxy = proxy_for(given["url"], given["env"])
    if proxy is None:
        return {"proxy": None}
    return {"proxy": proxy.url, "authorization": proxy.authorization}


def _retry_decide(given: Given) -> Dict[str, Any]:
    settings = given["given"]
    names = (
        "max_attempts",
        "retry_after_send",
        "retry_model_errors",
        "exponential_base",
        "exponential_power",
    )
    options = {name: settings[name] for name in names if name in settings}
    if "max_backoff_time" in settings:
        options["max_backoff"] = settings["max_backoff_time"]
    quota = RetryQuota(settings.get("initial_retry_tokens", 500))
    quota.tokens = settings.get("retry_tokens", quota.tokens)
    retries = CallRetries(RetryPolicy(**options), quota)
    now = float(seconds_of(settings.get("time", "20150830T123600Z")))
    outcomes = []
    for response in given["responses"]:
        error = _attempt_error(response)
        if error is None:
            decision = retries.after_success()
        else:
            decision = retries.after_failure(error, now, settings.get("random", 1.0))
        outcome = {
            "outcome": decision.outcome,
            "retry_quota": quota.tokens,
            "delay": decision.delay,
            "clock_offset": decision.clock_offset,
        }
        outcomes.append({name: value for name, value in outcome.items() if value is not None})
    return {"outcomes": outcomes}


def _attempt_error(response: Given) -> Optional[Error]:
    """Return the error with which an attempt ended, or None after a success."""
    if "failure" in response:
        return NetworkError(kind=response["failure"], sent=response["sent"], retryable=True)
    headers = to_pairs(response.get("headers", []))
    if "code" in response:
        headers.append((ERROR_TYPE_HEADER, response["code"]))
    elif 200 <= response["status_code"] <= 299:
        return None
    return service_error(response["status_code"], headers, b"")


# ---- configuration and credentials -------------------------------------------------------------


def _config_parse(given: Given) -> Dict[str, Any]:
    files = [
        ConfigFile(name, given[name].encode("utf-8", "surrogatepass")) if name in given else None
        for name in ("config", "credentials")
    ]
    shared = parse_shared_config(*files)
    return {
        "profiles": _plain_sections(shared.profiles),
        "sso_sessions": _plain_sections(shared.sso_sessions),
        "services": _plain_sections(shared.services),
    }


def _plain_sections(sections: Mapping[str, Section]) -> Dict[str, Dict[str, Any]]:
    return {
        name: {
            key: found.value if found.nested is None else found.nested
            for key, found in section.items()
        }
        for name, section in sections.items()
    }


class _GivenWorld:
    """The files, replies and programs of a request, as the outside world of the sources."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._written: Dict[str, bytes] = {}
        self.requests: List[List[str]] = []
        time = float(seconds_of(given["time"]))
        self.surroundings = Surroundings(
            given["env"],
            read_file=self._read_file,
            write_file=self._written.__setitem__,
            run_process=self._run_process,
            fetch=self._fetch,
            clock=lambda: time,
        )

    def _read_file(self, path: str, limit: int) -> Optional[bytes]:
        if path in self._written:
            return self._written[path][:limit]
        text = self._given.get("files", {}).get(path)
        return None if text is None else text.encode("utf-8", "surrogatepass")[:limit]

    def _run_process(self, arguments: Sequence[str], timeout: float) -> ProcessOutput:
        known = [
            program
            for program in self._given.get("programs", [])
            if program["arguments"] == list(arguments)
        ]
        if not known:
            raise FileNotFoundError(2, "No such file or directory")
        ended = known[0]
        output = ended.get("stdout", ""), ended.get("stderr", "")
        return ProcessOutput(ended.get("exit_code", 0), *(text.encode("utf-8") for text in output))

    def _fetch(self, request: FetchRequest) -> FetchReply:
        self.requests.append([request.method, request.url])
        reply = self._given.get("replies", {}).get(f"{request.method} {request.url}")
        if reply is None:
            raise NetworkError(f"cannot connect to {request.url}", retryable=True)
        return FetchReply(reply["status"], (), reply.get("body", "").encode("utf-8"))


def _credentials_resolve(given: Given) -> Dict[str, Any]:
    world = _GivenWorld(given)
    output: Dict[str, Any] = {"requests": world.requests}
    try:
        chain = CredentialChain(world.surroundings, given.get("profile"), given.get("region"))
        found = chain()
    except Error as error:
        raise refusal(error, output) from error
    return dict(
        output,
        source=chain.source,
        access_key=found.access_key,
        secret_key=found.secret_key,
        session_token=found.session_token,
        expires=None if found.expires is None else amz_date_of(found.expires),
    )


# ---- explanations ------------------------------------------------------------------------------


def _explain_refusal(given: Given) -> Dict[str, Any]:
    explained = explain_refusal(given["answer"], given.get("canonical_request"))
    return {
        "differs_in": explained.differs_in,
        "server": explained.server,
        "client": explained.client,
        "advice": " ".join((explained.advice, *explained.notes)),
    }


# ---- shapes ------------------------------------------------------------------------------------


def _shape_convert(given: Given) -> Dict[str, Any]:
    """Convert a document; in the formats value and headers, it is JSON inside the protocol's
    JSON.
    """
    document = given["document"]
    if given["from"] in JSON_ENCODED_FORMATS:
        document = json.dumps(document)
    converted = convert(given["shape"], given["from"], given["to"], document, given.get("code"))
    return {"document": json.loads(converted) if given["to"] in JSON_ENCODED_FORMATS else converted}


OPERATIONS: Dict[str, Operation] = {
    name: _guarded(operation)
    for name, operation in (
        ("sigv4.sign", _sigv4_sign),
        ("sigv4.presign", _sigv4_presign),
        ("sigv4.verify", _sigv4_verify),
        ("eventstream.decode", _eventstream_decode),
        ("eventstream.encode", _eventstream_encode),
        ("http.request", _http_request),
        ("http.response", _http_response),
        ("invoke", _invoke),
        ("endpoint.resolve", _endpoint_resolve),
        ("proxy.select", _proxy_select),
        ("retry.decide", _retry_decide),
        ("config.parse", _config_parse),
        ("credentials.resolve", _credentials_resolve),
        ("explain.refusal", _explain_refusal),
        ("shape.convert", _shape_convert),
        ("text.lines", _text_lines),
        ("text.sse", _text_sse),
        ("json.values", _json_values),
        ("text.extract", _text_extract),
    )
}

REPORTING = ("invoke",)  # the operations that report progress

if __name__ == "__main__":
    serve("refimpl", VERSION, OPERATIONS, reporting=REPORTING)
