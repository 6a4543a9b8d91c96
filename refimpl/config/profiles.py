# SPDX-License-Identifier: MIT
"""The shared configuration files of all AWS tools: `~/.aws/config` and `~/.aws/credentials`.

This module finds the files' paths, splits their text into sections and properties, and merges the
two files into profiles, sso-sessions and services. It passes the published cases of AWS for the
parser and for the paths (CRED-020 to CRED-029). It reads no file: the caller passes the bytes.

Rejected with the file and the line: text outside of a section, a section without its bracket, a
line without an equals sign, and files that are not text in UTF-8 or are too long. An error never
shows a line of a file, because the line may contain a secret.
"""

import re
from typing import Callable, Dict, List, Mapping, NamedTuple, NoReturn, Optional, Tuple

from ..errors import ConfigurationError, ascii_lower, shown
from .environment import first_set, home_folder

MAX_CONFIG_LENGTH = 4 * 1024 * 1024  # bytes of one file; CRED-029
DEFAULT_PROFILE = "default"
PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")

_CONFIG_SPACES = " \t"
_SECTION_NAME = re.compile(r"[A-Za-z0-9_\-/.%@:+]+\Z")
_QUOTED_SECTION_NAME = re.compile(r"\"([^\"]+)\"\Z|'([^']+)'\Z")
_TRAILING_COMMENT = re.compile(r"[ \t][#;].*", re.DOTALL)
_PATH_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)


class Property(NamedTuple):
    """One property of a section, with the place that sets it. repr hides the values (CRED-004).

    nested: the properties below an empty value (CRED-026), else None
    """

    value: str
    nested: Optional[Dict[str, str]]
    path: str
    line: int

    @property
    def place(self) -> str:
        """The file and the line, for an error."""
        return f"{self.path}, line {self.line}"

    def __repr__(self) -> str:
        return f"Property(<{self.place}>)"


Section = Dict[str, Property]


class ConfigFile(NamedTuple):
    """One file that was found: its path and its bytes. repr hides the bytes."""

    path: str
    data: bytes

    def __repr__(self) -> str:
        return f"ConfigFile({self.path!r}, <{len(self.data)} bytes>)"


class SharedConfig(NamedTuple):
    """The merged sections of both files, by name, and the paths that were looked at."""

    profiles: Dict[str, Section]
    sso_sessions: Dict[str, Section]
    services: Dict[str, Section]
    paths: Tuple[str, ...]


# ---- the paths ---------------------------------------------------------------------------------


class ConfigPaths(NamedTuple):
    """The paths of the two shared files."""

    config: str
    credentials: str


def expand_path(
    path: str, environment: Mapping[str, str], home: Optional[str], windows: bool = False
) -> str:
    """Return path with a leading `~`, `$NAME` and `${NAME}` replaced. Unknown names stay."""

    def value_of(match: "re.Match[str]") -> str:
        return environment.get(match.group(1) or match.group(2), match.group())

    expanded = _PATH_VARIABLE.sub(value_of, path)
    separators = "/\\" if windows else "/"
    if home and expanded[:1] == "~" and (len(expanded) == 1 or expanded[1] in separators):
        return home.rstrip(separators) + expanded[1:]
    return expanded


def config_paths(
    environment: Mapping[str, str], windows: bool = False, home: Optional[str] = None
) -> ConfigPaths:
    """Return the paths of both files (CRED-020).

    home: the folder that the operating system's user database names
    """
    folder = home_folder(environment, windows, home)

    def path_of(variable: str, name: str) -> str:
        if environment.get(variable):
            return expand_path(environment[variable], environment, folder, windows)
        separator = "\\" if windows else "/"
        return separator.join(((folder or "~").rstrip("/\\"), ".aws", name))

    return ConfigPaths(
        path_of("AWS_CONFIG_FILE", "config"), path_of("AWS_SHARED_CREDENTIALS_FILE", "credentials")
    )


# ---- one file ----------------------------------------------------------------------------------


class _SectionHeader(NamedTuple):
    """A section's header: its kind (`profile`, `sso-session`, `services`) and name.

    kind is "" for a section that has no meaning, whose properties are ignored (CRED-024).
    """

    kind: str
    name: str
    prefixed: bool


_NO_MEANING = _SectionHeader("", "", False)


def _checked_header(kind: str, name: str, prefixed: bool) -> _SectionHeader:
    if not _SECTION_NAME.match(name):
        return _NO_MEANING
    return _SectionHeader(kind, name, prefixed)


class _FileParser:
    """Collects the sections of one file, line by line."""

    def __init__(self, path: str, is_credentials: bool) -> None:
        self._path = path
        self._is_credentials = is_credentials
        self._line = 0
        self._section: Optional[Section] = None
        self._name = ""  # of the open property, if there is one
        self._indent = 0  # of the open property
        self._continuation: List[str] = []  # its lines after the first
        self.sections: List[Tuple[_SectionHeader, Section]] = []

    def parse(self, text: str) -> None:
        """Read all lines of a file."""
        for raw in text.split("\n"):
            self._line += 1
            line = raw.rstrip(_CONFIG_SPACES + "\r")
            content = line.lstrip(_CONFIG_SPACES)
            # CRED-022: blank lines and lines of comment have no meaning, not even as an end.
            if content and content[0] not in "#;":
                self._read(content, len(line) - len(content))
        self._close_property()

    def _read(self, content: str, indent: int) -> None:
        is_open = self._name != ""
        # CRED-025: a line that is indented more than the open property belongs to its value.
        if is_open and indent > self._indent:
            self._continue(content)
        elif content[0] == "[":
            self._open_section(content)
        elif self._section is None:
            self._reject("expected a section definition", "[NAME]")
        elif indent and not is_open and "=" not in content:
            self._reject("expected a property definition, found continuation")
        else:
            self._open_property(content, indent)

    def _open_section(self, content: str) -> None:
        inner, bracket, after = content[1:].partition("]")
        # CRED-023: only a comment may follow the bracket.
        if not bracket or after.strip(_CONFIG_SPACES)[:1] not in ("", "#", ";"):
            self._reject("section definition must end with ']'", "[NAME]")
        self._close_property()
        self._section = {}
        self.sections.append((self._header(inner.strip(_CONFIG_SPACES)), self._section))

    def _header(self, inner: str) -> _SectionHeader:
        if self._is_credentials or inner == DEFAULT_PROFILE:
            return _checked_header("profile", inner, False)
        words = re.split(r"[ \t]+", inner, maxsplit=1)
        # CRED-024: in the configuration file every other section needs its prefix.
        if len(words) != 2 or words[0] not in ("profile", "sso-session", "services"):
            return _NO_MEANING
        quoted = _QUOTED_SECTION_NAME.match(words[1])
        if quoted:
            return _SectionHeader(words[0], quoted.group(1) or quoted.group(2), True)
        return _checked_header(words[0], words[1], True)

    def _open_property(self, content: str, indent: int) -> None:
        self._close_property()
        name, value = self._split(content, "")
        self._name = name
        self._indent = indent
        if self._section is not None and _SECTION_NAME.match(name):
            value = _TRAILING_COMMENT.sub("", value).strip(_CONFIG_SPACES)
            self._section[name] = Property(value, None, self._path, self._line)

    def _close_property(self) -> None:
        section, lines = self._section, self._continuation
        # The value of an invalid name is ignored with all its lines.
        if lines and section is not None and self._name in section:
            known = section[self._name]
            section[self._name] = known._replace(value="\n".join([known.value, *lines]))
        self._name = ""
        self._continuation = []

    def _split(self, content: str, where: str) -> Tuple[str, str]:
        """Return the lower-case name and the value of a property. where: for the error."""
        name, equals, value = content.partition("=")
        if not equals:
            self._reject(f"expected an '=' sign defining a property{where}", "NAME = VALUE")
        # CRED-025
        name = ascii_lower(name.strip(_CONFIG_SPACES))
        if not name:
            self._reject(f"property did not have a name{where}", "NAME = VALUE")
        return name, value

    def _continue(self, content: str) -> None:
        section = self._section or {}
        known = section.get(self._name)
        if known is None or known.value:
            self._continuation.append(content)
            return
        # CRED-026: the lines below an empty value are properties of their own.
        name, value = self._split(content, " in sub-property")
        if known.nested is None:
            known = known._replace(nested={})
            section[self._name] = known
        if known.nested is not None and _SECTION_NAME.match(name):
            known.nested[name] = value.strip(_CONFIG_SPACES)

    def _reject(self, problem: str, expected: Optional[str] = None) -> NoReturn:
        raise ConfigurationError(
            f"{self._path}, line {self._line}: {problem}", expected=expected, rule="CRED-021"
        )


def _config_text(file: ConfigFile) -> str:
    """Return the text of a file. Raises ConfigurationError if it is not text (CRED-029)."""
    data = file.data
    if len(data) > MAX_CONFIG_LENGTH:
        raise ConfigurationError(
            f"{file.path} is too long for a configuration file",
            expected=f"at most {MAX_CONFIG_LENGTH} bytes",
            rule="CRED-029",
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ConfigurationError(
            f"{file.path} is UTF-16", expected="UTF-8; save the file in UTF-8", rule="CRED-029"
        )
    try:
        text = data.decode("utf-8")
        invalid = text.find("\0")
    except UnicodeDecodeError as error:
        invalid = error.start
        text = data[:invalid].decode("utf-8")
    if invalid >= 0:
        line = text[:invalid].count("\n") + 1
        raise ConfigurationError(
            f"{file.path}, line {line}: not a text file", expected="UTF-8", rule="CRED-029"
        )
    return text[1:] if text[:1] == "\ufeff" else text


# ---- both files --------------------------------------------------------------------------------


def parse_shared_config(
    config: Optional[ConfigFile] = None, credentials: Optional[ConfigFile] = None
) -> SharedConfig:
    """Return the merged sections of the configuration file and the credentials file.

    Raises ConfigurationError, which names the file and the line (CRED-021).
    """
    merged: Dict[str, Dict[str, Section]] = {"profile": {}, "sso-session": {}, "services": {}}
    paths: List[str] = []
    for file, is_credentials in ((config, False), (credentials, True)):
        if file is None:
            continue
        paths.append(file.path)
        parser = _FileParser(file.path, is_credentials)
        parser.parse(_config_text(file))
        for header, section in _without_hidden_default(parser.sections):
            # CRED-027: equal sections are merged; the last value wins, that of the credentials
            # file over that of the configuration file.
            if header.kind:
                merged[header.kind].setdefault(header.name, {}).update(section)
    return SharedConfig(merged["profile"], merged["sso-session"], merged["services"], tuple(paths))


def _without_hidden_default(
    sections: List[Tuple[_SectionHeader, Section]],
) -> List[Tuple[_SectionHeader, Section]]:
    """Return the sections without [default] if there is a [profile default] (CRED-024)."""
    hidden = _SectionHeader("profile", DEFAULT_PROFILE, False)
    if not any(header == hidden._replace(prefixed=True) for header, _ in sections):
        return sections
    return [(header, section) for header, section in sections if header != hidden]


def read_shared_config(
    paths: ConfigPaths, read_file: Callable[[str, int], Optional[bytes]]
) -> SharedConfig:
    """Read and parse both files. A file that does not exist counts as empty (CRED-020).

    read_file: returns at most that many bytes of a file, or None if it does not exist; it raises
        OSError if the file cannot be read
    """

    def file_at(path: str) -> Optional[ConfigFile]:
        try:
            data = read_file(path, MAX_CONFIG_LENGTH + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(
                f"cannot read {path}: {reason}", expected="a readable file", rule="CRED-029"
            ) from None
        return None if data is None else ConfigFile(path, data)

    shared = parse_shared_config(file_at(paths.config), file_at(paths.credentials))
    return shared._replace(paths=tuple(paths))


class SelectedProfile(NamedTuple):
    """The profile in use.

    explicit: whether an argument names it, which makes the environment's keys count as unset
    """

    name: str
    section: Section
    explicit: bool

    def value(self, name: str) -> Optional[str]:
        """Return the value of a property, or None if it is missing or empty."""
        found = self.section.get(name)
        return found.value or None if found is not None else None


def select_profile(
    shared: SharedConfig, environment: Mapping[str, str], profile: Optional[str] = None
) -> SelectedProfile:
    """Return the profile of the argument, of AWS_PROFILE, or `default` (CRED-028).

    Raises ConfigurationError if a profile is named but does not exist.
    """
    named = profile or first_set(environment, *PROFILE_VARIABLES)
    # CRED-028
    name = named or DEFAULT_PROFILE
    section = shared.profiles.get(name)
    if section is None and named is not None:
        raise missing_profile(shared, f"the profile {shown(name, 80)} does not exist")
    return SelectedProfile(name, section or {}, bool(profile))


def missing_profile(shared: SharedConfig, problem: str) -> ConfigurationError:
    """Return the error for a missing profile: it names the files and their profiles (CRED-028)."""
    files = " and ".join(shared.paths) or "the shared files"
    known = ", ".join(sorted(shared.profiles)) or "none"
    return ConfigurationError(f"{problem} (profiles in {files}: {known})", rule="CRED-028")
