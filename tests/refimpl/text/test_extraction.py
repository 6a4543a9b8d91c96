# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/{extraction,containers,tolerant,growing}.py: what the model wrote.

Every text is extracted in every chunking, and nothing may depend on it: not the text of a channel,
not a warning, not the summary. The streams are written here as the containers write them.
The rules are TXT-044 and TXT-050 to TXT-057.
"""

import json
from typing import Any, List, NamedTuple, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.documents.json_format import ValueScanner
from refimpl.errors import ContainerError, Error, FrameError, TextError, UsageError
from refimpl.text import tolerant
from refimpl.text.containers import PRESETS, failure_of, paths_in, recognised
from refimpl.text.extraction import (
    MAX_EXTRACTED,
    Delta,
    ModelText,
    Summary,
    deltas_of,
    parse_extraction,
)
from refimpl.text.growing import GrowingString
from tests.properties import examples
from tests.support import chunkings, pieces


class Result(NamedTuple):
    """The joined deltas, the warnings, the error as text, and the summary without times."""

    text: Any
    warnings: List[str]
    error: Optional[str]
    summary: Summary


def extract_once(parts, where="auto", **options):
    warnings: List[str] = []
    joined: List[List[str]] = []
    error: Optional[Error] = None
    model_text = ModelText(parse_extraction(where), warn=warnings.append, **options)
    try:
        for delta in deltas_of(parts, model_text):
            assert delta.text
            delta.text.encode("utf-8")
            if joined and joined[-1][0] == delta.channel:
                joined[-1][1] += delta.text
            else:
                joined.append(list(delta))
    except Error as caught:
        error = caught
    summary = model_text.summary._replace(deltas=0)
    told = None if error is None else f"{type(error).__name__}: {error}"
    return Result(joined, warnings, told, summary), error


def extract(data, where="auto", **options):
    """Extract data in every chunking. The result must be the same."""
    result, _ = extract_once([data], where, **options)
    for name, parts in chunkings(data):
        assert extract_once(parts, where, **options)[0] == result, name
    return result


def text_of(result):
    return "".join(text for channel, text in result.text if channel == "text")


# ---- presets -------------------------------------------------------------------------------------

TGI = (
    b'data:{"index":1,"token":{"id":1,"text":"Hel","logprob":-0.1,"special":false},'
    b'"generated_text":null}\n\n'
    b'data:{"index":2,"token":{"id":2,"text":"lo","logprob":-0.1,"special":false},'
    b'"generated_text":null}\n\n'
    b'data:{"index":3,"token":{"id":3,"text":"</s>","logprob":-0.1,"special":true},'
    b'"generated_text":"Hello"}\n\n'
)
DJL = (
    b'{"token": {"id": 1, "text": "Hel", "log_prob": -0.1}}\n'
    b'{"token": {"id": 2, "text": "lo", "log_prob": -0.1}}\n'
    b'{"token": {"id": 3, "text": "", "log_prob": 0.0}, "details": {"finish_reason": "length"}, '
    b'"generated_text": "Hello"}\n'
)
OLD_DJL = b'{"outputs": ["Hel"]}\n{"outputs": ["lo"]}\n'
CHAT = (
    b'data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""},'
    b'"finish_reason":null}]}\n\n'
    b": ping\n\n"
    b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
    b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}]}\n\n'
    b'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"1","choices":[],"usage":{"total_tokens":9}}\n\ndata: [DONE]\n\n'
)
COMPLETION = (
    b'data: {"choices":[{"index":0,"text":"Hel"}]}\n\n'
    b'data: {"choices":[{"index":0,"text":"lo"}]}\n\n'
    b"data: [DONE]\n\n"
)


ANTHROPIC = (
    b'event: message_start\ndata: {"type":"message_start","message":{"role":"assistant"}}\n\n'
    b'event: ping\ndata: {"type":"ping"}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    b'"content_block":{"type":"text","text":""}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":"Hel"}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":"lo"}}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
    b'"usage":{"output_tokens":2}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)
NOVA = (
    b'{"messageStart":{"role":"assistant"}}\n'
    b'{"contentBlockDelta":{"delta":{"text":"Hel"},"contentBlockIndex":0}}\n'
    b'{"contentBlockDelta":{"delta":{"text":"lo"},"contentBlockIndex":0}}\n'
    b'{"messageStop":{"stopReason":"end_turn"}}\n{"metadata":{"usage":{"outputTokens":2}}}\n'
)
LLAMA = (
    b'{"generation":"Hel","stop_reason":null}\n{"generation":"lo","stop_reason":null}\n'
    b'{"generation":"","stop_reason":"stop"}\n'
)
GENERATED = b'[{"generated_text": "Hello"}]'
INDENTED = json.dumps([{"token": {"text": "Hel"}}, {"token": {"text": "lo"}}], indent=2).encode()


@pytest.mark.parametrize(
    "preset,data,recognised_as,finish_reason",
    [
        ("tgi", TGI, "djl", None),
        ("djl", DJL, "djl", "length"),
        ("lmi", DJL, "djl", "length"),
        ("djl", OLD_DJL, "djl", None),
        ("openai", CHAT, "openai", "stop"),
        ("vllm", CHAT, "openai", "stop"),
        ("sglang", CHAT, "openai", "stop"),
        ("tgi-openai", CHAT, "openai", "stop"),
        ("vllm", COMPLETION, "openai-completions", None),
        ("openai-completions", COMPLETION, "openai-completions", None),
        ("anthropic-messages", ANTHROPIC, "anthropic-messages", "end_turn"),
        ("nova", NOVA, "nova", "end_turn"),
        ("llama", LLAMA, "llama", "stop"),
        ("generated-text", GENERATED, "generated-text", None),
        ("djl", INDENTED, "djl", None),
    ],
)
def test_presets_extract_the_text_of_containers(preset, data, recognised_as, finish_reason):
    for where in (preset, "auto"):
        result = extract(data, where)
        assert (text_of(result), result.error) == ("Hello", None)
        assert result.summary.finish_reason == finish_reason
        assert result.summary.characters == 5
    assert result.summary.preset == recognised_as


def test_the_summary():
    result = extract(CHAT, "openai")
    assert result.warnings == [] and result.summary.complete and result.summary.end_marker
    assert result.summary.usage == {"total_tokens": 9} and result.summary.values == 5
    assert json.loads(json.dumps(result.summary.to_json()))["reasons"] == []
    times = iter([10.0, 10.5, 12.5])
    model_text = ModelText(parse_extraction("openai"), clock=lambda: next(times))
    assert list(deltas_of([CHAT], model_text)) == [Delta("text", "Hel"), Delta("text", "lo")]
    assert (model_text.summary.first_token, model_text.summary.tokens_per_second) == (0.5, 0.5)
    assert repr(Delta("text", "secret")) == "Delta(channel='text', text=<6 characters>)"


def test_yields_each_token_as_it_arrives():
    model_text = ModelText(parse_extraction("auto"))
    seen = [[delta.text for delta in model_text.feed(part)] for part in pieces(DJL, 7)]
    assert ["".join(texts) for texts in seen if texts] == ["Hel", "lo"] and not seen[0]


# ---- channels ------------------------------------------------------------------------------------

THINKING = (
    b'data: {"choices":[{"delta":{"content":null,"reasoning_content":"let me think"}}]}\n\n'
    b'data: {"choices":[{"delta":{"content":"so"}}]}\n\n'
    b'data: {"choices":[{"delta":{"tool_calls":[{"index":0}]},"finish_reason":"tool_calls"}]}\n\n'
    b"data: [DONE]\n\n"
)


def test_channels():
    tools = ["tools", '[{"index":0}]\n']
    assert extract(THINKING, channel="text").text == [["text", "so"]]
    assert extract(THINKING, channel="reasoning").text == [["reasoning", "let me think"]]
    assert extract(THINKING, channel="tools").text == [tools]
    assert extract(THINKING, channel="all").text == [
        ["reasoning", "let me think"],
        ["text", "so"],
        tools,
    ]
    with pytest.raises(UsageError):
        ModelText(parse_extraction("auto"), channel="audio")


def test_parts_of_unknown_type_are_reported():
    parts = [{"type": "image", "data": "x"}] * 7 + [{"type": "text", "text": "a"}]
    value = {"choices": [{"index": 0, "delta": {"content": parts}, "finish_reason": "stop"}]}
    result = extract(json.dumps(value).encode(), "openai", channel="all")
    assert text_of(result) == "a" and result.summary.skipped == 7 and result.summary.complete
    assert result.warnings.count('skipped: part of unknown type: {"type":"image","data":"x"}') == 5
    assert "7 unknown parts in total" in result.warnings


@pytest.mark.parametrize("form", ["data: %s\n\n", "%s\n"])
def test_an_item_that_is_too_long_does_not_end_an_extraction(form):
    """TXT-069; test_bad_input.py tests more forms and the bound itself."""
    texts = (json.dumps({"t": text}) for text in ("a", "x" * 100, "b"))
    data = "".join(form % text for text in texts).encode()
    result = extract(data, "t|u", max_length=100)
    assert text_of(result) == "ab" and result.summary.unreadable == 1
    assert not result.summary.complete and "too long" in result.warnings[0]


def test_an_error_has_all_text_so_far():
    model_text = ModelText(parse_extraction("t"))
    for _ in range(2):
        model_text.feed(b'{"t":"a"}\n')
    with pytest.raises(ContainerError) as caught:
        model_text.feed(b'{"t":"b"}\n{"error":"no"}\n')
    assert caught.value.deltas == (Delta("text", "b"),)
    assert caught.value.extracted == tuple(Delta("text", text) for text in "aab")


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 1000, 2 * MAX_EXTRACTED])
def test_the_text_in_an_error_is_bounded(length):
    model_text = ModelText(parse_extraction("t"))
    count = 3 * MAX_EXTRACTED // (length + 64)
    line = b'{"t":"%s"}\n' % (b"x" * length)
    for _ in range(count + 1):
        model_text.feed(line)
    with pytest.raises(ContainerError) as caught:
        model_text.feed(b'{"t":"end"}\n{"error":"no"}\n')
    extracted = caught.value.extracted
    assert extracted[-1].text == "end"
    assert sum(len(delta.text) + 64 for delta in extracted) <= MAX_EXTRACTED


def test_reports_other_channels_if_there_is_no_text():
    result = extract(THINKING.replace(b'"so"', b"null"), "openai")
    assert result.text == []
    assert result.warnings == [
        "no text, but 1 value with reasoning, 1 value with tools: try --channel all"
    ]


# ---- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value,written",
    [
        ("x\n", "x\n"),
        ("", ""),
        (None, ""),
        (5, "5\n"),
        (1.5, "1.5\n"),
        (True, "true\n"),
        (0, "0\n"),
        ({"b": "€"}, '{"b":"\\u20ac"}\n'),
        ([1, None], "[1,null]\n"),
        ("\ud83d", "\ufffd"),
        ("\ude00x", "\ufffdx"),
        ("€\U0001f600", "€\U0001f600"),
    ],
)
def test_values_at_a_path(value, written):
    """TXT-055, CLI-012"""
    data = json.dumps({"a": value}).encode() + b"\n"
    assert text_of(extract(data, "a")) == written


def test_alternatives_and_names_of_presets():
    assert text_of(extract(b'{"b":1}{"a":null,"b":2}{"a":3}', "a|b")) == "1\n2\n3\n"
    assert text_of(extract(b'{"tgi":"x"}', ".tgi")) == "x"
    assert text_of(extract(b'{"error":"x"}', "error")) == "x"


def test_a_path_that_never_matched():
    """TXT-057"""
    result = extract(DJL, "choices[0].delta.content")
    assert result.warnings == [
        "no text at choices[0].delta.content in 3 values; the first has token.text: "
        "try --extract djl"
    ]
    assert extract(b'{"x":{"a b":["c"]}}').warnings == [
        'no known format in 1 value; the first has x["a b"][0]'
    ]
    assert paths_in({"a": ["x", 1, {"b": "y"}]}) == ["a[0]", "a[2].b"]


# ---- failures ------------------------------------------------------------------------------------

FAILURES = [
    {"error": "", "code": 424},
    {"error": True},
    {"error": {"message": "x"}},
    {"error": "Request failed", "error_type": "generation"},
    {"ErrorCode": "InternalError"},
    {"object": "error", "message": "x"},
    {"type": "error", "error": {"type": "overloaded_error"}},
    {"code": 503, "type": "ServiceUnavailableException", "message": "x"},
    {"choices": [{"delta": {}, "finish_reason": "error"}]},
    {"choices": [{"delta": {}, "finish_reason": "abort"}]},
    {"finish_reason": "error"},
    {"stop_reason": "error"},
    {"delta": {"stop_reason": "abort"}},
    {"messageStop": {"stopReason": "error"}},
    {"meta_info": {"finish_reason": {"type": "abort"}}},
    {"choices": [{"finish_reason": None}], "stop_reason": "error"},
    {"token": {"id": -1, "text": "", "special_token": True}, "details": {"finish_reason": "error"}},
]
NO_FAILURES: List[Any] = [
    {"error": None, "choices": []},
    {"error": False},
    {"error": {}},
    {"code": 200, "message": "x"},
    {"code": 500.0, "message": "x"},
    {"code": "500", "message": "x"},
    {"finish_reason": "length"},
    {"choices": [{"finish_reason": "stop"}], "stop_reason": "error"},
    {"type": "ping"},
    {"ErrorCode": ""},
    [],
    "error",
]


@pytest.mark.parametrize("value", FAILURES)
def test_a_container_failure(value):
    """TXT-053"""
    assert failure_of(value) is not None
    for data in (
        b'{"token":{"text":"a"}}\n' + json.dumps(value).encode() + b'\n{"token":{"text":"b"}}\n',
        b'data: {"token":{"text":"a"}}\n\ndata: ' + json.dumps(value).encode() + b"\n\n",
    ):
        result = extract(data, "djl")
        assert text_of(result) == "a" and result.error.startswith("ContainerError: ")
        assert "reports an error" in result.error and not result.summary.complete
        error = extract_once([data], "djl")[1]
        assert error.kind == "container" and error.deltas == (Delta("text", "a"),)
        assert error.summary.values == 2
        result = extract(data, "djl", strict=False)
        assert result.error is None and "reports an error" in result.warnings[0]


@pytest.mark.parametrize("value", NO_FAILURES)
def test_no_container_failure(value):
    assert failure_of(value) is None


LONE_FAILURES = [
    {"message": "Internal server error"},
    {"Message": "Forbidden"},
    {"detail": "Not Found"},
    {"detail": [{"loc": ["body"], "msg": "missing"}]},
    {"errorMessage": "no"},
    {"error_message": "no"},
    {"errors": [{"message": "no"}]},
]
NO_LONE_FAILURES: List[Any] = [
    {"message": ""},
    {"message": None},
    {"message": {"role": "assistant"}},
    {"message": "x", "ok": True},
    {"detail": []},
    {"text": "message"},
    ["message"],
    "message",
]


@pytest.mark.parametrize("value", LONE_FAILURES)
def test_a_failure_as_the_only_value(value):
    """TXT-064"""
    text = json.dumps(value).encode()
    for data in (text, b"[" + text + b"]", b"data: " + text + b"\n\ndata: [DONE]\n\n"):
        for where in ("auto", "openai", "t"):
            result = extract(data, where)
            assert result.error.startswith("ContainerError: ") and not result.summary.complete
            result = extract(data, where, strict=False)
            assert result.error is None and "reports an error" in result.warnings[0]
    # Elsewhere it is a value without text, and a path to it extracts it.
    assert extract(text + b'{"t":"a"}', "t").error is None
    assert extract(b'{"t":"a"}' + text, "t").error is None
    assert extract(text, next(iter(value))).error is None


def test_no_failure_as_the_only_value():
    """TXT-064"""
    for value in NO_LONE_FAILURES:
        assert extract(json.dumps(value).encode(), "t").error is None, value


def test_a_stream_of_no_known_format():
    """TXT-066"""
    for data in (b'{"bytes":"eyJhIjoxfQ=="}', b'data: {"bytes":"eyJhIjoxfQ=="}\n\n'):
        result = extract(data)
        reason = "no known format in 1 value; the first has bytes"
        assert result.warnings == [reason] and result.summary.reasons == (reason,)
        assert result.error is None and not result.summary.complete
        assert reason in extract(data, strict=True).error
    assert extract(b"").summary.complete


def test_a_nul_after_the_last_event():
    """TXT-065"""
    chat = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'
    for end in (b"data: [DONE]\n\n\0", b"data: [DONE]\0", b"data: [DONE]\n\n\0\0\0"):
        result = extract(chat + end, "openai")
        assert (text_of(result), result.error, result.summary.complete) == ("Hi", None, True)
        assert result.warnings == ["1 value after the end marker ignored"]
    result = extract(chat + b"\0", "openai")
    assert "value 2 at byte 48: skipped: not a field of an event" in result.warnings[0]
    assert not result.summary.complete and result.summary.unreadable == 1


def test_an_event_of_type_error():
    for data in (b"event: error\ndata: oops\n\n", b'event: error\ndata: {"a":1}\n\n'):
        assert "reports an error" in extract(b'data: {"a":"x"}\n\n' + data, "a").error


# ---- ends ----------------------------------------------------------------------------------------

HI = b'{"choices":[{"delta":{"content":"Hi"}}]}'


@pytest.mark.parametrize(
    "data",
    [
        b"data: " + HI + b"\n\ndata: [DONE]\n\n",
        b"data: " + HI + b"\n\ndata:[DONE]",
        b"data: " + HI + b"\n\n[DONE]",
        b"data: " + HI + b"\n\n[DONE]\n\n",
        b"data: " + HI + b"\n\n [DONE] ",
        b"data: " + HI + b"[DONE]\n\n",
        b"data: " + HI + b" [DONE]\n\n",
        b"data: " + HI + b"\n\ndata: [ DONE ]\n\n",
        b"data: " + HI + b'\n\ndata: "[DONE]"\n\n',
        HI + b'\n"[DONE]"\n',
        HI + b"\n[DONE]",
        HI + b"[DONE]\n",
        HI + b" [DONE] ",
        HI + b"\ndata: [DONE]\n\n",
        HI + b"\r\n[DONE]\r\n",
        b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n',
    ],
)
def test_an_end_marker(data):
    """TXT-052"""
    for where in ("openai", "auto"):
        result = extract(data, where)
        assert (text_of(result), result.error, result.warnings) == ("Hi", None, [])
        assert result.summary.complete and result.summary.end_marker


def test_a_missing_end_marker():
    """TXT-054"""
    result = extract(HI, "openai")
    assert result.warnings == [
        "the container has not marked the end of its stream; text may be missing"
    ]
    assert result.error is None and result.summary.reasons == ("no end marker",)
    result = extract(HI, "openai", strict=True)
    assert result.error == "ContainerError: the model's stream is not complete: no end marker"
    assert extract(HI, "choices[0].delta.content", strict=True).error is None


def test_values_after_the_end_marker():
    result = extract(b"data: [DONE]\n\ndata: " + HI + b"\n\n", "openai")
    assert result.text == [] and result.warnings == ["1 value after the end marker ignored"]


def test_skipped_events_make_a_stream_incomplete():
    result = extract(HI + b"[DONE]", "openai", strict=True, unknown_events=lambda: 3)
    assert "3 skipped events of unknown type" in result.error


# ---- unreadable values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken,reason",
    [
        (b"data: : GATEWAY PROCESSING", "(: GATEWAY PROCESSING)"),
        (b'data: {"a":', "invalid JSON"),
        (b"data: \xff", "invalid UTF-8"),
        (b'data: {"a":1,"a":2}', "a name twice"),
        (b"data: " + b"[" * 70, "nested too deeply"),
        (b'data: {"a":' + b"9" * 30 + b"}", "too long"),
        (b"lost", "not a field of an event"),
    ],
)
def test_an_unreadable_event_does_not_end_an_extraction(broken, reason):
    result = extract(b'data: {"a":"x"}\n\n' + broken + b'\n\ndata: {"a":"y"}\n\n', "a")
    assert (text_of(result), result.error) == ("xy", None)
    assert len(result.warnings) == 1 and reason in result.warnings[0]
    assert result.warnings[0].startswith("value 2 at byte 17: ")
    assert result.summary.unreadable == 1 and not result.summary.complete


@pytest.mark.parametrize(
    "broken,reason",
    [
        (b"Error: out of memory", "(Error: out of memory)"),
        (b'{"a":}', "invalid JSON"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b"[" * 70, "nested too deeply"),
        (b"9" * 5000, "not the start of a JSON value"),
        (b"}", "not the start of a JSON value"),
        (b'{"a":"x', "Unterminated string"),
    ],
)
def test_an_unreadable_line_does_not_end_an_extraction(broken, reason):
    result = extract(b'{"a":"x"}\n' + broken + b'\n{"a":"y"}\n', "b|a")
    assert (text_of(result), result.error) == ("xy", None)
    assert len(result.warnings) == 1 and reason in result.warnings[0]
    assert result.warnings[0].startswith("value 2 at byte 10: ")


def test_lenient_values():
    """TXT-044"""
    data = b'{"a":"x","p":NaN}\n{"a":"y\tz","p":-Infinity}\n{"a":"\\ud83d"}\n{"a":"\\ude00"}\n'
    assert text_of(extract(data, "a|b")) == "xy\tz\U0001f600"


def test_events_that_lost_their_data_prefix():
    """TXT-051"""
    result = extract(b'data: {"a":"x"}\n\n{"a":"y"}\n\ndata: {"a":"z"}\n\nevent: e\n\n', "a")
    assert text_of(result) == "xyz" and len(result.warnings) == 2
    assert "lost its `data:`" in result.warnings[0] and "has no data" in result.warnings[1]


def test_many_warnings_are_counted():
    """TXT-050"""
    result = extract(b"oops\n" * 100 + b'{"a":"x"}', "a|b")
    assert len(result.warnings) == 6 and result.warnings[-1] == "100 unreadable values in total"


# ---- values that are not complete ----------------------------------------------------------------


def test_a_growing_document():
    """TXT-056"""
    model_text = ModelText(parse_extraction("[0].generated_text"))
    parts = [b'[{"generated_text":"', b"the ", b"answer ", b"is \\", b'"42\\"', b'"}]']
    assert ["".join(delta.text for delta in model_text.feed(part)) for part in parts] == [
        "",
        "the ",
        "answer ",
        "is ",
        '"42"',
        "",
    ]
    assert model_text.close() == [] and model_text.summary.complete
    for where in ("[0].generated_text", "auto", "generated-text"):
        data = b'[{"generated_text": "a\\u20ac \xe2\x82\xac \\ud83d\\ude00\\n"}]'
        assert text_of(extract(data, where)) == "a€ € \U0001f600\n"


def test_a_document_that_ends_too_early():
    result = extract(b'{"generated_text": "Hello', "auto")
    assert text_of(result) == "Hello" and result.error.startswith("TextError: ")
    assert not result.summary.complete
    error = extract_once([b'{"a":"x"}', b'{"a"'], "a")[1]
    assert isinstance(error, TextError) and error.kind == "truncated" and error.unread == b'{"a"'


def test_a_stream_that_breaks():
    def parts():
        yield b'{"a":"x"}{"b"'
        raise FrameError("cut", kind="truncated")

    result, error = extract_once(parts(), "a|b")
    assert text_of(result) == "x" and error.unread == b'{"b"'
    assert not result.summary.complete


@pytest.mark.parametrize(
    "data", ['{"generated_text":"ab"}', '{"generated_text":"ab",}', '{"generated_text":"ab"']
)
def test_an_event_of_type_error_has_no_text_of_the_model(data):
    text = b"5\nevent: error\n" + data.encode() + b"\n"
    result = extract(text, "generated_text")
    assert text_of(result) == "" and result.error.startswith("ContainerError")


@given(st.text(), st.sampled_from(["a", "b"]))
def test_growing_string_equals_the_parsed_string(text, name):
    data = json.dumps([{"x": ['"', "}"], name: text, "a ": "no"}]).encode()
    for _, parts in chunkings(data):
        growing = GrowingString((0, "a"))
        found = "".join(map(growing.feed, parts))
        expected = text if name == "a" else ""
        assert found.encode("utf-16-le", "surrogatepass") == expected.encode("utf-16-le")


# ---- any input -----------------------------------------------------------------------------------

FRAGMENTS = [
    b'{"token":{"text":"a"}}',
    b'{"generated_text":"b\\ud83d',
    b'{"generated_text":"ab"}',
    b'{"choices":[{"delta":{"content":"c"}}]}',
    b"data: ",
    b"data:",
    b"event: error\n",
    b"event: x\n",
    b"\n",
    b"\n\n",
    b"\r\n",
    b"[DONE]",
    b"[",
    b"]",
    b",",
    b'"',
    b"{",
    b"}",
    b"\\",
    b" ",
    b"NaN",
    b"x",
    b"\xff",
    b"\xe2\x82\xac",
    b'{"error":""}',
    b": ping",
    b"5",
]


@pytest.mark.slow
@examples(200)
@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=12),
    st.sampled_from(["auto", "djl", "token.text|x", "generated_text", "[0].generated_text"]),
    st.sampled_from([None, True, False]),
)
def test_only_our_errors_escape_and_no_split_matters(fragments, where, strict):
    extract(b"".join(fragments), where, strict=strict)


def test_recognises_only_known_values():
    for value in ({}, [], None, 5, {"choices": []}, {"token": {}}, {"delta": {}}):
        assert recognised(value) is None
    assert set(PRESETS) >= {"openai", "tgi", "djl", "lmi", "vllm", "sglang", "nova", "llama"}


# ---- time: TXT-006 -------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_many_values_on_one_line_are_tried_as_one_value_once(monkeypatch, end):
    tried = []
    plain = tolerant.parse_json
    monkeypatch.setattr(
        tolerant, "parse_json", lambda data, *more: tried.append(data) or plain(data, *more)
    )
    data = b'{"token":{"text":"a"}}' * 500 + end
    reader = tolerant.PlainValues()
    items = reader.feed(data) + reader.close()
    assert [item.content for item in items] == [{"token": {"text": "a"}}] * 500
    lines = [text for text in tried if len(text) > 100]
    assert len(lines) <= 1


def test_a_growing_document_is_read_once(monkeypatch):
    """Neither the scanner nor the reader of the growing string gets earlier bytes again."""
    seen = {"scanner": 0, "string": 0}
    scan, feed = ValueScanner.end_in, GrowingString.feed

    def counted_scan(self, data, start=0):
        seen["scanner"] += len(data) - start
        return scan(self, data, start)

    def counted_feed(self, data):
        seen["string"] += len(data)
        return feed(self, data)

    monkeypatch.setattr(ValueScanner, "end_in", counted_scan)
    monkeypatch.setattr(GrowingString, "feed", counted_feed)
    text = b'[{"generated_text": "' + b'lorem \\n \\u00e4 "'.replace(b'"', b'\\"') * 2000
    for whole in (text, text + b'"}]'):
        seen.update(scanner=0, string=0)
        model_text, texts = ModelText(parse_extraction("generated-text")), []
        try:
            for delta in deltas_of(pieces(whole, 100), model_text):
                texts.append(delta.text)
        except TextError as error:
            assert error.kind == "truncated" and whole is text
        assert len("".join(texts)) > 20000
        assert seen["string"] <= 2 * len(whole)
        assert seen["scanner"] <= 3 * len(whole)
