# SPDX-License-Identifier: MIT
"""Mutants of refimpl/documents/query_format.py."""

ROWS = (
    (
        "query-unicode-numbers",
        "SHP-021",
        "takes other digits than ASCII's for numbers",
        'if re.match(r"[0-9]+\\Z", name)]',
        "if name.isdigit()]",
    ),
    (
        "query-small-letters",
        "SHP-019",
        "keeps the case of the first letter of path names",
        '    return (name[:1].upper() if "a" <= name[:1] <= "z" else name[:1]) + name[1:]',
        "    return name",
    ),
    (
        "query-numbers-from-0",
        "SHP-019",
        "numbers list elements from 0",
        "[(str(index), child) for index, child in enumerate(content, 1)]",
        "[(str(index), child) for index, child in enumerate(content)]",
    ),
    (
        "query-plus",
        "SHP-020",
        "reads a plus sign as a plus sign",
        'data.replace(b"+", b" ")',
        "data",
    ),
    (
        "query-lone-percent",
        "SHP-020",
        "reads a lone percent sign as itself",
        "        if escape.group(1) is None:\n",
        "        if escape.group(1) is None:\n            return b'%'\n        if False:\n",
    ),
    (
        "query-numbers-as-text",
        "SHP-021",
        "sorts list elements by the text of their numbers",
        "sorted(numbers, key=int)",
        "sorted(numbers)",
    ),
    (
        "query-number-0",
        "SHP-021",
        "accepts a list element with number 0",
        '_INDEX = "[1-9][0-9]{0,8}\\\\Z"',
        '_INDEX = "[0-9][0-9]{0,8}\\\\Z"',
    ),
    (
        "query-numbers-mixed",
        "SHP-021",
        "skips names next to the numbers of a list",
        "len(numbers) < len(node.children) or",
        "False or",
    ),
    (
        "query-depth",
        "SHP-022",
        "accepts a path with any number of names",
        "MAX_QUERY_DEPTH = 64 ",
        "MAX_QUERY_DEPTH = 1 << 30 ",
    ),
    (
        "query-depth-63",
        "SHP-022",
        "rejects a path with 64 names",
        "MAX_QUERY_DEPTH = 64 ",
        "MAX_QUERY_DEPTH = 63 ",
    ),
    (
        "query-text-not-utf-8",
        "SHP-014",
        "replaces invalid UTF-8 in a query",
        '        return data.decode("utf-8")\n',
        '        return data.decode("utf-8", "replace")\n',
    ),
    (
        "upper-first-unicode",
        "SHP-019",
        "makes the first letter upper case as Unicode does",
        'name[:1].upper() if "a" <= name[:1] <= "z" else name[:1]',
        "name[:1].upper()",
    ),
)
