"""moto in this process and on this thread: its WSGI application, and the state behind it.

moto's services are imported when they are first called; together they would take seconds.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from gameday.lab.cloud.http import Request, Response
from gameday.lab.cloud.wire import wsgi_environ
from gameday.lab.log import log

Repair = Callable[[], None]

EXECUTE_API_ZONES = {
    "us-east-1": "Z1UJRXOUMOOFQ8", "us-east-2": "ZOJJZC49E0EPZ", "us-west-1": "Z2MUQ32089INYE",
    "us-west-2": "Z2OJLYMUO9EFXC", "ca-central-1": "Z19DQILCV0OWEC", "sa-east-1": "ZCMLWB8V5SYIT",
    "eu-west-1": "ZLY8HYME6SFDD", "eu-west-2": "ZJ5UAJN8Y3Z2Q", "eu-west-3": "Z3KY65QIEKYHQQ",
    "eu-central-1": "Z1U9ULNL0V5AJ3", "eu-north-1": "Z3UWIKFBOOGXPP",
    "ap-northeast-1": "Z1YSHQZHG15GKL", "ap-northeast-2": "Z20JF4UZKIW1U8",
    "ap-southeast-1": "ZL327KTPIQFUL", "ap-southeast-2": "Z2RPCDW04V8134",
    "ap-south-1": "Z3VO1THU9YC4UR",
}  # fmt: skip
"""Hosted zone of regional API Gateway domains, by Region (AWS General Reference, API Gateway
endpoints). moto gives CloudFront's instead."""

OTHER_EXECUTE_API_ZONE = "Z00000000GAMEDAY"

XML_SERVICES = {
    "autoscaling", "cloudformation", "cloudfront", "elasticloadbalancing", "iam", "monitoring",
    "rds", "route53", "s3", "sns", "sts",
}  # fmt: skip
"""Services whose clients read errors as XML, by signing name."""

MODULES = {"lambda": "awslambda", "monitoring": "cloudwatch"}
"""moto's name of a service where the signing name differs."""


def _regional_domains() -> None:
    models: Any = importlib.import_module("moto.apigateway.models")

    class RegionalDomainName(models.DomainName):  # type: ignore[misc]
        """A custom domain whose hosted zone is that of API Gateway in its Region."""

        def __init__(self, domain_name: str, **kwargs: Any) -> None:
            super().__init__(domain_name, **kwargs)
            self.regional_hosted_zone_id = EXECUTE_API_ZONES.get(
                kwargs.get("region_name") or "", OTHER_EXECUTE_API_ZONE
            )

    models.DomainName = RegionalDomainName


REPAIRS: dict[str, Repair] = {"apigateway": _regional_domains}
"""What moto has wrong, mended when the service is first called."""


class Moto:
    """moto's services for one account."""

    def __init__(self, account: str, base_url: str) -> None:
        self._account, self._base_url = account, base_url
        self._repaired: set[str] = set()
        self.repairs = dict(REPAIRS)
        os.environ.update(
            MOTO_ACCOUNT_ID=account,
            MOTO_ACM_VALIDATION_WAIT="-1",  # certificates are issued when first described
            MOTO_IAM_LOAD_MANAGED_POLICIES="true",
            MOTO_DISABLE_GLOBAL_CORS="true",  # no web page may call the endpoint
        )
        server = importlib.import_module("moto.moto_server.werkzeug_app")
        self._app = server.DomainDispatcherApplication(server.create_backend_app)

    def call(self, request: Request, service: str) -> Response:
        """moto's answer to `request` for `service` (signing name).

        What moto has not got is a 501 that says so; moto's own doors (`/moto-api`, which anybody
        could reset it through) are closed.
        """
        if request.raw_path.startswith("/moto-api"):
            return _failure(service, 404, "NotFound", "moto's own API is not offered here")
        try:
            answer = self._call(request, service)
        except NotImplementedError as error:
            text = f"the lab's {service} lacks this: {error}"
            return _failure(service, 501, "NotImplemented", text)
        except Exception as error:
            log.exception("%s %s of %s", request.method, request.raw_path, service)
            text = f"moto's {service} failed: {type(error).__name__}: {error}"
            return _failure(service, 500, "InternalFailure", text)
        if answer.status == 404 and answer.body.startswith(b"<!doctype html>"):  # no route in moto
            text = f"the lab's {service} lacks {request.method} {request.raw_path}"
            return _failure(service, 501, "NotImplemented", text)
        return answer

    def _call(self, request: Request, service: str) -> Response:
        self.use(service)
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            begun.append((status, headers))
            return lambda data: None

        chunks = self._app(wsgi_environ(request, self._base_url), start_response)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, headers = begun[-1]
        return Response(
            int(status.partition(" ")[0]),
            tuple((k.encode("latin-1"), v.encode("utf-8")) for k, v in headers),
            body,
        )

    def use(self, service: str) -> None:
        """Import and mend `service`, as its first call does."""
        if service not in self._repaired:
            self._repaired.add(service)
            self.repairs.get(service, lambda: None)()

    def backend(self, service: str, region: str) -> Any:
        """moto's backend object of `service` (signing name) in `region` (`aws` when global)."""
        name = MODULES.get(service, service)
        models = importlib.import_module(f"moto.{name}.models")
        prefix = "lambda" if name == "awslambda" else name
        return getattr(models, f"{prefix}_backends")[self._account][region]

    def used(self, service: str) -> bool:
        """Whether `service` has been called, so that looking at its state costs no import."""
        return service in self._repaired


def _failure(service: str, status: int, code: str, message: str) -> Response:
    """An error that clients of `service` can read."""
    if service in XML_SERVICES:
        error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        body = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
        return Response(status, ((b"Content-Type", b"text/xml"),), body.encode())
    headers = ((b"Content-Type", b"application/json"), (b"x-amzn-ErrorType", code.encode()))
    return Response(status, headers, json.dumps({"__type": code, "message": message}).encode())
