# SPDX-License-Identifier: MIT
"""Rows: sign one request of the operation at the current time, with its derived key in the cache.

All sign the same request, with the headers that refimpl's client sends. botocore and awscrt start
from a new request each time, because they write their headers into it. SHA-256 is only the hash of
the body, which every signer must compute. bare is the minimum: this hash, those of the two short
strings, and one HMAC.
"""

import contextlib
import hashlib
import io
import json
import time
from types import ModuleType
from typing import Dict, List

from bench.implementations import ACCESS_KEY, REGION, SECRET_KEY
from bench.measure import OURS, Row, Subject, megabytes_per_second, per_second, repeated
from bench.setting import Setting
from refimpl.operation import UNSIGNED_HEADERS, HttpRequest, build_request
from refimpl.shapes import InvokeEndpointWithResponseStreamInput
from refimpl.sigv4 import Credentials, Signer, amz_date_of

URL = "https://runtime.sagemaker.us-east-1.amazonaws.com"
SERVICE = "sagemaker"
MEMBERS = {"endpoint_name": "llm", "content_type": "application/json"}


def rows(setting: Setting) -> List[Row]:
    """Return the rows."""
    small, large = bytes(1024), bytes(5 * 1024 * 1024)
    seconds = 0.02 if setting.quick else 0.25
    subjects = _subjects(setting, small, seconds)
    if setting.implementations.bare is not None:
        subjects["bare"] = _bare(setting.implementations.bare, len(small))
    return [
        Row("sign 1 KiB", "signatures/s", per_second, True, subjects, {"botocore": 4, "awscrt": 1}),
        Row(
            "sign 5 MiB",
            "MB/s",
            megabytes_per_second(len(large)),
            False,
            _subjects(setting, large, seconds),
            {"SHA-256": 1.1},
        ),
    ]


def _subjects(setting: Setting, body: bytes, seconds: float) -> Dict[str, Subject]:
    request = build_request(InvokeEndpointWithResponseStreamInput(body=body, **MEMBERS), URL)
    subjects = {
        OURS: _ours(request, seconds),
        "SHA-256": lambda: repeated(lambda: hashlib.sha256(body).hexdigest(), seconds),
    }
    if setting.implementations.boto3:
        subjects["botocore"] = _botocore(request, seconds)
    if setting.implementations.awscrt:
        subjects["awscrt"] = _awscrt(request, seconds)
    return subjects


def _ours(request: HttpRequest, seconds: float) -> Subject:
    signer, credentials = Signer(), Credentials(ACCESS_KEY, SECRET_KEY)

    def sign() -> object:
        return signer.sign(
            request.method,
            request.target,
            request.headers,
            request.body,
            credentials,
            REGION,
            SERVICE,
            amz_date_of(time.time()),
            unsigned=UNSIGNED_HEADERS,
        )

    return lambda: repeated(sign, seconds)


def _botocore(request: HttpRequest, seconds: float) -> Subject:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as BotocoreCredentials

    signer = SigV4Auth(BotocoreCredentials(ACCESS_KEY, SECRET_KEY), SERVICE, REGION)
    url, headers = request.url, dict(request.headers)

    def sign() -> None:
        signer.add_auth(AWSRequest(request.method, url, headers, request.body))

    return lambda: repeated(sign, seconds)


def _awscrt(request: HttpRequest, seconds: float) -> Subject:
    from awscrt import auth, http

    credentials = auth.AwsCredentialsProvider.new_static(ACCESS_KEY, SECRET_KEY)

    def sign() -> None:
        fresh = http.HttpRequest(
            request.method,
            request.target,
            http.HttpHeaders(list(request.headers)),
            io.BytesIO(request.body),
        )
        auth.aws_sign_request(
            fresh,
            auth.AwsSigningConfig(
                algorithm=auth.AwsSigningAlgorithm.V4,
                signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
                credentials_provider=credentials,
                region=REGION,
                service=SERVICE,
            ),
        ).result()

    return lambda: repeated(sign, seconds)


def _bare(bare: ModuleType, size: int) -> Subject:
    def cost() -> float:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            bare.main(["sign", "--body", str(size)])
        return 1 / float(json.loads(printed.getvalue())["signatures_per_s"])

    return cost
