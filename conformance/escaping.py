# SPDX-License-Identifier: MIT
"""Makes text from adapters, corpora, recordings and requests harmless for a terminal and a file.

A control character can move the cursor, change the title of a window or write to the clipboard, and
a directional override can show text in another order. `escaped` replaces each such character by
`\\uXXXX`, which inside a JSON string means the same character. It keeps line ends and tabs.
"""


def escaped(text: str) -> str:
    """Return text in which every character that cannot be printed is written as `\\uXXXX`."""
    if text.isprintable():
        return text
    return "".join(map(_escaped_character, text))


def _escaped_character(character: str) -> str:
    if character in "\n\t" or character.isprintable():
        return character
    number = ord(character)
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
