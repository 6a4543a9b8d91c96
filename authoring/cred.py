# SPDX-License-Identifier: MIT
"""The cases of configuration files and credentials: config-parse and credentials-resolve.

The expected sections of a file and the source, keys and requests of a search are hand-written. They
follow AWS's published cases for the parser, the paths and the chain where these have a similar
case. tests/authoring/test_cred.py compares the cases with botocore 1.44.5.
"""

import hashlib
import json
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from authoring import Feature, Json, ok, reject

PARSE = Feature("config-parse", "config.parse", "cfg-")
RESOLVE = Feature("credentials-resolve", "credentials.resolve", "cred-")
FEATURES = [PARSE, RESOLVE]
AGREED = "derived; agreed by botocore 1.44.5"
DEVIATES = "derived, as AWS's published cases; botocore 1.44.5 deviates"

# ---- files --------------------------------------------------------------------------------------


def reads(
    name: str,
    title: str,
    rules: str,
    why: str,
    config: Optional[str] = None,
    credentials: Optional[str] = None,
    source: str = AGREED,
    **output: Any,
) -> None:
    """Add a case whose files are read. output: the expected sections of one or more kinds."""
    given = {"config": config, "credentials": credentials}
    given = {key: text for key, text in given.items() if text is not None}
    PARSE.case("cfg-" + name, title, rules, given, ok(**output), why, source=source)


def refuses(name: str, title: str, rules: str, why: str, config: str) -> None:
    """Add a case whose file is rejected."""
    PARSE.case("cfg-" + name, title, rules, {"config": config}, reject("configuration"), why)


def default(**section: Any) -> Json:
    """Return profiles that have only `default`."""
    return {"default": section}


WRONG_PROFILE = "a client that reads this otherwise uses another profile, or none"
WRONG_VALUE = "a client that reads another value calls another region or signs with another key"
SILENT = "a client that ignores the mistake uses an incomplete profile"

reads(
    "empty",
    "an empty file",
    "CRED-021",
    "a client that fails has no settings at all",
    "",
    profiles={},
)
reads(
    "two-profiles",
    "the default profile and another one",
    "CRED-024",
    WRONG_PROFILE,
    "[default]\nregion = eu-west-1\n[profile prod]\nregion = us-east-1\n",
    profiles={"default": {"region": "eu-west-1"}, "prod": {"region": "us-east-1"}},
)
reads(
    "no-final-line-feed",
    "a last line without a line feed",
    "CRED-022",
    "editors leave out the last line feed, and the last property would be lost",
    "[default]\nregion = eu-west-1",
    profiles=default(region="eu-west-1"),
)
reads(
    "crlf",
    "lines that end in CR LF",
    "CRED-022",
    "Windows editors write CR LF, and a CR inside of a region is not a host name",
    "[default]\r\nregion = eu-west-1\r\n",
    profiles=default(region="eu-west-1"),
)
reads(
    "crlf-continued",
    "a continued value with CR LF",
    "CRED-022 CRED-025",
    "a CR would remain inside of the value",
    "[default]\r\na = b\r\n c\r\n",
    profiles=default(a="b\nc"),
)
reads(
    "blank-lines",
    "lines with nothing but spaces and tabs",
    "CRED-022",
    WRONG_VALUE,
    "\t \n[default]\n \t\nregion = eu-west-1\n\n",
    profiles=default(region="eu-west-1"),
)
reads(
    "blank-inside",
    "a blank line inside of a continued value",
    "CRED-022 CRED-025",
    WRONG_VALUE,
    "[default]\na = b\n\n c\n",
    source=DEVIATES,
    profiles=default(a="b\nc"),
)
reads(
    "comment-lines",
    "lines of comment with both characters",
    "CRED-022",
    WRONG_VALUE,
    "# comment\n[default]\n; comment\nregion = eu-west-1\n#\n",
    profiles=default(region="eu-west-1"),
)
reads(
    "comment-indented",
    "an indented line of comment inside of a value",
    "CRED-022 CRED-025",
    "a comment would become a part of the value",
    "[default]\na = b\n  # comment\n  c\n",
    profiles=default(a="b\nc"),
)
reads(
    "bom",
    "a byte order mark",
    "CRED-029",
    "Windows editors write it, and the first section would be unknown",
    "\ufeff[default]\nregion = eu-west-1\n",
    source="derived",
    profiles=default(region="eu-west-1"),
)

# Section headers.
reads(
    "header-spaces",
    "spaces and tabs around the name in a header",
    "CRED-023 CRED-024",
    WRONG_PROFILE,
    "[ \tprofile\t prod ]\na = b\n",
    source=DEVIATES,
    profiles={"prod": {"a": "b"}},
)
reads(
    "header-comment",
    "comments after headers, with and without a space",
    "CRED-023",
    WRONG_PROFILE,
    "[profile a] # one\nx = 1\n[profile b]; two ]\ny = 2\n",
    source=DEVIATES,
    profiles={"a": {"x": "1"}, "b": {"y": "2"}},
)
reads(
    "header-no-prefix",
    "a profile without its prefix in the configuration file",
    "CRED-024",
    "sections of other programs would become profiles",
    "[prod]\na = b\n[default]\nc = d\n",
    profiles=default(c="d"),
)
reads(
    "header-prefix-only",
    "the prefix without a name",
    "CRED-024",
    WRONG_PROFILE,
    "[profile]\na = b\n",
    profiles={},
)
reads(
    "header-prefix-joined",
    "a name that only begins like the prefix",
    "CRED-024",
    WRONG_PROFILE,
    "[profileprod]\na = b\n",
    profiles={},
)
reads(
    "header-default-prefixed",
    "both forms of the default profile, the prefixed one last",
    "CRED-024",
    "the two forms are one profile, and the prefixed one replaces the other",
    "[default]\na = 1\nb = 2\n[profile default]\na = 3\n",
    profiles=default(a="3"),
)
reads(
    "header-default-prefixed-first",
    "both forms of the default profile, the prefixed one first",
    "CRED-024",
    "the order of the sections must not decide which form counts",
    "[profile default]\na = 3\n[default]\na = 1\nb = 2\n",
    profiles=default(a="3"),
    source=DEVIATES,
)
reads(
    "header-default-in-both-files",
    "the default profile with its prefix in one file, and without it in the other",
    "CRED-024",
    "each file is read alone, and then the keys of a profile come together",
    "[profile default]\nregion = r\n",
    "[default]\naws_access_key_id = A\naws_secret_access_key = S\n",
    profiles=default(region="r", aws_access_key_id="A", aws_secret_access_key="S"),
)
reads(
    "header-default-in-both-files-plain",
    "the default profile without a prefix in both files",
    "CRED-024",
    "each file is read alone, and then the keys of a profile come together",
    "[default]\nregion = r\n",
    "[default]\naws_access_key_id = A\naws_secret_access_key = S\n",
    profiles=default(region="r", aws_access_key_id="A", aws_secret_access_key="S"),
)
reads(
    "header-session-default",
    "a session with the name default",
    "CRED-024",
    "a session does not replace a profile",
    "[sso-session default]\na = b\n[default]\nc = d\n",
    profiles=default(c="d"),
)
reads(
    "header-invalid-name",
    "a profile whose name has a space",
    "CRED-024",
    "its properties must not join the profile before it",
    "[profile a]\nx = 1\n[profile b c]\nx = 2\n",
    profiles={"a": {"x": "1"}},
)
reads(
    "header-quoted",
    "a name in quotation marks",
    "CRED-024",
    "the AWS CLI writes names with spaces in quotation marks",
    "[profile 'my work']\na = b\n[profile \"b\"]\nc = d\n",
    profiles={"my work": {"a": "b"}, "b": {"c": "d"}},
)
for name, title, quoted, inner in (
    ("single-inside", "a single quotation mark in double ones", '"it\'s"', "it's"),
    ("double-inside", "double quotation marks in single ones", "'a \"b\" c'", 'a "b" c'),
    ("not-ascii", "a quoted name outside of ASCII", '"\u00e9 #;="', "\u00e9 #;="),
):
    reads(
        "header-quoted-" + name,
        f"a name in quotation marks: {title}",
        "CRED-024",
        WRONG_PROFILE,
        f"[profile {quoted}]\na = b\n",
        profiles={inner: {"a": "b"}},
    )
reads(
    "header-quoted-same-inside",
    "a name in quotation marks with the same mark inside",
    "CRED-024",
    "programs that guess where the name ends find different profiles",
    "[profile \"a\"b\"]\na = b\n[profile 'c'd']\na = b\n[profile e]\na = b\n",
    profiles={"e": {"a": "b"}},
)
reads(
    "header-all-characters",
    "each character that a name may have",
    "CRED-024",
    WRONG_PROFILE,
    "[profile aZ0_-/.%@:+]\na = b\n",
    profiles={"aZ0_-/.%@:+": {"a": "b"}},
)
reads(
    "sections",
    "sessions and services",
    "CRED-024",
    "a client that takes them for profiles finds neither login nor endpoint",
    "[sso-session corp]\nsso_region = eu-west-1\n[services local]\nsts =\n  endpoint_url = http://a\n",
    profiles={},
    sso_sessions={"corp": {"sso_region": "eu-west-1"}},
    services={"local": {"sts": {"endpoint_url": "http://a"}}},
)
reads(
    "credentials-names",
    "names in the credentials file",
    "CRED-024",
    "the credentials file has no prefixes, and a prefix makes the section meaningless",
    credentials="[prod]\na = 1\n[profile dev]\nb = 2\n[sso-session s]\nc = 3\n",
    source=DEVIATES,
    profiles={"prod": {"a": "1"}},
    sso_sessions={},
)
reads(
    "credentials-quoted",
    "a name in quotation marks in the credentials file",
    "CRED-024",
    WRONG_PROFILE,
    credentials="[\"a b\"]\nx = 1\n['c']\nx = 2\n[d]\ny = 3\n",
    source=DEVIATES,
    profiles={"d": {"y": "3"}},
)

# Properties.
reads(
    "name-not-ascii",
    "names with letters whose lower case is ASCII, or that look like ASCII",
    "CRED-025",
    "a program that makes lower case as Unicode does reads a Kelvin sign as k, and a name has two "
    "values",
    "[default]\naws_secret_access_\u212aey = a\nAWS_ACCESS_KEY_ID = b\n"
    "reg\u0130on = c\nreg\u0131on = d\naws_\u017fession_token = e\n",
    source=DEVIATES,
    profiles=default(aws_access_key_id="b"),
)
reads(
    "value-trimmed",
    "spaces and tabs around name and value",
    "CRED-025",
    WRONG_VALUE,
    "[default]\nregion \t= \teu-west-1 \t\n",
    profiles=default(region="eu-west-1"),
)
reads(
    "value-empty",
    "a property without a value",
    "CRED-025",
    WRONG_VALUE,
    "[default]\nregion =\noutput = json\n",
    profiles=default(region="", output="json"),
)
reads(
    "value-equals",
    "an equals sign inside of a value",
    "CRED-025",
    "secret keys in Base64 end in equals signs",
    "[default]\naws_session_token = a=b==\n",
    profiles=default(aws_session_token="a=b=="),
)
reads(
    "value-unicode",
    "a value with a character outside of ASCII",
    "CRED-029",
    WRONG_VALUE,
    "[default]\na = é😂\n",
    profiles=default(a="é😂"),
)
reads(
    "value-comment",
    "comments after a value",
    "CRED-025",
    "the comment would become a part of the region or of the key",
    "[default]\na = b # c\nd = e\t; f\ng = # h\n",
    source=DEVIATES,
    profiles=default(a="b", d="e", g=""),
)
reads(
    "value-comments",
    "several characters that begin a comment after a value",
    "CRED-025",
    "the first comment would become a part of the region or of the key",
    "[default]\na = b # c # d\ne = f ; g ; h\ni = j # k ; l\nm = n ; o # p\n",
    source=DEVIATES,
    profiles=default(a="b", e="f", i="j", m="n"),
)
reads(
    "value-lone-cr",
    "a CR inside of a value",
    "CRED-022",
    "a reader with other line ends finds properties that are not in the file",
    "[default]\na = b\rc = d\r\ne = f\n",
    source=DEVIATES,
    profiles=default(a="b\rc = d", e="f"),
)
reads(
    "line-end-crs",
    "several CRs before LF, and a CR at the end of the file",
    "CRED-022",
    "an editor that converts line ends twice writes CR CR LF, and a key with a CR is useless",
    "[default]\r\r\na = b\r\r\nc = d \t\r",
    profiles=default(a="b", c="d"),
)
reads(
    "value-other-line-ends",
    "characters inside of a value that end a line in other texts",
    "CRED-022 CRED-029",
    "a reader with other line ends finds properties that are not in the file",
    "[default]\na = b\u2028c = d\x85e = f\x0bg = h\x0ci = j\n",
    profiles=default(a="b\u2028c = d\x85e = f\x0bg = h\x0ci = j"),
)
reads(
    "value-hash",
    "the characters of comments inside of a value",
    "CRED-025",
    "a secret would be cut",
    "[default]\na = b#c\nd = e;f\ng =#h\n",
    profiles=default(a="b#c", d="e;f", g="#h"),
)
reads(
    "name-case",
    "a name in two cases",
    "CRED-025",
    "an upper-case name would be another setting, which nothing reads",
    "[default]\nRegion = a\nREGION = b\n",
    source=DEVIATES,
    profiles=default(region="b"),
)
reads(
    "name-invalid",
    "a name with a space",
    "CRED-025",
    "neither the property nor its continuation has a meaning",
    "[default]\na b = c\n  d\ne = f\n",
    source=DEVIATES,
    profiles=default(e="f"),
)
reads(
    "continued",
    "a value on several lines",
    "CRED-025",
    WRONG_VALUE,
    "[default]\na = b\n  c \n\td # e\nf = g\n",
    profiles=default(a="b\nc\nd # e", f="g"),
)
reads(
    "indented",
    "properties that are all indented",
    "CRED-025",
    "users indent whole sections, and the second property would vanish in the first",
    "[default]\n  region = eu-west-1\n  output = json\n",
    profiles=default(region="eu-west-1", output="json"),
)
reads(
    "indented-continued",
    "an indented property with a longer indentation below it",
    "CRED-025",
    WRONG_VALUE,
    "[default]\n  a = b\n    c\n  d = e\n",
    profiles=default(a="b\nc", d="e"),
)
reads(
    "nested",
    "nested properties",
    "CRED-026",
    "a client that reads them as text does not find the endpoint",
    "[default]\ns3 =\n  a = b\n  c=d # e\nregion = f\n",
    profiles=default(s3={"a": "b", "c": "d # e"}, region="f"),
)
reads(
    "nested-blank",
    "a blank line between nested properties",
    "CRED-022 CRED-026",
    WRONG_VALUE,
    "[default]\ns3 =\n  a = b\n \n  c = d\n",
    profiles=default(s3={"a": "b", "c": "d"}),
)
reads(
    "nested-invalid-name",
    "a nested name with a space",
    "CRED-026",
    WRONG_VALUE,
    "[default]\ns3 =\n  a b = c\n  d = e\n",
    source=DEVIATES,
    profiles=default(s3={"d": "e"}),
)

# Merging.
reads(
    "merge-sections",
    "a section that occurs twice",
    "CRED-027",
    WRONG_VALUE,
    "[profile a]\nx = 1\ny = 1\n[profile b]\n[profile a]\nx = 2\nz = 3\n",
    source=DEVIATES,
    profiles={"a": {"x": "2", "y": "1", "z": "3"}, "b": {}},
)
reads(
    "merge-files",
    "a profile in both files",
    "CRED-027",
    "the keys in the credentials file are the ones that tools rotate",
    "[profile a]\nx = 1\ny = 1\n",
    "[a]\nx = 2\nz = 3\n",
    profiles={"a": {"x": "2", "y": "1", "z": "3"}},
)

# Spellings that differ by little. Each case has the whole dimension.
reads(
    "value-marks",
    "values with the characters of escapes, interpolation, quotation and comments",
    "CRED-025 CRED-026",
    "a reader with escapes or interpolation changes a secret key, or fails at it",
    '[default]\na = 100%%\nb = %(a)s%\nc = a\\\\b\\/\\n\\\nd = "x"\ne = \'y\' "\nf = ${HOME}$a~\n'
    "g = h;i#j:k=l\nm = [n]\no = p,\n  %%\\\\q;r\ns3 =\n  t = %%u\\\\ ; v\n",
    source="derived",
    profiles=default(
        a="100%%",
        b="%(a)s%",
        c="a\\\\b\\/\\n\\",
        d='"x"',
        e="'y' \"",
        f="${HOME}$a~",
        g="h;i#j:k=l",
        m="[n]",
        o="p,\n%%\\\\q;r",
        s3={"t": "%%u\\\\ ; v"},
    ),
)
reads(
    "header-quotes-marks",
    "names in quotation marks with the characters of escapes, comments and white space",
    "CRED-024 CRED-023",
    "a reader with escapes gives the profile another name, so it cannot be found",
    '[profile "a\\\\b"]\nx = 1\n[profile \'c\\d%%\']\nx = 2\n[profile "e#;f"]\nx = 3\n'
    "[profile 'g\th\u00a0']\nx = 4\n[profile \"\\\"]\nx = 5\n",
    source="derived",
    profiles={
        "a\\\\b": {"x": "1"},
        "c\\d%%": {"x": "2"},
        "e#;f": {"x": "3"},
        "g\th\u00a0": {"x": "4"},
        "\\": {"x": "5"},
    },
)
reads(
    "last-property",
    "continued lines of the last property of a section, before each kind of section and the end",
    "CRED-025 CRED-026",
    "a reader that closes the section first loses the lines, or adds them to the next section",
    "[default]\na = b\n  c\n[profile d]\na = e\n\n  f\n# g\n[ignored]\nh = i\n  j\n"
    "[sso-session k]\na =\n  l = m\n[profile n]\na = o\n  p",
    source="derived",
    profiles={"default": {"a": "b\nc"}, "d": {"a": "e\nf"}, "n": {"a": "o\np"}},
    sso_sessions={"k": {"a": {"l": "m"}}},
)
reads(
    "inherited-names",
    "names that are those of inherited members in some languages",
    "CRED-024 CRED-025 CRED-026",
    "a reader that collects names in an object of its language loses a profile or setting",
    "[profile __proto__]\nconstructor = 1\n__proto__ = 2\n  3\n[profile constructor]\ns3 =\n"
    "  __proto__ = 4\n  constructor = 5\n[sso-session __proto__]\nvalueof = 6\n",
    source="derived",
    profiles={
        "__proto__": {"constructor": "1", "__proto__": "2\n3"},
        "constructor": {"s3": {"__proto__": "4", "constructor": "5"}},
    },
    sso_sessions={"__proto__": {"valueof": "6"}},
)
reads(
    "letters-alike",
    "letters that become those of ASCII when their case changes",
    "CRED-024 CRED-025",
    "a reader that changes the case as Unicode does reads a setting that the file does not have",
    "[default]\nreg\u0131on = 1\nREG\u0130ON = 1\n\u212aey = 1\n\u017f3 = 1\nok = 2\n"
    "[pro\ufb01le a]\nb = 1\n[\uff50rofile c]\nd = 1\n[\u017fervices e]\nf = 1\n",
    source="derived",
    profiles=default(ok="2"),
    sso_sessions={},
    services={},
)
reads(
    "header-case",
    "prefixes and the name default in other cases",
    "CRED-024",
    "two tools that disagree about the case use different profiles",
    "[Profile a]\nx = 1\n[PROFILE b]\nx = 1\n[DEFAULT]\nx = 1\n[Default]\nx = 1\n"
    "[profile A]\nx = 2\n[profile a]\nx = 3\n[profile Default]\nx = 4\n",
    source="derived",
    profiles={"A": {"x": "2"}, "a": {"x": "3"}, "Default": {"x": "4"}},
)
reads(
    "header-quotes",
    "names in quotation marks of both kinds, with spaces, and with wrong ones",
    "CRED-024",
    WRONG_PROFILE,
    '[profile "it\'s"]\nx = 1\n[profile \'a "b"\']\nx = 2\n[profile " c "]\nx = 3\n'
    "[sso-session ' d e ']\nx = 4\n[services \"f g\"]\nx = 5\n"
    "[profile \"h']\nx = 6\n[profile \"\"]\nx = 6\n[profile 'i]\nx = 6\n['profile j']\nx = 6\n",
    source="derived",
    profiles={"it's": {"x": "1"}, 'a "b"': {"x": "2"}, " c ": {"x": "3"}},
    sso_sessions={" d e ": {"x": "4"}},
    services={"f g": {"x": "5"}},
)
reads(
    "other-white-space",
    "white space that is neither space nor tab, at the ends of names and values",
    "CRED-022 CRED-023 CRED-025 CRED-026",
    "a reader that removes more changes a name or a key",
    "[default]\na = \u00a0b\u00a0\n\x0bc = 1\nd\u2003 = 1\ne = f\x0c\ng = h\x85\ni = \u3000\n"
    "j = k\n \u2009l\u2009\ns3 =\n  m = \u00a0n\u00a0\n[\u00a0default]\na = 1\n"
    "[profile o\x0c]\np = 1\n",
    source="derived",
    profiles=default(
        a="\u00a0b\u00a0",
        e="f\x0c",
        g="h\x85",
        i="\u3000",
        j="k\n\u2009l\u2009",
        s3={"m": "\u00a0n\u00a0"},
    ),
)
reads(
    "bom-inside",
    "byte order marks inside of both files",
    "CRED-029",
    "only the first one belongs to the encoding",
    "[default]\na = \ufeffb\ufeff\n",
    "\ufeff[default]\nc = d\ufeff\n",
    source="derived",
    profiles=default(a="\ufeffb\ufeff", c="d\ufeff"),
)
reads(
    "value-comment-cr",
    "a comment after a value, with a CR inside",
    "CRED-022 CRED-025",
    "a reader for which the comment ends at the CR finds a value that is not in the file",
    "[default]\na = b # c\rd\ne = f ;\r\n",
    source="derived",
    profiles=default(a="b", e="f"),
)
reads(
    "name-characters",
    "names of properties with each character that a name may have, and with others",
    "CRED-025 CRED-026",
    WRONG_VALUE,
    "[default]\naZ09_-/.%@:+ = 1\na,b = 2\n\u00e9 = 2\n'c' = 2\nd~ = 2\n\uff41 = 2\n\u0661 = 2\n"
    "s3 =\n  X_-/.%@:+ = 3\n  a,b = 4\n  \u00e9 = 4\n",
    source="derived",
    profiles=default(**{"az09_-/.%@:+": "1", "s3": {"x_-/.%@:+": "3"}}),
)
reads(
    "nested-twice",
    "nested properties that occur twice, in another case, after a comment, and in a second file",
    "CRED-026 CRED-027",
    "the last one counts, as for other properties",
    "[default]\ns3 = # c\n  A = 1\n  a = 2\n  b =\nsts =\n  a = 1\nsts =\n  b = 2\n"
    "ec2 =\n  a = 1\nec2 = c\n"
    "sso = d\nsso =\n  e = f\nsqs =\n  a = 1\n",
    "[default]\nsqs =\n  b = 2\n",
    source="derived",
    profiles=default(
        s3={"a": "2", "b": ""},
        sts={"b": "2"},
        ec2="c",
        sso={"e": "f"},
        sqs={"b": "2"},
    ),
)
reads(
    "ignored-with-all-lines",
    "sections and properties without a meaning, with nested and continued lines",
    "CRED-024 CRED-025",
    "what is below an ignored name is ignored as well, and is no error",
    "[plugins]\na = b\nc =\n  d = e\n[default]\na b =\n  no equals sign\n  c = d\ne = f\n",
    source="derived",
    profiles=default(e="f"),
)

# Files that are rejected.
for name, title, text in (
    ("header-open", "a header without its bracket", "[default\nregion = a\n"),
    ("header-half", "a file that ends inside of a header", "[default]\n[profile pr"),
    ("header-text", "text after a header", "[default] region = a\n"),
    ("no-section", "a property before the first section", "region = a\n[default]\n"),
    ("no-section-indented", "an indented line before the first section", "  region\n"),
    ("no-equals", "a line without an equals sign", "[default]\nregion eu-west-1\n"),
    ("colon", "a colon in place of the equals sign", "[default]\nregion : eu-west-1\n"),
    ("no-name", "a property without a name", "[default]\n= eu-west-1\n"),
    ("continued-nothing", "an indented line directly below a header", "[default]\n  eu\n"),
    (
        "continued-header",
        "an indented line below a later header",
        "[default]\na = b\n[profile c]\n  d\n",
    ),
    ("nested-no-equals", "a nested line without an equals sign", "[default]\ns3 =\n  a\n"),
    ("nested-no-name", "a nested property without a name", "[default]\ns3 =\n  = a\n"),
    ("two-marks", "two byte order marks", "\ufeff\ufeff[default]\n"),
    ("mark-later", "a byte order mark after the first line", "\n\ufeff[default]\n"),
    ("header-spaces", "a header whose bracket is in the next line", "[default\n]\n"),
    ("header-bracket", "a second bracket after a header", "[default]]\n"),
    ("name-spaces", "a name of spaces", "[default]\na = b\n\t = c\n[profile d]\n =\n"),
):
    rules = "CRED-023 CRED-021" if name.startswith("header") else "CRED-021"
    refuses("reject-" + name, title, rules, SILENT, text)
refuses(
    "reject-nul",
    "a file with a NUL",
    "CRED-029",
    "a half-written or binary file is not a configuration",
    "[default]\na = \0\n",
)

# ---- credentials --------------------------------------------------------------------------------

TIME = "20270115T080000Z"
LATER, LATER_DATE = "2027-01-15T14:00:00Z", "20270115T140000Z"
CONFIG, CREDENTIALS = "/h/.aws/config", "/h/.aws/credentials"
KEYS = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "env-secret"}
STATIC = "aws_access_key_id = AKPROFILE\naws_secret_access_key = profile-secret\n"
ROLE = "arn:aws:iam::123456789012:role/R"
STS = "https://sts.eu-west-1.amazonaws.com/"
METADATA = "http://169.254.169.254/latest/"
ROLES = METADATA + "meta-data/iam/security-credentials/"
ECS = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"

Replies = Dict[str, Json]


def sts_reply(action: str = "AssumeRole", key: str = "ASROLE") -> Json:
    """Return a reply of STS with credentials."""
    return {
        "status": 200,
        "body": f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<{action}Result><Credentials><AccessKeyId>{key}</AccessKeyId>"
        "<SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>"
        f"<Expiration>{LATER}</Expiration></Credentials></{action}Result></{action}Response>",
    }


def short_reply(*change: str, action: str = "AssumeRole", status: int = 200) -> Json:
    """Return a reply of STS with credentials, without a namespace, and with a change."""
    body = sts_reply(action)["body"].replace(
        ' xmlns="https://sts.amazonaws.com/doc/2011-06-15/"', ""
    )
    return {"status": status, "body": body.replace(*change) if change else body}


def keys_reply(key: str, **more: Any) -> Json:
    """Return a JSON document with credentials, as the agents and the metadata service write it."""
    document = {
        "AccessKeyId": key,
        "SecretAccessKey": "agent-secret",
        "Token": "agent-token",
        "Expiration": LATER,
    }
    return {"status": 200, "body": json.dumps(dict(document, **more))}


INSTANCE: Replies = {
    f"PUT {METADATA}api/token": {"status": 200, "body": "imds-token"},
    f"GET {ROLES}": {"status": 200, "body": "r"},
    f"GET {ROLES}r": keys_reply("ASINSTANCE"),
}
INSTANCE_REQUESTS = [["PUT", f"{METADATA}api/token"], ["GET", ROLES], ["GET", f"{ROLES}r"]]
ROLE_KEYS = {
    "access_key": "ASROLE",
    "secret_key": "role-secret",
    "session_token": "role-token",
    "expires": LATER_DATE,
}
AGENT_KEYS = {"secret_key": "agent-secret", "session_token": "agent-token", "expires": LATER_DATE}
SSO = (
    "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin Role\n"
    "[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = https://corp.example/start\n"
)
SSO_URL = (
    "https://portal.sso.eu-central-1.amazonaws.com/federation/credentials"
    "?role_name=Admin%20Role&account_id=123456789012"
)
SSO_REPLY = {
    "status": 200,
    "body": json.dumps(
        {
            "roleCredentials": {
                "accessKeyId": "ASSSO",
                "secretAccessKey": "sso-secret",
                "sessionToken": "sso-token",
                "expiration": 1800021600000,
            }
        }
    ),
}


def given(
    env: Optional[Mapping[str, str]] = None,
    config: Optional[str] = None,
    files: Optional[Mapping[str, str]] = None,
    replies: Optional[Replies] = None,
    **more: Any,
) -> Json:
    """Return the input of a case: HOME is /h, and the region is eu-west-1 unless it is given."""
    result: Json = {"env": {"HOME": "/h", **(env or {})}, "time": TIME}
    texts = dict(files or {})
    if config is not None:
        texts[CONFIG] = config
    if texts:
        result["files"] = texts
    if replies:
        result["replies"] = replies
    result.update(dict({"region": "eu-west-1"}, **more))
    return {key: value for key, value in result.items() if value is not None}


def finds(
    name: str, title: str, rules: str, why: str, source: str, world: Json, **output: Any
) -> None:
    """Add a search that finds credentials."""
    RESOLVE.case("cred-" + name, title, rules, world, ok(source=source, **output), why)


def fails(
    name: str,
    title: str,
    rules: str,
    why: str,
    world: Json,
    kind: Any = "configuration",
    requests: Optional[Sequence[Sequence[str]]] = None,
) -> None:
    """Add a search that ends in an error."""
    output: Json = {} if requests is None else {"requests": requests}
    RESOLVE.case("cred-" + name, title, rules, world, reject(kind, **output), why)


OTHER_KEYS = "signs with credentials that the user did not mean"

# The environment.
finds(
    "env",
    "keys in the environment",
    "CRED-001",
    f"a client that looks elsewhere {OTHER_KEYS}",
    "environment",
    given(KEYS),
    access_key="AKENV",
    secret_key="env-secret",
    requests=[],
)
for name, more, token in (
    ("token", {"AWS_SESSION_TOKEN": "t"}, "t"),
    ("legacy-token", {"AWS_SECURITY_TOKEN": "old"}, "old"),
    ("both-tokens", {"AWS_SESSION_TOKEN": "t", "AWS_SECURITY_TOKEN": "old"}, "t"),
):
    finds(
        "env-" + name,
        "session tokens in the environment: " + " and ".join(more),
        "CRED-001",
        "temporary keys without their token are refused",
        "environment",
        given({**KEYS, **more}),
        access_key="AKENV",
        session_token=token,
    )
for name in KEYS:
    half = {key: text for key, text in KEYS.items() if key != name}
    slug = "half-" + ("key" if name.endswith("ID") else "secret")
    fails(
        "env-" + slug,
        f"no {name} in the environment",
        "CRED-001",
        f"a client that goes on {OTHER_KEYS}",
        given(half, "[default]\n" + STATIC, replies=INSTANCE),
        requests=[],
    )
    fails(
        f"env-empty-{slug}",
        f"an empty {name} in the environment",
        "CRED-001",
        "an empty variable counts as unset, so this is half a pair",
        given({**KEYS, name: ""}, "[default]\n" + STATIC),
        requests=[],
    )
finds(
    "env-expiration",
    "keys in the environment with an expiration",
    "CRED-001",
    "a client that ignores the variable signs with expired keys",
    "environment",
    given({**KEYS, "AWS_CREDENTIAL_EXPIRATION": LATER}),
    access_key="AKENV",
    expires=LATER_DATE,
)
finds(
    "env-empty",
    "empty keys in the environment",
    "CRED-001",
    "scripts unset variables by emptying them",
    "static",
    given(dict.fromkeys(KEYS, ""), "[default]\n" + STATIC),
    access_key="AKPROFILE",
)
finds(
    "env-explicit-profile",
    "an argument names a profile",
    "CRED-002",
    f"a client that prefers the environment {OTHER_KEYS}",
    "static",
    given(KEYS, "[profile p]\n" + STATIC, profile="p"),
    access_key="AKPROFILE",
)
finds(
    "env-profile-variable",
    "a variable names a profile, next to keys",
    "CRED-002",
    f"the keys win over the variable, and a client that prefers the profile {OTHER_KEYS}",
    "environment",
    given({**KEYS, "AWS_PROFILE": "p"}, "[profile p]\n" + STATIC),
    access_key="AKENV",
)

kept: Optional[str]
for name, env, kept in (
    ("empty-token", {"AWS_SESSION_TOKEN": "", "AWS_SECURITY_TOKEN": "old"}, "old"),
    ("empty-tokens", {"AWS_SESSION_TOKEN": "", "AWS_SECURITY_TOKEN": ""}, None),
    ("empty-expiration", {"AWS_CREDENTIAL_EXPIRATION": "", "AWS_SESSION_TOKEN": "t"}, "t"),
):
    finds(
        "env-" + name,
        "empty variables next to keys: " + name,
        "CRED-001 CRED-002",
        "an empty variable counts as unset",
        "environment",
        given({**KEYS, **env}),
        access_key="AKENV",
        session_token=kept,
        expires=None,
    )
for name, expiration in (
    ("invalid", "tomorrow"),
    ("now", "2027-01-15T08:00:00Z"),
    ("past", "2027-01-15T07:59:59Z"),
):
    fails(
        "env-expiration-" + name,
        f"keys in the environment that expire at {expiration}",
        "CRED-001 CRED-003",
        "the service refuses each request, and the error does not name the cause",
        given({**KEYS, "AWS_CREDENTIAL_EXPIRATION": expiration}, "[default]\n" + STATIC),
        requests=[],
    )
finds(
    "env-lower-case",
    "keys in variables in lower case",
    "CRED-001",
    "names of variables have a case, except on Windows",
    "static",
    given({name.lower(): value for name, value in KEYS.items()}, "[default]\n" + STATIC),
    access_key="AKPROFILE",
)
PROFILES = "".join(
    f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = s\n"
    for name, key in (("default", "AKDEFAULT"), ("profile p", "AKP"), ("profile q", "AKQ"))
)
for name, env, key in (
    ("none", {}, "AKDEFAULT"),
    ("older", {"AWS_DEFAULT_PROFILE": "p"}, "AKP"),
    ("both", {"AWS_PROFILE": "p", "AWS_DEFAULT_PROFILE": "q"}, "AKP"),
    ("empty", {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "q"}, "AKQ"),
    ("empty-both", {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": ""}, "AKDEFAULT"),
):
    finds(
        "profile-variables-" + name,
        "the variables that name a profile: " + name,
        "CRED-028",
        f"a client with another order {OTHER_KEYS}",
        "static",
        given(env, PROFILES),
        access_key=key,
    )
for name, wrong in (
    ("case", "P"),
    ("space", "p "),
    ("prefix", "profile p"),
    ("default", "default"),
    ("older", ""),
):
    text = PROFILES if wrong != "default" else PROFILES.replace("[default]", "[profile r]")
    named = {"AWS_PROFILE": wrong} if wrong else {"AWS_DEFAULT_PROFILE": "missing"}
    fails(
        "profile-missing-" + name,
        "a variable names a profile that does not exist: " + name,
        "CRED-028",
        f"a client that uses another profile {OTHER_KEYS}",
        given(named, text),
        requests=[],
    )

finds(
    "env-older-profile-variable",
    "the older variable names a profile, next to keys",
    "CRED-002",
    f"the keys win over the variable, and a client that prefers the profile {OTHER_KEYS}",
    "environment",
    given({**KEYS, "AWS_DEFAULT_PROFILE": "p"}, "[profile p]\n" + STATIC),
    access_key="AKENV",
    session_token=None,
    expires=None,
)

# The order, from the last source to the first: each case adds a source.
ORDER: List[Tuple[str, Dict[str, str], str, Replies, str]] = [
    ("metadata", {}, "", INSTANCE, "ASINSTANCE"),
    (
        "container",
        {ECS: "/c"},
        "",
        {"GET http://169.254.170.2/c": keys_reply("ASAGENT")},
        "ASAGENT",
    ),
    ("process", {}, "credential_process = tool\n", {}, "AKTOOL"),
    ("static", {}, STATIC, {}, "AKPROFILE"),
    (
        "web-identity",
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": ROLE},
        "",
        {f"POST {STS}": sts_reply("AssumeRoleWithWebIdentity", "ASWEB")},
        "ASWEB",
    ),
    (
        "assume-role",
        {},
        f"role_arn = {ROLE}\nsource_profile = base\n",
        {f"POST {STS}": sts_reply()},
        "ASROLE",
    ),
    ("environment", KEYS, "", {}, "AKENV"),
]
TOOL_OUTPUT = json.dumps({"Version": 1, "AccessKeyId": "AKTOOL", "SecretAccessKey": "tool-secret"})
TOOL: Json = {"arguments": ["tool"], "stdout": TOOL_OUTPUT}
environment: Dict[str, str] = {}
section = "[default]\n"
replies: Replies = {}
for source, variables, properties, answers, key in ORDER:
    environment.update(variables)
    section += properties
    replies.update(answers)
    finds(
        "order-" + source,
        f"{source} and every later source",
        "CRED-002",
        f"a client with another order {OTHER_KEYS}",
        source,
        given(
            environment,
            section + "[profile base]\n" + STATIC,
            {"/t": "jwt"},
            dict(replies),
            programs=[TOOL],
        ),
        access_key=key,
    )
PROFILE_SOURCES = (
    ("web-identity", f"web_identity_token_file = /t\nrole_arn = {ROLE}\n"),
    (
        "sso",
        "sso_start_url = https://corp.example/start\nsso_region = eu-central-1\n"
        "sso_account_id = 1\nsso_role_name = R\n",
    ),
    ("static", STATIC),
    ("login", "login_session = l\n"),
    ("process", "credential_process = tool\n"),
)
PORTAL = "https://portal.sso.eu-central-1.amazonaws.com/federation/credentials?role_name="
for (first, text), (second, other) in zip(PROFILE_SOURCES, PROFILE_SOURCES[1:]):
    key = "https://corp.example/start"
    path = f"/h/.aws/sso/cache/{hashlib.sha1(key.encode()).hexdigest()}.json"  # noqa: S324
    world = given(
        {},
        "[default]\n" + other + text,
        {"/t": "jwt", path: json.dumps({"accessToken": "b", "expiresAt": LATER})},
        {
            f"POST {STS}": sts_reply("AssumeRoleWithWebIdentity"),
            f"GET {PORTAL}R&account_id=1": SSO_REPLY,
        },
        programs=[TOOL],
    )
    title = f"a profile with the properties of {second} and, below, of {first}"
    if first == "login":
        fails(
            f"order-{first}-{second}",
            title,
            "CRED-002 CRED-014",
            f"a client with another order {OTHER_KEYS}",
            world,
            requests=[],
        )
    else:
        finds(
            f"order-{first}-{second}",
            title,
            "CRED-002",
            f"a client with another order {OTHER_KEYS}",
            first,
            world,
        )
for name, text, source in (
    ("role", "role_arn =\nsource_profile = base\n" + STATIC, "static"),
    (
        "token-file",
        f"web_identity_token_file =\nrole_arn = {ROLE}\nsource_profile = base\n" + STATIC,
        "assume-role",
    ),
    (
        "keys",
        "aws_access_key_id =\naws_secret_access_key =\ncredential_process = tool\n",
        "process",
    ),
    ("sso", "sso_account_id =\nsso_role_name =\nsso_session = s\n" + STATIC, "static"),
    ("login", "login_session =\ncredential_process = tool\n", "process"),
    ("program", "credential_process =\n", "metadata"),
):
    finds(
        "empty-" + name,
        f"a profile with empty properties of a source: {name}",
        "CRED-002",
        f"tools unset a property by emptying it, and a client that does not see it {OTHER_KEYS}",
        source,
        given(
            {ECS: "", FULL: "", "AWS_WEB_IDENTITY_TOKEN_FILE": ""},
            f"[default]\n{text}[profile base]\n{STATIC}",
            replies={f"POST {STS}": sts_reply(), **(INSTANCE if source == "metadata" else {})},
            programs=[TOOL],
        ),
    )
fails(
    "none",
    "no source at all",
    "CRED-002 CRED-017",
    "a client that waits for a dead metadata service for long blocks every program",
    given(config="[default]\n"),
    requests=[["PUT", f"{METADATA}api/token"]] * 2,
)
fails(
    "configured-fails",
    "a role that is refused, before an instance with a role",
    "CRED-002",
    f"a client that goes on {OTHER_KEYS}",
    given(
        {},
        f"[default]\nrole_arn = {ROLE}\nsource_profile = default\n{STATIC}",
        replies={
            **INSTANCE,
            f"POST {STS}": {
                "status": 403,
                "body": "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
            },
        },
    ),
    requests=[["POST", STS]],
)

# Keys of a profile.
finds(
    "static-token",
    "keys of a profile with a token",
    "CRED-010",
    "temporary keys without their token are refused",
    "static",
    given({}, f"[default]\n{STATIC}aws_session_token = t\n"),
    access_key="AKPROFILE",
    session_token="t",
)
finds(
    "static-legacy-token",
    "keys of a profile with the older name of the token",
    "CRED-010",
    "temporary keys without their token are refused",
    "static",
    given({}, f"[default]\n{STATIC}aws_security_token = t\n"),
    session_token="t",
)
for number, name in enumerate(("key", "secret")):
    line = STATIC.splitlines(True)[1 - number]
    fails(
        "static-half-" + name,
        f"a profile without its {name}",
        "CRED-010",
        f"a client that goes on {OTHER_KEYS}",
        given({}, "[default]\n" + line, replies=INSTANCE),
        requests=[],
    )
finds(
    "static-tokens",
    "keys of a profile with both names of the token, next to a token in the environment",
    "CRED-010",
    "keys and token of two places do not belong together, and the service refuses them",
    "static",
    given(
        {"AWS_SESSION_TOKEN": "env"},
        f"[default]\n{STATIC}aws_security_token = old\naws_session_token = t\n",
    ),
    access_key="AKPROFILE",
    session_token="t",
    expires=None,
)
for name in ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
    finds(
        "static-left-over-" + name[4:].lower().replace("_", "-"),
        f"keys of a profile without a token, next to {name} in the environment",
        "CRED-010",
        "keys and token of two places do not belong together, and the service refuses them",
        "static",
        given({name: "env"}, "[default]\n" + STATIC),
        access_key="AKPROFILE",
        session_token=None,
    )
finds(
    "env-token-of-profile",
    "keys in the environment without a token, and a profile that has one",
    "CRED-001",
    "keys and token of two places do not belong together, and the service refuses them",
    "environment",
    given(KEYS, f"[default]\n{STATIC}aws_session_token = t\n"),
    access_key="AKENV",
    session_token=None,
)
for name, text, kept in (
    ("older", "aws_session_token =\naws_security_token = old\n", "old"),
    ("no", "aws_session_token =\n", None),
):
    finds(
        f"static-empty-token-{name}",
        f"keys of a profile with an empty token and {name} other token",
        "CRED-010 CRED-002",
        "the token of two places does not belong to these keys",
        "static",
        given({"AWS_SESSION_TOKEN": "env"}, f"[default]\n{STATIC}{text}"),
        session_token=kept,
    )
for name, text in (
    ("key", "aws_access_key_id =\naws_secret_access_key = s\n"),
    ("secret", "aws_access_key_id = A\naws_secret_access_key =\n"),
):
    fails(
        "static-empty-" + name,
        f"a profile with an empty {name}",
        "CRED-010 CRED-002",
        f"a client that goes on {OTHER_KEYS}",
        given({}, f"[default]\n{text}"),
        requests=[],
    )
FILE = "[default]\n" + STATIC
for name, env, path in (
    ("dollar", {"AWS_CONFIG_FILE": "$A/${B}c/$A", "A": "/a", "B": "b"}, "/a/bc//a"),
    ("unset", {"AWS_CONFIG_FILE": "/$A/${B}/$$HOME"}, "/$A/${B}/$/h"),
    ("tilde-later", {"AWS_CONFIG_FILE": "/a/~"}, "/a/~"),
    ("tilde-name", {"AWS_CONFIG_FILE": "~a/c"}, "~a/c"),
    ("tilde-dollar", {"AWS_CONFIG_FILE": "$A/c", "A": "~"}, "/h/c"),
    ("empty", {"AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": ""}, CONFIG),
    ("slash", {"HOME": "/h/"}, CONFIG),
    ("other-variable", {"AWS_CREDENTIALS_FILE": "/k", "USERPROFILE": "/u"}, CREDENTIALS),
    ("credentials", {"AWS_SHARED_CREDENTIALS_FILE": "~/k", "AWS_CONFIG_FILE": "/c"}, "/h/k"),
):
    finds(
        "files-" + name,
        f"the path of a file: {name}",
        "CRED-020",
        "the file would not be found",
        "static",
        given(env, files={path: FILE}),
        access_key="AKPROFILE",
    )
finds(
    "files-merged",
    "keys in the credentials file, the role in the configuration file",
    "CRED-020 CRED-027",
    "the AWS CLI writes the two files in this way",
    "static",
    given({}, "[profile p]\nregion = x\n", {CREDENTIALS: "[p]\n" + STATIC}, profile="p"),
    access_key="AKPROFILE",
)
finds(
    "files-variables",
    "paths in variables, with a tilde",
    "CRED-020",
    "the files would not be found",
    "static",
    given(
        {"AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "/etc/k"},
        files={"/h/c": "[default]\n" + STATIC, "/etc/k": "[default]\naws_session_token = t\n"},
    ),
    access_key="AKPROFILE",
    session_token="t",
)
fails(
    "profile-missing",
    "a variable names a profile that does not exist",
    "CRED-028",
    f"a client that uses the default profile {OTHER_KEYS}",
    given({"AWS_PROFILE": "prdo"}, f"[default]\n{STATIC}[profile prod]\n", replies=INSTANCE),
    requests=[],
)
finds(
    "profile-argument",
    "an argument and a variable name profiles",
    "CRED-028",
    f"a client that prefers the variable {OTHER_KEYS}",
    "static",
    given({"AWS_PROFILE": "missing"}, "[profile p]\n" + STATIC, profile="p"),
    access_key="AKPROFILE",
)

# Roles.
BASE = "[profile base]\n" + STATIC
ROLE_REPLY = {f"POST {STS}": sts_reply()}


def role(text: str, **more: Any) -> Json:
    """Return a world whose default profile assumes the role."""
    options = dict({"env": {}, "replies": ROLE_REPLY}, **more)
    return given(config=f"[default]\nrole_arn = {ROLE}\n{text}", **options)


finds(
    "role",
    "a role with a source profile",
    "CRED-011",
    f"a client that uses the source {OTHER_KEYS}",
    "assume-role",
    role("source_profile = base\n" + BASE),
    requests=[["POST", STS]],
    **ROLE_KEYS,
)
finds(
    "role-own-keys",
    "a role whose source profile is itself",
    "CRED-011",
    "profiles that name themselves are common",
    "assume-role",
    role("source_profile = default\n" + STATIC),
    **ROLE_KEYS,
)
finds(
    "role-chain",
    "a role of a role",
    "CRED-011",
    "the second role trusts only the first one",
    "assume-role",
    role("source_profile = b\n[profile b]\nrole_arn = other\nsource_profile = base\n" + BASE),
    requests=[["POST", STS]] * 2,
    **ROLE_KEYS,
)
finds(
    "role-source-keys",
    "a source profile with a role and keys",
    "CRED-011",
    "the keys of a source profile end the chain",
    "assume-role",
    role(
        "source_profile = b\n[profile b]\nrole_arn = other\nsource_profile = base\n" + STATIC + BASE
    ),
    requests=[["POST", STS]],
    **ROLE_KEYS,
)
finds(
    "role-named-source-case",
    "a source whose name is in another case",
    "CRED-011",
    "a file that other tools accept gives no credentials",
    "assume-role",
    role(
        "credential_source = eCScontainer\n",
        env={ECS: "/c"},
        replies={**ROLE_REPLY, "GET http://169.254.170.2/c": keys_reply("ASAGENT")},
    ),
    requests=[["GET", "http://169.254.170.2/c"], ["POST", STS]],
    **ROLE_KEYS,
)
finds(
    "role-named-source",
    "a role with the instance as its source",
    "CRED-011",
    "instances get their permissions in this way",
    "assume-role",
    role("credential_source = Ec2InstanceMetadata\n", replies={**ROLE_REPLY, **INSTANCE}),
    requests=[*INSTANCE_REQUESTS, ["POST", STS]],
    **ROLE_KEYS,
)
finds(
    "role-region",
    "a role with the region of the profile",
    "CRED-011 CRED-030",
    "STS of another region may be disabled for the account",
    "assume-role",
    role(
        "region = ap-south-1\nsource_profile = base\n" + BASE,
        region=None,
        replies={"POST https://sts.ap-south-1.amazonaws.com/": sts_reply()},
    ),
    **ROLE_KEYS,
)
finds(
    "role-china",
    "a role in another partition",
    "CRED-011",
    "the host has another domain",
    "assume-role",
    role(
        "source_profile = base\n" + BASE,
        region="cn-north-1",
        replies={"POST https://sts.cn-north-1.amazonaws.com.cn/": sts_reply()},
    ),
    **ROLE_KEYS,
)
finds(
    "role-fips",
    "a role with FIPS in the profile",
    "CRED-011 CRED-030",
    "a client that ignores the option sends keys to a host without FIPS",
    "assume-role",
    role(
        "use_fips_endpoint = true\nsource_profile = base\n" + BASE,
        replies={"POST https://sts-fips.eu-west-1.amazonaws.com/": sts_reply()},
    ),
    **ROLE_KEYS,
)
fails(
    "role-fips-mistyped",
    "a role with a mistyped flag for FIPS",
    "CRED-033",
    "a client that reads it as false sends keys to a host without FIPS",
    role("use_fips_endpoint = ture\nsource_profile = base\n" + BASE),
    requests=[],
)
for name, env, replies in (
    ("environment", KEYS, {}),
    (
        "container",
        {ECS: "/c"},
        {"GET http://169.254.170.2/c": keys_reply("ASAGENT")},
    ),
):
    finds(
        "role-named-" + name,
        f"a role with a named source, the {name}, in the profile of an argument",
        "CRED-011 CRED-002",
        "the argument hides keys of the environment only where nothing names them",
        "assume-role",
        role(
            f"credential_source = {'Environment' if env is KEYS else 'EcsContainer'}\n",
            env=env,
            replies={**ROLE_REPLY, **replies},
            profile="default",
        ),
        **ROLE_KEYS,
    )
SOURCE = "source_profile = b\n[profile b]\n"
options: Json
for name, text, options in (
    ("process", "credential_process = tool\n", {"programs": [TOOL]}),
    (
        "web",
        "web_identity_token_file = /t\nrole_arn = other\n",
        {
            "files": {"/t": "jwt"},
            "replies": {f"POST {STS}": sts_reply("AssumeRoleWithWebIdentity")},
        },
    ),
):
    world = role(SOURCE + text, **dict(options, files=None))
    world["files"].update(options.get("files", {}))
    if name == "web":
        fails(
            "role-source-" + name,
            "a role whose source profile has a web identity, and a reply to the wrong action",
            "CRED-011 CRED-012",
            "a client that reads any reply has the keys of another role",
            world,
            requests=[["POST", STS]] * 2,
        )
    else:
        finds(
            "role-source-" + name,
            f"a role whose source profile has a {name}",
            "CRED-011",
            "a source profile may have any source of a profile",
            "assume-role",
            world,
            requests=[["POST", STS]],
            **ROLE_KEYS,
        )
finds(
    "role-source-half-with-role",
    "a source profile with a role and an empty key",
    "CRED-011 CRED-002",
    "an empty key counts as unset, so the profile has no keys that end the chain",
    "assume-role",
    role(f"{SOURCE}role_arn = o\naws_access_key_id =\nsource_profile = base\n{BASE}"),
    requests=[["POST", STS]] * 2,
)
for name, reply in (
    ("space", sts_reply()["body"].replace(">ASROLE<", ">\n ASROLE\t<")),
    ("declaration", '<?xml version="1.0"?>\n' + sts_reply()["body"] + "\n"),
):
    finds(
        "role-reply-" + name,
        f"a reply of STS with white space: {name}",
        "CRED-011",
        "white space between the elements of a document has no meaning",
        "assume-role",
        role(
            "source_profile = base\n" + BASE,
            replies={f"POST {STS}": {"status": 200, "body": reply}},
        ),
        **ROLE_KEYS,
    )
for name, change, status in (
    ("no-key", ("<AccessKeyId>ASROLE</AccessKeyId>", ""), 200),
    ("empty-secret", ("role-secret", ""), 200),
    ("no-token", ("<SessionToken>role-token</SessionToken>", ""), 200),
    ("no-end", (f"<Expiration>{LATER}</Expiration>", ""), 200),
    ("no-zone", (LATER, LATER[:-1]), 200),
    ("past", (LATER, "2027-01-15T08:00:00Z"), 200),
    ("other-action", ("AssumeRoleR", "GetSessionTokenR"), 200),
    ("truncated", ("</Credentials>", ""), 200),
    ("status", ("", ""), 403),
):
    fails(
        "role-reply-" + name,
        f"a reply of STS that is wrong: {name}",
        "CRED-011" if name != "past" else "CRED-011 CRED-003",
        "keys that are incomplete or expired fail in the middle of the work",
        role(
            "source_profile = base\n" + BASE,
            replies={f"POST {STS}": short_reply(*change, status=status)},
        ),
        requests=[["POST", STS]],
    )
ERROR = "<ErrorResponse><Error><Code>{}</Code><Message>m</Message></Error></ErrorResponse>"
for name, status, code, attempts in (
    ("500", 500, "InternalFailure", 3),
    ("503", 503, "ServiceUnavailable", 3),
    ("throttled", 400, "ThrottlingException", 3),
    ("expired", 403, "ExpiredToken", 1),
    ("malformed", 400, "ValidationError", 1),
):
    fails(
        "role-refused-" + name,
        f"an STS that replies with {status} {code}",
        "CRED-018 RTY-002",
        "a client that gives up too early fails whenever a service is busy",
        role(
            "source_profile = base\n" + BASE,
            replies={f"POST {STS}": {"status": status, "body": ERROR.format(code)}},
        ),
        requests=[["POST", STS]] * attempts,
    )
fails(
    "role-dead",
    "an STS that cannot be reached",
    "CRED-018",
    "a client that tries once fails whenever a connection does",
    role("source_profile = base\n" + BASE, replies={}),
    kind="network",
    requests=[["POST", STS]] * 3,
)
for name, host, text, env, region in (
    ("us-east-1", "sts.us-east-1.amazonaws.com", "", {}, "us-east-1"),
    ("dualstack", "sts.eu-west-1.api.aws", "use_dualstack_endpoint = TRUE\n", {}, "eu-west-1"),
    ("fips-false", "sts.eu-west-1.amazonaws.com", "use_fips_endpoint = False\n", {}, "eu-west-1"),
    (
        "fips-variable",
        "sts.eu-west-1.amazonaws.com",
        "use_fips_endpoint = true\n",
        {"AWS_USE_FIPS_ENDPOINT": "False"},
        "eu-west-1",
    ),
    (
        "region-variables",
        "sts.eu-west-2.amazonaws.com",
        "region = eu-west-3\n",
        {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-west-2"},
        None,
    ),
    (
        "region-older",
        "sts.eu-west-1.amazonaws.com",
        "region = eu-west-3\n",
        {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": ""},
        None,
    ),
    (
        "region-argument",
        "sts.eu-west-1.amazonaws.com",
        "region = eu-west-3\n",
        {"AWS_REGION": "eu-west-2"},
        "eu-west-1",
    ),
    ("endpoint", "a.example", "endpoint_url = https://a.example/\n", {}, "eu-west-1"),
    (
        "endpoint-services",
        "b.example",
        "endpoint_url = https://a.example/\nservices = l\n",
        {},
        "eu-west-1",
    ),
    (
        "endpoint-variable",
        "c.example",
        "endpoint_url = https://a.example/\nservices = l\n",
        {"AWS_ENDPOINT_URL": "https://c.example"},
        "eu-west-1",
    ),
    (
        "endpoint-variable-sts",
        "d.example",
        "services = l\n",
        {"AWS_ENDPOINT_URL": "https://c.example", "AWS_ENDPOINT_URL_STS": "https://d.example"},
        "eu-west-1",
    ),
    (
        "endpoint-ignored",
        "sts.eu-west-1.amazonaws.com",
        "endpoint_url = https://a.example/\nignore_configured_endpoint_urls = True\n",
        {"AWS_ENDPOINT_URL_STS": "https://d.example"},
        "eu-west-1",
    ),
    (
        "endpoint-not-ignored",
        "d.example",
        "ignore_configured_endpoint_urls = true\n",
        {
            "AWS_ENDPOINT_URL_STS": "https://d.example",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        },
        "eu-west-1",
    ),
):
    rules = "CRED-032 CRED-011" if "endpoint" in name else "CRED-030 CRED-033 CRED-011"
    services = "[services l]\nsts =\n  endpoint_url = https://b.example\n" if "l\n" in text else ""
    finds(
        "role-" + name,
        f"the host of STS: {name}",
        rules,
        "STS of another region may be disabled, and another host gets the request",
        "assume-role",
        role(
            f"{text}source_profile = base\n{services}{BASE}",
            env=env,
            region=region,
            replies={f"POST https://{host}/": short_reply()},
        ),
        requests=[["POST", f"https://{host}/"]],
    )
for name, text, env in (
    ("services-missing", "services = m\n", {}),
    ("custom-fips", "endpoint_url = https://a.example\nuse_fips_endpoint = true\n", {}),
    (
        "custom-dualstack",
        "use_dualstack_endpoint = true\n",
        {"AWS_ENDPOINT_URL_STS": "https://a.example"},
    ),
    ("ignore-mistyped", "ignore_configured_endpoint_urls = yes\n", {}),
    ("fips-number", "use_fips_endpoint = 1\n", {}),
    ("fips-number-variable", "", {"AWS_USE_FIPS_ENDPOINT": "0"}),
):
    fails(
        "role-" + name,
        f"a setting of STS that is wrong: {name}",
        "CRED-033" if "mistyped" in name or "number" in name else "CRED-032",
        "a client that goes on sends the request to another host than the user means",
        role(
            f"{text}source_profile = base\n{BASE}",
            env=env,
            replies={},
        ),
        requests=[],
    )
for name, text in (
    ("loop-keys", f"{STATIC}{SOURCE}role_arn = other\nsource_profile = default\n"),
    (
        "loop-three",
        f"{SOURCE}role_arn = o\nsource_profile = c\n"
        "[profile c]\nrole_arn = o\nsource_profile = b\n",
    ),
    ("environment-only", SOURCE),
):
    fails(
        "role-source-" + name,
        f"a role with a wrong source: {name.replace('-', ' ')}",
        "CRED-011",
        "the client has nothing to sign the call of STS with",
        role(text, env=KEYS, profile="default"),
        requests=[],
    )
for name, text in (
    ("none", ""),
    ("both", "source_profile = base\ncredential_source = Environment\n" + BASE),
    ("missing", "source_profile = base\n"),
    ("empty", "source_profile = base\n[profile base]\nregion = x\n"),
    ("half", "source_profile = base\n[profile base]\naws_access_key_id = a\n"),
    ("unknown", "credential_source = Vault\n"),
    ("unset", "credential_source = Environment\n"),
    ("loop", "source_profile = b\n[profile b]\nrole_arn = other\nsource_profile = default\n"),
    ("loop-itself", "source_profile = default\n"),
):
    fails(
        "role-source-" + name,
        f"a role with a wrong source: {name.replace('-', ' ')}",
        "CRED-011",
        "the client has nothing to sign the call of STS with",
        role(
            text,
            replies={**ROLE_REPLY, **INSTANCE},
            env={} if name == "unset" else KEYS,
            profile="default",
        ),
        requests=[],
    )
for name, seconds in (
    ("text", "1h"),
    ("superscript", "90\u00b2"),
    ("long", "123456"),
    ("digits", "\u0669\u0660\u0660"),
    ("sign", "+900"),
    ("fraction", "900.0"),
    ("line", "900\n  1"),
    ("minus", "-900"),
    ("underscore", "9_00"),
    ("no-break-space", "9\u00a000"),
):
    fails(
        "role-duration-" + name,
        f"a role with the duration {seconds}" if name != "line" else "a role with two durations",
        "CRED-011",
        "STS refuses the call and does not say which file has the mistake",
        role(f"duration_seconds = {seconds}\nsource_profile = base\n" + BASE),
        requests=[],
    )
fails(
    "role-mfa",
    "a role that needs a code, without a user",
    "CRED-011",
    "STS refuses the call without a code",
    role("mfa_serial = arn:aws:iam::1:mfa/u\nsource_profile = base\n" + BASE),
    requests=[],
)

# Web identity.
WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": ROLE}
WEB_REPLY = {f"POST {STS}": sts_reply("AssumeRoleWithWebIdentity")}
finds(
    "web-identity-line-feed",
    "a token file that ends in a line feed",
    "CRED-012",
    "Kubernetes's tools write it, and STS refuses the token with it",
    "web-identity",
    given(WEB, files={"/t": "jwt\n"}, replies=WEB_REPLY),
    requests=[["POST", STS]],
    **ROLE_KEYS,
)
finds(
    "web-identity-profile",
    "a token file in the profile",
    "CRED-012",
    "role_arn belongs to the token file, not to a source profile",
    "web-identity",
    given(
        {},
        f"[default]\nrole_arn = {ROLE}\nweb_identity_token_file = /t\n",
        {"/t": "jwt"},
        WEB_REPLY,
    ),
    **ROLE_KEYS,
)
fails(
    "web-identity-missing",
    "a token file that does not exist",
    "CRED-012",
    f"a client that goes on {OTHER_KEYS}",
    given(WEB, replies={**WEB_REPLY, **INSTANCE}),
    requests=[],
)
fails(
    "web-identity-no-role",
    "a token file without a role",
    "CRED-012",
    f"a client that goes on {OTHER_KEYS}",
    given({"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"}, files={"/t": "jwt"}, replies=INSTANCE),
    requests=[],
)
for name, env, text, path in (
    ("tilde", {**WEB, "AWS_WEB_IDENTITY_TOKEN_FILE": "~/$A/${A}", "A": "b"}, "", "/h/b/b"),
    ("variable-first", WEB, f"web_identity_token_file = /u\nrole_arn = {ROLE}\n", "/t"),
    (
        "role-of-profile",
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"},
        f"role_arn = {ROLE}\nweb_identity_token_file = /u\n",
        "/t",
    ),
    ("role-of-variable", {"AWS_ROLE_ARN": ROLE}, "web_identity_token_file = /u\n", "/u"),
):
    finds(
        "web-identity-" + name,
        f"where a web identity is configured: {name}",
        "CRED-012",
        "Kubernetes sets variables, and a client that does not combine them has no credentials",
        "web-identity",
        given(env, "[default]\n" + text, {path: "jwt"}, WEB_REPLY),
        requests=[["POST", STS]],
    )
fails(
    "web-identity-argument",
    "a web identity in the environment, and a profile of an argument without a source",
    "CRED-002",
    f"a client that uses the variables {OTHER_KEYS}",
    given(
        {**WEB, "AWS_EC2_METADATA_DISABLED": "true"},
        "[profile p]\nregion = a\n",
        {"/t": "jwt"},
        WEB_REPLY,
        profile="p",
    ),
    requests=[],
)
finds(
    "web-identity-spaces",
    "a token file with spaces, tabs, CR and LF around the token",
    "CRED-012",
    "programs write such files, and STS refuses the token with them",
    "web-identity",
    given(WEB, files={"/t": "\r\n\t j w\t\r\n \n".replace("j w", "j.w-t_=")}, replies=WEB_REPLY),
    requests=[["POST", STS]],
)
SHORT_WEB_REPLY = {f"POST {STS}": short_reply(action="AssumeRoleWithWebIdentity")}
AGENT = "http://169.254.170.23/v1/c"
AGENT_REPLY = {f"GET {AGENT}": keys_reply("ASAGENT")}
TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
for name, text in (
    ("empty", ""),
    ("blank", " \r\n\t"),
    ("two-lines", "a\nb"),
    ("cr", "a\rb"),
    ("tab", "a\tb"),
    ("nul", "a\0"),
    ("del", "a\x7f"),
    ("form-feed", "\x0ca\x0b"),
    ("no-break-space", "\u00a0a\u00a0"),
    ("next-line", "a\x85"),
    ("not-ascii", "\u00e9"),
    ("mark", "\ufeffa"),
):
    fails(
        "web-identity-token-" + name,
        f"a token file that is unusable: {name}",
        "CRED-012",
        "STS refuses such a token, and does not say which file has it",
        given(WEB, files={"/t": text}, replies=SHORT_WEB_REPLY),
        requests=[],
    )
    if name not in ("empty", "blank"):
        fails(
            "container-token-value-" + name,
            f"a token of the container in a variable that is unusable: {name}",
            "CRED-015",
            "a header has no such value, and a line break in it begins another header",
            given({FULL: AGENT, TOKEN: text}, replies=AGENT_REPLY),
            requests=[],
        )
for name, text in (("empty", "\n"), ("two-lines", "a\r\nb")):
    fails(
        "container-token-file-" + name,
        f"a token file of the container that is unusable: {name}, with a token in the variable",
        "CRED-015",
        "the file outweighs the variable, whose token may be old",
        given({FULL: AGENT, TOKEN + "_FILE": "/t", TOKEN: "a"}, None, {"/t": text}, AGENT_REPLY),
        requests=[],
    )
finds(
    "container-token-file-empty-variable",
    "an empty variable for the container's token file, next to a token with all of ASCII",
    "CRED-015 CRED-002",
    "an empty variable counts as unset",
    "container",
    given(
        {FULL: AGENT, TOKEN + "_FILE": "", TOKEN: "".join(map(chr, range(0x21, 0x7F))) + " a"},
        replies=AGENT_REPLY,
    ),
    access_key="ASAGENT",
)


# Programs.
def program(
    command: str, arguments: Sequence[str], replies: Optional[Replies] = INSTANCE, **ended: Any
) -> Json:
    """Return a world whose default profile runs a program."""
    ended = dict({"stdout": TOOL["stdout"]}, **ended)
    return given(
        {},
        f"[default]\ncredential_process = {command}\n",
        programs=[dict({"arguments": list(arguments)}, **ended)],
        replies=replies,
    )


def ends_at(expiration: str) -> str:
    """Return the output of a program whose keys expire."""
    return json.dumps(
        {"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "Expiration": expiration}
    )


finds(
    "process",
    "a program with arguments in quotation marks",
    "CRED-013",
    "paths with spaces are common on Windows and macOS",
    "process",
    program("'/opt/a b/tool' --account \"1 2\"", ["/opt/a b/tool", "--account", "1 2"]),
    access_key="AKTOOL",
    secret_key="tool-secret",
    requests=[],
)
finds(
    "process-no-shell",
    "a command with the special characters of a shell",
    "CRED-013",
    "a shell would run whatever a shared file says",
    "process",
    program("tool $HOME; *", ["tool", "$HOME;", "*"]),
    access_key="AKTOOL",
)
finds(
    "process-temporary",
    "a program that returns temporary keys",
    "CRED-013",
    "without the token the keys are refused, and without the end they are never renewed",
    "process",
    program(
        "tool",
        ["tool"],
        stdout=json.dumps(
            {
                "Version": 1,
                "AccessKeyId": "AKTOOL",
                "SecretAccessKey": "s",
                "SessionToken": "t",
                "Expiration": "2027-01-15T15:00:00+01:00",
            }
        ),
    ),
    session_token="t",
    expires=LATER_DATE,
)
for name, command, arguments in (
    ("hash", "tool\n  a #b c#d # ;e", ["tool", "a", "#b", "c#d", "#", ";e"]),
    ("empty-words", "tool '' \"\" a''b", ["tool", "", "", "ab"]),
    ("backslashes", 'tool a\\ b "c\\"d" \'e\\f\' \\\\g', ["tool", "a b", 'c"d', "e\\f", "\\g"]),
    ("quotes-inside", 'tool --a=\'b c\'"d e" "it\'s"', ["tool", "--a=b cd e", "it's"]),
    (
        "expansions",
        "tool ~ ~/a * ?{b,c} $(d) `e` %F% >g",
        ["tool", "~", "~/a", "*", "?{b,c}", "$(d)", "`e`", "%F%", ">g"],
    ),
    ("equals", "A=b tool | c & d", ["A=b", "tool", "|", "c", "&", "d"]),
    ("tabs", "tool\ta\t \tb", ["tool", "a", "b"]),
    ("other-spaces", "tool a\u00a0b\u3000c", ["tool", "a\u00a0b\u3000c"]),
    ("lines", "tool\n  a\n  b", ["tool", "a", "b"]),
):
    finds(
        "process-words-" + name,
        f"the words of a command: {name}",
        "CRED-013",
        "a client that splits otherwise runs another program, or with other arguments",
        "process",
        program(command, arguments, None),
        access_key="AKTOOL",
    )
for name, stdout in (
    ("null", TOOL_OUTPUT[:-1] + ', "SessionToken": null, "Expiration": null}'),
    ("empty", TOOL_OUTPUT[:-1] + ', "SessionToken": "", "Expiration": ""}'),
    ("other-names", TOOL_OUTPUT[:-1] + ', "Token": "t", "sessionToken": "t", "expiration": "x"}'),
    ("white-space", "\r\n\t " + TOOL_OUTPUT + "\n"),
):
    finds(
        "process-output-" + name,
        f"the output of a program: {name}",
        "CRED-013",
        "a client that reads more than the documented members has another token",
        "process",
        program("tool", ["tool"], None, stdout=stdout, stderr="a warning\n"),
        access_key="AKTOOL",
        session_token=None,
        expires=None,
    )
for name, change in (
    ("half", ('"Version": 1', '"Version": 1.5')),
    ("lower-case", ('"Version"', '"version"')),
    ("missing", ('"Version": 1, ', "")),
    ("key-number", ('"AKTOOL"', "1")),
    ("key-empty", ('"AKTOOL"', '""')),
    ("secret-null", ('"tool-secret"', "null")),
    ("secret-list", ('"tool-secret"', '["s"]')),
    ("secret-name", ('"SecretAccessKey"', '"secretAccessKey"')),
    ("token-number", ('"tool-secret"', '"s", "SessionToken": 1')),
    ("end-number", ('"tool-secret"', '"s", "Expiration": 1800021600')),
    ("twice", (TOOL_OUTPUT, TOOL_OUTPUT * 2)),
    ("array", (TOOL_OUTPUT, f"[{TOOL_OUTPUT}]")),
    ("two-names", ('"AKTOOL"', '"a", "AccessKeyId": "b"')),
):
    fails(
        "process-output-" + name,
        f"the output of a program that is wrong: {name}",
        "CRED-013",
        f"a client that guesses {OTHER_KEYS}",
        program("tool", ["tool"], None, stdout=TOOL_OUTPUT.replace(*change)),
        requests=[],
    )
fails(
    "process-killed",
    "a program that a signal ends after it printed keys",
    "CRED-013",
    "a program that failed may have printed the keys of another session",
    program("tool", ["tool"], None, exit_code=-15),
    requests=[],
)
for name, title, ended in (
    (
        "fails",
        "a program that fails after it printed keys",
        {"exit_code": 1, "stderr": "no session"},
    ),
    ("garbage", "a program that prints text", {"stdout": "Welcome!\n"}),
    ("truncated", "a program whose output is incomplete", {"stdout": TOOL_OUTPUT[:-1]}),
    ("version", "a program with another version", {"stdout": TOOL_OUTPUT.replace("1", "2", 1)}),
    ("no-secret", "a program without a secret", {"stdout": '{"Version": 1, "AccessKeyId": "a"}'}),
):
    fails(
        "process-" + name,
        title,
        "CRED-013",
        f"a client that goes on {OTHER_KEYS}",
        program("tool", ["tool"], **ended),
        requests=[],
    )
for name, value in (("fraction", "1.0"), ("exponent", "1e0"), ("tenths", "10E-1")):
    finds(
        "process-version-" + name,
        f"a program whose version is {value}",
        "CRED-013",
        "JSON has one type of number, and some languages write every number with a fraction",
        "process",
        program("tool", ["tool"], stdout=TOOL_OUTPUT.replace("1", value, 1)),
        access_key="AKTOOL",
    )
for name, value in (("true", "true"), ("text", '"1"'), ("list", "[1]"), ("null", "null")):
    fails(
        "process-version-" + name,
        f"a program whose version is {value}",
        "CRED-013",
        "only the number 1 says what the other names mean",
        program("tool", ["tool"], stdout=TOOL_OUTPUT.replace("1", value, 1)),
        requests=[],
    )
for name, expiration in (
    ("offset", "2027-01-15T15:00:00+0100"),
    ("behind", "2027-01-15T04:30:00-09:30"),
    ("fraction", "2027-01-15T14:00:00.000Z"),
    ("utc", "2027-01-15T14:00:00UTC"),
    ("space", "2027-01-15 14:00:00Z"),
    ("lower", "2027-01-15t14:00:00z"),
):
    finds(
        "expiration-" + name,
        f"keys that expire at {expiration}",
        "CRED-005 CRED-013",
        "a client that reads another time signs with expired keys, or never has any",
        "process",
        program("tool", ["tool"], stdout=ends_at(expiration)),
        expires=LATER_DATE,
    )
for name, expiration in (
    ("no-zone", "2027-01-15T14:00:00"),
    ("date", "2027-01-15"),
    ("month", "2027-13-15T14:00:00Z"),
    ("day", "2027-02-30T14:00:00Z"),
    ("hours", "2027-01-15T14:00:00-24:00"),
    ("minutes", "2027-01-15T14:00:00-00:60"),
    ("seconds", "1800021600"),
    ("after", "2027-01-15T14:00:00Zulu"),
    ("digits", "\u0662027-01-15T14:00:00Z"),
):
    fails(
        "expiration-" + name,
        f"keys that expire at {expiration if expiration.isprintable() else ascii(expiration)}",
        "CRED-005 CRED-013",
        "a client that guesses the time signs with expired keys",
        program("tool", ["tool"], stdout=ends_at(expiration)),
        requests=[],
    )
for name, expiration in (
    ("zone-hours", "2027-01-15T15:00:00+01"),
    ("zone-hour", "2027-01-15T15:00:00+1:00"),
    ("zone-digits", "2027-01-15T15:00:00+0\u0661:00"),
    ("zone-seconds", "2027-01-15T15:00:00+01:00:00"),
    ("zone-minus", "2027-01-15T13:00:00\u221201:00"),
    ("zone-utc-lower", "2027-01-15T14:00:00utc"),
    ("zone-space", "2027-01-15T14:00:00 Z"),
    ("space-before", " 2027-01-15T14:00:00Z"),
    ("line-after", "2027-01-15T14:00:00Z\n"),
    ("no-seconds", "2027-01-15T14:00Z"),
    ("basic", "20270115T140000Z"),
    ("one-digit", "2027-1-15T14:00:00Z"),
    ("week", "2027-W02-5T14:00:00Z"),
    ("midnight", "2027-01-15T24:00:00Z"),
):
    fails(
        "expiration-" + name,
        f"keys that expire at {expiration if expiration.isprintable() else ascii(expiration)}",
        "CRED-005 CRED-013",
        "two parsers that guess renew at other times",
        program("tool", ["tool"], None, stdout=ends_at(expiration)),
        requests=[],
    )
fails(
    "process-missing",
    "a program that does not exist",
    "CRED-013",
    f"a client that goes on {OTHER_KEYS}",
    program("tool", ["other"]),
    requests=[],
)
fails(
    "process-open-quote",
    "a command with an open quotation mark",
    "CRED-013",
    "a client that guesses runs another program",
    program("tool 'a", ["tool", "a"]),
    requests=[],
)

EXPIRED = json.dumps(
    {
        "Version": 1,
        "AccessKeyId": "AKTOOL",
        "SecretAccessKey": "s",
        "Expiration": "2027-01-15T08:00:00Z",
    }
)
fails(
    "process-expired",
    "a program that returns keys that have just expired",
    "CRED-003 CRED-013",
    "the service refuses every request, and the error does not name the program",
    program("tool", ["tool"], stdout=EXPIRED),
    requests=[],
)

# SSO.
CACHED = {"accessToken": "bearer", "expiresAt": LATER, "startUrl": "x"}
REFRESHABLE = {
    "refreshToken": "r",
    "clientId": "c",
    "clientSecret": "s",
    "registrationExpiresAt": "2027-02-01T00:00:00Z",
}
OIDC = "https://oidc.eu-central-1.amazonaws.com/token"


def login(token: Json, text: str = SSO, replies: Optional[Replies] = None) -> Json:
    """Return the world of sso() without an instance."""
    world = sso(token, text, replies)
    world["replies"] = {key: one for key, one in world["replies"].items() if key not in INSTANCE}
    return world


def sso(token: Optional[Json], text: str = SSO, replies: Optional[Replies] = None) -> Json:
    """Return a world with a login: `corp` or, without a session, the start URL."""
    key = "corp" if "sso_session" in text else "https://corp.example/start"
    path = f"/h/.aws/sso/cache/{hashlib.sha1(key.encode()).hexdigest()}.json"  # noqa: S324
    files = {} if token is None else {path: json.dumps(token)}
    answers = {f"GET {SSO_URL}": SSO_REPLY, **INSTANCE, **(replies or {})}
    return given({}, "[default]\n" + text, files, answers)


LEGACY = SSO.replace("sso_session = corp\n", "").replace("[sso-session corp]\n", "")
SSO_KEYS = {
    "access_key": "ASSSO",
    "secret_key": "sso-secret",
    "session_token": "sso-token",
    "expires": LATER_DATE,
}
for name, text in (("session", SSO), ("legacy", LEGACY)):
    finds(
        "sso-" + name,
        f"a login of a {name} profile",
        "CRED-014",
        "the name of the cache file depends on the kind of profile",
        "sso",
        sso(CACHED, text),
        requests=[["GET", SSO_URL]],
        **SSO_KEYS,
    )
finds(
    "sso-refreshed",
    "a token that has expired and can be renewed",
    "CRED-014",
    "the user would have to log in each hour",
    "sso",
    sso(
        {**CACHED, "expiresAt": "2027-01-15T07:00:00Z", **REFRESHABLE},
        replies={
            f"POST {OIDC}": {
                "status": 200,
                "body": json.dumps({"accessToken": "b2", "expiresIn": 3600}),
            }
        },
    ),
    requests=[["POST", OIDC], ["GET", SSO_URL]],
    **SSO_KEYS,
)
LEFT = {"almost": "2027-01-15T08:14:59Z", "enough": "2027-01-15T08:15:00Z"}
RENEWED: Replies = {
    f"POST {OIDC}": {"status": 200, "body": json.dumps({"accessToken": "b2", "expiresIn": 3600})}
}
REFUSED: Replies = {f"POST {OIDC}": {"status": 400, "body": '{"error": "invalid_grant"}'}}
RENEWAL, FETCH = ["POST", OIDC], ["GET", SSO_URL]
members: Json
RENEWALS: List[Tuple[str, Json, str, Replies, Any]] = [
    ("almost", {**REFRESHABLE, "expiresAt": LEFT["almost"]}, SSO, RENEWED, [RENEWAL, FETCH]),
    ("enough", {**REFRESHABLE, "expiresAt": LEFT["enough"]}, SSO, RENEWED, [FETCH]),
    ("refused", {**REFRESHABLE, "expiresAt": LEFT["almost"]}, SSO, REFUSED, [RENEWAL, FETCH]),
    ("dead", {**REFRESHABLE, "expiresAt": LEFT["almost"]}, SSO, {}, [RENEWAL] * 3 + [FETCH]),
    (
        "no-lifetime",
        {**REFRESHABLE, "expiresAt": LEFT["almost"]},
        SSO,
        {f"POST {OIDC}": {"status": 200, "body": '{"accessToken": "b2"}'}},
        [RENEWAL, FETCH],
    ),
    ("legacy", {**REFRESHABLE, "expiresAt": LEFT["almost"]}, LEGACY, RENEWED, [FETCH]),
    *[
        (
            "without-" + missing.lower(),
            {**REFRESHABLE, missing: None, "expiresAt": LEFT["almost"]},
            SSO,
            RENEWED,
            [FETCH],
        )
        for missing in REFRESHABLE
    ],
    (
        "registration",
        {
            **REFRESHABLE,
            "registrationExpiresAt": "2027-01-15T08:00:00Z",
            "expiresAt": LEFT["almost"],
        },
        SSO,
        RENEWED,
        [FETCH],
    ),
]
for name, members, text, replies, requests in RENEWALS:
    finds(
        "sso-renewal-" + name,
        f"a token that has 15 minutes left or less: {name}",
        "CRED-014",
        "a client that renews too late or in vain makes the user log in, or wastes a refresh token",
        "sso",
        login({**CACHED, **members}, text, replies),
        requests=requests,
        access_key="ASSSO",
    )
for name, text, url in (
    ("slash", LEGACY.replace("Admin Role", "a/b+c&d=~é"), "a%2Fb%2Bc%26d%3D~%C3%A9"),
    ("same-url", SSO.replace("[sso", "sso_region = eu-central-1\n[sso"), ""),
    ("final-slash", LEGACY.replace("/start", "/start/#/"), ""),
    (
        "session-case",
        SSO.replace("corp\n", "Corp A\n").replace("-session corp", "-session 'Corp A'"),
        "",
    ),
):
    key = {"same-url": "corp", "session-case": "Corp A"}.get(name, "https://corp.example/start")
    key += "/#/" if name == "final-slash" else ""
    path = f"/h/.aws/sso/cache/{hashlib.sha1(key.encode()).hexdigest()}.json"  # noqa: S324
    url = SSO_URL.replace("Admin%20Role", url or "Admin%20Role")
    finds(
        "sso-login-" + name,
        f"a login with another spelling: {name}",
        "CRED-014",
        "a client that spells it otherwise does not find the login, or asks for another role",
        "sso",
        given({}, "[default]\n" + text, {path: json.dumps(CACHED)}, {f"GET {url}": SSO_REPLY}),
        requests=[["GET", url]],
    )
for name, text in (
    ("other-region", SSO.replace("[sso", "sso_region = eu-west-1\n[sso")),
    ("other-url", SSO.replace("[sso", "sso_start_url = https://x.example\n[sso")),
    ("no-account", SSO.replace("sso_account_id = 123456789012\n", "")),
    ("no-url", LEGACY.replace("sso_start_url", "x")),
    ("no-region", LEGACY.replace("sso_region", "x")),
    ("empty-role", SSO.replace("Admin Role", "")),
):
    fails(
        "sso-configuration-" + name,
        f"a login whose configuration is wrong: {name}",
        "CRED-014",
        f"a client that guesses {OTHER_KEYS}",
        login(CACHED, text),
        requests=[],
    )
for name, members in (
    ("now", {"expiresAt": "2027-01-15T08:00:00Z"}),
    ("no-end", {"expiresAt": None}),
    ("no-zone", {"expiresAt": LATER[:-1]}),
    ("number", {"expiresAt": 1800021600}),
    ("no-token", {"accessToken": ""}),
    ("registration", {**REFRESHABLE, "registrationExpiresAt": "2027-01-15T08:00:00Z"}),
):
    expired = {"expiresAt": "2027-01-15T07:00:00Z"} if name == "registration" else {}
    fails(
        "sso-token-" + name,
        f"a cached token that cannot be used: {name}",
        "CRED-014",
        "SSO refuses the token, and the error must name the command for a new login",
        login({**CACHED, **members, **expired}, replies=RENEWED),
        requests=[],
    )
fails(
    "sso-token-refused",
    "an expired token whose renewal is refused",
    "CRED-014",
    "the error must name the command for a new login",
    login({**CACHED, **REFRESHABLE, "expiresAt": "2027-01-15T07:00:00Z"}, replies=REFUSED),
    requests=[RENEWAL],
)
SSO_BODY = str(SSO_REPLY["body"])
for name, status, change in (
    ("unauthorized", 401, ("", "")),
    ("forbidden", 403, ("", "")),
    ("no-keys", 200, ("roleCredentials", "x")),
    ("no-key", 200, ("ASSSO", "")),
    ("no-token", 200, ("sessionToken", "x")),
    ("no-end", 200, ("expiration", "x")),
    ("text-end", 200, ("1800021600000", '"1800021600000"')),
    ("past", 200, ("1800021600000", "1800000000000")),
):
    fails(
        "sso-reply-" + name,
        f"a reply of SSO that is wrong: {name}",
        "CRED-014" if name != "past" else "CRED-014 CRED-003",
        f"a client that goes on {OTHER_KEYS}",
        login(
            CACHED,
            replies={f"GET {SSO_URL}": {"status": status, "body": SSO_BODY.replace(*change)}},
        ),
        requests=[FETCH],
    )
cached: Optional[Json]
for name, title, cached, text in (
    ("expired", "a token that has expired", {**CACHED, "expiresAt": "2027-01-15T07:00:00Z"}, SSO),
    ("no-login", "no cached token", None, SSO),
    ("no-role", "an account without a role", CACHED, SSO.replace("sso_role_name", "x")),
    (
        "no-session",
        "a session that does not exist",
        CACHED,
        SSO.replace("[sso-session corp", "[sso-session x"),
    ),
):
    fails(
        "sso-" + name,
        title,
        "CRED-014",
        f"a client that goes on {OTHER_KEYS}",
        sso(cached, text),
        requests=[],
    )
for name, title, expiration_of_keys in (
    ("true", "true", True),
    ("text", "a text", "1800000000000"),
):
    fails(
        "sso-expiration-" + name,
        f"a reply of SSO whose expiration is {title}",
        "CRED-014",
        "a client that counts true as 1 holds the keys for expired, or never renews them",
        sso(
            CACHED,
            replies={
                f"GET {SSO_URL}": {
                    "status": 200,
                    "body": json.dumps(
                        {
                            "roleCredentials": {
                                "accessKeyId": "ASSSO",
                                "secretAccessKey": "sso-secret",
                                "sessionToken": "sso-token",
                                "expiration": expiration_of_keys,
                            }
                        }
                    ),
                }
            },
        ),
        requests=[["GET", SSO_URL]],
    )
fails(
    "login-session",
    "a profile of the new login",
    "CRED-014",
    f"a client that ignores it {OTHER_KEYS}",
    given({}, "[default]\nlogin_session = arn:aws:iam::1:user/u\n", replies=INSTANCE),
    requests=[],
)

# Containers.
for name, title, env, url in (
    ("relative", "a relative URI", {ECS: "/v2/c?a=1"}, "http://169.254.170.2/v2/c?a=1"),
    (
        "relative-first",
        "both URIs",
        {ECS: "/c", FULL: "http://localhost/d"},
        "http://169.254.170.2/c",
    ),
    ("eks", "the agent of EKS", {FULL: "http://169.254.170.23/v1/c"}, "http://169.254.170.23/v1/c"),
    (
        "eks-ipv6",
        "the agent of EKS over IPv6",
        {FULL: "http://[fd00:ec2::23]/v1/c"},
        "http://[fd00:ec2::23]/v1/c",
    ),
    ("ecs-full", "the agent of ECS", {FULL: "http://169.254.170.2/c"}, "http://169.254.170.2/c"),
    ("case", "localhost in upper case", {FULL: "http://LOCALHOST/c"}, "http://LOCALHOST/c"),
    ("v6", "the loopback address of IPv6", {FULL: "http://[::1]:80/c"}, "http://[::1]:80/c"),
    (
        "last",
        "the last loopback address",
        {FULL: "http://127.255.255.254/c"},
        "http://127.255.255.254/c",
    ),
    ("empty", "an empty relative URI", {ECS: "", FULL: "http://localhost/d"}, "http://localhost/d"),
    (
        "query",
        "a full URI with a query",
        {FULL: "https://a.example?b=/c:d@e?"},
        "https://a.example?b=/c:d@e?",
    ),
    ("localhost", "localhost", {FULL: "http://localhost:8080/c"}, "http://localhost:8080/c"),
    ("loopback", "a loopback address", {FULL: "http://127.0.0.5/c"}, "http://127.0.0.5/c"),
    (
        "loopback-mapped",
        "a loopback address in IPv6",
        {FULL: "http://[::ffff:127.0.0.1]/c"},
        "http://[::ffff:127.0.0.1]/c",
    ),
    (
        "https",
        "another host over https",
        {FULL: "https://agent.example/c"},
        "https://agent.example/c",
    ),
):
    finds(
        "container-" + name,
        f"a container's agent: {title}",
        "CRED-015",
        "the container has no other credentials",
        "container",
        given(env, replies={f"GET {url}": keys_reply("ASAGENT")}),
        requests=[["GET", url]],
        access_key="ASAGENT",
        **AGENT_KEYS,
    )
for name, url in (
    ("other-host", "http://agent.example/c"),
    ("private", "http://10.0.0.1/c"),
    ("lookalike", "http://127.0.0.1.example/c"),
    ("metadata", "http://169.254.169.254/c"),
    ("no-host", "/c"),
    ("short", "http://127.1/c"),
    ("ecs-other", "http://169.254.170.1/c"),
    ("eks-other", "http://169.254.170.24/c"),
    ("eks-ipv6-other", "http://[fd00:ec2::24]/c"),
    ("after-loopback", "http://128.0.0.1/c"),
    ("user", "http://localhost@agent.example/c"),
    ("below-localhost", "http://a.localhost/c"),
    ("scheme", "ftp://localhost/c"),
    ("octal", "http://0127.0.0.1/c"),
):
    fails(
        "container-" + name,
        f"a full URI that must be rejected: {url}",
        "CRED-015",
        "the token and the keys would cross a network in the clear",
        given({FULL: url}, replies={f"GET {url}": keys_reply("ASAGENT")}),
        requests=[],
    )
finds(
    "container-token-file",
    "a token file that ends in a line feed",
    "CRED-015",
    "a line feed inside of a header is invalid",
    "container",
    given(
        {FULL: AGENT, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"},
        files={"/t": "jwt\n"},
        replies={f"GET {AGENT}": keys_reply("ASAGENT")},
    ),
    access_key="ASAGENT",
)
fails(
    "container-token-file-missing",
    "a token file that does not exist",
    "CRED-015",
    "the agent refuses the request without a token",
    given(
        {FULL: AGENT, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"},
        replies={f"GET {AGENT}": keys_reply("ASAGENT")},
    ),
    requests=[],
)
fails(
    "container-token-blank",
    "a token of spaces",
    "CRED-015",
    "an empty header is no token, and the agent's refusal does not say why",
    given(
        {FULL: AGENT, "AWS_CONTAINER_AUTHORIZATION_TOKEN": " \t\r\n"},
        replies={f"GET {AGENT}": keys_reply("ASAGENT")},
    ),
    requests=[],
)
finds(
    "container-token-spaces",
    "a token between spaces and line ends",
    "CRED-015",
    "some programs write such a variable, and a line break inside of a header is invalid",
    "container",
    given(
        {FULL: AGENT, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "\r\n jwt\t\r\n"},
        replies={f"GET {AGENT}": keys_reply("ASAGENT")},
    ),
    access_key="ASAGENT",
)
fails(
    "container-token-break",
    "a token with a line break inside",
    "CRED-015",
    "the rest of the token would become a header",
    given(
        {FULL: AGENT, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\nX-B: c"},
        replies={f"GET {AGENT}": keys_reply("ASAGENT")},
    ),
    requests=[],
)
fails(
    "container-refused",
    "an agent that refuses the request",
    "CRED-015 CRED-002",
    f"a client that goes on {OTHER_KEYS}",
    given(
        {ECS: "/c"},
        replies={**INSTANCE, "GET http://169.254.170.2/c": {"status": 403, "body": "no"}},
    ),
    requests=[["GET", "http://169.254.170.2/c"]],
)
for name, uri in (
    ("slashes", "//127.0.0.1:9000/c"),
    ("dots", "/../@agent.example/c"),
    ("marks", "/c?d=//e?f"),
):
    finds(
        "container-path-" + name,
        f"a relative URI that looks like another URL: {uri}",
        "CRED-015",
        "a client that resolves it as a link sends the token to another host",
        "container",
        given({ECS: uri}, replies={f"GET http://169.254.170.2{uri}": keys_reply("ASAGENT")}),
        access_key="ASAGENT",
        requests=[["GET", f"http://169.254.170.2{uri}"]],
    )
for name, uri in (
    ("no-slash", "c"),
    ("backslash", "\\c"),
    ("port", ":8080/c"),
    ("domain", ".agent.example/c"),
    ("user", "@agent.example/c"),
):
    fails(
        "container-relative-" + name,
        f"a relative URI that does not begin with a slash: {uri}",
        "CRED-015",
        "joined to the agent's address, it names another host",
        given({ECS: uri}, replies={f"GET http://169.254.170.2{uri}": keys_reply("ASAGENT")}),
        requests=[],
    )
for status in (201, 204, 302, 429, 500, 503):
    fails(
        f"container-status-{status}",
        f"an agent that replies with {status}",
        "CRED-015 CRED-017",
        "an agent that restarts or limits its callers is asked once more, and no other",
        given({FULL: AGENT}, replies={f"GET {AGENT}": {**keys_reply("A"), "status": status}}),
        requests=[["GET", AGENT]] * (2 if status == 429 or status >= 500 else 1),
    )
for name, members in (
    ("key", {"AccessKeyId": ""}),
    ("secret", {"SecretAccessKey": None}),
    ("token", {"Token": None}),
    ("token-name", {"Token": None, "SessionToken": "t"}),
    ("no-zone", {"Expiration": LATER[:-1]}),
    ("past", {"Expiration": "2027-01-15T08:00:00Z"}),
    ("type", {"AccessKeyId": 1}),
):
    fails(
        "container-reply-" + name,
        f"a reply of the agent that is wrong: {name}",
        "CRED-015" if name != "past" else "CRED-015 CRED-003",
        "keys that are incomplete or expired fail in the middle of the work",
        given({FULL: AGENT}, replies={f"GET {AGENT}": keys_reply("ASAGENT", **members)}),
        requests=[["GET", AGENT]],
    )
fails(
    "container-dead",
    "an agent that is not there",
    "CRED-017",
    "a client without a retry fails while the agent restarts",
    given({ECS: "/c"}, replies=INSTANCE),
    kind="network",
    requests=[["GET", "http://169.254.170.2/c"]] * 2,
)
fails(
    "container-incomplete",
    "a reply without its end",
    "CRED-015",
    "keys that are never renewed fail in the middle of the work",
    given(
        {ECS: "/c"}, replies={"GET http://169.254.170.2/c": keys_reply("ASAGENT", Expiration=None)}
    ),
)

# Instance metadata.
finds(
    "metadata",
    "the role of an instance",
    "CRED-016",
    "the instance has no other credentials",
    "metadata",
    given(replies=INSTANCE),
    requests=INSTANCE_REQUESTS,
    access_key="ASINSTANCE",
    **AGENT_KEYS,
)
fails(
    "metadata-disabled",
    "metadata that is disabled",
    "CRED-016",
    "the user has said that this is not an instance",
    given({"AWS_EC2_METADATA_DISABLED": "TRUE"}, replies=INSTANCE),
    requests=[],
)
for name, variable, base in (
    ("ipv6", {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipV6"}, "http://[fd00:ec2::254]/latest/"),
    (
        "endpoint",
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/"},
        "http://127.0.0.1:1338/latest/",
    ),
):
    moved = {url.replace(METADATA, base): found for url, found in INSTANCE.items()}
    finds(
        "metadata-" + name,
        f"metadata at another address: {name}",
        "CRED-016",
        "an IPv6-only subnet has no other address",
        "metadata",
        given(variable, replies=moved),
        requests=[[method, url.replace(METADATA, base)] for method, url in INSTANCE_REQUESTS],
        access_key="ASINSTANCE",
    )
for name, variables, text, base in (
    ("ipv4", {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv4"}, "", METADATA),
    (
        "both",
        {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338",
        },
        "",
        "http://127.0.0.1:1338/latest/",
    ),
    (
        "profile",
        {},
        "ec2_metadata_service_endpoint = http://127.0.0.1:1338\n",
        "http://127.0.0.1:1338/latest/",
    ),
    (
        "profile-mode",
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": ""},
        "ec2_metadata_service_endpoint_mode = IPv6\n",
        "http://[fd00:ec2::254]/latest/",
    ),
    (
        "variable",
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338"},
        "ec2_metadata_service_endpoint = http://127.0.0.2\n"
        "ec2_metadata_service_endpoint_mode = IPv6\n",
        "http://127.0.0.1:1338/latest/",
    ),
    ("disabled-false", {"AWS_EC2_METADATA_DISABLED": "false"}, "", METADATA),
    ("disabled-1", {"AWS_EC2_METADATA_DISABLED": "1"}, "", METADATA),
    ("disabled-space", {"AWS_EC2_METADATA_DISABLED": "true "}, "", METADATA),
    ("disabled-empty", {"AWS_EC2_METADATA_DISABLED": ""}, "", METADATA),
):
    finds(
        "metadata-setting-" + name,
        f"settings of the metadata service: {name}",
        "CRED-016",
        "an instance has no other credentials, and a client that calls another address finds none",
        "metadata",
        given(
            variables,
            "[default]\n" + text,
            replies={url.replace(METADATA, base): found for url, found in INSTANCE.items()},
        ),
        requests=[[method, url.replace(METADATA, base)] for method, url in INSTANCE_REQUESTS],
    )
for name, setting, value in (
    ("mode", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5"),
    ("endpoint", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "169.254.169.254"),
):
    fails(
        "metadata-wrong-" + name,
        f"a wrong setting of the metadata service: {setting}={value}",
        "CRED-016",
        "a client that goes on asks another address than the user means",
        given({setting: value}),
        requests=[],
    )
for name, role_text, role_name in (
    ("lines", "r\nother\n", "r"),
    ("spaces", " \tr\t \r\n", "r"),
    ("characters", "aZ0_+=,.@-", "aZ0_+=,.@-"),
    ("long", "r" * 64, "r" * 64),
):
    finds(
        "metadata-role-" + name,
        f"the name of the role: {name}",
        "CRED-016",
        "a client that asks for another name gets no keys",
        "metadata",
        given(
            replies={
                **INSTANCE,
                f"GET {ROLES}": {"status": 200, "body": role_text},
                f"GET {ROLES}{role_name}": keys_reply("ASNAMED", Code="Success", Type="AWS-HMAC"),
            }
        ),
        access_key="ASNAMED",
    )
for name, none in (("null", None), ("empty", "")):
    finds(
        "metadata-code-" + name,
        f"keys of an instance with a code that is {name}",
        "CRED-016",
        "servers that imitate the service write no code, and null in place of a text is none",
        "metadata",
        given(replies={**INSTANCE, f"GET {ROLES}r": keys_reply("ASINSTANCE", Code=none)}),
        access_key="ASINSTANCE",
    )
for name, role_text in (
    ("space", "r other"),
    ("tab", "r\tother\n"),
    ("empty-line", "\nr"),
    ("blank-line", " \r\nr\n"),
    ("cr", "r\rother"),
    ("long", "r" * 129),
):
    fails(
        "metadata-no-role-" + name,
        f"a response that is not the name of a role: {name}",
        "CRED-016",
        "a client that takes a part of the text asks for the keys of a role that nobody has named",
        given(replies={**INSTANCE, f"GET {ROLES}": {"status": 200, "body": role_text}}),
        requests=INSTANCE_REQUESTS[:2],
    )
for name, reply in (
    ("code", keys_reply("A", Code="AssumeRoleUnauthorizedAccess")),
    ("code-case", keys_reply("A", Code="success")),
    ("code-type", keys_reply("A", Code=0)),
    ("no-end", keys_reply("A", Expiration=None)),
    ("no-token", keys_reply("A", Token="")),
    ("status", {**keys_reply("A"), "status": 404}),
    ("html", {"status": 200, "body": "<html>"}),
):
    fails(
        "metadata-keys-" + name,
        f"keys of an instance that are wrong: {name}",
        "CRED-016",
        "the service refuses each request, and the error does not name the instance",
        given(replies={**INSTANCE, f"GET {ROLES}r": reply}),
        requests=INSTANCE_REQUESTS,
    )
for status in (403, 404):
    fails(
        f"metadata-version-1-{status}",
        f"a service without version 2, which answers {status}",
        "CRED-016",
        "version 1 gives the keys to anyone who can make the host send a GET",
        given(replies={**INSTANCE, f"PUT {METADATA}api/token": {"status": status}}),
        requests=[["PUT", f"{METADATA}api/token"]],
    )
fails(
    "metadata-redirect",
    "a redirect in place of the token",
    "CRED-017",
    "a captive portal would get the next request",
    given(replies={**INSTANCE, f"PUT {METADATA}api/token": {"status": 302}}),
    requests=[["PUT", f"{METADATA}api/token"]],
)
fails(
    "metadata-html",
    "a page in place of the role's name",
    "CRED-016",
    "a captive portal answers every request with a page",
    given(replies={**INSTANCE, f"GET {ROLES}": {"status": 200, "body": "<!DOCTYPE html>"}}),
    requests=INSTANCE_REQUESTS[:2],
)
fails(
    "metadata-path",
    "a path in place of the role's name",
    "CRED-016",
    "the next request would go to another page of the service",
    given(replies={**INSTANCE, f"GET {ROLES}": {"status": 200, "body": "../../../user-data"}}),
    requests=INSTANCE_REQUESTS[:2],
)
fails(
    "metadata-no-role",
    "an instance without a role",
    "CRED-016",
    "there are no credentials",
    given(replies={**INSTANCE, f"GET {ROLES}": {"status": 404}}),
    requests=INSTANCE_REQUESTS[:2],
)
finds(
    "metadata-stale",
    "keys that have expired, from a service with a problem",
    "CRED-016",
    "a client that rejects them fails although the service still accepts them",
    "metadata",
    given(
        replies={
            **INSTANCE,
            f"GET {ROLES}r": keys_reply("ASINSTANCE", Expiration="2027-01-15T07:00:00Z"),
        }
    ),
    access_key="ASINSTANCE",
)
