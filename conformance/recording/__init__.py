# SPDX-License-Identifier: MIT
"""Recorded HTTP exchanges.

The modules, from the bottom up:

    exchange.py  the pieces, messages and cases of a recording
    scrub.py     removes secrets
    files.py     reads files and writes their text
    making.py    makes recordings and their cases
    proxy.py     records traffic
    replay.py    replays recordings
"""
