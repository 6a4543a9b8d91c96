# SPDX-License-Identifier: MIT
"""Rows: the cost of a process: its imports, one small call, its start, and its peak memory.

Each subject is a program that the launcher starts: `python -m refimpl invoke`, `bare.py client`, a
script that uses boto3, and one that uses the JavaScript SDK. The cost of an import is the time of a
process that imports, minus the time of an empty process just before it. bare and refimpl import all
modules that a call needs. Peak memory is the kernel's ru_maxrss.

On a read-only file system or in a zip file, Python compiles the sources at each start. The two rows
without compiled modules are the time of a process that imports from sources, minus that of a
process that imports the same modules of the standard library, whose compiled modules exist. One
process makes a client. The other also loads what its first call needs.

The row of starts shows what each start-up trick of refimpl saves: a subject undoes one of them.
"""

import shutil
import subprocess
import sys
from typing import Dict, List

from bench.implementations import ACCESS_KEY, BARE, JAVASCRIPT, REGION, ROOT, SECRET_KEY
from bench.measure import OURS, Row, Subject, mebibytes, milliseconds
from bench.setting import HERE, Setting

SMALL = "a-8-frame"
LONG, SHORT = 10000, 100  # frames of 8 KiB
BARE_IMPORTS = "hashlib, hmac, json, random, struct, sys, time, zlib, http.client, urllib.parse"

BUDGET = 0.025  # seconds
# Makes a client with the package in the folder sys.argv[1].
CLIENT = f"""
import sys
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
from refimpl import Client
keys = {{"AWS_ACCESS_KEY_ID": {ACCESS_KEY!r}, "AWS_SECRET_ACCESS_KEY": {SECRET_KEY!r}}}
client = Client({REGION!r}, "http://127.0.0.1", environment=keys)
"""
# Loads what the first call needs, and connects to nothing.
MODULES_OF_A_CALL = (
    "refimpl.live_response, refimpl.operation_request, refimpl.sigv4_signer, refimpl.transport"
)
CALL = f"import {MODULES_OF_A_CALL}\n"
LOADED = """
loaded = set(sys.modules) - before
print(*[name for name in loaded if name.partition(".")[0] != "refimpl"])
"""

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
    imports = {OURS: "refimpl.client, " + MODULES_OF_A_CALL, "bare": BARE_IMPORTS}
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
            "import of the client without compiled modules",
            "ms",
            milliseconds,
            False,
            {"25 ms": lambda: BUDGET, **_sources(setting, CLIENT)},
            {"25 ms": 1.0},
        ),
        Row(
            "all modules of a call, without compiled modules",
            "ms",
            milliseconds,
            False,
            _sources(setting, CLIENT + CALL),
            {},
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
    return _difference(setting, ["-c", "import " + modules], ["-c", "pass"])


def _sources(setting: Setting, program: str) -> Dict[str, Subject]:
    """Return a program's imports from a folder without and from one with compiled modules."""
    subjects: Dict[str, Subject] = {}
    for name in (OURS, "with compiled modules"):
        folder = setting.folder()
        copy = folder / "refimpl"
        shutil.copytree(ROOT / "refimpl", copy, ignore=shutil.ignore_patterns("__pycache__"))
        if name != OURS:
            # A process of its own uses the folder for compiled modules that its environment names.
            subprocess.check_call([sys.executable, "-m", "compileall", "-q", str(copy)])
        standard = ["-B", "-c", _standard_imports(str(folder), program)]
        subjects[name] = _difference(setting, ["-B", "-c", program, str(folder)], standard)
    return subjects


def _standard_imports(folder: str, program: str) -> str:
    """Return a program that imports what another imports of the standard library."""
    command = [sys.executable, "-B", "-c", program + LOADED, folder]
    loaded = subprocess.check_output(command, universal_newlines=True).split()
    # These two are parts of the module typing.
    return "import " + ", ".join(sorted(set(loaded) - {"typing.io", "typing.re"}))


def _difference(setting: Setting, arguments: List[str], less: List[str]) -> Subject:
    """Return the subject of a process of Python: its seconds above those of another before it."""

    def seconds(of: List[str]) -> float:
        return setting.launch([sys.executable, *of])["seconds"]

    def cost() -> float:
        before = seconds(less)
        return max(seconds(arguments) - before, 1e-6)

    return cost
