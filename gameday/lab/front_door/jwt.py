"""JWT authorizers of HTTP APIs: whether a token's claims let a request pass, and what they tell.

Signatures are not checked, because an issuer's keys lie beyond loopback; a deployment says so.
Algorithm, issuer, audience, times and the route's scopes are.

Source: the page "Control access to HTTP APIs with JWT authorizers in API Gateway".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

_PREFIX = "bearer "


def judge(authorizer: Json, token: str, scopes: Sequence[str], now: float) -> dict[str, Any] | str:
    """`claims` and `scopes` for the function behind, or the kind of the refusal.

    `now` is unix time; `scopes` are the route's, of which the token needs one.
    """
    claims = _claims(token)
    if claims is None or not _holds(authorizer, claims, now):
        return "unauthorized"
    held = str(claims.get("scope") or claims.get("scp") or "").split()
    if scopes and not set(scopes) & set(held):
        return "denied"
    return {
        "claims": {name: _text(value) for name, value in claims.items()},
        "scopes": [s for s in scopes if s in held] or None,
    }


def _claims(token: str) -> dict[str, Any] | None:
    """The claims of a token by an RSA algorithm; None for what is no token."""
    if token.lower().startswith(_PREFIX):
        token = token[len(_PREFIX) :]
    parts = token.strip().split(".")
    if len(parts) != 3 or not all(parts):
        return None
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
    except ValueError:
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    return claims if str(header.get("alg")).startswith("RS") else None


def _holds(authorizer: Json, claims: Json, now: float) -> bool:
    audience = claims.get("aud", claims.get("client_id"))
    named = audience if isinstance(audience, list) else [audience]
    return (
        claims.get("iss") == authorizer["issuer"]
        and bool(set(map(str, named)) & set(authorizer["audience"]))
        and _number(claims.get("exp"), 0.0) > now
        and _number(claims.get("nbf"), now) <= now
        and _number(claims.get("iat"), now) <= now
    )


def _number(value: Any, default: float) -> float:
    if value is None:
        return default
    return float(value) if isinstance(value, int | float) else float("nan")


def _text(value: Any) -> str:
    """Claims arrive as texts; lists without commas, as observed."""
    if isinstance(value, list):
        return f"[{' '.join(_text(item) for item in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
