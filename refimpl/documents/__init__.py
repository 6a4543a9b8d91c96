# SPDX-License-Identifier: MIT
"""Documents: a value tree, JSON, XML, AWS Query and HTTP headers, each read and written from one table of fields."""
