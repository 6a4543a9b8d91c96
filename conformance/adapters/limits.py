# SPDX-License-Identifier: MIT
"""Small programs that put questions to software which others wrote, each an adapter of the protocol in protocol/messages.py.

boto3_client.py with botocore_parts.py, awscrt_signer.py, smithy_python.py, curl_client.py, javascript/adapter.mjs,
ruby/adapter.rb and what is built of the sources in go, rust and java are run by conformance/implementations/install.py, which knows where each
one's software lies; beside them stand the exact versions that are installed: *.txt for pip, package.json with its lock for npm,
go.mod with go.sum, Cargo.toml with locked.toml, pom.xml. A program bends nothing: what the software delivers and raises is told in
the software's own names, and `hello`, or a table in a program whose software has no names, says which of the protocol's kinds
such a name stands for. A name that is not listed there is no error that the software announces.

Two kinds are the programs' own: `Hang`, when a call has not ended by the program's deadline, long after every time-out that
the software was given; and `http.call`, in place of `invoke`, for curl, which speaks HTTP and knows no event stream.
"""

READ_TIMEOUT = 3.0  # seconds that each client is told to wait for the next byte
DEADLINE = 8.0  # seconds after which a call hangs, whatever the client was told
