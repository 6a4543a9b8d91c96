# SPDX-License-Identifier: MIT
"""`conformance implementations applications`: run the application scenarios against applications.

Each subject reads the streams of one container (endpoint/scenarios/applications.py) in its own
process. An outcome says which text arrived and how it ended:

    complete   all of the text, and no error
    error      the application raised an error; the text before it may be there
    silent     some or no text, and no error: the user cannot see that it is incomplete
    hang       no end within the limit; the process was killed

--write writes reports/applications.json and the tables of docs/applications.md.
"""

import json
import os
import queue
import subprocess
import threading
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from conformance.applications import subjects
from conformance.endpoint.scenarios.applications import TEXT, scenarios
from conformance.files import ROOT, write_whole
from conformance.implementations.installers import venv_python
from conformance.implementations.registry import find_implementation, implementation_named
from conformance.testing.double import Endpoint
from refimpl.errors import UsageError, shown

REPORT = os.path.join(ROOT, "reports", "applications.json")
PAGE = os.path.join(ROOT, "docs", "applications.md")
_NOWHERE = "http://127.0.0.1:1"
LIMIT = 30.0  # seconds without a line from the application
_START_LIMIT = 120.0  # seconds for its imports


class Subject(NamedTuple):
    """One way of an application to read a stream.

    name:      as in subjects.py
    package:   its row in the registry
    container: whose scenarios it reads
    """

    name: str
    package: str
    container: str


SUBJECTS = (
    Subject("langchain-aws", "langchain-aws", "lmi"),
    Subject("litellm-chat", "litellm", "openai"),
    Subject("litellm-tgi", "litellm", "tgi"),
    Subject("sagemaker-lines", "sagemaker", "lmi"),
    Subject("sagemaker-bytes", "sagemaker", "lmi"),
    Subject("sagemaker-core", "sagemaker-core", "lmi"),
)


class Outcome(NamedTuple):
    """What an application made of a stream.

    text:  everything that arrived
    error: class and message of the error, "hang", or None
    """

    text: str
    error: Optional[str]

    @property
    def word(self) -> str:
        """The outcome in a word."""
        if self.error == HANG:
            return HANG
        if self.error is not None:
            return "error"
        return "complete" if self.text == TEXT else "silent"


HANG = "hang"


def scenario_names(container: str) -> List[str]:
    """Return the names of a container's scenarios without the container."""
    names = [scenario.name for scenario in scenarios()]
    return [name.partition("-")[2] for name in names if name.startswith(container + "-")]


def observe(
    command: Sequence[str],
    endpoint: Endpoint,
    names: Sequence[str],
    limit: float = LIMIT,
) -> Dict[str, Outcome]:
    """Return the outcome of each endpoint name. A process that hangs is killed and started again.

    command: of the program subjects.py with a subject; the names follow
    """
    found: Dict[str, Outcome] = {}
    left = list(names)
    while left:
        before = len(left)
        for name, outcome in _observe_once([*command, *left], endpoint, limit):
            found[name] = outcome
            left.remove(name)
        if len(left) == before:
            raise UsageError("the application does not start", actual=" ".join(command))
    return found


def _observe_once(
    command: Sequence[str], endpoint: Endpoint, limit: float
) -> Iterator[Tuple[str, Outcome]]:
    """Yield outcomes until the program ends or hangs."""
    environment = endpoint.environ()
    # Some applications fetch files from other hosts, and would wait if there is no network.
    environment.update(HTTP_PROXY=_NOWHERE, HTTPS_PROXY=_NOWHERE, PYTHONWARNINGS="ignore")
    environment.update(LITELLM_LOCAL_MODEL_COST_MAP="True")
    process = subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    lines: "queue.Queue[Optional[bytes]]" = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    name, text = "", ""
    wait = _START_LIMIT
    try:
        while True:
            try:
                line = lines.get(timeout=wait)
            except queue.Empty:
                if name:
                    yield name, Outcome(text, HANG)
                return
            if line is None:
                if name:
                    yield name, Outcome(text, "the process ended")
                return
            said = _parsed(line)
            if "begin" in said:
                name, text, wait = str(said["begin"]), "", limit
            elif "text" in said:
                text += str(said["text"])
            elif "end" in said:
                yield name, Outcome(text, said["end"])
                name = ""
    finally:
        process.kill()
        process.wait()
        reader.join()


def _read(stream: Any, lines: "queue.Queue[Optional[bytes]]") -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


def _parsed(line: bytes) -> Dict[str, Any]:
    """Return a line of subjects.py, or nothing for output of the application itself."""
    try:
        said = json.loads(line.decode("utf-8"))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


# ---- the command -------------------------------------------------------------------------------


def run_applications(names: Sequence[str], write: bool, say: Callable[[str], None]) -> None:
    """Run the subjects of these names, or all whose application is installed.

    write: update the report and the page
    Raises UsageError for an unknown name, or if an application that is named is not installed.
    """
    known = [subject.name for subject in SUBJECTS]
    for name in names:
        if name not in known:
            raise UsageError("no such application", expected=", ".join(known), actual=name)
    report = read_report()
    for subject in SUBJECTS:
        if names and subject.name not in names:
            continue
        installed = find_implementation(subject.package)
        if installed is None:
            advice = f"python3 -m conformance implementations install {subject.package}"
            if names:
                raise UsageError(f"{subject.package} is not installed", expected=advice)
            say(f"{subject.name:16} not installed; {advice}")
            continue
        outcomes = _run_subject(subject, installed.where)
        report[subject.name] = {
            "version": dict(implementation_named(subject.package).pins)[subject.package],
            "container": subject.container,
            "outcomes": {name: _document(outcome) for name, outcome in outcomes.items()},
        }
        say(f"{subject.name:16} {_counted(outcomes)}")
    if write:
        text = json.dumps(report, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        write_whole(REPORT, text.encode("utf-8"))
        write_tables(report)


def _run_subject(subject: Subject, folder: str) -> Dict[str, Outcome]:
    program = os.path.abspath(subjects.__file__)
    names = scenario_names(subject.container)
    with Endpoint(checks_at_end=False) as endpoint:
        found = observe(
            [venv_python(folder), program, subject.name],
            endpoint,
            [f"{subject.container}-{name}" for name in names],
        )
    return {name: found[f"{subject.container}-{name}"] for name in names}


def _document(outcome: Outcome) -> Dict[str, Any]:
    error = outcome.error
    if error is not None and error != HANG:
        error = error.partition(":")[0]
    return {"outcome": outcome.word, "text": outcome.text, "error": error}


def _counted(outcomes: Dict[str, Outcome]) -> str:
    words = [outcome.word for outcome in outcomes.values()]
    return ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))


def read_report() -> Dict[str, Any]:
    """Return the committed report, or an empty one."""
    try:
        with open(REPORT, encoding="utf-8") as file:
            report: Dict[str, Any] = json.load(file)
            return report
    except FileNotFoundError:
        return {}


# ---- the tables --------------------------------------------------------------------------------

_BEGIN, _END = "<!-- outcomes -->\n", "<!-- /outcomes -->"
GOOD = (
    "complete",
    "one-part",
    "split-characters",
    "split-lines",
    "one-byte-parts",
    "pings",
    "crlf",
    "no-final-newline",
    "skipped-events",
)


def is_right(scenario: str, word: str) -> bool:
    """Return whether an outcome shows the user what happened."""
    return word == ("complete" if scenario in GOOD else "error")


def table(report: Dict[str, Any]) -> str:
    """Return the table of the page."""
    names = [subject.name for subject in SUBJECTS if subject.name in report]
    rows = [["scenario"] + names]
    for scenario in scenario_names("openai"):
        row = [f"`{scenario}`"]
        for name in names:
            row.append(_cell(scenario, report[name]["outcomes"].get(scenario)))
        rows.append(row)
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---" * (len(names) + 1) + "|")
    versions = ", ".join(f"{name} {report[name]['version']}" for name in names)
    return "\n".join([f"Versions: {versions}.", "", *lines]) + "\n"


def _cell(scenario: str, entry: Optional[Dict[str, Any]]) -> str:
    if entry is None:
        return ""
    word = entry["outcome"]
    text = {"error": f"{entry['error']}", "silent": _silence(entry["text"])}.get(word, word)
    return text if is_right(scenario, word) else f"**{shown(text, 60)}**"


def _silence(text: str) -> str:
    return "part of the text" if text else "no text"


def write_tables(report: Dict[str, Any]) -> None:
    """Write the table into the page, between its marks."""
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    begin, _, rest = page.partition(_BEGIN)
    _, mark, end = rest.partition(_END)
    if not mark:
        raise UsageError("no marks for the table", expected=_BEGIN.strip(), actual=PAGE)
    write_whole(PAGE, (begin + _BEGIN + table(report) + _END + end).encode("utf-8"))
