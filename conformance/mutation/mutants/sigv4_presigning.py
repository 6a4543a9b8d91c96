# SPDX-License-Identifier: MIT
"""Mutants of refimpl/sigv4_presigning.py."""

ROWS = (
    (
        "presign-token-always-signed",
        "SIG-018",
        "signs the token of a presigned URL even if the option says not to",
        "unsigned = token if omit_session_token else []",
        "unsigned = []",
    ),
    (
        "presign-token-dropped",
        "SIG-018",
        "omits an unsigned token from the presigned URL",
        "for name, value in unsigned + [(SIGNATURE_PARAMETER, signature)])",
        "for name, value in [(SIGNATURE_PARAMETER, signature)])",
    ),
    (
        "presign-parameters-doubled",
        "SIG-030",
        "keeps given parameters that have the names of the signature's own",
        "not in replaced]",
        'not in ("",)]',
    ),
    (
        "presign-no-algorithm",
        "SIG-030",
        "omits X-Amz-Algorithm from the query",
        'own = [("X-Amz-Algorithm", ALGORITHM), ',
        "own = [",
    ),
    (
        "presign-signed-headers-unsigned",
        "SIG-030",
        "lists only host in X-Amz-SignedHeaders",
        '("X-Amz-SignedHeaders", names)]',
        '("X-Amz-SignedHeaders", "host")]',
    ),
    (
        "presign-expires-zero",
        "SIG-031",
        "accepts an expiry of 0 seconds",
        "if not 1 <= expires <= MAX_EXPIRES:",
        "if not 0 <= expires <= MAX_EXPIRES:",
    ),
    (
        "presign-expires-beyond",
        "SIG-031",
        "accepts an expiry of one second more than a week",
        "if not 1 <= expires <= MAX_EXPIRES:",
        "if not 1 <= expires <= MAX_EXPIRES + 1:",
    ),
    (
        "presign-expires-a-day",
        "SIG-031",
        "limits the expiry to one day",
        "if not 1 <= expires <= MAX_EXPIRES:",
        "if not 1 <= expires <= 86400:",
    ),
    (
        "presign-token-unsigned",
        "SIG-033",
        "does not sign the token of a presigned URL",
        "own if unsigned else own + token",
        "own",
    ),
    (
        "presign-date-header-signed",
        "SIG-034",
        "a presigner signs given x-amz-date and x-amz-security-token headers",
        "_without(headers, (DATE_HEADER, TOKEN_HEADER))",
        "_without(headers, ())",
    ),
    (
        "presign-host-empty-among-several",
        "SIG-014",
        "checks the joined value of several Host headers of a presigned request",
        "check_hosts(kept)",
        "pass",
    ),
    (
        "presign-kelvin-dropped",
        "SIG-025",
        "leaves out a header whose name is that of the token only in Unicode",
        "if ascii_lower(pair[0]) not in names",
        "if pair[0].lower() not in names",
    ),
)
