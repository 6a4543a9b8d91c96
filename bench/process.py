# SPDX-License-Identifier: MIT
"""Rows: the cost of a process: its imports, one small call, its start, and its peak memory.

Each subject is a program that the launcher starts: `python -m refimpl invoke`, `bare.py client`, a
script that uses boto3, and one that uses the JavaScript SDK. The cost of an import is the time of a
process that imports, minus the time of an empty process just before it. bare imports the modules
that its client needs. Peak memory is the kernel's ru_maxrss.

The row of starts shows what each start-up trick of refimpl saves: a subject undoes one of them.
"""

import sys
from typing import Dict, List

from bench.implementations import BARE, JAVASCRIPT, REGION
from bench.measure import OURS, Row, Subject, mebibytes, milliseconds
from bench.setting import HERE, Setting

SMALL = "a-8-frame"
LONG, SHORT = 10000, 100  # frames of 8 KiB
BARE_IMPORTS = "hashlib, hmac, json, random, struct, sys, time, zlib, http.client, urllib.parse"

# Modules that refimpl avoids at the start of the command line.
AVOIDED = {
    "contextlib": "contextlib",
    "encodings.idna": "encodings.idna",
    "uuid": "uuid",
    "xml.parsers.expat": "xml.parsers.expat",
    "shutil": "shutil",  # argparse would import it for the width of help (cli/parser.py)
    "all commands": ", ".join(
        f"refimpl.cli.{name}" for name in ("invoke", "decode", "bridge", "sign", "convert")
    ),
}


def process_rows(setting: Setting) -> List[Row]:
    """Return the rows of time."""
    imports = {OURS: "refimpl.client", "bare": BARE_IMPORTS}
    if setting.implementations.boto3:
        imports["boto3"] = "boto3"
    if setting.implementations.awscrt:
        imports["awscrt"] = "awscrt.auth"
    subjects = {name: _import(setting, modules) for name, modules in imports.items()}
    calls = _processes(setting, _commands(setting, SMALL), "seconds")
    starts = _processes(setting, _starts(), "seconds")
    return [
        Row("import", "ms", milliseconds, False, subjects, {}),
        Row(
            "one small call as a whole process",
            "ms",
            milliseconds,
            False,
            calls,
            {"boto3": 0.3, "bare": 1.4},
        ),
        Row(
            "start of the command line, decoding an empty input",
            "ms",
            milliseconds,
            False,
            starts,
            {"without gc.freeze": 1.0},
        ),
    ]


def memory_rows(setting: Setting) -> List[Row]:
    """Return the row of peak memory.

    Each subject also reads a short stream. If its memory does not grow, both figures are equal.
    """
    count = setting.amount(LONG)
    long_commands = _commands(setting, f"b-{count}-64k", by_javascript=False)
    short_commands = {
        f"{name}, {SHORT} frames": command
        for name, command in _commands(setting, f"b-{SHORT}-64k", by_javascript=False).items()
    }
    return [
        Row(
            f"peak memory, reading {count:,} frames of 8 KiB",
            "MiB",
            mebibytes,
            False,
            _processes(setting, {**long_commands, **short_commands}, "memory"),
            {"bare": 1.2, f"{OURS}, {SHORT} frames": 1.05},
        )
    ]


def _commands(setting: Setting, name: str, by_javascript: bool = True) -> Dict[str, List[str]]:
    """Return the command of each subject that calls the endpoint of that name."""
    found, url, python = setting.implementations, setting.url, sys.executable
    call = f"invoke {name} --endpoint-url {url} --region {REGION} --content-type application/json"
    commands = {OURS: [python, "-m", "refimpl", *call.split(), "--body", '{"inputs":"hi"}']}
    if found.bare is not None:
        commands["bare"] = [python, BARE, "client", url, name]
    if found.boto3:
        commands["boto3"] = [python, str(HERE / "boto3_call.py"), url, name]
    if found.node and by_javascript:
        commands["javascript"] = [found.node, str(HERE / "client.cjs"), JAVASCRIPT, url, name]
    return commands


def _starts() -> Dict[str, List[str]]:
    """Return programs that start like refimpl/__main__.py, each without one of its tricks."""
    load = "import sys; sys.argv[1:] = ['decode']; from refimpl.cli import run; "
    frozen = "import gc; gc.disable(); {}getattr(gc, 'freeze', bool)(); gc.enable(); run()"
    programs = {OURS: frozen.format(load), "without gc.freeze": load + "run()"}
    for name, modules in AVOIDED.items():
        programs["with " + name] = frozen.format(f"{load}import {modules}; ")
    return {name: [sys.executable, "-c", program] for name, program in programs.items()}


def _processes(setting: Setting, commands: Dict[str, List[str]], cost: str) -> Dict[str, Subject]:
    def subject(command: List[str]) -> Subject:
        return lambda: setting.launch(command)[cost]

    return {name: subject(command) for name, command in commands.items()}


def _import(setting: Setting, modules: str) -> Subject:
    def seconds(program: str) -> float:
        return setting.launch([sys.executable, "-c", program])["seconds"]

    def cost() -> float:
        empty = seconds("pass")
        return max(seconds("import " + modules) - empty, 1e-6)

    return cost
