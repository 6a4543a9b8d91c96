# SPDX-License-Identifier: MIT
"""Tests of refimpl/routes.py: the TLS context and the route for a URL.

tests/refimpl/test_transport.py and test_client.py connect over these routes.
"""

import ssl

import pytest

from refimpl.errors import ConfigurationError, UsageError
from refimpl.routes import DIRECT, Network, Route, check_connect_to

URL = "https://runtime.sagemaker.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("value", [None, ("127.0.0.1", 1), ["host", 65535]])
def test_usable_addresses(value):
    assert check_connect_to(value) is value


@pytest.mark.parametrize(
    "value, kind",
    [
        ("host:1", "type"),
        (("host",), "type"),
        (("host", "1"), "type"),
        ((b"host", 1), "type"),
        (("host", True), "type"),
        (("", 1), "constraint"),
        (("host", 0), "constraint"),
        (("host", 65536), "constraint"),
        (("ho\nst", 1), "constraint"),
    ],
)
def test_unusable_addresses(value, kind):
    with pytest.raises(UsageError) as caught:
        check_connect_to(value)
    assert (caught.value.kind, caught.value.rule) == (kind, "NET-030")


# ---- routes ------------------------------------------------------------------------------------


def test_a_proxy_from_the_environment():
    context, route = Network({"HTTPS_PROXY": "http://proxy:1"}).way_to(URL)
    assert isinstance(context, ssl.SSLContext) and context.verify_mode == ssl.CERT_REQUIRED
    assert route.proxy is not None and route.proxy.url == "http://proxy:1"
    assert route.proxy_context is None


def test_a_context_is_made_once_and_only_for_tls():
    network = Network({})
    assert network.way_to("http://a.example") == (None, DIRECT)
    assert network.direct_to("http://169.254.169.254") == (None, DIRECT)
    assert network._made is None
    first, second = network.way_to(URL)[0], network.direct_to(URL)[0]
    assert first is second is not None


def test_an_https_proxy_has_a_context_even_for_http():
    context, route = Network({"http_proxy": "https://proxy:1"}).way_to("http://a.example")
    assert context is None and isinstance(route.proxy_context, ssl.SSLContext)


def test_a_host_that_no_proxy_reaches():
    network = Network({"ALL_PROXY": "http://proxy:1"}, proxy="http://proxy:1")
    assert network.direct_to("http://169.254.169.254") == (None, DIRECT)


# NET-030
def test_another_address_uses_no_proxy():
    network = Network({"ALL_PROXY": "http://proxy:1"})
    address = ("127.0.0.1", 1)
    assert network.way_to("http://a.example", None, address) == (None, Route(None, None, address))
    with pytest.raises(UsageError) as caught:
        Network({}, proxy="http://proxy:1").way_to(URL, None, address)
    assert caught.value.rule == "NET-030"


# NET-022
def test_a_client_certificate_is_not_for_the_proxy(tmp_path):
    trustme = pytest.importorskip("trustme")
    path = str(tmp_path / "both.pem")
    trustme.CA().issue_cert("client").private_key_and_cert_chain_pem.write_to_path(path)
    network = Network({"HTTPS_PROXY": "https://proxy:1"})
    context, route = network.way_to(URL, path)
    assert context is not None and context is not route.proxy_context


def test_a_given_context_is_used_for_both():
    given = ssl.create_default_context()
    network = Network({"HTTPS_PROXY": "https://proxy:1"}, ssl_context=given)
    context, route = network.way_to(URL)
    assert context is given and route.proxy_context is given
    with pytest.raises(UsageError):
        network.way_to(URL, "cert.pem")
    for settings in ({"ca_bundle": "x"}, {"x509_strict": False}):
        with pytest.raises(UsageError):
            Network({}, ssl_context=given, **settings)


def test_nothing_is_shown():
    assert repr(Network({"HTTPS_PROXY": "http://user:secret@proxy"})) == "Network()"


# NET-021
def test_a_bundle_is_read_when_it_is_needed():
    network = Network({"AWS_CA_BUNDLE": "/none.pem"})
    assert network.way_to("http://a.example")[0] is None
    with pytest.raises(ConfigurationError):
        network.way_to(URL)
