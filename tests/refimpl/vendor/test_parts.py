# SPDX-License-Identifier: MIT
"""Tests of refimpl/vendor/parts.py."""

import functools

import pytest

from refimpl.cli.vendor import package_sources
from refimpl.errors import UsageError
from refimpl.vendor.parts import PARTS, chosen_parts, modules_of, part_of
from refimpl.vendor.statements import read_module
from tests.rows import for_each


def test_all_parts_are_chosen_unless_some_are_named():
    assert chosen_parts(None, None) == sorted(set(PARTS) - {"servers"})
    assert chosen_parts(sorted(PARTS), None) == sorted(PARTS)
    assert chosen_parts(["text"], None) == ["text"]
    assert chosen_parts([], None) == []
    assert chosen_parts(None, ["text", "explain"]) == ["client", "config", "documents"]


@for_each("only, without", [(["txet"], None), (None, ["txet"]), (["text", "txet"], None)])
def test_an_unknown_part_is_rejected(only, without):
    with pytest.raises(UsageError) as caught:
        chosen_parts(only, without)
    assert caught.value.actual == "txet" and "documents" in str(caught.value)


def test_the_two_choices_exclude_each_other():
    with pytest.raises(UsageError):
        chosen_parts([], ["text"])


@for_each(
    "module, part",
    [
        ("text", "text"),
        ("text.lines", "text"),
        ("cli.bridge", "text"),
        ("cli.decode", "client"),
        ("convert", "documents"),
        ("eventstream", "eventstream"),
        ("cli.vendor", "cli.vendor"),
    ],
)
def test_a_module_belongs_to_one_part_or_none(module, part):
    assert part_of(module) == part


def test_every_part_names_modules_that_exist():
    sources, _ = package_sources()
    for names in PARTS.values():
        assert set(names) <= set(sources)


@functools.lru_cache(None)
def needs():
    sources, packages = package_sources()
    return {name: read_module(name, text, name in packages).needs for name, text in sources.items()}


@pytest.mark.slow
def test_all_parts_together_are_the_package():
    table = needs()
    without = {"", "__main__", "cli.vendor", "vendor"}
    expected = {name for name in table if name not in without and not name.startswith("vendor.")}
    assert set(modules_of(sorted(PARTS), table)) == expected


@pytest.mark.slow
@for_each("parts", [[], ["client"], ["client", "text"], ["text"], sorted(PARTS)])
def test_a_module_follows_the_modules_that_it_needs(parts):
    table = needs()
    ordered = modules_of(parts, table)
    for position, module in enumerate(ordered):
        assert set(table[module]) <= set(ordered[:position]), module
    assert {"sigv4", "eventstream", "transport", "self_test"} <= set(ordered)
    assert ("client" in ordered) == ("client" in parts)
