# SPDX-License-Identifier: MIT
"""The proxy cases: proxy-select.

Every expected proxy is hand-written. tests/authoring/test_net.py compares the cases with
`urllib.request`, whose rules botocore uses, as far as it supports the entry. A direct connection is
the proxy null.
"""

from typing import Any, Dict, Optional

from authoring import Feature, b64, ok, reject

SELECT = Feature("proxy-select", "proxy.select", "net-")
FEATURES = [SELECT]

URL = "https://runtime.sagemaker.eu-west-1.amazonaws.com"
PROXY = "http://proxy.example:3128"
OTHER = "http://other.example:8080"


def visible(value: str) -> str:
    """Return a variable's value for a title."""
    return value if value.isprintable() else ascii(value)


def selects(
    name: str,
    title: str,
    rules: str,
    why: str,
    proxy: Optional[str],
    env: Dict[str, str],
    url: str = URL,
    level: str = "MUST",
    authorization: Optional[str] = None,
) -> None:
    """Add a case that has a proxy, or none."""
    output: Dict[str, Any] = {"proxy": proxy}
    if authorization is not None:
        output["authorization"] = authorization
    SELECT.case(
        "net-" + name, title, rules, {"env": env, "url": url}, ok(**output), why, level=level
    )


def rejects(name: str, title: str, rules: str, why: str, proxy: str) -> None:
    """Add a case whose proxy URL cannot be used."""
    SELECT.case(
        "net-" + name,
        title,
        rules,
        {"env": {"HTTPS_PROXY": proxy}, "url": URL},
        reject("configuration"),
        why,
    )


# ---- the variables -----------------------------------------------------------------------------

selects(
    "none",
    "an environment without a proxy",
    "NET-001",
    "a client that guesses a proxy cannot connect",
    None,
    {},
)
for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
    slug = variable.replace("_", "-").lower() + ("-upper" if variable.isupper() else "-lower")
    selects(
        slug,
        f"{variable} for an https URL",
        "NET-001",
        "a client that reads only one spelling has no connection on half of the hosts",
        PROXY,
        {variable: PROXY},
    )
for variable in ("HTTP_PROXY", "http_proxy"):
    slug = "http-proxy" + ("-upper" if variable.isupper() else "-lower")
    selects(
        slug,
        f"{variable} for an http URL",
        "NET-001",
        "a gateway without TLS behind the proxy is not reached",
        PROXY,
        {variable: PROXY},
        "http://gateway.example:8080/base",
    )
    selects(
        slug + "-for-https",
        f"{variable} for an https URL",
        "NET-001",
        "the proxy for http may not allow tunnels, and the user has not chosen it for https",
        None,
        {variable: PROXY},
    )
selects(
    "https-proxy-for-http",
    "HTTPS_PROXY for an http URL",
    "NET-001",
    "the scheme in the variable's name is that of the endpoint, not that of the proxy",
    None,
    {"HTTPS_PROXY": PROXY},
    "http://gateway.example",
)
selects(
    "lower-case-first",
    "both spellings of a variable",
    "NET-001",
    "programs that disagree about the order use different proxies on the same host",
    PROXY,
    {"HTTPS_PROXY": OTHER, "https_proxy": PROXY},
)
selects(
    "scheme-before-all",
    "HTTPS_PROXY and all_proxy",
    "NET-001",
    "the variable for all schemes is only the fallback",
    PROXY,
    {"HTTPS_PROXY": PROXY, "all_proxy": OTHER},
)
selects(
    "empty-is-unset",
    "an empty variable before one that is set",
    "NET-001",
    "an empty variable is how shells and compose files unset a value, and it is not a URL",
    PROXY,
    {"https_proxy": "", "ALL_PROXY": PROXY},
)
selects(
    "white-space",
    "a proxy URL with white space around it",
    "NET-007",
    "a variable that is read from a file ends in a line end, which is not part of the URL",
    PROXY,
    {"HTTPS_PROXY": f" {PROXY}\n"},
)
selects(
    "blank-is-unset",
    "a blank variable before one that is set",
    "NET-001",
    "white space around a value has no meaning, so nothing else is left of it",
    PROXY,
    {"https_proxy": " \t\r\n", "ALL_PROXY": PROXY},
)
selects(
    "cgi-upper-case",
    "HTTP_PROXY in a CGI program",
    "NET-002",
    "the variable is the header Proxy of a request, so its sender would choose the proxy",
    None,
    {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"},
    "http://gateway.example",
)
selects(
    "cgi-lower-case",
    "http_proxy in a CGI program",
    "NET-002",
    "a header cannot set the variable in lower case, so an administrator has set it",
    PROXY,
    {"http_proxy": PROXY, "HTTP_PROXY": OTHER, "REQUEST_METHOD": "GET"},
    "http://gateway.example",
)
selects(
    "cgi-https",
    "HTTPS_PROXY in a CGI program",
    "NET-002",
    "no header becomes this variable, so a client that ignores it has no connection",
    PROXY,
    {"HTTPS_PROXY": PROXY, "REQUEST_METHOD": "GET"},
)

selects(
    "cgi-empty",
    "HTTP_PROXY with an empty REQUEST_METHOD",
    "NET-002",
    "a variable that is set shows a CGI program, whatever its value is",
    None,
    {"HTTP_PROXY": PROXY, "REQUEST_METHOD": ""},
    "http://gateway.example",
)
selects(
    "cgi-all-proxy",
    "HTTP_PROXY and ALL_PROXY in a CGI program",
    "NET-002",
    "no header becomes ALL_PROXY, so a client that ignores it has no connection",
    PROXY,
    {"HTTP_PROXY": OTHER, "ALL_PROXY": PROXY, "REQUEST_METHOD": "GET"},
    "http://gateway.example",
)
selects(
    "mixed-case",
    "variables in mixed case",
    "NET-001",
    "a variable has two spellings, and others belong to other programs",
    None,
    {"Https_Proxy": PROXY, "https_PROXY": PROXY, "All_Proxy": PROXY, "HTTPS_proxy": PROXY},
)

# ---- NO_PROXY -----------------------------------------------------------------------------------

HOST = "https://llm.corp.example:8443"
for slug, entries, excepted, rules, why in (
    ("star", "*", True, "NET-003", "the entry for every host disables the proxy"),
    ("star-in-list", "a.example,*", True, "NET-003", "the entry for every host may follow others"),
    ("name", "llm.corp.example", True, "NET-003", "an entry is most often the host itself"),
    ("suffix", "corp.example", True, "NET-003", "an entry covers the hosts below a domain"),
    ("dot", ".corp.example", True, "NET-003", "many tools write a domain with a leading dot"),
    (
        "dot-host",
        ".llm.corp.example",
        True,
        "NET-003",
        "a leading dot has no meaning, so the domain itself is covered as well",
    ),
    ("star-dot", "*.corp.example", True, "NET-003", "some tools write a domain with `*.`"),
    ("case", "CORP.Example", True, "NET-003", "host names have no case"),
    (
        "no-label",
        "orp.example",
        False,
        "NET-003",
        "a comparison of text without labels bypasses the proxy for another domain",
    ),
    (
        "dot-as-pattern",
        "corp-example,llm.corp.e.ample,llm?corp.example,l*m.corp.example",
        False,
        "NET-003",
        "an entry is no pattern, so it does not bypass the proxy for another domain",
    ),
    (
        "prefix",
        "llm.corp",
        False,
        "NET-003",
        "a comparison of the beginning bypasses the proxy for another domain",
    ),
    ("below", "a.llm.corp.example", False, "NET-003", "an entry does not cover its parent"),
    ("spaces", "a.example, corp.example", True, "NET-003", "a list often has spaces"),
    ("only-spaces", "a.example corp.example", True, "NET-003", "curl also accepts spaces alone"),
    ("empty-entries", ",, ,", False, "NET-003", "an empty entry is not the root domain"),
    ("lone-dot", ".", False, "NET-003", "an entry without a label covers no host"),
    ("tab", "a.example\tcorp.example", True, "NET-003", "a list may be a table"),
    ("lines", "a.example\r\ncorp.example", True, "NET-003", "a list may be the text of a file"),
    (
        "no-break-space",
        "a.example\u00a0corp.example",
        False,
        "NET-003",
        "two programs that disagree about other spaces use different proxies",
    ),
    ("port", "corp.example:8443", True, "NET-004", "an entry may be restricted to a port"),
    *[
        (
            "after-" + slug,
            f"{first},corp.example",
            True,
            "NET-003 NET-004",
            "an entry that does not match must not end the search",
        )
        for slug, first in (
            ("empty", ""),
            ("other-port", "corp.example:443"),
            ("invalid-port", "corp.example:x"),
            ("lone-dot", "."),
            ("address", "192.0.2.1"),
            ("block", "192.0.2.0/24"),
        )
    ],
    (
        "other-port",
        "corp.example:443",
        False,
        "NET-004",
        "a client that ignores the port bypasses the proxy for another server",
    ),
    ("final-dot", "corp.example.", True, "NET-003", "a final dot is that of a complete name"),
    (
        "not-names",
        "*llm.corp.example,*.llm.corp.example.org,llm.corp.example;b,**,*.,*:443,corp.example/,"
        "http://corp.example,corp..example,..",
        False,
        "NET-003",
        "each of these entries is another name, or none",
    ),
    (
        "not-ports",
        "corp.example:,corp.example:*,corp.example:+8443,corp.example:8443:8443,"
        "corp.example:\u0668\u0664\u0664\u0663,corp.example:84430,corp.example:844",
        False,
        "NET-004",
        "each of these entries has another port, or none",
    ),
    (
        "port-zero",
        "corp.example:08443",
        True,
        "NET-004",
        "a port is a decimal number, and a zero before it does not change it",
    ),
    (
        "port-six-digits",
        "corp.example:008443",
        False,
        "NET-004",
        "a port has at most five digits",
    ),
    (
        "brackets-name",
        "[llm.corp.example]",
        False,
        "NET-005",
        "only an IPv6 address has brackets",
    ),
    (
        "brackets-name-port",
        "[llm.corp.example]:8443",
        False,
        "NET-005 NET-004",
        "only an IPv6 address has brackets",
    ),
    (
        "not-ports-of-programs",
        "corp.example:8_443,corp.example:0x20fb,corp.example:8443.0,corp.example:84e2,"
        "corp.example:-8443,corp.example:008443,corp.example:73979,corp.example:8443\x0c,"
        "corp.example:8443\u00a0,corp.example:\uff18443,corp.example:;8443,\x0b*,*\u2003",
        False,
        "NET-004",
        "each of these entries has another port, or none",
    ),
    (
        "cidr-for-a-name",
        "0.0.0.0/0",
        False,
        "NET-005",
        "the proxy resolves the host, so a block of addresses covers no name",
    ),
):
    selects(
        "no-proxy-" + slug,
        f"NO_PROXY={visible(entries)} and the host llm.corp.example:8443",
        rules,
        why,
        None if excepted else PROXY,
        {"HTTPS_PROXY": PROXY, "NO_PROXY": entries},
        HOST,
    )
selects(
    "no-proxy-kelvin",
    "NO_PROXY with a Kelvin sign and a host with k",
    "NET-003",
    "a comparison that makes lower case as Unicode does bypasses the proxy for another host",
    PROXY,
    {"HTTPS_PROXY": PROXY, "NO_PROXY": "\u212aey.example"},
    "https://key.example",
)
for slug, url, entries, covered in (
    ("host-case", "https://LLM.Corp.Example", "corp.example", True),
    ("host-final-dot", "https://llm.corp.example.", "corp.example", True),
    ("default-port-http", "http://llm.corp.example", "corp.example:443", False),
    ("default-port-80", "http://llm.corp.example", "a:80,corp.example:80", True),
    ("default-port-other", "https://llm.corp.example:80", "corp.example:443", False),
):
    selects(
        "no-proxy-" + slug,
        f"the URL {url} and NO_PROXY={entries}",
        "NET-004" if "port" in slug else "NET-003",
        "a client that compares otherwise uses the proxy for the wrong hosts",
        None if covered else PROXY,
        {"ALL_PROXY": PROXY, "NO_PROXY": entries},
        url,
    )
selects(
    "no-proxy-default-port",
    "NO_PROXY with port 443 and a URL without a port",
    "NET-004",
    "the port of an https URL is 443 even if the URL does not show it",
    None,
    {"HTTPS_PROXY": PROXY, "NO_PROXY": "amazonaws.com:443"},
)
selects(
    "no-proxy-lower-case",
    "no_proxy in lower case",
    "NET-003",
    "a client that reads only one spelling sends internal calls to the proxy",
    None,
    {"https_proxy": PROXY, "no_proxy": "amazonaws.com"},
)
selects(
    "no-proxy-blank",
    "a blank no_proxy",
    "NET-003",
    "white space around a value has no meaning, so nothing else is left of it",
    None,
    {"https_proxy": PROXY, "no_proxy": " \n", "NO_PROXY": "amazonaws.com"},
)
selects(
    "no-proxy-lower-case-first",
    "both spellings of NO_PROXY",
    "NET-003",
    "the spelling in lower case decides for the list as it does for the proxy",
    PROXY,
    {"https_proxy": PROXY, "no_proxy": "a.example", "NO_PROXY": "*"},
)
MAPPED = "the length of a block in the notation of IPv6 counts the bits of the IPv6 address"
BRACKETS = "only an IPv6 address has brackets, so this is a name that no host has"
SHORT = "programs that read it as an address disagree about which one"
for slug, entries, host, excepted, why in (
    ("address", "10.1.2.3", "10.1.2.3", True, "an entry may be an address"),
    ("other-address", "10.1.2.3", "10.1.2.30", False, "an address is not a beginning of text"),
    (
        "address-as-suffix",
        "1.2.3",
        "10.1.2.3",
        False,
        "the labels of an address are not those of a name",
    ),
    ("cidr", "10.0.0.0/8", "10.200.3.4", True, "networks are usually written as blocks"),
    ("outside-cidr", "10.0.0.0/8", "11.0.0.1", False, "the address is outside the block"),
    ("cidr-odd", "172.16.0.0/12", "172.31.255.255", True, "a block need not end at a dot"),
    ("outside-cidr-odd", "172.16.0.0/12", "172.32.0.0", False, "the first one outside"),
    ("cidr-host-bits", "10.1.2.3/8", "10.9.9.9", True, "bits beyond the length have no meaning"),
    ("cidr-0", "0.0.0.0/0", "203.0.113.9", True, "a block of length 0 covers every address"),
    ("cidr-32", "203.0.113.9/32", "203.0.113.9", True, "a block of one address"),
    ("cidr-33", "203.0.113.9/33", "203.0.113.9", False, "a length that cannot be is no block"),
    ("v6", "fd00::1", "[fd00:0:0::1]", True, "an address has several spellings"),
    ("v6-brackets", "[fd00::1]", "[fd00::1]", True, "an entry may have the brackets of a URL"),
    ("v6-cidr", "fd00::/8", "[fdab::9]", True, "private networks in IPv6 are blocks as well"),
    ("v6-cidr-brackets", "[fd00::]/8", "[fdab::9]", True, "a block may have brackets"),
    ("v6-outside-cidr", "fd00::/8", "[fe80::9]", False, "the address is outside the block"),
    (
        "not-blocks",
        "10.0.0.0/,10.0.0.0/x,10.0.0.0/+8,10.0.0.0/-8,10.0.0.0/8/8,10.0.0.0/\u0668,10.0.0.0/255.0.0.0,"
        "10.0.0.0/33,10.0.0.0/100,10.*,10.1.2.*,10.,0.0.0/0,::/0,1.2.3,2.3,*.2.3,10.1.2.3.,10.1.2.3.4",
        "10.1.2.3",
        False,
        "each of these entries is another block, or none",
    ),
    (
        "not-blocks-v6",
        "2001:db8::/129,2001:db8::/1000,2001:db8::/\u0663\u0662,2001:db8::/,2001:db8,[2001:db8::1,"
        "2001:db8::1],2001:db8::2/127,2001:db8:0:1::/64,::1/0x1",
        "[2001:db8::1]",
        False,
        "each of these entries is another block, or none",
    ),
    ("v6-cidr-112", "2001:db8::/112", "[2001:db8::ffff]", True, "a length has up to three digits"),
    ("v6-cidr-128", "2001:db8::1/128", "[2001:db8::1]", True, "a block of one address"),
    ("v6-cidr-127", "2001:db8::2/127", "[2001:db8::4]", False, "the address is outside the block"),
    ("v4-for-v6", "0.0.0.0/0", "[2001:db8::1]", False, "a block covers only its own version"),
    ("short", "10.1", "10.0.0.1", False, SHORT),
    ("short-host", "10.0.0.0/8", "10.1", False, SHORT),
    ("short-name", "10.1", "10.1", True, "a name covers the host of the same name"),
    ("octal", "010.0.0.1", "10.0.0.1", False, SHORT),
    ("octal-last", "10.0.0.01", "10.0.0.1", False, SHORT),
    ("octal-host", "10.0.0.0/8", "010.0.0.1", False, SHORT),
    ("hexadecimal", "0xa.0.0.1", "10.0.0.1", False, SHORT),
    ("v6-long", "FD00:0000:0:0::0001", "[fd00::1]", True, "an address has several spellings"),
    ("v6-zone", "fe80::1%1/10", "[fe80::1]", False, "a zone is part of no URL"),
    ("v6-mapped-entry", "::ffff:10.1.2.3", "10.1.2.3", True, "IPv4 in IPv6 is the same host"),
    ("v6-mapped-octal", "::ffff:10.1.2.03", "10.1.2.3", False, SHORT),
    ("v6-mapped", "10.0.0.0/8", "[::ffff:10.1.2.3]", True, "IPv4 in IPv6 is the same host"),
    ("v6-mapped-block", "::ffff:10.0.0.0/104", "10.1.2.3", True, MAPPED),
    ("v6-mapped-block-hex", "[::ffff:a00:0]/104", "10.1.2.3", True, MAPPED),
    ("v6-mapped-block-outside", "::ffff:10.0.0.0/104", "11.1.2.3", False, MAPPED),
    ("v6-mapped-block-all", "::ffff:0.0.0.0/96", "203.0.113.9", True, MAPPED),
    ("v6-mapped-block-short", "::ffff:10.0.0.0/8", "10.1.2.3", False, MAPPED),
    ("brackets-v4", "[10.1.2.3]", "10.1.2.3", False, BRACKETS),
    ("brackets-v4-block", "[10.0.0.0]/8", "10.1.2.3", False, BRACKETS),
    ("brackets-block", "[fd00::/8]", "[fd00::1]", False, BRACKETS),
    ("brackets-mapped", "[::ffff:10.1.2.3]", "10.1.2.3", True, "IPv4 in IPv6 is an IPv6 address"),
    ("length-zero", "10.0.0.0/08", "10.1.2.3", True, "a length is a decimal number"),
    ("length-zeros", "10.0.0.0/010", "10.200.3.4", False, "an octal number would be 8"),
    ("length-four-digits", "10.0.0.0/0008", "10.1.2.3", False, "a length has at most three digits"),
):
    selects(
        "no-proxy-" + slug,
        f"NO_PROXY={entries} and the host {host}",
        "NET-005",
        why,
        None if excepted else PROXY,
        {"HTTPS_PROXY": PROXY, "NO_PROXY": entries},
        f"https://{host}",
    )
for slug, entries, excepted, why in (
    ("v6-port", "[fd00::1]:8443", True, "the brackets separate the address from the port"),
    ("v6-other-port", "[fd00::1]:443", False, "a client that ignores the port bypasses the proxy"),
):
    selects(
        "no-proxy-" + slug,
        f"NO_PROXY={entries} and the host [fd00::1]:8443",
        "NET-004 NET-005",
        why,
        None if excepted else PROXY,
        {"HTTPS_PROXY": PROXY, "NO_PROXY": entries},
        "https://[fd00::1]:8443",
    )

# ---- loopback -----------------------------------------------------------------------------------

for slug, url, proxy, why in (
    ("name", "http://localhost:8080", None, "a proxy on another host cannot reach this one"),
    ("below", "http://a.localhost", None, "names below localhost are the same host"),
    ("v4", "http://127.0.0.1:8080", None, "a proxy on another host cannot reach this one"),
    ("v4-other", "http://127.8.9.10", None, "the whole block 127.0.0.0/8 is the same host"),
    ("v6", "http://[::1]:8080", None, "a proxy on another host cannot reach this one"),
    ("not", "http://localhost.example", PROXY, "the name only begins with localhost"),
    ("not-end", "http://mylocalhost", PROXY, "the name only ends with localhost"),
    ("not-v4", "http://128.0.0.1", PROXY, "the first address after the block"),
    ("not-v4-before", "http://126.255.255.255", PROXY, "the last address before the block"),
    ("not-v6", "http://[::2]", PROXY, "only one address of IPv6 is the same host"),
    ("case", "http://LocalHost:8080", None, "host names have no case"),
    ("final-dot", "http://localhost.:8080", None, "a final dot is that of a complete name"),
):
    selects(
        "loopback-" + slug,
        f"the proxy for {url}",
        "NET-006",
        why,
        proxy,
        {"http_proxy": PROXY, "https_proxy": PROXY},
        url,
        level="SHOULD",
    )

# ---- proxy URLs ---------------------------------------------------------------------------------

for slug, value, proxy, why in (
    ("no-scheme", "proxy.example:3128", PROXY, "curl and many guides leave the scheme out"),
    ("final-slash", PROXY + "/", PROXY, "many guides write a final slash"),
    ("default-port", "http://proxy.example", "http://proxy.example:80", "80 is the port of http"),
    (
        "https",
        "https://proxy.example:3129",
        "https://proxy.example:3129",
        "a client that speaks plain HTTP to it sends the password in clear text",
    ),
    (
        "https-default-port",
        "https://proxy.example",
        "https://proxy.example:443",
        "443 is the port of https",
    ),
    ("scheme-case", "HTTP://proxy.example:3128", PROXY, "a scheme has no case"),
    (
        "v6-mapped",
        "http://[::ffff:10.1.2.3]:3128",
        "http://[::ffff:10.1.2.3]:3128",
        "IPv4 in IPv6 is an IPv6 address",
    ),
    ("v6", "http://[fd00::1]:3128", "http://[fd00::1]:3128", "a proxy may have no name"),
):
    selects("url-" + slug, f"the proxy URL {value}", "NET-007", why, proxy, {"HTTPS_PROXY": value})
for slug, user_info, authorization, why in (
    ("password", "user:secret", "Basic dXNlcjpzZWNyZXQ=", "without them the proxy refuses"),
    (
        "percent",
        "us%40er:p%3Aa%2Fs%25",
        "Basic dXNAZXI6cDphL3Ml",
        "a password with `:`, `/`, `@` or `%` must be encoded, and the proxy compares it decoded",
    ),
    (
        "utf-8",
        "user:%C3%A9",
        "Basic dXNlcjrDqQ==",
        "the escapes are the bytes of the password, in any encoding",
    ),
    ("plus", "user:a+b", "Basic dXNlcjphK2I=", "a plus sign in a password is not a space"),
    (
        "long",
        "user.name.of.a.service%40corp.example:" + "p" * 64,
        "Basic " + b64(b"user.name.of.a.service@corp.example:" + b"p" * 64),
        "an encoder for mail breaks Base64 into lines, and a line end is not part of a header",
    ),
    (
        "plus-and-slash",
        "u:%3E%3E%3E~~~%3F%3F%3F",
        "Basic " + b64(b"u:>>>~~~???"),
        "Base64 for URLs has other characters, and the proxy refuses them",
    ),
    (
        "decoded-once",
        "user:%2541%253A",
        "Basic " + b64(b"user:%41%3A"),
        "a password that contains an escape is decoded only once",
    ),
    (
        "lower-case-escapes",
        "us%c3%a9r:%3a%2f",
        "Basic " + b64("us\u00e9r::/".encode("utf-8")),
        "escapes have no case",
    ),
    (
        "lone-percent",
        "user:50%,%4,%zz%",
        "Basic " + b64(b"user:50%,%4,%zz%"),
        "many people do not encode a password",
    ),
    (
        "not-ascii",
        "us\u00e9r:p\u00e4ss\U0001f600",
        "Basic " + b64("us\u00e9r:p\u00e4ss\U0001f600".encode("utf-8")),
        "a character of a URL is its bytes in UTF-8, which its escapes are as well",
    ),
    (
        "other-bytes",
        "user:%FF%00%80",
        "Basic " + b64(b"user:\xff\x00\x80"),
        "the escapes are the bytes of the password, in any encoding",
    ),
    ("spaces", "user:%20p%20%09", "Basic " + b64(b"user: p \t"), "a password may have spaces"),
    ("no-password", "user", "Basic dXNlcjo=", "a user name may have an empty password"),
    ("colons", "user:a:b", "Basic dXNlcjphOmI=", "only the first colon separates"),
):
    selects(
        "credentials-" + slug,
        f"a proxy URL with the credentials {user_info}",
        "NET-008",
        why,
        PROXY,
        {"HTTPS_PROXY": f"http://{user_info}@proxy.example:3128"},
        authorization=authorization,
    )
selects(
    "credentials-at-signs",
    "a proxy URL with the credentials us@er:p@ss@",
    "NET-007 NET-008",
    "many people do not encode a password, and the last at sign precedes the host",
    PROXY,
    {"HTTPS_PROXY": "http://us@er:p@ss@@proxy.example:3128"},
    authorization="Basic dXNAZXI6cEBzc0A=",
)
for slug, value, why in (
    ("socks5", "socks5://proxy.example:1080", "HTTP sent to a SOCKS proxy waits for ever"),
    ("socks5h", "socks5h://proxy.example:1080", "HTTP sent to a SOCKS proxy waits for ever"),
    ("scheme", "ftp://proxy.example", "this scheme has no CONNECT"),
    ("port", "http://proxy.example:70000", "a port above 65535 does not exist"),
    ("port-0", "http://proxy.example:0", "nothing listens on port 0"),
    ("path", "http://proxy.example/proxy.pac", "a configuration script is not a proxy"),
    ("password-slash", "http://u:a/b@proxy.example", "other programs read the host u"),
    ("password-hash", "http://u:a#b@proxy.example", "other programs read the host u"),
    ("password-query", "http://u:a?b@proxy.example", "other programs read the host u"),
    ("query", "http://proxy.example?a=b", "a proxy URL has no query"),
    ("fragment", "http://proxy.example#a", "a proxy URL has no fragment"),
    ("slashes", "http://proxy.example//", "a proxy URL has no path"),
    ("port-65536", "http://proxy.example:65536", "a port above 65535 does not exist"),
    ("port-sign", "http://proxy.example:+80", "a port consists of digits"),
    ("port-digits", "http://proxy.example:\u0663128", "a port consists of digits of ASCII"),
    ("port-wide", "http://proxy.example:\uff13128", "a port consists of digits of ASCII"),
    ("port-superscript", "http://proxy.example:\u00b3128", "a port consists of digits of ASCII"),
    ("port-minus", "http://proxy.example:-80", "a port consists of digits"),
    ("port-underscore", "http://proxy.example:31_28", "a port consists of digits"),
    ("port-hexadecimal", "http://proxy.example:0x50", "a port consists of digits"),
    ("port-exponent", "http://proxy.example:8e1", "a port consists of digits"),
    ("port-space", "http://proxy.example: 80", "a port consists of digits"),
    ("port-form-feed", "http://proxy.example:80\x0c", "a port consists of digits"),
    ("port-next-line", "http://proxy.example:80\x85", "a port consists of digits"),
    ("port-32-bits", "http://proxy.example:4294967376", "a port above 65535 does not exist"),
    (
        "port-64-bits",
        "http://proxy.example:18446744073709551696",
        "a port above 65535 does not exist",
    ),
    ("scheme-long-s", "http\u017f://proxy.example:3128", "a scheme consists of letters of ASCII"),
    ("host-kelvin", "http://\u212ay.example:3128", "a host is written in ASCII"),
    ("host-semicolon", "http://proxy.example;a:3128", "a host has no such character"),
    ("backslash", "http:\\\\proxy.example:3128", "browsers accept it, and other programs do not"),
    ("line-inside", "http://proxy.example\n:3128", "the second line would become a header"),
    ("v6-zone", "http://[fe80::1%25eth0]:3128", "a zone is part of no URL"),
    ("v6-no-brackets", "http://fd00::1", "nothing separates the address from a port"),
    ("one-slash", "http:/proxy.example", "the user should see the typing error"),
    ("no-break-space", "\u00a0" + PROXY, "only spaces, tabs, CR and LF have no meaning"),
    ("v6-octal", "http://[::ffff:10.1.2.03]:3128", "an address in octal numbers is another one"),
    ("no-host", "http://:3128", "without a host there is nothing to connect to"),
    ("text", "a proxy", "the user should see the typing error, not a failed look-up"),
):
    rejects("rejects-" + slug, f"the proxy URL {visible(value)}", "NET-007", why, value)
