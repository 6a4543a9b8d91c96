# SPDX-License-Identifier: MIT
"""`python3 -m tests.pages`: write docs/one-value-in-five-formats.md.

Every document in it comes from refimpl. tests/test_docs.py compares the committed page with this
output and reads each document back.
"""

import sys
from pathlib import Path

from refimpl.convert import FORMATS, convert
from refimpl.errordocument import error_of_json, error_to_json, error_to_xml
from refimpl.shapes import InvokeEndpointWithResponseStreamOutput, PayloadPart

PATH = Path(__file__).resolve().parents[1] / "docs" / "one-value-in-five-formats.md"
SHAPE = "InvokeEndpointWithResponseStreamOutput"

VALUE = InvokeEndpointWithResponseStreamOutput(
    body=(PayloadPart(bytes=b"caf\xc3"), PayloadPart(bytes=b"\xa9 & cake")),
    content_type="text/plain",
    invoked_production_variant="AllTraffic",
    custom_attributes="",
)
VALUE_SOURCE = """InvokeEndpointWithResponseStreamOutput(
    body=(PayloadPart(bytes=b"caf\\xc3"), PayloadPart(bytes=b"\\xa9 & cake")),
    content_type="text/plain",
    invoked_production_variant="AllTraffic",
    custom_attributes="",
)"""

# What to notice in each format.
NOTES = {
    "json": (
        "A member that HTTP carries in a header has the header's name (SHP-007). The other members "
        "have their own names. JSON is text and `caf\\xc3` is not valid text, so bytes are written "
        "in base64 (SHP-010). Two events form a list (SHP-012). There is no white space: these are "
        "the bytes that a program sends."
    ),
    "xml": (
        "The root has the shape's name, which readers ignore (SHP-017). The two events are two "
        "children of one `Body`, in order. The empty CustomAttributes is an empty element. An "
        "absent member would have no element."
    ),
    "query": (
        "There is one pair for each scalar, and its name is the path to the scalar (SHP-019). Each "
        "part of a path begins with a capital letter, so `x-Amzn-` became `X-Amzn-`. Events are "
        "numbered from 1. Bytes are percent-encoded, not base64 (SHP-020)."
    ),
    "value": (
        "The tree from which the other formats are written (SHP-023): each value with its type. A "
        "program sees the bytes themselves. They are base64 here only because the page shows the "
        "tree as JSON."
    ),
    "headers": (
        "The form that HTTP uses (SHP-024): three members are headers and the fourth is the body. "
        "On the wire the body is not JSON but a sequence of frames, one for each event (chapter 4 "
        "of SPEC.md)."
    ),
}

# The same member in each format: a fragment that the document must contain.
PLACES = [
    (
        "first event's bytes",
        '"Bytes":"Y2Fmww=="',
        "<Bytes>Y2Fmww==</Bytes>",
        "Body.1.PayloadPart.Bytes=caf%C3",
        '["Blob","Y2Fmww=="]',
    ),
    (
        "second event's bytes",
        '"Bytes":"qSAmIGNha2U="',
        "<Bytes>qSAmIGNha2U=</Bytes>",
        "Body.2.PayloadPart.Bytes=%A9%20%26%20cake",
        '["Blob","qSAmIGNha2U="]',
    ),
    (
        "ContentType",
        '"X-Amzn-SageMaker-Content-Type":"text/plain"',
        "<X-Amzn-SageMaker-Content-Type>text/plain<",
        "X-Amzn-SageMaker-Content-Type=text/plain",
        '["String","text/plain"]',
    ),
    (
        "CustomAttributes, empty",
        '"X-Amzn-SageMaker-Custom-Attributes":""',
        "<X-Amzn-SageMaker-Custom-Attributes></",
        "X-Amzn-SageMaker-Custom-Attributes=",
        '["String",""]',
    ),
]

SERVICE_CODE = "ModelError:http://internal.amazon.com/coral/com.amazon.sagemaker.runtime/"
SERVICE_JSON = '{"Message":"the model failed","OriginalStatusCode":500,"OriginalMessage":"a < b"}'
SERVICE_XML = (
    "<ErrorResponse><Error><Code>ModelError</Code><Message>the model failed</Message>"
    "<OriginalStatusCode>500</OriginalStatusCode><OriginalMessage>a &lt; b</OriginalMessage>"
    "</Error><RequestId>ea3a0d5e</RequestId></ErrorResponse>"
)

TEMPLATE = """# One value in five formats

A model returned two pieces of text and three headers. In Python, the response is one immutable
value:

```python
{value}
```

The first piece ends inside a character: `\\xc3` and `\\xa9` together are *é*. Part boundaries have
no meaning. CustomAttributes is present and empty, which differs from absent.

This page shows the value in each format, byte for byte. One table of fields drives all five
formats. Each document reads back to an equal value. A test regenerates this page and compares. To
try it, save one of the documents as `document` and convert it:

```console
$ python3 -m refimpl convert --shape {shape} --from json --to xml document
```

## Side by side

{places}

{forms}

## An error

A service sends an error as a document with a status and a code. In JSON the code is in the header
`x-amzn-errortype`, here
`{code}`.
The part before the first `:` counts (HTTP-031):

```json
{service_json}
```

Another service, or a gateway, sends XML, with the code inside an envelope (HTTP-036):

```xml
{service_xml}
```

Both are the same value, a `ModelError`, which is also an exception. When this project writes the
value, the document contains the error's name (SHP-027). In JSON and in XML:

```json
{our_json}
```

```xml
{our_xml}
```

An error that the model does not name keeps its code and its payload as text:

```json
{unknown}
```

SPEC.md, chapter 16, lists how awso, the library on which these formats are based, differs.
"""


def documents():
    """The value's document in each form."""
    return {form: convert(SHAPE, "json", form, VALUE.to_json()) for form in FORMATS}


def side_by_side(written):
    lines = ["| member | json | xml | query | value |", "|---|---|---|---|---|"]
    for member, *fragments in PLACES:
        for form, fragment in zip(("json", "xml", "query", "value"), fragments):
            assert fragment in written[form], f"{fragment} is not in {form}"
        lines.append(f"| {member} | {' | '.join((f'`{fragment}`' for fragment in fragments))} |")
    return "\n".join(lines)


def page():
    """The page's text."""
    written = documents()
    fences = {"xml": "xml", "query": "text"}
    forms = "\n\n".join(
        f"## {form}\n\n{NOTES[form]}\n\n```{fences.get(form, 'json')}\n{written[form]}\n```"
        for form in FORMATS
    )
    error = error_of_json(SERVICE_CODE, SERVICE_JSON)
    unknown = error_of_json("ThrottlingException", '{"message": "Rate exceeded"}')
    return TEMPLATE.format(
        value=VALUE_SOURCE,
        shape=SHAPE,
        places=side_by_side(written),
        forms=forms,
        code=SERVICE_CODE,
        service_json=SERVICE_JSON,
        service_xml=SERVICE_XML,
        our_json=error_to_json(error),
        our_xml=error_to_xml(error),
        unknown=error_to_json(unknown),
    )


if __name__ == "__main__":
    PATH.write_bytes(page().encode("utf-8"))
    sys.stdout.write(f"wrote {PATH.name}\n")
