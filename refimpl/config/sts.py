# SPDX-License-Identifier: MIT
"""Requests to AWS's token service (STS), and its replies.

A request is plain data: POST, a form in the body, signed with Signature Version 4 unless it
carries a web identity token. The host is the regional one (CRED-011). A reply is XML: the
credentials, or an error document. Failed requests are repeated in the standard mode, and the clock
is corrected once (CRED-018). SSO shares the host names' pattern and the retries.
"""

from typing import Callable, List, NamedTuple, Optional, Tuple

from ..documents.xml_format import Element, child_of, parse_xml, text_of
from ..endpoint_url import authority, parse_endpoint_url
from ..endpoints import service_host
from ..errors import ConfigurationError, DocumentError, Error, NetworkError
from ..operation_response import service_error
from ..sigv4_credentials import Credentials
from ..sigv4_signer import Signer
from ..sigv4_stages import uri_encode
from ..sigv4_values import amz_date_of
from .retries import CallRetries, RetryPolicy, RetryQuota
from .sources import SourceContext
from .surroundings import (
    FetchReply,
    FetchRequest,
    Surroundings,
    checked_credentials,
    seconds_of_timestamp,
    without_values,
)

_STS_VERSION = "2011-06-15"
_STS_CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"

StsParameters = List[Tuple[str, str]]


def service_url(context: SourceContext, service: str, host: str, region: str) -> str:
    """Return the URL of a service that hands out credentials, without a final slash.

    service: its name in `AWS_ENDPOINT_URL_SERVICE` and in a `services` section
    host: the first labels of its host name, such as `portal.sso`
    """
    settings = context.settings
    custom = settings.endpoint_url(service)
    use_fips, use_dualstack = settings.use_fips(), settings.use_dualstack()
    if custom is None:
        return f"https://{service_host(host, region, use_fips, use_dualstack)}"
    # END-004: a custom endpoint with FIPS or dual-stack is a contradiction.
    if use_fips or use_dualstack:
        raise ConfigurationError(
            f"a custom endpoint excludes {'FIPS' if use_fips else 'dual-stack'}",
            actual=custom.origin,
            rule="END-004",
        )
    parse_endpoint_url(custom.value)
    return custom.value.rstrip("/")


def sts_request(
    context: SourceContext,
    action: str,
    parameters: StsParameters,
    credentials: Optional[Credentials] = None,
    clock_offset: float = 0.0,
) -> FetchRequest:
    """Return the request of an action, signed if credentials are given.

    clock_offset: seconds from the local clock to the service's
    """
    region = context.require_region("call STS")
    url = service_url(context, "sts", "sts", region)
    endpoint = parse_endpoint_url(url)
    fields = [("Action", action), ("Version", _STS_VERSION), *parameters]
    form = "&".join(f"{name}={uri_encode(value.encode('utf-8'))}" for name, value in fields)
    body = form.encode("ascii")
    headers: Tuple[Tuple[str, str], ...] = (
        ("Host", authority(endpoint.scheme, endpoint.host, endpoint.port)),
        ("Content-Type", _STS_CONTENT_TYPE),
        ("Content-Length", str(len(body))),
    )
    target = endpoint.path.rstrip("/") + "/"
    if credentials is not None:
        date = amz_date_of(context.surroundings.clock() + clock_offset)
        signed = Signer().sign(
            "POST", target, headers, body, credentials, region, "sts", date,
            unsigned=("content-length",),
        )  # fmt: skip
        headers = tuple(signed.headers)
    return FetchRequest("POST", url + "/", headers, body)


MakeRequest = Callable[[float], FetchRequest]


def fetch_service(
    surroundings: Surroundings, make_request: MakeRequest, retry_after_send: bool = True
) -> FetchReply:
    """Fetch from STS or SSO, with the retries of the standard mode (CRED-018).

    make_request: returns the request, signed for a clock that is off by that many seconds
    retry_after_send: whether the request may be received twice
    Returns the last reply, which may be a refusal. Raises NetworkError, HttpError.
    """
    # CRED-018
    retries = CallRetries(RetryPolicy(retry_after_send=retry_after_send), RetryQuota())
    offset = 0.0
    while True:
        failure: Error
        reply: Optional[FetchReply] = None
        try:
            reply = surroundings.fetch(make_request(offset))
            if 200 <= reply.status <= 299:
                return reply
            failure = service_error(reply.status, reply.headers, reply.body)
        except Error as error:
            failure = error
        now = surroundings.clock() + offset
        decision = retries.after_failure(failure, now, surroundings.random())
        if decision.delay is None:
            if reply is None:
                raise failure
            return reply
        offset += decision.clock_offset or 0.0
        surroundings.sleep(decision.delay)


def sts_credentials(
    context: SourceContext,
    action: str,
    purpose: str,
    make_request: MakeRequest,
    rule: str,
    secrets: Tuple[Optional[str], ...],
) -> Credentials:
    """Send a request of sts_request and return the credentials of the reply.

    make_request: as for fetch_service; purpose: such as `assume the role ROLE`, for errors
    secrets: values that no error may show
    Raises ConfigurationError for a refusal, NetworkError if there is no response.
    """
    result = _sts_result(context, action, purpose, make_request, rule, secrets)
    found = child_of(result, "Credentials") if result is not None else None
    what = f"the reply of STS to {action}"
    if found is None:
        raise ConfigurationError(f"{what} has no Credentials", rule=rule)
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    access_key, secret_key, session_token, expiration = (
        _xml_text_in(found, name) for name in names
    )
    if not (access_key and secret_key and session_token and expiration):
        raise ConfigurationError(f"{what} lacks a part of the credentials", rule=rule)
    expires = seconds_of_timestamp(expiration, what, rule)
    return checked_credentials(what, access_key, secret_key, session_token, expires)


def _sts_result(
    context: SourceContext,
    action: str,
    purpose: str,
    make_request: MakeRequest,
    rule: str,
    secrets: Tuple[Optional[str], ...],
) -> Optional[Element]:
    """Send a request and return the result of the reply, or None. Arguments: sts_credentials."""
    try:
        reply = fetch_service(context.surroundings, make_request)
    except Error as error:
        raise explained(error, f"cannot {purpose}") from error
    try:
        root = parse_xml(reply.body)
    except DocumentError:
        raise ConfigurationError(
            f"cannot {purpose}: the reply of STS is not XML",
            actual=f"HTTP {reply.status}",
            status=reply.status,
            retryable=reply.status >= 500,
            rule=rule,
        ) from None
    if reply.status != 200:
        raise _sts_refusal(reply, root, purpose, rule, secrets)
    return child_of(root, f"{action}Result")


class CallerIdentity(NamedTuple):
    """The account and the user or role that credentials belong to."""

    account: str
    arn: str
    user_id: str


def caller_identity(context: SourceContext, credentials: Credentials) -> CallerIdentity:
    """Return the identity of credentials. Raises ConfigurationError or NetworkError (CRED-019)."""
    action = "GetCallerIdentity"

    def request(clock_offset: float) -> FetchRequest:
        return sts_request(context, action, [], credentials, clock_offset)

    secrets = (credentials.secret_key, credentials.session_token)
    # CRED-019
    result = _sts_result(context, action, "get the identity", request, "CRED-019", secrets)
    values = [
        _xml_text_in(result, name) if result is not None else ""
        for name in ("Account", "Arn", "UserId")
    ]
    if not all(values):
        raise ConfigurationError("the reply of STS has no identity", rule="CRED-019")
    return CallerIdentity(*values)


def _sts_refusal(
    reply: FetchReply,
    root: Element,
    purpose: str,
    rule: str,
    secrets: Tuple[Optional[str], ...],
) -> ConfigurationError:
    """Return the error of a reply that is an error document."""
    document = child_of(root, "Error") or root
    code = _xml_text_in(document, "Code") or "no error code"
    message = without_values(_xml_text_in(document, "Message") or "no message", *secrets)
    return ConfigurationError(
        f"cannot {purpose}: {code}: {message}",
        actual=f"HTTP {reply.status}",
        code=code,
        status=reply.status,
        retryable=service_error(reply.status, reply.headers, reply.body).retryable,
        rule=rule,
    )


def _xml_text_in(element: Element, name: str) -> str:
    child = child_of(element, name)
    return text_of(child).strip(" \t\r\n") if child is not None else ""


def explained(error: Error, problem: str) -> Error:
    """Return an error of the same class and kind whose message begins with the problem."""
    names = ["kind", "rule", "expected", "actual", "retryable"]
    if isinstance(error, NetworkError):
        names.append("sent")
    evidence = {name: getattr(error, name) for name in names}
    return type(error)(f"{problem}: {error.message}", **evidence)
