"""`gameday predict`: what losing a Region would look like, from two exports. No lab, no account."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from gameday.errors import UsageError
from gameday.predict.model import Band, Prediction
from gameday.predict.zone import predict_zone

NOTE = (
    "Route 53's own propagation between health check and name server is undocumented and not "
    "included; neither are resolvers that keep an answer longer than its TTL."
)


@click.command()
@click.option("--zone", required=True, type=click.Path(path_type=Path),
              help="What `aws route53 list-resource-record-sets` printed.")  # fmt: skip
@click.option("--health-checks", required=True, type=click.Path(path_type=Path),
              help="What `aws route53 list-health-checks` printed.")  # fmt: skip
@click.option("--rto", type=float, help="Recovery time objective in seconds, to compare with.")
@click.option("--seed", default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def predict(zone: Path, health_checks: Path, rto: float | None, seed: int, as_json: bool) -> None:
    """Detection and recovery time of every health-checked name, by kind of client."""
    found = predict_zone(read_export(zone), read_export(health_checks), seed)
    if not found:
        raise UsageError(f"{zone}: no name has several record sets of which one has a health check")
    if as_json:
        click.echo(json.dumps({n: asdict(p) for n, p in found.items()}, indent=2))
        return
    for name, prediction in found.items():
        for line in lines(name, prediction, rto):
            click.echo(line)
    click.echo(NOTE)


def read_export(path: Path) -> dict[str, Any]:
    """The JSON object in `path`.

    :raises UsageError: unreadable, or not a JSON object; names the place.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as e:
        raise UsageError(f"{path}: cannot read the export: {e.strerror}") from e
    except ValueError as e:
        raise UsageError(f"{path}: not JSON: {e}") from e
    if not isinstance(found, dict):
        raise UsageError(f"{path}: not what the aws CLI prints: the JSON is no object")
    return found


def lines(name: str, prediction: Prediction, rto_s: float | None) -> list[str]:
    """The table of one name."""
    text = [
        f"{name}",
        f"  detected after        {_band(prediction.detection)}",
        f"  healthy again after   {_band(prediction.back)}   once put back",
        f"  {'client':<22} {'mean':>8} {'p95':>8} {'p99.9':>8}",
    ]
    for profile, clients in prediction.clients.items():
        mean = _seconds(clients.mean.mean_s)
        row = f"  {profile:<22} {mean:>8} {_seconds(clients.p95_s):>8}"
        row += f" {_seconds(clients.p99_9_s):>8}"
        if rto_s is not None:
            meets = clients.p99_9_s is not None and clients.p99_9_s <= rto_s
            row += f"   {'meets' if meets else 'MISSES'} {rto_s:g} s"
        text.append(row)
    return text


def _band(band: Band) -> str:
    return f"{_seconds(band.mean_s)} on average, {_seconds(band.p5_s)} to {_seconds(band.p95_s)}"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f} s"
