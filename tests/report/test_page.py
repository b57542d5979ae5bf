"""The page."""

import base64
import hashlib
import os
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from fa_repro import run
from fa_repro.claims.claim import Verdict
from fa_repro.experiment.check import check_figures
from fa_repro.report import sections, summary
from fa_repro.report.page import render_page
from fa_repro.results import in_progress
from tests.support.report import HOSTILE, Command, judged, made


class Page(HTMLParser):
    """Elements of a page, and its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        (self.raw[self.cdata_elem] if self.cdata_elem else self.words).append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def assert_needs_nothing_else(text: str) -> None:
    page = Page(text)
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "data", "poster", "style"} & attributes.keys() or tag == "img", (tag, attributes)
        assert not any(key.startswith("on") for key in attributes), (tag, attributes)
    assert all(str(each["src"]).startswith("data:image/png;base64,") for each in page.all("img"))
    assert [each["href"] for each in page.all("link")] == ["data:,"]
    assert not re.search(r"@import|url\((?!#)", "".join(page.raw["style"]))
    (policy,) = [each["content"] or "" for each in page.all("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none'; img-src data:;")
    for part in (page.raw["style"][0], page.raw["script"][-1]):  # with no other style or script would it be allowed
        assert f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'" in policy


def test_whatever_results_say_is_shown_as_text(tmp_path: Path) -> None:
    kept = made(
        tmp_path,
        config={"algorithms": {HOSTILE: {"rule": HOSTILE}}},
        diverged=[{"algorithm": HOSTILE, "trial": 0, HOSTILE: HOSTILE, "example": 7}],
        failed=[{"algorithm": "a", "reason": HOSTILE}],
        remarks=[HOSTILE],
        command=HOSTILE,
        repeat=[HOSTILE],
        versions={HOSTILE: HOSTILE},
        source={"git_commit": HOSTILE},
        machine={"system": HOSTILE, "blas": HOSTILE},
        seconds={HOSTILE: HOSTILE},
        config_hash=HOSTILE,
    )
    claims = tuple(judged(verdict, HOSTILE, HOSTILE) for verdict in Verdict)
    text = render_page([replace(kept, title=HOSTILE, state=HOSTILE, judgements=claims)], tmp_path)
    plain = Page(render_page([made(tmp_path / "plain")], tmp_path / "plain"))
    page = Page(text)
    assert (len(page.all("script")), len(page.all("style"))) == (len(plain.all("script")), len(plain.all("style")))
    assert page.text.count("<script>alert(1)</script></style>]]>") >= 15
    assert "{{ 7*7 }}" in page.text
    assert "49" not in page.text.replace(str(tmp_path), "")
    assert_needs_nothing_else(text)


def test_flow_field_data_cannot_end_the_script(tmp_path: Path) -> None:
    one = made(tmp_path, "flow-field", {"theory": {"flow_field": {"T": 1.0, "B": 1.0, "range": 2.0, "grid": HOSTILE}}})
    assert sections.section(one, tmp_path).field is None
    part = sections.section(one, tmp_path)
    page = Page(render_page([one], tmp_path))
    assert part.name in page.text
    assert len(page.all("script")) == 1


KEYS = ("diverged", "failed", "remarks", "repeat", "versions", "source", "machine", "seconds", "made", "options")


@pytest.mark.parametrize("manifest", [{key: value} for key in KEYS for value in (3, "x", [1], {})])
def test_foreign_manifest_is_still_reported(tmp_path: Path, manifest: dict[str, Any]) -> None:
    assert "Fig. 1" in Page(render_page([made(tmp_path, **manifest)], tmp_path)).text


def test_equal_results_give_equal_bytes(command: Command, workplace: Path) -> None:
    run("linear", {"trials": 2})
    assert command("report").output == "results/report.html\n"
    shutil.copytree(workplace / "results", workplace / "later/results")
    os.chdir(workplace / "later")
    shutil.copytree(workplace / "configs", "configs")
    (workplace / "later/results/report.html").unlink()
    assert command("report").exit_code == 0
    assert Path("results/report.html").read_bytes() == (workplace / "results/report.html").read_bytes()


def test_page_is_self_contained_with_valid_links(command: Command, workplace: Path) -> None:
    run("linear", {"trials": 2})
    assert command("report").exit_code == 0
    text = (workplace / "results/report.html").read_text()
    assert_needs_nothing_else(text)
    anchors = {value for _, attributes in Page(text).tags if (value := attributes.get("id"))}
    links = [str(each["href"]) for each in Page(text).all("a")]
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors, link
        elif not link.startswith("https://"):
            assert (workplace / "results" / link).is_file(), link
    files = {path.name for path in (workplace / "results/linear").iterdir()} - {"linear.png"}
    assert files <= {Path(link).name for link in links}


DIVERGED = [{"algorithm": "backprop_3", "network.init_range": 0.1, "trial": i, "example": 40 + i} for i in range(12)]


FAILED = [{"algorithm": "a", "trial": i, "reason": "killed"} for i in (3, 4)]


def test_alt_text_has_title_trials_and_numbers(tmp_path: Path) -> None:
    one = replace(made(tmp_path), judgements=tuple(judged(Verdict.REPRODUCED, f"{i} %") for i in range(8)))
    (image,) = Page(render_page([one], tmp_path)).all("img")
    assert image["alt"] == summary.alternative(one)
    assert str(image["alt"]).startswith("Fig. 1: a title. 3 trials. It learns: 0 %. It learns: 1 %.")
    assert str(image["alt"]).endswith("3 more numbers in the table of its claims.")
    assert base64.b64decode(str(image["src"]).removeprefix("data:image/png;base64,")) == b"\x89PNG picture"


def test_verdicts_are_counted_and_explained(tmp_path: Path) -> None:
    claims = [Verdict.REPRODUCED] * 5 + [Verdict.NOT_REPRODUCED] * 2 + [Verdict.NOT_ENOUGH] + [Verdict.NOT_RUN]
    told = [judged(verdict, f"number {i}") for i, verdict in enumerate(claims)]
    text = render_page([replace(made(tmp_path), judgements=tuple(told))], tmp_path)
    page = Page(text)
    assert "<title>fa_repro: 5 of 9 claims reproduced</title>" in text
    assert re.findall(r'class="number">(\d+)', text) == ["5", "2", "1", "1"]
    assert '<th scope="row">All 9 claims</th><td>5</td><td>2</td><td>1</td><td>1</td>' in text
    undecided = page.text.split("What was not reproduced, and why")[1].split("Drawn from")[0]
    assert [f"number {i}" in undecided for i in range(9)] == [False] * 5 + [True] * 4
    assert undecided.count("below 8 %") == 4
    assert Page(render_page([made(tmp_path)], tmp_path)).text.count("Nothing: every claim was reproduced.") == 1


@pytest.mark.parametrize(
    ("state", "manifest", "told"),
    [
        ("diverged (12 runs)", {"diverged": DIVERGED}, "backprop 3, network.init_range = 0.1: trial 0 at example 40, "),
        ("diverged (12 runs)", {"diverged": DIVERGED}, "trial 9 at example 49, 2 more trials."),
        ("failed (2 runs)", {"failed": FAILED}, "a, trial 3, 4: killed"),
        ("failed (1 runs)", {"failed": [{"study": "theorem_1", "reason": "too stiff"}]}, "theorem_1: too stiff"),
        ("stale: the config has changed since", {}, "Update them with: fa-repro run linear"),
        ("created with --quick", {"options": ["--quick"]}, "State of these results: created with --quick"),
        ("done; a later command is partial: 3 of 9 runs are trained", {}, "partial: 3 of 9 runs are trained"),
    ],
)
def test_state_other_than_done_is_reported(tmp_path: Path, state: str, manifest: dict[str, Any], told: str) -> None:
    page = Page(render_page([replace(made(tmp_path, **manifest), state=state)], tmp_path))
    assert told in page.text
    assert "State of these results" not in Page(render_page([made(tmp_path)], tmp_path)).text


def test_without_results_the_page_says_so(command: Command, workplace: Path) -> None:
    assert command("report").exit_code == 0
    page = Page((workplace / "results/report.html").read_text())
    assert "There are no results in this folder." in page.text
    assert not page.all("img")
    assert "there are no results in results/linear. Run: fa-repro run linear" in page.text
    total = sum(len(one.judgements) for one in check_figures(workplace / "results"))
    assert f"fa_repro: 0 of {total} claims reproduced" in page.text


def test_partial_results_show_the_resume_command(command: Command, workplace: Path) -> None:
    command_line = ["fa-repro", "run", "linear", "--jobs", "2"]
    in_progress.begin(workplace / "results", "linear", command_line, 12, ["ab12"], {})
    assert command("report").exit_code == 0
    text = Page((workplace / "results/report.html").read_text()).text
    assert "partial: 11 of 12 runs are trained, resume with: fa-repro run linear --jobs 2" in text


def test_damaged_results_are_reported(command: Command, workplace: Path) -> None:
    run("linear", {"trials": 2})
    with (workplace / "results/linear/linear.csv").open("a") as file:
        file.write("x")
    result = command("report")
    assert (result.exit_code, result.stdout) == (4, "results/report.html\n")
    assert "error: results/linear: linear.csv does not match its manifest. Run: fa-repro run linear" in result.stderr
    assert "These results cannot be read: results/linear: linear.csv does not match" in Page(
        (workplace / "results/report.html").read_text()
    ).text.replace("\n", " ")
    assert command("report", "--markdown").exit_code == 4


@pytest.mark.skipif(os.name != "posix", reason="needs a path that cannot be a folder")
def test_unwritable_page_keeps_the_old_one(command: Command, workplace: Path) -> None:
    (workplace / "results").mkdir()
    assert command("report").exit_code == 0
    old = (workplace / "results/report.html").read_bytes()
    result = command("report", "--results", "results/report.html")
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.startswith("error: cannot write to results/report.html: ")
    assert (workplace / "results/report.html").read_bytes() == old
