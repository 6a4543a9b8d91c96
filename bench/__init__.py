# SPDX-License-Identifier: MIT
"""Benchmarks: `python3 -m bench`, with the interpreter to measure.

refimpl is compared with botocore and boto3, awscrt, the JavaScript SDK (`python3 -m conformance
implementations install javascript`), and bare.py (REFIMPL_BARE), a minimal Python program without
an API and without error handling. The report lists what is missing. Ratios to it are then not
printed, and aims against it are not judged.

Each round runs every subject of every row once, in an order that rotates from round to round, so a
slow minute of the machine affects all of them. A first round warms up caches and is not counted. A
ratio is the median of the ratios of the rounds, because the two runs of a round are only seconds
apart.

Not part of the distribution. Python 3.8 or newer, POSIX.
"""
