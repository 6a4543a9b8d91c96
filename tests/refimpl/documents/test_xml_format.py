# SPDX-License-Identifier: MIT
"""Tests of refimpl/documents/xml_format.py: strict and bounded XML, and shapes in XML.

Small documents have the expected tree. Documents that Hypothesis makes have the tree of the
standard library's ElementTree. Rejections: every kind of DTD and entity, depth on both sides of
its limit, invalid XML and unknown encodings. Arbitrary bytes with an arbitrary encoding give a
tree or a DocumentError.
"""

import encodings.aliases
import warnings
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.documents import value_format as value_format
from refimpl.documents.datatype import (
    blob_type,
    events_type,
    integer_type,
    string_type,
    structure_type,
)
from refimpl.documents.xml_format import (
    MAX_XML_DEPTH,
    Element,
    child_of,
    parse_xml,
    text_of,
    xml_of_element,
)
from refimpl.errors import DocumentError, UsageError
from refimpl.fields import body_field
from refimpl.shapes import InvokeEndpointWithResponseStreamOutput, Shape
from tests.properties import examples
from tests.rows import for_each

some = examples(200)
many = examples(300)


def refusal(data):
    with pytest.raises(DocumentError) as caught:
        parse_xml(data)
    error = caught.value
    assert error.offset is None or 0 <= error.offset <= len(data)
    assert str(error).isprintable() and len(str(error)) < 3000
    return error


def tree(element):
    """Return an element as (name, own text, children)."""
    return element.name, text_of(element), [tree(child) for child in element.children]


# ---- accepted documents ------------------------------------------------------------------------


@for_each(
    "text, expected",
    [
        ("<a/>", ("a", "", [])),
        ("<a></a>", ("a", "", [])),
        ("<a>text</a>", ("a", "text", [])),
        ("<a> \n</a>", ("a", " \n", [])),
        ("<a><b/><c>x</c><b>y</b></a>", ("a", "", [("b", "", []), ("c", "x", []), ("b", "y", [])])),
        ("<a>one<b>two</b>three</a>", ("a", "onethree", [("b", "two", [])])),
        ("<a>&lt;&gt;&amp;&quot;&apos;</a>", ("a", "<>&\"'", [])),
        ("<a>&#65;&#x20AC;&#13;</a>", ("a", "A\u20ac\r", [])),
        ("<a>x\r\ny\rz</a>", ("a", "x\ny\nz", [])),  # XML normalises line ends
        ("<a><![CDATA[<b>&amp;]]></a>", ("a", "<b>&amp;", [])),
        ("<a>1<![CDATA[2]]>3<!-- no -->4<?no more?>5</a>", ("a", "12345", [])),
        ("<!-- before --><?pi?><a/><!-- behind --><?pi?>\n", ("a", "", [])),
        ("<?xml version='1.0' encoding='UTF-8'?>\n<a>\u20ac</a>", ("a", "\u20ac", [])),
        ("<?xml version='1.0' standalone='yes'?><a/>", ("a", "", [])),
        ("\n  <a/>", ("a", "", [])),
        ("<a b='c' d=\"&lt;\"><e f='g'/></a>", ("a", "", [("e", "", [])])),
        ("<a xmlns='urn:x'><b/></a>", ("a", "", [("b", "", [])])),
        ("<x:a xmlns:x='urn:x'><x:b>t</x:b><c/></x:a>", ("a", "", [("b", "t", []), ("c", "", [])])),
        ("<x:a xmlns:x='u' xmlns:y='v'><y:b/></x:a>", ("a", "", [("b", "", [])])),
        ("<a><x:b xmlns:x='u' x:c=''/></a>", ("a", "", [("b", "", [])])),
        ("<a xml:lang='en'/>", ("a", "", [])),
        ("<\u00e9l\u00e9ment/>", ("\u00e9l\u00e9ment", "", [])),
        ("<a>\U0001f600</a>", ("a", "\U0001f600", [])),
        ("<a-b.c_1/>", ("a-b.c_1", "", [])),
    ],
)
def test_documents(text, expected):
    assert tree(parse_xml(text.encode("utf-8"))) == expected


@for_each(
    "text",
    [
        "<x:a/>",
        "<a><x:b/></a>",
        "<a x:b=''/>",
        "<a><b xmlns:x='u'/><x:c/></a>",
        "<a xmlns:x='u'><b xmlns:x=''/></a>",
        "<a xmlns:x:y='u'/>",
        "<a xmlns:='u'/>",
        "<a xmlns:xmlns='u'/>",
        "<xmlns:a xmlns:a='u'/>",
        "<a xmlns:x='u'><x:b:c/></a>",
        "<a xmlns:x='u'><x:/></a>",
        "<:a/>",
    ],
)
def test_rejects_a_prefix_that_is_not_declared(text):
    with pytest.raises(DocumentError) as caught:
        parse_xml(text)
    assert (caught.value.kind, caught.value.rule) == ("syntax", "SHP-004")


@pytest.mark.parametrize(
    "data",
    [
        "<a>\u00e9\u20ac</a>".encode("utf-8-sig"),
        "<a>\u00e9\u20ac</a>".encode("utf-16"),
        "<?xml version='1.0' encoding='utf-16'?><a>\u00e9\u20ac</a>".encode("utf-16"),
        b"\xff\xfe" + "<a>\u00e9\u20ac</a>".encode("utf-16-le"),
        b"\xfe\xff" + "<a>\u00e9\u20ac</a>".encode("utf-16-be"),
        "<?xml version='1.0' encoding='iso-8859-15'?><a>\u00e9\u20ac</a>".encode("iso-8859-15"),
        "<?xml version='1.0' encoding='windows-1252'?><a>\u00e9\u20ac</a>".encode("cp1252"),
        "<?xml version='1.0' encoding='us-ascii'?><a>&#xe9;&#8364;</a>".encode("ascii"),
    ],
)
def test_codings(data):
    assert tree(parse_xml(data)) == ("a", "\u00e9\u20ac", [])


def test_latin_1_as_declared():
    assert (
        text_of(parse_xml(b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9\xa4</a>"))
        == "\u00e9\u00a4"
    )


def test_look_ups():
    root = parse_xml(b"<a><b>1</b><c/><b>2</b></a>")
    assert text_of(child_of(root, "b")) == "1"
    assert child_of(root, "c") == Element("c", (), [])
    assert (
        child_of(root, "a") is None and child_of(root, "") is None and child_of(root, "B") is None
    )
    assert text_of(Element("e", (), ["1", "", "2"])) == "12"
    assert text_of(Element("e", (), [Element("f", (), ["no"])])) == ""


def test_one_document_says_nothing_to_the_next():
    first = parse_xml(b"<a><b>x</b></a>")
    refusal(b"<a><b>")
    second = parse_xml(b"<a><b>x</b></a>")
    assert first == second and first is not second and first.children is not second.children


xml_text = st.text(
    alphabet=st.characters(
        exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"
    ),
    max_size=8,
)
xml_trees = st.recursive(
    st.tuples(st.sampled_from("abc"), xml_text, st.just([])),
    lambda inner: st.tuples(st.sampled_from("abc"), xml_text, st.lists(inner, max_size=3)),
    max_leaves=12,
)


def written(node):
    name, text, children = node
    content = escape(text) + "".join(written(child) for child in children)
    return f"<{name} x='1'>{content}<!-- - --></{name}>"


@pytest.mark.slow
@some
@given(xml_trees, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_written_tree_is_read(node, coding):
    assert tree(parse_xml(written(node).encode(coding))) == node


def library_tree(element):
    own = (element.text or "") + "".join(child.tail or "" for child in element)
    return element.tag.rpartition("}")[2], own, [library_tree(child) for child in element]


@pytest.mark.slow
@many
@given(
    st.lists(
        st.sampled_from(
            [
                "<a>",
                "</a>",
                "<b>",
                "</b>",
                "<c/>",
                "x",
                "&amp;",
                "&",
                "<",
                ">",
                "<![CDATA[",
                "]]>",
                "<!--",
                "-->",
                "<?p",
                "?>",
                " ",
                "&#65;",
                "&#0;",
                "\u00e9",
                "\0",
                "<a b='",
                "'>",
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_a_text_is_read_as_the_library_reads_it(text):
    data = text.encode("utf-8")
    try:
        expected = library_tree(ElementTree.fromstring(data))
    except ElementTree.ParseError:
        assert refusal(data).kind == "syntax"
        return
    assert tree(parse_xml(data)) == expected


@many
@given(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda data, place, byte: data[:place] + bytes((byte,)) + data[place + 1 :],
            st.sampled_from(
                [
                    b"<?xml version='1.0' encoding='UTF-8'?><a><b c='d'>e&amp;f</b></a>",
                    "<a>\u20ac</a>".encode("utf-16"),
                ]
            ),
            st.integers(0, 66),
            st.integers(0, 255),
        ),
    )
)
def test_any_bytes_are_a_tree_or_a_document_error(data):
    try:
        root = parse_xml(data)
    except DocumentError as error:
        assert (error.kind, error.rule) == ("syntax", "SHP-004")
        return
    assert isinstance(root, Element) and isinstance(text_of(root), str)


def test_text_is_read_as_utf8_whatever_it_declares():
    for coding in ("UTF-8", "ISO-8859-1", "UTF-16", "KOI8-R"):
        assert (
            text_of(parse_xml(f"<?xml version='1.0' encoding='{coding}'?><a>\u20ac</a>"))
            == "\u20ac"
        )
    with pytest.raises(DocumentError) as caught:
        parse_xml("<a>\ud800</a>")
    assert (caught.value.kind, caught.value.rule) == ("utf8", "SHP-014")


def test_another_type_of_document_is_a_mistake_of_the_caller():
    for wrong in (None, 5, ["<a/>"], bytearray(b"<a/>"), object()):
        with pytest.raises(UsageError) as caught:
            parse_xml(wrong)
        assert caught.value.kind == "type"


# ---- rejected documents ------------------------------------------------------------------------

LAUGHS = (
    "<!DOCTYPE lolz [<!ENTITY lol 'lol'>"
    + "".join(
        "<!ENTITY lol%d '%s'>" % (level, "&lol%s;" % (level - 1 or "") * 10)
        for level in range(1, 10)
    )
    + "]><lolz>&lol9;</lolz>"
)


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE html><html></html>",
        "<!DOCTYPE a []><a/>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY b PUBLIC 'x' 'http://127.0.0.1/'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY % b SYSTEM 'http://127.0.0.1/'>%b;]><a/>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'><a/>",
        "<!DOCTYPE a PUBLIC '-//x//y' 'http://127.0.0.1/a.dtd'><a/>",
        "<!DOCTYPE a [<!ELEMENT a (#PCDATA)><!ATTLIST a b CDATA 'c'>]><a/>",
        "<?xml version='1.0'?>\n<!-- x --><!DOCTYPE a><a/>",
        LAUGHS,
    ],
    ids=range(13),
)
def test_rejects_a_dtd(text):
    for coding in ("utf-8", "utf-16"):
        error = refusal(text.encode(coding))
        assert (error.kind, error.rule) == ("syntax", "SHP-004")
        assert str(error).startswith("XML has a DTD (")


def test_the_offset_of_a_dtd():
    assert 18 <= refusal(b"<!-- \xe2\x82\xac\xe2\x82\xac --> <!DOCTYPE a><a/>").offset <= 30


@pytest.mark.parametrize(
    "entity",
    [
        "&b;",
        "&nbsp;",
        "&lol9;",
        "&#0;",
        "&#x0;",
        "&#xD800;",
        "&#xFFFE;",
        "&#x110000;",
        "&",
        "& ",
        "&;",
        "&#;",
    ],
)
def test_rejects_entities(entity):
    for text in (f"<a>{entity}</a>", f"<a b='{entity}'/>"):
        error = refusal(text.encode())
        assert (error.kind, error.rule) == ("syntax", "SHP-004")
        assert str(error).startswith("invalid XML: ")


@for_each(
    "data",
    [
        b"",
        b" ",
        b"\n",
        b"text",
        b"{}",
        b"<",
        b"<a",
        b"<a>",
        b"</a>",
        b"<a></b>",
        b"<a><b></a></b>",
        b"<a/><b/>",
        b"<a/>x",
        b"<a/>\0",
        b"<a/>]]>",
        b"x<a/>",
        b"<a>]]></a>",
        b"<a>\0</a>",
        b"<\0a/>",
        b"\0<a/>",
        b"<a>\x01</a>",
        b"<a>\x1f</a>",
        b"<a b/>",
        b"<a b=c/>",
        b"<a b='1' b='2'/>",
        b"<a b='<'/>",
        b"<1a/>",
        b"< a/>",
        b"<a/ >",
        b"<!-- x",
        b"<!-- -- --><a/>",
        b"<a/><!-- -- -->",
        b"<a><![CDATA[</a>",
        b"<?xml?><a/>",
        b"<?xml version='1.0'?>",
        b" <?xml version='1.0'?><a/>",
        b"<a/><?xml version='1.0'?>",
        b"<?xml version='1.0'?><?xml version='1.0'?><a/>",
        b"<?XML version='1.0'?><a/>",
        b"<a>\xff</a>",
        b"<a>\xc3</a>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>\xef\xbf\xbf</a>",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xff\xfe<\x00",
        "<a/>".encode("utf-16-le")[:-1],
        "<a/>".encode("utf-32"),
        b"\x1f\x8b\x08\x00",
        b"<html><br></html>",
        b"<p>a & b</p>",
        b"<?xml version='1.0' encoding='utf-16'?><a/>",
        b"<?xml version='1.0' encoding=''?><a/>",
        b"<?xml version='1.0' encoding='\xff'?><a/>",
    ],
)
def test_rejects_xml_that_is_not_well_formed(data):
    error = refusal(data)
    assert (error.kind, error.rule) == ("syntax", "SHP-004")
    assert str(error).startswith("invalid XML: ")


def test_the_offset_of_an_error():
    assert refusal(b"<a><b></a>").offset in range(6, 10)
    assert refusal(b"<a/>junk").offset == 4
    assert refusal(b"").offset == 0
    assert refusal(b"<?xml version='1.0' encoding='no-such-coding'?><a/>").offset >= 0


@pytest.mark.parametrize(
    "coding",
    [
        "no-such-coding",
        "x",
        "utf-32",
        "utf-7",
        "utf_8_sig",
        "hex",
        "rot13",
        "zlib",
        "base64",
        "idna",
        "punycode",
        "undefined",
        "shift_jis",
        "gbk",
        "euc-jp",
        "big5",
        "mbcs",
        "a" * 10000,
    ],
)
def test_a_coding_that_cannot_be_read(coding):
    error = refusal(b"<?xml version='1.0' encoding='" + coding.encode() + b"'?><a>\xe9\x83</a>")
    assert (error.kind, error.rule) == ("syntax", "SHP-004")


@pytest.mark.slow
def test_every_coding_that_python_knows_gives_a_tree_or_a_document_error():
    names = sorted(set(encodings.aliases.aliases) | set(encodings.aliases.aliases.values()))
    assert len(names) > 100
    read = 0
    warnings.simplefilter(
        "ignore"
    )  # `unicode_escape` warns about unknown escapes; pytest restores the filters
    for name in names:
        for content in (b"", bytes(range(0x80, 0x100)), b"\x1b$B\xff\xfe"):
            try:
                root = parse_xml(
                    b"<?xml version='1.0' encoding='"
                    + name.encode()
                    + b"'?><a>"
                    + content
                    + b"</a>"
                )
            except DocumentError as error:
                assert error.rule == "SHP-004"
            else:
                assert root.name == "a"
                read += 1
    assert read > 20


# ---- depth and size ----------------------------------------------------------------------------


def test_both_sides_of_the_depth():
    assert MAX_XML_DEPTH == 64
    element = parse_xml(b"<a>" * 64 + b"x" + b"</a>" * 64)
    for _ in range(63):
        (element,) = element.children
    assert tree(element) == ("a", "x", [])
    for depth in (65, 66, 100000):
        error = refusal(b"<a>" * depth + b"</a>" * depth)
        assert (error.kind, error.rule, error.offset) == ("limit", "SHP-005", 64 * 3)
        assert str(error).startswith("XML is nested too deeply")
    assert (
        refusal(b"<a>" * 64 + b"<b/>" + b"</a>" * 64).kind == "limit"
    )  # an empty element counts as a level


def test_the_depth_is_that_of_one_place():
    deep = b"<a>" * 63 + b"</a>" * 63
    assert len(parse_xml(b"<r>" + deep * 50 + b"</r>").children) == 50
    assert refusal(b"<r>" + deep + b"<a>" + deep + b"</a></r>").kind == "limit"


@pytest.mark.slow
@pytest.mark.parametrize(
    "data, children, length",
    [
        (b"<r>" + b"<a/>" * 50000 + b"</r>", 50000, 0),
        (b"<r>" + b"x&amp;" * 200000 + b"</r>", 0, 400000),
        (b"<r>" + b"<a/>x" * 50000 + b"</r>", 50000, 50000),
        (b"<r>" + b"<!-- - -->" * 100000 + b"</r>", 0, 0),
        (b"<r a='" + b"x" * 1000000 + b"'/>", 0, 0),
    ],
)
def test_a_long_document_is_read(data, children, length):
    root = parse_xml(data)
    assert (len(root.children), len(text_of(root))) == (children, length)


@pytest.mark.parametrize(
    "data",
    [
        b"<" * 1000000,
        b"<a " * 300000,
        b"&" * 1000000,
        b"<a>" + b"&#" * 500000,
        b"<!--" + b"-" * 1000000,
        b"<a b='" + b"x" * 1000000,
        b"<" + b"a" * 1000000,
        b"<![CDATA[" * 100000,
        b"<a>" + b"]]" * 500000,
        b"<?" + b"?" * 1000000,
        b"<a" + b"".join(b" b%d=''" % n for n in range(50000)),
    ],
    ids=range(11),
)
def test_a_hostile_text_ends(data):
    assert refusal(data).kind == "syntax"


# ---- shapes ------------------------------------------------------------------------------------


class Leaf(Shape):
    fields = (
        body_field("data", "Data", blob_type("Blob")),
        body_field("text", "Text", string_type("Text")),
    )


class Union(Shape):
    fields = (body_field("leaf", "Leaf", structure_type(Leaf)),)


class Whole(Shape):
    fields = (
        body_field("stream", "Stream", events_type(Union)),
        body_field("leaf", "Leaf", structure_type(Leaf)),
        body_field("number", "Number", integer_type("Integer")),
    )


WHOLE = structure_type(Whole)


@pytest.mark.parametrize(
    "value, document",
    [
        (Whole(), "<Whole></Whole>"),
        (Whole(number=-5), "<Whole><Number>-5</Number></Whole>"),
        (Whole(stream=()), "<Whole><Stream></Stream></Whole>"),
        (
            Whole(stream=(Leaf(data=b"hi"), Leaf(), Leaf(text=""))),
            "<Whole><Stream><Leaf><Data>aGk=</Data></Leaf><Leaf></Leaf><Leaf><Text></Text></Leaf>"
            "</Stream></Whole>",
        ),
        (
            Whole(leaf=Leaf(data=b"", text="<>&\"'\r\n\t]]>\u20ac\U0001f600")),
            "<Whole><Leaf><Data></Data><Text>&lt;&gt;&amp;\"'&#13;\n\t]]&gt;"
            "\u20ac\U0001f600</Text></Leaf></Whole>",
        ),
    ],
)
def test_a_value_is_written_and_read(value, document):
    assert WHOLE.to_xml(value) == document
    assert WHOLE.of_xml(document) == WHOLE.of_xml(document.encode()) == value


@pytest.mark.parametrize(
    "character, name",
    [("\0", "U+0000"), ("\x1b", "U+001B"), ("\ufffe", "U+FFFE"), ("\uffff", "U+FFFF")],
)
def test_a_character_that_xml_has_not(character, name):
    with pytest.raises(UsageError) as caught:
        WHOLE.to_xml(Whole(stream=(Leaf(), Leaf(text=f"a{character}b"))))
    error = caught.value
    assert (error.kind, error.rule, error.path, error.actual) == (
        "constraint",
        "SHP-018",
        "Stream[1].Leaf.Text",
        name,
    )


@pytest.mark.slow
def test_every_other_character_is_held():
    held = [
        code
        for code in range(0x110000)
        if code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
    ]
    text = "".join(map(chr, held))
    assert WHOLE.of_xml(WHOLE.to_xml(Whole(leaf=Leaf(text=text)))).leaf.text == text
    with pytest.raises(UsageError) as caught:
        WHOLE.to_xml(Whole(leaf=Leaf(text="\ud800")))
    assert (caught.value.kind, caught.value.rule, caught.value.path) == (
        "utf8",
        "SHP-014",
        "Leaf.Text",
    )


@pytest.mark.parametrize(
    "document, value",
    [
        (
            "<x:r xmlns:x='u' a='1'> <x:Number>5</x:Number><New><Number>6</Number></New>\n</x:r>",
            Whole(number=5),
        ),
        (
            "<r><Stream> <Leaf/> <!-- c --> <New/><Leaf><Text> a </Text></Leaf> </Stream></r>",
            Whole(stream=(Leaf(), Leaf(text=" a "))),
        ),
        ("<r><Number>&#53;<!-- c --></Number></r>", Whole(number=5)),
        ("<r><Stream><New>text</New></Stream></r>", Whole(stream=())),
    ],
)
def test_prefixes_attributes_and_comments_are_ignored(document, value):
    assert WHOLE.of_xml(document) == value


@pytest.mark.parametrize(
    "document, kind, rule, path",
    [
        ("<r>text</r>", "type", "SHP-016", "the document"),
        ("<r><Stream>text</Stream></r>", "type", "SHP-016", "Stream"),
        ("<r><Stream><Leaf/><Leaf>text</Leaf></Stream></r>", "type", "SHP-016", "Stream[1].Leaf"),
        ("<r><Stream><Leaf>text</Leaf></Stream></r>", "type", "SHP-016", "Stream.Leaf"),
        ("<r><Leaf><Text>a<b/></Text></Leaf></r>", "type", "SHP-016", "Leaf.Text"),
        ("<r><Leaf><Data><b/></Data></Leaf></r>", "type", "SHP-016", "Leaf.Data"),
        ("<r><Number><b/></Number></r>", "type", "SHP-016", "Number"),
        ("<r><Leaf><Data>a-_k</Data></Leaf></r>", "type", "SHP-010", "Leaf.Data"),
        ("<r><Number> 5</Number></r>", "type", "SHP-011", "Number"),
        ("<r><Number/></r>", "type", "SHP-011", "Number"),
        ("<r><Number>2147483648</Number></r>", "constraint", "SHP-011", "Number"),
        (
            "<r><Number>5</Number><x:Number xmlns:x='u'>5</x:Number></r>",
            "syntax",
            "SHP-013",
            "Number",
        ),
        ("<r><Leaf><Text/><Text/></Leaf></r>", "syntax", "SHP-013", "Leaf.Text"),
    ],
)
def test_the_path_to_what_does_not_fit(document, kind, rule, path):
    with pytest.raises(DocumentError) as caught:
        WHOLE.of_xml(document)
    error = caught.value
    assert (error.kind, error.rule, error.path) == (kind, rule, path)
    assert "text" not in str(error.actual)


def test_a_document_has_a_size(monkeypatch):
    monkeypatch.setattr(value_format, "MAX_DOCUMENT_NODES", 3)
    assert WHOLE.of_xml("<r><a/><b/></r>") == Whole()
    assert WHOLE.of_xml("<r a='1' b='2'/>") == Whole()
    for rejected in ("<r><a/><b/><c/></r>", "<r a='1'><b c='2'/></r>", "<r a='1' b='' c='' d=''/>"):
        error = refusal(rejected)
        assert (error.kind, error.rule) == ("limit", "SHP-006")


@pytest.mark.parametrize(
    "document, written",
    [
        ("<E/>", "<E></E>"),
        ("<?xml version='1.0'?><!-- c -->\n<E><?pi?></E>", "<E></E>"),
        ("<E> <a> 1 </a>\n</E>", "<E> <a> 1 </a>\n</E>"),
        (
            "<x:E xmlns:x='u' a='&lt;&quot;&apos;&#9;&#10;&#13;'>1<x:b/>2</x:E>",
            '<x:E xmlns:x="u" a="&lt;&quot;\'&#9;&#10;&#13;">1<x:b></x:b>2</x:E>',
        ),
        ("<E><![CDATA[<&>]]>&#13;</E>", "<E>&lt;&amp;&gt;&#13;</E>"),
    ],
)
def test_an_element_is_written_as_it_came(document, written):
    assert xml_of_element(parse_xml(document)) == written
    assert parse_xml(written) == parse_xml(document)


@pytest.mark.parametrize("text", ["\u00a0", "\u2003", "\u0085", "\u3000", " \u2028\n"])
def test_white_space_is_that_of_xml(text):
    """Only four characters are white space (SHP-016); other spaces are text."""
    with pytest.raises(DocumentError) as caught:
        InvokeEndpointWithResponseStreamOutput.of_xml(f"<r>{text}<ContentType>a</ContentType></r>")
    assert (caught.value.kind, caught.value.rule) == ("type", "SHP-016")
    spaced = "<r> \t\r\n<ContentType>a</ContentType></r>"
    assert InvokeEndpointWithResponseStreamOutput.of_xml(
        spaced
    ) == InvokeEndpointWithResponseStreamOutput(content_type="a")
