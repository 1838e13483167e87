"""Request ids as AWS writes them: UUID version 4, and the opaque short ones of API Gateway.

Made from the system's randomness directly, at a quarter of what `uuid.uuid4` costs; they carry no
meaning, so the run's seed has no part in them.
"""

from __future__ import annotations

import base64
import os


def new_request_id() -> str:
    """A random UUID version 4."""
    h = os.urandom(16).hex()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) & 3]}{h[17:20]}-{h[20:]}"


def new_extended_request_id() -> str:
    """An id such as `x-amz-apigw-id` carries, for example `Rkq1yFEwIAMFj2w=`."""
    return base64.b64encode(os.urandom(11)).decode()
