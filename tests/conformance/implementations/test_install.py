# SPDX-License-Identifier: MIT
"""Tests of conformance/implementations: registry.py, installers.py and install.py.

The installers run with fake tools in the PATH, which log how they were called.
tests/implementations tests the implementations themselves.
"""

import hashlib
import io
import json
import os
import re
import stat
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from conformance import cli
from conformance.files import ROOT
from conformance.implementations import install as installing
from conformance.implementations import installers, registry
from conformance.implementations.installers import MARK, Installed, InstallError
from conformance.implementations.registry import find_implementation
from conformance.protocol.process import Crashed
from refimpl.errors import UsageError

POSIX = pytest.mark.skipif(os.name != "posix", reason="the tools made here are shell scripts")
PROGRAMS = Path(installers.PROGRAMS)
ROWS = {row.name: row for row in registry.IMPLEMENTATIONS}
OURS = Installed(
    "refimpl",
    "",
    (sys.executable, "-m", "conformance.adapters.refimpl"),
    {"PYTHONPATH": ROOT},
)


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a test's implementations; adapters start unless the test says otherwise."""
    monkeypatch.setenv("REFIMPL_IMPLEMENTATIONS", str(tmp_path / "implementations"))
    monkeypatch.setattr(installing, "start_adapter", lambda found: ExitStack())
    return tmp_path / "implementations"


class Tools:
    """A PATH that contains only fake tools."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def make(self, name: str, *lines: str) -> str:
        """Create a tool that logs its arguments and then runs the lines of shell."""
        tool = self.path / name
        tool.write_text(
            "#!/bin/sh\necho {} \"$@\" >> '{}/log'\n{}\n".format(name, self.path, "\n".join(lines)),
            encoding="utf-8",
        )
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        return str(tool)

    @property
    def log(self) -> List[str]:
        log = self.path / "log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    made = Tools(tmp_path / "tools")
    monkeypatch.setenv("PATH", str(made.path))
    return made


def run_cli(*arguments: str) -> Tuple[int, str, str]:
    stdout, stderr = io.BytesIO(), io.StringIO()
    code = cli.main(["implementations"] + list(arguments), cli.Streams(stdout, stderr))
    return code, stdout.getvalue().decode("utf-8"), stderr.getvalue()


# ---- folders and versions ----------------------------------------------------------------------


def test_the_folder_is_the_environment_s(folder: Path) -> None:
    assert registry.implementations_folder() == str(folder)


def test_the_former_variable_names_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("REFIMPL_IMPLEMENTATIONS", raising=False)
    monkeypatch.setenv("REFIMPL_PEERS", str(tmp_path))
    assert registry.implementations_folder() == str(tmp_path)


def test_the_former_command_still_works(folder: Path) -> None:
    stdout, stderr = io.BytesIO(), io.StringIO()
    assert cli.main(["peers", "run", "ruby"], cli.Streams(stdout, stderr)) == 2
    assert "ruby is not installed" in stderr.getvalue()


def test_the_folder_is_the_checkout_s_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REFIMPL_IMPLEMENTATIONS", "")
    assert registry.implementations_folder() == str(
        Path(__file__).resolve().parents[3] / ".implementations"
    )
    monkeypatch.setattr(
        registry, "ROOT", str(tmp_path)
    )  # where a wheel is installed there is no pyproject.toml
    monkeypatch.chdir(tmp_path)
    assert registry.implementations_folder() == str(tmp_path / ".implementations")


def test_every_version_is_exact() -> None:
    assert list(ROWS) == [
        "boto3",
        "awscrt",
        "smithy-python",
        "javascript",
        "curl",
        "ruby",
        "go",
        "rust",
        "java",
        "requests-aws4auth",
        "awscurl",
        "aws-requests-auth",
        "httpx-aws-auth",
        "aws4",
        "aws4fetch",
        "rust-crates",
        "aws-sdk-js",
        "asigv4",
        "auth-aws4",
        "aws4-express",
        "langchain-aws",
        "litellm",
        "sagemaker",
        "sagemaker-core",
    ]
    for peer in registry.IMPLEMENTATIONS:
        assert peer.pins and peer.description
        for name, version in peer.pins:
            assert re.match(r"[0-9]+(\.[0-9]+)+(\.post[0-9]+)?\Z", version) or name == "curl", (
                name,
                version,
            )
    assert {("boto3", "1.44.5"), ("botocore", "1.44.5")} < set(ROWS["boto3"].pins)
    assert ROWS["awscrt"].pins == (("awscrt", "0.38.1"),)


def test_an_application_is_pinned_with_hashes_and_has_no_adapter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: List[Any] = []
    monkeypatch.setattr(installers, "_run", lambda say, *command, **more: ran.append(command))
    monkeypatch.setattr(installers, "python_for", lambda name, *bounds: "python3.11")
    for row in registry.APPLICATIONS:
        path = Path(ROOT) / "conformance" / "applications" / (row.name + ".txt")
        text = path.read_text(encoding="utf-8")
        assert f"{row.name}=={row.pins[0][1]} \\\n" in text
        for requirement in re.split(r"\n(?=\S)", text.rstrip("\n")):
            assert re.match(r"[A-Za-z0-9._-]+(\[\S+\])?==\S+ .*--hash=sha256:", requirement, re.S)
        assert find_implementation(row.name) is None
        assert run_cli("install", row.name)[0] == 0
        assert ran[-1][-1] == str(path) and "--require-hashes" in ran[-1]
        found = find_implementation(row.name)
        assert found is not None and found.command == ()


def test_the_tests_requirements_name_the_same_versions() -> None:
    lines = (Path(ROOT) / "tests" / "implementations.txt").read_text(encoding="utf-8").split("\n")
    wanted = dict(tuple(line.split("==")) for line in lines if "==" in line)
    pinned = dict(ROWS["boto3"].pins + ROWS["awscrt"].pins)
    assert {name: pinned[name] for name in wanted} == wanted


def test_the_lock_holds_the_pinned_versions_and_names_no_host() -> None:
    text = (PROGRAMS / "javascript" / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert packages[""]["dependencies"] == dict(ROWS["javascript"].pins)
    for name, version in ROWS["javascript"].pins:
        assert packages["node_modules/" + name]["version"] == version
    assert all("integrity" in entry for name, entry in packages.items() if name)
    assert "://" not in text


def test_debian_s_packages_are_the_gems_at_their_versions() -> None:
    assert [
        pin.split("-", 1)[1].rsplit("-", 1)[0].split("=") for pin in installers.DEBIAN_GEMS
    ] == [list(pin) for pin in ROWS["ruby"].pins]


def test_an_unknown_name_is_a_usage_error(folder: Path) -> None:
    with pytest.raises(
        UsageError,
        match="no such implementation "
        ".expected boto3 awscrt smithy-python javascript curl ruby go rust java .*asigv4 .* "
        "got nix",
    ):
        find_implementation("nix")
    assert run_cli("install", "nix")[0] == 2
    assert not folder.exists()


def test_a_peer_that_is_not_there_cannot_be_judged(folder: Path) -> None:
    code, told, complaint = run_cli("run", "ruby")
    assert (code, told) == (2, "")
    assert (
        "ruby is not installed (expected python3 -m conformance implementations install ruby)"
        in complaint
    )


def test_a_peer_without_an_adapter_cannot_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "conformance.implementations.registry.find_implementation",
        lambda name: OURS._replace(command=()),
    )
    assert run_cli("run", "curl") == (2, "", "conformance: curl has no adapter\n")


@pytest.mark.slow
def test_a_peer_that_is_there_is_judged_as_run_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        "conformance.implementations.registry.find_implementation", lambda name: OURS
    )
    report = tmp_path / "report.json"
    code, told, complaint = run_cli(
        "run",
        "ruby",
        "--only",
        "evs-type-*",
        "--op",
        "eventstream.decode",
        "--report",
        f"json={report}",
    )
    assert (code, complaint) == (0, "") and told.startswith("refimpl ")
    totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
    assert list(totals) == ["PASS"] and totals["PASS"] > 10
    assert run_cli("run", "ruby", "--only", "no-such-case")[0] == 2


def test_settings_of_the_caller_do_not_reach_a_peer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_USE_FIPS_ENDPOINT", "HTTP_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "of the caller")
    found = OURS._replace(environment={"AWS_CONFIG_FILE": "its own", "PYTHONPATH": ROOT})
    hidden = registry.environment_of(found)
    assert {name: hidden[name] for name in ("AWS_USE_FIPS_ENDPOINT", "HTTP_PROXY", "no_proxy")} == {
        "AWS_USE_FIPS_ENDPOINT": None,
        "HTTP_PROXY": None,
        "no_proxy": None,
    }
    assert (
        hidden["AWS_CONFIG_FILE"] == "its own"
        and hidden["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
        and "PATH" not in hidden
    )
    given: List[Any] = []
    monkeypatch.setattr(
        "conformance.implementations.registry.find_implementation", lambda name: found
    )
    monkeypatch.setattr(
        cli, "run_suite", lambda options, command, environment, *others: given.append(environment)
    )
    assert run_cli("run", "ruby")[0] == 0 and given == [hidden]
    monkeypatch.setattr(registry, "Adapter", lambda command, environment: given.append(environment))
    registry.start_adapter(found)
    assert given == [hidden] * 2


@pytest.mark.slow
@POSIX
def test_a_tool_that_does_not_tell_its_version_is_not_waited_for(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installers, "_VERSION_TIMEOUT", 0.2)
    tools.make("curl", "exec /bin/sleep 60")
    assert find_implementation("curl") is None


# ---- the command line --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["install"],
        ["list", "boto3"],
        ["remove", "boto3"],
        ["record", "ruby"],
        ["run"],
        ["run", "nix"],
        ["run", "boto3", "curl"],
    ],
)
def test_wrong_usage(arguments: List[str], folder: Path) -> None:
    code, told, complaint = run_cli(*arguments)
    assert (code, told) == (2, "") and complaint.startswith("conformance: ")


@POSIX
def test_the_list_tells_versions_and_places(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    awscrt = ROWS["awscrt"].pins
    monkeypatch.setattr(installers, "_is_importable", lambda pins: pins == awscrt)
    monkeypatch.setattr(installers, "python_for", lambda name, *bounds: sys.executable)
    curl = tools.make("curl", "echo curl 8.1.0 '(x)' libcurl/8.1.0")
    tools.make("node")
    marked(folder, "javascript")
    code, told, complaint = run_cli("list")
    assert (code, complaint) == (0, "")
    rows = [row.split("\n") for row in re.split(r"\n(?=\S)", told.rstrip("\n"))]
    applications = [row.name for row in registry.APPLICATIONS]
    assert [row[0].split()[0] for row in rows] == list(ROWS) + applications
    assert [row[2].strip() for row in rows] == [
        "not installed; python3 -m conformance implementations install boto3",
        "installed: " + sys.executable,
        "not installed; python3 -m conformance implementations install smithy-python",
        f"installed: {folder / 'javascript'}",
        "installed: " + curl,
        "ruby with gem, or apt-get and dpkg-deb, are required but not installed",
        "go is required but not installed",
        "cargo is required but not installed",
        "mvn is required but not installed",
        *[
            f"not installed; python3 -m conformance implementations install {name}"
            for name in list(ROWS)[9:13]
        ],
        "npm is required but not installed",
        "npm is required but not installed",
        "cargo is required but not installed",
        "npm is required but not installed",
        *[
            f"not installed; python3 -m conformance implementations install {name}"
            for name in list(ROWS)[17:19]
        ],
        "npm is required but not installed",
        *[
            f"not installed; python3 -m conformance implementations install {name}"
            for name in list(ROWS)[20:]
        ],
    ] + [
        f"not installed; python3 -m conformance implementations install {name}"
        for name in applications
    ]
    assert [row[3:] for row in rows] == [
        ["              python3 -m conformance implementations run " + row[0].split()[0]]
        if row[2].strip().startswith("installed")
        else []
        for row in rows
    ]
    assert "              pinned: boto3 1.44.5, botocore 1.44.5, " in told


def marked(folder: Path, name: str, pins: Optional[Dict[str, str]] = None) -> Path:
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / MARK).write_text(
        json.dumps(dict(ROWS[name].pins) if pins is None else pins), encoding="utf-8"
    )
    return place


# ---- installing --------------------------------------------------------------------------------


@POSIX
def test_javascript_is_installed_once(folder: Path, tools: Tools) -> None:
    node = tools.make("node", "echo v20.20.2")
    npm = tools.make("npm", "echo done")
    interrupted = marked(folder, "javascript", {"complete": False})
    (interrupted / "a file of the interrupted installation").write_text("", encoding="utf-8")
    code, told, complaint = run_cli("install", "javascript")
    assert (code, complaint) == (0, "")
    assert told == (
        f"$ {npm} ci --ignore-scripts --no-audit --no-fund\n"
        f"javascript: installed, {folder / 'javascript'}\n"
    )
    assert sorted(os.listdir(str(folder / "javascript"))) == [
        "installed.json",
        "package-lock.json",
        "package.json",
    ]
    assert tools.log == ["node --version", "npm ci --ignore-scripts --no-audit --no-fund"]
    found = find_implementation("javascript")
    assert found is not None
    assert found.command == (
        node,
        str(PROGRAMS / "javascript" / "adapter.mjs"),
        str(folder / "javascript"),
        "3000",
    )

    assert run_cli("install", "javascript") == (
        0,
        f"javascript: already installed in {folder / 'javascript'}\n",
        "",
    )
    assert len(tools.log) == 2


@POSIX
def test_other_versions_are_installed_anew(folder: Path, tools: Tools) -> None:
    tools.make("node", "echo v22.0.0")
    tools.make("npm")
    place = marked(folder, "javascript", {"@smithy/core": "1.0.0"})
    assert find_implementation("javascript") is None
    assert run_cli("install", "javascript")[0] == 0
    assert json.loads((place / MARK).read_text(encoding="utf-8")) == dict(ROWS["javascript"].pins)


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize(
    "name, made, words",
    [
        ("javascript", {}, "node is required but not installed"),
        ("javascript", {"node": "echo v20.0.0"}, "npm is required but not installed"),
        (
            "javascript",
            {"node": "echo v18.19.0", "npm": ""},
            "Node.js is too old (expected 20 or later, got v18.19.0)",
        ),
        ("javascript", {"node": "exit 1", "npm": ""}, "Node.js is too old"),
        ("curl", {}, "curl is required but not installed"),
        (
            "curl",
            {"curl": "echo curl 7.74.0 libcurl/7.74.0"},
            "curl is too old for --aws-sigv4 (expected 7.75 or later, got curl 7.74.0",
        ),
        ("ruby", {}, "ruby with gem, or apt-get and dpkg-deb, are required but not installed"),
        (
            "ruby",
            {"apt-get": ""},
            "ruby with gem, or apt-get and dpkg-deb, are required but not installed",
        ),
    ],
)
def test_a_tool_that_is_missing_or_too_old_is_code_2(
    name: str, made: Dict[str, str], words: str, folder: Path, tools: Tools
) -> None:
    for tool, line in made.items():
        tools.make(tool, line)
    code, told, complaint = run_cli("install", name)
    assert code == 2
    assert f"{name}: NOT installed: {words}" in told
    assert complaint == "conformance: 1 of 1 implementations could not be installed\n"
    assert find_implementation(name) is None


@POSIX
def test_a_command_that_fails_is_code_1_and_told(folder: Path, tools: Tools) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make("npm", "echo no such package; exit 7")
    code, told, complaint = run_cli("install", "javascript")
    assert (code, complaint) == (1, "conformance: 1 of 1 implementations could not be installed\n")
    assert "npm failed with exit code 7: no such package" in told
    assert find_implementation("javascript") is None


@POSIX
def test_a_tool_that_cannot_be_run_is_a_command_that_fails(folder: Path, tools: Tools) -> None:
    tools.make("node", "echo v20.0.0")
    Path(tools.make("npm")).write_text("#!/nowhere/sh\n", encoding="utf-8")
    code, told, _ = run_cli("install", "javascript")
    assert code == 1 and "tools/npm: No such file or directory" in told


@POSIX
def test_each_is_tried_and_a_failure_outweighs_a_missing_tool(folder: Path, tools: Tools) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make("npm", "exit 1")
    tools.make("curl", "echo curl 7.75.0")
    code, told, complaint = run_cli("install", "ruby", "javascript", "curl")
    assert (code, complaint) == (1, "conformance: 2 of 3 implementations could not be installed\n")
    assert (
        f"using the system's curl, nothing to install\ncurl: installed, {tools.path / 'curl'}\n"
        in told
    )


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("name, program", [("boto3", "boto3_client"), ("awscrt", "awscrt_signer")])
def test_python_s_packages_go_into_an_environment_of_their_own(
    name: str, program: str, folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tools.make("venv")  # what becomes the environment's interpreter
    python = tools.make("python", 'mkdir -p "$3/bin"', f'cp {inner} "$3/bin/python"')
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setattr(installers, "_is_importable", lambda pins: False)
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    assert find_implementation(name) is None
    assert run_cli("install", name)[0] == 0
    place = folder / name
    assert tools.log == [
        f"python -m venv {place}",
        "venv -m pip install --quiet --disable-pip-version-check --require-hashes "
        f"--only-binary :all: --requirement {PROGRAMS / (name + '.txt')}",
    ]
    found = find_implementation(name)
    assert found is not None and found.where == str(place)
    assert found.command[:1] + found.command[-1:] == (
        str(place / "bin" / "python"),
        "conformance.adapters." + program,
    )


def test_a_peer_may_lie_in_the_interpreter_that_runs_this(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = pytest.importorskip("importlib.metadata")
    versions = dict(ROWS["boto3"].pins)

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)
    found = find_implementation("boto3")
    assert found is not None and (found.where, found.command[0]) == (sys.executable, sys.executable)
    versions["botocore"] = "1.0.0"
    assert find_implementation("boto3") is None
    del versions["botocore"]
    assert find_implementation("boto3") is None


@POSIX
@pytest.mark.parametrize(
    "name, makes, command",
    [
        ("go", {"go": "touch adapter"}, "go build -mod=readonly -trimpath -o adapter ."),
        (
            "rust",
            {
                "cargo": "mkdir -p target/release; touch target/release/adapter; "
                "test $1 = build || printf '[[package]]\\nsource = \"here\"\\n' > Cargo.lock"
            },
            "cargo build --release --locked --target-dir target",
        ),
        (
            "java",
            {"mvn": "mkdir lib; printf good > lib/a.jar", "javac": "mkdir classes", "java": ""},
            "javac -proc:none -cp lib/* -d classes Adapter.java",
        ),
    ],
)
def test_what_is_built_is_built_from_the_sources_as_they_are(
    name: str,
    makes: Dict[str, str],
    command: str,
    folder: Path,
    tools: Tools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    for tool, line in makes.items():
        tools.make(tool, line)
    monkeypatch.setattr(installers, "check_files", lambda sums, folders: None)
    code, told, complaint = run_cli("install", name)
    assert (code, complaint) == (0, "") and told.endswith(
        f"$ {command}\n{name}: installed, {folder / name}\n"
    )
    assert tools.log[-1] == command
    sources = sorted(os.listdir(str(PROGRAMS / name)))
    built = {"go": ["adapter"], "rust": ["Cargo.lock", "adapter"], "java": ["classes", "lib"]}[name]
    assert sorted(os.listdir(str(folder / name))) == sorted(sources + built + [MARK])
    found = find_implementation(name)
    assert found is not None and found.command[-1] == "3000"
    if name == "rust":  # each package of a registry is told to come from the one that cargo named
        lock, locked = [
            (folder / name / file).read_text(encoding="utf-8")
            for file in ("Cargo.lock", "locked.toml")
        ]
        assert (
            lock.count('\nsource = "here"\nchecksum = ') == locked.count("\nchecksum = ") > 100
            and "source" not in locked
        )
    if name == "java":
        assert found.command[:2] == (str(tools.path / "java"), "-XX:TieredStopAtLevel=1")
        assert found.command[3:5] == (f"{folder / name}/classes:{folder / name}/lib/*", "Adapter")
    else:
        assert found.command[0] == str(folder / name / "adapter")
    assert run_cli("install", name) == (0, f"{name}: already installed in {folder / name}\n", "")
    (folder / name / sources[0]).write_text("older", encoding="utf-8")
    assert find_implementation(name) is None
    assert run_cli("install", name)[0] == 0 and find_implementation(name) is not None


@POSIX
def test_a_peer_may_need_a_newer_python(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(installers.sys, "version_info", (3, 11, 2))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "[pyenv]"))
    with pytest.raises(
        UsageError,
        match="smithy-python needs another Python "
        ".expected python3.12 or later in the PATH or from pyenv",
    ):
        installers.python_for("smithy-python", (3, 12))
    for version, prints in (("3.11.9", "3.11.9"), ("3.12.1", "3.12.1"), ("3.13.0", "3.13.0")):
        of_pyenv = Tools(tmp_path / version)
        (tmp_path / "[pyenv]" / "versions" / version).mkdir(parents=True)
        (tmp_path / "[pyenv]" / "versions" / version / "bin").symlink_to(of_pyenv.path)
        of_pyenv.make("python3", "echo Python " + prints)
    assert installers.python_for("smithy-python", (3, 12)) == str(
        tmp_path / "[pyenv]" / "versions" / "3.12.1" / "bin" / "python3"
    )
    monkeypatch.delenv("PYENV_ROOT")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".pyenv").symlink_to(tmp_path / "[pyenv]")
    assert installers.python_for("smithy-python", (3, 12)) == str(
        tmp_path / ".pyenv" / "versions" / "3.12.1" / "bin" / "python3"
    )
    tools.make("python3.12", "echo Python 3.11.9")  # not what its name says
    tools.make("python3.14", "echo Python 3.14.1")
    assert installers.python_for("smithy-python", (3, 12)) == "python3.14"
    assert installers.python_for("boto3", (3, 10)) == sys.executable
    with pytest.raises(UsageError, match="expected python3.8 or later, but before 3.9 in the PATH"):
        installers.python_for("old", (3, 8), (3, 9))
    assert installers.python_for("old", (3, 12), (3, 13)).endswith("3.12.1/bin/python3")
    monkeypatch.setattr(installers.sys, "version_info", (3, 12, 0))
    assert installers.python_for("smithy-python", (3, 12)) == sys.executable


@POSIX
@pytest.mark.parametrize("name, tool", [("go", "go"), ("rust", "cargo"), ("java", "mvn")])
def test_a_tool_that_builds_must_be_there(name: str, tool: str, folder: Path, tools: Tools) -> None:
    code, told, complaint = run_cli("install", name)
    assert code == 2 and f"{tool} is required but not installed" in told + complaint
    assert find_implementation(name) is None and not (folder / name).exists()


def pin_ruby(monkeypatch: pytest.MonkeyPatch, tools: Tools, *files: str) -> None:
    """Pin files that contain "good" in place of the libraries of the gems."""
    digest = hashlib.sha256(b"good").hexdigest()
    sums = tools.path.parent / "libraries.sha256"
    sums.write_text("".join(f"{digest}  {name}\n" for name in files), encoding="ascii")
    monkeypatch.setattr(installers, "_RUBY_SUMS", str(sums))


# `gem unpack FILE --target FOLDER` makes the folders of both gems and a file of one.
GEM = """case $1 in unpack)
    gem=$(basename "$2" .gem); mkdir -p "$4/$gem/lib"
    case $gem in aws-sigv4*) printf good > "$4/$gem/lib/aws-sigv4.rb";; esac
esac"""
RUBY_LOADS = 'case "$*" in *require*) printf 3.1.7;; esac'


@POSIX
def test_gems_are_tried_first(folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    pin_ruby(monkeypatch, tools, "aws-sigv4.rb")
    ruby = tools.make("ruby", f'echo "RUBYLIB=$RUBYLIB" >> {tools.path}/log', RUBY_LOADS)
    tools.make("gem", GEM)
    code, told, complaint = run_cli("install", "ruby")
    assert (code, complaint) == (0, "") and "Ruby 3.1.7" in told
    place = folder / "ruby"
    libraries = ["%s/gems/gems/%s-%s/lib" % ((place,) + pin) for pin in ROWS["ruby"].pins]
    assert "RUBYLIB=" + ":".join(libraries) in tools.log
    found = find_implementation("ruby")
    assert found is not None
    assert found.command == (
        ruby,
        "--disable-gems",
        str(PROGRAMS / "ruby" / "adapter.rb"),
        "aws-eventstream 1.2.0, aws-sigv4 1.5.1",
    )
    assert found.environment == {"RUBYLIB": ":".join(libraries)}


def debian(tools: Tools, unpacks: str) -> None:
    """Create Debian's tools: a download is one file per package, and unpacking creates one file."""
    tools.make("apt-get", 'shift 3; for package in "$@"; do touch "${package%%=*}.deb"; done')
    tools.make("dpkg-deb", unpacks)


@POSIX
def test_debian_s_packages_stand_in_for_gems_that_cannot_be_had(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    pin_ruby(monkeypatch, tools)
    ruby = tools.make("ruby", RUBY_LOADS)
    tools.make("gem", "echo cannot connect; exit 2")
    debian(tools, 'mkdir -p "$3/usr/lib/ruby/vendor_ruby"')
    code, told, complaint = run_cli("install", "ruby")
    assert (code, complaint) == (
        0,
        "",
    ) and "no gems: gem failed with exit code 2: cannot connect" in told
    assert (
        "apt-get download -o APT::Sandbox::User=root "
        "ruby-aws-eventstream=1.2.0-1 ruby-aws-sigv4=1.5.1-2" in tools.log
    )
    found = find_implementation("ruby")
    assert found is not None and found.command[0] == ruby
    assert found.environment == {
        "RUBYLIB": str(folder / "ruby" / "usr" / "lib" / "ruby" / "vendor_ruby")
    }


@POSIX
def test_an_interpreter_is_unpacked_for_a_system_without(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin_ruby(monkeypatch, tools)
    system_tool = {"ruby": None, "gem": None}
    which = installers.shutil.which
    monkeypatch.setattr(installers.shutil, "which", lambda name: system_tool.get(name, which(name)))
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    debian(
        tools,
        "\n".join(
            [
                'mkdir -p "$3/usr/bin" "$3/usr/lib/ruby/3.1.0"',
                'mkdir -p "$3/usr/lib/x/ruby/3.1.0" "$3/usr/lib/ruby/vendor_ruby"',
                'touch "$3/usr/lib/x/libruby-3.1.so.3.1"',
                "printf '#!/bin/sh\\nprintf 3.1.7\\n' > \"$3/usr/bin/ruby3.1\"",
                'chmod +x "$3/usr/bin/ruby3.1"',
            ]
        ),
    )
    assert run_cli("install", "ruby")[0] == 0
    assert [line for line in tools.log if line.startswith("apt-get")][0].endswith(
        "ruby-aws-sigv4=1.5.1-2 ruby3.1 libruby3.1"
    )
    found = find_implementation("ruby")
    assert found is not None
    usr = folder / "ruby" / "usr"
    assert found.command[0] == str(usr / "bin" / "ruby3.1")
    assert found.environment == {
        "LD_LIBRARY_PATH": str(usr / "lib" / "x"),
        "RUBYLIB": ":".join(
            str(usr / "lib" / path) for path in ("ruby/vendor_ruby", "ruby/3.1.0", "x/ruby/3.1.0")
        ),
    }


@POSIX
@pytest.mark.parametrize(
    "apt, ruby, words",
    [
        (
            "echo unable to locate; exit 100",
            RUBY_LOADS,
            "apt-get failed with exit code 100: unable to locate; apt-get update may help; or",
        ),
        ("", "echo cannot load; exit 1", "the gems do not load: "),
    ],
)
def test_what_to_do_when_ruby_cannot_be_had(
    apt: str,
    ruby: str,
    words: str,
    folder: Path,
    tools: Tools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pin_ruby(monkeypatch, tools)
    tools.make("ruby", ruby)
    tools.make("apt-get", apt)
    tools.make("dpkg-deb")
    code, told, complaint = run_cli("install", "ruby")
    assert (
        code == 1
        and words in told
        and "apt-get install ruby ruby-aws-eventstream ruby-aws-sigv4" in told
    )
    assert find_implementation("ruby") is None


@POSIX
def test_what_was_installed_and_cannot_be_found_is_an_error(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make("npm", "")
    lost = ROWS["javascript"]._replace(find=lambda peer, folder: None)
    monkeypatch.setattr(installing, "implementation_named", lambda name: lost)
    with pytest.raises(InstallError):
        installing.install(["javascript"], lambda line: None)


def starts(monkeypatch: pytest.MonkeyPatch, *faults: Optional[str]) -> None:
    """Let adapters start, or fail with these messages, one after another."""
    left = list(faults)

    def start(found: Installed) -> Any:
        fault = left.pop(0)
        if fault is not None:
            raise Crashed(fault)
        return ExitStack()

    monkeypatch.setattr(installing, "start_adapter", start)


@POSIX
def test_an_installation_of_which_something_was_taken_away_is_made_anew(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make("npm")
    (marked(folder, "javascript") / "old").write_text("", encoding="utf-8")
    starts(monkeypatch, "it ended with exit code 1", None)
    code, told, complaint = run_cli("install", "javascript")
    assert (code, complaint) == (0, "") and not (folder / "javascript" / "old").exists()
    assert told.split("\n")[0] == (
        "javascript: already installed, but its adapter does not start; reinstalling: "
        "it ended with exit code 1"
    )
    assert told.endswith(f"javascript: installed, {folder / 'javascript'}\n")


@POSIX
def test_what_does_not_start_is_not_installed(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.make("curl", "echo curl 8.1.0")
    starts(monkeypatch, "it ended with\nexit code 1")
    code, told, _ = run_cli("install", "curl")
    assert (
        code == 1
        and "curl: NOT installed: its adapter does not start: it ended with\\nexit code 1\n" in told
    )


@POSIX
def test_a_folder_that_cannot_be_written_to_keeps_no_other_from_being_installed(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make("npm")
    tools.make("curl", "echo curl 8.1.0")
    folder.write_text("a file", encoding="utf-8")
    code, told, complaint = run_cli("install", "javascript", "curl")
    assert (code, complaint) == (2, "conformance: 1 of 2 implementations could not be installed\n")
    words = (
        "javascript: NOT installed: cannot write to %s: File exists "
        "(expected a folder, named by REFIMPL_IMPLEMENTATIONS)\n"
    )
    assert told.startswith(words % folder)
    folder.unlink()
    folder.mkdir()
    assert run_cli("install", "javascript", "curl")[0] == 0


@POSIX
def test_an_interrupt_ends_the_command_and_what_it_has_started(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make(
        "npm",
        "/bin/sleep 60 &",
        f"echo $! > '{tools.path}/pid.new'; /bin/mv '{tools.path}/pid.new' '{tools.path}/pid'",
        "wait",
    )

    communicate = installers.subprocess.Popen.communicate

    def interrupted(process: Any, *arguments: Any, **options: Any) -> Any:
        if not process.args[0].endswith("npm"):
            return communicate(process, *arguments, **options)
        while not (tools.path / "pid").exists():
            time.sleep(0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr(installers.subprocess.Popen, "communicate", interrupted)
    assert run_cli("install", "javascript")[0] == 130
    child = int((tools.path / "pid").read_text(encoding="utf-8"))
    for _ in range(1000):
        if not is_running(child):
            break
        time.sleep(0.01)
    assert not is_running(child) and find_implementation("javascript") is None


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        with open(
            f"/proc/{int(process)}/stat", encoding="ascii"
        ) as file:  # where there is no /proc, init reaps it soon
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:
        return True


# ---- what an installation may remove and what it checks ----------------------------------------


@POSIX
@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_keeps_what_no_installation_created(kind: str, folder: Path, tools: Tools) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make("npm")
    tools.make("curl", "echo curl 8.1.0")
    own = folder.parent / "own"
    own.mkdir()
    (own / "main.c").write_text("years of work", encoding="utf-8")
    folder.mkdir()
    for name in ("javascript", "curl"):
        if kind == "folder":
            (folder / name).mkdir()
            (folder / name / "main.c").write_text("years of work", encoding="utf-8")
        elif kind == "file":
            (folder / name).write_text("years of work", encoding="utf-8")
        else:
            (folder / name).symlink_to(own)
    code, told, _ = run_cli("install", "javascript", "curl")
    assert code == 2 and "javascript: NOT installed: the folder " in told
    for name in ("javascript", "curl"):
        kept = folder / name / "main.c" if kind != "file" else folder / name
        assert kept.read_text(encoding="utf-8") == "years of work"
        assert (folder / name).is_symlink() == (kind == "link")
    assert sorted(os.listdir(str(own))) == ["main.c"]


def test_installs_into_an_empty_folder_that_exists(tmp_path: Path) -> None:
    installers.prepare_folder(str(tmp_path))
    assert os.listdir(str(tmp_path)) == [MARK]
    (tmp_path / "old").write_text("", encoding="utf-8")
    installers.prepare_folder(str(tmp_path))
    assert os.listdir(str(tmp_path)) == [MARK]


def test_every_python_package_is_pinned_with_hashes() -> None:
    for name in ("boto3", "awscrt", "smithy-python"):
        text = (PROGRAMS / (name + ".txt")).read_text(encoding="ascii")
        assert re.match(
            r"([a-z0-9.-]+==[0-9a-z.]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n)+\Z", text
        )
        assert len(ROWS[name].pins) == text.count("==")


@pytest.mark.parametrize("change", ["none", "other", "more", "less"])
def test_a_file_that_differs_from_its_pin_is_not_used(change: str, tmp_path: Path) -> None:
    folder, sums = tmp_path / "lib", tmp_path / "sums"
    (folder / "inner").mkdir(parents=True)
    for name in ("a.jar", "inner/b.rb"):
        (folder / name).write_text(name, encoding="ascii")
    digests = {
        name: hashlib.sha256(name.encode("ascii")).hexdigest() for name in ("a.jar", "inner/b.rb")
    }
    sums.write_text(
        "".join(f"{digest}  {name}\n" for name, digest in digests.items()), encoding="ascii"
    )
    if change == "other":
        (folder / "inner" / "b.rb").write_text("x", encoding="ascii")
    elif change == "more":
        (folder / "json.rb").write_text("x", encoding="ascii")
    elif change == "less":
        (folder / "a.jar").unlink()
    if change == "none":
        installers.check_files(str(sums), [str(folder)])
        return
    with pytest.raises(InstallError, match="a downloaded file differs from the pinned one"):
        installers.check_files(str(sums), [str(folder)])


@POSIX
def test_gems_that_differ_are_not_used(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin_ruby(monkeypatch, tools)
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    pin_ruby(monkeypatch, tools, "aws-sigv4.rb")
    tools.make("ruby", RUBY_LOADS)
    tools.make("gem", GEM.replace("printf good", "printf evil"))
    debian(
        tools,
        'mkdir -p "$3/usr/lib/ruby/vendor_ruby"; '
        'printf good > "$3/usr/lib/ruby/vendor_ruby/aws-sigv4.rb"',
    )
    code, told, _ = run_cli("install", "ruby")
    assert code == 0 and "no gems: a downloaded file differs from the pinned one" in told
    assert not (folder / "ruby" / "gems").exists()


@POSIX
def test_a_command_does_not_see_the_caller_s_keys(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    tools.make("node", "echo v20.0.0")
    tools.make("npm", f"echo [$AWS_SECRET_ACCESS_KEY] >> '{tools.path}/log'")
    assert run_cli("install", "javascript")[0] == 0 and "[]" in tools.log
