# SPDX-License-Identifier: MIT
"""The cases of explanations: explain-refusal.

Every expected difference is hand-written. A canonical request is written here line by line, once as
the service quotes it and once as the client signed it. Only the hash in the service's string to
sign is computed. The messages without a quotation are those that services send, as public threads
show them.
"""

import base64
import hashlib
import json
from typing import Any, Dict, Optional, Sequence
from urllib.parse import quote, urlencode

from authoring import Feature, b64, ok, reject, words

REFUSAL = Feature("explain-refusal", "explain.refusal", "exp-")
FEATURES = [REFUSAL]

EMPTY = hashlib.sha256(b"").hexdigest()
BODY = hashlib.sha256(b"{}").hexdigest()
PATH = "/endpoints/llm/invocations-response-stream"
HOST = "host:runtime.sagemaker.us-east-1.amazonaws.com"
DATE = "x-amz-date:20150830T123600Z"
TOKEN = "x-amz-security-token:IQoJb3JpZ2luX2VjEXAMPLETOKENOFNOBODY"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)


def request(
    *headers: str,
    method: str = "POST",
    path: str = PATH,
    query: str = "",
    names: Optional[str] = None,
    hashed: str = BODY,
) -> str:
    """Return a canonical request. headers: lines in order; by default only host and date."""
    lines = headers or (HOST, DATE)
    listed = names or ";".join(line.partition(":")[0] for line in lines)
    return "\n".join((method, path, query, *lines, "", listed, hashed))


def to_sign(text: str, scope: str = "20150830/us-east-1/sagemaker/aws4_request") -> str:
    """Return the service's string to sign for its canonical request."""
    hashed = hashlib.sha256(text.encode("latin-1")).hexdigest()
    return "\n".join(("AWS4-HMAC-SHA256", "20150830T123600Z", scope, hashed))


def quotation(text: str) -> str:
    """Return the message in which most services quote their canonical request."""
    return (
        f"{MISMATCH}\n\nThe Canonical String for this request should have been\n'{text}'\n\n"
        f"The String-to-Sign should have been\n'{to_sign(text)}'\n"
    )


def as_json(text: str) -> str:
    """Return the response of a service with that canonical request."""
    return json.dumps({"message": quotation(text)})


def as_xml(text: str) -> str:
    """Return the response of Amazon S3 with that canonical request."""
    octets = " ".join(f"{byte:02x}" for byte in text.encode("latin-1"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>SignatureDoesNotMatch</Code>'
        f"<Message>{MISMATCH}</Message><AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId>"
        f"<StringToSign>{to_sign(text)}</StringToSign><CanonicalRequest>"
        + text.replace("&", "&amp;").replace("<", "&lt;")
        + f"</CanonicalRequest><CanonicalRequestBytes>{octets}</CanonicalRequestBytes></Error>"
    )


def explains(
    name: str,
    title: str,
    rules: str,
    why: str,
    answer: str,
    signed: Optional[str],
    differs_in: Optional[str],
    source: str = "derived",
    **lines: Any,
) -> None:
    """Add a case. lines: server, client and advice, where they are judged."""
    given: Dict[str, Any] = {"answer": answer}
    if signed is not None:
        given["canonical_request"] = signed
    expected = ok(differs_in=differs_in, **lines)
    REFUSAL.case("exp-" + name, title, rules, given, expected, why, source=source)


# ---- each part of the canonical request --------------------------------------------------------


def compares(
    name: str,
    title: str,
    why: str,
    service: str,
    client: str,
    differs_in: str,
    server_line: Optional[str],
    client_line: Optional[str],
    rules: str = "EXP-001",
) -> None:
    """Add a case that compares two canonical requests."""
    explains(
        name,
        title,
        rules,
        why,
        as_json(service),
        client,
        differs_in,
        server=server_line,
        client=client_line,
    )


SIGNED = request()
ONE_LINE = "a user who compares two long texts by eye does not see the one line that differs"
compares(
    "method",
    "a proxy turned POST into GET",
    "a redirect that changes the method is invisible in the client",
    request(method="GET", hashed=EMPTY),
    SIGNED,
    "method",
    "GET",
    "POST",
)
compares(
    "path-star",
    "`*` in the path is not encoded",
    "the signer's encoder leaves characters alone that must be encoded, and only some paths fail",
    request(method="POST", path="/%2A/_search"),
    request(method="POST", path="/*/_search"),
    "path",
    "/%2A/_search",
    "/*/_search",
)
compares(
    "path-twice",
    "a path that the client encoded only once",
    "a client for Amazon S3 fails with every other service as soon as a path has an escape",
    request(path="/a%2520b"),
    request(path="/a%20b"),
    "path",
    "/a%2520b",
    "/a%20b",
)
compares(
    "query-plus",
    "`+` that the service reads as a space",
    "URLSearchParams writes a space as +, which the client signs as a plus sign",
    request(method="GET", path="/prod/path", query="filter=id%20eq%201", hashed=EMPTY),
    request(method="GET", path="/prod/path", query="filter=id%2Beq%2B1", hashed=EMPTY),
    "query",
    "filter=id%20eq%201",
    "filter=id%2Beq%2B1",
)
compares(
    "query-order",
    "a query that is not sorted",
    ONE_LINE,
    request(query="a=1&b=2"),
    request(query="b=2&a=1"),
    "query",
    "a=1&b=2",
    "b=2&a=1",
)
compares(
    "header-appended",
    "a front end appends to accept-encoding",
    ONE_LINE,
    request("accept-encoding:identity,gzip(gfe)", HOST, DATE),
    request("accept-encoding:identity", HOST, DATE),
    "header accept-encoding",
    "accept-encoding:identity,gzip(gfe)",
    "accept-encoding:identity",
)
compares(
    "header-without-value",
    "a signed header that did not arrive",
    "a hop removes Connection, and the service writes the header without a value",
    request("connection:", HOST, DATE),
    request("connection:keep-alive", HOST, DATE),
    "header connection",
    "connection:",
    "connection:keep-alive",
)
compares(
    "header-twice",
    "a header that was added again after signing",
    ONE_LINE,
    request("content-type:application/json,application/json", HOST, DATE),
    request("content-type:application/json", HOST, DATE),
    "header content-type",
    "content-type:application/json,application/json",
    "content-type:application/json",
)
compares(
    "header-port",
    "a host that was signed without its port",
    "a service at another port than the default gets a Host that the client did not sign",
    request("host:127.0.0.1:9000", DATE),
    request("host:127.0.0.1", DATE),
    "header host",
    "host:127.0.0.1:9000",
    "host:127.0.0.1",
)
compares(
    "header-before-hash",
    "a header and the body differ",
    "a report of the last difference sends the user to the body, although a proxy changed both",
    request("content-type:text/plain", HOST, DATE, hashed=EMPTY),
    request("content-type:application/json", HOST, DATE),
    "header content-type",
    "content-type:text/plain",
    "content-type:application/json",
)
compares(
    "header-line-missing",
    "a listed header without a line",
    "a service that leaves out the line still shows in its list that the header was signed",
    request(HOST, DATE, names="content-type;host;x-amz-date"),
    request("content-type:application/json", HOST, DATE),
    "header content-type",
    None,
    "content-type:application/json",
    "EXP-002",
)
compares(
    "list-longer",
    "SignedHeaders has a name that was not signed",
    ONE_LINE,
    request("content-type:application/json", HOST, DATE),
    request(HOST, DATE),
    "signed headers list",
    "content-type;host;x-amz-date",
    "host;x-amz-date",
    "EXP-002",
)
compares(
    "list-order",
    "signed headers that are not sorted",
    ONE_LINE,
    request(HOST, DATE),
    request(DATE, HOST),
    "signed headers list",
    "host;x-amz-date",
    "x-amz-date;host",
)
compares(
    "body-as-empty",
    "a body that was hashed as empty",
    "a wrapper signs before it sets the body, and every call with a body is refused",
    request(),
    request(hashed=EMPTY),
    "payload hash",
    BODY,
    EMPTY,
)
compares(
    "body-upper-case",
    "a digest in upper case",
    "languages whose hexadecimal digits are in upper case fail with every request",
    request(),
    request(hashed=BODY.upper()),
    "payload hash",
    BODY,
    BODY.upper(),
)

# ---- equal canonical requests ------------------------------------------------------------------

explains(
    "key",
    "equal canonical requests",
    "EXP-003",
    "a secret with a line end from a file gives the same message as any other mistake",
    as_json(request()),
    request(),
    "key",
)
explains(
    "key-by-hash",
    "only the string to sign is quoted, and its hash is the client's",
    "EXP-003",
    "the hash proves that the canonical requests are equal, even if neither is quoted",
    f"SignatureDoesNotMatch: <StringToSign>{to_sign(request())}</StringToSign>",
    request(),
    "key",
)
explains(
    "key-despite-lost-text",
    "a quotation that lost a space, with the hash of the client's request",
    "EXP-003 EXP-004",
    "a page that removes double spaces must not look like a header that was changed",
    as_json(request("accept:a  b", HOST, DATE)).replace("a  b", "a b"),
    request("accept:a  b", HOST, DATE),
    "key",
)

# ---- the ways in which a quotation arrives -----------------------------------------------------

SERVICE = request("content-type:application/json; charset=utf-8", HOST, DATE)
CLIENT = request("content-type:application/json", HOST, DATE)
QUOTED = quotation(SERVICE)


def reads(name: str, title: str, why: str, answer: str, source: str = "derived") -> None:
    """Add a case whose text contains SERVICE in another form."""
    explains(
        "in-" + name,
        title,
        "EXP-004",
        why,
        answer,
        CLIENT,
        "header content-type",
        source,
        server="content-type:application/json; charset=utf-8",
        client="content-type:application/json",
    )


NO_READER = "the user pastes what the terminal, log or chat shows, and the reader finds nothing"
reads("plain-text", "the exception text of an SDK", NO_READER, f"An error occurred: {QUOTED}")
reads("xml", "XML with the bytes of the request", NO_READER, as_xml(SERVICE))
reads(
    "bytes-only",
    "XML whose text is shortened, with complete bytes",
    "only the hexadecimal digits of the response survive a viewer that folds long elements",
    as_xml(SERVICE).replace(f"<CanonicalRequest>{SERVICE}", "<CanonicalRequest>..."),
)
reads(
    "errors-list",
    "a list of errors with detailedMessage",
    NO_READER,
    json.dumps({"errors": [{"code": "Unauthorized", "detailedMessage": QUOTED}]}),
)
reads("log-line", "a log line", NO_READER, f"12:00:01 ERROR call failed - {as_json(SERVICE)}")
reads("escaped-twice", "JSON in a string in JSON", NO_READER, json.dumps({"log": as_json(SERVICE)}))
reads(
    "page",
    "a page in HTML",
    NO_READER,
    "<html><body><p>"
    + QUOTED.replace("&", "&amp;").replace("'", "&#39;").replace("\n", "<br/>\n")
    + "</p></body></html>",
)
reads("literal", "a literal of Python", NO_READER, f"RuntimeError({QUOTED!r})")
reads(
    "split-literal",
    "text that a printer has split over lines",
    NO_READER,
    "{'Message': '"
    + QUOTED.replace("'", "\\'").replace("\n", "\\n").replace("charset", "char'\n 'set")
    + "'}",
)
reads(
    "typographic-quotes",
    "typographic quotation marks",
    NO_READER,
    QUOTED.replace("'POST", "\u2018POST").replace("'", "\u2019"),
)
reads(
    "marked-lines",
    "marks of different lengths before the lines",
    NO_READER,
    "".join(f"{'>' * (1 + at % 3)} {line}\n" for at, line in enumerate(QUOTED.split("\n"))),
)
reads(
    "system-log",
    "the beginning of a log entry before each line",
    NO_READER,
    "".join(f"Nov 29 host app[123]: {line}\n" for line in QUOTED.split("\n")),
)
reads(
    "octal-escapes",
    "line ends that a system log has escaped",
    NO_READER,
    QUOTED.replace("\n", "#012"),
)
reads(
    "percent-encoded",
    "the parameter of a URL",
    NO_READER,
    "error=" + "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in QUOTED),
)
reads(
    "wrapped",
    "an escaped text that a terminal has wrapped",
    NO_READER,
    as_xml(SERVICE)
    .replace("\n", "\\n")
    .replace("CanonicalRequest>POST", "Canoni\ncalRequest>POST")
    .replace("charset", "char\nset")
    .partition("<CanonicalRequestBytes>")[0],
)
reads("crlf", "lines that end in CR LF", NO_READER, QUOTED.replace("\n", "\r\n"))
reads("one-line", "spaces in place of line ends", NO_READER, QUOTED.replace("\n", " "))
reads(
    "go",
    "the error text of AWS's SDK for Go, quoted by a logger",
    NO_READER,
    'level=error msg="operation error SageMaker Runtime: InvokeEndpointWithResponseStream, https '
    f"response error StatusCode: 403, RequestID: 6f8d, api error {json.dumps(QUOTED)[1:-1]}"
    '"',
)
reads(
    "javascript",
    "the output of console.log for an error of AWS's SDK for JavaScript",
    NO_READER,
    "{\n  name: 'InvalidSignatureException',\n  '$fault': 'client',\n  message: '"
    + QUOTED.replace("'", "\\'").replace("\n", "\\n' +\n    '")
    + "',\n  '$metadata': { httpStatusCode: 403, attempts: 1 }\n}",
)
reads(
    "php",
    "an exception of AWS's SDK for PHP, with shortened and complete XML",
    NO_READER,
    'Error executing "PutObject" on "https://b.example/k"; AWS HTTP error: Client error: `PUT '
    "https://b.example/k` resulted in a `403 Forbidden` response:\n"
    f"{as_xml(SERVICE)[:120]} (truncated...)\n SignatureDoesNotMatch (client): {MISMATCH} - "
    + as_xml(SERVICE),
)
reads(
    "rust",
    "the debug output of AWS's SDK for Rust",
    NO_READER,
    "ServiceError(ServiceError { source: Unhandled(..), raw: Response { status: StatusCode(403), "
    f"body: SdkBody {{ inner: Once(Some(b{json.dumps(as_json(SERVICE))})), "
    "retryable: true } } })",
)
reads(
    "response",
    "a response with its head",
    NO_READER,
    "HTTP/1.1 403 Forbidden\r\nx-amzn-ErrorType: InvalidSignatureException\r\n"
    f"Content-Type: application/x-amz-json-1.1\r\n\r\n{as_json(SERVICE)}",
)
reads(
    "table",
    "a row of a table in CSV",
    NO_READER,
    '@timestamp,@message\n2015-08-30 12:36:01,"'
    + json.dumps({"errorMessage": QUOTED}).replace('"', '""')
    + '"',
)
reads(
    "block",
    "a block of YAML",
    NO_READER,
    "error:\n  message: |\n" + "".join(f"    {line}\n" for line in QUOTED.split("\n")),
)
reads(
    "page-twice",
    "XML that a page shows, escaped twice",
    NO_READER,
    "<pre>" + as_xml(SERVICE).replace("&", "&amp;").replace("<", "&amp;lt;") + "</pre>",
)
reads(
    "guillemets",
    "other quotation marks",
    NO_READER,
    QUOTED.replace("'POST", "\u00abPOST").replace("'\n\nThe", "\u00bb\n\nThe"),
)
reads(
    "form",
    "the value of a form, with + for spaces",
    NO_READER,
    "error=" + "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in QUOTED).replace("%20", "+"),
)
reads(
    "quoted-printable",
    "a mail in quoted-printable",
    NO_READER,
    QUOTED.replace("=", "=3D").replace("charset", "char=\nset").replace("'", "=27"),
)
reads(
    "base64",
    "a body that a proxy or browser has stored in base64",
    NO_READER,
    json.dumps({"isBase64Encoded": True, "body": b64(as_json(SERVICE).encode("ascii"))}),
)
reads("cr-cr-lf", "lines that end in CR CR LF", NO_READER, QUOTED.replace("\n", "\r\r\n"))
reads(
    "folded",
    "a header line that a mail program has folded",
    NO_READER,
    QUOTED.replace("application/json; charset", "application/json;\n charset"),
)
explains(
    "in-folded-url",
    "a folded header line whose second half looks like a header",
    "EXP-004",
    "half of an address must not be reported as a header that the client did not sign",
    quotation(request(HOST, "origin:https://a.example", "x-b:2")).replace("https", "\n https"),
    request(HOST, "origin:https://a.example", "x-b:1"),
    "header x-b",
    server="x-b:2",
    client="x-b:1",
)
explains(
    "truncated-before",
    "a quotation that ends before the first difference",
    "EXP-005",
    "a log that keeps 512 characters per line must not make the last line look different",
    QUOTED[: QUOTED.index("charset")],
    CLIENT,
    None,
)
explains(
    "truncated-after",
    "a quotation that ends after the first difference",
    "EXP-005 EXP-001",
    "the part that arrived shows the cause, so it must be used",
    QUOTED[: QUOTED.index("x-amz-date")],
    CLIENT,
    "header content-type",
    server="content-type:application/json; charset=utf-8",
    client="content-type:application/json",
)
explains(
    "truncated-in-hash",
    "a quotation that ends within the hash of the body",
    "EXP-005",
    "half of a hash is not another hash",
    quotation(request())[: quotation(request()).index(BODY) + 20],
    request(),
    None,
)
for slug, title, text in (
    ("other-error", "an error about something else", '{"message": "Endpoint llm not found"}'),
    ("no-error", "a text without an error", "200 OK"),
):
    REFUSAL.case(
        "exp-" + slug,
        title,
        "EXP-006",
        {"answer": text},
        reject("syntax"),
        "an explanation of something that is not a refusal sends the user in a wrong direction",
    )

# ---- messages without a quotation --------------------------------------------------------------

explains(
    "says-forbidden",
    "a refusal by a policy, with a link",
    "EXP-008",
    "the signature is right, and the user must look at the policy",
    '{"Message": "Forbidden. For troubleshooting Function URL authorization issues, see: '
    'https://docs.example/urls-auth"}',
    None,
    None,
    "reported",
)
NO_QUOTE = "the message proves what differs, and the user does not need to search further"


def proves(name: str, title: str, answer: str, differs_in: str, **lines: Optional[str]) -> None:
    """Add a case whose message proves what differs."""
    explains(
        "says-" + name, title, "EXP-007", NO_QUOTE, answer, None, differs_in, "reported", **lines
    )


proves(
    "wrapped",
    "a message that a mail program has wrapped",
    "> The security token included in the\n> request is expired",
    "session token",
)


def _xml(code: str, message: str, more: str = "") -> str:
    return f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"


NOW_EARLIER = (
    "Signature expired: 20150830T123600Z is now earlier than 20150830T130100Z (20150830T130600Z - "
    "5 min.)"
)
proves(
    "expired",
    "a signature that is too old",
    f"An error occurred (InvalidSignatureException) when calling the X operation: {NOW_EARLIER}",
    "time",
)
proves(
    "expired-query",
    "the same with the code SignatureDoesNotMatch in the query protocol",
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
    f"<Code>SignatureDoesNotMatch</Code><Message>{NOW_EARLIER}</Message></Error></ErrorResponse>",
    "time",
)
proves(
    "not-yet-current",
    "a signature from the future",
    '{"message":"Signature not yet current: 20150830T133600Z is still later than 20150830T124100Z '
    '(20150830T123600Z + 5 min.)"}',
    "time",
)
proves(
    "skewed",
    "a time that Amazon S3 does not accept",
    _xml(
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        "<RequestTime>20150830T123600Z</RequestTime><ServerTime>2015-08-30T13:36:00Z</ServerTime>",
    ),
    "time",
)
proves(
    "presigned",
    "a presigned URL that has expired",
    _xml("AccessDenied", "Request has expired"),
    "time",
)
proves(
    "scope-date",
    "another day in the scope",
    '{"message":"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date '
    "from HTTP: '20150829' != '20150830', from '20150830T003600Z'.\"}",
    "credential scope",
    server="20150830",
    client="20150829",
)
proves(
    "region",
    "a region that this endpoint does not accept",
    "AmazonIdentityManagementException: Credential should be scoped to a valid region. (Service: "
    "AmazonIdentityManagement; Status Code: 403; Error Code: SignatureDoesNotMatch)",
    "credential scope",
)
proves(
    "region-not",
    "the same with the region",
    '{"message":"Credential should be scoped to a valid region, not \'us-west-2\'. "}',
    "credential scope",
    client="us-west-2",
)
proves(
    "region-expected",
    "the region that Amazon S3 expects",
    _xml(
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting "
        "'eu-west-1'",
        "<Region>eu-west-1</Region>",
    ),
    "credential scope",
    server="eu-west-1",
    client="us-east-1",
)
proves(
    "service",
    "the signing name that the service expects",
    '{"__type":"InvalidSignatureException","message":"Credential should be scoped to correct '
    "service: 'sagemaker'. \"}",
    "credential scope",
    server="sagemaker",
)
proves(
    "five-parts",
    "a credential without its five parts",
    '{"message":"Credential must have exactly 5 slash-delimited elements, e.g. '
    "keyid/date/region/service-code/aws4_request, got 'AKIDEXAMPLE/20150830'\"}",
    "credential scope",
)
proves(
    "header-absent",
    "a signed header that does not exist",
    '{"message":"\'Content-Type\' is named as a SignedHeader, but it does not exist in the HTTP '
    'request"}',
    "header content-type",
)
proves(
    "host-unsigned",
    "host is not signed",
    "{\"message\": \"'Host' must be a 'SignedHeader' in the AWS Authorization.\"}",
    "signed headers list",
)
proves(
    "header-unsigned",
    "a header that Amazon S3 requires to be signed",
    _xml(
        "AccessDenied",
        "There were headers present in the request which were not signed",
        "<HeadersNotSigned>x-amz-acl</HeadersNotSigned>",
    ),
    "signed headers list",
    server="x-amz-acl",
)
proves(
    "body",
    "another body than the one that was hashed",
    _xml(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        f"<ClientComputedContentSHA256>{EMPTY}</ClientComputedContentSHA256>"
        f"<S3ComputedContentSHA256>{BODY}</S3ComputedContentSHA256>",
    ),
    "payload hash",
    server=BODY,
    client=EMPTY,
)
proves(
    "content-hash-missing",
    "the hash of the body is missing",
    _xml("InvalidRequest", "Missing required header for this request: x-amz-content-sha256"),
    "header x-amz-content-sha256",
)
proves(
    "parts-missing",
    "an Authorization header without its parts",
    '{"__type":"IncompleteSignatureException","message":"Authorization header requires '
    "'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization "
    "header requires 'SignedHeaders' parameter. Authorization header requires existence of either "
    "a 'X-Amz-Date' or a 'Date' header. \"}",
    "authorization",
)
proves(
    "date-missing",
    "no date",
    "{\"message\":\"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
    'header. "}',
    "header x-amz-date",
)
proves(
    "not-key-value",
    "an Authorization header that is not a list of pairs",
    "{'Message': \"'AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request' not a valid key=value pair "
    "(missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Credential= AKIDEXAMPLE/"
    "20150830/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0'.\", 'Code': "
    "'IncompleteSignature'}",
    "authorization",
)
for slug, title, text in (
    (
        "token-invalid",
        "a token that the service does not know",
        '{"__type":"UnrecognizedClientException","message":"The security token included in the '
        'request is invalid."}',
    ),
    (
        "token-expired",
        "a token that has expired",
        '{"message":"The security token included in the request is expired"}',
    ),
    (
        "token-expired-s3",
        "a token that has expired, in the words of Amazon S3",
        _xml("ExpiredToken", "The provided token has expired."),
    ),
    (
        "client-token",
        "a token that STS does not know",
        _xml("InvalidClientTokenId", "The security token included in the request is invalid"),
    ),
):
    proves(slug, title, text, "session token")
proves(
    "access-key",
    "an access key that Amazon S3 does not know",
    _xml("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    "key",
)
proves("unsigned", "no signature", '{"message":"Missing Authentication Token"}', "authorization")

# ---- nothing is proved -------------------------------------------------------------------------

GUESS = "a guess sends the user away from the cause; the message is the same for every mistake"


def proves_nothing(name: str, title: str, answer: str, signed: Optional[str]) -> None:
    """Add a case whose text proves nothing."""
    explains(name, title, "EXP-008", GUESS, answer, signed, None)


proves_nothing(
    "nothing-minio",
    "a response of MinIO, without a quotation",
    _xml(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check "
        "your key and signing method.",
        "<Key></Key><BucketName></BucketName><Resource>/b</Resource>",
    ),
    request("host:127.0.0.1", DATE),
)
proves_nothing(
    "nothing-detailed-message",
    "a response of Amazon Neptune, without a quotation",
    json.dumps({"code": "AccessDeniedException", "detailedMessage": MISMATCH}),
    request(query="graph=urn:x/1"),
)
proves_nothing(
    "nothing-to-compare",
    "a quotation, and the client's canonical request is unknown",
    as_json(request("connection:", HOST, DATE)),
    None,
)
proves_nothing(
    "nothing-hash-differs",
    "equal lines, but the service's hash is another one",
    as_json(request("accept:a  b", HOST, DATE)).replace("a  b", "a b"),
    request("accept:a b", HOST, DATE),
)

# ---- secrets -----------------------------------------------------------------------------------


def hides(name: str, title: str, service: Sequence[str], client: Sequence[str], line: str) -> None:
    """Add a case whose differing header may be secret. line: the header's name with <hidden>."""
    explains(
        "secret-" + name,
        title,
        "EXP-009",
        "the explanation is pasted into an issue, and everyone can use the token that it shows",
        as_json(request(*service)),
        request(*client),
        "header " + line.partition(":")[0],
        server=line,
        client=line,
    )


hides(
    "token",
    "another session token",
    (HOST, DATE, TOKEN.replace("NOBODY", "SOMEBODY")),
    (HOST, DATE, TOKEN),
    "x-amz-security-token:<hidden>",
)
hides(
    "cookie",
    "another cookie",
    ("cookie:session=abcdefghijkl", HOST, DATE),
    ("cookie:session=mnopqrstuvwx", HOST, DATE),
    "cookie:<hidden>",
)
hides(
    "other-header",
    "a header whose name says that it is secret",
    (HOST, DATE, "x-vault-token:abcdefghijkl"),
    (HOST, DATE, "x-vault-token:mnopqrstuvwx"),
    "x-vault-token:<hidden>",
)

# ---- spellings and names that a lenient comparison treats as equal -----------------------------


def short(*headers: str, hashed: str = BODY) -> str:
    """Return a short canonical request."""
    return request(*headers, path="/", hashed=hashed)


def differs(
    name: str,
    title: str,
    why: str,
    service: str,
    client: str,
    differs_in: str,
    server_line: str,
    client_line: str,
    rules: str = "EXP-001",
) -> None:
    """Add a case that compares two canonical requests, with a short answer."""
    answer = f"SignatureDoesNotMatch <CanonicalRequest>{service}</CanonicalRequest>"
    lines = {"server": server_line, "client": client_line}
    explains(name, title, rules, why, answer, client, differs_in, **lines)


for slug, line, names in (
    ("end", "date:Sun, 30 Aug 2015 12:36:00 GMT", "date;host;x-amz-date"),
    ("start", "x-amz:1", "host;x-amz;x-amz-date"),
):
    lines = (line, HOST, DATE) if line < HOST else (HOST, line, DATE)
    for which, more, fewer in (("service", lines, (HOST, DATE)), ("client", (HOST, DATE), lines)):
        differs(
            f"list-part-of-name-{slug}-{which}",
            f"only the {which} signs a header whose name is the {slug} of another name",
            "a search in the text of the list finds the name, and the header seems to differ",
            short(*more),
            short(*fewer),
            "signed headers list",
            names if which == "service" else "host;x-amz-date",
            "host;x-amz-date" if which == "service" else names,
            "EXP-002",
        )
differs(
    "body-unsigned-client",
    "the client signed UNSIGNED-PAYLOAD",
    "only S3 accepts the text in place of the hash, so it is the cause and not a wildcard",
    short(),
    short(hashed="UNSIGNED-PAYLOAD"),
    "payload hash",
    BODY,
    "UNSIGNED-PAYLOAD",
)
differs(
    "body-unsigned-service",
    "the service expects UNSIGNED-PAYLOAD",
    "the text is compared like any other hash",
    short(hashed="UNSIGNED-PAYLOAD"),
    short(),
    "payload hash",
    "UNSIGNED-PAYLOAD",
    BODY,
)
differs(
    "header-host-case",
    "a host that a proxy wrote in lower case",
    "host names have no case, but the signature covers the text",
    short(HOST, DATE),
    short(HOST.replace("runtime", "Runtime"), DATE),
    "header host",
    HOST,
    HOST.replace("runtime", "Runtime"),
)
for slug, title, answer in (
    ("slash", "slashes", as_json(SERVICE).replace("/", "\\/")),
    ("u-slash", "slashes as \\u002f", as_json(SERVICE).replace("/", "\\u002f")),
):
    reads(
        "json-escape-" + slug,
        f"a document with escaped {title}",
        "a writer of JSON may escape any character, and PHP escapes each slash",
        answer,
    )
# A document whose line ends are escaped before the text is encoded again.
DOCUMENT = json.dumps({"CanonicalRequest": SERVICE})
for slug, title, answer in (
    ("percent-encoded-json", "a document in a URL", quote(DOCUMENT)),
    ("percent-encoded-twice", "a document in a URL in a URL", "u=" + quote(quote(DOCUMENT))),
    ("form-json", "a document as the value of a form", urlencode({"e": DOCUMENT, "n": "1"})),
    (
        "form-xml",
        "XML with character references as the value of a form",
        urlencode({"e": f"<CanonicalRequest>{SERVICE}</CanonicalRequest>".replace("\n", "&#10;")}),
    ),
    (
        "base64-mark",
        "a document in base64 of URLs, without padding, with a byte order mark",
        base64.urlsafe_b64encode(DOCUMENT.encode("utf-8-sig")).decode("ascii").rstrip("="),
    ),
):
    reads(slug, title, "the line ends of a document are `\\n`, so no encoded LF is found", answer)
explains(
    "in-base64-lines",
    "a document in the lines of a mail in base64",
    "EXP-004",
    "a reader that decodes each long line loses the end of the document, which is the hash",
    base64.encodebytes(json.dumps({"CanonicalRequest": short(hashed=EMPTY)}).encode()).decode(),
    short(),
    "payload hash",
    server=EMPTY,
    client=BODY,
)
explains(
    "in-percent-encoded-plus",
    "a URL in which + is not encoded",
    "EXP-004",
    "encodeURI leaves + alone, and a reader of forms turns it into a space",
    quote(f"CanonicalRequest '{short('accept:a+b', HOST, DATE)}'", safe="+:/;"),
    short("accept:a", HOST, DATE),
    "header accept",
    server="accept:a+b",
    client="accept:a",
)
for slug, encoded in (("url", quote(NOW_EARLIER)), ("form", urlencode({"e": NOW_EARLIER}))):
    proves("encoded-" + slug, f"a message in the value of a {slug}", encoded, "time")
LATIN = short(HOST, DATE, "x-test:caf\u00e9")
explains(
    "key-by-hash-latin-1",
    "the hash of a canonical request with a character above ASCII",
    "EXP-003",
    "the characters of a canonical request are octets, so a hash of its UTF-8 is another one",
    f"SignatureDoesNotMatch: <StringToSign>{to_sign(LATIN)}</StringToSign>",
    LATIN,
    "key",
)
for slug, code in (("auth-failure", "AuthFailure"), ("access-denied", "AccessDeniedException")):
    proves_nothing(
        "nothing-" + slug,
        f"the code {code} without a text that proves more",
        _xml(code, MISMATCH),
        short(),
    )

# ---- lines that a lenient comparison treats as equal --------------------------------------------

LENIENT = "a comparison that undoes the difference finds none, and the user changes the secret key"
SHORT_HOST = "host:a.example"


def exactly(part: str, slug: str, service: str, client: str, differs_in: str, *lines: str) -> None:
    """Add a case that compares two short canonical requests. lines: those that differ."""
    differs(
        f"{part}-exact-{slug}",
        f"the lines of the {part} are not the same: {words(slug)}",
        LENIENT,
        service,
        client,
        differs_in,
        *lines,
    )


for part, rows in (
    ("method", [("lower-case", "POST", "post")]),
    (
        "path",
        [
            ("escape-case", "/a%2Fb", "/a%2fb"),
            ("letter-case", "/llm/a", "/LLM/a"),
            ("dot-segments", "/b", "/a/../b"),
            ("empty-segment", "/a/b", "/a//b"),
            ("final-slash", "/a/", "/a"),
            ("plus", "/a%20b", "/a+b"),
            ("escaped-once", "/a%20b", "/a%2520b"),
            ("needless-escape", "/a", "/%61"),
            ("longer", "/prod/a", "/a"),
            ("shorter", "/a", "/prod/a"),
            ("end-missing", "/endpoints/llm/invocations", PATH),
            ("other-name", PATH.replace("llm", "b"), PATH),
        ],
    ),
    (
        "query",
        [
            ("not-signed", "a=1&b=2", "a=1"),
            ("not-arrived", "a=1", "a=1&b=2"),
            ("only-service", "a=1", ""),
            ("only-client", "", "a=1"),
            ("other-value", "a=1&b=2", "a=1&b=3"),
            ("twice", "a=1&a=1", "a=1"),
            ("escape-case", "a=%2F", "a=%2f"),
            ("letter-case", "A=1", "a=1"),
            ("no-equals", "a=&b=1", "a&b=1"),
            ("signed-plus", "a=x%20y", "a=x+y"),
            ("read-as-plus", "a=x%2By", "a=x%20y"),
            ("not-escaped", "a=%2F", "a=/"),
            ("escaped-twice", "a=%252F", "a=%2F"),
        ],
    ),
):
    for slug, service, client in rows:
        requests = [
            request(SHORT_HOST, **dict({"path": "/"}, **{part: text})) for text in (service, client)
        ]
        exactly(part, slug, *requests, part, service, client)
for slug, service, client in (
    ("space-after-comma", "accept:a,b", "accept:a, b"),
    ("order", "accept:a,b", "accept:b,a"),
    ("case", "accept:a/B", "accept:a/b"),
    ("not-signed", "accept:a", "accept:"),
    ("utf-8", "accept:\u00e9", "accept:\u00c3\u00a9"),
    ("escape", "accept:%2F", "accept:%2f"),
):
    exactly(
        "header",
        slug,
        short(service, SHORT_HOST),
        short(client, SHORT_HOST),
        "header accept",
        service,
        client,
    )
exactly(
    "list",
    "upper-case",
    short("accept:a", SHORT_HOST),
    request("accept:a", SHORT_HOST, path="/", names="Accept;host"),
    "signed headers list",
    "accept;host",
    "Accept;host",
)
OTHER_BODY = hashlib.sha256(b"{ }").hexdigest()
for slug, hashed in (("lost", EMPTY), ("formatted-again", OTHER_BODY)):
    exactly(
        "body",
        slug,
        short(SHORT_HOST, hashed=hashed),
        short(SHORT_HOST),
        "payload hash",
        hashed,
        BODY,
    )
# ---- two parts that differ: the first of the order is named ------------------------------------

ORDER = "a later part may differ as a consequence, and its report hides the cause"


def tiny(*headers: str, **parts: Any) -> str:
    """Return a canonical request that is as short as possible. parts: as of request()."""
    return request(*(headers or ("host:a",)), **dict({"method": "GET", "path": "/"}, **parts))


def comes_first(
    slug: str, title: str, service: str, client: str, differs_in: str, one: str, other: str
) -> None:
    """Add a case of two parts that differ. one, other: the service's and the client's line."""
    differs("order-" + slug, title + " differ", ORDER, service, client, differs_in, one, other)


comes_first(
    "method-path",
    "method and path",
    tiny(method="PUT", path="/a"),
    tiny(path="/b"),
    "method",
    "PUT",
    "GET",
)
comes_first(
    "path-query",
    "path and query",
    tiny(path="/a", query="a=1"),
    tiny(path="/b", query="a=2"),
    "path",
    "/a",
    "/b",
)
comes_first(
    "query-header",
    "query and first header",
    tiny("host:a", query="a=1"),
    tiny("host:b", query="a=2"),
    "query",
    "a=1",
    "a=2",
)
comes_first(
    "query-list",
    "query and lists",
    tiny("host:a", "te:a", query="a=1"),
    tiny(query="a=2"),
    "query",
    "a=1",
    "a=2",
)
for slug, title, after in (
    ("first-second", "the first two headers", ("b:2", "c:2", "host:a")),
    ("second-third", "the last two headers", ("b:1", "c:2", "host:b")),
):
    line, other = next(pair for pair in zip(("b:1", "c:1", "host:a"), after) if len(set(pair)) > 1)
    comes_first(
        "headers-" + slug,
        title,
        tiny("b:1", "c:1", "host:a"),
        tiny(*after),
        "header " + line[0],
        line,
        other,
    )


def both_ways(slug: str, title: str, longer: str, shorter: str, differs_in: str, *of: str) -> None:
    """Add two cases: one request as the service's, then as the client's. of: their lines."""
    line, other = of
    whose = title.format("service")
    comes_first(slug + "-service", whose, longer, shorter, differs_in, line, other)
    whose = title.format("client")
    comes_first(slug + "-client", whose, shorter, longer, differs_in, other, line)


for slug, line in (("before", "b:1"), ("after", "te:1")):
    both_ways(
        "header-list-" + slug,
        f"host and the lists, the {{}}'s with a header {slug} it,",
        tiny(*sorted(("host:a", line))),
        tiny("host:b"),
        "header host",
        "host:a",
        "host:b",
    )
both_ways(
    "list-hash",
    "the lists, the {}'s longer, and the body",
    tiny("host:a", "te:1", hashed=EMPTY),
    tiny(),
    "signed headers list",
    "host;te",
    "host",
)

# ---- percent-encoding in lower case ------------------------------------------------------------

LITTLE = f"CanonicalRequest '{tiny('host:a/b+c')}'"


def escaped(text: str, form: str = "lower") -> str:
    """Return text with each other character than letters and digits as one of its escapes.

    form: `lower`, `upper`, or `mixed`, in which some escapes are in upper case
    """
    pieces = []
    for place, character in enumerate(text):
        piece = character if character.isalnum() else f"%{ord(character):02x}"
        upper = form == "upper" or (form == "mixed" and place % 2)
        pieces.append(piece.upper() if upper and len(piece) > 1 else piece)
    return "".join(pieces)


def reads_little(slug: str, title: str, answer: str) -> None:
    """Add a case whose text contains LITTLE in another form."""
    explains(
        "in-" + slug,
        title,
        "EXP-004",
        "the digits of an escape have no case, and tools write both",
        answer,
        tiny("host:a/b"),
        "header host",
        server="host:a/b+c",
        client="host:a/b",
    )


for form, title in (("lower", "lower case"), ("mixed", "both cases")):
    reads_little("percent-" + form, "escapes of a URL in " + title, "e=" + escaped(LITTLE, form))
reads_little(
    "form-lower",
    "the value of a form, with escapes in lower case",
    "e=" + escaped(LITTLE).replace("%20", "+"),
)
reads_little(
    "percent-json-lower",
    "a document in a URL, with escapes in lower case",
    escaped(json.dumps({"m": LITTLE})),
)
reads_little(
    "form-json-lower",
    "a document in a form, with escapes in lower case",
    "e=" + escaped(json.dumps({"m": LITTLE})).replace("%20", "+"),
)
reads_little("percent-twice-lower", "a URL in a URL, in lower case", escaped(escaped(LITTLE)))
reads_little(
    "percent-upper-in-lower",
    "a URL with escapes in upper case in one in lower case",
    escaped(escaped(LITTLE, "upper")),
)
proves("encoded-lower", "a message in a URL, in lower case", escaped(NOW_EARLIER), "time")
for slug, line_end in (("entity-upper", "&#XA;"), ("u-upper", "\\u000A")):
    reads_little(slug, f"line ends as `{line_end}`", LITTLE.replace("\n", line_end))

# ---- each wording of a message -----------------------------------------------------------------

# What differs, then for each message: part of the id, the message, what the service expects and
# what it got, if it says so.
WORDINGS = (
    (
        "time",
        (
            (
                "expired-later",
                "Signature expired: 20150830T133600Z is now later than 20150830T123600Z",
                "20150830T133600Z",
                "20150830T123600Z",
            ),
            ("skewed-code", "RequestTimeTooSkewed"),
            ("in-the-future", "RequestInTheFuture"),
            ("request-expired", "RequestExpired"),
        ),
    ),
    (
        "credential scope",
        (
            ("service-short", "Credential should be scoped to correct service."),
            ("service-not", "Credential should be scoped to correct service, not 'a'", None, "a"),
            ("service-and-region", "Credential should be scoped with correct service and region"),
            (
                "service-of-endpoint",
                "incorrect service 'a'. This endpoint belongs to 's3'.",
                "s3",
                "a",
            ),
            ("credential-malformed", "the Credential is mal-formed"),
        ),
    ),
    (
        "signed headers list",
        (
            (
                "host-authority",
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
                "host",
            ),
            (
                "header-unsigned-message",
                "There were headers present in the request which were not signed",
            ),
        ),
    ),
    (
        "payload hash",
        (
            (
                "body-message",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
            ("body-code", "XAmzContentSHA256Mismatch"),
        ),
    ),
    (
        "header x-amz-content-sha256",
        (("content-hash-form", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, or a sha256"),),
    ),
    (
        "authorization",
        (
            ("no-credential", "Authorization header requires 'Credential' parameter."),
            ("no-signature", "Authorization header requires 'Signature' parameter."),
            ("no-signed-headers", "Authorization header requires 'SignedHeaders' parameter."),
            ("invalid-key-value", "Invalid key=value pair (missing equal-sign)"),
            ("header-malformed", "AuthorizationHeaderMalformed"),
            ("mechanism", "The authorization mechanism you have provided is not supported."),
            ("incomplete", "IncompleteSignature"),
            ("standards", "The request signature does not conform to AWS standards."),
            ("no-token", "MissingAuthenticationToken"),
        ),
    ),
    (
        "header x-amz-date",
        (
            ("date-valid", "AWS authentication requires a valid Date or x-amz-date header"),
            ("date-iso", "Date must be in ISO-8601 'basic format'. Got 'a'."),
        ),
    ),
    (
        "session token",
        (
            ("token-expired-code", "ExpiredToken"),
            ("token-unrecognized", "UnrecognizedClient"),
            ("token-client-code", "InvalidClientTokenId"),
            ("token-malformed", "The provided token is malformed or otherwise invalid."),
        ),
    ),
    (
        "key",
        (
            ("access-key-code", "InvalidAccessKeyId"),
            ("access-key-message", "The AWS Access Key Id you provided does not exist"),
        ),
    ),
)
for part, messages in WORDINGS:
    for wording in messages:
        slug, text, server, client = (*wording, None, None)[:4]
        given = {"server": server, "client": client}
        explains(
            "says-" + slug,
            "only " + " ".join(text.split()[:7]).rstrip("."),
            "EXP-007",
            "the words alone prove what differs",
            text,
            None,
            part,
            "reported",
            **{name: value for name, value in given.items() if value is not None},
        )

# ---- secrets in the advice ---------------------------------------------------------------------

SECRETS = ("AAAA1111", "BBBB2222")


def tells_no_secret(slug: str, title: str, answer: str, signed: Optional[str], what: str) -> None:
    """Add a case whose explanation must not contain SECRETS. what: the part that differs."""
    name = what.partition("header ")[2]
    hidden = {"header " + name: name + ":<hidden>", "query": "my-token=<hidden>"}.get(what)
    lines = {"server": hidden, "client": hidden} if hidden else {}
    explains(
        "secret-in-advice-" + slug,
        title,
        "EXP-009",
        "the advice is pasted into an issue, and everyone can use the secret that it shows",
        answer,
        signed,
        what,
        **lines,
        advice={"without": list(SECRETS)},
    )


for slug, line in (
    ("token", "x-amz-security-token:"),
    ("authorization", "authorization:Bearer "),
    ("cookie", "cookie:session="),
    ("key", "x-api-key:"),
):
    one, other = (tiny(*sorted(("host:a", line + secret))) for secret in SECRETS)
    name = line.partition(":")[0]
    tells_no_secret(
        slug,
        f"the header {name}",
        f"<CanonicalRequest>{one}</CanonicalRequest>",
        other,
        "header " + name,
    )
tells_no_secret(
    "query",
    "a token in the query",
    f"<CanonicalRequest>{tiny(query='my-token=' + SECRETS[0])}</CanonicalRequest>",
    tiny(query="my-token=" + SECRETS[1]),
    "query",
)
tells_no_secret(
    "message",
    "a message that quotes Authorization",
    f"'{SECRETS[0]}' not a valid key=value pair in Authorization header: 'Bearer {SECRETS[0]}'",
    None,
    "authorization",
)
