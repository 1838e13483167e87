"""Does the page fit the screen, in a real browser? Skipped where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from synthetic import Plan, Synthetic

from gameday import cli, report

SAMPLE = Path(__file__).parent.parent.parent / "reports" / "sample"
CHROMIUM = shutil.which("chromium")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

HIDDEN = """[document.documentElement, ...document.querySelectorAll('.scroll')]
    .map(e => e.scrollWidth - e.clientWidth)"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    plans = {"passed": Plan(), "failed": Plan(clients={"pooled": 100, "per-request": 100})}
    made = {}
    for name, plan in plans.items():
        made[name] = tmp_path_factory.mktemp(name)
        report.write(Synthetic(plan).write(made[name]))
    made["error"] = tmp_path_factory.mktemp("error")
    report.write(Synthetic().drop("fault.started").write(made["error"]))
    return made


@pytest.fixture(scope="module")
def prediction(tmp_path_factory) -> Path:
    page = tmp_path_factory.mktemp("prediction") / "p.html"
    options = ["--zone", SAMPLE / "zone.json", "--health-checks", SAMPLE / "health-checks.json"]
    options += ["--rto", "60", "--policies", "--clients", "100", "--html", page]
    done = CliRunner().invoke(cli.main, ["predict", *map(str, options)])
    assert done.exit_code == 1, done.output  # the objective is missed
    return page


def test_does_the_first_screen_hold_the_answer_and_nothing_overflow(pages, prediction) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        for name, run_dir in pages.items():
            for width, height in ((1440, 900), (400, 850)):
                page = browser.new_page(viewport={"width": width, "height": height})
                errors: list[str] = []
                page.on("pageerror", lambda e, errors=errors: errors.append(str(e)))
                page.goto((run_dir / "report.html").as_uri())
                wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert (wider, errors) == (0, []), (name, width)
                assert set(page.evaluate(HIDDEN)) <= {0}, (name, width)
                assert page.locator("svg.picture:visible").count() == (name != "error")
                if width == 1440 and name != "error":
                    box = page.locator(".chain").bounding_box()
                    assert box is not None
                    assert box["y"] + box["height"] <= 900, "the chain is below the fold"
                    page.locator("svg.wide").hover(position={"x": 700, "y": 200})
                    assert "T+" in page.locator("#tip").inner_text()
                page.close()
        for width in (1280, 800, 400):
            page = browser.new_page(viewport={"width": width, "height": 850})
            page.goto(prediction.as_uri())
            assert set(page.evaluate(HIDDEN)) == {0}, width
            page.close()
        browser.close()
