# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/profiles.py: the shared configuration files.

The plan: the published cases of AWS for the parser and for the paths; the cases that they leave
open (indentation, quoted names, byte order marks); files that cannot be read; properties over
mutated files; and the same files in botocore. Every error must name the file and its line, and
must not show a line of the file.

The rules are CRED-020, CRED-021, CRED-022, CRED-023, CRED-024, CRED-025, CRED-026,
CRED-027, CRED-028 and CRED-029.
"""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.config.profiles import (
    MAX_CONFIG_LENGTH,
    ConfigFile,
    ConfigPaths,
    SharedConfig,
    config_paths,
    expand_path,
    home_folder,
    parse_shared_config,
    read_shared_config,
    select_profile,
)
from refimpl.errors import ConfigurationError
from tests.support import corpora


def parse(config=None, credentials=None):
    def file(name, text):
        data = text.encode("utf-8") if isinstance(text, str) else text
        return None if text is None else ConfigFile(name, data)

    return parse_shared_config(file("config", config), file("credentials", credentials))


def plain(sections):
    return {
        name: {
            key: found.value if found.nested is None else found.nested
            for key, found in section.items()
        }
        for name, section in sections.items()
    }


def profiles(config=None, credentials=None):
    return plain(parse(config, credentials).profiles)


def rejected(config=None, credentials=None):
    with pytest.raises(ConfigurationError) as caught:
        parse(config, credentials)
    return caught.value


# ---- published cases ---------------------------------------------------------------------------


def published(name):
    path = corpora("config") / name
    return json.loads(path.read_text(encoding="utf-8"))["tests"]


def test_parser_passes_every_published_case():
    cases = published("config-file-parser-tests.json")
    assert len(cases) == 118
    for case in cases:
        given, expected = case["input"], case["output"]
        files = given.get("configFile"), given.get("credentialsFile")
        if "errorContaining" in expected:
            error = rejected(*files)
            assert expected["errorContaining"].lower() in error.message.lower(), case["name"]
            assert error.message.startswith("config, line "), case["name"]
        else:
            found = parse(*files)
            assert plain(found.profiles) == expected.get("profiles", {}), case["name"]
            if "ssoSessions" in expected:
                assert plain(found.sso_sessions) == expected["ssoSessions"], case["name"]


def test_paths_pass_every_published_case():
    cases = published("config-file-location-tests.json")
    assert len(cases) == 10
    for case in cases:
        paths = config_paths(
            case["environment"], case["platform"] == "windows", case.get("languageSpecificHome")
        )
        assert paths == (case["configLocation"], case["credentialsLocation"]), case["name"]


# ---- sections and properties -------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expected",
    [
        # Indented properties, as botocore reads them.
        ("[default]\n  region = a\n  output = b", {"region": "a", "output": "b"}),
        ("[default]\n  region = a\n    more", {"region": "a\nmore"}),
        ("[default]\n  s3 =\n    a = 1\n  region = b", {"s3": {"a": "1"}, "region": "b"}),
        ("[default]\n\tregion = a\n\toutput = b", {"region": "a", "output": "b"}),
        # Comments.
        ("[default]\nname = value\n  # comment\n  more", {"name": "value\nmore"}),
        ("[default]\nname = # comment", {"name": ""}),
        ("[default]\nname = #value", {"name": ""}),
        ("[default]\nname =#value", {"name": "#value"}),
        ("[default]\nname = a#b", {"name": "a#b"}),
        ("[default]\nname = a\t;b", {"name": "a"}),
        # Values.
        ("[default]\nname = a = b", {"name": "a = b"}),
        ("[default]\nname = a\n \n\n more", {"name": "a\nmore"}),
        ("[default]\na =\n b = c=d", {"a": {"b": "c=d"}}),
        ("[default]\na =\n B = 1\n b = 2", {"a": {"b": "2"}}),
        ("[default]\nin valid = a\n more\nb = c", {"b": "c"}),
        ("[default]\r\na = b\r\n c\r\n", {"a": "b\nc"}),
        ("\ufeff[default]\na = b", {"a": "b"}),
        ("  [default]\na = b", {"a": "b"}),
        ("[ default ]\na = b", {"a": "b"}),
    ],
)
def test_properties(text, expected):
    assert profiles(text) == {"default": expected}


@pytest.mark.parametrize(
    "header, name",
    [
        ("[profile foo]", "foo"),
        ("[profile 'foo']", "foo"),
        ('[profile "two words"]', "two words"),
        ("[profile  a.b@c/d]", "a.b@c/d"),
        ("[profile foo] # comment", "foo"),
        ("[profile 'foo]", None),
        ("[profile \"foo']", None),
        ("[profile]", None),
        ("[profile ]", None),
        ("[]", None),
        ("[Profile foo]", None),
        ("[profile naïve]", None),
        ("[plugins]", None),
        ("[DEFAULT]", None),
    ],
)
def test_names_of_profiles(header, name):
    expected = {} if name is None else {name: {"a": "b"}}
    assert profiles(header + "\na = b") == expected


def test_services_and_sessions():
    found = parse(
        "[services mine]\nsagemaker_runtime =\n  endpoint_url = https://a.example\n"
        "[sso-session corp]\nsso_region = eu-west-1\n[profile x]\nservices = mine"
    )
    assert plain(found.services) == {
        "mine": {"sagemaker_runtime": {"endpoint_url": "https://a.example"}}
    }
    assert plain(found.sso_sessions) == {"corp": {"sso_region": "eu-west-1"}}
    assert parse(None, "[services mine]\na = b").services == {}


def test_a_session_named_default_does_not_hide_the_default_profile():
    assert profiles("[sso-session default]\na = b\n[default]\nc = d") == {"default": {"c": "d"}}


def test_credentials_file_wins_and_places_are_kept():
    found = parse("[profile a]\nx = 1\ny = 1", "\n[a]\nx = 2").profiles["a"]
    assert (found["x"].value, found["x"].place) == ("2", "credentials, line 3")
    assert (found["y"].value, found["y"].place) == ("1", "config, line 3")


# ---- files that cannot be used -----------------------------------------------------------------

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    "data, line, message",
    [
        (b"[default", 1, "must end with ']'"),
        (b"[default] x", 1, "must end with ']'"),
        (b"[default]\n[profile half", 2, "must end with ']'"),
        (b"a = b\n[default]", 1, "expected a section"),
        (b"[default]\n\naws_secret_access_key " + SECRET.encode(), 3, "'=' sign"),
        (b"[default]\n " + SECRET.encode(), 2, "found continuation"),
        (b"[default]\n= " + SECRET.encode(), 2, "did not have a name"),
        (b"[default]\na =\n " + SECRET.encode(), 3, "'=' sign"),
        (b"[default]\na = \xff" + SECRET.encode(), 2, "not a text file"),
        (b"[default]\na = \0" + SECRET.encode(), 2, "not a text file"),
        (b"\x7fELF\x02\x01\x01\0\0\0", 1, "not a text file"),
        (b"\xef\xbb\xbf\n\xef\xbb", 2, "not a text file"),
    ],
)
def test_errors_name_the_file_and_the_line(data, line, message):
    for files in ((data, None), (None, data)):
        error = rejected(*files)
        name = "config" if files[0] else "credentials"
        assert str(error).startswith(f"{name}, line {line}: "), error
        assert message in str(error)
        assert SECRET not in str(error) and SECRET not in repr(vars(error))
        assert error.rule in ("CRED-021", "CRED-029")
        assert len(str(error).splitlines()) == 1


def test_utf16_is_reported_as_such():
    for data in (b"\xff\xfe[\0", b"\xfe\xff\0["):
        assert str(rejected(data)) == (
            "config is UTF-16 (expected UTF-8; save the file in UTF-8, rule CRED-029)"
        )


def test_length_is_bounded():
    start = b"[default]\na = "
    longest = start + b"b" * (MAX_CONFIG_LENGTH - len(start))
    assert len(profiles(longest)["default"]["a"]) == MAX_CONFIG_LENGTH - len(start)
    assert "too long" in str(rejected(longest + b"b"))


@pytest.mark.slow
def test_many_lines_take_linear_time():
    text = "[default]\n" + "".join(f"name{number} = value\n more\n" for number in range(40000))
    assert len(profiles(text)["default"]) == 40000


def test_many_nested_properties_take_linear_time():
    text = "[default]\na =\n" + "".join(f" name{number} = b\n" for number in range(40000))
    assert len(profiles(text)["default"]["a"]) == 40000


@pytest.mark.slow
def test_many_continuations_take_linear_time():
    assert profiles("[default]\na = b\n" + " c\n" * 200000)["default"]["a"].count("\n") == 200000


def test_secrets_are_not_shown():
    file = ConfigFile("config", f"[default]\na = {SECRET}\nb =\n c = {SECRET}\n".encode("ascii"))
    shared = parse_shared_config(file)
    for value in (file, shared, select_profile(shared, {})):
        assert SECRET not in repr(value) and SECRET not in str(value)
    assert repr(shared.profiles) == (
        "{'default': {'a': Property(<config, line 2>), 'b': Property(<config, line 3>)}}"
    )


# ---- reading -----------------------------------------------------------------------------------


def test_missing_files_count_as_empty():
    limits = []

    def read(path, limit):
        limits.append(limit)

    shared = read_shared_config(ConfigPaths("a", "b"), read)
    assert shared == SharedConfig({}, {}, {}, ("a", "b"))
    assert limits == [MAX_CONFIG_LENGTH + 1] * 2


@pytest.mark.parametrize(
    "error, reason",
    [
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (IsADirectoryError(21, "Is a directory"), "Is a directory"),
        (OSError(40, "Too many levels of symbolic links"), "Too many levels of symbolic links"),
        (OSError(), "OSError"),
    ],
)
def test_unreadable_files_are_named(error, reason):
    def read(path, limit):
        raise error

    with pytest.raises(ConfigurationError) as caught:
        read_shared_config(ConfigPaths("/x/config", "/x/credentials"), read)
    assert caught.value.message == f"cannot read /x/config: {reason}"
    assert caught.value.__cause__ is None


# ---- paths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, expected",
    [
        ("~", "/h"),
        ("~/a", "/h/a"),
        ("~other/a", "~other/a"),
        ("$A/b", "one/b"),
        ("${A}b", "oneb"),
        ("$MISSING/b", "$MISSING/b"),
        ("${A", "${A"),
        ("a~/b", "a~/b"),
    ],
)
def test_expand_path(path, expected):
    assert expand_path(path, {"A": "one"}, "/h") == expected


def test_expand_path_on_windows_and_without_a_home():
    assert expand_path("~\\a", {}, "C:\\u\\", windows=True) == "C:\\u\\a"
    assert expand_path("~\\a", {}, "/h") == "~\\a"
    assert expand_path("~/a", {}, None) == "~/a"


def test_paths_without_a_home():
    assert home_folder({}) is None
    assert config_paths({}) == ("~/.aws/config", "~/.aws/credentials")
    assert config_paths({"AWS_CONFIG_FILE": "~/c", "HOME": "/h/"}).config == "/h/c"
    assert config_paths({"AWS_CONFIG_FILE": "", "HOME": "/h/"}).config == "/h/.aws/config"


# ---- the profile -------------------------------------------------------------------------------

TWO = parse("[default]\na = 1\n[profile prod]\na = 2\nempty =")


@pytest.mark.parametrize(
    "environment, argument, name, explicit",
    [
        ({}, None, "default", False),
        ({"AWS_PROFILE": "prod"}, None, "prod", False),
        ({"AWS_PROFILE": "prod", "AWS_DEFAULT_PROFILE": "default"}, None, "prod", False),
        ({"AWS_DEFAULT_PROFILE": "prod"}, None, "prod", False),
        ({"AWS_PROFILE": ""}, None, "default", False),
        ({"AWS_PROFILE": "none"}, "prod", "prod", True),
        ({"AWS_PROFILE": "prod"}, "default", "default", True),
        ({"AWS_PROFILE": "prod"}, "", "prod", False),
    ],
)
def test_select_profile(environment, argument, name, explicit):
    selected = select_profile(TWO, environment, argument)
    assert (selected.name, selected.explicit) == (name, explicit)
    assert selected.value("a") == {"default": "1", "prod": "2"}[name]
    assert selected.value("missing") is None
    assert selected.value("empty") is None


def test_a_missing_profile_names_the_files_and_their_profiles():
    for environment, argument in (({"AWS_PROFILE": "dev"}, None), ({}, "dev")):
        with pytest.raises(ConfigurationError) as caught:
            select_profile(TWO._replace(paths=("/h/config", "/h/cred")), environment, argument)
        assert str(caught.value) == (
            "the profile dev does not exist (profiles in /h/config and /h/cred: default, prod)"
            " (rule CRED-028)"
        )
    with pytest.raises(ConfigurationError, match="profiles in the shared files: none"):
        select_profile(parse(), {"AWS_PROFILE": "dev"})


def test_the_default_profile_may_be_missing():
    selected = select_profile(parse(), {})
    assert (selected.name, selected.section) == ("default", {})


# ---- properties --------------------------------------------------------------------------------

PIECES = ["[", "]", "profile ", "default", "sso-session x", "=", " = ", "\n", "\n ", "\n\t", "#"]
PIECES += [";", "name", "\r\n", "\0", "é", "\ufeff", "'", '"', "a b", "services s"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join))
def test_any_text_is_read_or_rejected_with_our_error(text):
    for files in ((text, None), (None, text)):
        try:
            found = parse(*files)
        except ConfigurationError as error:
            assert error.rule in ("CRED-021", "CRED-029")
        else:
            assert all(isinstance(section, dict) for section in found.profiles.values())


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_rejected_with_our_error(data):
    try:
        parse(b"[default]\n" + data)
    except ConfigurationError as error:
        assert error.kind == "configuration"


VALID = "[default]\nregion = eu-west-1\ns3 =\n  a = b\n[profile p]\nkey = value\n more\n"


def test_a_file_cut_anywhere_gives_a_prefix_or_our_error():
    complete = profiles(VALID)
    for end in range(len(VALID)):
        try:
            found = profiles(VALID[:end])
        except ConfigurationError as error:
            assert error.rule == "CRED-021"
            continue
        assert set(found) <= set(complete)


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=8)
VALUES = st.text("abc=:/ #;[]é", max_size=12).map(lambda text: "x" + text.strip() + "x")


@pytest.mark.slow
@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=4), max_size=4))
def test_written_sections_are_read_back(sections):
    text = "".join(
        f"[profile {name}]\n" + "".join(f"{key} = {value}\n" for key, value in section.items())
        for name, section in sections.items()
    )
    expected = {
        name: {key: value.split(" #")[0].split(" ;")[0].strip() for key, value in section.items()}
        for name, section in sections.items()
    }
    assert profiles(text) == expected


# ---- botocore ----------------------------------------------------------------------------------

COMMON = [
    "[default]\nregion = eu-west-1\noutput=json\n",
    "[default]\n  region = eu-west-1\n  output = json\n",
    "[profile a]\ns3 =\n    addressing_style = path\n    use = true\nregion = b\n",
    "[profile 'a b']\nx = 1\n[sso-session s]\nsso_region = r\n",
    "# comment\n\n[profile a]\n; comment\nName = Value\n",
    "[profile a]\nx = one\n  two\n  three\n",
    "[profile a]\nx = a=b\ny =\n[preview]\ncloudsearch = true\n",
    "[services s]\nsagemaker_runtime =\n  endpoint_url = http://x\n[profile b]\nservices = s\n",
    "[profile a]\n\tx = 1\n\ty = 2\n",
    "[profile a]\nx = 1\n  # comment\n  2\n",
]


@pytest.mark.parametrize("text", COMMON)
def test_botocore_reads_the_same(text, tmp_path):
    configloader = pytest.importorskip("botocore.configloader")
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    theirs = configloader.load_config(str(path))
    found = parse(text)
    assert plain(found.profiles) == theirs["profiles"]
    assert plain(found.sso_sessions) == theirs["sso_sessions"]
    assert plain(found.services) == theirs["services"]


def test_random_mutations_of_a_file_raise_only_our_errors():
    numbers = random.Random(14)
    for _ in range(2000):
        data = bytearray(VALID.encode("utf-8"))
        for _ in range(numbers.randint(1, 4)):
            data[numbers.randrange(len(data))] = numbers.randrange(256)
        try:
            parse(bytes(data))
        except ConfigurationError as error:
            assert error.message.startswith("config, line ")
