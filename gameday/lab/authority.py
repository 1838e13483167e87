"""The lab's own certificate authority, so that HTTPS health checks meet a real chain."""

from __future__ import annotations

import os
from pathlib import Path

import trustme


def create(folder: Path) -> tuple[Path, Path]:
    """A new authority in `folder`: (certificate file, private key file; the key is 0600)."""
    authority = trustme.CA(organization_name="gameday lab")
    certificate, key = folder / "ca.pem", folder / "ca.key"
    certificate.write_bytes(authority.cert_pem.bytes())
    write_private(key, authority.private_key_pem.bytes())
    return certificate, key


def write_private(path: Path, content: bytes) -> None:
    """Write `path` so that only its owner can read it, at every moment."""
    path.unlink(missing_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
