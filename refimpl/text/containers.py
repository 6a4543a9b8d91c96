# SPDX-License-Identifier: MIT
"""Where containers put text in a JSON value, and how they report an end or a failure. No I/O.

Each preset is a row of paths (TXT-058). SPEC.md, note TXT-058, names their sources.

    openai, openai-completions, vllm, sglang, tgi-openai    the chat and completion chunks of
        OpenAI's API, with `reasoning_content` or `reasoning`
    djl, lmi    the JSON lines of djl-serving's LMI containers: the last one has `generated_text`
    tgi         the stream of Text Generation Inference, the same fields with `token.special`
    anthropic-messages    the events of Anthropic's Messages API
    nova        the events of ConverseStream, or OpenAI's chunks, which SageMaker's containers write
    llama       Meta's own format, as Amazon Bedrock writes it, or that of LMI or OpenAI
    generated-text    one document with `generated_text`

It rejects nothing: a value that fits no row has no text.
"""

import json
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..errors import shown
from .paths import Path, first_found, parse_path, value_at

AUTO = "auto"


class Preset(NamedTuple):
    """The paths of a container's format. Each has alternatives, of which the first found counts.

    unless: a flag that, if true, means that the value has no text
    choice: a number that, unless it is 0, means that the value belongs to another choice
    finish: the reason for which the model stopped;  end: a member that only the last value has
    usage: the counts of tokens
    has_end: whether the container marks the end of its stream
    """

    text: Path
    reasoning: Path = ()
    tools: Path = ()
    unless: Path = ()
    choice: Path = ()
    finish: Path = ()
    end: Path = ()
    usage: Path = ()
    has_end: bool = False

    def channels(self) -> Sequence[Tuple[str, Path]]:
        """Return the paths of each channel, in the order in which a value's deltas are returned."""
        return (("reasoning", self.reasoning), ("text", self.text), ("tools", self.tools))


def _preset(text: str, has_end: bool = True, **paths: str) -> Preset:
    return Preset(
        parse_path(text),
        has_end=has_end,
        **{name: parse_path(path) for name, path in paths.items()},
    )


# TXT-058
_CHAT_TEXT = (
    "choices[0].delta.content|choices[0].delta.refusal|choices[0].text|choices[0].message.content"
)
_CHAT = _preset(
    _CHAT_TEXT,
    reasoning="choices[0].delta.reasoning_content|choices[0].delta.reasoning"
    "|choices[0].message.reasoning_content|choices[0].message.reasoning",
    tools="choices[0].delta.tool_calls|choices[0].delta.function_call"
    "|choices[0].message.tool_calls",
    choice="choices[0].index",
    finish="choices[0].finish_reason",
    usage="usage",
)
_COMPLETIONS = _preset(
    "choices[0].text|choices[0].delta.content",
    choice="choices[0].index",
    finish="choices[0].finish_reason",
    usage="usage",
)
_DJL = _preset(
    "token.text|outputs[0]",
    unless="token.special|token.special_token",
    finish="details.finish_reason",
    end="generated_text",
    usage="details",
)
_GENERATED = _preset(
    "generated_text", has_end=False, finish="details.finish_reason", usage="details"
)
PRESETS: Dict[str, Preset] = {
    "openai": _CHAT,
    "openai-completions": _COMPLETIONS,
    "vllm": _CHAT,
    "sglang": _CHAT,
    "tgi-openai": _CHAT,
    "tgi": _DJL,
    "djl": _DJL,
    "lmi": _DJL,
    "anthropic-messages": _preset(
        "delta.text|content_block.text|content",
        reasoning="delta.thinking|content_block.thinking",
        tools="delta.partial_json",
        finish="delta.stop_reason|stop_reason",
        usage="usage|message.usage",
    ),
    "nova": _preset(
        f"contentBlockDelta.delta.text|{_CHAT_TEXT}",
        reasoning="contentBlockDelta.delta.reasoningContent.text"
        "|choices[0].delta.reasoning_content|choices[0].delta.reasoning",
        tools="contentBlockDelta.delta.toolUse.input|choices[0].delta.tool_calls",
        choice="choices[0].index",
        finish="messageStop.stopReason|choices[0].finish_reason",
        usage="metadata.usage|usage",
    ),
    "llama": _preset(
        f"generation.content|generation|token.text|{_CHAT_TEXT}",
        reasoning="choices[0].delta.reasoning_content|choices[0].delta.reasoning",
        tools="choices[0].delta.tool_calls",
        unless="token.special|token.special_token",
        choice="choices[0].index",
        finish="stop_reason|details.finish_reason|choices[0].finish_reason",
        end="generated_text",
        usage='["amazon-bedrock-invocationMetrics"]|usage|details',
    ),
    "generated-text": _GENERATED,
}

# The first row that fits names the preset of a value: its path leads to a value of this type.
_SIGNS: Tuple[Tuple[str, str, type], ...] = (
    ("contentBlockDelta.delta", "nova", dict),
    ("messageStart.role", "nova", str),
    ("messageStop.stopReason", "nova", str),
    ("message.role", "anthropic-messages", str),
    ("content_block.type", "anthropic-messages", str),
    ("delta.type", "anthropic-messages", str),
    ("content[0].type", "anthropic-messages", str),
    ("choices[0].delta", "openai", dict),
    ("choices[0].message", "openai", dict),
    ("choices[0].text", "openai-completions", str),
    ("token.text", "djl", str),
    ("outputs[0]", "djl", str),
    ("generation", "llama", str),
    ("generated_text", "generated-text", str),
)
_SIGN_PATHS = tuple((parse_path(path)[0], name, kind) for path, name, kind in _SIGNS)
_FAILED_REASONS = ("error", "abort")
_FINISH_PATHS: Path = parse_path(
    "choices[0].finish_reason|details.finish_reason|finish_reason|stop_reason|delta.stop_reason"
    "|messageStop.stopReason|meta_info.finish_reason.type"
)
# API Gateway writes `message`, some gateways `Message`; FastAPI writes `detail`, Lambda
# `errorMessage`, GraphQL `errors`.
_LONE_FAILURES: Dict[str, Tuple[type, ...]] = {
    "message": (str,),
    "Message": (str,),
    "detail": (str, list, dict),
    "errorMessage": (str,),
    "error_message": (str,),
    "errors": (str, list, dict),
}
# TXT-068: the channel of a part of a list, by its type, and the members with its text.
_PART_CHANNELS: Dict[str, str] = {
    "text": "text",
    "output_text": "text",
    "refusal": "text",
    "thinking": "reasoning",
    "reasoning": "reasoning",
    "tool_use": "tools",
    "tool_calls": "tools",
}
_PART_TEXTS: Path = parse_path("text|refusal|thinking|reasoning")
_ERROR_CODES = ("ErrorCode", "errorCode", "error_code", "__type")


def recognised(value: Any) -> Optional[str]:
    """Return the name of the preset for a container's value, or None."""
    # TXT-060
    for steps, name, kind in _SIGN_PATHS:
        if isinstance(value_at(value, steps), kind):
            return name
    return None


def is_list_of_parts(content: Any) -> bool:
    """Return whether the content of a message is a list of parts, each a string or typed."""
    return isinstance(content, list) and all(
        isinstance(part, str) or isinstance(value_at(part, ("type",)), str) for part in content
    )


def piece_of_part(part: Any) -> Optional[Tuple[str, Any]]:
    """Return the channel of a part and its text, or its value for tools. Unknown parts: None."""
    # TXT-068
    if isinstance(part, str):
        return "text", part
    channel = _PART_CHANNELS.get(part["type"])
    if channel is None:
        return None
    return (channel, part) if channel == "tools" else (channel, _text_of_part(part))


def _text_of_part(part: Any) -> str:
    content = part if isinstance(part, str) else first_found(part, _PART_TEXTS)
    if isinstance(content, list):
        return "".join(map(_text_of_part, content))
    return content if isinstance(content, str) else ""


def failure_of(value: Any) -> Optional[str]:
    """Describe the failure that a container reports in a value, or return None."""
    # TXT-053
    if not isinstance(value, dict):
        return None
    error = value.get("error")
    # An empty message is a failure as well. Null, false, 0 and what is empty otherwise are not.
    if isinstance(error, str) or error:
        return f"the model's container reports an error: {_shown_failure(value)}"
    if value.get("object") == "error" or value.get("type") == "error":
        return f"the model's container reports an error: {_shown_failure(value)}"
    if any(value.get(name) for name in _ERROR_CODES):
        return f"the model's container reports an error: {_shown_failure(value)}"
    code = value.get("code")
    is_status = isinstance(code, int) and not isinstance(code, bool) and code >= 400
    if is_status and ("message" in value or "type" in value):
        return f"the model's container reports an error: {_shown_failure(value)}"
    # A stream of Bedrock has its exceptions as the only member of a value.
    if len(value) == 1 and next(iter(value)).endswith("Exception"):
        return f"the model's container reports an error: {_shown_failure(value)}"
    reason = first_found(value, _FINISH_PATHS)
    if reason in _FAILED_REASONS:
        return f"the model's container reports an error: finish_reason {reason}"
    return None


def lone_failure_of(value: Any) -> Optional[str]:
    """Describe the failure that the only value of a stream reports, or return None."""
    # TXT-064: gateways and web frameworks write such a document in place of a stream.
    if not isinstance(value, dict) or len(value) != 1:
        return None
    name, content = next(iter(value.items()))
    if content and isinstance(content, _LONE_FAILURES.get(name, ())):
        return f"the model's container reports an error: {_shown_failure(value)}"
    return None


def foreign_value(value: Any) -> Optional[str]:
    """Describe a value without text that a gateway may have written into a stream, or None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"the number {shown(str(value))}, which may be a chunk size of HTTP left in the body"
    if lone_failure_of(value) is not None:
        return f"what looks like a JSON error document: {_shown_failure(value)}"
    return None


def _shown_failure(value: Dict[str, Any]) -> str:
    return shown(json.dumps(value, ensure_ascii=False))


def paths_in(value: Any, limit: int = 5) -> Sequence[str]:
    """Return the paths to the first strings in a value, for a message."""
    found: List[str] = []
    _collect("", value, found, limit)
    return found


def _collect(path: str, value: Any, found: List[str], limit: int) -> None:
    if len(found) >= limit:
        return
    if isinstance(value, dict):
        for name, child in value.items():
            simple = name and not set(name) & set('.[]|" \t\n\r')
            step = f"{'.' if path else ''}{name}" if simple else f"[{json.dumps(name)}]"
            _collect(path + step, child, found, limit)
    elif isinstance(value, list):
        for index, child in enumerate(value[:limit]):
            _collect(f"{path}[{index}]", child, found, limit)
    elif isinstance(value, str) and path:
        found.append(path)
