# SPDX-License-Identifier: MIT
"""Adapters: one small program for each implementation.

An adapter program reads requests of the adapter protocol from stdin, calls one implementation, and
writes its answers to stdout, one JSON object per line. It never sees the expected result. It passes
on what the implementation returns and raises, under the implementation's own names. Its `hello`
maps these names to the protocol's kinds.

    refimpl.py                          the reference implementation
    boto3_client.py, botocore_parts.py  boto3 and botocore
    awscrt_signer.py                    the AWS Common Runtime
    smithy_python.py                    Smithy's signer and event streams for Python
    curl_client.py                      curl
    javascript/, ruby/                  the SDK for JavaScript, the gems for Ruby
    go/, rust/, java/                   the SDKs for Go, Rust and Java, compiled at installation

Next to the programs are the exact versions: *.txt for pip, package.json with its lock for npm,
go.mod with go.sum, Cargo.toml with locked.toml, pom.xml. conformance/implementations/registry.py
has one row for each third-party program. conformance/protocol/messages.py is the protocol for
programs in Python, requests_read.py has what several of them share, and limits.py the timeouts of
all programs.
"""
