"""What does a reader of the terminal, the Markdown, CI and the page get to see?"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from synthetic import Plan, Synthetic

from gameday import report
from gameday.report import markdown, terminal

VOID = {"meta", "link", "br", "img", "input", "hr"}


def write(run: Synthetic, run_dir: Path) -> dict:
    return report.write(run.write(run_dir))


@pytest.fixture(scope="module")
def passed(tmp_path_factory) -> tuple[dict, Path]:
    run_dir = tmp_path_factory.mktemp("passed")
    return write(Synthetic(), run_dir), run_dir


@pytest.fixture(scope="module")
def failed(tmp_path_factory) -> tuple[dict, Path]:
    run_dir = tmp_path_factory.mktemp("failed")
    return write(Synthetic(Plan(clients={"pooled": 100})), run_dir), run_dir


def test_is_every_page_there(passed) -> None:
    findings, run_dir = passed
    assert json.loads((run_dir / "findings.json").read_text())["verdict"] == findings["verdict"]
    assert (run_dir / "seed.txt").read_text() == "4711\n"
    for name in ("report.html", "report.md", "junit.xml"):
        assert (run_dir / name).stat().st_size > 200


def test_does_writing_twice_give_the_same(passed) -> None:
    _, run_dir = passed
    names = ("findings.json", "report.html", "report.md", "junit.xml")
    before = [(run_dir / name).read_bytes() for name in names]
    report.write(run_dir)
    assert [(run_dir / name).read_bytes() for name in names] == before


# the terminal


def test_does_the_screen_say_what_happened_and_whether_it_passed(passed) -> None:
    lines = terminal.lines(passed[0])
    assert re.fullmatch(
        r"  01:00  FAULT +us-east-1: 4 functions at 0, replication paused", lines[0]
    )
    detected = next(line for line in lines if " detected " in line)
    assert re.search(r"14 of 16 checkers +predicted 01:2\d\.\.01:30$", detected)
    verdict = next(line for line in lines if line.startswith("PASSED"))
    assert re.fullmatch(
        r"PASSED  clients were served again \d+ s after losing us-east-1; the RTO is 150 s +exit 0",
        verdict,
    )
    assert any("level 2 of 5 (lab)" in line for line in lines)
    assert (
        lines[-1]
        .strip()
        .startswith(
            "try next       gameday run experiments/region-outage.yaml --clients pooled=100"
        )
    )


def test_is_each_link_beside_its_prediction_and_the_odd_one_named(tmp_path) -> None:
    late = Synthetic(Plan(threshold=3))
    late.plan.threshold = 1  # the export says so, the checkers counted to 3
    for name, run in (("good", Synthetic()), ("late", late)):
        found = write(run, tmp_path / "runs" / "outage" / name)
    folder = tmp_path / "runs" / "outage" / "late"
    page, text = (folder / "report.html").read_text(), (folder / "report.md").read_text()
    for seen in (page, text, "\n".join(terminal.lines(found))):
        assert re.search(r"\d+ s longer than predicted", seen)
        assert re.search(
            r"detect took \d+\.\d s, \d+\.\d s more than the \d+ to \d+ s predict", seen
        )
    for seen in (page, text):
        assert "recovery time: 1 of 2 in the 5 to 95 % band" in seen


def test_does_a_failed_run_name_the_cause_and_offer_nothing(failed) -> None:
    text = "\n".join(terminal.lines(failed[0]))
    assert "Nothing on the AWS side can move them.   exit 1" in text
    assert "recovery time  never" in text
    assert "> 400 s max" in text
    assert "try next" not in text


def test_are_a_stopped_and_an_undecided_run_legible(tmp_path) -> None:
    for kinds, code in ((("fault.started", "fault.applied", "fault.read"), 3), (("put.back",), 3)):
        run = Synthetic()
        for kind in kinds:
            run.drop(kind)
        lines = terminal.lines(write(run, tmp_path))
        assert any(f"exit {code}" in line and "No verdict" in line for line in lines)
    run = Synthetic()
    run.writes = []
    run.change("fault.read", checked=0, missing=0, oldest_age_s=0.0)
    seen = "\n".join(terminal.lines(write(run, tmp_path)))
    assert re.search(r"data behind +not measured$", seen, re.MULTILINE)
    assert "data behind at the fault | not measured" in (tmp_path / "report.md").read_text()
    assert re.search(r"–\s*<small>not measured</small>", (tmp_path / "report.html").read_text())
    run = Synthetic().add("stop", 20, reason="q was pressed")
    assert any("exit 4" in line for line in terminal.lines(write(run, tmp_path)))


# Markdown and JUnit


def test_is_the_timeline_in_utc(passed) -> None:
    text = markdown.channel(passed[0])
    assert text.startswith("**PASSED** Clients were served again ")
    assert re.search(r"- `08:20:14Z` \(T\+0 s\) \*\*FAULT\*\* us-east-1", text)
    assert "| recovery time |" in (passed[1] / "report.md").read_text()


@pytest.mark.parametrize(
    ("change", "child"),
    [
        (lambda r: r, None),
        (lambda r: r.change("fault.read", oldest_age_s=9.0), "failure"),
        (lambda r: r.drop("put.back"), "error"),
        (lambda r: r.add("stop", 9, reason="x\x1b[0m"), "skipped"),
    ],
)
def test_does_ci_see_the_verdict(change, child, tmp_path) -> None:
    write(change(Synthetic()), tmp_path)
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()[0]
    tags = [e.tag for e in suite[0] if e.tag != "system-out"]
    assert tags == ([child] if child else [])
    assert (suite.get("failures"), suite.get("errors")) == (
        str(int(child == "failure")), str(int(child == "error")))  # fmt: skip


# the page


class Page(HTMLParser):
    """Checks that elements nest, and collects what loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.urls: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.urls += [v for k, v in attrs if k in ("src", "href", "action") and v]

    def handle_startendtag(self, tag, attrs) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open, tag
        assert self.open.pop() == tag


def read(path: Path) -> tuple[str, Page]:
    text, page = path.read_text(), Page()
    page.feed(text)
    assert page.open == []
    return text, page


def test_does_the_page_need_nothing_from_elsewhere(passed) -> None:
    text, page = read(passed[1] / "report.html")
    assert page.urls == ["data:,"]
    assert "@import" not in text
    assert "url(" not in text.replace("url(#hatch", "")
    assert "http://" not in text
    assert "https://" not in text


def test_is_the_picture_described_for_those_who_do_not_see_it(passed) -> None:
    text, _ = read(passed[1] / "report.html")
    assert 'role="img" aria-label="Route 53 noticed after ' in text
    for label in ("fault", "detected 2", "DNS moved 2", "alarm 65 s", "recovered ", "put back 404"):
        assert f">{label}" in text, label


def test_can_a_name_in_a_run_break_out_of_the_page(tmp_path) -> None:
    evil = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'
    run = Synthetic()
    run.facts |= {"title": evil, "who": evil, "approved_by": evil, "endpoint": evil}
    run.change("fault.applied", effects=[evil], left_alone=[evil])
    run.change("alarm.state", alarm=evil)
    run.change("dns.answer", network=evil)
    write(run, tmp_path)
    text, page = read(tmp_path / "report.html")
    assert page.tags.count("script") == 2
    assert "img" not in page.tags
    embedded = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert embedded
    assert evil.replace("<", "&lt;") in json.loads(embedded[1])["channel"]


@pytest.mark.parametrize("missing", ["fault.started", "load.window", "dns.answer", "health.status",
                                     "client.segment", "fault.read", "put.back"])  # fmt: skip
def test_is_there_a_page_when_something_is_missing(missing, tmp_path) -> None:
    write(Synthetic().drop(missing), tmp_path)
    text, _ = read(tmp_path / "report.html")
    assert "No verdict" in text or missing in ("dns.answer", "health.status", "client.segment")
