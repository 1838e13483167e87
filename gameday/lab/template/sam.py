"""SAM to CloudFormation by AWS's own translator, offline.

The translator accepts no local code path, so each becomes an `s3://` stand-in which
`code.LOCAL_BUCKET` recognises afterwards; it is imported only here, because that takes most of a
second.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from gameday.errors import TemplateError
from gameday.lab.template.assets import stand_in_for_assets
from gameday.templates import SAM_TRANSFORM, Template, load_document

LOCAL_BUCKET = "gameday-local"
"""The bucket of the stand-ins; the key is the path as the template has it."""

_LOCAL_KEYS = ("CodeUri", "ContentUri", "DefinitionUri")
_APIS = frozenset({"AWS::Serverless::Api", "AWS::Serverless::HttpApi"})
_NEEDS_CODE = frozenset({"AWS::Serverless::Function"})


def translate(template: Template, region: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The template's body in plain CloudFormation.

    `parameters` are the values known before anything is deployed; parameters without one stay Refs,
    whatever their defaults say.

    :raises TemplateError: what the translator says, one line.
    """
    body = copy.deepcopy(template.body)
    stand_in_for_assets(template.file, body, LOCAL_BUCKET)
    if not template.is_sam:
        return body
    _stand_in_for_local_code(template, body)
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it speaks of its own metrics
    body["Transform"] = SAM_TRANSFORM
    defaults = _take_defaults(body, parameters)
    session = SimpleNamespace(region_name=region)
    try:
        translator = Translator(None, Parser(), boto_session=session)
        plain: dict[str, Any] = translator.translate(
            body, parameter_values=dict(parameters), get_managed_policy_map=dict
        )
    except InvalidDocumentException as e:
        raise TemplateError(f"{template.file}: {'; '.join(_complaints(e))}") from None
    plain.pop("Transform", None)
    for name, default in defaults.items():
        plain["Parameters"][name]["Default"] = default
    return plain


def _take_defaults(body: dict[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Remove the defaults of parameters whose value comes later; they would be put in for good."""
    later = {n: p for n, p in (body.get("Parameters") or {}).items() if n not in parameters}
    return {name: about.pop("Default") for name, about in later.items() if "Default" in about}


def _stand_in_for_local_code(template: Template, body: dict[str, Any]) -> None:
    code = (body.get("Globals") or {}).get("Function", {}).get("CodeUri")
    if isinstance(code, str) and not code.startswith("s3://"):
        body["Globals"]["Function"]["CodeUri"] = _stand_in(code)
    for resource in body["Resources"].values():
        properties = resource["Properties"]
        for key in _LOCAL_KEYS:
            path = properties.get(key)
            if not isinstance(path, str) or path.startswith("s3://"):
                continue
            if key == "DefinitionUri" and resource["Type"] in _APIS:
                del properties[key]
                properties["DefinitionBody"] = load_document(template.file.parent / path)
            else:
                properties[key] = _stand_in(path)
        if resource["Type"] in _NEEDS_CODE and _without_code(properties) and code is None:
            properties["CodeUri"] = _stand_in(".")  # SAM's own default: the template's folder


def _without_code(properties: Mapping[str, Any]) -> bool:
    return not {"CodeUri", "InlineCode", "ImageUri"} & set(properties)


def _stand_in(path: str) -> str:
    return f"s3://{LOCAL_BUCKET}/{path}"


def _complaints(error: Any) -> Iterator[str]:
    for cause in getattr(error, "causes", [error]):
        yield str(getattr(cause, "message", cause)).replace("\n", " ")
