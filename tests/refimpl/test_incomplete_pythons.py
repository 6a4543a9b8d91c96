# SPDX-License-Identifier: MIT
"""Tests of the package, and of a copy in one file, on Pythons that lack modules.

Each test starts an interpreter and blocks modules: an import of one of them fails, as in a Python
that was built without it. Then it signs, encodes, decodes and calls an endpoint. Some modules are
needed by the standard library itself. These are blocked after the library has been loaded.
"""

import json
import sys
from typing import Any, Dict, List

import pytest

from conformance.endpoint import ACCESS_KEY, SECRET_KEY, Endpoint
from refimpl.cli.vendor import package_sources
from refimpl.vendor.parts import PARTS
from refimpl.vendor.single_file import single_file
from tests.interpreters import interpreters, run_program
from tests.refimpl.test_layers import PURE
from tests.rows import for_each

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

FORMS = ("package", "file")
PROGRAM = """
import importlib, io, json, sys
given = json.loads(sys.argv[1])
sys.path.insert(0, given["folder"])
for name in given["preloaded"]:
    __import__(name)
for name in given["blocked"]:
    sys.modules[name] = None
if given["no_md5"]:
    import hashlib
    def refuse(*arguments, **options):
        raise ValueError("[digital envelope routines] unsupported")
    hashlib.md5 = refuse
    new = hashlib.new
    hashlib.new = lambda name, *rest: refuse() if name == "md5" else new(name, *rest)
is_package = given["form"] == "package"

def module(name):
    return importlib.import_module("refimpl." + name if is_package else "sagemaker_stream")

report = {}
frames, sigv4 = module("eventstream"), module("sigv4")
headers = [(":message-type", "string", "event"), (":event-type", "string", "PayloadPart")]
data = frames.encode(headers, b"hi")
report["frame"] = data.hex()
report["decoded"] = [message.payload.decode() for message in frames.Decoder().feed(data)]
try:
    frames.Decoder().feed(bytes.fromhex("1f8b08000000000002ffcb48cdc9c9070086a6103605000000"))
except Exception as error:
    report["gzip"] = error.cause
keys = sigv4.Credentials(*given["keys"])
signed = sigv4.Signer().sign(
    "POST", "/", [("Host", "h")], b"", keys, "us-east-1", "sagemaker", "20150830T123600Z")
report["signature"] = signed.signature
client, errors = module("client"), module("errors")

def call(url):
    try:
        response = client.Client(
            region="us-east-1", endpoint_url=url, credentials=keys, environment={}, max_attempts=1
        ).invoke_endpoint_with_response_stream(endpoint_name="default", body=b"{}")
        with response:
            return len(b"".join(part.bytes for part in response.body))
    except errors.Error as error:
        return [error.kind, str(error)]

def fetch(request, timeouts):
    return 200, [("Content-Type", "application/vnd.amazon.eventstream")], [data[:9], data[9:]]

fetched = client.Client(
    region="us-east-1", credentials=keys, environment={}, transport=fetch
).invoke_endpoint_with_response_stream(endpoint_name="default", body=b"{}")
report["fetched"] = [part.bytes.decode() for part in fetched.body]
report["http"] = call(given["url"])
report["named"] = call(given["url"].replace("127.0.0.1", "localhost"))
report["https"] = call("https://127.0.0.1:1")
main, streams = module("cli").main, module("cli.streams").Streams
written = io.StringIO()
variables = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}
line = ["invoke", "llm", "--body", "x", "--region", "eu-west-1", "--endpoint-url",
        "https://127.0.0.1:1", "--max-attempts", "1"]
report["exit"] = main(
    line, streams(io.BytesIO(), io.BytesIO(), written, variables, lambda: 1440938160.0))
report["stderr"] = written.getvalue()
print(json.dumps(report))
"""
NO_CONNECTIONS = "this Python cannot open connections: it has no module "
NO_HTTPS = "this Python cannot call https endpoints: it has no module "
NEEDED = ("typing", "functools", "reprlib", "collections", "contextlib")
SELECTED = [interpreters()[0], interpreters()[-1]]


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copied")
    text = single_file(*package_sources(), sorted(PARTS))
    (folder / "sagemaker_stream.py").write_text(text, encoding="utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def endpoint():
    with Endpoint() as running:
        yield running


def observe(python: str, form: str, copied: str, endpoint: Any, **given: Any) -> Dict[str, Any]:
    arguments = {
        "folder": copied,
        "form": form,
        "blocked": (),
        "preloaded": (),
        "no_md5": False,
        "keys": (ACCESS_KEY, SECRET_KEY),
        "url": endpoint.url,
        **given,
    }
    report: Dict[str, Any] = json.loads(run_program(python, PROGRAM, json.dumps(arguments)))
    return report


@pytest.fixture(scope="module")
def usual(copied, endpoint):
    return observe(sys.executable, "package", copied, endpoint)


def check_pure(report: Dict[str, Any], usual: Dict[str, Any]) -> None:
    for name in ("frame", "decoded", "signature", "fetched"):
        assert report[name] == usual[name], name
    assert report["decoded"] == report["fetched"] == ["hi"]


def test_the_observations_of_a_complete_python(usual):
    assert usual["gzip"] == "these bytes are gzip (hello), not an event stream"
    assert usual["http"] == usual["named"] > 0
    assert usual["https"][0] == "network" and usual["exit"] == 8


# What is missing, and whether only https fails because of it, or every connection, or nothing.
MISSING = [
    (["ssl"], "https"),
    (["_ssl"], "https"),
    (["zlib"], ""),
    (["socket"], "all"),
    (["_socket"], "all"),
    (["select"], "all"),  # the module socket needs it
    (["http.client"], "all"),
    (["email.parser"], "all"),  # the module http.client needs it
    (["threading", "_thread"], ""),
    (["_hashlib", "_md5"], ""),
    (["pwd", "grp", "fcntl", "termios", "resource", "_posixsubprocess", "subprocess"], ""),
    (["_ctypes", "ctypes", "unicodedata", "encodings.idna", "stringprep"], ""),
    (["_json", "_datetime", "_struct", "_bisect", "_decimal", "_lzma", "_bz2"], ""),
    (["multiprocessing", "asyncio", "_sqlite3", "mmap"], ""),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("version, python", SELECTED, ids=lambda value: value.rpartition("/")[2])
@pytest.mark.parametrize(
    "blocked, fails",
    MISSING,
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_missing_modules(blocked, fails, version, python, form, copied, endpoint, usual):
    # The standard library itself needs threads and, in C, the structs of binary data.
    preloaded = [*NEEDED, "struct"] if {"_thread", "_struct"}.intersection(blocked) else []
    report = observe(python, form, copied, endpoint, blocked=blocked, preloaded=preloaded)
    check_pure(report, usual)
    if fails == "all":
        for name in ("http", "named"):
            assert report[name] == ["configuration", NO_CONNECTIONS + blocked[0]]
    else:
        assert report["http"] == report["named"] == usual["http"]
    if fails:
        assert report["https"][0] == "configuration" and report["exit"] == 3
        assert report["stderr"].count("\n") == 1 and "it has no module" in report["stderr"]
    else:
        assert report["https"][0] == "network" and report["exit"] == 8
    if fails == "https":
        assert report["https"][1] == NO_HTTPS + blocked[0]
        assert NO_HTTPS + blocked[0] in report["stderr"]
    if "zlib" in blocked:
        assert report["gzip"] == (
            "these bytes are gzip, whose content this Python cannot show because it has no module "
            "zlib, not an event stream"
        )
    else:
        assert report["gzip"] == usual["gzip"]


@pytest.mark.parametrize("form", FORMS)
def test_hashlib_without_md5(form, copied, endpoint, usual):
    report = observe(sys.executable, form, copied, endpoint, no_md5=True)
    check_pure(report, usual)
    assert report["http"] == usual["http"]


# ---- what pure modules load --------------------------------------------------------------------

LOADED = """
import json, sys
before = set(sys.modules)
__import__("refimpl." + sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""
OF_THE_TRANSPORT = {
    "asyncio",
    "email",
    "http",
    "refimpl.certificates",
    "refimpl.client",
    "refimpl.dialing",
    "refimpl.tls",
    "refimpl.transport",
    "select",
    "selectors",
    "socket",
    "_socket",
    "ssl",
    "_ssl",
    "subprocess",
    "threading",
}


def loaded_by(python: str, module: str) -> List[str]:
    names: List[str] = json.loads(run_program(python, LOADED, module))
    return names


@for_each("module", PURE)
def test_a_pure_module_loads_nothing_of_the_transport(module):
    assert OF_THE_TRANSPORT.intersection(loaded_by(sys.executable, module)) == set()


@for_each("module", ["eventstream", "sigv4", "operation", "fetched"])
def test_the_main_pure_modules_load_nothing_of_the_transport(module):
    for _, python in SELECTED:
        assert OF_THE_TRANSPORT.intersection(loaded_by(python, module)) == set()


def test_the_client_loads_the_transport_with_the_first_call():
    assert OF_THE_TRANSPORT.intersection(loaded_by(sys.executable, "client")) == {"refimpl.client"}
    assert {"socket", "refimpl.dialing"} <= set(loaded_by(sys.executable, "transport"))
    assert {"ssl", "socket"} <= set(loaded_by(sys.executable, "tls"))
