"""JUnit XML as text: the one way in which reports, reviews and jobs write it.

A name, a message or an answer of a server may hold characters for which XML 1.0 has no place,
escaped or not ("2.2 Characters"); they become U+FFFD.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_of(root: ElementTree.Element) -> str:
    """The whole document, indented."""
    for element in root.iter():
        element.text = _legal(element.text)
        for name, value in element.items():
            element.set(name, _legal(value) or "")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _legal(text: str | None) -> str | None:
    return NO_CHARACTER.sub("\ufffd", text) if text else text
