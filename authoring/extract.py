# SPDX-License-Identifier: MIT
"""The cases of the model's text: text-extract.json.

To add a case, copy a similar call of `extracts` and change it. A text is a str, bytes or a list of
bytes, as in values.py. The streams have the fields that the containers write (SPEC.md, note
TXT-058); their content is invented.

Expectations are written by hand. The helper compares them with plain_extraction, an independent
transcription of the rules.
"""

import json
from typing import Any, Callable, Dict, Optional, Sequence, Tuple, Union

from authoring import CaseMistake, Feature, ok, reject
from authoring.plain_extraction import PRESETS, Extracted, extract
from authoring.txt import MIB, described, varied
from authoring.values import LONG, Text, given_text

EXTRACT = Feature("text-extract", "text.extract", "txt-", ("whole", "bytewise", "halves"))
FEATURES = [EXTRACT]

Deltas = Union[str, Sequence[Tuple[str, str]]]


def extracts(
    name: str,
    title: str,
    rules: str,
    text: Text,
    expected: Deltas,
    why: str,
    where: str = "auto",
    finish: Optional[str] = None,
    skipped: int = 0,
    complete: bool = True,
    kind: Optional[str] = None,
    channel: str = "text",
    content_type: str = "",
    **more: Any,
) -> None:
    """Add a case.

    name: the id without its prefix
    expected: the text, or pairs of channel and text
    where: a preset, `auto` or a path
    finish, skipped, complete: the other outputs;  kind: the expected kind of the error, if any
    more: other arguments of Feature.case
    """
    data, given, chunking = given_text(text)
    deltas = [(channel, expected)] if isinstance(expected, str) else list(expected)
    deltas = [delta for delta in deltas if delta[1]]
    complete = complete and kind is None
    key = "preset" if where == "auto" or where in PRESETS else "path"
    found = extract(data, channel=channel, content_type=content_type, **{key: where})
    if found != Extracted(deltas, finish, skipped, complete, kind):
        raise CaseMistake(f"{name}: the transcription reads {found!r}")
    given[key] = where
    if channel != "text":
        given["channel"] = channel
    if content_type:
        given["content_type"] = content_type
    output: Dict[str, Any] = {
        "deltas": [{"channel": channel, "text": text} for channel, text in deltas],
        "finish_reason": finish,
        "skipped": skipped,
        "complete": complete,
    }
    expect = ok(**output) if kind is None else reject(kind, **output)
    more.setdefault("chunking", chunking)
    EXTRACT.case("txt-extract-" + name, title, rules, given, expect, why, **more)


def events(*values: Any, end: str = "") -> str:
    """Return server-sent events with these values as data. end: what follows them."""
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return "".join(f"data: {text}\n\n" for text in texts) + end


def lines(*values: Any, end: str = "") -> str:
    """Return JSON lines. end: what follows them."""
    return "".join(json.dumps(value) + "\n" for value in values) + end


DONE = "data: [DONE]\n\n"


def chat(finish: Optional[str] = None, **delta: Any) -> Dict[str, Any]:
    """Return a chat completion chunk."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}


def completion(text: str, finish: Optional[str] = None) -> Dict[str, Any]:
    """Return a completion chunk."""
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {"id": "c1", "object": "text_completion", "created": 1, "choices": [choice]}


def token(text: str, **more: Any) -> Dict[str, Any]:
    """Return a line of LMI."""
    return dict({"token": {"id": 5, "text": text, "log_prob": -0.25}}, **more)


def tgi(text: str, special: bool = False, **more: Any) -> Dict[str, Any]:
    """Return an event of Text Generation Inference."""
    given = {"id": 5, "text": text, "logprob": -0.25, "special": special}
    return dict({"index": 1, "token": given, "generated_text": None, "details": None}, **more)


# ---- presets -------------------------------------------------------------------------------------

CHAT = (
    events(
        chat(role="assistant", content=""),
        chat(content="Hel"),
        chat(content="lo"),
        chat("stop"),
        {"id": "c1", "choices": [], "usage": {"completion_tokens": 2}},
    )
    + DONE
)
TGI = "".join(
    f"data:{json.dumps(value)}\n\n"
    for value in (
        tgi("Hel"),
        tgi("lo"),
        tgi("</s>", True, generated_text="Hello", details={"finish_reason": "eos_token"}),
    )
)
ANTHROPIC = "".join(
    f"event: {value['type']}\ndata: {json.dumps(value)}\n\n"
    for value in (
        {"type": "message_start", "message": {"role": "assistant", "usage": {"input_tokens": 9}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}},
        {"type": "message_stop"},
    )
)
CONVERSE = lines(
    {"messageStart": {"role": "assistant"}},
    {"contentBlockDelta": {"delta": {"text": "Hel"}, "contentBlockIndex": 0}},
    {"contentBlockDelta": {"delta": {"text": "lo"}, "contentBlockIndex": 0}},
    {"contentBlockStop": {"contentBlockIndex": 0}},
    {"messageStop": {"stopReason": "max_tokens"}},
    {"metadata": {"usage": {"outputTokens": 2}, "metrics": {"latencyMs": 5}}},
)
LLAMA = lines(
    {"generation": "Hel", "prompt_token_count": 9, "stop_reason": None},
    {"generation": "lo", "prompt_token_count": None, "stop_reason": None},
    {"generation": "", "stop_reason": "stop", "amazon-bedrock-invocationMetrics": {}},
)
LMI = lines(
    token("Hel"),
    token("lo", generated_text="Hello", details={"finish_reason": "length", "inputs": "a"}),
)
COMPLETION = events(completion("Hel"), completion("lo", "length")) + DONE
LMI_CHAT = lines(chat(role="assistant", content="Hel"), chat("stop", content="lo")) + "\n"
WHOLE_CHAT = json.dumps(
    {
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "tool_calls": []},
                "finish_reason": "stop",
            }
        ],
    },
    indent=1,
)
# Preset, name of the stream, stream, finish reason.
STREAMS: Sequence[Tuple[str, str, str, Optional[str]]] = (
    ("openai", "chat", CHAT, "stop"),
    ("openai", "chat-whole", WHOLE_CHAT, "stop"),
    ("openai-completions", "completion", COMPLETION, "length"),
    ("vllm", "chat", CHAT, "stop"),
    ("vllm", "completion", COMPLETION, "length"),
    ("sglang", "chat", CHAT, "stop"),
    ("tgi-openai", "chat", CHAT.replace('"stop"', '"eos_token"'), "eos_token"),
    ("tgi", "events", TGI, "eos_token"),
    ("djl", "lines", LMI, "length"),
    ("djl", "events", events(token("Hel"), token("lo", generated_text="Hello")), None),
    ("lmi", "lines", LMI, "length"),
    (
        "lmi",
        "lines-without-details",
        lines(token("Hel"), token("lo", generated_text="Hello")),
        None,
    ),
    (
        "lmi",
        "indented",
        json.dumps([token("Hel"), token("lo", generated_text="Hello")], indent=2),
        None,
    ),
    ("anthropic-messages", "events", ANTHROPIC, "end_turn"),
    ("nova", "converse", CONVERSE, "max_tokens"),
    ("nova", "chat", CHAT, "stop"),
    ("nova", "completion", COMPLETION, "length"),
    ("llama", "bedrock", LLAMA, "stop"),
    ("llama", "lmi", LMI, "length"),
    ("llama", "chat", CHAT, "stop"),
    ("generated-text", "document", '{"generated_text": "Hello"}', None),
    ("generated-text", "list", '[{"generated_text": "Hello"}]\n', None),
)


def _presets() -> None:
    for preset, name, stream, finish in STREAMS:
        extracts(
            f"{preset}-{name}",
            f"a stream of {name.replace('-', ' ')} by the preset {preset}",
            "TXT-058 TXT-054 TXT-061",
            stream,
            "Hello",
            "a parser that takes the text from another member loses it, or writes it twice",
            where=preset,
            finish=finish,
        )
    for preset, name, stream, finish in STREAMS:
        if preset in ("vllm", "sglang", "tgi-openai", "lmi", "llama", "nova") and name in (
            "chat",
            "completion",
            "lines",
            "lmi",
        ):
            continue  # auto knows these streams by another name
        extracts(
            f"auto-{preset}-{name}",
            f"a stream of {name.replace('-', ' ')} ({preset}), recognised",
            "TXT-060 TXT-058 TXT-054",
            stream,
            "Hello",
            "a parser that recognises another format finds no text, or misses the end",
            finish=finish,
        )
    extracts(
        "auto-lmi-chat-lines",
        "chat chunks as JSON lines without an end marker of their own",
        "TXT-060 TXT-058 TXT-061",
        LMI_CHAT,
        "Hello",
        "LMI containers send vLLM's chunks in this form, and a parser that expects events fails",
        finish="stop",
        content_type="application/jsonlines",
    )
    extracts(
        "auto-second-value",
        "a first value of no known format",
        "TXT-060",
        lines({"id": 1}, {"status": "ok"}, token("Hi", generated_text="Hi")),
        "Hi",
        "a parser that decides by the first value finds no text after a preamble",
    )
    extracts(
        "auto-unknown",
        "values of no known format",
        "TXT-060 TXT-066",
        lines({"words": "Hi"}, {"words": "!"}),
        "",
        "a parser that guesses writes text that the model did not write",
        complete=False,
    )
    for name, title, value in (
        ("bytes", "the parts of Amazon Bedrock", {"bytes": "eyJnZW5lcmF0aW9uIjoiSGkifQ=="}),
        ("string", "a JSON text inside a string", json.dumps(chat(content="Hi"))),
        ("number", "a number", 5),
    ):
        extracts(
            "auto-unknown-" + name,
            f"values of no known format: {title}",
            "TXT-066 TXT-060",
            events(value if isinstance(value, dict) else json.dumps(value)) + DONE,
            "",
            "a parser that calls this complete hides that it has found no text",
            complete=False,
        )
    extracts(
        "missing",
        "values without text",
        "TXT-058 TXT-062",
        lines(
            token("a"),
            {"token": None},
            {"token": {}},
            {},
            [],
            5,
            "x",
            None,
            token("b", generated_text="ab"),
        ),
        "ab",
        "a parser that expects the path in each value fails on metadata",
        where="djl",
    )
    extracts(
        "djl-outputs",
        "the lines of dynamic batches, which have no end marker",
        "TXT-058 TXT-054",
        lines({"outputs": ["Hel"]}, {"outputs": ["lo"]}),
        "Hello",
        "a parser that knows only tokens finds no text",
        where="djl",
        complete=False,
    )
    extracts(
        "auto-null-members",
        "members of other formats that are null",
        "TXT-060",
        lines(dict(token("Hi", generated_text="Hi"), delta=None, message=None, generation=None)),
        "Hi",
        "a parser that looks only at names recognises another format and finds no text",
    )


# ---- channels ------------------------------------------------------------------------------------

CALLS = [{"index": 0, "id": "t1", "function": {"name": "f", "arguments": ""}}]
MORE_CALLS = [{"index": 0, "function": {"arguments": "{}"}}]
THINKING = (
    events(
        chat(reasoning_content="first "),
        chat(reasoning_content="think", content=None),
        chat(content="so"),
        chat(tool_calls=CALLS, content=""),
        chat("tool_calls", tool_calls=MORE_CALLS),
    )
    + DONE
)
TOOLS = "".join(json.dumps(calls, separators=(",", ":")) + "\n" for calls in (CALLS, MORE_CALLS))


def _channels() -> None:
    wanted: Dict[str, Deltas] = {
        "text": "so",
        "reasoning": "first think",
        "tools": TOOLS,
        "all": [("reasoning", "first think"), ("text", "so"), ("tools", TOOLS)],
    }
    for channel, expected in wanted.items():
        extracts(
            "channel-" + channel,
            f"a stream with reasoning, text and tools: the channel {channel}",
            "TXT-062 TXT-058",
            THINKING,
            expected,
            "a parser that mixes the channels shows a user the model's reasoning as its reply",
            where="openai",
            channel=channel,
            finish="tool_calls",
        )
    extracts(
        "reasoning-twice",
        "the same reasoning in two members",
        "TXT-058 TXT-062",
        events(chat(reasoning="hm", reasoning_content="hm"), chat("stop", content="ok")) + DONE,
        [("reasoning", "hm"), ("text", "ok")],
        "vLLM writes both members, and a parser that joins them doubles the reasoning",
        where="vllm",
        channel="all",
        finish="stop",
    )
    extracts(
        "reasoning-name",
        "reasoning in the member `reasoning` only",
        "TXT-058",
        events(chat(reasoning="hm"), chat("stop", content="ok")) + DONE,
        "hm",
        "a parser that knows only the old name loses the reasoning of newer containers",
        where="vllm",
        channel="reasoning",
        finish="stop",
    )
    extracts(
        "order-in-a-value",
        "text, tools and reasoning in one value",
        "TXT-062",
        events(chat("stop", content="t", tool_calls=CALLS, reasoning="r")),
        [("reasoning", "r"), ("text", "t"), ("tools", TOOLS.partition("\n")[0] + "\n")],
        "parsers that return the members in the order of the document do not agree",
        where="openai",
        channel="all",
        finish="stop",
    )
    extracts(
        "no-tools",
        "an empty list of tool calls with each piece of text",
        "TXT-062",
        events(chat(content="a", tool_calls=[]), chat("stop", content="b", tool_calls=[])) + DONE,
        [("text", "ab")],
        "a parser that writes the empty list puts [] between the words",
        where="vllm",
        channel="all",
        finish="stop",
    )
    extracts(
        "refusal",
        "a refusal in place of content",
        "TXT-058",
        events(chat(content=None, refusal="I can"), chat("stop", refusal="not.")) + DONE,
        "I cannot.",
        "a parser that reads only content returns an empty reply",
        where="openai",
        finish="stop",
    )
    for preset, stream, finish, expected in (
        (
            "anthropic-messages",
            events(
                {
                    "type": "content_block_delta",
                    "delta": {"type": "thinking_delta", "thinking": "hm"},
                },
                {
                    "type": "content_block_delta",
                    "delta": {"type": "signature_delta", "signature": "x"},
                },
                {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "ok"}},
                {
                    "type": "content_block_delta",
                    "delta": {"type": "input_json_delta", "partial_json": "{"},
                },
                {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
            ),
            "tool_use",
            [("reasoning", "hm"), ("text", "ok"), ("tools", "{")],
        ),
        (
            "nova",
            lines(
                {"contentBlockDelta": {"delta": {"reasoningContent": {"text": "hm"}}}},
                {"contentBlockDelta": {"delta": {"text": "ok"}}},
                {"contentBlockDelta": {"delta": {"toolUse": {"input": "{"}}}},
                {"messageStop": {"stopReason": "tool_use"}},
            ),
            "tool_use",
            [("reasoning", "hm"), ("text", "ok"), ("tools", "{")],
        ),
    ):
        extracts(
            f"{preset}-channels",
            f"reasoning, text and tools of {preset}",
            "TXT-058 TXT-062",
            stream,
            expected,
            "a parser that knows only text loses tool calls and reasoning",
            where=preset,
            channel="all",
            finish=finish,
        )
    extracts(
        "several-choices",
        "two choices in turn",
        "TXT-059",
        events(
            {"choices": [{"index": 0, "delta": {"content": "A"}}]},
            {"choices": [{"index": 1, "delta": {"content": "B"}}]},
            {"choices": [{"index": 1, "delta": {}, "finish_reason": "length"}]},
            {"choices": [{"index": 0, "delta": {"content": "a"}}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        )
        + DONE,
        "Aa",
        "a parser that joins the choices writes text that no choice has",
        where="openai",
        finish="stop",
    )
    for name, index, is_first in (
        ("text", "1", True),
        ("true", True, True),
        ("null", None, True),
        ("fraction", 0.0, True),
        ("negative", -1, False),
        ("one-fraction", 1.0, False),
    ):
        extracts(
            "choice-index-" + name,
            f"a choice whose index is {json.dumps(index)}",
            "TXT-059",
            events({"choices": [{"index": index, "delta": {"content": "a"}}]}, chat("stop")) + DONE,
            "a" if is_first else "",
            "a parser that compares otherwise loses the text, or joins two choices",
            where="openai",
            finish="stop",
        )
    flags: Sequence[Tuple[str, Dict[str, Any]]] = (
        ("a", {"special": 1}),
        ("b", {"special": 1.0}),
        ("c", {"special": "true"}),
        ("d", {"special": "1"}),
        ("e", {"special": [True]}),
        ("f", {"special": None, "special_token": 1}),
        ("g", {"special": 0, "special_token": True}),
        ("h", {"special": "", "special_token": True}),
        ("-", {"special": None, "special_token": True}),
    )
    extracts(
        "special-flags",
        "tokens with flags that are not true, and a last one whose second flag is",
        "TXT-058",
        lines(*({"token": {"text": text, **flag}} for text, flag in flags), {"generated_text": ""}),
        "abcdefgh",
        "a parser that asks its language whether the flag is true loses the text",
        where="lmi",
    )
    for name, where, text, expected in (
        ("index", "a[0]|b", '{"a":"xy"}{"a":{"0":"x"},"b":"z"}{"a":5}{"a":true}{"a":[]}', "z"),
        ("outside", "a[2]|a[-3]|a[999999999]|b", '{"a":["x","y"],"b":"z"}', "z"),
        ("names-of-list", "a.length|b.length|b.0|c", '{"a":"x","b":["y"],"c":"z"}', "z"),
        ("inherited", "constructor.name|__proto__.a|toString|a", '{"a":"z"}', "z"),
        ("own", "__proto__.constructor|a", '{"__proto__":{"constructor":"x"}}', "x"),
        ("alike", 'A|k\u212a|["a "]|["\u00a0a"]|a', '{"kK":"x","kk":"y","a":"z"}', "z"),
    ):
        extracts(
            "path-" + name,
            f"the path {where} in {text}",
            "CLI-012 TXT-056",
            text,
            expected,
            "a parser that uses its language's own access writes text that is not at the path",
            where=where,
            level="SHOULD",
        )
    extracts(
        "index-of-text",
        "a text where the preset has an index",
        "TXT-058",
        lines({"outputs": "Hello"}, {"outputs": ["a", "b"]}, token("b", generated_text="ab")),
        "ab",
        "a parser whose language has an index for strings returns one letter",
        where="lmi",
    )
    for name, first, other, expected in (
        ("tokens", token("Hel"), {"generated_text": "Hello"}, "Hel"),
        ("chat", chat("stop", content="a"), {"generated_text": "b"}, "a"),
        ("converse", {"contentBlockDelta": {"delta": {"text": "a"}}}, {"generation": "b"}, "a"),
    ):
        extracts(
            "auto-stays-" + name,
            f"a value of another format after the first one: {name}",
            "TXT-060",
            lines(first, other) + DONE,
            expected,
            "a parser that looks for the format of each value returns the whole text again",
            finish="stop" if name == "chat" else None,
        )
    for name, member in (
        ("tools-object", {"function_call": {}}),
        ("tools-list", {"tool_calls": []}),
        ("reasoning-list", {"reasoning": []}),
        ("reasoning-object", {"reasoning_content": {}}),
        ("reasoning-text", {"reasoning_content": ""}),
    ):
        extracts(
            "nothing-" + name,
            f"the member {json.dumps(member)} of a delta",
            "TXT-062",
            events({"choices": [{"delta": {"content": "a", **member}}]}, chat("stop")) + DONE,
            [("text", "a")],
            "some containers write one with each piece of text, and a line for each is noise",
            where="openai",
            channel="all",
            finish="stop",
        )
    for name, content in (("zero", 0), ("false", False)):
        extracts(
            "reasoning-" + name,
            f"{json.dumps(content)} as reasoning",
            "TXT-062",
            events({"choices": [{"delta": {"reasoning": content}}]}, chat("stop")) + DONE,
            [("reasoning", json.dumps(content) + "\n")],
            "a parser that tests for an empty value in its own language loses it",
            where="openai",
            channel="all",
            finish="stop",
        )
    extracts(
        "special-token",
        "a special token among others",
        "TXT-058",
        TGI.replace("lo", "lo</s>").replace('"</s>"', '"<|end|>"'),
        "Hello</s>",
        "a parser that ignores the flag writes the end token; one that removes its text changes "
        "the model's own words",
        where="tgi",
        finish="eos_token",
    )


# TXT-068: the type, the part, and what it becomes.
PARTS: Sequence[Tuple[str, Any, Sequence[Tuple[str, str]]]] = (
    ("text", {"type": "text", "text": "b"}, [("text", "b")]),
    ("output-text", {"type": "output_text", "text": "b", "annotations": []}, [("text", "b")]),
    ("refusal", {"type": "refusal", "refusal": "b"}, [("text", "b")]),
    ("string", "b", [("text", "b")]),
    ("thinking", {"type": "thinking", "thinking": "b", "signature": "x"}, [("reasoning", "b")]),
    (
        "thinking-list",
        {"type": "thinking", "thinking": [{"type": "text", "text": "b"}, "c"]},
        [("reasoning", "bc")],
    ),
    ("reasoning", {"type": "reasoning", "text": "b"}, [("reasoning", "b")]),
    (
        "tool-use",
        {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        [("tools", '{"type":"tool_use","id":"t","name":"f","input":{}}\n')],
    ),
    (
        "tool-calls",
        {"type": "tool_calls", "tool_calls": []},
        [("tools", '{"type":"tool_calls","tool_calls":[]}\n')],
    ),
    ("unknown", {"type": "image_url", "text": "b"}, []),
)


def _parts() -> None:
    for preset in ("openai", "openai-completions", "vllm", "sglang", "tgi-openai", "nova", "llama"):
        for name, part, expected in PARTS:
            _list_of_parts(preset, name, part, expected, chat, chat("stop"))
    for name, part, expected in PARTS:
        _list_of_parts(
            "anthropic-messages",
            name,
            part,
            expected,
            lambda content: {"type": "message", "role": "assistant", "content": content},
            {"type": "message_delta", "delta": {"stop_reason": "stop"}},
        )
    types = [part for _, part, _ in PARTS]
    message = {"type": "message", "role": "assistant", "content": types, "stop_reason": "stop"}
    pieces = [piece for _, _, expected in PARTS for piece in expected]
    for channel in ("text", "reasoning", "tools"):
        extracts(
            f"parts-auto-{channel}",
            f"a message of Anthropic's API in one document: the channel {channel}",
            "TXT-068 TXT-060",
            json.dumps(message),
            "".join(text for its_channel, text in pieces if its_channel == channel),
            "a parser that writes the array shows its user JSON in place of text",
            channel=channel,
            finish="stop",
            skipped=1,
        )
    for name, content in (("numbers", [1, 2]), ("untyped", [{"text": "b"}])):
        extracts(
            f"parts-{name}",
            f"an array that is not a list of parts: {name}",
            "TXT-062 TXT-068",
            events(chat(content=content), chat("stop")) + DONE,
            json.dumps(content, separators=(",", ":")) + "\n",
            "a parser that reads each array as a list of parts loses the value",
            where="openai",
            finish="stop",
        )
    extracts(
        "parts-path",
        "a list of parts at a path",
        "TXT-062 TXT-068",
        lines({"t": [{"type": "text", "text": "b"}]}),
        '[{"type":"text","text":"b"}]\n',
        "a parser that takes a caller's path for a preset's returns another value",
        where="t",
    )


def _list_of_parts(
    preset: str,
    name: str,
    part: Any,
    expected: Sequence[Tuple[str, str]],
    delta: Callable[..., Any],
    last: Any,
) -> None:
    content = [{"type": "text", "text": "a"}, part, {"type": "text", "text": "c"}]
    joined = [("text", "a"), *expected, ("text", "c")]
    if not expected:
        joined = [("text", "ac")]
    elif expected[0][0] == "text":
        joined = [("text", "abc")]
    extracts(
        f"parts-{preset}-{name}",
        f"content of {preset} as a list of parts: {name.replace('-', ' ')}",
        "TXT-068 TXT-058",
        events(delta(content=content), last) + DONE,
        joined,
        "a parser that expects a string writes JSON, or mixes reasoning and text",
        where=preset,
        channel="all",
        finish="stop",
        skipped=int(not expected),
    )


# ---- ends ----------------------------------------------------------------------------------------

HI = json.dumps(chat(content="Hi"))


def _ends() -> None:
    for name, title, text in (
        ("data", "an event", f"data: {HI}\n\ndata: [DONE]\n\n"),
        ("no-space", "an event without a space", f"data:{HI}\n\ndata:[DONE]\n\n"),
        ("no-line-end", "an event without a line end", f"data: {HI}\n\ndata: [DONE]"),
        ("bare", "a line without data:", f"data: {HI}\n\n[DONE]\n\n"),
        ("bare-no-line-end", "the last bytes, without data:", f"data: {HI}\n\n[DONE]"),
        ("bare-spaces", "a line without data:, between spaces", f"data: {HI}\n\n [DONE] "),
        ("in-event", "the same event as a value, directly after it", f"data: {HI}[DONE]\n\n"),
        ("in-event-space", "the same event as a value, after a space", f"data: {HI} [DONE]\n\n"),
        ("second-line", "the second data field of an event", f"data: {HI}\ndata: [DONE]\n\n"),
        (
            "inner-spaces",
            "an event, with spaces in the brackets",
            f"data: {HI}\n\ndata: [ DONE ]\n\n",
        ),
        ("crlf", "an event between CR LF", f"data: {HI}\r\n\r\ndata: [DONE]\r\n\r\n"),
        ("lines", "a line after JSON lines", f"{HI}\n[DONE]\n"),
        ("lines-no-line-end", "the last bytes after JSON lines", f"{HI}\n[DONE]"),
        ("lines-crlf", "a line after JSON lines with CR LF", f"{HI}\r\n[DONE]\r\n"),
        ("after-value", "directly after a JSON value", f"{HI}[DONE]\n"),
        ("after-value-spaces", "after a JSON value and spaces", f"{HI}  [DONE]  "),
        ("lines-data", "a line `data: [DONE]` after JSON lines", f"{HI}\ndata: [DONE]\n\n"),
        ("quoted", "a JSON string in an event", f'data: {HI}\n\ndata: "[DONE]"\n\n'),
        ("quoted-line", "a JSON string after JSON lines", f'{HI}\n"[DONE]"\n'),
        ("after-comment", "an event after a comment", f": ping\n\ndata: {HI}\n\n: ping\n\n{DONE}"),
    ):
        extracts(
            "end-" + name,
            f"the end marker as {title}",
            "TXT-052 TXT-054",
            text,
            "Hi",
            "a parser that expects one form reports an error, or a stream without an end",
            where="openai",
        )
    for name, title, after in (
        ("error", "an error", 'data: {"error": "no"}\n\n'),
        ("code", "an error code", 'data: {"ErrorCode": "CAPACITY"}\n\n'),
        ("event", "an event of type error", "event: error\ndata: no\n\n"),
        ("event-no-data", "an event of type error without data", "event: error\n\n"),
        ("array", "an array with an error", 'data: [{}, {"error": "no"}]\n\n'),
        ("lost", "an error without data:", '{"error": "no"}\n'),
    ):
        extracts(
            "failure-after-end-" + name,
            f"a failure of the container after the end marker: {title}",
            "TXT-053 TXT-052",
            f"data: {HI}\n\n{DONE}{after}",
            "Hi",
            "a parser that ignores everything after the end marker hides the failure",
            where="openai",
            skipped=1,
            kind="container",
        )
    extracts(
        "failure-after-end-lines",
        "a failure of the container after the end marker of JSON lines",
        "TXT-053 TXT-052",
        f'{HI}\n[DONE]\n{{"error": "no"}}\n',
        "Hi",
        "a parser that ignores everything after the end marker hides the failure",
        where="openai",
        skipped=1,
        kind="container",
    )
    for name, title, text, where in (
        ("chat", "chat chunks", events(chat(content="Hi")), "openai"),
        (
            "chat-null",
            "chat chunks whose finish reason is null",
            events(chat(content="Hi"), chat()),
            "openai",
        ),
        ("tgi", "events of Text Generation Inference", events(tgi("Hi")), "tgi"),
        ("lmi", "lines of LMI", lines(token("Hi")), "lmi"),
        (
            "anthropic-messages",
            "Anthropic's events",
            ANTHROPIC.partition("event: message_delta")[0]
            .replace("Hel", "Hi")
            .replace('"lo"', '""'),
            "anthropic-messages",
        ),
        (
            "nova",
            "events of ConverseStream",
            lines({"contentBlockDelta": {"delta": {"text": "Hi"}}}),
            "nova",
        ),
        ("llama", "Llama's lines", lines({"generation": "Hi", "stop_reason": None}), "llama"),
    ):
        extracts(
            "no-end-" + name,
            f"{title} without an end marker",
            "TXT-054",
            text,
            "Hi",
            "a parser that calls this complete hides that the container died",
            where=where,
            complete=False,
        )
    extracts(
        "no-end-empty-reason",
        "finish reasons that are empty",
        "TXT-054 TXT-058",
        events(chat("", content="H"), chat("", content="i")),
        "Hi",
        "a parser that takes an empty reason for the end hides that the container died",
        where="openai",
        complete=False,
    )
    extracts(
        "no-end-path",
        "a path, whose container's end marker is unknown",
        "TXT-054",
        lines({"t": "Hi"}),
        "Hi",
        "a parser that requires an end marker calls every such stream incomplete",
        where="t",
    )
    for name, title, text in (
        ("events", "events", f"data: {HI}\n\n{DONE}data: {HI}\n\ndata: oops\n\n"),
        ("lines", "JSON lines", f"{HI}\n[DONE]\n{HI}\n{HI}\n"),
    ):
        extracts(
            "after-end-" + name,
            f"values after the end marker of {title}",
            "TXT-052",
            text,
            "Hi",
            "a parser that reads on joins the text of another reply",
            where="openai",
            skipped=2,
        )
    extracts(
        "end-after-unreadable",
        "the end marker directly after an unreadable value",
        "TXT-052 TXT-050",
        f"data: {HI}\n\ndata: oops [DONE]\n\ndata: {HI}\n\n",
        "Hi",
        "a parser that drops the unreadable data with its end marker reads the next reply as well",
        where="openai",
        skipped=2,
        complete=False,
    )
    for name, title, text, complete in (
        ("event", "after the end marker", f"data: {HI}\n\ndata: [DONE]\n\n\0", True),
        ("event-line", "in the last line", f"data: {HI}\n\ndata: [DONE]\0", True),
        ("line", "after JSON lines and the end marker", f"{HI}\n[DONE]\n\0", True),
        ("no-end", "in place of the end marker", f"data: {HI}\n\n\0", False),
    ):
        extracts(
            "end-nul-" + name,
            f"a NUL {title}",
            "TXT-065 TXT-052",
            text,
            "Hi",
            "a parser that reads it as half of a field name rejects a whole reply",
            where="openai",
            skipped=1,
            complete=complete,
        )
    extracts(
        "end-quoted-then-value",
        "a value after an end marker that is a JSON string",
        "TXT-065 TXT-052",
        f'data: {HI}\n\ndata: "[DONE]"\n\ndata: {HI}\n\n',
        "Hi",
        "a parser that does not recognise the marker joins two replies",
        where="openai",
        skipped=1,
    )
    extracts(
        "empty",
        "an empty text",
        "TXT-054",
        "",
        "",
        "a parser that calls an empty stream complete hides that the container died at once",
        where="openai",
        complete=False,
    )
    extracts(
        "done-in-text",
        "the end marker in the model's own text",
        "TXT-052",
        events(chat(content="[DONE]"), chat(content=" data: [DONE]\n\n"), chat("stop")) + DONE,
        "[DONE] data: [DONE]\n\n",
        "a parser that searches the bytes for the marker ends in the middle of the text",
        where="openai",
        finish="stop",
    )


# ---- failures ------------------------------------------------------------------------------------


def _bare_fields() -> None:
    """Texts that begin with a field without a colon (TXT-023)."""
    first, second = HI[:12], HI[12:]
    for name, title, start in (
        ("data", "data and LF", "data\n"),
        ("data-cr", "data and CR", "data\r"),
        ("id", "id and LF", "id\n"),
    ):
        extracts(
            "bare-field-" + name,
            f"events that begin with a field without a colon: {title}",
            "TXT-061 TXT-023",
            f"{start}data: {first}\ndata: {second}\n\n{DONE}",
            "Hi",
            "a reader that takes the text for JSON values loses a value that is in two fields",
            where="openai",
        )
    extracts(
        "bare-word",
        "a word that only begins like a field without a colon",
        "TXT-061 TXT-050",
        f"database\n{HI}\n",
        "Hi",
        "a reader that takes the text for events loses the values after it",
        where="openai",
        skipped=1,
        complete=False,
    )


def _failures() -> None:
    for name, title, space, is_failure in (
        ("one-space", "one space", " ", True),
        ("two-spaces", "two spaces", "  ", False),
    ):
        for form, start in (("events", ""), ("lines", HI + "\n")):
            extracts(
                f"failure-event-{name}-{form}",
                f"an event `event:error` with {title} after the colon, among {form}",
                "TXT-053 TXT-023",
                f"{start}event:{space}error\ndata: {HI}\n\n",
                ("Hi" if start else "") + ("" if is_failure else "Hi"),
                "readers that trim the type differently disagree about the failure",
                where="openai",
                complete=False,
                kind="container" if is_failure else None,
            )
    extracts(
        "failure-event-space-after",
        "an event `event: error ` among lines: the space belongs to the type",
        "TXT-053 TXT-023",
        f"{HI}\nevent: error \ndata: {HI}\n\n",
        "HiHi",
        "readers that trim the type differently disagree about the failure",
        where="openai",
        complete=False,
    )
    for name, data in (
        ("growing", '{"generated_text":"ab"}'),
        ("broken", '{"generated_text":"ab",}'),
    ):
        extracts(
            f"failure-event-{name}-document",
            f"an event of type error with a {name} document, after another value",
            "TXT-053 TXT-056 TXT-001",
            f"5\nevent: error\n{data}\n",
            "",
            "a reader that returns text as it arrives returns that of the failure, in some splits",
            where="generated-text",
            kind="container",
        )
    extracts(
        "failure-event-crlf",
        "an event of type error among lines that end with CR LF",
        "TXT-053 TXT-020",
        f"{HI}\r\nevent: error\r\ndata: {HI}\r\n\r\n",
        "Hi",
        "a reader that keeps the CR finds another type",
        where="openai",
        kind="container",
    )
    for name, title, value in (
        ("empty-message", "an empty error with a code", {"error": "", "code": 424}),
        ("true", "error true", {"error": True}),
        ("text", "an error with a type", {"error": "no", "error_type": "generation"}),
        ("object", "an error object", {"error": {"message": "no", "type": "x", "code": 500}}),
        ("list", "an error list", {"error": ["no"]}),
        ("number", "an error number", {"error": 5}),
        ("code-number", "a number as error_code", {"error_code": 7}),
        ("code-object", "an object as errorCode", {"errorCode": {"id": 7}}),
        ("object-error", "object error", {"object": "error", "message": "no", "code": 400}),
        ("type-error", "type error", {"type": "error", "message": "no"}),
        ("error-code", "ErrorCode", {"ErrorCode": "CAPACITY", "Message": "no"}),
        ("type-of-aws", "__type", {"__type": "ThrottlingException"}),
        ("status", "a status code with a message", {"code": 503, "message": "no"}),
        ("status-type", "a status code with a type", {"code": 400, "type": "BadInput"}),
        (
            "exception",
            "an exception of ConverseStream",
            {"modelStreamErrorException": {"message": "no"}},
        ),
        ("finish-error", "the finish reason error", chat("error")),
        ("finish-abort", "the finish reason abort", chat("abort")),
        (
            "details-error",
            "LMI's finish reason error",
            token("", generated_text="", details={"finish_reason": "error"}),
        ),
        (
            "sglang-abort",
            "SGLang's finish reason abort",
            {"text": "", "meta_info": {"finish_reason": {"type": "abort"}}},
        ),
    ):
        choices: Any = value.get("choices", [{}])
        reason = choices[0].get("finish_reason")
        for form, text in (
            ("events", events(chat(content="a"), value, chat(content="b"))),
            ("lines", lines(chat(content="a"), value, chat(content="b"))),
        ):
            extracts(
                f"failure-{name}-{form}",
                f"a failure of the container among {form}: {title}",
                "TXT-053",
                text,
                "a",
                "a parser that does not recognise it returns half a reply as if it were complete",
                where="openai",
                kind="container",
                finish=reason,
            )
    for name, data in (
        ("text", "data: out of memory\n\n"),
        ("nothing", ""),
        ("value", "data: {}\n"),
    ):
        extracts(
            "failure-event-among-lines-" + name,
            f"an event of type error among JSON lines, with {name}",
            "TXT-053",
            '{"t":"a"}\nevent: error\n' + data,
            "a",
            "a gateway appends its own event, and a parser of lines does not recognise it",
            where="t|u",
            kind="container",
        )
    extracts(
        "failure-event-without-data",
        "an event of type error without data",
        "TXT-053 TXT-051",
        'data: {"t":"a"}\n\nevent: error\n\ndata: {"t":"b"}\n\n',
        "a",
        "a parser that follows the grammar of server-sent events drops the event",
        where="t",
        kind="container",
    )
    for name, title, data in (
        ("document", "a document", '{"type":"error","error":{"type":"overloaded_error"}}'),
        ("text", "text", "out of memory"),
        ("empty-object", "an empty object", "{}"),
    ):
        extracts(
            f"failure-event-{name}",
            f"an event of type error with {title}",
            "TXT-053",
            ANTHROPIC.partition("event: content_block_stop")[0] + f"event: error\ndata: {data}\n\n",
            "Hello",
            "a parser that ignores event types returns half a reply as if it were complete",
            where="anthropic-messages",
            kind="container",
        )
    for name, title, value in (
        ("message", "the message of a gateway", {"message": "Internal server error"}),
        ("message-capital", "a message with a capital letter", {"Message": "Forbidden"}),
        ("detail", "the detail of FastAPI", {"detail": "Not Found"}),
        ("detail-list", "a list of details", {"detail": [{"loc": ["body"], "msg": "missing"}]}),
        ("error-message", "error_message", {"error_message": "no"}),
        ("error-message-camel", "errorMessage", {"errorMessage": "no"}),
        ("errors", "a list of errors", {"errors": [{"message": "no"}]}),
    ):
        for form, text, where in (
            ("event", events(value), "openai"),
            ("document", json.dumps(value), "auto"),
            ("path", lines(value), "t"),
        ):
            extracts(
                f"failure-alone-{name}-{form}",
                f"a failure as the only value: {title}",
                "TXT-064",
                text,
                "",
                "a parser that skips values without text returns an empty reply as a success",
                where=where,
                kind="container",
            )
    for name, title, text, where, expected in (
        ("first", "followed by text", lines({"message": "hello"}, {"t": "a"}), "t", "a"),
        ("twice", "twice", lines({"message": "a"}, {"message": "b"}), "t", ""),
        ("member", "beside another member", '{"message": "a", "ok": true}', "t", ""),
        ("path", "that the path leads to", '{"message": "a"}', "message", "a"),
        ("empty", "that is empty", '{"message": ""}', "t", ""),
        ("object", "that is an object", '{"message": {"t": "a"}}', "message.t", "a"),
    ):
        extracts(
            f"no-failure-message-{name}",
            f"a message {title}",
            "TXT-064",
            text,
            expected,
            "a parser that knows only the member's name rejects a good document",
            where=where,
        )
    extracts(
        "failure-with-text",
        "text in the value that reports the failure",
        "TXT-053",
        lines(token("a"), token("b", details={"finish_reason": "error"}), token("c")),
        "ab",
        "a parser that rejects the value first loses the last token",
        where="lmi",
        finish="error",
        kind="container",
    )
    extracts(
        "failure-path",
        "a failure among values that a path reads",
        "TXT-053",
        lines({"t": "a"}, {"error": "no"}, {"t": "b"}),
        "a",
        "a parser that looks for failures only with presets hides this one",
        where="t",
        kind="container",
    )
    extracts(
        "no-failure",
        "members that look like a failure",
        "TXT-053",
        events(
            {"error": None, "choices": []},
            {"error": False},
            {"error": {}},
            {"code": 200, "message": "fine"},
            {"ErrorCode": ""},
            {"error": 0, "error_code": 0, "errorCode": False, "__type": None},
            {"error": [], "ErrorCode": [], "errorCode": {}, "error_code": 0.0},
            {"type": "ping"},
            chat(content="error: abort"),
            chat("stop"),
        )
        + DONE,
        "error: abort",
        "a parser that looks only for names ends a good stream",
        where="openai",
        finish="stop",
    )
    extracts(
        "no-failure-alike",
        "members that are almost those of a failure",
        "TXT-053",
        lines(
            {"code": "429", "message": "m"},
            {"code": "503", "type": "t"},
            {"code": True, "message": "m"},
            {"code": [500], "message": "m"},
            {"code": 399, "message": "m"},
            {"code": -500, "type": "t"},
            {"code": 500, "z": "a"},
            {"Code": 500, "message": "m"},
            {"Error": "e", "object": "Error", "type": "ERROR"},
            {"error ": "e", "type": "error ", "object": " error"},
            {"finish_reason": "Error", "code": None},
            {"stop_reason": "ABORT"},
            {"aexception": 1},
            {"aException": 1, "b": 2},
            {"Exceptions": 1},
            {"__proto__": {"error": "e"}},
            {"constructor": {"type": "error"}},
            {"z": "b"},
        ),
        "ab",
        "a parser that converts or compares loosely ends a good stream",
        where="z",
    )


# ---- foreign bytes -------------------------------------------------------------------------------

# The beginnings of binary formats contain a brace. None contains a line end.
FOREIGN: Sequence[Tuple[str, str, bytes]] = (
    ("html", "an HTML page", b"<html><body>502 Bad Gateway</body></html>"),
    ("xml", "an XML document", b"<Error><Code>SlowDown</Code></Error>"),
    ("http", "an HTTP message", b"HTTP/1.1 502 Bad Gateway"),
    ("chunk-size", "a chunk size of HTTP", b"1f4"),
    ("gzip", "gzip", b"\x1f\x8b\x08\x00\x00{\x00\x03\xcb\x48\xcd"),
    ("base64", "a frame in base64", b"AAAAewAAAFn5l+fnDTptZXNzYWdlLXR5cGUHAAVldmVudA"),
    ("frame", "a frame", b"\x00\x00\x00{\x00\x00\x00Y\xf9\x97\xe7\xe7"),
    ("utf-16", "UTF-16 text", "{err\u0153".encode("utf-16")),
    ("text", "a line of text", b"upstream connect error or disconnect/reset before headers"),
)


def _foreign() -> None:
    for name, title, foreign in FOREIGN:
        for form, a, b in (
            ("events", b'data: {"t":"a"}\n\n', b'\n\ndata: {"t":"b"}\n\n'),
            ("lines", b'{"t":"a"}\n', b'\n{"t":"b"}\n'),
        ):
            for place, text, expected in (
                ("between", a + foreign + b, "ab"),
                ("at-the-end", a + foreign, "a"),
            ):
                extracts(
                    f"foreign-{name}-{form}-{place}",
                    f"{title} {place.replace('-', ' ')} {'of' if expected == 'a' else ''} {form}",
                    "TXT-070 TXT-050",
                    text,
                    expected,
                    "a parser that ends here loses the text and hides the gateway's error",
                    where="t|u",
                    skipped=1,
                    complete=False,
                )
    extracts(
        "half-a-field-name",
        "events that end inside a field name",
        "TXT-031 TXT-070",
        b'data: {"t":"a"}\n\nda',
        "a",
        "a parser that ignores the line does not notice that an event is missing",
        where="t|u",
        kind="truncated",
    )


# ---- unreadable values ---------------------------------------------------------------------------


def _unreadable() -> None:
    for name, title, broken in (
        ("comment", "a comment that was sent as data", ": GATEWAY PROCESSING"),
        ("cut", "a truncated value", '{"choices":[{"delta":{"content":"x'),
        ("no-value", "a member without a value", '{"a":}'),
        ("name-twice", "a name twice", '{"a":1,"a":2}'),
        ("long-integer", "an integer of 30 digits", '{"a":' + "9" * 30 + "}"),
        ("word", "a word", "oops"),
        ("half", "half of a value", '"content":"x"}}]}'),
    ):
        extracts(
            "unreadable-event-" + name,
            f"an unreadable event: {title}",
            "TXT-050 TXT-054",
            events(chat(content="a"), broken, chat("stop", content="b")) + DONE,
            "ab",
            "a parser that ends here loses the rest; one that is silent hides a lost token",
            where="openai",
            finish="stop",
            skipped=1,
            complete=False,
        )
    for name, title, unreadable in (
        ("word", "a log line", b"Warning: slow"),
        ("no-value", "a member without a value", b'{"a":}'),
        ("utf8", "invalid UTF-8", b'{"t":"\xff"}'),
        ("name-twice", "a name twice", b'{"t":"x","t":"y"}'),
        ("cut", "a truncated value", b'{"t":"x'),
        ("brace", "a closing brace", b"}"),
    ):
        extracts(
            "unreadable-line-" + name,
            f"an unreadable line: {title}",
            "TXT-050 TXT-054",
            b'{"t":"a"}\n' + unreadable + b'\n{"t":"b"}\n',
            "ab",
            "a parser that ends here loses the rest; one that is silent hides a lost token",
            where="t|u",
            skipped=1,
            complete=False,
        )
    _foreign()
    extracts(
        "unreadable-event-utf8",
        "an unreadable event: invalid UTF-8",
        "TXT-050 TXT-002",
        b'data: {"t":"a"}\n\ndata: {"t":"\xff"}\n\ndata: {"t":"b"}\n\n',
        "ab",
        "a parser that ends here loses the rest; one that replaces the byte hides the damage",
        where="t",
        skipped=1,
        complete=False,
    )
    for name, title, text in (
        ("nan", "NaN and -Infinity", '{"t":"a","p":NaN}\n{"t":"b","p":-Infinity}\n'),
        ("control", "a raw tab", '{"t":"a","p":"x\ty"}\n{"t":"b"}\n'),
        (
            "surrogate",
            "half of a surrogate pair beside the text",
            '{"t":"a","p":"\\ud83d"}\n{"t":"b"}\n',
        ),
    ):
        extracts(
            "lenient-" + name,
            f"a value with {title}",
            "TXT-044 TXT-050",
            text,
            "ab",
            "a strict parser loses the token for a log probability",
            where="t",
        )
    extracts(
        "lost-data",
        "an event that lost its data:",
        "TXT-051",
        'data: {"t":"a"}\n\n{"t":"b"}\n\ndata: {"t":"c"}\n\n',
        "abc",
        "a parser that ignores the line loses a token without a trace",
        where="t",
        level="SHOULD",
    )
    extracts(
        "event-without-data",
        "an event with a type but without data",
        "TXT-051",
        'data: {"t":"a"}\n\nevent: delta\nid: 7\n\ndata: {"t":"b"}\n\n',
        "ab",
        "a parser that is silent hides that a payload was lost",
        where="t",
        skipped=1,
    )
    extracts(
        "format-changes",
        "events that turn into JSON lines",
        "TXT-051 TXT-050",
        'data: {"t":"a"}\n\n{"t":"b"}\n{"t":"c"}\n',
        "abc",
        "a gateway that changes the format midway makes a parser lose the rest",
        where="t",
        level="SHOULD",
    )
    extracts(
        "lines-with-data",
        "JSON lines that turn into events",
        "TXT-061",
        '{"t":"a"}\ndata: {"t":"b"}\n\n: ping\n\ndata: {"t":"c"}\n\n',
        "abc",
        "a gateway that changes the format midway makes a parser lose the rest",
        where="t",
    )


# ---- values and text -----------------------------------------------------------------------------


def _values() -> None:
    for name, title, halves, expected in (
        ("split", "in two values", ['{"t":"\\ud83d"}', '{"t":"\\ude00"}'], "\U0001f600"),
        (
            "split-text",
            "in two values with text",
            ['{"t":"a\\ud83d"}', '{"t":"\\ude00b"}'],
            "a\U0001f600b",
        ),
        (
            "high-alone",
            "of which the second is missing",
            ['{"t":"a\\ud83d"}', '{"t":"b"}'],
            "a\ufffdb",
        ),
        (
            "high-at-the-end",
            "of which the second is missing at the end",
            ['{"t":"a\\ud83d"}'],
            "a\ufffd",
        ),
        ("low-alone", "of which the first is missing", ['{"t":"\\ude00b"}'], "\ufffdb"),
        (
            "over-metadata",
            "around a value without text",
            ['{"t":"\\ud83d"}', '{"u":1}', '{"t":"\\ude00"}'],
            "\U0001f600",
        ),
    ):
        for form, joined in (("lines", "\n".join(halves)), ("events", events(*halves))):
            extracts(
                f"halves-{name}-{form}",
                f"halves of a surrogate pair {title}, in {form}",
                "TXT-055",
                joined,
                expected,
                "a tokenizer splits a character, and a parser that writes the halves fails or "
                "shows two replacement characters",
                where="t",
            )
    extracts(
        "halves-in-channels",
        "halves of a surrogate pair in different channels",
        "TXT-055",
        '{"choices":[{"delta":{"reasoning":"\\ud83d","content":"\\ude00"},"finish_reason":"stop"}]}',
        [("text", "\ufffd"), ("reasoning", "\ufffd")],
        "a parser that joins them makes a character that neither channel has",
        where="openai",
        channel="all",
        finish="stop",
    )
    extracts(
        "values-at-a-path",
        "values that are not strings",
        "TXT-062",
        '{"t":5}{"t":true}{"t":null}{"t":""}{"t":[1,{"a":"\u20ac"}]}{"t":"x"}{"t":0}{}',
        '5\ntrue\n[1,{"a":"\\u20ac"}]\nx0\n',
        "a parser that drops them loses numbers; one that writes them in its own notation breaks "
        "its reader",
        where="t",
    )
    extracts(
        "alternatives",
        "a path with alternatives and a negative index",
        "CLI-012 TXT-062",
        '{"a":null,"b":["x","y"]}{"a":"z","b":["no"]}{"c":"no"}{"b":[]}',
        "yz",
        "a parser that stops at the first alternative that exists returns nothing for null",
        where="a|b[-1]",
    )
    extracts(
        "array-elements",
        "one array of chunks",
        "TXT-061 TXT-056",
        json.dumps([{"t": "a"}, {"t": "b"}, {"t": "c"}]),
        "abc",
        "a parser that looks at the array as one value finds no text",
        where="t",
    )
    extracts(
        "array-index",
        "one array that the path indexes",
        "TXT-061",
        json.dumps([{"t": "a"}, {"t": "b"}, {"t": "c"}]),
        "b",
        "a parser that reads the elements one by one finds no text",
        where="[1].t",
    )
    extracts(
        "content-type",
        "events that begin with an empty line and a space",
        "TXT-061",
        ' data: no\n\ndata: {"t":"a"}\n\n',
        "a",
        "a parser that looks only at the first bytes reads the events as JSON",
        where="t",
        content_type="text/event-stream",
        skipped=1,
        complete=False,
    )
    for slug, title, start in (
        ("", "", ""),
        ("-after-space", ", after a space", " "),
        ("-after-line-end", ", after a line end", "\r\n"),
    ):
        extracts(
            "array-of-event-type" + slug,
            f"an array of chunks with the content type of events{title}",
            "TXT-061",
            start + '[{"t":"a"},\n {"t":"b"}]',
            "ab",
            "a parser that trusts the content type alone finds no text",
            where="t",
            content_type="text/event-stream",
        )
        extracts(
            "object-of-event-type" + slug,
            f"an object with the content type of events{title}",
            "TXT-061",
            start + '{"t":"a"}\n{"t":"b"}',
            "ab",
            "a parser that trusts the content type alone finds no text",
            where="t",
            content_type="text/event-stream",
        )
    extracts(
        "several-data-fields",
        "a value in several data fields of one event",
        "TXT-061 TXT-024",
        'data: {"t":\ndata: "a"}\n\ndata: {\ndata:"t": "b"\ndata: }\n\n',
        "ab",
        "a parser that reads each line loses the value",
        where="t",
    )
    for name, title, text in (
        ("no-blank-line", "without the blank line between", 'data: {"t":"a"}\ndata: {"t":"b"}\n\n'),
        ("in-a-row", "in one data field", 'data: {"t":"a"}{"t":"b"}\n\n'),
        ("no-line-end", "without the line end between", 'data: {"t":"a"}data: {"t":"b"}\n\n'),
        (
            "and-done",
            "and the end marker without a blank line",
            'data: {"t":"a"}\ndata: {"t":"b"}\ndata: [DONE]\n',
        ),
        (
            "done-between",
            "with the end marker between",
            'data: {"t":"a"}\ndata: {"t":"b"}\ndata: [DONE]\ndata: {"t":"c"}\n\n',
        ),
        (
            "after-a-type",
            "with types and ids",
            'event: x\nid: 1\ndata: {"t":"a"}\nevent: x\nid: 2\ndata: {"t":"b"}\n\n',
        ),
    ):
        extracts(
            "several-values-" + name,
            f"events {title}",
            "TXT-063 TXT-061",
            text,
            "ab",
            "a parser that follows the grammar of server-sent events joins the events, and loses "
            "both",
            where="t",
            skipped=int(name == "done-between"),
        )
    extracts(
        "content-type-first-line",
        "events that begin with an unknown field",
        "TXT-061 TXT-050",
        'note: x\ndata: {"t":\ndata: "a"}\n\n',
        "a",
        "a parser that looks only at the first bytes reads the events as JSON",
        where="t",
        content_type="text/event-stream",
        skipped=1,
        complete=False,
    )
    extracts(
        "content-type-document",
        "an indented document with the content type of events",
        "TXT-061",
        '{\n  "t": "a"\n}\n',
        "a",
        "containers set the content type carelessly, and a parser that trusts it finds nothing",
        where="t",
        content_type="text/event-stream",
    )
    extracts(
        "content-type-wrong",
        "JSON lines with the content type of events",
        "TXT-061",
        '{"t":"a"}\n{"t":"b"}\n',
        "ab",
        "containers set the content type carelessly, and a parser that trusts it finds nothing",
        where="t",
        content_type="text/event-stream",
    )
    extracts(
        "words-between",
        "numbers and words among the values",
        "TXT-050 TXT-001",
        '{"t":"a"}\ntrue\nnull 12.5\n"text" false\n{"t":"b"}\n',
        "ab",
        "a parser that parses at each part's end reports parts of the words as unreadable",
        where="t",
    )
    extracts(
        "array-cut",
        "an array of chunks without its end",
        "TXT-054 TXT-061 TXT-043",
        '[{"t":"a"},{"t":"b"}',
        "ab",
        "a parser that reads the elements one by one does not notice that the end is missing",
        where="t",
        kind="truncated",
    )
    extracts(
        "array-cut-element",
        "an array of chunks that ends inside one",
        "TXT-054 TXT-061 TXT-043",
        '[{"t":"a"},{"u":"b"',
        "a",
        "a parser that reads the elements one by one does not notice that the end is missing",
        where="t",
        kind="truncated",
    )
    extracts(
        "array-with-a-word",
        "an array of chunks with a word that takes the bracket along",
        "TXT-061 TXT-050",
        '[{"t":"a"}, oops ]\n{"t":"b"}',
        "ab",
        "a parser that counts brackets in unreadable bytes reports another error than the cause",
        where="t",
        skipped=1,
        complete=False,
    )
    extracts(
        "array-twice",
        "two arrays of chunks, and a closing bracket too many",
        "TXT-061 TXT-050",
        '[{"t":"a"}]\n[{"t":"b"}]\n]\n{"t":"c"}',
        "abc",
        "a parser that skips brackets does not notice that a part is missing",
        where="t",
        skipped=1,
        complete=False,
    )
    for name, title, text, where in (
        ("cut", "inside its text", '[{"generated_text": "Hello', "[0].generated_text"),
        ("cut-auto", "inside its text, recognised", '[{"generated_text": "Hello', "auto"),
        ("cut-escape", "inside an escape", '{"generated_text": "Hello\\u20', "generated_text"),
        (
            "cut-second",
            "inside the second of two texts",
            '[{"generated_text": "no"}, {"generated_text": "Hello',
            "[1].generated_text",
        ),
        ("cut-name", "inside a text that other members precede", '{"a":[1,{}],"t":"Hello', "t"),
    ):
        extracts(
            "growing-" + name,
            f"a document that ends {title}",
            "TXT-056 TXT-043",
            text,
            "Hello",
            "a parser that waits for the end loses everything that arrived",
            where=where,
            kind="truncated",
            level="SHOULD",
        )
    extracts(
        "growing-elements",
        "the first of several documents in an array",
        "TXT-056 TXT-061",
        '[{"generated_text": "Hello"}, {"generated_text": "no"}]',
        "Hello",
        "a parser that does not count the elements joins two texts",
        where="[0].generated_text",
        level="SHOULD",
    )
    escapes = (
        '<\\/b>\\/\\/ \\b\\f\\n\\r\\t\\"\\\\ \\u00e9\\u00E9\\ud83d\\uDE00 \\u0022\\u005c\\u002f '
        "\\\\n\\\\u0041 /\\u0000"
    )
    for name, text, where in (
        ("document", '{"generated_text": "%s"}', "generated_text"),
        ("auto", '[{"generated_text":"%s"}]', "auto"),
        ("name", '{"a\\/\\u0062": "%s"}', '["a/b"]'),
    ):
        extracts(
            "growing-escapes-" + name,
            f"a text that is one string of a document, with each escape of JSON: {name}",
            "TXT-056",
            text % escapes,
            json.loads(f'"{escapes}"'),
            "a parser that does not know an escape loses the rest of the text",
            where=where,
            level="SHOULD",
        )
    for name, rest in (("slash", "\\/"), ("backslash", "\\\\"), ("quote", '\\"')):
        extracts(
            "growing-cut-after-" + name,
            f"a document that ends after an escape: {name}",
            "TXT-056 TXT-043",
            f'{{"generated_text": "Hello{rest}',
            json.loads(f'"Hello{rest}"'),
            "a parser that waits for the end loses everything that arrived",
            where="generated_text",
            kind="truncated",
            level="SHOULD",
        )
    for name, title, text, where in (
        ("document", "one document", '{"generated_text": "%s"}', "generated_text"),
        (
            "list",
            "a document in an array",
            '[{"generated_text": "%s", "details": null}]',
            "[0].generated_text",
        ),
        ("auto", "one document, recognised", '[{"generated_text":"%s"}]', "auto"),
        ("inner", "an inner document", '{"x": ["}", {"y": 1}], "z": {"t": "%s"}}', "z.t"),
    ):
        content = 'a\\u20ac \u20ac \\ud83d\\ude00 \\"{[\\\\'
        extracts(
            "growing-" + name,
            f"a text that is one string of {title}",
            "TXT-056",
            text % content,
            json.loads(f'"{content}"'),
            "a parser that decodes parts of the string alone splits its escapes and characters",
            where=where,
            level="SHOULD",
        )


def _times() -> None:
    why = "a reader that waits shows each token together with the next one, and the last at the end"
    extracts(
        "time-events",
        "events of a chat, one after the other",
        "TXT-067 TXT-054",
        events(chat(content="a"), chat(content="b"), chat(finish="stop")) + DONE,
        "ab",
        why,
        "openai",
        finish="stop",
    )
    extracts(
        "time-events-cr-lf",
        "events with CR LF, whose last one has the finish reason",
        "TXT-067 TXT-054",
        events(chat(content="a"), chat(content="b"), chat("stop", content="c")).replace(
            "\n", "\r\n"
        ),
        "abc",
        why,
        finish="stop",
    )
    extracts(
        "time-lines",
        "JSON lines, one after the other",
        "TXT-067 TXT-056",
        lines(token("a"), token("b"), token("c"), {"details": {"finish_reason": "length"}}),
        "abc",
        why,
        "lmi",
        finish="length",
    )
    extracts(
        "time-channels",
        "events of three channels",
        "TXT-067",
        events(chat(reasoning="a"), chat(content="b"), chat(reasoning="c"), chat(finish="stop")),
        [("reasoning", "a"), ("text", "b"), ("reasoning", "c")],
        why,
        "openai",
        channel="all",
        finish="stop",
    )


def _long(name: str, before: str, after: str, length: int) -> None:
    """Add a case with a text of this length between two texts, in parts of 64 KiB."""
    long = {"repeat": {"text": "x"}, "times": length}
    data = before.encode() + b"x" * length + after.encode()
    found = extract(data, path="t|u")
    if found != Extracted([("text", "a" + "x" * length + "b")], None, 0, True, None):
        raise CaseMistake(f"{name}: the transcription reads another text")
    EXTRACT.case(
        f"txt-extract-long-{name}",
        f"a text of {length:,} bytes in {name}",
        "TXT-069 TXT-005",
        {"bytes": [{"text": before}, long, {"text": after}], "piece": 65536, "path": "t|u"},
        ok(
            deltas=[{"channel": "text", "text": [{"text": "a"}, long, {"text": "b"}]}],
            finish_reason=None,
            skipped=0,
            complete=True,
        ),
        "a parser with a bound below 16 MiB skips whole documents",
        chunking=(),
    )


def _sizes() -> None:
    _long("an-event", 'data: {"t":"a"}\n\ndata: {"t":"', '"}\n\ndata: {"t":"b"}\n\n', 5 * MIB)
    _long("a-value", '{"t":"a"}\n{"t":"', '"}\n{"t":"b"}\n', 5 * MIB)
    for length in (4096, 65536, 90000):
        start, end = json.dumps(chat(content="|")).split("|")
        long = described(length)
        given: Dict[str, Any] = {
            "bytes": [
                {"text": f"data: {start}"},
                *long,
                {"text": end + "\n\n" + events(chat("stop", content="end")) + DONE},
            ],
            "preset": "openai",
        }
        deltas = [{"channel": "text", "text": [*long, {"text": "end"}]}]
        EXTRACT.case(
            f"txt-extract-size-{length}",
            f"a token of {length:,} characters",
            "TXT-050 TXT-005",
            given,
            ok(deltas=deltas, finish_reason="stop", skipped=0, complete=True),
            "a parser with a fixed buffer loses or damages a long value",
            chunking=LONG,
        )
    words = varied(900).split(" ")
    extracts(
        "many-tokens",
        "many tokens",
        "TXT-050 TXT-001",
        events(*(chat(content=word + " ") for word in words), chat("stop")) + DONE,
        "".join(word + " " for word in words),
        "a parser that loses a token at each part's end returns wrong text",
        where="openai",
        finish="stop",
        chunking=LONG,
    )


_presets()
_channels()
_parts()
_ends()
_bare_fields()
_failures()
_unreadable()
_values()
_times()
_sizes()
