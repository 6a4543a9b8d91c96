# SPDX-License-Identifier: MIT
"""What refimpl costs, beside its peers and the bare limit, in one run: `python3 -m bench`, under the interpreter to be measured.

The peers are botocore and boto3, awscrt, the JavaScript SDK (`python3 -m conformance implementations install javascript`), and bare.py
(REFIMPL_BARE): a program without API and errors, the least Python that could do the work. One that is absent is said to be
absent; its ratios are then not printed, and no aim against it is judged.

Every round runs each subject of each row once, in an order that rotates from round to round, so that a slow minute of the
machine falls on all of them. One round before the first is not counted: it fills caches. A ratio is the median of the
rounds' own ratios, since the two runs of one round lie within seconds of each other.

Not part of what is shipped; Python 3.8 or newer, POSIX.
"""
