"""Code that CDK put beside a template: named by a resource's metadata, or by the stack's manifest.

`cdk synth` writes `aws:asset:path` into metadata; an app that is run without the CLI writes none,
and `NAME.assets.json` tells the same by the key of each object (AWS CDK, "Assets").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SUFFIX = ".template.json"
_CODE = ("Code", "Content")


def stand_in_for_assets(file: Path, body: Mapping[str, Any], bucket: str) -> None:
    """Let code of `body`, the template in `file`, lie in `bucket` under its local path."""
    published = _published(file)
    for resource in body["Resources"].values():
        metadata = resource.get("Metadata") or {}
        named = {metadata.get("aws:asset:property"): metadata.get("aws:asset:path")}
        for key in _CODE:
            code = resource["Properties"].get(key)
            at = code.get("S3Key") if isinstance(code, Mapping) else None
            path = named.get(key) or (published.get(at) if isinstance(at, str) else None)
            if isinstance(path, str):
                resource["Properties"][key] = {"S3Bucket": bucket, "S3Key": path}


def _published(file: Path) -> dict[str, str]:
    """The local path of each object that `cdk deploy` would publish for the template in `file`."""
    manifest = file.with_name(f"{file.name.removesuffix(_SUFFIX)}.assets.json")
    if not file.name.endswith(_SUFFIX) or not manifest.is_file():
        return {}
    try:
        files = json.loads(manifest.read_text()).get("files") or {}
        return {str(place["objectKey"]): str(about["source"]["path"])
                for about in files.values() for place in about["destinations"].values()
                if about["source"].get("path")}  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}  # somebody else's file of that name
