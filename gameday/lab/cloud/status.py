"""What `lab status` shows of the control plane: APIs with invoke URLs, functions, zones, alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameday.lab.cloud import functions, snapshots

if TYPE_CHECKING:
    from gameday.lab.cloud.main import Cloud


def status(cloud: Cloud) -> dict[str, Any]:
    """The answer to a `report`, as JSON; nothing secret (no environment variables) is in it."""
    names = cloud.regions.names
    return {
        "endpoint": cloud.spec["aws_endpoint"],
        "snapshots": cloud.publisher.acknowledged,
        "alarms": cloud.metrics.states(),
        "functions": {n: _functions(cloud, n) for n in names},
        "apis": {n: _apis(cloud, n) for n in names},
        "global_tables": cloud.tables.replicas,
        "zones": [
            {"id": z["id"], "name": z["name"], "record_sets": len(z["record_sets"])}
            for z in cloud.route53.snapshot()["zones"]
        ],
        "health": {c["Id"]: _health(cloud, c) for c in cloud.route53.checks.all()},
        "stacks": [
            {"name": s["name"], "region": s["region"], "status": s["status"]}
            for s in cloud.stacks.all()
        ],
    }


def _functions(cloud: Cloud, region: str) -> dict[str, Any]:
    found = functions.functions(cloud.moto, region, cloud.code_dir)
    shown = ("handler", "runtime", "timeout_s", "memory_mb", "reserved")
    return {name: {k: f[k] for k in shown} for name, f in found.items()}


def _apis(cloud: Cloud, region: str) -> list[dict[str, Any]]:
    place = cloud.spec["regions"][region]
    base = f"http://{place['address']}:{place['http']}/_aws/execute-api"
    domains = snapshots.domains(cloud.moto, region)
    return [
        {
            "id": api["id"],
            "name": api["name"],
            "stage": api["stage"],
            "invoke_url": f"{base}/{api['id']}/{api['stage']}",
            "domains": sorted(
                name for name, maps in domains.items() if any(m["api"] == api["id"] for m in maps)
            ),
        }
        for api in snapshots.apis(cloud.moto, region)
    ]


def _health(cloud: Cloud, check: dict[str, Any]) -> dict[str, Any]:
    health = cloud.route53.health.get(check["Id"], {})
    config = check["HealthCheckConfig"]
    return {
        "name": config.get("FullyQualifiedDomainName") or config.get("IPAddress"),
        "type": config["Type"],
        "inverted": config["Inverted"],
        "healthy": health.get("healthy", not config["Inverted"]),  # new: healthy, then inverted
        "votes": health.get("votes", 0),
        "of": health.get("of", 0),
        "forced": health.get("forced", False),
    }
