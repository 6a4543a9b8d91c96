# SPDX-License-Identifier: MIT
"""Why some generated mutants cannot be killed by any case: a table of reasons.

equivalent:   the same behaviour, computed in another way
speed:        the same behaviour with other speed or memory
message:      other wording, offset or evidence of an error, which the cases do not judge
bound:        a bound or a choice that no rule fixes
unreachable:  no operation of the adapter protocol reaches or shows it; unit tests do
hole:         a case is missing

A row names a module, functions, code of the statement and a change. Empty parts match everything,
and the first row that matches decides. The code is compared token by token. A statement that no
case reaches counts as unreachable if no row matches. That is a
presumption: review the new ones after each run of `prove --generated`.
"""

import re
from typing import List, NamedTuple, Tuple

from conformance.mutation.generated import Place
from conformance.mutation.patch import places_of


class Row(NamedTuple):
    """A reason, and the mutants for which it holds: patterns for module, function and change, and
    code of the statement.
    """

    module: str
    functions: str
    code: str
    change: str
    reason: str


def _rows(reason: str, module: str, *places: Tuple[str, ...]) -> List[Row]:
    """Return the rows of one reason.

    A place is (pattern of functions, code, pattern of changes); trailing parts are optional.
    """
    return [
        Row(module, functions, code, change, reason)
        for functions, code, change in [(*place, "", "")[:3] for place in places]
    ]


ROWS: Tuple[Row, ...] = tuple(
    _rows(
        "unreachable",
        ".*",
        (".*", "require_type(", "statement dropped"),
        (r".*\.__(repr|str|hash|eq|reduce|setattr|delattr)__",),
    )
    # What an error tells besides its kind and code.
    + _rows(
        "message",
        "eventstream.*",
        ("", "offset: int = 0"),
        (".*", "self._offset"),
        ("decode_headers|_read_header", "offset=offset +"),
        ("short_error|utf8_error|_cause_of_end",),
    )
    + _rows(
        "message",
        "http1",
        (r"ChunkedBody\.missing|looks_like_tls",),
        ("parse_status_line", "looks_like_tls"),
        (".*", "(reason or"),
    )
    + _rows(
        "message",
        "operation_.*|endpoint_url",
        ("_describe",),
        (".*", "error.message = "),
        (".*", "error.status = "),
        (".*", "error.request_id = "),
        (".*", "_delivered"),
        (".*", "secret = any"),
    )
    + _rows(
        "message",
        "fields",
        ("FieldType", "sensitive"),
        ("_member_of_name",),
        (".*", "wanted.sensitive"),
        ("_check_string",),
    )
    + _rows("message", "documents.datatype", (".*", "sensitive"))
    + _rows(
        "message", "documents.value_format", (r"Place|Place\.member|member_path",), ("_tag_of",)
    )
    + _rows(
        "message", "shapes", ("", "sensitive=True"), ("UnknownOperationError", "sensitive=True")
    )
    + _rows("message", "errordocument", ("", "sensitive=True"))
    + _rows("message", "convert", (".*", "hidden=True"))
    + _rows(
        "message",
        "documents.json_format",
        ("_reject_duplicate",),
        (".*", '"pos", 0'),
        (".*", "self._seen"),
    )
    + _rows("message", "documents.xml_format", ("_xml_elements",))
    + _rows(
        "message", "documents.query_format", ("_decoded_pairs", "match.start(2)"), ("_query_tree",)
    )
    + _rows(
        "message",
        r"text\..*",
        (".*", "self._offset"),
        (".*", "error.unread"),
        (".*", 'self._keep(b""'),
        (".*", "self._keep(data, 0)"),
    )
    # What is remembered, and when it is looked at.
    + _rows(
        "speed",
        "eventstream.*",
        (".*", "self._needed ="),
        (".*", "self._pending = bytearray"),
        (".*", "isinstance(self._pending"),
        (r".*\._read_frames", "!= block"),
    )
    + _rows("speed", "sigv4_.*", (r"_KeyCache\.k_signing",), ("hmac_sha256",))
    + _rows("speed", "documents.xml_format", (".*", "buffer_text"))
    + _rows(
        "speed",
        "text.server_sent_events",
        (r"ServerSentEventDecoder\._read_plainly", "position = max(0, len(kept) - 2)", "2 -> 3"),
        (r"ServerSentEventDecoder\._read_fields", 'block.startswith("data:")'),
    )
    # Bounds that no rule fixes, or that a vector file is too small for.
    + _rows(
        "bound",
        "eventstream.*",
        ("", "DEFAULT_MAX_FRAME_LENGTH"),
        ("", "MAX_PAYLOAD_LENGTH"),
        ("encode", '_check_limit("payload"'),
        (".*", "<= total_length <= max_frame_length"),
        ("check_max_frame_length", "FRAME_OVERHEAD"),
    )
    + _rows(
        "bound",
        "http1",
        ("", "MAX_LINE"),
        ("", "MAX_HEADERS"),
        ("", "MAX_INTERIM"),
        ("parse_header_lines", "MAX_HEADERS"),
        (r"ChunkedBody\._line_end",),
    )
    + _rows(
        "bound",
        "operation_.*|endpoint_url",
        ("", "MAX_ERROR_BODY"),
        (".*", "MAX_ERROR_BODY"),
        (".*", "MODELLED_BODY_LIMIT"),
    )
    + _rows(
        "bound",
        "documents.value_format",
        ("document_bytes", "MAX_DOCUMENT_LENGTH"),
        ("check_nodes",),
    )
    + _rows("bound", "message_json", ("",), ("header_json_value",))
    + _rows(
        "bound",
        "documents.json_format",
        ("", "MAX_JSON_DEPTH"),
        (".*", "MAX_JSON_DEPTH"),
        (".*", "MAX_DOCUMENT_NODES"),
        (".*", "check_nodes("),
    )
    + _rows("bound", "documents.xml_format", ("", "MAX_XML_DEPTH"), (".*", "nodes"))
    + _rows(
        "bound",
        "documents.query_format",
        ("", "MAX_QUERY_DEPTH"),
        (".*", "check_nodes("),
        ("_leaves", "MAX_QUERY_DEPTH"),
    )
    + _rows("bound", "shapes", ("", "MODELLED_BODY_LIMIT"))
    + _rows(
        "bound",
        r"text\..*",
        ("", "SNIFFED"),
        ("", "_MAX_RETRY_DIGITS"),
        (".*", "self._max_length"),
        (r"TextDecoder\.__init__", "max_length"),
        # TXT-031 says SHOULD.
        (r"ServerSentEventDecoder\._finish", "self._reject("),
    )
    # What the protocol does not ask or show.
    + _rows("unreachable", "eventstream.*", (r"FrameReader\._fail",))
    + _rows(
        "unreachable",
        "sigv4_.*",
        ("", "_EPOCH"),
        ("_?amz_date_of|is_number",),
        (r"Credentials\.__init__", "expires"),
        ("Signer", "max_keys"),
        (r"Signer\.__init__",),
        (".*", "normalize: bool = True"),
        ("verify|_check_max_skew", "max_skew"),
        ("verify", "checked_scope("),
        ("_not_available|scope_in",),
    )
    + _rows(
        "unreachable",
        "operation_.*|endpoint_url",
        ("", "DEFAULT_PORTS"),
        ("", "_RETRYABLE_STATUSES"),
        ("request_id_of",),
        (".*", "unknown_events"),
        (".*", "self._failed = True"),
        ("ResponseReader", "complete: bool = True"),
        ("error_of_response", "throttled"),
        ("error_of_response", "request_id="),
        ("error_of_response", "fault="),
        ("error_of_response", "retryable="),
    )
    + _rows("unreachable", "fields", ("check_value", "member_of_union"))
    + _rows("unreachable", "documents.value_format", ("_structure_members",))
    + _rows("unreachable", "documents.datatype", (r"DataType\.make",))
    + _rows(
        "unreachable",
        "shapes",
        ("", "MESSAGE ="),
        ("Shape", "validate: bool"),
        (".*", "modelled_status"),
        (".*", "fault = True"),
        (r"UnknownOperationError\.__init__",),
    )
    + _rows(
        "unreachable",
        "errordocument",
        (r"ErrorDocument\.(request_id|has_null_message)",),
        ("_error_of", "if code is not None"),
    )
    + _rows(
        "unreachable",
        "documents.json_format",
        ("json_text",),
    )
    + _rows("unreachable", "documents.xml_format", ("parse_xml", "ParserCreate"))
    + _rows("unreachable", "documents.header_format", ("read_headers", "check_type"))
    + _rows(
        "unreachable",
        r"text\..*",
        (r"TextDecoder\.(close|_reject)", "self._ended"),
        (r"TextDecoder\._reject", "self._kept"),
        ("_is_time",),
        (r"ServerSentEventDecoder\._read_fields", 'name == "retry"'),
        (".*", "retry"),
    )
    # What comes to the same.
    + _rows(
        "equivalent",
        "eventstream.*",
        ("_integer", "struct.unpack"),
        ("encode", "PRELUDE.pack"),
        (r"FrameReader\.read", "isinstance(data, bytes)"),
        (".*", "unpack_u32(data, end - 4)[0]"),
        (".*", 'return FrameError("total length too small"'),
    )
    + _rows(
        "equivalent",
        "sigv4_.*",
        ("", "_ENCODED = "),
        ("payload_hash", "isinstance"),
        ("authorization_of",),
        ("verify", "check_method("),
        ("verify", '"authorization" for name'),
        ("_check_claim", "seconds_of(claim.amz_date)"),
    )
    + _rows(
        "equivalent",
        "http1",
        ("body_framing", "[0]", "0 -> -1"),
        (".*", "head.minor_version == 0", "0 -> -1"),
        ("body_framing", "(204, 304)"),
        ("body_framing", "Framing(False, 0)"),
        ("body_framing", "lengths[0]"),
        (r"ChunkedBody\.__init__",),
        (r"ChunkedBody\._read", "match.group(1)"),
        (r"ChunkedBody\._read", "end > length"),
        (r"ChunkedBody\._read", "position < 2"),
        (r"ChunkedBody\.feed", "len(pieces) == 1"),
    )
    + _rows(
        "equivalent",
        "operation_.*|endpoint_url",
        ("parse_endpoint_url", "if match else 0"),
        (".*", "status >= 400", "400 -> 399"),
    )
    + _rows("equivalent", "fields", ("FieldType", "min_length"))
    + _rows(
        "equivalent",
        "documents.value_format",
        ("_write_events", "elements[0]"),
        ("check_text", "encode"),
        ("_read_field", "candidates[0]"),
        ("checked_text",),
        ("_content", "isinstance"),
    )
    + _rows("equivalent", "documents.datatype", ("", "min_length: int = 0"))
    + _rows("equivalent", "documents.header_format", ("checked_headers",))
    + _rows("equivalent", "shapes", ("", "min_length=1"))
    + _rows(
        "equivalent",
        "convert",
        ("_tree_of_plain", 'place.reject("not a list of members"'),
        ("_is_pair_of_text",),
    )
    + _rows(
        "equivalent",
        "documents.xml_format",
        (".*", "root.children[0]"),
    )
    + _rows("equivalent", "documents.query_format", ("_query_bytes", "node.values[0]"))
    + _rows(
        "equivalent",
        "documents.json_format",
        (r"ValueScanner\.__init__", "depth = 0"),
        ("ValueScanner", "start: int = 0"),
    )
    + _rows(
        "equivalent",
        r"text\..*",
        (r"TextDecoder\.feed", "data.__class__ is not bytes"),
        (r"LineDecoder\._read_lines", "while start"),
        (r"ServerSentEventDecoder\._read_plainly", "self._read_events(text, 0, results)"),
        # A kept text does not begin with a line end, and a CR before the LF is removed later.
        (
            r"ServerSentEventDecoder\._read_plainly",
            "position = max(0, len(kept) - 2)",
            "0 -> 1|2 -> 1",
        ),
        (r"ServerSentEventDecoder\._without_mark", 'return b""'),
    )
)


def reason_of(place: Place, statement: str, unreached: bool) -> str:
    """Return why a mutant of that statement is not killed. unreached: no case executes the
    statement.
    """
    for row in ROWS:
        if (
            re.fullmatch(row.module, place.module)
            and re.fullmatch(row.functions, place.function)
            and (not row.code or places_of(statement, row.code))
            and re.search(row.change, place.what)
        ):
            return row.reason
    return "unreachable" if unreached else "hole"
