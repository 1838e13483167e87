"""What `gameday dns watch` takes for a change of the answer."""

from __future__ import annotations

from gameday.commands.dns import said
from gameday.resolver import Answer


def answer(*addresses: str, rcode: str = "NOERROR", leads_to: str | None = None) -> Answer:
    return Answer(addresses, 6.0, rcode, 0.0, leads_to)


def test_are_addresses_that_take_turns_no_change() -> None:
    turned = [answer("192.0.2.2", "192.0.2.1"), answer("192.0.2.1", "192.0.2.2")]
    assert {said(found) for found in turned} == {"192.0.2.1 192.0.2.2"}


def test_is_another_cname_a_change_though_neither_has_an_address() -> None:
    assert said(answer(leads_to="blue.example.net")) == "CNAME blue.example.net"
    assert said(answer(leads_to="green.example.net")) != said(answer(leads_to="blue.example.net"))


def test_is_a_name_that_is_gone_told_from_one_without_addresses() -> None:
    assert said(answer()) == "NOERROR"
    assert said(answer(rcode="NXDOMAIN")) == "NXDOMAIN"
    assert said(answer(rcode="NXDOMAIN", leads_to="gone.example.test")) == "NXDOMAIN"
