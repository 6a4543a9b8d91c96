# SPDX-License-Identifier: MIT
"""Rows: what a process costs: to import, to make one small call, and in peak memory while it reads a long stream.

Each subject is a program of its own, started from the launcher: `python -m refimpl invoke`, `bare.py client`, a script that
uses boto3 and one that uses the JavaScript SDK. An import is the time of a process that imports, less that of one that does
nothing, run just before it; what bare imports is what its client does. Peak memory is the kernel's ru_maxrss.
"""

import sys
from typing import Dict, List

from bench.measure import OURS, Row, Subject, mebibytes, milliseconds
from bench.peers import BARE, JAVASCRIPT, REGION
from bench.setting import HERE, Setting

SMALL = "a-8-frame"
AVOIDED = ("contextlib", "encodings.idna", "uuid", "xml.parsers.expat")  # by refimpl at start-up
LONG, SHORT = 10000, 100  # frames of 8 KiB
BARE_IMPORTS = "hashlib, hmac, json, random, struct, sys, time, zlib, http.client, urllib.parse"


def process_rows(setting: Setting) -> List[Row]:
    """Return the rows of time."""
    peers = setting.peers
    imports = {OURS: "refimpl.client", "bare": BARE_IMPORTS}
    if peers.boto3:
        imports["boto3"] = "boto3"
    if peers.awscrt:
        imports["awscrt"] = "awscrt.auth"
    return [
        Row(
            "import",
            "ms",
            milliseconds,
            False,
            {name: _import(setting, modules) for name, modules in imports.items()},
            {},
        ),
        Row(
            "one small call as a whole process",
            "ms",
            milliseconds,
            False,
            {
                name: _process(setting, command, "seconds")
                for name, command in _commands(setting, SMALL).items()
            },
            {"boto3": 0.3, "bare": 1.4},
        ),
        Row(
            "start of the command line, decoding an empty input",
            "ms",
            milliseconds,
            False,
            {name: _process(setting, command, "seconds") for name, command in _starts().items()},
            {"without gc.freeze": 1.0},
        ),
    ]


def memory_rows(setting: Setting) -> List[Row]:
    """Return the row of peak memory. A subject's own short stream stands beside the long one: what is flat is equal in both."""
    long_stream = {
        name: _process(setting, command, "memory")
        for name, command in _commands(
            setting, f"b-{int(setting.amount(LONG))}-64k", by_javascript=False
        ).items()
    }
    short_stream = {
        f"{name}, {int(SHORT)} frames": _process(setting, command, "memory")
        for name, command in _commands(setting, f"b-{int(SHORT)}-64k", by_javascript=False).items()
    }
    return [
        Row(
            f"peak memory, reading {format(setting.amount(LONG), ',')} frames of 8 KiB",
            "MiB",
            mebibytes,
            False,
            {**long_stream, **short_stream},
            {"bare": 1.2, f"{OURS}, {int(SHORT)} frames": 1.05},
        )
    ]


def _commands(setting: Setting, name: str, by_javascript: bool = True) -> Dict[str, List[str]]:
    peers, url, python = setting.peers, setting.url, sys.executable
    commands = {
        OURS: [
            python,
            "-m",
            "refimpl",
            "invoke",
            name,
            "--endpoint-url",
            url,
            "--region",
            REGION,
            "--content-type",
            "application/json",
            "--body",
            '{"inputs":"hi"}',
        ]
    }
    if peers.bare is not None:
        commands["bare"] = [python, BARE, "client", url, name]
    if peers.boto3:
        commands["boto3"] = [python, str(HERE / "boto3_call.py"), url, name]
    if peers.node and by_javascript:
        commands["javascript"] = [peers.node, str(HERE / "client.cjs"), JAVASCRIPT, url, name]
    return commands


def _starts() -> Dict[str, List[str]]:
    """Start-ups as in refimpl/__main__.py, and with one of its savings undone."""
    run = "import sys; sys.argv[1:] = ['decode']; from refimpl.cli import run; "
    frozen = "import gc; gc.disable(); {}getattr(gc, 'freeze', bool)(); gc.enable(); run()"
    programs = {OURS: frozen.format(run), "without gc.freeze": run + "run()"}
    for module in AVOIDED:
        programs["with " + module] = frozen.format(f"{run}import {module}; ")
    return {name: [sys.executable, "-c", program] for name, program in programs.items()}


def _process(setting: Setting, command: List[str], what: str) -> Subject:
    return lambda: setting.launch(command)[what]


def _import(setting: Setting, modules: str) -> Subject:
    def cost() -> float:
        empty = setting.launch([sys.executable, "-c", "pass"])["seconds"]
        return max(
            setting.launch([sys.executable, "-c", "import " + modules])["seconds"] - empty, 1e-6
        )

    return cost
