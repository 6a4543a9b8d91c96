# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/files.py: whether shared files exist, and their bytes.

The rules are CRED-020 and CRED-029.
"""

import os
import stat
import sys

import pytest

from refimpl.config.chain import CredentialChain
from refimpl.config.environment import home_folder
from refimpl.config.files import home_of, may_have_shared_files, read_bounded_file, replace_file
from refimpl.config.system import system_surroundings
from refimpl.errors import ConfigurationError
from tests.interpreters import interpreters, run_program
from tests.rows import first_fast

LOADED = """
import sys
import refimpl
refimpl.Client(region="eu-west-1", endpoint_url="http://127.0.0.1:1", environment={
    "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "HOME": sys.argv[1]})
print(*sorted(name for name in sys.modules if name.startswith("refimpl.config.")))
print("subprocess" in sys.modules)
"""

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")


@pytest.mark.parametrize(
    "name",
    ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"],
)
def test_a_variable_makes_the_files_count(name):
    assert may_have_shared_files({name: "x"})
    assert not may_have_shared_files({name: ""})


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_a_file_of_the_home_folder_counts(name, tmp_path):
    environment = {"HOME": str(tmp_path)}
    assert not may_have_shared_files(environment)
    (tmp_path / ".aws").mkdir()
    assert not may_have_shared_files(environment)
    (tmp_path / ".aws" / name).write_bytes(b"")
    assert may_have_shared_files(environment)


def test_only_the_environment_of_the_process_falls_back_to_the_user(monkeypatch):
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("USERPROFILE", raising=False)
    assert home_of({}) is None
    assert home_of(os.environ) == os.path.expanduser("~")
    assert home_of({"HOME": "/h"}) == "/h"


def test_the_variables_of_windows_count_only_there(monkeypatch):
    given = {"USERPROFILE": "C:\\u", "HOMEDRIVE": "D:", "HOMEPATH": "\\v"}
    monkeypatch.setattr(sys, "platform", "linux")
    assert home_of(given) is None
    assert home_of(given) == home_folder(given)
    monkeypatch.setattr(sys, "platform", "win32")
    assert home_of(given) == home_folder(given, True) == "C:\\u"
    del given["USERPROFILE"]
    assert home_of(given) == home_folder(given, True) == "D:\\v"


def test_read_bounded_file(tmp_path):
    path = tmp_path / "file"
    assert read_bounded_file(str(path), 10) is None
    path.write_bytes(b"0123456789")
    assert read_bounded_file(str(path), 4) == b"0123"
    assert read_bounded_file(str(path / "below"), 4) is None
    assert read_bounded_file(os.devnull, 4) == b""
    with pytest.raises(OSError):
        read_bounded_file(str(tmp_path), 4)


@pytest.mark.slow
@pytest.mark.parametrize("version, python", first_fast(interpreters()), ids=lambda value: value)
def test_a_client_with_keys_loads_no_further_module(version, python, tmp_path):
    modules, others = run_program(python, LOADED, str(tmp_path)).splitlines()
    loaded = {name.rpartition(".")[2] for name in modules.split()}
    assert not loaded & {"profiles", "settings", "surroundings", "sources", "provider", "chain"}
    assert others == "False"


@POSIX
def test_a_circular_link_is_reported(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    world = system_surroundings({"AWS_CONFIG_FILE": str(tmp_path / "a")})
    with pytest.raises(ConfigurationError, match="cannot read .*/a: Too many levels of symbolic"):
        CredentialChain(world)()


@POSIX
def test_replace_file(tmp_path):
    path = tmp_path / "token.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    replace_file(str(path), b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [child.name for child in tmp_path.iterdir()] == ["token.json"]
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        replace_file(str(tmp_path / "folder"), b"x")
    with pytest.raises(OSError):
        replace_file(str(tmp_path / "missing" / "x"), b"x")
    assert len(list(tmp_path.iterdir())) == 2
