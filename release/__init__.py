# SPDX-License-Identifier: MIT
"""The files of a release: `python3 -m release DEST`. docs/releasing.md is the checklist.

source.py    the project's files, and one time for all
packages.py  source distribution, wheels, single file and zipapp
cases.py     the cases as JSON, also an npm package and a Go module
archives.py  archives with the same bytes on each build
sbom.py      the bill of materials, in CycloneDX's format
"""
