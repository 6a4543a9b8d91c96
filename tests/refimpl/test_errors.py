# SPDX-License-Identifier: MIT
"""Tests of refimpl/errors.py: the error tree and the checks of an argument's type.

str() of each class must be one short, escaped line for any message and evidence. Pickling and
copying must keep all attributes. Each class is in one branch of the tree, so `except UsageError`
never catches a peer's mistake. The module's docstring must show the actual tree, and the classes
must declare each attribute that the package sets on an error. require_type() must reject a bool as
an int and never show the rejected value.
"""

import ast
import builtins
import copy
import pathlib
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl import errors
from refimpl.errors import (
    ConfigurationError,
    ContainerError,
    DocumentError,
    Error,
    FrameError,
    HttpError,
    MissingPartError,
    NetworkError,
    ProtocolError,
    ServiceError,
    SignatureError,
    TextError,
    UsageError,
    excerpt,
    plain_bytes,
    require_type,
    shown,
)
from tests.properties import examples
from tests.rows import for_each

KINDS = {
    Error: "error",
    UsageError: "constraint",
    ConfigurationError: "configuration",
    MissingPartError: "configuration",
    SignatureError: "signature",
    ProtocolError: "protocol",
    FrameError: "header",
    HttpError: "http",
    DocumentError: "syntax",
    TextError: "syntax",
    NetworkError: "network",
    ServiceError: "service_error",
    ContainerError: "container",
}
BRANCHES = [
    UsageError,
    ConfigurationError,
    SignatureError,
    ProtocolError,
    NetworkError,
    ServiceError,
]
HOSTILE = [
    "line\nbreak",
    "carriage\rreturn",
    "\x1b[31mred\x1b[0m",
    "tab\there",
    "nul\0",
    "\x85next line",
    "\u2028line",
    "\u2029paragraph",
    "\u202eright to left",
    "\ud800 alone",
    "\x7f",
    "\u200bnothing",
    "\xa0blank",
    "\ufeffmark",
    "\U000e0001tag",
    "x" * 10**6,
    "\n" * 10**6,
]
some = examples(200)
any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=300)


def every_class(root=Error):
    """All error classes of the module, the root first."""
    found = [root]
    for child in root.__subclasses__():
        if child.__module__ == "refimpl.errors":
            found += every_class(child)
    return found


CLASSES = every_class()


class Unshowable:
    def __repr__(self):
        raise RuntimeError("not to be shown")


# ---- the tree ----------------------------------------------------------------------------------


def test_every_class_has_its_kind():
    assert {cls: cls.kind for cls in CLASSES} == KINDS


def test_the_docstring_shows_the_tree():
    drawn, path = {}, []
    for indent, name in re.findall(r"^( {4,})(Error|[A-Z]\w+Error)\b", errors.__doc__, re.M):
        depth = len(indent) // 2 - 2
        path[depth:] = [name]
        drawn[name] = path[depth - 1] if depth else "Exception"
    assert drawn == {cls.__name__: cls.__base__.__name__ for cls in CLASSES}


@pytest.mark.parametrize("cls", CLASSES)
def test_each_class_is_in_one_branch(cls):
    assert sum(issubclass(cls, branch) for branch in BRANCHES) == (cls is not Error)
    assert [base for base in cls.__mro__ if not issubclass(base, Error)] == [
        Exception,
        BaseException,
        object,
    ]
    caught = [
        known
        for known in vars(builtins).values()
        if isinstance(known, type) and issubclass(cls, known)
    ]
    assert set(caught) == {
        Exception,
        BaseException,
        object,
    }  # not ValueError or OSError


@pytest.mark.parametrize("cls", [FrameError, HttpError, DocumentError, TextError])
def test_invalid_bytes_are_protocol_errors(cls):
    assert issubclass(cls, ProtocolError)


@pytest.mark.parametrize("cls", CLASSES)
def test_unknown_evidence_is_none(cls):
    error = cls("said")
    assert [
        error.rule,
        error.offset,
        error.expected,
        error.actual,
        error.code,
        error.status,
        error.request_id,
    ] == [None] * 7
    assert error.retryable is False
    assert error.args == ("said",)
    assert error.message == "said"


def test_evidence_of_a_class_is_empty_and_immutable_by_default():
    assert (FrameError().messages, FrameError().events, FrameError().buffered) == ((), (), b"")
    assert HttpError().body == b""
    assert (
        ServiceError().fault,
        ServiceError().body,
        ServiceError().headers,
        ServiceError().events,
    ) == (False, b"", (), ())
    assert (SignatureError().canonical_request, SignatureError().string_to_sign) == (None, None)


def test_errors_do_not_share_evidence():
    UsageError("a", kind="type", offset=1, rule="EVS-001")
    assert (UsageError("b").kind, UsageError("b").offset, UsageError("b").rule) == (
        "constraint",
        None,
        None,
    )


# ---- one line ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", CLASSES)
def test_str_joins_message_and_evidence(cls):
    error = cls("it is broken", expected="this", actual="that", offset=7, rule="EVS-999")
    assert str(error) == "it is broken (expected this, got that, at byte 7, rule EVS-999)"
    assert repr(error) == f"{cls.__name__}({cls.kind}: {error})"
    assert error.evidence() == {"expected": "this", "got": "that", "at byte": 7, "rule": "EVS-999"}
    assert list(error.evidence()) == ["expected", "got", "at byte", "rule"]


def test_str_shows_false_evidence_but_not_none():
    assert str(Error("m", offset=0)) == "m (at byte 0)"
    assert str(Error("m", expected=False, actual=0)) == "m (expected False, got 0)"
    assert str(Error("m", actual="")) == "m (got nothing)"
    assert str(Error("m", actual=b"\xff\n")) == "m (got b'\\xff\\n')"
    assert str(Error("m", expected=None, rule="X-1")) == "m (rule X-1)"
    assert str(Error("m")) == "m"


@for_each("cls", CLASSES)
@for_each("message", ["", None])
def test_str_without_a_message(cls, message):
    assert str(cls(message)) == "no message"
    assert str(cls(message, kind="other", offset=1)) == "no message (at byte 1)"
    assert repr(cls(message)) == f"{cls.__name__}({cls.kind}: no message)"


def test_a_service_error_shows_code_status_and_request_id():
    error = ServiceError("slow down", code="ThrottlingException", status=400, request_id="r-1")
    for text_shown in ("ThrottlingException", "slow down", "400", "r-1"):
        assert text_shown in str(error)
    assert ServiceError("slow down", code="\x1b[2J\n").message == "slow down"
    assert str(ServiceError("slow down", code="\x1b[2J\n")).isprintable()
    assert {"HTTP": 500, "got": "x"}.items() <= ServiceError(
        "m", status=500, actual="x"
    ).evidence().items()
    assert str(ServiceError("slow down")) == "slow down"


@pytest.mark.slow
@for_each("cls", CLASSES)
@for_each("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_one_short_line(cls, text):
    for error in (
        cls(text),
        cls("m", expected=text, actual=text, rule=text),
        cls("m", actual=text.encode("utf-8", "surrogatepass")),
        cls("m", actual=[text]),
    ):
        for text_shown in (str(error), repr(error)):
            assert text_shown.isprintable()
            assert len(text_shown) < 3000
            text_shown.encode("utf-8")


@some
@given(any_text, any_text, st.binary(max_size=300))
def test_any_text_is_one_short_line(message, expected, actual):
    text_shown = str(Error(message, expected=expected, actual=actual))
    assert text_shown.isprintable()
    assert len(text_shown) < 3000
    text_shown.encode("utf-8")


def test_a_long_message_is_shortened_at_its_end():
    text_shown = str(Error("beginning" + "x" * 10000))
    assert text_shown.startswith("beginningxxx")
    assert text_shown.endswith("x...")
    assert len(text_shown) == 2000
    assert str(Error("x" * 2000)) == "x" * 2000
    assert str(Error("m", actual="y" * 200)) == f"m (got {'y' * 200})"
    assert str(Error("m", actual="y" * 201)) == f"m (got {'y' * 197}...)"


# ---- shown and excerpt -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, text_shown",
    [
        ("plain", "plain"),
        ("caf\u00e9 \u20ac \u65e5", "caf\u00e9 \u20ac \u65e5"),
        ("a\nb", "a\\nb"),
        ("\x1b[0m", "\\x1b[0m"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("'quoted'", "'quoted'"),
        (b"a\n", "b'a\\n'"),
        (5, "5"),
        (None, "None"),
        (["a\n"], "['a\\n']"),
        ("", ""),
    ],
)
def test_shown(value, text_shown):
    assert shown(value) == text_shown


@pytest.mark.parametrize("limit", [3, 4, 10, 200])
def test_shown_stays_within_its_limit(limit):
    assert shown("x" * limit, limit) == "x" * limit
    assert shown("x" * (limit + 1), limit) == "x" * (limit - 3) + "..."
    assert len(shown("\n" * limit, limit)) == limit
    assert shown("\n" * limit, limit).endswith("...")
    assert len(shown("\U000e0001" * 1000, limit)) == limit


@some
@given(any_text, st.integers(3, 50))
def test_shown_is_printable_and_within_its_limit(text, limit):
    assert shown(text, limit).isprintable()
    assert len(shown(text, limit)) <= limit


@pytest.mark.parametrize(
    "value",
    [Unshowable(), [Unshowable()], 10**5000, -(10**5000), [10**5000]],
    ids=["object", "list", "number", "negative", "list of a number"],
)
def test_shows_a_value_without_a_repr(value):
    assert shown(value).isprintable()
    assert 0 < len(shown(value)) <= 200
    error = UsageError("m", actual=value)
    assert str(error).startswith("m (got ")
    assert repr(error).startswith("UsageError(constraint: m (got ")


def test_excerpt():
    assert excerpt(b"") == ""
    assert excerpt(b"short\r\n") == "short\\r\\n"
    assert excerpt(bytearray(b"short")) == excerpt(memoryview(b"short")) == "short"
    assert excerpt(b"x" * 64) == "x" * 64
    assert excerpt(b"x" * 65) == "x" * 64 + "..."
    assert excerpt(b"abcdef", 3) == "abc..."
    assert excerpt(b"caf\xc3\xa9") == "caf\u00e9"
    assert excerpt(b"\xff\xfe") == "\ufffd\ufffd"


@some
@given(st.binary(max_size=200), st.integers(2, 80))
def test_excerpt_is_one_short_line(data, limit):
    assert excerpt(data, limit) == "" or excerpt(data, limit).isprintable()
    assert len(excerpt(data, limit)) <= 2 * limit + 3
    assert (len(data) > limit) <= excerpt(data, limit).endswith("...")


# ---- pickling and copying ----------------------------------------------------------------------

EVIDENCE = {
    "kind": "other",
    "rule": "EVS-014",
    "offset": 0,
    "expected": b"\0",
    "actual": ("a", 1),
    "code": "Code",
    "status": 424,
    "request_id": "r",
    "retryable": True,
    "messages": ((1, 2),),
    "events": ("e",),
    "buffered": b"b",
    "body": b"<",
    "fault": True,
    "headers": (("a", "b"),),
    "canonical_request": "c",
    "string_to_sign": "s",
}


@for_each("cls", CLASSES)
@for_each(
    "way",
    [copy.copy, copy.deepcopy]
    + [
        lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ],
)
def test_a_copy_keeps_every_attribute(cls, way):
    for error in (cls("said\n", **EVIDENCE), cls(), cls("said")):
        again = way(error)
        assert type(again) is cls
        assert again is not error
        assert vars(again) == vars(error)
        assert again.args == error.args
        assert (str(again), repr(again), again.evidence()) == (
            str(error),
            repr(error),
            error.evidence(),
        )


@pytest.mark.parametrize("cls", CLASSES)
def test_evidence_becomes_attributes(cls):
    error = cls("said", **EVIDENCE)
    assert {name: getattr(error, name) for name in EVIDENCE} == EVIDENCE


# ---- require_type ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, expected",
    [
        (1, int),
        (0, int),
        (10**100, int),
        (True, bool),
        (False, bool),
        ("", str),
        (b"", bytes),
        ([], list),
        (None, type(None)),
        (True, object),
    ],
)
def test_require_type_accepts(value, expected):
    assert require_type(value, expected, "it") is None


class SomeInt(int):
    pass


def test_require_type_accepts_a_subclass():
    assert require_type(SomeInt(5), int, "it") is None


@pytest.mark.parametrize(
    "value, expected",
    [
        (True, int),
        (False, int),
        (1, bool),
        (0, bool),
        (1.0, int),
        ("1", int),
        (None, int),
        (b"", str),
        ("", bytes),
        (bytearray(b""), bytes),
        (None, str),
        ((), list),
        (Unshowable(), str),
    ],
)
def test_require_type_rejects(value, expected):
    with pytest.raises(UsageError) as caught:
        require_type(value, expected, "the name", rule="EVS-999")
    error = caught.value
    assert (error.kind, error.rule, error.expected, error.actual) == (
        "type",
        "EVS-999",
        expected.__name__,
        type(value).__name__,
    )
    assert (
        str(error) == f"the name has the wrong type (expected {expected.__name__}, "
        f"got {type(value).__name__}, rule EVS-999)"
    )


def test_require_type_never_shows_the_value():
    with pytest.raises(UsageError) as caught:
        require_type("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", bytes, "secret_key")
    error = caught.value
    assert "wJalr" not in str(error) + repr(error) + repr(vars(error)) + repr(error.args)
    assert error.rule is None


def test_plain_bytes():
    data = b"abc"
    assert plain_bytes(data) is data
    for other in (bytearray(data), memoryview(data), memoryview(b"xcba")[3:0:-1]):
        assert plain_bytes(other) == data and type(plain_bytes(other)) is bytes
    for wrong in ("abc", None, 5, [97], object()):
        with pytest.raises(UsageError) as caught:
            plain_bytes(wrong, "the body", "SIG-019")
        assert (caught.value.kind, caught.value.rule) == ("type", "SIG-019")
        assert caught.value.message == "the body has the wrong type"
    released = memoryview(data)
    released.release()
    with pytest.raises(UsageError, match="the body is a released memoryview"):
        plain_bytes(released, "the body")


# ---- declared evidence -------------------------------------------------------------------------

PACKAGE = pathlib.Path(errors.__file__).parent


def evidence_in(source):
    """Yield the line and the name of each attribute that a source sets on an error."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called in ERROR_NAMES:
                yield from ((node.lineno, keyword.arg) for keyword in node.keywords if keyword.arg)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") == "error":
                    yield node.lineno, target.attr


ERROR_NAMES = {cls.__name__ for cls in CLASSES}
DECLARED = {name for cls in CLASSES for name in cls.__annotations__ if name in dir(cls)}


@pytest.mark.slow
@for_each("path", sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")))
def test_evidence_is_declared(path):
    source = (PACKAGE / path).read_text("utf-8")
    undeclared = [
        (line, name) for line, name in evidence_in(source) if name not in DECLARED | {"message"}
    ]
    assert not undeclared


@pytest.mark.slow
def test_every_declared_attribute_has_a_type_and_is_used():
    used = {
        name for path in PACKAGE.rglob("*.py") for _, name in evidence_in(path.read_text("utf-8"))
    }
    assert {"member", "offset", "expected", "actual", "rule", "unread", "results"} <= used
    for cls in CLASSES:
        own = {
            name
            for name, value in vars(cls).items()
            if not name.startswith("_") and not callable(value)
        }
        assert own - {"kind"} <= set(cls.__annotations__)
