# SPDX-License-Identifier: MIT
"""`python3 -m tests.endurance`: many calls at once, many in sequence, and one very long stream;
nothing lost, nothing growing.

`--readers BYTES` instead reads that many bytes in parts of 1 KiB with each reader of text and with
each command that writes text, and prints the processor time and the peak memory. Twice the bytes
must take about twice the time. `--only NAME` selects readers: 8 MiB of all take about a minute.

The endpoint runs in a process of its own, so that what is measured is the client's memory and
descriptors alone. Each part returns what it measured, for the one line that is printed and for the
tests, which run it in small.
"""

import argparse
import gc
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from itertools import chain

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from refimpl.client import Client
from refimpl.errors import DEFAULT_MAX_ITEM_LENGTH, NetworkError, TextError
from refimpl.eventstream import encode
from refimpl.sigv4 import Credentials
from refimpl.text.extraction import ModelText, deltas_of, parse_extraction
from refimpl.text.json_values import json_values_of
from refimpl.text.lines import lines_of
from refimpl.text.server_sent_events import events_of
from refimpl.text.utf8 import strings_of

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FEEDER = """
import sys
from conformance.endpoint.server import Endpoint
from conformance.endpoint.scenarios.build import ok, part, stream
from conformance.endpoint.scenarios.model import Scenario

class Steps:
    def __init__(self, count, text):
        self.count, self.frame = count, part(text)
    def __iter__(self):
        for _ in range(self.count):
            yield self.frame

class Named(dict):
    def get(self, name, default=None):
        kind, _, rest = name.partition("-")
        if kind in ("feed", "words"):
            count, size = map(int, rest.split("-"))
            text = b"x" * size if kind == "feed" else (b"some words of a line\\n" * size)[:size]
            return Scenario(name, "", "", ok(), stream()._replace(steps=Steps(count, text)))
        if kind == "echo":
            parts = [part(name.encode() + b" %d;" % number) for number in range(20)]
            return Scenario(name, "", "", ok(), stream(*parts))
        return default

endpoint = Endpoint(scenarios=Named(), pace=0)
print(endpoint.url, flush=True)
sys.stdin.read()
endpoint.close()
"""


class Feeder:
    """An endpoint in a process of its own:

    `echo-N` answers its own name in 20 parts, `feed-COUNT-SIZE` COUNT parts of SIZE bytes on one
    line, `words-COUNT-SIZE` as many bytes on short lines.
    """

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", FEEDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HERE
        )
        self.url = self.process.stdout.readline().decode().strip()
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def client(self, **settings):
        return Client(
            "us-east-1",
            self.url,
            Credentials(ACCESS_KEY, SECRET_KEY),
            environment={"AWS_MAX_ATTEMPTS": "1"},
            **settings,
        )


def resident():
    """Return this process's resident memory in KiB, now; None where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except OSError:
        return None


def descriptors():
    """Return the number of open file descriptors, or None if the system does not list them."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return None


def call(client, name):
    with client.invoke_endpoint_with_response_stream(endpoint_name=name, body=b"{}") as response:
        return b"".join(event.bytes for event in response.body)


def at_once(feeder, count):
    """Make count calls at the same moment from one Client.

    Returns the names whose answer was not wholly their own.
    """
    client, barrier, wrong = feeder.client(), threading.Barrier(count), []

    def one(number):
        name = f"echo-{number}"
        barrier.wait()
        try:
            answer = call(client, name)
        except Exception as error:  # reported with its name; the other threads go on
            answer = error
        if answer != b"".join(b"%s %d;" % (name.encode(), part) for part in range(20)):
            wrong.append((name, answer))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def in_sequence(feeder, count):
    """Make count calls one after the other.

    Returns resident memory (KiB) and descriptors after a tenth, and at the end.
    """
    client, marks = feeder.client(), []
    for number in range(count):
        assert call(client, "echo-7").endswith(b"echo-7 19;")
        if number + 1 in (count // 10, count):
            gc.collect()
            marks.append((resident(), descriptors()))
    return marks


def long_stream(feeder, total, size=65536):
    """Read total bytes in parts of size.

    Returns resident memory (KiB) after a tenth and at the end, and the digest.
    """
    client, marks, arrived, digest = feeder.client(), [], 0, hashlib.sha256()
    with client.invoke_endpoint_with_response_stream(
        endpoint_name=f"feed-{total // size}-{size}", body=b""
    ) as response:
        for event in response.body:
            before, arrived = arrived, arrived + len(event.bytes)
            digest.update(event.bytes)
            if before < total // 10 <= arrived:
                marks.append(resident())
    assert arrived == total // size * size
    return marks + [resident()], digest.hexdigest()


def cancelled(feeder, count):
    """Cancel count calls from another thread while they wait.

    Returns the kinds of error that the readers saw.
    """
    client, kinds = feeder.client(), []
    for _ in range(count):
        response = client.invoke_endpoint_with_response_stream(
            endpoint_name="feed-1000000-100", body=b""
        )
        reading = threading.Event()

        def read(response=response, reading=reading):
            try:
                for _ in response.body:
                    reading.set()
            except NetworkError as error:
                kinds.append(error.kind)

        reader = threading.Thread(target=read)
        reader.start()
        reading.wait()
        response.close()
        reader.join()
    return kinds


# ---- readers -----------------------------------------------------------------------------------

PART = 1024  # bytes
PAST_THE_BOUND = 64  # bytes that a value has in addition to its text


def repeated(item, total):
    """Yield total bytes of one item after the other, in parts of 1 KiB."""
    block = item * (PART // len(item) + 2)
    for position in range(0, total, PART):
        start = position % len(item)
        yield block[start : start + PART]


def inside(start, item, end, total):
    """Yield a document with total bytes of items between its start and its end."""
    whole = total // len(item) * len(item)
    return chain([start], repeated(item, whole - whole % PART), [end])


def bounded(total):
    """Return the length of one value, which a reader bounds."""
    return min(total, DEFAULT_MAX_ITEM_LENGTH - PAST_THE_BOUND - PART)


def extracted(where, item):
    def read(total):
        whole = repeated(item, total // len(item) * len(item) // PART * PART)
        return deltas_of(whole, ModelText(parse_extraction(where), "text", strict=False))

    return read


def written(command, *options):
    """Return a reader that gives frames to a command, and counts what it writes."""

    def read(total):
        frame = encode(
            [
                (":message-type", "string", "event"),
                (":event-type", "string", "PayloadPart"),
                (":content-type", "string", "application/octet-stream"),
            ],
            (b'data: {"t": "word "}\n\n' * 48)[:1000],
        )
        arguments = [sys.executable, "-m", "refimpl", command, *options]
        with subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=HERE
        ) as process:
            for _ in range(total // PART):
                process.stdin.write(frame)
            process.stdin.close()
        assert process.returncode == 0
        return ()

    return read


def invoked(kind, *options):
    """Return a reader that calls an endpoint from the command line: `feed` or `words`."""

    def read(total):
        status, errors = run_invoke(f"{kind}-{total // PART}-{PART}", options)
        assert (status, errors) == (0, ""), errors
        return ()

    return read


def run_invoke(name, options):
    """Call an endpoint from the command line. Return the exit code, and what stderr shows."""
    with Feeder() as feeder:
        arguments = [sys.executable, "-m", "refimpl", "invoke", name, "--body", "x"]
        done = subprocess.run(
            [*arguments, "--endpoint-url", feeder.url, "--region", "us-east-1", *options],
            env=dict(os.environ, AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=HERE,
            check=False,
        )
    return done.returncode, done.stderr.decode()


def long_line_invoked(total):
    """Call an endpoint that sends one line. Beyond the bound, the call ends with exit code 7."""
    status, errors = run_invoke(f"feed-{total // PART}-{PART}", ("--format", "lines"))
    if total > DEFAULT_MAX_ITEM_LENGTH:
        assert status == 7 and "line too long" in errors, (status, errors)
    else:
        assert status == 0, errors
    return ()


def event(value):
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def line(value):
    """Return a JSON line of 128 bytes, so that parts of 1 KiB end with a line."""
    return json.dumps(value).encode().ljust(127) + b"\n"


def until_error(deltas):
    """Yield the deltas before the TextError with which they end."""
    try:
        yield from deltas
    except TextError:
        return
    raise AssertionError("no TextError")


FOREIGN = b"<html><body>502 Bad Gateway</body></html>\n\0\0\0{\n1f4\n".ljust(127) + b"\n"
CHAT = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "word "}}]}
READERS = {
    "utf-8": lambda total: strings_of(repeated("w\u00f6rter ".encode(), total // 8 * 8)),
    "lines": lambda total: lines_of(repeated(b"some words of a line\n", total)),
    "one line": lambda total: lines_of(repeated(b"words ", bounded(total))),
    "events": lambda total: events_of(repeated(b"data: word\n\n", total)),
    "one event": lambda total: events_of(inside(b"", b"data: word\n", b"\n", bounded(total))),
    "JSON lines": lambda total: json_values_of(inside(b"", b'{"t": "a"}\n\n\n\n\n\n', b"", total)),
    "one string": lambda total: json_values_of(inside(b'"', b"word", b'"', bounded(total))),
    "one array": lambda total: json_values_of(
        inside(b"[", b"1234567,", b"1]", bounded(total) // 16)
    ),
    "openai": extracted("openai", event(CHAT)),
    "tgi": extracted("tgi", event({"token": {"id": 1, "text": "word "}})),
    "djl": extracted("djl", line({"token": {"id": 1, "text": "word "}})),
    "nova": extracted("nova", line({"contentBlockDelta": {"delta": {"text": "word "}}})),
    "llama": extracted("llama", line({"generation": "word ", "stop_reason": None})),
    "foreign lines": extracted("djl", line({"token": {"text": "a"}}) + FOREIGN),
    "foreign events": extracted("djl", event({"token": {"text": "a"}}) + FOREIGN + b"\n"),
    "foreign only": extracted("djl", FOREIGN),
    "foreign line": lambda total: deltas_of(
        chain([line({"token": {"text": "a"}})], repeated(b"upstream error ", total)),
        ModelText(parse_extraction("djl"), strict=False),
    ),
    "foreign in a document": lambda total: until_error(
        deltas_of(
            inside(b'{"generated_text": "', b"AAAAword\n\0\0\0", b"", bounded(total)),
            ModelText(parse_extraction("auto"), strict=False),
        )
    ),
    "anthropic-messages": extracted(
        "anthropic-messages",
        event(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": "w"},
            }
        ),
    ),
    "auto": extracted("auto", event(CHAT)),
    "growing document": lambda total: deltas_of(
        inside(b'{"generated_text": "', b"word", b'"}', bounded(total)),
        ModelText(parse_extraction("auto"), strict=False),
    ),
    "bridge": written("bridge"),
    "bridge text": written("bridge", "--format", "text"),
    "bridge json": written("bridge", "--format", "json"),
    "bridge sse": written("bridge", "--format", "sse"),
    "bridge base64": written("bridge", "--format", "base64"),
    "decode": written("decode"),
    "decode table": written("decode", "--format", "table"),
    "decode hex": written("decode", "--format", "hex"),
    "invoke raw": invoked("feed", "--format", "raw"),
    "invoke text": invoked("feed", "--format", "text"),
    "invoke lines": invoked("words", "--format", "lines"),
    "invoke one line": long_line_invoked,
    "invoke events": invoked("feed", "--format", "events"),
}


def read_once(name, total):
    """Read total bytes with a reader in this process.

    Returns seconds of processor time, those of its child processes included, and the peak memory of
    a process in KiB.
    """
    import resource  # not on Windows

    def usages():
        return [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]

    def seconds():
        return sum(usage.ru_utime + usage.ru_stime for usage in usages())

    started = seconds()
    for _ in READERS[name](total):
        pass
    return seconds() - started, max(usage.ru_maxrss for usage in usages())


def read_apart(name, total):
    """As read_once, in another process, so that memory is the reader's alone."""
    program = f"from tests.endurance import read_once; print(*read_once({name!r}, {total}))"
    output = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=HERE, check=True
    ).stdout
    seconds, peak = output.split()
    return float(seconds), int(peak)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="tests.endurance", description=__doc__.splitlines()[0])
    parser.add_argument("--at-once", type=int, default=500)
    parser.add_argument("--calls", type=int, default=100000)
    parser.add_argument("--bytes", type=int, default=2 << 30)
    parser.add_argument("--cancel", type=int, default=100)
    parser.add_argument("--readers", type=int, metavar="BYTES")
    parser.add_argument("--only", action="append", choices=sorted(READERS), metavar="NAME")
    options = parser.parse_args(arguments)
    if options.readers:
        for name in options.only or READERS:
            seconds, peak = read_apart(name, options.readers)
            print(f"{name:18} {seconds:8.2f} s {peak / 1024:8.1f} MiB", flush=True)
        return 0
    with Feeder() as feeder:
        for name, run in (
            (
                "calls at once",
                lambda: f"{options.at_once}, wrong answers: {at_once(feeder, options.at_once)}",
            ),
            (
                "long stream",
                lambda: (
                    f"{options.bytes} bytes, resident KiB after a tenth and at the end: "
                    f"{long_stream(feeder, options.bytes)[0]}"
                ),
            ),
            (
                "cancelled",
                lambda: f"{options.cancel}, seen: {sorted(set(cancelled(feeder, options.cancel)))}",
            ),
            (
                "calls in sequence",
                lambda: (
                    f"{options.calls}, (resident KiB, descriptors) after a tenth and at the end: "
                    f"{in_sequence(feeder, options.calls)}"
                ),
            ),
        ):
            started = time.monotonic()
            print(f"{name}: {run()}; {time.monotonic() - started:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
