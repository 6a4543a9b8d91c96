# SPDX-License-Identifier: MIT
"""Recorded HTTP exchanges.

exchange.py  the pieces, messages and cases of a recording
scrub.py     removes secrets
files.py     reads and writes files
making.py    makes recordings and their cases
proxy.py     records traffic
replay.py    replays it
"""
