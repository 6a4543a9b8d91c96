# SPDX-License-Identifier: MIT
"""Responses that are not a stream: service errors, successes of another type, redirects.

SPEC.md, sections 5.2 and 5.3.

The service errors have AWS's formats: the error's type in a header or in the document, JSON or XML,
`Message` or `message`.
"""

import zlib
from typing import Dict, List, Optional, Tuple, Union

from conformance.endpoint.scenarios.build import (
    CORAL,
    FRAMES,
    PARTS,
    RAW_HEADERS,
    body_of,
    document,
    failure,
    head,
    ok,
    part,
    raw,
    rejected,
    stream,
)
from conformance.endpoint.scenarios.model import (
    STREAM_HEADERS,
    Acceptable,
    Entry,
    Fields,
    Response,
    Scenario,
)
from conformance.endpoint.scenarios.streams import with_content_type
from refimpl.eventstream import EVENT_STREAM_TYPE
from refimpl.sigv4 import string_to_sign

_UNREAD = 6 * 1024 * 1024  # bytes; the longest body of the model, and more than all buffers

# AWS's text about a wrong signature; it takes the canonical request and the string to sign.
CANONICAL_TEXT = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details.\n\n"
    "The Canonical String for this request should have been\n'%s'\n\n"
    "The String-to-Sign should have been\n'%s'\n"
)
_EXAMPLE = (
    "POST\n/endpoints/error-403-signature/invocations-response-stream\n\n"
    "host:runtime.sagemaker.us-east-1.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
    "host;x-amz-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)
_CANONICAL = CANONICAL_TEXT % (
    _EXAMPLE,
    string_to_sign("20150830T123600Z", "20150830/us-east-1/sagemaker/aws4_request", _EXAMPLE),
)
_SKEW = (
    "Signature expired: 20150830T123600Z is now earlier than 20150830T124100Z "
    "(20150830T124600Z - 5 min.)"
)
_MODEL_MEMBERS: Dict[str, Union[str, int]] = {
    "OriginalStatusCode": 500,
    "OriginalMessage": '{"error": "CUDA out of memory"}',
    "LogStreamArn": "arn:aws:logs:us-east-1:111122223333:log-group:/aws/sagemaker/Endpoints/llm",
}
_MODEL_TEXT = 'Received server error (500) from primary with message "CUDA out of memory".'
_VALIDATION = "1 validation error detected"
_XML = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>"
    b"<Message>in XML</Message></Error></ErrorResponse>"
)
_HTML = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    b"<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"
)
_BAD_REQUEST = "400 Bad Request"
_INVALID = failure(_BAD_REQUEST, "ValidationError", Message=_VALIDATION)
_INVALID_IN_XML = Acceptable(
    rejected("service_error", 400),
    "the client reports an error response, and its caller sees the status",
    "DIV-011",
)
_NOT_FOLLOWED = Acceptable(
    rejected("service_error"),
    "the client rejects it as an error response and does not follow it",
    "DIV-005",
)


def gzipped(data: bytes) -> bytes:
    """Return data in the gzip format."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


def _error(
    name: str,
    title: str,
    response: Response,
    rules: Tuple[str, ...],
    code: Optional[str] = None,
    text: Optional[str] = None,
    fields: Fields = None,
    acceptable: Tuple[Acceptable, ...] = (),
) -> Scenario:
    """Return a scenario whose response is a service error."""
    status = int(response.status[:3])
    must = f"raise a service error with status {status}"
    if code:
        must += f", code {code}"
    expect = rejected("service_error", status, code, text, fields)
    return Scenario(name, title, must, expect, response, rules, acceptable)


def _modelled(
    name: str, status: str, code: str, text: str, rules: Tuple[str, ...], **fields: Union[str, int]
) -> Scenario:
    """Return an error of the model, whose member is spelled `Message`."""
    response = failure(status, code, Message=text, **fields)
    return _error(name, f"{code} in AWS's format", response, rules, code, text, fields)


def _unmodelled(name: str, status: str, code: str, text: str, rules: Tuple[str, ...]) -> Scenario:
    """Return an error that is common to all services, whose member is spelled `message`."""
    response = failure(status, code, message=text)
    return _error(name, f"{code} in AWS's format", response, rules, code, text)


def _typed(
    name: str, title: str, error_type: Optional[str], body: bytes, rules: Tuple[str, ...]
) -> Scenario:
    """Return a ValidationError that has its type in the header or in the body."""
    response = document(_BAD_REQUEST, body, error_type)
    return _error(name, f"the error's type {title}", response, rules, "ValidationError", "x", {})


def _not_a_stream(
    name: str,
    title: str,
    response: Response,
    rules: Tuple[str, ...],
    status: int = 200,
    acceptable: Tuple[Acceptable, ...] = (),
) -> Scenario:
    """Return a success that is not an event stream."""
    must = "reject it and show the body"
    expect = rejected("content_type", status)
    return Scenario(name, title, must, expect, response, rules, acceptable)


def _redirect(status: str, rules: Tuple[str, ...]) -> Scenario:
    target = "http://localhost:{port}/endpoints/redirected/invocations-response-stream"
    code = status[:3]
    return Scenario(
        f"redirect-{code}",
        f"{code} to another host",
        must="reject it and call no other host",
        expect=rejected("http", int(code)),
        response=Response(status=status, headers=(("Location", target),), framing="length"),
        rules=rules,
        acceptable=(_NOT_FOLLOWED,),
    )


def scenarios() -> List[Entry]:
    """Return this chapter's scenarios."""
    null = b'{"message": null}'
    hi = b'{"generated_text": "Hi"}'
    return [
        _modelled("error-400", _BAD_REQUEST, "ValidationError", _VALIDATION, rules=("HTTP-035",)),
        _modelled(
            "error-424",
            "424 Failed Dependency",
            "ModelError",
            _MODEL_TEXT,
            rules=("HTTP-035",),
            **_MODEL_MEMBERS,
        ),
        _error(
            "error-424-extra",
            "ModelError with a member that is not in the model",
            failure(
                "424 Failed Dependency",
                "ModelError",
                Message=_MODEL_TEXT,
                ErrorCode="CLIENT_ERROR_FROM_MODEL",
                **_MODEL_MEMBERS,
            ),
            ("HTTP-035",),
            "ModelError",
            _MODEL_TEXT,
            _MODEL_MEMBERS,
        ),
        _modelled(
            "error-500",
            "500 Internal Server Error",
            "InternalFailure",
            "An unexpected error occurred.",
            rules=("HTTP-035",),
        ),
        _modelled(
            "error-503",
            "503 Service Unavailable",
            "ServiceUnavailable",
            "The service is unavailable.",
            rules=("HTTP-035",),
        ),
        _error(
            "error-400-null",
            "a throttled call: a 400 whose message is null, without a type",
            document(_BAD_REQUEST, null),
            ("HTTP-034",),
        ),
        _error(
            "error-400-null-typed",
            "a throttled call: a 400 whose message is null",
            document(_BAD_REQUEST, null, "ThrottlingException:" + CORAL),
            ("HTTP-033", "HTTP-034"),
            "ThrottlingException",
        ),
        _unmodelled(
            "error-403-signature",
            "403 Forbidden",
            "InvalidSignatureException",
            _CANONICAL,
            rules=("HTTP-033",),
        ),
        _unmodelled(
            "error-403-skew",
            "403 Forbidden",
            "InvalidSignatureException",
            _SKEW,
            rules=("HTTP-033",),
        ),
        _unmodelled(
            "error-403-access-denied",
            "403 Forbidden",
            "AccessDeniedException",
            "User: arn:aws:iam::111122223333:user/x is not authorized to perform: "
            "sagemaker:InvokeEndpoint",
            rules=("HTTP-033",),
        ),
        _unmodelled(
            "error-403-expired-token",
            "403 Forbidden",
            "ExpiredTokenException",
            "The security token included in the request is expired",
            rules=("HTTP-033",),
        ),
        _error(
            "error-413",
            "a 413 in plain text",
            document("413 Payload Too Large", b"Request size exceeded", None, "text/plain"),
            ("HTTP-035",),
        ),
        Scenario(
            "error-413-early",
            "a 413 before the body of the request has been read, then a reset",
            must="raise the service error, not the failure to send the rest of the body",
            expect=rejected("service_error", 413),
            response=document(
                "413 Payload Too Large", b"Request size exceeded", None, "text/plain"
            )._replace(early=True),
            rules=("HTTP-056", "HTTP-035"),
            since="0.2.0",
            request_size=_UNREAD,
        ),
        _unmodelled(
            "error-429",
            "429 Too Many Requests",
            "ThrottlingException",
            "Rate exceeded",
            rules=("HTTP-033",),
        ),
        _unmodelled(
            "error-530",
            "530 ",
            "InternalDependencyException",
            "A dependency failed.",
            rules=("HTTP-033",),
        ),
        _error(
            "error-500-empty",
            "a 500 without a body",
            Response(status="500 Internal Server Error", framing="length"),
            ("HTTP-035",),
        ),
        _error(
            "error-502-html",
            "a proxy's HTML page",
            document("502 Bad Gateway", _HTML, None, "text/html"),
            ("HTTP-035",),
        ),
        _error(
            "error-400-html",
            "a 400 with an HTML page and a type in the header",
            document(_BAD_REQUEST, _HTML, "ValidationError", "text/html"),
            ("HTTP-035",),
            "ValidationError",
            None,
            {},
        ),
        _error(
            "error-400-xml",
            "an XML document without a type in the header",
            document(_BAD_REQUEST, _XML, None, "text/xml"),
            ("HTTP-036",),
            "ValidationError",
            "in XML",
            {},
            (_INVALID_IN_XML,),
        ),
        _error(
            "error-400-gzip",
            "a compressed document with a type in the header",
            _INVALID._replace(
                steps=(gzipped(body_of(_INVALID)),),
                headers=tuple(_INVALID.headers) + (("Content-Encoding", "gzip"),),
            ),
            ("HTTP-035",),
            "ValidationError",
        ),
        _error(
            "error-400-chunked",
            "an error in HTTP chunks",
            _INVALID._replace(framing="chunked"),
            ("HTTP-035",),
            "ValidationError",
            _VALIDATION,
            {},
        ),
        _error(
            "error-400-close",
            "an error that ends with the connection",
            _INVALID._replace(framing="close"),
            ("HTTP-035",),
            "ValidationError",
            _VALIDATION,
            {},
        ),
        _error(
            "error-400-event-stream",
            "a 400 with the content type of an event stream",
            document(_BAD_REQUEST, body_of(_INVALID), "ValidationError", EVENT_STREAM_TYPE),
            ("HTTP-035",),
            "ValidationError",
            _VALIDATION,
            {},
        ),
        _typed(
            "error-type-plain",
            "in the header, without anything else",
            "ValidationError",
            b'{"Message": "x"}',
            rules=("HTTP-030",),
        ),
        _typed(
            "error-type-url",
            "in the header, followed by a URL",
            "ValidationError:" + CORAL,
            b'{"Message": "x"}',
            rules=("HTTP-031",),
        ),
        _typed(
            "error-type-namespace",
            "in the header, after a namespace",
            "com.amazonaws.sagemaker.runtime#ValidationError",
            b'{"Message": "x"}',
            rules=("HTTP-031",),
        ),
        _typed(
            "error-type-namespace-url",
            "in the header, after a namespace and before a URL that contains #",
            "com.amazonaws.sagemaker.runtime#ValidationError:http://x/y#z",
            b'{"Message": "x"}',
            rules=("HTTP-031",),
        ),
        _typed(
            "error-type-in-type",
            "in the body's __type, after a namespace",
            None,
            b'{"__type": "a.b#ValidationError", "Message": "x"}',
            rules=("HTTP-030", "HTTP-031"),
        ),
        _typed(
            "error-type-in-code",
            "in the body's code, followed by a URL",
            None,
            b'{"code": "ValidationError:http://x/y#z", "Message": "x"}',
            rules=("HTTP-030", "HTTP-031"),
        ),
        _typed(
            "error-type-header-first",
            "in the header, and another type in the body",
            "ValidationError",
            b'{"__type": "ModelError", "Message": "x"}',
            rules=("HTTP-030",),
        ),
        _typed(
            "error-type-small-message",
            "in the header; the member is spelled `message`",
            "ValidationError",
            b'{"message": "x"}',
            rules=("HTTP-032",),
        ),
        _typed(
            "error-type-both-messages",
            "in the header; both spellings occur and the modelled one counts",
            "ValidationError",
            b'{"message": "y", "Message": "x"}',
            rules=("HTTP-032",),
        ),
        _not_a_stream(
            "success-json", "a 200 with application/json", document("200 OK", hi), ("HTTP-021",)
        ),
        _not_a_stream(
            "success-html",
            "a 200 with HTML",
            document("200 OK", _HTML, None, "text/html"),
            ("HTTP-021",),
        ),
        _not_a_stream(
            "success-untyped",
            "a 200 with frames but without a Content-Type",
            stream(*FRAMES, headers=STREAM_HEADERS[1:]),
            ("HTTP-020", "HTTP-021"),
            acceptable=(
                Acceptable(
                    ok(*PARTS),
                    "without a Content-Type, RFC 9110 lets a recipient examine the data, "
                    "and frames have checksums",
                    "DIV-007",
                ),
            ),
        ),
        _not_a_stream(
            "success-almost-typed",
            "a 200 whose media type only starts like an event stream's",
            stream(*FRAMES, headers=with_content_type(EVENT_STREAM_TYPE + "s")),
            ("HTTP-020", "HTTP-021"),
        ),
        _not_a_stream(
            "success-gzip",
            "a 200 with Content-Encoding: gzip",
            stream(
                gzipped(b"".join(FRAMES)),
                headers=STREAM_HEADERS + (("Content-Encoding", "gzip"),),
            ),
            ("HTTP-020", "HTTP-021"),
            acceptable=(
                Acceptable(
                    ok(*PARTS),
                    "the client decodes the body correctly, and nothing is lost",
                    "DIV-008",
                ),
            ),
        ),
        _not_a_stream(
            "success-204",
            "a 204 without a body",
            raw(head(RAW_HEADERS[-1:], "204 No Content")),
            ("HTTP-020", "HTTP-021", "HTTP-042"),
            204,
        ),
        _not_a_stream(
            "success-206",
            "a 206 with an event stream",
            stream(*FRAMES)._replace(status="206 Partial Content"),
            ("HTTP-020", "HTTP-021"),
            206,
        ),
        Scenario(
            "success-error-type",
            "a 200 with x-amzn-ErrorType",
            must="raise a service error",
            expect=rejected("service_error", 200, "InternalFailure", "x", {}),
            response=failure("200 OK", "InternalFailure", Message="x"),
            rules=("HTTP-024",),
        ),
        Scenario(
            "success-error-type-stream",
            "a 200 with x-amzn-ErrorType and an event stream",
            must="raise a service error and deliver nothing",
            expect=rejected("service_error", 200, "InternalFailure"),
            response=stream(
                *FRAMES, headers=STREAM_HEADERS + (("x-amzn-ErrorType", "InternalFailure"),)
            ),
            rules=("HTTP-024",),
        ),
        _redirect("301 Moved Permanently", rules=("HTTP-049",)),
        _redirect("302 Found", rules=("HTTP-049",)),
        _redirect("303 See Other", rules=("HTTP-049",)),
        _redirect("307 Temporary Redirect", rules=("HTTP-049",)),
        _redirect("308 Permanent Redirect", rules=("HTTP-049",)),
        Scenario(
            "redirect-nowhere",
            "a 302 without a Location",
            must="reject it",
            expect=rejected("http", 302),
            response=Response(status="302 Found", framing="length"),
            rules=("HTTP-049",),
            acceptable=(_NOT_FOLLOWED,),
        ),
        Scenario(
            "redirected",
            "the target of the redirects",
            must="never arrive here through a redirect",
            expect=ok(b"followed "),
            response=stream(part(b"followed ")),
            rules=("HTTP-049",),
        ),
    ]
