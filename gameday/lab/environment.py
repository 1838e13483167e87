"""`lab.env`: how everything outside finds the lab; target files use the same names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gameday.lab.authority import write_private

if TYPE_CHECKING:
    from gameday import stacks
    from gameday.lab.lab import Lab


def lab_env(lab: Lab, application: stacks.Stacks | None, ports: dict[str, int]) -> dict[str, str]:
    """The settings of a running lab, by name."""
    spec, regions = lab.spec, lab.spec["regions"]
    env = {
        "AWS_ENDPOINT_URL": spec["aws_endpoint"],
        "AWS_ACCESS_KEY_ID": "gameday",
        "AWS_SECRET_ACCESS_KEY": "gameday",
        "AWS_DEFAULT_REGION": lab.config.regions[0],
        "AWS_EC2_METADATA_DISABLED": "true",
        "LOCUST_WEB_HOST": "127.0.0.1",
        "GAMEDAY_TARGET": "lab",
        "GAMEDAY_LAB": lab.config.name,
        "GAMEDAY_LAB_DIR": str(lab.dir),
        "GAMEDAY_ADMIN": lab.admin.url,
        "GAMEDAY_TOKEN_FILE": str(lab.dir / "lab.token"),
        "GAMEDAY_DNS": "{}:{}".format(*spec["dns"]),
        "GAMEDAY_NETWORKS_FILE": str(lab.networks_file),
        "GAMEDAY_REGIONS": ",".join(regions),
        "GAMEDAY_REGION": lab.config.regions[0],
        "GAMEDAY_SPEED": f"{lab.config.speed:g}",
        "GAMEDAY_SEED": str(lab.config.seed),
        "GAMEDAY_CA_FILE": spec["ca_file"],
        "GAMEDAY_HTTP_PORT": str(ports["http"]),
        "GAMEDAY_HTTPS_PORT": str(ports["https"]),
    }
    if application:
        env |= {
            "GAMEDAY_STACK": application.application,
            "GAMEDAY_REGION_HEADER": application.region_header,
        }
        optional = {
            "GAMEDAY_ENDPOINT": application.endpoint,
            "GAMEDAY_RTO_S": application.rto_s,
            "GAMEDAY_RPO_S": application.rpo_s,
        }
        env |= {name: f"{value}" for name, value in optional.items() if value is not None}
    if lab.config.brought:  # nobody asks such an application for names of its Regions
        pairs = (f"{name}={about['address']}" for name, about in regions.items())
        env["GAMEDAY_REGION_ADDRESSES"] = ",".join(pairs)
    mapped = [
        f"{r['address']}:{ports[scheme]}={r['bind']}:{r[scheme]}"
        for r in regions.values()
        for scheme in ("http", "https")
        if r["bind"] != r["address"]
    ]
    return env | ({"GAMEDAY_ADDRESS_MAP": ",".join(mapped)} if mapped else {})


def write_env(folder: Path, env: dict[str, str], token: str) -> None:
    """Write `lab.env` and `lab.token`, both readable by their owner only."""
    write_private(folder / "lab.token", token.encode())
    text = "".join(f"{name}={value}\n" for name, value in env.items())
    write_private(folder / "lab.env", text.encode())
