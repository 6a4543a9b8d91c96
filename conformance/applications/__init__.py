# SPDX-License-Identifier: MIT
"""Applications as test subjects: what they do when a stream breaks.

    subjects.py     reads streams with each application; runs in the application's environment
    observe.py      plays the scenarios of an application's container, and describes the outcomes
    NAME.txt        the pinned packages of an application, with hashes

`python3 -m conformance implementations install NAME` installs an application. `python3 -m
conformance implementations applications` runs all that are installed.
"""
