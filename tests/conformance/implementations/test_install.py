# SPDX-License-Identifier: MIT
"""Tests of conformance/implementations/install.py and conformance/implementations/foreign.py that need none of the peers.

The plan: the installers run with tools of our own making in the PATH, which write down how they were called; the adapter
process is a Python program written here; the judge is given outcomes, one for each word of FAULTS; the whole play is played
with the reference implementation's own adapter, which must come out right. What the peers themselves do is for tests/implementations.
"""

import base64
import io
import json
import os
import re
import stat
import sys
import textwrap
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from conformance import cli
from conformance.implementations import foreign
from conformance.implementations import install as peers
from conformance.endpoint.scenarios import (
    OUTPUT,
    THREE,
    Expect,
    Scenario,
    examples,
    find,
    part,
    stream,
)
from conformance.implementations.foreign import FAULTS, Outcome, faults_of
from conformance.implementations.install import Found, InstallError
from conformance.protocol.process import Crashed
from refimpl.errors import Error, UsageError

EXAMPLES = {scenario.name: scenario for scenario in examples()}
POSIX = pytest.mark.skipif(os.name != "posix", reason="the tools made here are shell scripts")
PROGRAMS = Path(peers.PROGRAMS)
PEERS = {peer.name: peer for peer in peers.PEERS}
OURS = Found(
    "refimpl",
    "",
    (sys.executable, "-m", "conformance.adapters.refimpl"),
    {"PYTHONPATH": peers.ROOT},
)


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the peers of a test lie; their adapters start unless the test says otherwise."""
    monkeypatch.setenv("REFIMPL_PEERS", str(tmp_path / "peers"))
    monkeypatch.setattr(peers, "start_adapter", lambda found: ExitStack())
    return tmp_path / "peers"


class Tools:
    """A PATH that holds only what is made here."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def make(self, name: str, *lines: str) -> str:
        """Make a tool: it writes its arguments into the log, then runs the lines of shell."""
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
    code = cli.main(["peers"] + list(arguments), cli.Streams(stdout, stderr))
    return code, stdout.getvalue().decode("utf-8"), stderr.getvalue()


# ---- where things lie, and at which versions ---------------------------------------------------------------------


def test_the_folder_is_the_environment_s(folder: Path) -> None:
    assert peers.peers_folder() == str(folder)


def test_the_folder_is_the_checkout_s_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REFIMPL_PEERS", "")
    assert peers.peers_folder() == str(Path(__file__).resolve().parents[3] / ".peers")
    monkeypatch.setattr(
        peers, "ROOT", str(tmp_path)
    )  # where a wheel is installed there is no pyproject.toml
    monkeypatch.chdir(tmp_path)
    assert peers.peers_folder() == str(tmp_path / ".peers")


def test_every_version_is_exact() -> None:
    assert list(PEERS) == [
        "boto3",
        "awscrt",
        "smithy-python",
        "javascript",
        "curl",
        "ruby",
        "go",
        "rust",
        "java",
    ]
    for peer in peers.PEERS:
        assert peer.pins and peer.what
        for name, version in peer.pins:
            assert re.match(r"[0-9]+(\.[0-9]+)+(\.post[0-9]+)?\Z", version) or name == "curl", (
                name,
                version,
            )
    assert {("boto3", "1.44.5"), ("botocore", "1.44.5")} < set(PEERS["boto3"].pins)
    assert PEERS["awscrt"].pins == (("awscrt", "0.38.1"),)


def test_the_tests_requirements_name_the_same_versions() -> None:
    lines = (Path(__file__).parent / "peers.txt").read_text(encoding="utf-8").split("\n")
    wanted = dict(tuple(line.split("==")) for line in lines if "==" in line)
    pinned = dict(PEERS["boto3"].pins + PEERS["awscrt"].pins)
    assert {name: pinned[name] for name in wanted} == wanted


def test_the_lock_holds_the_pinned_versions_and_names_no_host() -> None:
    text = (PROGRAMS / "javascript" / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert packages[""]["dependencies"] == dict(PEERS["javascript"].pins)
    for name, version in PEERS["javascript"].pins:
        assert packages["node_modules/" + name]["version"] == version
    assert all("integrity" in entry for name, entry in packages.items() if name)
    assert "://" not in text


def test_debian_s_packages_are_the_gems_at_their_versions() -> None:
    assert [pin.split("-", 1)[1].rsplit("-", 1)[0].split("=") for pin in peers._DEBIAN_PINS] == [
        list(pin) for pin in PEERS["ruby"].pins
    ]


def test_an_unknown_name_is_a_usage_error(folder: Path) -> None:
    with pytest.raises(
        UsageError,
        match="no such peer .expected boto3 awscrt smithy-python javascript curl ruby go rust java, got nix",
    ):
        peers.find_peer("nix")
    assert run_cli("install", "nix")[0] == 2
    assert not folder.exists()


def test_a_peer_that_is_not_there_cannot_be_judged(folder: Path) -> None:
    code, told, complaint = run_cli("run", "ruby")
    assert (code, told) == (2, "")
    assert "ruby is not installed (expected python3 -m conformance peers install ruby)" in complaint


def test_a_peer_without_an_adapter_cannot_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "conformance.implementations.install.find_peer", lambda name: OURS._replace(command=())
    )
    assert run_cli("run", "curl") == (2, "", "conformance: curl has no adapter\n")


def test_a_peer_that_is_there_is_judged_as_run_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("conformance.implementations.install.find_peer", lambda name: OURS)
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
    lines = report.read_text(encoding="utf-8").split("\n")
    cases = json.loads("\n".join(lines))["cases"]
    assert len(cases) > 10 and {case["verdict"] for case in cases} == {"PASS"}
    assert [
        json.loads(line.strip().rstrip(",")) for line in lines if line.startswith("  {")
    ] == cases  # a line for each
    assert run_cli("run", "ruby", "--only", "no-such-case")[0] == 2


def test_settings_of_the_caller_do_not_reach_a_peer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_USE_FIPS_ENDPOINT", "HTTP_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "of the caller")
    found = OURS._replace(environment={"AWS_CONFIG_FILE": "its own", "PYTHONPATH": peers.ROOT})
    hidden = peers.environment_of(found)
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
    monkeypatch.setattr("conformance.implementations.install.find_peer", lambda name: found)
    monkeypatch.setattr(
        cli, "run_suite", lambda options, command, environment, *others: given.append(environment)
    )
    assert run_cli("run", "ruby")[0] == 0 and given == [hidden]
    monkeypatch.setattr(peers, "Adapter", lambda command, environment: given.append(environment))
    peers.start_adapter(found)
    assert given == [hidden] * 2


@POSIX
def test_a_tool_that_does_not_tell_its_version_is_not_waited_for(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "_PATIENCE", 0.2)
    tools.make("curl", "exec /bin/sleep 60")
    assert peers.find_peer("curl") is None


# ---- the command line --------------------------------------------------------------------------------------------


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
    monkeypatch.setattr(peers, "_runs_here", lambda pins: pins[0][0] == "awscrt")
    monkeypatch.setattr(peers, "_python_for", lambda peer: sys.executable)
    curl = tools.make("curl", "echo curl 8.1.0 '(x)' libcurl/8.1.0")
    tools.make("node")
    marked(folder, "javascript")
    code, told, complaint = run_cli("list")
    assert (code, complaint) == (0, "")
    rows = [row.split("\n") for row in re.split(r"\n(?=\S)", told.rstrip("\n"))]
    assert [row[0].split()[0] for row in rows] == list(PEERS)
    assert [row[2].strip() for row in rows] == [
        "not installed; python3 -m conformance peers install boto3",
        "installed: " + sys.executable,
        "not installed; python3 -m conformance peers install smithy-python",
        f"installed: {folder / 'javascript'}",
        "installed: " + curl,
        "ruby with gem, or apt-get and dpkg-deb, are needed and not here",
        "go is needed and not here",
        "cargo is needed and not here",
        "mvn is needed and not here",
    ]
    assert [row[3:] for row in rows] == [
        ["              python3 -m conformance peers run " + row[0].split()[0]]
        if row[2].strip().startswith("installed")
        else []
        for row in rows
    ]
    assert "              pinned: boto3 1.44.5, botocore 1.44.5, " in told


def marked(folder: Path, name: str, pins: Optional[Dict[str, str]] = None) -> Path:
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / peers.MARK).write_text(
        json.dumps(dict(PEERS[name].pins) if pins is None else pins), encoding="utf-8"
    )
    return place


# ---- installing --------------------------------------------------------------------------------------------------


@POSIX
def test_javascript_is_installed_once(folder: Path, tools: Tools) -> None:
    node = tools.make("node", "echo v20.20.2")
    npm = tools.make("npm", "echo done")
    (folder / "javascript").mkdir(parents=True)
    (folder / "javascript" / "of an install that was broken off").write_text("", encoding="utf-8")
    code, told, complaint = run_cli("install", "javascript")
    assert (code, complaint) == (0, "")
    assert (
        told
        == f"$ {npm} ci --ignore-scripts --no-audit --no-fund\njavascript: installed, {folder / 'javascript'}\n"
    )
    assert sorted(os.listdir(str(folder / "javascript"))) == [
        "installed.json",
        "package-lock.json",
        "package.json",
    ]
    assert tools.log == ["node --version", "npm ci --ignore-scripts --no-audit --no-fund"]
    found = peers.find_peer("javascript")
    assert found is not None
    assert found.command == (
        node,
        str(PROGRAMS / "javascript" / "adapter.mjs"),
        str(folder / "javascript"),
        "3000",
        "8000",
    )

    assert run_cli("install", "javascript") == (
        0,
        f"javascript: there already, in {folder / 'javascript'}\n",
        "",
    )
    assert len(tools.log) == 2


@POSIX
def test_other_versions_are_installed_anew(folder: Path, tools: Tools) -> None:
    tools.make("node", "echo v22.0.0")
    tools.make("npm")
    place = marked(folder, "javascript", {"@smithy/core": "1.0.0"})
    assert peers.find_peer("javascript") is None
    assert run_cli("install", "javascript")[0] == 0
    assert json.loads((place / peers.MARK).read_text(encoding="utf-8")) == dict(
        PEERS["javascript"].pins
    )


@POSIX
@pytest.mark.parametrize(
    "name, made, words",
    [
        ("javascript", {}, "node is needed and not here"),
        ("javascript", {"node": "echo v20.0.0"}, "npm is needed and not here"),
        (
            "javascript",
            {"node": "echo v18.19.0", "npm": ""},
            "Node.js is too old (expected 20 or later, got v18.19.0)",
        ),
        ("javascript", {"node": "exit 1", "npm": ""}, "Node.js is too old"),
        ("curl", {}, "curl is needed and not here"),
        (
            "curl",
            {"curl": "echo curl 7.74.0 libcurl/7.74.0"},
            "curl is too old for --aws-sigv4 (expected 7.75 or later, got curl 7.74.0",
        ),
        ("ruby", {}, "ruby with gem, or apt-get and dpkg-deb, are needed and not here"),
        (
            "ruby",
            {"apt-get": ""},
            "ruby with gem, or apt-get and dpkg-deb, are needed and not here",
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
    assert complaint == "conformance: 1 of 1 peers could not be installed\n"
    assert peers.find_peer(name) is None


@POSIX
def test_a_command_that_fails_is_code_1_and_told(folder: Path, tools: Tools) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make("npm", "echo no such package; exit 7")
    code, told, complaint = run_cli("install", "javascript")
    assert (code, complaint) == (1, "conformance: 1 of 1 peers could not be installed\n")
    assert "npm failed with exit code 7: no such package" in told
    assert peers.find_peer("javascript") is None


@POSIX
def test_a_tool_that_cannot_be_run_is_a_command_that_fails(folder: Path, tools: Tools) -> None:
    tools.make("node", "echo v20.0.0")
    Path(tools.make("npm")).write_text("#!/nowhere/sh\n", encoding="utf-8")
    code, told, _ = run_cli("install", "javascript")
    assert code == 1 and "npm cannot be run: No such file or directory" in told


@POSIX
def test_each_is_tried_and_a_failure_outweighs_a_missing_tool(folder: Path, tools: Tools) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make("npm", "exit 1")
    tools.make("curl", "echo curl 7.75.0")
    code, told, complaint = run_cli("install", "ruby", "javascript", "curl")
    assert (code, complaint) == (1, "conformance: 2 of 3 peers could not be installed\n")
    assert (
        f"the system's curl is used; nothing is installed\ncurl: installed, {tools.path / 'curl'}\n"
        in told
    )


@POSIX
@pytest.mark.parametrize("name, program", [("boto3", "boto3_client"), ("awscrt", "awscrt_signer")])
def test_python_s_packages_go_into_an_environment_of_their_own(
    name: str, program: str, folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tools.make("venv")  # what becomes the environment's interpreter
    python = tools.make("python", 'mkdir -p "$3/bin"', f'cp {inner} "$3/bin/python"')
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setattr(peers, "_runs_here", lambda pins: False)
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    assert peers.find_peer(name) is None
    assert run_cli("install", name)[0] == 0
    place = folder / name
    assert tools.log == [
        f"python -m venv {place}",
        f"venv -m pip install --quiet --disable-pip-version-check --requirement {PROGRAMS / (name + '.txt')}",
    ]
    found = peers.find_peer(name)
    assert found is not None and found.where == str(place)
    assert found.command[:1] + found.command[-1:] == (
        str(place / "bin" / "python"),
        "conformance.peer_programs." + program,
    )


def test_a_peer_may_lie_in_the_interpreter_that_runs_this(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = pytest.importorskip("importlib.metadata")
    versions = dict(PEERS["boto3"].pins)

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)
    found = peers.find_peer("boto3")
    assert found is not None and (found.where, found.command[0]) == (sys.executable, sys.executable)
    versions["botocore"] = "1.0.0"
    assert peers.find_peer("boto3") is None
    del versions["botocore"]
    assert peers.find_peer("boto3") is None


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
            {"mvn": "mkdir lib", "javac": "mkdir classes", "java": ""},
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
    code, told, complaint = run_cli("install", name)
    assert (code, complaint) == (0, "") and told.endswith(
        f"$ {command}\n{name}: installed, {folder / name}\n"
    )
    assert tools.log[-1] == command
    sources = sorted(os.listdir(str(PROGRAMS / name)))
    built = {"go": ["adapter"], "rust": ["Cargo.lock", "adapter"], "java": ["classes", "lib"]}[name]
    assert sorted(os.listdir(str(folder / name))) == sorted(sources + built + [peers.MARK])
    found = peers.find_peer(name)
    assert found is not None and found.command[-2:] == ("3000", "8000")
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
    assert run_cli("install", name) == (0, f"{name}: there already, in {folder / name}\n", "")
    (folder / name / sources[0]).write_text("older", encoding="utf-8")
    assert peers.find_peer(name) is None
    assert run_cli("install", name)[0] == 0 and peers.find_peer(name) is not None


@POSIX
def test_a_peer_may_need_a_newer_python(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    smithy = PEERS["smithy-python"]
    monkeypatch.setattr(peers.sys, "version_info", (3, 11, 2))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "[pyenv]"))
    with pytest.raises(
        UsageError,
        match="smithy-python needs a newer Python .expected python3.12 or later in the PATH, or of pyenv's",
    ):
        peers._python_for(smithy)
    for version, prints in (("3.11.9", "3.11.9"), ("3.12.1", "3.12.1"), ("3.13.0", "3.13.0")):
        of_pyenv = Tools(tmp_path / version)
        (tmp_path / "[pyenv]" / "versions" / version).mkdir(parents=True)
        (tmp_path / "[pyenv]" / "versions" / version / "bin").symlink_to(of_pyenv.path)
        of_pyenv.make("python3", "echo Python " + prints)
    assert peers._python_for(smithy) == str(
        tmp_path / "[pyenv]" / "versions" / "3.12.1" / "bin" / "python3"
    )
    monkeypatch.delenv("PYENV_ROOT")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".pyenv").symlink_to(tmp_path / "[pyenv]")
    assert peers._python_for(smithy) == str(
        tmp_path / ".pyenv" / "versions" / "3.12.1" / "bin" / "python3"
    )
    tools.make("python3.12", "echo Python 3.11.9")  # not what its name says
    tools.make("python3.14", "echo Python 3.14.1")
    assert peers._python_for(smithy) == "python3.14"
    assert peers._python_for(PEERS["boto3"]) == sys.executable
    monkeypatch.setattr(peers.sys, "version_info", (3, 12, 0))
    assert peers._python_for(smithy) == sys.executable


@POSIX
@pytest.mark.parametrize("name, tool", [("go", "go"), ("rust", "cargo"), ("java", "mvn")])
def test_a_tool_that_builds_must_be_there(name: str, tool: str, folder: Path, tools: Tools) -> None:
    code, told, complaint = run_cli("install", name)
    assert code == 2 and f"{tool} is needed and not here" in told + complaint
    assert peers.find_peer(name) is None and not (folder / name).exists()


RUBY_LOADS = 'case "$*" in *require*) printf 3.1.7;; esac'


@POSIX
def test_gems_are_tried_first(folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    ruby = tools.make("ruby", f'echo "RUBYLIB=$RUBYLIB" >> {tools.path}/log', RUBY_LOADS)
    tools.make("gem", 'mkdir -p "$5/gems/$6-$8/lib"')
    code, told, complaint = run_cli("install", "ruby")
    assert (code, complaint) == (0, "") and "Ruby 3.1.7" in told
    place = folder / "ruby"
    libraries = ["%s/gems/gems/%s-%s/lib" % ((place,) + pin) for pin in PEERS["ruby"].pins]
    assert "RUBYLIB=" + ":".join(libraries) in tools.log
    found = peers.find_peer("ruby")
    assert found is not None
    assert found.command == (
        ruby,
        "--disable-gems",
        str(PROGRAMS / "ruby" / "adapter.rb"),
        "aws-eventstream 1.2.0, aws-sigv4 1.5.1",
    )
    assert found.environment == {"RUBYLIB": ":".join(libraries)}


def debian(tools: Tools, unpacks: str) -> None:
    """Make Debian's tools: the download is a file for each package, unpacking makes one file."""
    tools.make("apt-get", 'shift 3; for package in "$@"; do touch "${package%%=*}.deb"; done')
    tools.make("dpkg-deb", unpacks)


@POSIX
def test_debian_s_packages_stand_in_for_gems_that_cannot_be_had(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    ruby = tools.make("ruby", RUBY_LOADS)
    tools.make("gem", "echo cannot connect; exit 2")
    debian(tools, 'mkdir -p "$3/usr/lib/ruby/vendor_ruby"')
    code, told, complaint = run_cli("install", "ruby")
    assert (code, complaint) == (
        0,
        "",
    ) and "no gems: gem failed with exit code 2: cannot connect" in told
    assert (
        "apt-get download -o APT::Sandbox::User=root ruby-aws-eventstream=1.2.0-1 ruby-aws-sigv4=1.5.1-2"
        in tools.log
    )
    found = peers.find_peer("ruby")
    assert found is not None and found.command[0] == ruby
    assert found.environment == {
        "RUBYLIB": str(folder / "ruby" / "usr" / "lib" / "ruby" / "vendor_ruby")
    }


@POSIX
def test_an_interpreter_is_unpacked_for_a_system_without(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    system_tool = {"ruby": None, "gem": None}
    which = peers.shutil.which
    monkeypatch.setattr(peers.shutil, "which", lambda name: system_tool.get(name, which(name)))
    monkeypatch.setenv("PATH", f"{tools.path}:/usr/bin:/bin")
    debian(
        tools,
        "\n".join(
            [
                'mkdir -p "$3/usr/bin" "$3/usr/lib/ruby/3.1.0" "$3/usr/lib/x/ruby/3.1.0" "$3/usr/lib/ruby/vendor_ruby"',
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
    found = peers.find_peer("ruby")
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
    apt: str, ruby: str, words: str, folder: Path, tools: Tools
) -> None:
    tools.make("ruby", ruby)
    tools.make("apt-get", apt)
    tools.make("dpkg-deb")
    code, told, complaint = run_cli("install", "ruby")
    assert (
        code == 1
        and words in told
        and "apt-get install ruby ruby-aws-eventstream ruby-aws-sigv4" in told
    )
    assert peers.find_peer("ruby") is None


@POSIX
def test_what_was_installed_and_cannot_be_found_is_an_error(
    folder: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.make("node", "echo v20.0.0")
    tools.make("npm", "")
    lost = PEERS["javascript"]._replace(find=lambda peer, folder: None)
    monkeypatch.setattr(peers, "PEERS", (lost,))
    with pytest.raises(InstallError):
        peers.install(["javascript"], lambda line: None)


def starts(monkeypatch: pytest.MonkeyPatch, *faults: Optional[str]) -> None:
    """Let adapters start, or say why they do not, one after the other."""
    left = list(faults)

    def start(found: Found) -> Any:
        fault = left.pop(0)
        if fault is not None:
            raise Crashed(fault)
        return ExitStack()

    monkeypatch.setattr(peers, "start_adapter", start)


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
        "javascript: there already, but its adapter does not start, so it is installed anew: "
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
    assert (code, complaint) == (2, "conformance: 2 of 2 peers could not be installed\n")
    words = "javascript: NOT installed: %s cannot be written to: File exists (expected a folder, which REFIMPL_PEERS names)\n"
    assert told.startswith(words % folder)
    folder.unlink()
    folder.mkdir()
    (folder / "javascript").write_text("a file", encoding="utf-8")
    (folder / "curl").symlink_to(folder)
    code, told, complaint = run_cli("install", "javascript", "curl")
    assert (
        (code, complaint) == (0, "")
        and (folder / "javascript").is_dir()
        and not (folder / "curl").exists()
    )


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

    communicate = peers.subprocess.Popen.communicate

    def interrupted(process: Any, *arguments: Any, **options: Any) -> Any:
        if not process.args[0].endswith("npm"):
            return communicate(process, *arguments, **options)
        while not (tools.path / "pid").exists():
            time.sleep(0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr(peers.subprocess.Popen, "communicate", interrupted)
    assert run_cli("install", "javascript")[0] == 130
    child = int((tools.path / "pid").read_text(encoding="utf-8"))
    for _ in range(1000):
        if not is_running(child):
            break
        time.sleep(0.01)
    assert not is_running(child) and peers.find_peer("javascript") is None


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


# ---- playing -----------------------------------------------------------------------------------------------------

FAST = [scenario for scenario in EXAMPLES.values() if scenario.answer.ending != "stall"] + [
    EXAMPLES["stall-between-parts"]
]


def test_the_reference_implementation_is_right_on_the_catalogue() -> None:
    version, outcomes = foreign.play(OURS, FAST)
    rows = {
        scenario.name: foreign.row_of("refimpl", scenario, outcomes[scenario.name])
        for scenario in FAST
    }
    assert foreign.departures(rows) == {}
    assert version and len(rows) == len(FAST) > 200
    assert all(outcome.verified and outcome.calls == 1 for outcome in outcomes.values())
    assert rows["default"] == {"faults": [], "asked": "ok", "status": "ok", "parts": 16, "sent": 16}
    assert rows["http-no-status-line"]["error"] == "http"


def program_of(tmp_path: Path, body: str) -> Found:
    program = tmp_path / "client.py"
    program.write_text(
        f"import os, sys, time\nsys.path.insert(0, {peers.ROOT!r})\nfrom conformance.protocol.messages import Reject, serve\n{textwrap.dedent(body)}",
        encoding="utf-8",
    )
    return Found("mine", "", (sys.executable, str(program)), {})


def test_hanging_and_dying_are_answers_and_do_not_end_the_play(tmp_path: Path) -> None:
    found = program_of(
        tmp_path,
        """
        def invoke(given):
            name = given["input"]["EndpointName"]
            if name == "error-400":
                os._exit(1)
            if name == "error-424":
                raise Reject("Hang", "no end", output={"events": [{"PayloadPart": {"Bytes": "b25lIA=="}}]})
            return {}
        serve("mine", "1", {"invoke": invoke})""",
    )
    version, outcomes = foreign.play(
        found,
        [EXAMPLES[name] for name in ("error-400", "error-424", "error-500", "error-503")],
        workers=1,
    )
    assert version == "1"
    assert [outcome.status for outcome in outcomes.values()] == ["crash", "hang", "ok", "ok"]
    assert outcomes["error-424"].parts == (b"one ",)
    assert (
        not outcomes["error-500"].verified and outcomes["error-500"].calls == 0
    )  # nobody called the endpoint


def test_silence_is_a_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "_PATIENCE", 0.1)
    found = program_of(
        tmp_path, """serve("mine", "1", {"invoke": lambda given: time.sleep(600)})"""
    )
    assert foreign.play(found, [EXAMPLES["default"]])[1]["default"].status == "hang"


@pytest.mark.parametrize(
    "body, words",
    [
        ("sys.exit('no')", "the adapter of mine cannot be asked: it ended with exit code 1: no"),
        (
            "serve('mine', '1', {'invoke': lambda given: given['nothing']})",
            "the adapter is at fault: input lacks 'nothing'",
        ),
    ],
)
def test_an_adapter_at_fault_is_no_verdict(body: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Error, match=words):
        foreign.play(program_of(tmp_path, body), [EXAMPLES["default"]])


def test_a_redirect_that_is_followed_is_no_second_call_of_the_scenario(tmp_path: Path) -> None:
    found = program_of(
        tmp_path,
        """
        import urllib.request
        def invoke(given):
            for host in ("127.0.0.1", "127.0.0.1", "localhost"):
                url = given["endpoint_url"].replace("127.0.0.1", host) + "/endpoints/default/invocations-response-stream"
                try:
                    urllib.request.urlopen(urllib.request.Request(url, b"x"))
                except urllib.error.HTTPError as error:
                    error.close()
            return {}
        serve("mine", "1", {"invoke": invoke})""",
    )
    outcome = foreign.play(found, [EXAMPLES["default"]])[1]["default"]
    assert (outcome.calls, outcome.verified) == (2, False)


# ---- judging -----------------------------------------------------------------------------------------------------


def outcome(
    status: str = "ok", kind: Optional[str] = None, parts: Tuple[bytes, ...] = (), **more: Any
) -> Outcome:
    made = Outcome(status, kind, kind, "", None, {}, parts, {}, None, True, 1)
    return made._replace(**more)


ONE, TWO = b"one ", b"two "
GOOD = Scenario(
    "good",
    "",
    "",
    Expect("ok", parts=(ONE, TWO), output={"ContentType": "x"}),
    stream(part(ONE), part(TWO)),
)
TOLD = Scenario(
    "told",
    "",
    "",
    Expect("reject", "exception", ("unmodeled",), "Code", "text", {"ErrorCode": "c"}, 200, (ONE,)),
    stream(),
)
CUT = Scenario(
    "cut", "", "", Expect("reject", "truncated", parts=(ONE,)), stream(part(ONE), ending="close")
)
FIELDS = {"Message": "text", "ErrorCode": "c"}
X = {"ContentType": "x"}


@pytest.mark.parametrize(
    "scenario, seen, faults",
    [
        (GOOD, outcome(parts=(ONE, TWO), output=X), []),
        (GOOD, outcome(parts=(ONE, TWO), output=X, verified=False), ["unverified"]),
        (GOOD, outcome(parts=(ONE, TWO), output=X, calls=2), ["called_again"]),
        (GOOD, outcome(parts=(ONE, TWO)), ["output_differs"]),
        (GOOD, outcome(parts=(ONE,), output=X), ["lost_in_silence"]),
        (GOOD, outcome(parts=(TWO,), output=X), ["parts_differ"]),
        (GOOD, outcome(parts=(ONE, TWO, ONE), output=X), ["parts_beyond"]),
        (GOOD, outcome("reject", "http", (ONE,)), ["good_refused", "parts_lost"]),
        (GOOD, outcome("hang", parts=(ONE,)), ["hang", "parts_lost"]),
        (GOOD, outcome("crash"), ["crash", "parts_lost"]),
        (TOLD, outcome("reject", "exception", (ONE,), code="Code", fields=FIELDS), []),
        (
            TOLD,
            outcome("reject", "unmodeled", (ONE,), code="Code", fields=dict(FIELDS, More=1)),
            [],
        ),
        (TOLD, outcome("reject", "exception", (ONE,), code=None, fields=FIELDS), ["code_lost"]),
        (
            TOLD,
            outcome("reject", "exception", (ONE,), code="Other", fields=FIELDS),
            ["code_differs"],
        ),
        (
            TOLD,
            outcome("reject", "exception", (ONE,), code="Code", fields={"ErrorCode": "c"}),
            ["message_lost"],
        ),
        (
            TOLD,
            outcome("reject", "exception", (ONE,), code="Code", fields=dict(FIELDS, Message="x")),
            ["message_differs"],
        ),
        (
            TOLD,
            outcome("reject", "exception", (ONE,), code="Code", fields={"Message": "text"}),
            ["fields_lost"],
        ),
        (TOLD, outcome("reject", "http", (ONE,), code="Code", fields=FIELDS), ["wrong_class"]),
        (TOLD, outcome("reject", None, (ONE,), name="KeyError"), ["wrong_class"]),
        (TOLD, outcome("reject", "exception", (), code="Code", fields=FIELDS), ["parts_lost"]),
        (TOLD, outcome(parts=(ONE, TWO)), ["fault_swallowed", "parts_beyond"]),
        (TOLD, outcome(), ["fault_swallowed", "lost_in_silence"]),
        (CUT, outcome("reject", "message_crc", (ONE,)), []),
        (CUT, outcome("reject", "timeout", (ONE,)), ["wrong_class"]),
        (EXAMPLES["exception-type-missing"], outcome("reject", "exception", (ONE,)), []),
        (EXAMPLES["redirect-301"], outcome("reject", "service_error"), []),
        (EXAMPLES["http-no-status-line"], outcome("reject", "service_error"), ["wrong_class"]),
        (EXAMPLES["redirect-301"], outcome("reject", "service_error", calls=2), ["called_again"]),
        (
            EXAMPLES["redirect-301"],
            outcome(parts=(b"followed ",)),
            ["fault_swallowed", "parts_beyond"],
        ),
        (EXAMPLES["success-untyped"], outcome(parts=(ONE, TWO, THREE), output=OUTPUT), []),
        (
            EXAMPLES["success-untyped"],
            outcome(parts=(ONE,), output=OUTPUT),
            ["fault_swallowed", "parts_beyond"],
        ),
        (
            EXAMPLES["success-206"],
            outcome(parts=(ONE, TWO, THREE), output=OUTPUT),
            ["fault_swallowed", "parts_beyond"],
        ),
        (
            EXAMPLES["error-400-xml"],
            outcome("reject", "service_error", code="400", fields={"Message": "<ErrorResponse>"}),
            [],
        ),
    ],
)
def test_a_client_is_judged(scenario: Scenario, seen: Outcome, faults: List[str]) -> None:
    assert faults_of("boto3", scenario, seen) == faults
    assert set(faults) <= set(FAULTS)


S = scenario_of = EXAMPLES.__getitem__


@pytest.mark.parametrize(
    "scenario, seen, faults",
    [
        (S("frames-merged"), outcome(parts=S("frames-merged").expect.parts, http_status=200), []),
        (S("frames-merged"), outcome(parts=(b"one ",), http_status=200), ["lost_in_silence"]),
        (
            S("frames-merged"),
            outcome("reject", "http", (b"one ",), http_status=200),
            ["good_refused", "parts_lost"],
        ),
        (
            S("frames-merged"),
            outcome(parts=S("frames-merged").expect.parts, http_status=206),
            ["status_differs"],
        ),
        (S("error-503"), outcome(http_status=503), []),
        (S("error-503"), outcome(http_status=200), ["status_differs"]),
        (S("redirect-301"), outcome(http_status=301), []),
        (
            S("redirect-301"),
            outcome(parts=(b"followed ",), http_status=200),
            ["parts_beyond", "status_differs"],
        ),
        # what is wrong with the frames alone is not for HTTP to see: all of the body must come, up to the fault
        (S("message-crc"), outcome(parts=(ONE,), http_status=200), []),
        (S("message-crc"), outcome(http_status=200), ["lost_in_silence"]),
        (S("message-crc"), outcome("reject", "http", (ONE,), http_status=200), ["good_refused"]),
        (S("frame-unfinished-chunked"), outcome(parts=(ONE,), http_status=200), []),
        (S("truncated-close-at-110"), outcome(parts=(ONE,), http_status=200), []),
        (S("truncated-length-at-110"), outcome(parts=(ONE,), http_status=200), ["fault_swallowed"]),
        (S("truncated-length-at-110"), outcome("reject", "truncated", (ONE,), http_status=200), []),
        (
            S("truncated-length-at-110"),
            outcome("reject", "truncated", http_status=200),
            ["parts_lost"],
        ),
        (
            S("truncated-length-at-328"),
            outcome(parts=S("frames-merged").expect.parts, http_status=200),
            [],
        ),
        (
            S("truncated-close-reset-at-328"),
            outcome(parts=S("frames-merged").expect.parts, http_status=200),
            ["fault_swallowed"],
        ),
        (
            S("last-chunk-missing"),
            outcome(parts=S("frames-merged").expect.parts, http_status=200),
            ["fault_swallowed"],
        ),
        (S("prelude-crc-then-stall"), outcome("reject", "timeout", (ONE,), http_status=200), []),
        (
            S("prelude-crc-then-stall"),
            outcome("ok", None, (ONE,), http_status=200),
            ["fault_swallowed"],
        ),
        (S("stall-before-head"), outcome("hang"), ["hang"]),
        (S("http-no-status-line"), outcome(), ["fault_swallowed"]),
        (S("http-no-status-line"), outcome("reject", "http"), []),
    ],
)
def test_curl_is_judged_as_an_http_client(
    scenario: Scenario, seen: Outcome, faults: List[str]
) -> None:
    assert faults_of("curl", scenario, seen) == faults


def test_curl_s_body_is_decoded_to_count_its_parts() -> None:
    body = part(ONE) + find("message-crc").answer.steps[1] + part(TWO)  # type: ignore[index, operator]
    seen = foreign._outcome(
        {"status": "ok", "output": {"status": 200, "body": base64.b64encode(body).decode("ascii")}},
        {},
        [],
    )
    assert (seen.parts, seen.http_status) == ((ONE,), 200)


def test_a_name_stands_for_a_kind_only_where_it_is_announced() -> None:
    def seen(kind: str, kinds: Dict[str, str]) -> Tuple[Optional[str], Optional[str]]:
        outcome = foreign._outcome({"status": "reject", "kind": kind}, kinds, [])
        return outcome.name, outcome.kind

    assert seen("ReadTimeoutError", {"ReadTimeoutError": "timeout"}) == (
        "ReadTimeoutError",
        "timeout",
    )
    assert seen("KeyError", {"ReadTimeoutError": "timeout"}) == ("KeyError", None)
    assert seen("http", {}) == ("http", "http")


def test_every_fault_has_its_words_and_every_kind_its_family() -> None:
    source = Path(foreign.__file__).read_text(encoding="utf-8")
    for fault in FAULTS:
        assert (
            len(re.findall(f'"{fault.replace("_lost", "").replace("_differs", "")}', source)) > 1
        ), fault
    kinds = {
        kind
        for scenario in EXAMPLES.values()
        for kind in (scenario.expect.kind,) + scenario.expect.also
    }
    assert kinds - {None} == set(foreign._FAMILIES)


# ---- the record --------------------------------------------------------------------------------------------------


def test_a_row_says_the_same_in_every_run() -> None:
    message = (
        "http://127.0.0.1:4711/x port=5 after 3021 ms at 0x7f00deadbeef, id 6a5c2bd2-0000-4000-8000-000000000000 "
        + "x" * 300
    )
    row = foreign.row_of(
        "boto3", CUT, outcome("reject", None, name="IOError", message=message, code="c")
    )
    assert row == {
        "faults": ["parts_lost", "wrong_class"],
        "asked": "truncated",
        "status": "reject",
        "error": "IOError",
        "code": "c",
        "message": "http://127.0.0.1:PORT/x port=PORT after N ms at 0x0, id ID " + "x" * 98 + "...",
        "parts": 0,
        "sent": 1,
    }


def client(**rows: List[str]) -> Dict[str, Any]:
    made = {
        name: {"faults": faults, "asked": "truncated", "status": "ok"}
        for name, faults in rows.items()
    }
    return {
        "version": "1",
        "right": 0,
        "of": len(rows),
        "departures": foreign.departures(made),
        "scenarios": made,
    }


def test_the_record_is_written_merged_and_read(tmp_path: Path) -> None:
    path = str(tmp_path / "reports" / "clients.json")
    assert foreign.read_report(path) == {"clients": {}}
    told: List[str] = []
    ran: List[Tuple[str, int]] = []

    def run(name: str, rounds: int) -> Dict[str, Any]:
        ran.append((name, rounds))
        return client(a=["fault_swallowed", "lost_in_silence"], b=[])

    foreign.record(["curl"], told.append, path, run, lambda: "2026-11-22")
    assert told == [
        "curl 1, 2026-11-22: right on 0 of 2",
        f"  {FAULTS['fault_swallowed']}, truncated (1): a",
        f"  {FAULTS['lost_in_silence']} (1): a",
        "written: " + path,
    ]
    foreign.record(
        ["boto3"], told.append, path, lambda name, rounds: client(), lambda: "2026-11-23"
    )
    report = foreign.read_report(path)
    assert (
        list(report["clients"]) == ["boto3", "curl"]
        and report["clients"]["curl"]["date"] == "2026-11-22"
    )
    assert report["faults"] == FAULTS and report["attempts"] == 1
    assert ran == [("curl", foreign._ROUNDS)]
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    assert (
        '    "a": {"faults": ["fault_swallowed", "lost_in_silence"], "asked": "truncated", "status": "ok"},'
        in lines
    )
    assert os.listdir(str(tmp_path / "reports")) == ["clients.json"]

    foreign.record([], told.append, path, lambda name, rounds: client(), lambda: "2026-11-24")
    assert [entry["date"] for entry in foreign.read_report(path)["clients"].values()] == [
        "2026-11-24"
    ] * 3


def test_later_rounds_are_told_beside_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = [
        outcome(parts=(ONE, TWO), output=X),
        outcome("hang"),
        outcome(parts=(ONE, TWO), output=X),
        outcome("hang"),
        outcome("crash"),
    ]
    monkeypatch.setattr(foreign, "find_peer", lambda name: OURS)
    monkeypatch.setattr(foreign, "play", lambda found, played: ("7", {"good": rounds.pop(0)}))
    seen = foreign.run_client("boto3", [GOOD], rounds=5)
    assert (seen["version"], seen["right"], seen["of"]) == ("7", 1, 1)
    assert seen["scenarios"]["good"]["also"] == [["hang", "parts_lost"], ["crash", "parts_lost"]]
    assert foreign.differences(seen, client(good=["crash", "parts_lost"])) == []
    assert len(foreign.differences(seen, client(good=["crash"]))) == 1


@pytest.mark.parametrize(
    "data, words",
    [
        ("{", "JSON cannot be read"),
        ("{}", "is no record of clients"),
        ("[]", "is no record of clients"),
        ('{"clients": 1}', "is no record of clients"),
    ],
)
def test_what_is_no_record(data: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(data, encoding="utf-8")
    with pytest.raises(UsageError, match="record.json.* " + words):
        foreign.record(["curl"], lambda line: None, str(path))


def test_the_differences_between_two_records() -> None:
    old = client(same=[], gone=[], changed=["hang"])
    lines = foreign.differences(old, client(same=[], new=[], changed=["crash"]))
    assert lines[:2] == ["gone: recorded, and no longer in the catalogue", "new: not recorded"]
    assert len(lines) == 3 and lines[2].startswith('changed: recorded {"faults": ["hang"]')


def test_a_client_that_is_not_there_cannot_be_recorded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "find_peer", lambda name: None)
    code, told, complaint = run_cli("record", "javascript")
    assert (code, told) == (2, "")
    assert (
        complaint
        == "conformance: javascript is not installed (expected python3 -m conformance peers install javascript)\n"
    )


def test_groups_by_error_and_by_kind() -> None:
    rows = {
        "a": {"faults": ["wrong_class"], "asked": "utf8", "status": "reject", "error": "KeyError"},
        "b": {"faults": ["fault_swallowed"], "asked": "http", "status": "ok"},
        "c": {"faults": [], "asked": "ok", "status": "ok"},
        "d": {"faults": ["fault_swallowed", "called_again"], "asked": "http", "status": "ok"},
    }
    assert foreign.departures(rows) == {
        "called_again": ["d"],
        "fault_swallowed: http": ["b", "d"],
        "wrong_class: KeyError": ["a"],
    }


def test_the_committed_record_is_of_this_catalogue() -> None:
    clients = foreign.read_report()["clients"]
    assert list(clients) == list(foreign.CLIENTS)
    for name, client in clients.items():
        assert list(client["scenarios"]) == list(EXAMPLES), name
        assert client["right"] == sum(not row["faults"] for row in client["scenarios"].values())
        assert client["departures"] == foreign.departures(client["scenarios"])
