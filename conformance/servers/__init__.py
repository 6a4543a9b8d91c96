# SPDX-License-Identifier: MIT
"""Judges a server by chapter SRV of SPEC.md: `conformance check URL`.

The modules, from the bottom up:

    exchange.py    sends bytes, and reads what a server sends with the times of arrival
    subject.py     the server that is judged: its address, names and credentials, and its requests
    verdicts.py    what a check raises, and comparisons that many checks share
    accepting.py, refusing.py, documents.py, streaming.py, transport.py: the checks
    catalogue.py   the table of all checks
    judging.py     runs checks against a server, one after the other
    observations.py what a server does, without secrets, next to what SPEC.md says
    command.py     the command
"""
