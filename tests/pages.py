# SPDX-License-Identifier: MIT
"""`python3 -m tests.pages`: writes docs/one-value-in-five-forms.md anew, every document in it made by refimpl.

tests/test_docs.py compares what is committed with what this makes, and reads each document of the page back.
"""

import sys
from pathlib import Path

from refimpl.convert import FORMATS, convert
from refimpl.errordocument import error_of_json, error_to_json, error_to_xml
from refimpl.shapes import InvokeEndpointWithResponseStreamOutput, PayloadPart

PATH = Path(__file__).resolve().parents[1] / "docs" / "one-value-in-five-forms.md"
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

# What to see in each form.
FORMS_TOLD = {
    "json": "A member that HTTP carries in a header has the header's name (SHP-007), the others their own. JSON is text, and "
    "`caf\\xc3` is none, so bytes stand in base64 (SHP-010). Two events are a list (SHP-012). Nothing is indented: these are "
    "the bytes that a program sends.",
    "xml": "The root has the shape's name, and nobody reads it (SHP-017). The two events are two children of one `Body`, in their "
    "order. The empty CustomAttributes is an empty element; an absent one would be no element.",
    "query": "One pair for each scalar; the path to it is the name (SHP-019). Each name begins with a capital, so `x-Amzn-` became "
    "`X-Amzn-`. Events are numbered, from 1. No base64: here every byte can be escaped (SHP-020).",
    "value": "The tree from which the other forms are written (SHP-023): each value with its type. A program sees the bytes "
    "themselves; only to be shown here, as JSON, they are base64.",
    "headers": "What HTTP does with the shape (SHP-024): three members are headers, the fourth is the body. On the wire the body "
    "is no JSON, but frames: one for each event (chapter 4 of SPEC.md).",
}

# The same member in each form: a fragment that must stand in the document.
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
    "<OriginalStatusCode>500</OriginalStatusCode><OriginalMessage>a &lt; b</OriginalMessage></Error>"
    "<RequestId>ea3a0d5e</RequestId></ErrorResponse>"
)

TEMPLATE = """# One value in five forms

A call to a model answered with two pieces of text and three headers. In Python that is one value, an immutable one:

```python
{value}
```

The first piece ends in the middle of a letter: `\\xc3` and `\\xa9` together are *é*. Where a piece ends says nothing.
CustomAttributes is there and empty, which is not the same as absent.

Below is this value in each form, byte for byte. All are written from one table of fields and read back to an equal value;
a test makes this page anew and compares. Try it: save one of them as `document` and let the other forms be written:

```console
$ python3 -m refimpl convert --shape {shape} --from json --to xml document
```

## Side by side

{places}

{forms}

## An error, likewise

A service sends an error beside a status and a code. In JSON the code came in the header `x-amzn-errortype`, here as
`{code}`; what counts is what stands before the first `:` (HTTP-031):

```json
{service_json}
```

Another service, or a gateway, answers in XML, in an envelope and with the code inside (HTTP-036):

```xml
{service_xml}
```

Both are the same value, a `ModelError`, which is an exception, too. Written down by us, the document tells its own name
(SHP-027), in JSON and in XML:

```json
{our_json}
```

```xml
{our_xml}
```

An error that the model does not name keeps its code, and what came as text:

```json
{unknown}
```

What the seed of these forms, the library awso, does otherwise is in SPEC.md, chapter 14.
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
        f"## {form}\n\n{FORMS_TOLD[form]}\n\n```{fences.get(form, 'json')}\n{written[form]}\n```"
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
