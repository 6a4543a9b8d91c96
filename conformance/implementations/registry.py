# SPDX-License-Identifier: MIT
"""The registry of third-party implementations: one row each.

To add an implementation, write an adapter program in conformance/adapters and add a row to
IMPLEMENTATIONS. The exact versions are in the row or in a file in conformance/adapters. Each
implementation is installed into its own folder, below the folder that the environment variable
REFIMPL_IMPLEMENTATIONS names. The default is `.implementations` in the checkout or, for an
installed wheel, in the current folder. The core needs none of them.

An adapter program does not see the caller's AWS settings and proxies: otherwise these would
affect the verdicts.
"""

import os
from typing import Dict, Optional

from conformance.files import ROOT
from conformance.implementations import installers
from conformance.implementations.installers import Installed, ThirdParty
from conformance.protocol.process import Adapter
from refimpl.errors import UsageError


def _signer(name: str, description: str) -> ThirdParty:
    """Return the row of a signer for an HTTP library in Python."""
    return installers.python_package(name, description, "signing_libraries", (3, 10), name)


# litellm fetches a table of prices from another host, and would wait if there is no network.
_NO_DOWNLOADS = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}


def _verifier(name: str, description: str) -> ThirdParty:
    """Return the row of a verifier in Python."""
    return installers.python_package(name, description, "verifying_libraries", (3, 10), name)


IMPLEMENTATIONS = (
    installers.python_package(
        "boto3", "AWS SDK for Python, with botocore", "boto3_client", needs=(3, 10)
    ),
    installers.python_package(
        "awscrt", "AWS Common Runtime: a signer in C", "awscrt_signer", needs=(3, 8)
    ),
    installers.python_package(
        "smithy-python",
        "Smithy's signer and event streams for Python",
        "smithy_python",
        needs=(3, 12),
    ),
    installers.npm_package(
        "javascript", "AWS SDK for JavaScript, with Smithy's event-stream codec"
    ),
    ThirdParty(
        "curl",
        "the system's curl, for --aws-sigv4",
        (("curl", "7.75 or later"),),
        installers.check_curl,
        installers.install_curl,
        installers.find_curl,
    ),
    ThirdParty(
        "ruby",
        "aws-eventstream and aws-sigv4 for Ruby",
        (("aws-eventstream", "1.2.0"), ("aws-sigv4", "1.5.1")),
        installers.check_ruby,
        installers.install_ruby,
        installers.find_ruby,
    ),
    ThirdParty(
        "go",
        "AWS SDK for Go, version 2",
        installers.pins_matching("go/go.mod", r"\t(github\.com/aws/\S+) v([0-9.]+)\n"),
        installers.check_tools("go"),
        installers.install_go,
        installers.find_built,
    ),
    ThirdParty(
        "rust",
        "AWS SDK for Rust",
        installers.pins_matching(
            "rust/Cargo.toml", r'\n(aws-[a-z0-9-]+) = (?:\{ version = )?"=([0-9.]+)"'
        ),
        installers.check_tools("cargo"),
        installers.install_rust,
        installers.find_built,
    ),
    ThirdParty(
        "java",
        "AWS SDK for Java, version 2",
        installers.pins_matching(
            "java/pom.xml", r"<artifactId>([a-z-]+)</artifactId><version>([0-9.]+)<"
        ),
        installers.check_tools("mvn", "javac", "java"),
        installers.install_java,
        installers.find_java,
    ),
    _signer("requests-aws4auth", "a signer for requests and httpx"),
    _signer("awscurl", "curl with signatures, in Python"),
    _signer("aws-requests-auth", "a signer for requests"),
    _signer("httpx-aws-auth", "a signer for httpx"),
    installers.npm_package("aws4", "a signer for Node.js"),
    installers.npm_package("aws4fetch", "a signer for fetch"),
    ThirdParty(
        "rust-crates",
        "rusoto_signature and aws_event_stream_parser",
        installers.pins_matching(
            "rust-crates/Cargo.toml",
            r'\n(rusoto_signature|aws_event_stream_parser) = (?:\{ version = )?"=([0-9.]+)"',
        ),
        installers.check_tools("cargo"),
        installers.install_rust,
        installers.find_built,
    ),
    installers.npm_package("aws-sdk-js", "AWS SDK for JavaScript, version 2: signer and frames"),
    _verifier("asigv4", "a verifier for Python"),
    _verifier("auth-aws4", "a signer and verifier for Python"),
    installers.npm_package("aws4-express", "a verifier for Express"),
    # Applications. `implementations applications` runs them as well.
    installers.python_application("langchain-aws", "1.9.1", "LangChain for AWS", True),
    installers.python_application(
        "litellm", "1.110.2", "one interface to many models", True, _NO_DOWNLOADS
    ),
    installers.python_application("sagemaker", "2.257.7", "SageMaker Python SDK, version 2", True),
    installers.python_application(
        "sagemaker-core", "2.27.0", "SageMaker Python SDK, version 3", True
    ),
)

# These have no adapter. Tests use them: aiobotocore as an example, uvicorn and litserve as
# containers.
APPLICATIONS = (
    installers.python_application("aiobotocore", "3.10.0", "botocore for asyncio"),
    installers.python_application("uvicorn", "0.54.0", "the HTTP server of containers"),
    installers.python_application("litserve", "0.2.19", "a model server"),
)


# ---- finding them ------------------------------------------------------------------------------


def implementations_folder() -> str:
    """Return the folder that contains a folder for each installed implementation."""
    # The second name is the one that the first development versions used.
    for name in ("REFIMPL_IMPLEMENTATIONS", "REFIMPL_PEERS"):
        if os.environ.get(name):
            return os.path.abspath(os.environ[name])
    is_checkout = os.path.exists(os.path.join(ROOT, "pyproject.toml"))
    return os.path.join(ROOT if is_checkout else os.getcwd(), ".implementations")


def folder_of(implementation: ThirdParty) -> str:
    """Return the folder of one implementation."""
    return os.path.join(implementations_folder(), implementation.name)


def implementation_named(name: str) -> ThirdParty:
    """Return a row of IMPLEMENTATIONS or APPLICATIONS. Raises UsageError."""
    rows = IMPLEMENTATIONS + APPLICATIONS
    for implementation in rows:
        if implementation.name == name:
            return implementation
    names = " ".join(implementation.name for implementation in rows)
    raise UsageError("no such implementation", expected=names, actual=name)


def find_implementation(name: str) -> Optional[Installed]:
    """Return an implementation that is installed at its pinned versions, or None."""
    implementation = implementation_named(name)
    return implementation.find(implementation, folder_of(implementation))


def runnable_implementation(name: str) -> Installed:
    """Return an installed implementation that has an adapter. Raises UsageError."""
    found = find_implementation(name)
    if found is None:
        raise UsageError(
            f"{name} is not installed",
            expected=f"python3 -m conformance implementations install {name}",
        )
    if not found.command:
        raise UsageError(f"{name} has no adapter")
    return found


def why_absent(implementation: ThirdParty) -> str:
    """Return why an implementation is absent: a missing tool, or it was not installed."""
    try:
        implementation.check(implementation)
    except UsageError as error:
        return str(error)
    return f"not installed; python3 -m conformance implementations install {implementation.name}"


# ---- starting an adapter -----------------------------------------------------------------------

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_NO_SETTINGS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def environment_of(found: Installed) -> Dict[str, Optional[str]]:
    """Return the changes to this process's environment for an adapter; None removes a variable.

    The caller's AWS settings and proxies are removed because they would affect the verdicts.
    """
    changes: Dict[str, Optional[str]] = {
        name: None for name in os.environ if name.startswith("AWS_") or name.upper() in _PROXIES
    }
    changes.update(_NO_SETTINGS)
    changes.update(found.environment)
    return changes


def start_adapter(found: Installed) -> Adapter:
    """Start the adapter of an installed implementation. Raises AdapterFault."""
    return Adapter(found.command, environment_of(found))
