"""The report in a real browser: quiet, self-contained, readable by everyone, and its flow field answers."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fa_repro import run
from fa_repro.claims.claim import Claim, Judgement, Measured, Verdict
from fa_repro.experiment.check import CheckedFigure
from fa_repro.experiment.status import status_of
from fa_repro.report.page import NAME, render_page
from fa_repro.results.directory import load

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to show the page in")

SIZES = {"phone": (320, 640), "desk": (1280, 900)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser of this module's own: while it runs, no other test of the process can start an event loop."""
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def judgements(name: str) -> tuple[Judgement, ...]:
    """A claim of each verdict, with long words."""
    told = "times 5.3e-03 (4.1e-03 .. 0.0127), below in 20 of 20 trials, p = 3e-23"
    claim = Claim("c", "It ends far below", "Fig. 1d, text", "p < 0.01", lambda _: Measured(told, None), "1e-11")
    return tuple(
        Judgement(name, claim, verdict, Measured(told, None) if verdict is not Verdict.NOT_RUN else None, "why")
        for verdict in Verdict
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages: `report.html` has results, some diverged, and a figure that was not run, `none.html` has none."""
    place = tmp_path_factory.mktemp("report")
    size = {"basin": 15, "grid": 9, "steps": 20, "starts": [[1.0, -1.0]]}
    small = {f"theory.flow_field.{key}": value for key, value in size.items()}
    run("flow-field", small, results=place)
    run("linear", {"trials": 2, "training.examples": 30, "algorithms.backprop.learning_rate": 50.0}, results=place)
    extreme = {"T": 1000.0, "B": -1000.0, "range": 1000.0, "duration": 1e-6, "starts": []}
    run("flow-field", small | {f"theory.flow_field.{key}": value for key, value in extreme.items()},
        results=place / "extreme")  # fmt: skip

    def checked(name: str, results: Path) -> CheckedFigure:
        status = status_of(name, results)
        return CheckedFigure(name, status.title, status.status, load(results / name), judgements(name))

    flow, linear = (checked(name, place) for name in ("flow-field", "linear"))
    assert "diverged" in linear.state
    missing = replace(linear, name="nse", title="Fig. 4a: not there", saved=None, state="not run")
    (place / NAME).write_text(render_page([flow, linear, missing], place))
    (place / "extreme.html").write_text(render_page([checked("flow-field", place / "extreme")], place / "extreme"))
    (place / "none.html").write_text(render_page([missing], place))
    return place


class Shown:
    """A page, and what it asked for and complained of."""

    def __init__(self, browser: Any, path: Path, size: str = "desk", **options: Any) -> None:
        width, height = SIZES[size]
        self.context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def __enter__(self) -> "Shown":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def start(self, w0: float, w: float) -> tuple[list[float], str]:
        """Start a path by the keyboard; returns where it ended and the message."""
        for field, value in (("#flow-w0", w0), ("#flow-w", w)):
            self.page.locator(field).fill(str(value))
        self.page.keyboard.press("Enter")
        return self.end(), self.page.inner_text("#flow-told").replace("\N{MINUS SIGN}", "-")

    def end(self) -> list[float]:
        ends = self.page.eval_on_selector_all("#flow-paths > g", "all => all.map(each => each.dataset.end)")
        return [float(word) for word in ends[-1].split()] if ends else []


def assert_ended(T: float, B: float, start: tuple[float, float], end: list[float]) -> None:
    """At a solution, on the parabola of the start."""
    w0, w = end
    assert w * w0 == pytest.approx(T, rel=1e-6)
    terms = (abs(B * start[1]), start[0] ** 2 / 2, abs(B * w), w0**2 / 2)
    assert B * w - w0**2 / 2 == pytest.approx(B * start[1] - start[0] ** 2 / 2, abs=1e-6 * max(terms))


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("report.html", "light"), ("report.html", "dark"), ("none.html", "dark"), ("extreme.html", "light")],
)
def test_the_page_is_quiet_and_asks_for_nothing(browser: Any, folder: Path, name: str, scheme: str) -> None:
    with Shown(browser, folder / name, color_scheme=scheme) as shown:
        assert shown.page.title().startswith("fa_repro: ")
        assert shown.page.locator("#flow").count() == (name != "none.html")
        if name != "none.html":
            shown.page.click("#flow-plot")
            shown.page.get_by_role("button", name="Clear").click()
        assert shown.complaints == []
        assert [url for url in shown.requests if not url.startswith("data:")] == [(folder / name).as_uri()]


def test_a_script_that_is_not_ours_is_not_run(browser: Any, folder: Path) -> None:
    text = (folder / NAME).read_text().replace("</main>", "<script>document.title = 'theirs'</script></main>")
    (folder / "changed.html").write_text(text)
    with Shown(browser, folder / "changed.html") as shown:
        assert shown.page.title() != "theirs"
        assert any("Content Security Policy" in each for each in shown.complaints)


@pytest.mark.parametrize("size", SIZES)
def test_click_starts_a_path_to_a_solution(browser: Any, folder: Path, size: str) -> None:
    with Shown(browser, folder / NAME, size) as shown:
        plot = shown.page.locator("#flow-plot")
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        assert plot.is_visible()
        before = shown.page.inner_text("#flow-told")
        plot.click(position={"x": 0.7 * box["width"], "y": 0.3 * box["height"]})
        told = shown.page.inner_text("#flow-told")
        assert told != before
        start = tuple(float(shown.page.input_value(field)) for field in ("#flow-w0", "#flow-w"))
        assert all(0 < each < 2 for each in start), "right of and above the middle"
        assert_ended(1.0, 1.0, start, shown.end())  # type: ignore[arg-type]
        assert "B W > 0, so e'WBe > 0: the feedback helps" in told
        path = shown.page.locator("#flow-paths path").get_attribute("d")
        assert path.count("L") > 10
        assert shown.page.locator("#flow-paths > g").bounding_box()["width"] > 1


def test_keyboard_starts_and_clears_paths(browser: Any, folder: Path) -> None:
    with Shown(browser, folder / NAME, reduced_motion="reduce") as shown:
        end, told = shown.start(-1.2, -1.5)
        assert_ended(1.0, 1.0, (-1.2, -1.5), end)
        assert re.match(r"From W₀ = -1.2, W = -1.5 the path ended at W₀ = -1.829, W = -0.5466.* e'WBe < 0", told)
        assert shown.start(1.0, 1.0)[1].startswith("The start W₀ = 1, W = 1 is a solution and stays where it is.")
        assert "it is not stable" in shown.start(-0.625, -1.6)[1]
        assert "outside the square" in shown.start(-2, -2)[1]
        assert shown.page.evaluate("document.getAnimations().length") == 0
        count = shown.page.locator("#flow-paths > g").count()
        assert shown.start(3, 0)[1] == "W₀ and W must be numbers from -2 to 2."
        assert shown.page.locator("#flow-paths > g").count() == count
        assert shown.page.locator("#flow-w0").get_attribute("aria-invalid") == "true"
        for number in range(20):
            shown.start(number / 20, 0.1)
        assert shown.page.locator("#flow-paths > g").count() == 12, "the oldest go"
        shown.page.keyboard.press("Tab")
        shown.page.keyboard.press("Tab")
        shown.page.get_by_role("button", name="Clear").press("Enter")
        assert shown.page.locator("#flow-paths > g").count() == 0
        assert shown.page.inner_text("#flow-told") == "All paths removed, except the one from (0, 0)."


def test_path_is_animated_if_motion_is_allowed(browser: Any, folder: Path) -> None:
    with Shown(browser, folder / NAME, reduced_motion="no-preference") as shown:
        shown.start(0.5, -1.5)
        assert shown.page.evaluate("document.getAnimations().length") == 1


def test_extreme_settings_end_at_solutions_too(browser: Any, folder: Path) -> None:
    with Shown(browser, folder / "extreme.html") as shown:
        for start in ((999.0, 999.0), (-1000.0, 3.0), (1e-3, -1e-3), (0.0, 0.0), (-10.0, 800.0)):
            end, told = shown.start(*start)
            assert "the path ended at" in told, (start, told)
            assert_ended(1000.0, -1000.0, start, end)
        assert shown.complaints == []


def test_picture_shows_the_saved_settings(browser: Any, folder: Path) -> None:
    with Shown(browser, folder / NAME) as shown:
        lines = shown.page.eval_on_selector_all(
            "#flow-plot path[stroke-width='4']",
            "all => all.map(each => [each.getAttribute('stroke'), each.hasAttribute('stroke-dasharray')])",
        )
        assert sorted(lines) == [["#000000", False], ["#000000", True], ["#999999", False]]
        assert shown.page.locator("#flow-plot path[fill='#F6D9A8']").get_attribute("d").count("M") > 3
        assert shown.page.locator("#flow-plot text").all_text_contents()[-2:] == ["W₀", "W"]


def test_without_javascript_the_picture_is_shown(browser: Any, folder: Path) -> None:
    with Shown(browser, folder / NAME, java_script_enabled=False) as shown:
        images = shown.page.locator("figure img")
        assert [images.nth(i).is_visible() for i in range(images.count())] == [True, True]
        assert images.first.bounding_box()["height"] > 200
        assert not shown.page.locator("#flow").is_visible()
        assert not shown.page.get_by_text("Try it").is_visible()


@pytest.mark.parametrize("name", ["report.html", "none.html"])
def test_phone_needs_no_sideways_scrolling(browser: Any, folder: Path, name: str) -> None:
    with Shown(browser, folder / name, "phone") as shown:
        shown.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= 320
        wide = "all => all.filter(each => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX "
        found = shown.page.eval_on_selector_all("*", wide + "=== 'auto' && each.tabIndex < 0).length")
        assert found == 0, "what scrolls by itself can be reached by the keyboard"


@pytest.mark.parametrize(
    ("name", "scheme", "size"),
    [
        ("report.html", "light", "desk"),
        ("report.html", "dark", "phone"),
        ("none.html", "dark", "desk"),
    ],
)
def test_no_violations_of_accessibility(browser: Any, folder: Path, name: str, scheme: str, size: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    with Shown(browser, folder / name, size, color_scheme=scheme) as shown:
        shown.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
        found = axe.Axe().run(shown.page, options=options).response
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
        assert len(found["passes"]) > 15


def test_skip_link_is_first_and_focus_is_visible(browser: Any, folder: Path) -> None:
    with Shown(browser, folder / NAME) as shown:
        shown.page.keyboard.press("Tab")
        skip = shown.page.get_by_text("Skip to the scorecard")
        assert skip.bounding_box()["y"] >= 0
        assert skip.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
        shown.page.keyboard.press("Enter")
        assert shown.page.evaluate("document.activeElement.id") == "scorecard"


def test_print_is_black_on_white_and_expanded(browser: Any, folder: Path) -> None:
    with Shown(browser, folder / NAME, color_scheme="dark") as shown:
        shown.page.emulate_media(media="print")
        colours = "getComputedStyle(document.documentElement)"
        assert shown.page.evaluate(f"[{colours}.color, {colours}.backgroundColor]") == [
            "rgb(0, 0, 0)",
            "rgb(255, 255, 255)",
        ]
        for hidden in ("#flow", "nav", ".skip"):
            assert not shown.page.locator(hidden).is_visible()
        shown.page.set_viewport_size({"width": 680, "height": 1000})  # A4 within its margins
        assert shown.page.locator(".claims td").first.evaluate("each => getComputedStyle(each).display") == "table-cell"
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= 680
        assert shown.page.locator("details pre").first.bounding_box()["height"] > 20
        assert shown.page.locator("figure img").first.is_visible()
