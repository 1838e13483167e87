"""Whether a record's value and a domain name are well-formed, in Route 53's words.

The problem names that are quoted by users of Route 53 are used where they are known; every other
type is read by dnspython and reported as illegal.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass

LABEL_MAX, NAME_MAX = 63, 255
_OCTAL = re.compile(r"\\([0-7]{3})")
_ESCAPE = re.compile(r"\\(?:([0-7]{3})|.)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def name_problem(name: str) -> str | None:
    """What is wrong with a domain name; None when nothing is."""
    text = _OCTAL.sub("?", name.removesuffix("."))
    if not text:
        return _fatal("DomainNameEmpty", "Domain name is empty", name)
    labels = text.split(".")
    if not all(labels):
        return _fatal("DomainLabelEmpty", "Domain label is empty", name)
    if max(map(len, labels)) > LABEL_MAX:
        return _fatal("DomainLabelTooLong", "Domain label is too long", name)
    if len(text) + 2 > NAME_MAX:
        return _fatal("DomainNameTooLong", "Domain name is too long", name)
    if re.search(r"[^\x21-\x7e]", text):
        return _fatal("UnsupportedCharacter", "Value contains unsupported characters", name)
    return None


def value_problem(rtype: str, value: str) -> str | None:
    """What is wrong with one value of a record of type `rtype`; None when nothing is."""
    match rtype:
        case "A":
            return _address(IPv4Address, value, "ARRDATAIllegalIPv4Address", "IPv4")
        case "AAAA":
            return _address(IPv6Address, value, "AAAARRDATAIllegalIPv6Address", "IPv6")
        case "TXT" | "SPF":
            return _strings(value)
        case "CNAME" | "NS" | "PTR":
            return name_problem(value)
    try:
        dns.rdata.from_text(dns.rdataclass.IN, rtype, master_file(value), dns.name.root)
    except (dns.exception.DNSException, ValueError):
        return _fatal(f"{rtype}RRDATAIllegal", f"Value is not a valid {rtype} record", value)
    return None


def master_file(value: str) -> str:
    """A value as master files, and dnspython, escape it: in decimal, where Route 53 has octal."""
    return _ESCAPE.sub(lambda m: f"\\{int(m[1], 8) & 255:03d}" if m[1] else m[0], value)


def _address(
    kind: type[IPv4Address] | type[IPv6Address], value: str, problem: str, words: str
) -> str | None:
    try:
        kind(value)
    except (AddressValueError, ValueError):
        return _fatal(problem, f"Value is not a valid {words} address", value)
    return None


def _strings(value: str) -> str | None:
    """TXT: character strings in quotation marks, each of at most 255 characters."""
    if _STRING.sub("", value).strip() or not _STRING.search(value):
        return _fatal(
            "InvalidCharacterString", "Value should be enclosed in quotation marks", value
        )
    for string in _STRING.findall(value):
        if len(re.sub(r"\\([0-7]{3}|.)", "?", string)) - 2 > 255:
            return _fatal("CharacterStringTooLong", "Value is too long", string)
    return None


def _fatal(problem: str, words: str, value: str) -> str:
    return f"FATAL problem: {problem} ({words}) encountered with '{value}'"
