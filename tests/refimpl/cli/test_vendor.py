# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/vendor.py: the forms of a copy, and destinations that are rejected.

A copy runs in its own process, with no other package on the path, on old and new Pythons.
"""

import functools
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Dict, List

import pytest

from conformance.endpoint import ACCESS_KEY, SECRET_KEY, Endpoint
from refimpl.cli import vendor
from refimpl.vendor.parts import PARTS
from refimpl.vendor.single_file import single_file
from refimpl.version import VECTORS_VERSION, VERSION
from tests.interpreters import ROOT, interpreters
from tests.refimpl.cli.support import call, failed

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PATH": os.environ["PATH"],
    "PYTHONDONTWRITEBYTECODE": "1",
}
PYTHONS = [python for _, python in interpreters()]
OLDEST, NEWEST = PYTHONS[0], PYTHONS[-1]


def written(tmp_path: Path, *arguments: str) -> Path:
    result = call("vendor", *arguments)
    assert (result.code, result.stderr) == (0, ""), result.stderr
    return Path(result.stdout.decode().rstrip("\n"))


def run(
    python: str, *arguments: object, folder: Path, **more: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [python, "-W", "error", *map(str, arguments)],
        cwd=str(folder),
        env={**ENVIRONMENT, **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )


@pytest.fixture(scope="module", autouse=True)
def each_file_is_made_once():
    """Making a file takes seconds. Subprocesses make it again, and its bytes are compared."""
    made = functools.lru_cache(None)(lambda parts: single_file(*vendor.package_sources(), parts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vendor, "single_file", lambda sources, packages, parts: made(tuple(parts)))
        yield


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Path:
    """Return a folder with a copy in each form, for tests that do not change it."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "app" / "_vendor").mkdir(parents=True)
    (folder / "app" / "__init__.py").touch()
    (folder / "app" / "_vendor" / "__init__.py").touch()
    written(folder, str(folder))
    package = folder / "app" / "_vendor" / "stream_client"
    written(folder, str(package), "--form", "folder")
    written(folder, str(folder / "tool.pyz"), "--form", "zipapp")
    return folder


# The arguments of Python that run each form, and the name of the form in messages.
FORMS: Dict[str, List[str]] = {
    "file": ["sagemaker_stream.py"],
    "folder": ["-m", "app._vendor.stream_client"],
    "zipapp": ["tool.pyz"],
}
NAMES = {"file": "sagemaker_stream.py", "folder": "stream_client", "zipapp": "tool.pyz"}


@pytest.mark.slow
def test_a_file_runs_on_every_python(app):
    for python in PYTHONS:
        done = run(python, *FORMS["file"], "--self-test", folder=app)
        assert (done.returncode, done.stderr) == (0, ""), python


@pytest.mark.slow
@pytest.mark.parametrize("python", [OLDEST, NEWEST])
def test_every_form_calls_an_endpoint_and_names_itself_in_errors(app, python):
    with Endpoint(pace=0) as endpoint:
        for form, command in FORMS.items():
            url = f"--endpoint-url={endpoint.url}"
            done = run(python, *command, "invoke", "default", url, "--body", "{}", folder=app)
            assert (done.returncode, done.stderr) == (0, ""), (form, done.stderr)
            assert done.stdout.startswith("Every frame carries two checksums"), form
            done = run(python, *command, "decode", "missing", folder=app)
            assert done.returncode == 2
            assert done.stderr.startswith(f"{NAMES[form]}: constraint: cannot read missing"), form
            done = run(python, *command, "--help", folder=app)
            assert done.stdout.startswith(f"usage: {NAMES[form]} "), form
            done = run(python, *command, "--version", folder=app)
            assert done.stdout == f"{VERSION} (vectors {VECTORS_VERSION})\n"
            done = run(python, *command, "--self-test", folder=app)
            assert (done.returncode, done.stderr) == (0, ""), form
            assert ("as written" in done.stdout) == (form == "file")


@pytest.mark.slow
@pytest.mark.parametrize("flags", ["-S -E -I", "-OO -bb", "-O -B -s", "-X dev"])
def test_a_file_runs_with_the_flags_of_python(app, flags):
    for python in (OLDEST, NEWEST):
        done = run(python, *flags.split(), app / "sagemaker_stream.py", "--self-test", folder=app)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_file_without_one_part_runs(tmp_path, part):
    copy = written(tmp_path, str(tmp_path / "part.py"), "--without", part)
    for python in (OLDEST, NEWEST):
        done = run(python, copy, "--self-test", folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_the_smallest_file_runs_without_commands(tmp_path):
    copy = written(tmp_path, str(tmp_path / "small.py"), "--with", "none")
    done = run(OLDEST, copy, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert copy.stat().st_size <= 200_000


@pytest.mark.slow
def test_a_command_that_was_left_out_is_reported(tmp_path):
    copy = written(tmp_path, str(tmp_path / "part.py"), "--without", "explain,text")
    done = run(OLDEST, copy, "--help", folder=tmp_path)
    assert "invoke | decode | sign" in done.stdout and "explain" not in done.stdout
    for command, part in (("explain", "explain"), ("bridge", "text")):
        done = run(OLDEST, copy, command, folder=tmp_path)
        assert done.returncode == 3
        expected = f"part.py: configuration: this copy was made without the part {part}\n"
        assert done.stderr == expected


@pytest.mark.slow
def test_hooks_of_the_client_work_in_a_file(app, tmp_path):
    """A refused signature is explained, text is extracted, and a profile is read."""
    (tmp_path / "config").write_text(
        "[profile p]\nregion = us-east-1\n"
        f"aws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n",
        encoding="utf-8",
    )
    program = (
        "import sys, sagemaker_stream as s\n"
        "url = sys.argv[1]\n"
        "client = s.Client(profile='p', endpoint_url=url)\n"
        "call = client.invoke_endpoint_with_response_stream\n"
        "with call(endpoint_name='default', body=b'{}') as response:\n"
        "    print(''.join(response.text())[:11])\n"
        "keys = s.Credentials('AKIDEXAMPLE', 'wrong')\n"
        "client = s.Client(region='us-east-1', endpoint_url=url, credentials=keys)\n"
        "try:\n"
        "    client.invoke_endpoint_with_response_stream(endpoint_name='default', body=b'{}')\n"
        "except s.Error as error:\n"
        "    print(type(error).__module__, error.explanation)\n"
    )
    more = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "PYTHONPATH": str(app)}
    with Endpoint(pace=0) as endpoint:
        for python in (OLDEST, NEWEST):
            done = run(python, "-c", program, endpoint.url, folder=tmp_path, **more)
            assert done.returncode == 0, done.stderr
            assert done.stdout.splitlines()[0] == "Every frame"
            assert "sagemaker_stream" in done.stdout and "key" in done.stdout.splitlines()[1]


# ---- bytes -------------------------------------------------------------------------------------


ECHO = """
import importlib, socket, sys, threading, traceback
client = importlib.import_module(sys.argv[1])
from app import caller

TOKEN = "AQoDYXdzEPT" + "EXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfPSP"
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1)

def serve():
    connection, _ = listener.accept()
    connection.recv(65536)
    location = b"Location: http://x/" + TOKEN.encode()
    head = [b"HTTP/1.1 302 Found", location, b"Content-Length: 0", b"", b""]
    connection.sendall(b"\\r\\n".join(head))
    connection.close()

threading.Thread(target=serve, daemon=True).start()
url = "http://127.0.0.1:%d" % listener.getsockname()[1]
key, secret = sys.argv[2:]
made = client.Client(endpoint_url=url, credentials=client.Credentials(key, secret, TOKEN))
try:
    caller.call(made)
except client.Error as error:
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
shown = [name for frame in frames[1:] for name, value in (frame.locals or {}).items()
         if TOKEN[:20] in value]
print(frames[1].locals["own"], shown)
"""
CALLER = """
def call(client):
    own = "kept"
    client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"x")
    return own
"""


@pytest.mark.slow
@pytest.mark.parametrize("module", ["stream_client", "app.stream_client", "app.redaction"])
def test_a_traceback_of_a_file_shows_no_secret_and_keeps_the_caller_s_variables(
    app, tmp_path, module
):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "caller.py").write_text(CALLER)
    (tmp_path / "echo.py").write_text(ECHO)
    copy = tmp_path / (module.replace(".", "/") + ".py")
    shutil.copy(str(app / "sagemaker_stream.py"), str(copy))
    done = run(NEWEST, "echo.py", module, ACCESS_KEY, SECRET_KEY, folder=tmp_path)
    assert (done.stdout, done.returncode) == ("'kept' []\n", 0), done.stderr


@pytest.mark.slow
def test_each_form_is_the_same_each_time(app, tmp_path):
    for name, options in (("sagemaker_stream.py", []), ("tool.pyz", ["--form", "zipapp"])):
        command = ("-m", "refimpl", "vendor", tmp_path / name, *options)
        done = run(sys.executable, *command, folder=ROOT)
        assert (done.returncode, done.stderr) == (0, "")
        assert (app / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_folder_is_the_package_without_caches(tmp_path):
    folder = written(tmp_path, str(tmp_path / "copy"), "--form", "folder")
    package = ROOT / "refimpl"
    expected = {path.relative_to(package) for path in package.rglob("*.py")} | {Path("py.typed")}
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert found == expected
    assert all((folder / name).read_bytes() == (package / name).read_bytes() for name in found)


@pytest.mark.slow
def test_a_copy_writes_further_copies(app, tmp_path):
    """The command also works from a folder with another name, and from inside a zip file."""
    expected = (app / "sagemaker_stream.py").read_bytes()
    for form in ("folder", "zipapp"):
        target = tmp_path / f"{form}.py"
        done = run(NEWEST, *FORMS[form], "vendor", target, folder=app)
        assert (done.returncode, done.stderr) == (0, "")
        assert target.read_bytes() == expected


def test_a_zipapp_is_readable_everywhere(tmp_path):
    path = written(tmp_path, str(tmp_path / "x.pyz"), "--form", "zipapp")
    with zipfile.ZipFile(str(path)) as archive:
        assert archive.testzip() is None
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    assert path.read_bytes().startswith(b"#!/usr/bin/env python3\n")


# ---- bad copies --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
@pytest.mark.parametrize("python", [OLDEST, NEWEST])
def test_a_file_that_was_cut_is_reported_in_one_line(app, tmp_path, python, share):
    lines = (app / "sagemaker_stream.py").read_bytes().splitlines(keepends=True)
    kept = int(len(lines) * share)
    while not lines[kept].startswith((b"def ", b"class ")):
        kept -= 1
    (tmp_path / "cut.py").write_bytes(b"".join(lines[:kept]))
    message = f"cut: this copy is incomplete (expected {len(lines)} lines, got {kept})\n"
    done = run(python, "cut.py", "--version", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", message.replace(":", ".py:", 1))
    done = run(python, "-c", "from cut import Client", folder=tmp_path)
    assert done.returncode == 1 and done.stderr.endswith(f"ImportError: {message}")


@pytest.mark.slow
@pytest.mark.parametrize("kept", [100, 4096, 400_000, -1])
@pytest.mark.parametrize("python", [OLDEST, NEWEST])
def test_a_zipapp_that_was_cut_is_reported(app, tmp_path, python, kept):
    (tmp_path / "cut.pyz").write_bytes((app / "tool.pyz").read_bytes()[:kept])
    done = run(python, "cut.pyz", "--version", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last == "SyntaxError: encoding problem: this-copy-is-incomplete"


@pytest.mark.slow
@pytest.mark.parametrize(
    "file, before, name",
    [
        ("eventstream.py", "class Decoder", "Decoder"),
        ("cli/decode.py", "def _decode", "_decode"),
        ("version.py", "VECTORS_VERSION = ", "VECTORS_VERSION"),
    ],
)
def test_a_folder_with_a_cut_file_is_reported_in_one_line(tmp_path, file, before, name):
    folder = written(tmp_path, str(tmp_path / "half"), "--form", "folder")
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(text[: text.index(f"\n{before}") + 1], encoding="utf-8")
    for python in (OLDEST, NEWEST):
        done = run(python, "-m", "half", "decode", "-", folder=tmp_path)
        assert (done.returncode, done.stdout) == (3, ""), done.stderr
        assert done.stderr.count("\n") == 1 and "this copy is incomplete: " in done.stderr
        assert name in done.stderr


def edited(app: Path, tmp_path: Path, old: str, new: str) -> Path:
    """Return a copy of the file in which a text was replaced."""
    text = (app / "sagemaker_stream.py").read_text(encoding="utf-8")
    assert text.count(old) == 1
    copy = tmp_path / "sagemaker_stream.py"
    copy.write_text(text.replace(old, new), encoding="utf-8")
    return copy


@pytest.mark.slow
def test_an_edited_file_runs_and_says_so(app, tmp_path):
    copy = edited(app, tmp_path, "DEFAULT_READ_TIMEOUT = 500.0", "DEFAULT_READ_TIMEOUT = 50.0")
    done = run(OLDEST, copy, "--self-test", folder=tmp_path)
    assert done.returncode == 0
    assert "edited (expected " in done.stdout
    assert (
        done.stderr == "sagemaker_stream.py: warning: this file was edited after it was written\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "missing, arguments",
    [
        ("eventstream_frames.py", ["decode", "-"]),
        ("cli/decode.py", ["decode", "-"]),
        ("errors.py", ["--version"]),
        ("live_response.py", ["invoke", "e", "--region", "us-east-1"]),
        ("operation_request.py", ["invoke", "e", "--region", "us-east-1"]),
        ("sigv4_signer.py", ["invoke", "e", "--region", "us-east-1"]),
        ("transport.py", ["invoke", "e", "--region", "us-east-1"]),
        (
            "text",
            ["invoke", "default", "--format", "text", "--body", "{}", "--region", "us-east-1"],
        ),
    ],
)
def test_a_copy_without_a_file_is_reported_in_one_line(tmp_path, missing, arguments):
    folder = written(tmp_path, str(tmp_path / "half"), "--form", "folder")
    if (folder / missing).is_dir():
        shutil.rmtree(str(folder / missing))
    else:
        (folder / missing).unlink()
    with Endpoint(pace=0) as endpoint:
        more = {"AWS_ENDPOINT_URL": endpoint.url}
        done = run(OLDEST, "-m", "half", *arguments, folder=tmp_path, **more)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("\n") == 1 and "this copy is incomplete" in done.stderr
    assert f"half.{missing.replace('.py', '').replace('/', '.')}" in done.stderr


@pytest.mark.slow
def test_importing_from_a_copy_without_a_file_says_so(tmp_path):
    folder = written(tmp_path, str(tmp_path / "half"), "--form", "folder")
    (folder / "endpoints.py").unlink()
    done = run(OLDEST, "-c", "import half; half.Client", folder=tmp_path)
    assert "ImportError: this copy of half is incomplete" in done.stderr
    assert "half.endpoints" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["sigv4_steps", "shapes", "eventstream_frames", "dialing"])
def test_a_call_of_a_copy_without_a_file_names_the_module(tmp_path, missing):
    folder = written(tmp_path, str(tmp_path / "half"), "--form", "folder")
    (folder / (missing + ".py")).unlink()
    program = (
        "import half\n"
        "keys = half.Credentials('AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY')\n"
        "client = half.Client('us-east-1', 'http://127.0.0.1:1', keys)\n"
        "client.invoke_endpoint_with_response_stream(endpoint_name='e', body=b'')\n"
    )
    done = run(OLDEST, "-c", program, folder=tmp_path)
    assert done.returncode == 1
    assert f"half.{missing}" in done.stderr.splitlines()[-1]


TWO_VERSIONS = """
import sys
import refimpl, sagemaker_stream
from app._vendor import stream_client

url, key, secret = sys.argv[1:]
copies = (refimpl, sagemaker_stream, stream_client)
assert len({copy.Error for copy in copies}) == 3
for copy in copies:
    credentials = copy.Credentials(key, secret)
    client = copy.Client(region="us-east-1", endpoint_url=url, credentials=credentials)
    with client.invoke_endpoint_with_response_stream(endpoint_name="default", body=b"{}") as found:
        text = b"".join(part.bytes for part in found.body)
    assert text.startswith(b"Every frame"), text
    try:
        client.invoke_endpoint_with_response_stream(endpoint_name="error-424", body=b"{}")
    except copy.ModelError as error:
        assert not any(isinstance(error, other.Error) for other in copies if other is not copy)
    print(copy.__version__)
"""


@pytest.mark.slow
def test_two_versions_in_one_process_are_independent(app, tmp_path):
    edited(app, tmp_path, f'VERSION = "{VERSION}"\nVECTORS', 'VERSION = "9.9.9"\nVECTORS')
    path = os.pathsep.join((str(tmp_path), str(app), str(ROOT)))
    with Endpoint(pace=0) as endpoint:
        arguments = ("-c", TWO_VERSIONS, endpoint.url, ACCESS_KEY, SECRET_KEY)
        for python in (OLDEST, NEWEST):
            done = run(python, *arguments, folder=tmp_path, PYTHONPATH=path)
            assert done.returncode == 0, done.stderr
            assert done.stdout.split() == [VERSION, "9.9.9", VERSION]


# ---- destinations ------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_existing_file_is_kept_unless_forced(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("mine")
    failed(call("vendor", str(path)), 2, f"{path} exists", "--force")
    assert path.read_text() == "mine"
    written(tmp_path, str(path), "--force", "--with", "none")
    assert path.read_text(encoding="utf-8").startswith("#!")
    assert os.listdir(str(tmp_path)) == ["x.py"]


@pytest.mark.slow
def test_an_existing_folder_gets_the_file(tmp_path):
    assert written(tmp_path, str(tmp_path)) == tmp_path / "sagemaker_stream.py"
    failed(call("vendor", str(tmp_path)), 2, "sagemaker_stream.py exists")


def test_a_folder_is_never_replaced(tmp_path):
    target = tmp_path / "copy"
    target.mkdir()
    for options in ([], ["--force"]):
        failed(call("vendor", str(target), "--form", "folder", *options), 2, "copy exists")
    assert os.listdir(str(target)) == []


@pytest.mark.slow
def test_a_link_is_not_followed(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link.py"
    link.symlink_to(target)
    failed(call("vendor", str(link)), 2, "exists")
    written(tmp_path, str(link), "--force", "--with", "none")
    assert not target.exists() and not link.is_symlink()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["file", "folder", "zipapp"])
def test_a_destination_that_cannot_be_written_is_reported(tmp_path, form):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "x", Path("/proc/nowhere"), tmp_path / "missing" / "x"):
        if form == "folder" and path.parent.name == "missing":
            continue  # folders on the way are created
        failed(call("vendor", str(path), "--form", form), 2, "cannot write")
    assert os.listdir(str(tmp_path)) == ["file"]


@pytest.mark.parametrize("name", ["with-dash", "1x", "a.b"])
def test_a_folder_needs_the_name_of_a_package(tmp_path, name):
    failed(call("vendor", str(tmp_path / name), "--form", "folder"), 2, "name of a package", name)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--with", "txet"], ["unknown part", "got txet", "client, config, documents"]),
        (["--without", "text,all"], ["unknown part", "got all"]),
        (["--with", "text", "--without", "config"], ["--with and --without"]),
        (["--form", "folder", "--with", "text"], ["only a single file can omit parts"]),
        (["--form", "wheel"], ["invalid choice"]),
    ],
)
def test_wrong_choices_are_usage_errors(tmp_path, arguments, words):
    failed(call("vendor", str(tmp_path / "x"), *arguments), 2, *words)
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.slow
def test_a_package_without_sources_is_reported(tmp_path, monkeypatch):
    folder = written(tmp_path, str(tmp_path / "compiled"), "--form", "folder")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-b", str(folder)], check=True)
    for path in folder.rglob("*.py"):
        path.unlink()
    done = run(sys.executable, "-m", "compiled", "vendor", tmp_path / "x.py", folder=tmp_path)
    assert done.returncode == 3 and "the source of compiled" in done.stderr
