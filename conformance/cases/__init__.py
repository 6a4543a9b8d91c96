# SPDX-License-Identifier: MIT
"""The cases: how they are read, made, checked and turned into requests to an adapter.

A case is written in a module of the package `authoring`, which generates vectors/*.json. A case of
a recorded exchange is written in vectors/recordings/*.json, and a case of the operation `invoke` is
a scenario in conformance/endpoint/scenarios/. vectors/README.md shows how to add each.

    case.py        one case, and the choice of cases
    load.py        reads the vector files and recordings, and checks them
    manifest.py    compares the files with MANIFEST.sha256
    scenarios.py   makes the `invoke` cases
    questions.py   splits a case's bytes by its chunkings: one request to the adapter for each
    rules.py       reads the rules of SPEC.md
    frames.py      the text language for event-stream frames
    corpora.py     reads public test suites in their own formats
"""
