"""Reads CloudFormation and SAM templates, YAML or JSON, as they were written.

Nothing is resolved here but AWS::Include of files beside the template. Short forms (`!Sub`) become
their long forms, and unquoted dates stay text: `Version: 2012-10-17` is a policy version, which
YAML would turn into a date.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gameday.errors import TemplateError

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"
INCLUDE = "AWS::Include"
SECTIONS_OF_MAPPINGS = ("Parameters", "Mappings", "Outputs", "Globals")
SECTIONS = (*SECTIONS_OF_MAPPINGS, "Conditions")


@dataclass(frozen=True, slots=True)
class Template:
    """A template's file and body; `body["Resources"]` is a mapping of mappings with a `Type`."""

    file: Path
    body: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources by logical id."""
        found: dict[str, dict[str, Any]] = self.body["Resources"]
        return found

    def section(self, name: str) -> dict[str, Any]:
        """A section such as `Parameters`, empty where the template has none."""
        return self.body.get(name) or {}

    @property
    def is_sam(self) -> bool:
        """Whether it needs SAM's transform: by its types, for some templates forget to say so."""
        return any(r["Type"].startswith("AWS::Serverless::") for r in self.resources.values())


@dataclass(frozen=True, slots=True)
class Route:
    """One route of an API: `method` in capitals or `ANY`, and the function behind it."""

    method: str
    path: str
    function: str  # logical id, or "" where it cannot be told


def load(file: Path) -> Template:
    """The template in `file`.

    :raises TemplateError: unreadable, neither YAML nor JSON, no resources, one without a type, a
        macro.
    """
    whole = _included_at_top(load_document(file), file)
    body = {name: _included_section(section, file) for name, section in whole.items()}
    for name in SECTIONS:
        section = body.get(name) or {}
        if not isinstance(section, dict):
            raise TemplateError(f"{file}: {name}: must be a mapping")
        for entry, about in section.items() if name in SECTIONS_OF_MAPPINGS else ():
            if not isinstance(about, dict):
                raise TemplateError(f"{file}: {entry}: must be a mapping")
    resources = body.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise TemplateError(f"{file}: no Resources; is this a CloudFormation or SAM template?")
    for logical_id, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise TemplateError(f"{file}: {logical_id}: a resource needs a Type")
        if not isinstance(resource.setdefault("Properties", {}), dict):
            raise TemplateError(f"{file}: {logical_id}: Properties must be a mapping")
    return Template(file, body)


def load_document(file: Path) -> dict[str, Any]:
    """The mapping that a YAML or JSON file holds, intrinsic functions in their long form.

    :raises TemplateError: unreadable or not a mapping; names the file and, for syntax, the line.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        reason = e.strerror if isinstance(e, OSError) else "not UTF-8 text"
        raise TemplateError(f"{file}: cannot read it: {reason}") from e
    try:
        body = json.loads(text) if file.suffix == ".json" else yaml.load(text, _Loader)
    except json.JSONDecodeError as e:
        raise TemplateError(f"{file}:{e.lineno}: not JSON: {e.msg}") from e
    except yaml.YAMLError as e:
        raise TemplateError(f"{file}{_line(e)}: not YAML: {_problem(e)}") from e
    if not isinstance(body, dict):
        raise TemplateError(f"{file}: empty, or not a mapping")
    return body


def _included_at_top(body: dict[str, Any], file: Path) -> dict[str, Any]:
    """`body` with what its transforms include, section by section.

    :raises TemplateError: a transform that is neither SAM's nor AWS::Include, by name.
    """
    transforms = body.get("Transform") or []
    for transform in transforms if isinstance(transforms, list) else [transforms]:
        if isinstance(transform, dict):
            for name, section in _snippet(transform, file, str(file)).items():
                own = body.get(name)
                both = isinstance(section, dict) and isinstance(own, dict)
                body[name] = section | own if both else own or section
        elif transform != SAM_TRANSFORM:
            raise TemplateError(f"{file}: Transform: {transform} is not carried out by the lab")
    return body


def _included_section(section: Any, file: Path) -> Any:
    """A section such as Resources; what is wrong with an entry is said under its name."""
    if not isinstance(section, dict):
        return section
    brought = section.pop("Fn::Transform", None)
    entries = {n: _included(entry, file, f"{file}: {n}") for n, entry in section.items()}
    return entries if brought is None else _snippet(brought, file, str(file)) | entries


def _included(value: Any, file: Path, place: str) -> Any:
    """`value` with each `Fn::Transform` of AWS::Include replaced by the file that it names."""
    if isinstance(value, list):
        return [_included(item, file, place) for item in value]
    if not isinstance(value, dict):
        return value
    own = {n: _included(item, file, place) for n, item in value.items() if n != "Fn::Transform"}
    if "Fn::Transform" not in value:
        return own
    return _snippet(value["Fn::Transform"], file, place) | own


def _snippet(transform: Any, file: Path, place: str) -> dict[str, Any]:
    """What one `{Name: AWS::Include, Parameters: {Location: FILE}}` brings in."""
    about = transform if isinstance(transform, dict) else {}
    if about.get("Name") != INCLUDE:
        name = about.get("Name", transform)
        raise TemplateError(f"{place}: Fn::Transform: {name} is not carried out by the lab")
    location = (about.get("Parameters") or {}).get("Location")
    if not isinstance(location, str) or location.startswith("s3:"):
        raise TemplateError(f"{place}: {INCLUDE}: Location {location} is no file beside the "
                            "template; name one")  # fmt: skip
    brought = file.parent / location
    found: dict[str, Any] = _included(load_document(brought), brought, str(brought))
    return found


def routes(template: Template) -> list[Route]:
    """Every API route the template states: SAM events, API bodies, explicit methods and routes."""
    found: dict[Route, None] = {}
    for logical_id, resource in template.resources.items():
        kind, properties = resource["Type"], resource["Properties"]
        if kind == "AWS::Serverless::Function":
            found.update(dict.fromkeys(_event_routes(logical_id, properties)))
        elif kind in BODIES:
            found.update(dict.fromkeys(_body_routes(properties.get(BODIES[kind]))))
        elif kind == "AWS::ApiGatewayV2::Route":
            method, _, path = str(properties.get("RouteKey", "")).partition(" ")
            if path:
                found[Route(method, path, "")] = None
        elif kind == "AWS::ApiGateway::Method":
            path = _method_path(template, properties.get("ResourceId"))
            function = _named_function(properties.get("Integration"), template)
            found[Route(str(properties.get("HttpMethod", "ANY")).upper(), path, function)] = None
    return list(found)


BODIES = {
    "AWS::Serverless::Api": "DefinitionBody",
    "AWS::Serverless::HttpApi": "DefinitionBody",
    "AWS::ApiGateway::RestApi": "Body",
    "AWS::ApiGatewayV2::Api": "Body",
}
"""Where an API's OpenAPI document stands, by resource type."""

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
ANY_METHOD = "x-amazon-apigateway-any-method"


def body_methods(body: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """`(path, METHOD, operation)` for each operation of an OpenAPI document."""
    for path, item in (body.get("paths") or {}).items():
        for method, operation in (item or {}).items():
            if method.lower() in METHODS:
                yield path, method.upper(), operation or {}
            elif method == ANY_METHOD:
                yield path, "ANY", operation or {}


def _event_routes(function: str, properties: Mapping[str, Any]) -> Iterator[Route]:
    for event in (properties.get("Events") or {}).values():
        if event.get("Type") in ("Api", "HttpApi"):
            about = event.get("Properties") or {}
            path, method = about.get("Path", "$default"), str(about.get("Method", "ANY"))
            if isinstance(path, str):
                yield Route("ANY" if method in ("*", "any") else method.upper(), path, function)


def _body_routes(body: Any) -> Iterator[Route]:
    if isinstance(body, dict):
        for path, method, operation in body_methods(body):
            yield Route(method, path, _named_function(operation, None))


def _method_path(template: Template, resource_id: Any) -> str:
    """The path of an explicit method, from the chain of AWS::ApiGateway::Resource."""
    parts: list[str] = []
    while isinstance(resource_id, dict) and "Ref" in resource_id:
        properties = template.resources.get(resource_id["Ref"], {}).get("Properties", {})
        parts.insert(0, str(properties.get("PathPart", "")))
        resource_id = properties.get("ParentId")
    return "/" + "/".join(parts)


def _named_function(integration: Any, template: Template | None) -> str:
    """The logical id whose `.Arn` an integration's URI names, or an empty text."""
    known = None if template is None else template.resources
    for text in _texts(integration):
        before, mark, _ = text.partition(".Arn")
        name = before.rpartition("{")[2]
        if mark and name.isalnum() and (known is None or name in known):
            return name
    return ""


def _texts(value: Any) -> Iterator[str]:
    """Every text in `value`; a GetAtt pair is read as `A.B`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Fn::GetAtt" and isinstance(item, list):
                yield ".".join(map(str, item))
            else:
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads CloudFormation's tags and leaves dates alone."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


def _unique_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    """A mapping whose keys are all different; YAML's own would keep the last and say nothing."""
    loader.flatten_mapping(node)
    pairs: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in pairs:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is given twice", key_node.start_mark
            )
        pairs[key] = loader.construct_object(value_node, deep=True)
    return pairs


_Loader.add_multi_constructor("!", _short_form)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]
