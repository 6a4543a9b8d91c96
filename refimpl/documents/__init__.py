# SPDX-License-Identifier: MIT
"""Document formats: value tree, JSON, XML, query and HTTP headers, from one table of fields."""
