# SPDX-License-Identifier: MIT
"""Tests of refimpl/shapes.py: the operation's shapes as tables, values and exceptions.

The tests compare each row of the tables with the facts written out here, and with botocore's copy
of the service model if botocore is installed. They check every constraint of the input on both
sides of each limit. Values: equality, hash, immutability, repr without sensitive members, pickle
and copy. Errors: values that can be raised, with traceback, cause and notes. Every member of every
shape rejects every kind of wrong value.
"""

import copy
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errors import DocumentError, Error, ServiceError, UsageError
from refimpl.fields import INT32_MAX, INT32_MIN
from refimpl.shapes import (
    DATA_TYPES,
    ERRORS,
    EVENTS,
    EXCEPTIONS,
    HEADER,
    MODELLED_BODY_LIMIT,
    InternalFailure,
    InternalStreamFailure,
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    ModelError,
    ModelStreamError,
    OperationError,
    PayloadPart,
    ResponseStream,
    ServiceUnavailable,
    Shape,
    UnknownOperationError,
    ValidationError,
)
from tests.properties import examples
from tests.rows import for_each

some = examples(200)
any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=80)

VALUE_SHAPES = [
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    ResponseStream,
    PayloadPart,
]
ERROR_SHAPES = [
    ModelStreamError,
    InternalStreamFailure,
    InternalFailure,
    ServiceUnavailable,
    ValidationError,
    ModelError,
    UnknownOperationError,
]
SHAPES = VALUE_SHAPES + ERROR_SHAPES
MEMBERS = [(shape, field) for shape in SHAPES for field in shape.fields]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
WAYS = [copy.copy, copy.deepcopy] + [
    lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol))
    for protocol in PROTOCOLS
]


def member_id(value):
    return value.__name__ if isinstance(value, type) else getattr(value, "member", None)


def some_value(field, other=False):
    """Return a value of the field's type; with `other`, a different one."""
    if field.type.kind == "structure":
        return field.type.shape(
            **{row.attribute: some_value(row, other) for row in field.type.shape.fields}
        )
    return {
        "string": "text" if not other else "other",
        "blob": b"secret" if not other else b"other",
        "integer": 5 if not other else 6,
        "events": (PayloadPart(bytes=b"secret"),) if not other else (),
    }[field.type.kind]


def full(shape):
    return {field.attribute: some_value(field) for field in shape.fields}


def refusal(call, *arguments, **members):
    with pytest.raises(UsageError) as caught:
        call(*arguments, **members)
    return caught.value


# ---- the tables --------------------------------------------------------------------------------

NAME = "[a-zA-Z0-9](-*[a-zA-Z0-9])*"
ASCII = r"[\x00-\x7f]*"
PRINT = r"\S[\x20-\x7e]*"
X = "X-Amzn-SageMaker-"

# attribute, member, type, location, wire name, required, min, max, pattern, sensitive
TABLES = {
    InvokeEndpointWithResponseStreamInput: [
        (
            "endpoint_name",
            "EndpointName",
            "EndpointName",
            "uri",
            "EndpointName",
            True,
            0,
            63,
            NAME,
            False,
        ),
        ("body", "Body", "BodyBlob", "payload", "Body", True, 0, None, None, True),
        (
            "content_type",
            "ContentType",
            "Header",
            "header",
            "Content-Type",
            False,
            0,
            1024,
            ASCII,
            False,
        ),
        ("accept", "Accept", "Header", "header", X + "Accept", False, 0, 1024, ASCII, False),
        (
            "custom_attributes",
            "CustomAttributes",
            "CustomAttributesHeader",
            "header",
            X + "Custom-Attributes",
            False,
            0,
            1024,
            ASCII,
            True,
        ),
        (
            "target_variant",
            "TargetVariant",
            "TargetVariantHeader",
            "header",
            X + "Target-Variant",
            False,
            0,
            63,
            NAME,
            False,
        ),
        (
            "target_container_hostname",
            "TargetContainerHostname",
            "TargetContainerHostnameHeader",
            "header",
            X + "Target-Container-Hostname",
            False,
            0,
            63,
            NAME,
            False,
        ),
        (
            "inference_id",
            "InferenceId",
            "InferenceId",
            "header",
            X + "Inference-Id",
            False,
            1,
            64,
            PRINT,
            False,
        ),
        (
            "inference_component_name",
            "InferenceComponentName",
            "InferenceComponentHeader",
            "header",
            X + "Inference-Component",
            False,
            0,
            63,
            r"[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?",
            False,
        ),
        (
            "session_id",
            "SessionId",
            "SessionIdHeader",
            "header",
            X + "Session-Id",
            False,
            0,
            256,
            NAME,
            False,
        ),
        (
            "prefix_aware_id",
            "PrefixAwareId",
            "PrefixAwareIdHeader",
            "header",
            X + "Prefix-Aware-Id",
            False,
            1,
            64,
            PRINT,
            False,
        ),
    ],
    InvokeEndpointWithResponseStreamOutput: [
        ("body", "Body", "ResponseStream", "payload", "Body", False, 0, None, None, False),
        (
            "content_type",
            "ContentType",
            "Header",
            "header",
            X + "Content-Type",
            False,
            0,
            1024,
            ASCII,
            False,
        ),
        (
            "invoked_production_variant",
            "InvokedProductionVariant",
            "Header",
            "header",
            "x-Amzn-Invoked-Production-Variant",
            False,
            0,
            1024,
            ASCII,
            False,
        ),
        (
            "custom_attributes",
            "CustomAttributes",
            "CustomAttributesHeader",
            "header",
            X + "Custom-Attributes",
            False,
            0,
            1024,
            ASCII,
            True,
        ),
    ],
    ResponseStream: [
        (
            "payload_part",
            "PayloadPart",
            "PayloadPart",
            "body",
            "PayloadPart",
            False,
            0,
            None,
            None,
            False,
        ),
        (
            "model_stream_error",
            "ModelStreamError",
            "ModelStreamError",
            "body",
            "ModelStreamError",
            False,
            0,
            None,
            None,
            False,
        ),
        (
            "internal_stream_failure",
            "InternalStreamFailure",
            "InternalStreamFailure",
            "body",
            "InternalStreamFailure",
            False,
            0,
            None,
            None,
            False,
        ),
    ],
    PayloadPart: [("bytes", "Bytes", "PartBlob", "body", "Bytes", False, 0, None, None, True)],
    ModelStreamError: [
        ("message", "Message", "Message", "body", "Message", False, 0, 2048, None, False),
        ("error_code", "ErrorCode", "ErrorCode", "body", "ErrorCode", False, 0, None, None, False),
    ],
    ModelError: [
        ("message", "Message", "Message", "body", "Message", False, 0, 2048, None, False),
        (
            "original_status_code",
            "OriginalStatusCode",
            "StatusCode",
            "body",
            "OriginalStatusCode",
            False,
            0,
            None,
            None,
            False,
        ),
        (
            "original_message",
            "OriginalMessage",
            "Message",
            "body",
            "OriginalMessage",
            False,
            0,
            2048,
            None,
            False,
        ),
        (
            "log_stream_arn",
            "LogStreamArn",
            "LogStreamArn",
            "body",
            "LogStreamArn",
            False,
            0,
            None,
            None,
            False,
        ),
    ],
    UnknownOperationError: [
        ("code", "Code", "ErrorCode", "body", "Code", False, 0, None, None, False),
        ("payload", "Payload", "Payload", "body", "Payload", False, 0, None, None, True),
    ],
}
for _shape in (InternalStreamFailure, InternalFailure, ServiceUnavailable, ValidationError):
    TABLES[_shape] = [
        ("message", "Message", "Message", "body", "Message", False, 0, 2048, None, False)
    ]


def row(field):
    kind = field.type
    return (
        field.attribute,
        field.member,
        kind.name,
        field.location,
        field.wire_name,
        field.required,
        kind.min_length,
        kind.max_length,
        kind.pattern,
        kind.sensitive,
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_the_table_of_each_shape(shape):
    assert [row(field) for field in shape.fields] == TABLES[shape]


def test_every_shape_is_tested():
    def below(shape):
        return [shape] + [child for each in shape.__subclasses__() for child in below(each)]

    assert {shape for shape in below(Shape) if shape.__module__ == "refimpl.shapes"} == set(
        SHAPES
    ) | {Shape, OperationError}
    assert Shape.fields == ()


def test_the_unions():
    assert set(EVENTS) == {"PayloadPart"}
    assert dict(EXCEPTIONS) == {
        "ModelStreamError": ModelStreamError,
        "InternalStreamFailure": InternalStreamFailure,
    }
    assert dict(ERRORS) == {
        shape.__name__: shape for shape in ERROR_SHAPES if shape is not UnknownOperationError
    }


@pytest.mark.parametrize("payload", [b"", b"a", b"\xff" * 1000])
def test_an_event_is_made_of_a_payload(payload):
    event = EVENTS["PayloadPart"](payload)
    assert type(event) is PayloadPart
    assert event == PayloadPart(bytes=payload) and hash(event) == hash(PayloadPart(bytes=payload))
    assert event.bytes is payload
    for way in WAYS:
        assert way(event) == event
    with pytest.raises(AttributeError):
        event.bytes = b""


def test_statuses_errors_and_kinds():
    assert {
        shape.__name__: (shape.modelled_status, shape.fault, shape.kind) for shape in ERROR_SHAPES
    } == {
        "ModelStreamError": (None, False, "exception"),
        "InternalStreamFailure": (None, True, "exception"),
        "InternalFailure": (500, True, "service_error"),
        "ServiceUnavailable": (503, True, "service_error"),
        "ValidationError": (400, False, "service_error"),
        "ModelError": (424, False, "service_error"),
        "UnknownOperationError": (None, False, "service_error"),
    }


# ---- the tables and botocore's copy of the service model ---------------------------------------


@pytest.fixture(scope="module")
def model():
    loaders = pytest.importorskip("botocore.loaders", reason="botocore is not installed")
    return loaders.Loader().load_service_model("sagemaker-runtime", "service-2")


def pattern_of(modelled):
    """Translate a pattern of the model: remove anchors, replace POSIX classes."""
    if modelled is None:
        return None
    text = modelled.replace(r"[\p{Print}]", r"[\x20-\x7e]").replace(r"\p{ASCII}", r"[\x00-\x7f]")
    for anchor in ("^", r"\A"):
        text = text[len(anchor) :] if text.startswith(anchor) else text
    for anchor in ("$", r"\z"):
        text = text[: -len(anchor)] if text.endswith(anchor) else text
    return text


FORM_OF = {"string": "string", "blob": "blob", "integer": "integer", "structure": "events"}


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape is not UnknownOperationError])
def test_the_tables_are_those_of_the_service_model(model, shape):
    if "PrefixAwareIdHeader" not in model["shapes"]:
        pytest.skip("this botocore's model is older than PrefixAwareId")
    modelled = model["shapes"][shape.__name__]
    assert [field.member for field in shape.fields] == sorted(
        modelled["members"], key=[field.member for field in shape.fields].index
    )
    for field in shape.fields:
        member = modelled["members"][field.member]
        kind = model["shapes"][member["shape"]]
        location = member.get(
            "location", "payload" if modelled.get("payload") == field.member else "body"
        )
        assert (field.type.name, field.location) == (member["shape"], location)
        assert field.wire_name == member.get("locationName", field.member)
        assert field.type.kind == (
            "structure" if shape is ResponseStream else FORM_OF[kind["type"]]
        )
        assert field.type.sensitive == kind.get("sensitive", False)
        assert field.type.pattern == pattern_of(kind.get("pattern"))
        assert field.type.min_length == kind.get("min", 0)
        # A longer body only causes a warning, so the limit is not a constraint of the row.
        assert field.type.max_length == (None if field.type.name == "BodyBlob" else kind.get("max"))
        # The output's body is optional, because reading only the headers gives none.
        required = field.member in modelled.get("required", ())
        assert field.required == (
            required and (shape, field.member) != (InvokeEndpointWithResponseStreamOutput, "Body")
        )
    assert model["shapes"]["BodyBlob"]["max"] == MODELLED_BODY_LIMIT == 6291456


def test_the_errors_are_those_of_the_service_model(model):
    operation = model["operations"]["InvokeEndpointWithResponseStream"]
    assert sorted(error["shape"] for error in operation["errors"]) == sorted(ERRORS)
    for name, shape in ERRORS.items():
        modelled = model["shapes"][name]
        assert modelled["exception"] is True
        assert shape.modelled_status == modelled.get("error", {}).get("httpStatusCode")
        assert shape.fault == modelled.get("fault", False)


def test_the_union_is_that_of_the_service_model(model):
    union = model["shapes"]["ResponseStream"]
    assert union["eventstream"] is True
    members = {name: model["shapes"][member["shape"]] for name, member in union["members"].items()}
    assert sorted(name for name, member in members.items() if member.get("event")) == sorted(EVENTS)
    assert sorted(name for name, member in members.items() if member.get("exception")) == sorted(
        EXCEPTIONS
    )
    assert members["PayloadPart"]["members"]["Bytes"]["eventpayload"] is True


# ---- constraints of the input ------------------------------------------------------------------


def names(limit):
    fits = [
        "a",
        "Z",
        "0",
        "a-b",
        "a--b",
        "a-b-c9",
        "a" * limit,
        "a" + "-" * (limit - 2) + "b",
        "9" * (limit - 1) + "z",
        "NEW-SESSION",
    ]
    fails = [
        "",
        "-",
        "-a",
        "a-",
        "a--",
        "a" * (limit + 1),
        "a" * (limit - 1) + "-",
        "a\n",
        "\na",
        "a\n\n",
        "a\r\n",
        " a",
        "a ",
        "a b",
        "a_b",
        "a.b",
        "a/b",
        "../a",
        "a%2Fb",
        "a?b",
        "a#b",
        "\u00e9",
        "\u0663",
        "\uff41",
        "\u0131",
        "\u212a",
        "a\u0301",
        "a\0",
        "\ud800",
        "NEW_SESSION",
    ]
    return fits, fails


PRINTABLE = (
    ["a", "!", "~", "a b", "a ", "a  ~", "!" * 64, "\u00e9", "\u20ac b", "\x01", "\x7f a"],
    [
        "",
        " ",
        " a",
        "\ta",
        "\na",
        "\ra",
        "\x0ba",
        "\x0ca",
        "a\n",
        "a\t",
        "a\x7f",
        "a\x1f",
        "a\u00e9",
        "a\u00a0",
        "a" * 65,
        "a\ud800",
    ],
)
ANY_ASCII = (
    ["", " ", "\x00", "\x7f", "\n", "a" * 1024, "\n" * 1024],
    ["\x80", "\u00e9", "a\u0100", "\ud800", "a" * 1025, "\n" * 1025],
)
CONSTRAINTS = {
    "endpoint_name": names(63),
    "target_variant": names(63),
    "target_container_hostname": names(63),
    "inference_component_name": names(63),
    "session_id": names(256),
    "inference_id": PRINTABLE,
    "prefix_aware_id": PRINTABLE,
    "content_type": ANY_ASCII,
    "accept": ANY_ASCII,
    "custom_attributes": ANY_ASCII,
}
CASES = [
    (field, value, fits)
    for field in InvokeEndpointWithResponseStreamInput.fields
    if field.attribute in CONSTRAINTS
    for fits, values in zip((True, False), CONSTRAINTS[field.attribute])
    for value in values
]


def call_with(**members):
    return InvokeEndpointWithResponseStreamInput(
        **dict({"endpoint_name": "llm", "body": b""}, **members)
    )


def test_every_string_of_the_input_has_its_cases():
    strings = {
        field.attribute
        for field in InvokeEndpointWithResponseStreamInput.fields
        if field.type.kind == "string"
    }
    assert set(CONSTRAINTS) == strings
    for field in InvokeEndpointWithResponseStreamInput.fields:
        if field.attribute in CONSTRAINTS:
            fits, fails = CONSTRAINTS[field.attribute]
            assert max(
                map(len, fits)
            ) == field.type.max_length and field.type.max_length + 1 in map(len, fails)
            assert min(map(len, fits)) >= field.type.min_length


@for_each(
    "field, value, fits", CASES, ids=lambda value: value.member if isinstance(value, tuple) else ""
)
def test_a_constraint_of_the_input(field, value, fits):
    call = call_with(
        **{field.attribute: value}
    )  # constraints are checked when a value is used, not when it is made
    if fits:
        assert call.validate() is None
        return
    error = refusal(call.validate)
    assert (error.kind, error.rule, error.member) == ("constraint", "HTTP-005", field.member)
    told = str(error)
    assert f"InvokeEndpointWithResponseStreamInput.{field.member} " in told
    rule = (
        "characters"
        if len(value) > field.type.max_length or len(value) < field.type.min_length
        else field.type.pattern
    )
    assert rule in told
    assert told.isprintable()
    assert ("<hidden>" in told) == field.type.sensitive


def test_a_sensitive_value_is_never_shown():
    for value in ("sec\u00e9ret" * 2, "secret" * 200):
        error = refusal(call_with(custom_attributes=value).validate)
        for told in (
            str(error),
            repr(error),
            repr(vars(error)),
            repr(error.args),
            "".join(traceback.format_exception_only(UsageError, error)),
        ):
            assert "secret" not in told and "sec\u00e9" not in told and "\\xe9" not in told
        assert "CustomAttributes" in str(error)
    assert "not_a_name" in str(refusal(call_with(endpoint_name="not_a_name").validate))


@pytest.mark.parametrize("missing", ["endpoint_name", "body"])
def test_required_members_of_the_input(missing):
    error = refusal(call_with(**{missing: None}).validate)
    assert (error.kind, error.rule) == ("constraint", "HTTP-004")
    assert error.member == {"endpoint_name": "EndpointName", "body": "Body"}[missing]
    assert error.member in str(error) and "required" in str(error)


def test_a_body_has_no_length_that_is_rejected():
    assert call_with(body=b"").validate() is None
    assert call_with(body=b"x" * (MODELLED_BODY_LIMIT + 1)).validate() is None


@pytest.mark.parametrize(
    "shape", [shape for shape in SHAPES if shape is not InvokeEndpointWithResponseStreamInput]
)
def test_output_and_errors_require_no_member(shape):
    assert shape().validate() is None
    assert shape(**full(shape)).validate() is None


def test_constraints_of_what_comes_back():
    assert ModelError(message="m" * 2048, original_message="\u20ac" * 2048).validate() is None
    assert refusal(ModelError(message="m" * 2049).validate).member == "Message"
    assert refusal(ModelError(original_message="m" * 2049).validate).member == "OriginalMessage"
    assert (
        refusal(InvokeEndpointWithResponseStreamOutput(content_type="\u00e9").validate).member
        == "ContentType"
    )
    hidden = refusal(
        InvokeEndpointWithResponseStreamOutput(custom_attributes="sec\u00e9ret").validate
    )
    assert (
        hidden.member == "CustomAttributes"
        and "ret" not in str(hidden).replace("CustomAttributes", "").partition("got")[2]
    )


# ---- members -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_an_absent_member_is_none(shape):
    value = shape()
    assert [getattr(value, field.attribute) for field in shape.fields] == [None] * len(shape.fields)
    assert value == shape(**{field.attribute: None for field in shape.fields})


@for_each("shape, field", MEMBERS, ids=member_id)
def test_a_member_keeps_its_value(shape, field):
    given_value = some_value(field)
    assert getattr(shape(**{field.attribute: given_value}), field.attribute) is given_value


class Unshowable:
    def __repr__(self):
        raise RuntimeError("not to be shown")


WRONG = {
    "string": [b"a", 1, True, 1.5, ("a",), ["a"], Unshowable()],
    "blob": ["a", bytearray(b"a"), memoryview(b"a"), 1, [1], (), Unshowable()],
    "integer": ["1", b"1", 1.0, True, False, (), float("nan"), Unshowable()],
    "events": [[], "a", b"a", 1, {}, PayloadPart(), iter(()), Unshowable()],
    "structure": [[], "a", b"a", 1, {}, (), InternalFailure(), PayloadPart, Unshowable()],
}


@for_each("shape, field", MEMBERS, ids=member_id)
def test_a_member_of_the_wrong_type(shape, field):
    for wrong in WRONG[field.type.kind]:
        error = refusal(shape, **{field.attribute: wrong})
        assert (error.kind, error.actual) == ("type", type(wrong).__name__)
        assert str(error).startswith(f"{shape.__name__}.{field.member} has the wrong type")


def test_a_stream_is_a_tuple_of_its_events():
    """ResponseStream is a union of three shapes; the tuple must contain nothing else."""
    good = (PayloadPart(bytes=b"a"), ModelStreamError(), InternalStreamFailure())
    assert InvokeEndpointWithResponseStreamOutput(body=good).body == good
    for junk in (
        "text",
        b"bytes",
        5,
        [],
        {},
        None,
        Exception("no shape"),
        UsageError("no event"),
        InternalFailure(),
        PayloadPart,
    ):
        for body in ((junk,), good + (junk,)):
            assert refusal(InvokeEndpointWithResponseStreamOutput, body=body).kind == "type"


@pytest.mark.parametrize(
    "shape, field", [pair for pair in MEMBERS if pair[1].type.kind == "integer"], ids=member_id
)
def test_an_integer_is_an_int32(shape, field):
    for fits in (INT32_MIN, -1, 0, INT32_MAX):
        assert getattr(shape(**{field.attribute: fits}), field.attribute) == fits
    for fails in (INT32_MIN - 1, INT32_MAX + 1, 10**40):
        error = refusal(shape, **{field.attribute: fails})
        assert (error.kind, error.rule, error.member) == ("constraint", "HTTP-005", field.member)
        assert f"{shape.__name__}.{field.member} is not an int32" in str(error)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_member_that_there_is_not(shape):
    for unknown in ("Body", "nothing", "status", "kind", "__class__", "\u00e9", "fields"):
        error = refusal(shape, **{unknown: "secret"})
        assert (error.kind, error.rule, error.actual) == ("type", "HTTP-003", unknown)
        assert str(error).startswith(f"unknown member of {shape.__name__}")
        assert all(field.attribute in error.expected for field in shape.fields)
        assert "secret" not in str(error) + repr(vars(error))
    assert refusal(shape, zzz=1, aaa=2).actual == "aaa, zzz"
    with pytest.raises(TypeError):
        shape("a")  # only by keyword


# ---- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_members_make_equal_values(shape):
    one, same = shape(**full(shape)), shape(**full(shape))
    assert (one == same, one != same) == (True, False)
    assert hash(one) == hash(same)
    assert {one: 1}[same] == 1
    assert len({one, same, shape()}) == 2
    assert one != shape() and shape() == shape()


@for_each("shape, field", MEMBERS, ids=member_id)
def test_every_member_counts(shape, field):
    members = full(shape)
    changed = shape(**dict(members, **{field.attribute: some_value(field, other=True)}))
    assert (changed == shape(**members), changed != shape(**members)) == (False, True)
    assert shape(**dict(members, **{field.attribute: None})) != shape(**members)
    assert hash(changed) != hash(shape(**members))  # a collision has a probability of 2**-61


def test_values_of_different_shapes_differ():
    alike = [
        shape(message="m")
        for shape in (InternalStreamFailure, InternalFailure, ServiceUnavailable, ValidationError)
    ]
    assert len(set(alike)) == len(alike)
    assert len({hash(one) for one in alike}) == len(alike)  # the hash depends on the type
    for one in alike:
        assert [other for other in alike if other == one] == [one]

    class Derived(PayloadPart):
        pass

    assert Derived(bytes=b"a") != PayloadPart(bytes=b"a")
    assert PayloadPart(bytes=b"a") != b"a" and PayloadPart() is not None
    assert (PayloadPart() == 5) is False and (PayloadPart() != 5) is True
    assert PayloadPart().__eq__(5) is NotImplemented


@for_each("shape, field", MEMBERS, ids=member_id)
def test_members_cannot_be_changed(shape, field):
    value = shape(**full(shape))
    with pytest.raises(AttributeError, match=f"{shape.__name__} is immutable"):
        setattr(value, field.attribute, some_value(field, other=True))
    with pytest.raises(AttributeError, match=f"{shape.__name__} is immutable"):
        delattr(value, field.attribute)
    assert value == shape(**full(shape))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_member_cannot_be_deleted(shape):
    value = shape()
    for name in ("nothing", "fields", "validate", "__dict__", "kind"):
        with pytest.raises(AttributeError, match="immutable"):
            delattr(value, name)


@pytest.mark.parametrize("shape", VALUE_SHAPES)
def test_an_attribute_cannot_be_added(shape):
    value = shape()
    for name in ("nothing", "fields", "validate", "__class__", "__dict__"):
        with pytest.raises(AttributeError, match=f"{shape.__name__} is immutable"):
            setattr(value, name, {})


@for_each("way", WAYS)
@for_each("shape", SHAPES)
def test_a_copy_is_equal(shape, way):
    for value in (shape(), shape(**full(shape))):
        again = way(value)
        assert type(again) is shape and again is not value
        assert again == value and hash(again) == hash(value) and repr(again) == repr(value)
        with pytest.raises(AttributeError):
            setattr(again, shape.fields[0].attribute, None)


# ---- repr --------------------------------------------------------------------------------------


def test_repr():
    assert repr(PayloadPart(bytes=b"secret")) == "PayloadPart(bytes=<6 bytes>)"
    assert repr(PayloadPart()) == "PayloadPart()"
    assert repr(
        InvokeEndpointWithResponseStreamInput(
            endpoint_name="llm", body=b"secret", custom_attributes="secret"
        )
    ) == (
        "InvokeEndpointWithResponseStreamInput(endpoint_name='llm', body=<6 bytes>, "
        "custom_attributes=<hidden>)"
    )
    assert repr(
        InvokeEndpointWithResponseStreamOutput(
            body=(PayloadPart(bytes=b"secret"), PayloadPart()), content_type="a\n"
        )
    ) == (
        "InvokeEndpointWithResponseStreamOutput(body=(PayloadPart(bytes=<6 bytes>), "
        "PayloadPart()), content_type='a\\n')"
    )
    assert (
        repr(ModelError(message="m", original_status_code=0))
        == "ModelError(message='m', original_status_code=0)"
    )
    assert (
        repr(UnknownOperationError(code="C", payload="secret"))
        == "UnknownOperationError(code='C', payload=<hidden>)"
    )


@for_each("shape, field", MEMBERS, ids=member_id)
def test_repr_shows_a_member_unless_it_is_sensitive(shape, field):
    nested = field.type.shape if field.type.kind == "structure" else PayloadPart
    seen = {"string": "seen\u00e9", "blob": b"seen", "integer": 1234567}
    shown = dict(
        seen,
        events=(PayloadPart(bytes=b"seen"),),
        structure=nested(**{row.attribute: seen[row.type.kind] for row in nested.fields}),
    )[field.type.kind]
    told = repr(shape(**{field.attribute: shown}))
    assert told.startswith(f"{shape.__name__}({field.attribute}=")
    hidden = (
        field.type.sensitive
        or field.type.kind in ("blob", "events")
        or nested is PayloadPart
        and field.type.kind == "structure"
    )
    assert ("seen" in told or "1234567" in told) == (not hidden)


# ---- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ERROR_SHAPES)
def test_an_error_is_an_exception_of_the_tree(shape):
    assert (
        issubclass(shape, ServiceError)
        and issubclass(shape, Error)
        and issubclass(shape, OperationError)
    )
    with pytest.raises(shape) as caught:
        raise shape(**full(shape))
    assert caught.value == shape(**full(shape))


@pytest.mark.parametrize("shape", ERROR_SHAPES)
def test_an_error_keeps_traceback_cause_and_context(shape):
    def fail():
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise shape(**full(shape)) from inner

    with pytest.raises(shape) as caught:
        fail()
    error = caught.value
    assert isinstance(error.__cause__, KeyError) and error.__suppress_context__ is True
    told = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert "in fail" in told and "inner" in told and shape.__name__ in told
    with pytest.raises(shape):
        raise error.with_traceback(None)
    error.__cause__ = None
    error.__context__ = ValueError("another")
    error.__traceback__ = None
    assert error == shape(**full(shape))  # the traceback is not part of the value


@pytest.mark.parametrize("shape", ERROR_SHAPES)
def test_an_error_takes_notes_and_evidence(shape):
    error = shape(**full(shape))
    if hasattr(error, "add_note"):  # 3.11
        error.add_note("while asked for it")
        assert error.__notes__ == ["while asked for it"]
        assert copy.copy(error).__notes__ == ["while asked for it"]
        assert pickle.loads(pickle.dumps(error)).__notes__ == ["while asked for it"]
    error.status, error.request_id, error.retryable, error.body = 424, "r-1", True, b"raw"
    error.headers = (("a", "b"),)
    again = pickle.loads(pickle.dumps(error))
    assert (again.status, again.request_id, again.retryable, again.body, again.headers) == (
        424,
        "r-1",
        True,
        b"raw",
        (("a", "b"),),
    )
    assert vars(again) == vars(error)
    assert error == shape(**full(shape))  # the members are the value; the rest is evidence
    assert "HTTP 424" in str(error) and "r-1" in str(error)


@pytest.mark.parametrize("shape", ERROR_SHAPES)
def test_the_text_of_an_error(shape):
    if shape is UnknownOperationError:
        assert str(shape(code="Odd", payload="secret")) == "Odd: no message"
        assert str(shape()) == "no message"
        assert shape(code="Odd").message is None
        return
    assert shape().code == shape.__name__
    assert str(shape(message="it\nfailed")) == f"{shape.__name__}: it\\nfailed"
    assert str(shape()) == f"{shape.__name__}: no message"


@pytest.mark.parametrize("shape", ERROR_SHAPES)
def test_the_evidence_of_a_fresh_error_is_empty(shape):
    error = shape()
    assert (
        error.status,
        error.request_id,
        error.retryable,
        error.body,
        error.headers,
        error.events,
    ) == (None, None, False, b"", (), ())
    assert error.args == ()


# ---- any values --------------------------------------------------------------------------------

BY_FORM = {
    "string": st.one_of(st.none(), any_text),
    "blob": st.one_of(st.none(), st.binary(max_size=40)),
    "integer": st.one_of(st.none(), st.integers(INT32_MIN, INT32_MAX)),
    "events": st.one_of(
        st.none(),
        st.lists(st.binary(max_size=9).map(lambda data: PayloadPart(bytes=data)), max_size=3).map(
            tuple
        ),
    ),
}


def any_members(shape):
    return st.fixed_dictionaries({field.attribute: any_value(field) for field in shape.fields})


def any_value(field):
    if field.type.kind == "structure":
        return st.one_of(
            st.none(),
            any_members(field.type.shape).map(lambda members: field.type.shape(**members)),
        )
    return BY_FORM[field.type.kind]


any_shape = st.sampled_from(SHAPES).flatmap(
    lambda shape: any_members(shape).map(lambda members: (shape, members))
)


@pytest.mark.slow
@some
@given(any_shape)
def test_any_members_make_a_value(made):
    shape, members = made
    value = shape(**members)
    assert {name: getattr(value, name) for name in members} == members
    assert value == shape(**members) == copy.copy(value) == pickle.loads(pickle.dumps(value))
    assert hash(value) == hash(copy.deepcopy(value))
    repr(value)
    try:
        assert value.validate() is None
    except UsageError as error:
        assert str(error).isprintable()


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.just(()),
    st.just([]),
    st.builds(object),
)


@some
@given(
    st.sampled_from(SHAPES),
    st.dictionaries(
        st.sampled_from(
            sorted({field.attribute for _, field in MEMBERS} | {"other", "fields", "self_"})
        ),
        anything,
        max_size=4,
    ),
)
def test_anything_makes_a_value_or_a_usage_error(shape, members):
    try:
        value = shape(**members)
    except UsageError as error:
        assert error.kind in ("type", "constraint")
        return
    assert {name: getattr(value, name) for name in members} == members


# ---- documents ---------------------------------------------------------------------------------


def test_a_stream_of_the_seed_is_one_structure():
    stream = ResponseStream(
        internal_stream_failure=InternalStreamFailure(), payload_part=PayloadPart(bytes=b"hi")
    )
    assert stream.events == (PayloadPart(bytes=b"hi"), InternalStreamFailure())
    assert ResponseStream().events == ()
    assert stream.to_json() == '{"PayloadPart":{"Bytes":"aGk="},"InternalStreamFailure":{}}'
    assert ResponseStream.of_json(stream.to_json()) == stream
    assert (
        InvokeEndpointWithResponseStreamOutput.of_json(f'{{"Body":{stream.to_json()}}}').body
        == stream.events
    )


def test_make():
    assert PayloadPart.make(bytes=b"a") == PayloadPart(bytes=b"a")
    assert InvokeEndpointWithResponseStreamInput.make(endpoint_name="-").endpoint_name == "-"
    assert (
        refusal(
            InvokeEndpointWithResponseStreamInput.make, validate=True, endpoint_name="-", body=b""
        ).rule
        == "HTTP-005"
    )
    assert (
        refusal(InvokeEndpointWithResponseStreamOutput.make, True, content_type="\u20ac").rule
        == "HTTP-005"
    )
    long_message = ModelStreamError(message="m" * 2049)
    assert (
        refusal(
            InvokeEndpointWithResponseStreamOutput.make, True, body=(PayloadPart(), long_message)
        ).member
        == "Message"
    )


def test_every_type_by_its_name():
    assert {name for name, wanted in DATA_TYPES.items() if wanted.shape is not None} == {
        shape.__name__ for shape in SHAPES
    }
    assert {
        "PartBlob",
        "Header",
        "CustomAttributesHeader",
        "Message",
        "EndpointName",
        "StatusCode",
    } <= set(DATA_TYPES)
    for name, wanted in DATA_TYPES.items():
        assert wanted.name == name and wanted.kind != "events"
    assert DATA_TYPES["Header"] == HEADER


@pytest.mark.slow
@some
@given(any_shape)
def test_each_shape_survives_each_format(made):
    shape, members = made
    value = shape(**members)
    for write, read in (
        (value.to_json, shape.of_json),
        (value.to_xml, shape.of_xml),
        (value.to_xml, shape.of_string),
        (value.to_headers, lambda both: shape.of_header_and_body(*both)),
    ):
        try:
            document = write()
        except UsageError as error:
            assert error.kind in ("utf8", "constraint") and error.rule in (
                "SHP-014",
                "SHP-018",
                "SHP-024",
                "HTTP-008",
                "HTTP-011",
            )
        else:
            assert read(document) == value
    try:
        query = value.to_query()
    except UsageError as error:
        assert error.rule == "SHP-014"
        with pytest.raises(DocumentError):
            shape.of_value(value.to_value())
    else:
        assert shape.of_value(value.to_value()) == value
        assert shape.of_query(query) == shape.of_query(str(query))
