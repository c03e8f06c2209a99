"""The OpenAPI 3.1 document, made from the operations and the models that validate."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gallery.api.answers import Problem
from gallery.api.operation import Operation
from gallery.errors import BadRequest, Forbidden, GalleryError, NotFound, Unauthorized, Unavailable
from gallery.keys import EXT_OF

_REF = "#/components/schemas/{model}"
_PROBLEM: dict[str, Any] = {
    "application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}
}
_DESCRIPTIONS = {200: "OK", 201: "Created", 204: "Done", 206: "A part", 302: "Elsewhere",
                 304: "Not modified", 416: "No such range"}  # fmt: skip


def document(operations: list[Operation]) -> dict[str, Any]:
    """The document as JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = operation.path.replace(":path}", "}")
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    shown = {m for o in operations for m in (o.body, o.form, o.answer) if m} | {Problem}
    ordered = sorted(shown, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(m, "validation") for m in ordered], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gallery",
            "version": "1",
            "description": "Images of anonymous visitors, known by a signed cookie. "
            "Errors are application/problem+json with a stable code.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "visitor": {"type": "apiKey", "in": "cookie", "name": "anon_id"},
                "admin": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    out: dict[str, Any] = {
        "operationId": _operation_id(operation),
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation.path), *_query_parameters(operation.query)],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        schema = {"$ref": _REF.format(model=operation.body.__name__)}
        content: dict[str, Any] = {"application/json": {"schema": schema}}
        out["requestBody"] = {"required": operation.body_required, "content": content}
    if operation.form is not None:
        schema = {"$ref": _REF.format(model=operation.form.__name__)}
        encoding = {"meta": {"contentType": "application/json"}}
        content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
        out["requestBody"] = {"required": True, "content": content}
        out["parameters"].append(_IDEMPOTENCY_KEY)
    if operation.raw:
        content = {mime: {"schema": {"type": "string", "format": "binary"}} for mime in EXT_OF}
        out["requestBody"] = {"required": True, "content": content}
    if operation.security == "visitor":
        out["security"] = [{"visitor": []}, {}]
    elif operation.security == "admin":
        out["security"] = [{"admin": []}]
    return out


_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A repeat with the same key finds the image of the first",
}


def _operation_id(operation: Operation) -> str:
    words = re.findall(r"[a-z0-9]+", operation.path.removeprefix("/api/v1").lower())
    return (
        "_".join([operation.method.lower(), *words])
        if words
        else f"{operation.method.lower()}_root"
    )


def _path_parameters(path: str) -> list[dict[str, Any]]:
    schemas: dict[str, dict[str, Any]] = {
        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "key": {"type": "string", "minLength": 1},
        "token": {"type": "string", "pattern": "^[A-Za-z0-9._-]+$"},
    }
    names = re.findall(r"{(\w+)", path)
    return [
        {"name": name, "in": "path", "required": True, "schema": schemas[name]} for name in names
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template=_REF)
    out = []
    for name, prop in schema["properties"].items():
        shape = _without_null(prop)
        parameter: dict[str, Any] = {
            "name": name,
            "in": "query",
            "required": False,
            "schema": shape,
        }
        if "description" in shape:
            parameter["description"] = shape.pop("description")
        out.append(parameter)
    return out


def _without_null(prop: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: leaving the parameter out says it."""
    shape = {key: value for key, value in prop.items() if key not in ("anyOf", "title")}
    for option in prop.get("anyOf", ()):
        if option.get("type") != "null":
            shape |= option
    if shape.get("default", 0) is None:
        del shape["default"]
    return shape


def _responses(operation: Operation) -> dict[str, Any]:
    out: dict[str, Any] = {}
    ok: dict[str, Any] = {"description": _DESCRIPTIONS[operation.status]}
    if operation.answer is not None:
        schema = {"$ref": _REF.format(model=operation.answer.__name__)}
        ok["content"] = {operation.media: {"schema": schema}}
    elif operation.status != 204:
        ok["content"] = {operation.media: {}}
    out[str(operation.status)] = ok
    for status in operation.statuses:
        out[str(status)] = {"description": _DESCRIPTIONS[status]}
    for error in sorted(_errors(operation), key=lambda error: error.status):
        out[str(error.status)] = {"description": error.title, "content": _PROBLEM}
    return out


def _errors(operation: Operation) -> set[type[GalleryError]]:
    """Its own, and those that any request of its shape can meet."""
    found = {*operation.errors}
    if operation.security != "none":
        found.add(Unavailable)
    if operation.security == "admin":
        found |= {Unauthorized, Forbidden}
    if operation.query or operation.body or operation.form:
        found.add(BadRequest)
    if operation.method != "GET":
        found |= {Forbidden, BadRequest}
    if "{" in operation.path:
        found.add(NotFound)
    return found
