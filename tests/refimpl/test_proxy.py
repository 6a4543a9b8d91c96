# SPDX-License-Identifier: MIT
"""Tests of refimpl/proxy.py: which proxy a URL has, proxy URLs, and the messages to a proxy.

The cases of proxy-select are in vectors/. Here are the parts that no case reaches: the argument,
the secrets, the CONNECT request, the errors, and properties. urllib, whose rules botocore uses,
must agree where it supports the entry.
"""

import copy
import ipaddress
import pickle
from urllib.request import proxy_bypass_environment

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errors import ConfigurationError, HttpError, NetworkError, UsageError
from refimpl.http1 import ResponseHead
from refimpl.operation import HttpRequest
from refimpl.proxy import (
    Proxy,
    absolute_target,
    check_tunnel,
    connect_request,
    is_excepted,
    is_loopback,
    parse_proxy_url,
    proxy_failure,
    proxy_for,
    proxy_headers,
    proxy_refusal,
)
from tests.properties import examples

URL = "https://runtime.sagemaker.eu-west-1.amazonaws.com"
SECRET = "hunter2-secret"
some = examples(200)
names = st.from_regex(r"[a-z0-9]{1,5}(\.[a-z0-9]{1,5}){1,3}", fullmatch=True)


# ---- selection ---------------------------------------------------------------------------------


def test_an_argument_applies_to_every_host():
    environment = {"HTTPS_PROXY": "http://other:1", "NO_PROXY": "*"}
    for url in (URL, "http://127.0.0.1:8080"):
        assert proxy_for(url, environment, "http://proxy:3128") == Proxy("http", "proxy", 3128)


def test_an_empty_argument_is_a_direct_connection():
    assert proxy_for(URL, {"HTTPS_PROXY": "http://other:1"}, "") is None


@pytest.mark.parametrize("value", [1, True, b"http://proxy", ("http", 1)])
def test_an_argument_of_another_type(value):
    with pytest.raises(UsageError) as caught:
        proxy_for(URL, {}, value)
    assert (caught.value.kind, caught.value.rule) == ("type", "NET-001")


def test_the_error_names_the_variable():
    with pytest.raises(ConfigurationError) as caught:
        proxy_for(URL, {"all_proxy": "socks5://proxy:1080"})
    assert str(caught.value).startswith("all_proxy is a socks5:// proxy, which is not supported")


def test_a_proxy_that_is_not_used_is_not_checked():
    assert proxy_for(URL, {"HTTPS_PROXY": "socks5://proxy", "NO_PROXY": "*"}) is None


def is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@pytest.mark.slow
@some
@given(names.filter(lambda name: not is_address(name)), st.lists(names, max_size=3))
def test_urllib_agrees_about_names(host, entries):
    no_proxy = ",".join(entries)
    expected = bool(proxy_bypass_environment(host, {"no": no_proxy})) if no_proxy else False
    assert is_excepted(host, 443, no_proxy) == expected


# NET-005
@pytest.mark.slow
@some
@given(st.ip_addresses(v=4).map(str), st.sampled_from(["0.0", "0", "1.2", "10"]))
def test_the_end_of_an_address_is_no_domain(host, entry):
    # urllib compares only texts, so its entry 3.4 covers 1.2.3.4. curl agrees with this client.
    assert not is_excepted(host, 443, entry)
    assert proxy_bypass_environment(f"{host}.{entry}", {"no": entry})


@some
@given(st.ip_addresses(), st.integers(0, 128), st.integers(0, 2**128 - 1))
def test_the_ipaddress_module_agrees_about_blocks(address, length, other):
    length = min(length, address.max_prefixlen)
    network = ipaddress.ip_network((address, length), strict=False)
    candidate = type(address)(other >> (128 - address.max_prefixlen))
    for inside in (candidate, network[0], network[-1]):
        if getattr(inside, "ipv4_mapped", None) or getattr(address, "ipv4_mapped", None):
            continue
        assert is_excepted(str(inside), 443, str(network)) == (inside in network)
        assert is_excepted(str(inside), 443, f"{address}/{length}") == (inside in network)


@pytest.mark.slow
@some
@given(st.text(max_size=40), st.text(max_size=60), st.integers(1, 65535))
def test_no_list_raises(host, no_proxy, port):
    assert is_excepted(host, port, no_proxy) in (True, False)
    assert is_loopback(host) in (True, False)


# ---- proxy URLs --------------------------------------------------------------------------------


@some
@given(st.text(max_size=60))
def test_any_text_is_a_proxy_or_a_configuration_error(text):
    try:
        proxy = parse_proxy_url(text)
    except ConfigurationError as error:
        assert error.rule in ("NET-007", "NET-008")
    else:
        assert proxy.scheme in ("http", "https") and 0 < proxy.port < 65536


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{SECRET}@proxy:3128",
        f"http://user:{SECRET}@proxy:port",
        f"socks5://user:{SECRET}@proxy:1080",
        f"http://us%3aer:{SECRET}@proxy",
        f"http://user:{SECRET}",
        f"user:{SECRET}/@proxy",
    ],
)
def test_nothing_shows_the_password(url):
    try:
        proxy = parse_proxy_url(url, "HTTPS_PROXY")
    except ConfigurationError as error:
        told = str(error) + repr(error) + repr(vars(error)) + repr(error.args)
        assert error.message.count("HTTPS_PROXY") == 1
    else:
        told = repr(proxy) + str(proxy) + proxy.url + proxy.address
    assert SECRET not in told and "user" not in told.replace("user:password", "").replace(
        "user name", ""
    )


def test_a_proxy_cannot_be_pickled_or_copied():
    proxy = parse_proxy_url(f"http://user:{SECRET}@proxy:3128")
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(UsageError) as caught:
            leave(proxy)
        assert caught.value.rule == "NET-008"


# NET-008
def test_the_secrets_of_a_proxy():
    assert parse_proxy_url("http://proxy").secrets() == ()
    proxy = parse_proxy_url("http://user:p%40ss%C3%A9@proxy")
    assert proxy.secrets() == ("dXNlcjpwQHNzw6k=", "p@ss\xe9")
    assert parse_proxy_url("http://user@proxy").secrets() == ("dXNlcjo=", "")


def test_proxies_are_compared_by_value():
    first = parse_proxy_url("http://a:b@proxy:1")
    assert first == parse_proxy_url("a:b@proxy:1/") and hash(first) == hash(
        parse_proxy_url("http://proxy:1")
    )
    assert first != parse_proxy_url("http://a:c@proxy:1")
    assert first != "http://proxy:1"


# ---- messages ----------------------------------------------------------------------------------


# NET-009
def test_the_connect_request():
    proxy = parse_proxy_url("http://user:pw@proxy:3128")
    assert connect_request("a.example", 443, proxy, "agent/1") == (
        b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nUser-Agent: agent/1\r\n"
        b"Proxy-Authorization: Basic dXNlcjpwdw==\r\n\r\n"
    )


def test_the_connect_request_for_ipv6_without_credentials():
    proxy = parse_proxy_url("http://proxy:3128")
    assert connect_request("fd00::1", 8443, proxy, "agent/1") == (
        b"CONNECT [fd00::1]:8443 HTTP/1.1\r\nHost: [fd00::1]:8443\r\nUser-Agent: agent/1\r\n\r\n"
    )
    assert list(proxy_headers(proxy)) == []


# NET-010
def test_the_absolute_target():
    request = HttpRequest("POST", "http", "fd00::1", 8080, "/base/x?y=1", (), b"")
    assert absolute_target(request) == "http://[fd00::1]:8080/base/x?y=1"


@pytest.mark.parametrize("status", [200, 201, 299])
def test_a_tunnel_is_open(status):
    check_tunnel(ResponseHead(status, "OK", 1, ()), Proxy("http", "proxy", 1))


@pytest.mark.parametrize(
    "status, reason, text, retryable",
    [
        (407, "x", "the proxy proxy:1 asks for credentials (HTTP 407)", False),
        (403, "Forbidden", "the proxy proxy:1 refuses the connection (HTTP 403 Forbidden)", False),
        (302, "", "the proxy proxy:1 refuses the connection (HTTP 302)", False),
        (503, "Down", "the proxy proxy:1 cannot reach the endpoint (HTTP 503 Down)", True),
        (500, "", "the proxy proxy:1 cannot reach the endpoint (HTTP 500)", False),
    ],
)
def test_a_refusal_names_the_proxy(status, reason, text, retryable):
    with pytest.raises(NetworkError) as caught:
        check_tunnel(ResponseHead(status, reason, 1, ()), Proxy("http", "proxy", 1))
    error = caught.value
    assert (error.message, error.kind, error.rule) == (text, "network", "NET-011")
    assert error.retryable is retryable


def test_rejected_credentials():
    error = proxy_refusal(407, "", parse_proxy_url(f"http://user:{SECRET}@proxy:1"))
    assert error.message == "the proxy proxy:1 rejects the credentials (HTTP 407)"


# NET-011
def test_a_failure_keeps_its_evidence():
    error = HttpError("the status line is too long", expected="1", actual="2", rule="HTTP-048")
    named = proxy_failure(Proxy("https", "fd00::1", 1), error)
    assert str(named) == (
        "the proxy [fd00::1]:1 gives no valid response to CONNECT: the status line is too long "
        "(expected 1, got 2, rule NET-011)"
    )
    assert (named.kind, named.retryable) == ("network", False)


def test_a_closed_connection_may_be_tried_again():
    error = NetworkError("closed", kind="timeout", retryable=True)
    named = proxy_failure(Proxy("http", "proxy", 1), error)
    assert (named.kind, named.retryable) == ("timeout", True)
