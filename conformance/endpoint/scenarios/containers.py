# SPDX-License-Identifier: MIT
"""The responses of common containers, as pieces of text: one piece for each token.

    openai_chunks    the chat completion chunks of OpenAI's API, as vLLM, SGLang, LMI and TGI send
                     them, as server-sent events with `data: [DONE]` at the end
    tgi_events       the native stream of Text Generation Inference: `data:` without a space
    djl_lines        the older JSON lines of DJL Serving: {"outputs": ["Hel"]}
    lmi_lines        the JSON lines of LMI since v0.31.0: {"token": {"id": 1, "text": "Hel", ...}}

The *_document functions return the same response as one JSON document, which is what these
containers send to InvokeEndpoint.
"""

import json
from typing import Any, Dict, List, Optional, Sequence, Union

Delta = Union[str, Dict[str, Any]]
SSE_TYPE = "text/event-stream"
LINES_TYPE = "application/jsonlines"
JSON_TYPE = "application/json"
DONE = b"data: [DONE]\n\n"
_CREATED = 1764547200
_ID = "chatcmpl-1"


def json_text(value: Any) -> bytes:
    """Return a value as JSON on one line, in UTF-8."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def sse_event(data: bytes, space: bool = True) -> bytes:
    """Return one server-sent event. Each line of the data gets its own field."""
    field = b"data: " if space else b"data:"
    return b"".join([field + line + b"\n" for line in data.split(b"\n")]) + b"\n"


def _text_of(tokens: Sequence[Delta]) -> str:
    return "".join([token for token in tokens if isinstance(token, str)])


def _usage(tokens: Sequence[Delta]) -> Dict[str, int]:
    count = len(tokens)
    return {"prompt_tokens": 1, "completion_tokens": count, "total_tokens": count + 1}


def openai_chunks(
    tokens: Sequence[Delta],
    model: str = "model",
    finish_reason: Optional[str] = "stop",
    usage: bool = False,
    done: bool = True,
) -> List[bytes]:
    """Return chat completion chunks as server-sent events.

    tokens:        the text of each chunk, or its `delta` as a dict
    finish_reason: of the last chunk, or None to leave this chunk out
    usage:         whether a chunk with the usage follows
    done:          whether `data: [DONE]` ends the stream
    """

    def chunk(delta: Dict[str, Any], reason: Optional[str] = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]
        return sse_event(json_text(_completion(choices, model, ".chunk")))

    chunks = [chunk({"role": "assistant", "content": ""})]
    for token in tokens:
        chunks.append(chunk({"content": token} if isinstance(token, str) else token))
    if finish_reason is not None:
        chunks.append(chunk({}, finish_reason))
    if usage:
        last = dict(_completion([], model, ".chunk"), usage=_usage(tokens))
        chunks.append(sse_event(json_text(last)))
    if done:
        chunks.append(DONE)
    return chunks


def _completion(choices: List[Any], model: str, kind: str = "") -> Dict[str, Any]:
    return {
        "id": _ID,
        "object": "chat.completion" + kind,
        "created": _CREATED,
        "model": model,
        "choices": choices,
    }


def openai_document(
    tokens: Sequence[Delta], model: str = "model", finish_reason: Optional[str] = "stop"
) -> bytes:
    """Return the chat completion that has this text."""
    message = {"role": "assistant", "content": _text_of(tokens)}
    choices = [{"index": 0, "message": message, "finish_reason": finish_reason}]
    return json_text(dict(_completion(choices, model), usage=_usage(tokens)))


def tgi_events(tokens: Sequence[str], finish_reason: Optional[str] = "eos_token") -> List[bytes]:
    """Return the events of TGI's generate_stream. The last one has the whole text.

    finish_reason: of the last event, or None for events without an end
    """
    events = []
    for index, token in enumerate(tokens, 1):
        is_last = index == len(tokens) and finish_reason is not None
        event: Dict[str, Any] = {
            "index": index,
            "token": {"id": index, "text": token, "logprob": -0.5, "special": False},
            "generated_text": "".join(tokens) if is_last else None,
            "details": _details(len(tokens), finish_reason) if is_last else None,
        }
        events.append(sse_event(json_text(event), space=False))
    return events


def _details(count: int, finish_reason: Optional[str]) -> Dict[str, Any]:
    return {"finish_reason": finish_reason, "generated_tokens": count, "seed": None}


def generated_document(tokens: Sequence[str]) -> bytes:
    """Return the document that TGI and LMI send without streaming."""
    return json_text([{"generated_text": "".join(tokens)}])


def djl_lines(tokens: Sequence[str]) -> List[bytes]:
    """Return DJL's older JSON lines, which have no end marker."""
    return [json_text({"outputs": [token]}) + b"\n" for token in tokens]


def lmi_lines(tokens: Sequence[str], finish_reason: Optional[str] = "eos_token") -> List[bytes]:
    """Return LMI's JSON lines. The last one has details and the whole text.

    finish_reason: of the last line, or None for lines without an end
    """
    lines = []
    for index, token in enumerate(tokens, 1):
        line: Dict[str, Any] = {"token": {"id": index, "text": token, "log_prob": -0.5}}
        if index == len(tokens) and finish_reason is not None:
            line["details"] = dict(_details(len(tokens), finish_reason), inputs=None)
            line["generated_text"] = "".join(tokens)
        lines.append(json_text(line) + b"\n")
    return lines
