"""A prediction as JUnit test cases: one for each side of each name that is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from gameday.predict.text import seconds

Json = Mapping[str, Any]


def suite(document: Json) -> ElementTree.Element:
    """The suite of a prediction that has an objective; a case fails when a loss misses it."""
    root = ElementTree.Element("testsuite", name="gameday predict")
    failed = 0
    cases = [(name, loss) for name in document["names"] for loss in name["losses"]]
    for name, loss in cases:
        case = ElementTree.SubElement(
            root, "testcase", classname=f"gameday.predict.{name['name']} {name['type']}",
            name=f"lose {loss['side']}",
        )  # fmt: skip
        if loss["meets"] is False:
            failed += 1
            why = "; ".join(reasons(loss, document))
            ElementTree.SubElement(case, "failure", message=why, type="objective")
    root.set("tests", str(len(cases)))
    root.set("failures", str(failed))
    return root


def reasons(loss: Json, document: Json) -> Iterator[str]:
    """Why the loss of a side misses the objective."""
    yield from (f"never recovers: {why}" for why in loss["takeover"]["why_dead"])
    yield from (f"nobody can say when {c} turns red" for c in loss["untimed"])
    advice = loss["advice"] or {"movable": ()}
    for kind in advice["movable"]:
        within = advice["within_s"][kind]
        if within > document["rto_s"]:
            share = f"{100 * document['p']:g} % of {kind}"
            yield f"{share} need {seconds(within)}, the objective is {document['rto_s']:g} s"
