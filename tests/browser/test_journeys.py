"""What a person does in a row: to a cluster and back, through clips, by keys, too early."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.pages import make_page, open_cluster
from tests.browser.watched import Watched, wait

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


@pytest.fixture(scope="module")
def many(twelve_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of twelve clusters of a clip each."""
    return make_page(twelve_clips, tmp_path_factory.mktemp("many"), [*range(12)], "0,Dogs\n")


@pytest.fixture(scope="module")
def one(twelve_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of one cluster of twelve clips."""
    return make_page(twelve_clips, tmp_path_factory.mktemp("one"), [0] * 12, "")


@pytest.fixture
def narrow(browser: Any, many: Path) -> Iterator[Any]:
    watched = Watched(browser, many, viewport={"width": 400, "height": 500})
    expect(watched.page.locator(".card").first).to_be_visible()
    yield watched.page
    watched.finish()


@pytest.fixture
def page(browser: Any, one: Path) -> Iterator[Any]:
    watched = Watched(browser, one, viewport={"width": 360, "height": 420})
    expect(watched.page.locator(".card")).to_have_count(1)
    yield watched.page
    watched.finish()


def test_back_leads_to_where_a_person_was(narrow: Any) -> None:
    expect(narrow).to_have_title("Clusters · mine")
    narrow.mouse.move(200, 300)
    card = narrow.locator(".card[data-cluster='9']")
    for _ in range(40):
        narrow.mouse.wheel(0, 150)
        narrow.wait_for_timeout(30)
        if card.count() and card.bounding_box()["y"] < 100:
            break
    before = card.bounding_box()["y"]
    card.locator("h2 a").click()
    expect(narrow.locator("main h1")).to_have_text("Cluster 9")
    expect(narrow).to_have_title("Cluster 9 · mine")
    expect(narrow.locator("main")).to_be_focused()
    assert narrow.evaluate("scrollY") == 0
    narrow.go_back()
    expect(card).to_be_visible()
    narrow.wait_for_timeout(200)
    assert card.bounding_box()["y"] == pytest.approx(before, abs=20)
    narrow.reload()
    expect(card.locator("h2")).to_be_in_viewport()
    narrow.go_forward()
    expect(narrow.locator("main h1")).to_have_text("Cluster 9")


def test_a_closed_clip_is_no_step_of_the_way_back(page: Any) -> None:
    open_cluster(page, 0)
    for _ in range(2):
        page.locator(".tile").first.click()
        expect(page.locator("dialog.clip")).to_be_visible()
        page.keyboard.press("j")
        expect(page.locator("dialog .eyebrow")).to_contain_text("clip 2 of 12")
        page.keyboard.press("Escape")
        expect(page.locator("dialog.clip")).to_be_hidden()
        expect(page.locator(".tile").nth(1)).to_be_focused()  # the clip that was seen last
    page.go_back()
    expect(page.locator(".card")).to_have_count(1)


def test_a_linked_clip_closes_on_its_page(browser: Any, one: Path, page: Any) -> None:
    open_cluster(page, 0)
    page.locator(".tile").first.click()
    expect(page.locator("dialog.clip")).to_be_visible()
    linked = Watched(browser, one, page.url[page.url.index("#") :])
    expect(linked.page.locator("dialog.clip")).to_be_visible()
    linked.page.get_by_role("button", name="Close").click()
    expect(linked.page.locator("dialog.clip")).to_be_hidden()
    assert linked.page.url.endswith("#/cluster/0")
    linked.page.goto(f"{one.as_uri()}#/cluster/0?clip=ffffffffffffffff")
    expect(linked.page.locator(".trouble")).to_contain_text("has no clip ffffffffffffffff")
    linked.finish()


def test_the_order_goes_along_to_the_next_cluster(narrow: Any) -> None:
    narrow.get_by_role("button", name="Options").click()
    narrow.locator("#sort").select_option("number")
    narrow.get_by_role("button", name="Reverse").click()
    expect(narrow.locator(".card h2").first).to_have_text("Cluster 11")
    open_cluster(narrow, 11)
    narrow.locator("#order").select_option("doubtful")
    narrow.keyboard.press("Escape")
    narrow.locator("main h1").click()
    narrow.keyboard.press("j")
    expect(narrow.locator("main h1")).to_have_text("Cluster 10")
    assert narrow.locator("#order").input_value() == "doubtful"


def test_space_gives_sound_to_a_clip_that_plays_without(page: Any) -> None:
    page.keyboard.press("j")
    wait(page, "document.querySelector('.tile video')?.currentTime > 0")
    assert page.evaluate("document.querySelector('.tile video').muted")
    page.keyboard.press("Space")
    wait(page, "document.querySelector('.tile video')?.muted === false")
    page.keyboard.press("Space")
    expect(page.locator(".tile video")).to_have_count(0)


def test_playing_in_turn_reaches_clips_that_are_out_of_sight(page: Any) -> None:
    open_cluster(page, 0)
    play = page.locator(".play-all")
    assert page.locator(".tile").count() < 12
    play.click()
    for place in range(1, 13):
        expect(play).to_have_text(f"Stop {place}/12")
        expect(page.locator(".tile.playing video")).to_be_in_viewport()
        page.locator(".tile.playing video").dispatch_event("ended")
    expect(play).to_have_text("Play with sound")


def test_space_on_another_clip_ends_playing_in_turn(page: Any) -> None:
    open_cluster(page, 0)
    page.locator(".play-all").click()
    expect(page.locator(".play-all")).to_have_text("Stop 1/12")
    page.locator(".tile").nth(1).focus()  # which scrolls tiles under the pointer
    page.keyboard.press("Space")
    expect(page.locator(".play-all")).to_have_text("Play with sound")
    expect(page.locator(".tile").nth(1).locator("video")).to_be_visible()
    wait(page, "document.querySelector('.tile video').currentTime > 0.3")
    assert not page.evaluate("document.querySelector('.tile video').muted")
    page.keyboard.press("ArrowDown")
    wait(page, "document.activeElement.querySelector('video')?.currentTime > 0")
    page.locator(".tile:not(:focus)").last.hover()
    expect(page.locator(".tile:focus video")).to_have_count(0)


def test_playing_in_turn_ends_where_the_clip_is_scrolled_away(page: Any) -> None:
    open_cluster(page, 0)
    page.locator(".play-all").click()
    expect(page.locator(".tile.playing video")).to_be_in_viewport()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator(".play-all")).to_have_text("Play with sound")


def test_keys_work_after_a_switch_or_a_list_was_used(page: Any) -> None:
    page.get_by_role("button", name="Options").click()
    page.get_by_label("Play on hover").click()
    page.keyboard.press("j")
    expect(page.locator(".tile").first).to_be_focused()
    open_cluster(page, 0)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


def test_what_is_typed_stays_in_the_search_and_on_its_page(page: Any) -> None:
    kept = page.evaluate(
        """async () => {
            const box = document.getElementById('search');
            box.value = 'dog';
            box.dispatchEvent(new Event('input', {bubbles: true}));
            document.querySelector('#options button[aria-pressed]').click();
            await new Promise((resolve) => setTimeout(resolve, 20));
            return box.value;
        }"""
    )
    assert kept == "dog"
    wait(page, "location.hash.includes('q=dog')")
    page.get_by_role("button", name="Clear the filters").first.click()
    page.evaluate(
        """async () => {
            const box = document.getElementById('search');
            box.value = 'mp4';
            box.dispatchEvent(new Event('input', {bubbles: true}));
            document.querySelector('.card h2 a').click();
            await new Promise((resolve) => setTimeout(resolve, 200));
        }"""
    )
    assert "#/cluster/0" in page.url
    assert "q=" not in page.url


def test_a_search_waits_for_the_names_of_files(browser: Any, one: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    held: list[Any] = []
    page.route("**/keys.js", lambda route: held.append(route))
    page.goto(f"{one.as_uri()}#/overview?q=mp4")
    expect(page.locator(".loading")).to_be_visible()
    expect(page.locator(".nothing")).to_have_count(0)
    wait(page, "document.querySelector('script[src*=keys]')")
    held[0].continue_()
    expect(page.locator(".card")).to_have_count(1)
    context.close()


def test_the_filter_closes_by_escape_and_by_a_click_elsewhere(browser: Any, many: Path) -> None:
    watched = Watched(browser, many, viewport={"width": 1280, "height": 900})
    page = watched.page
    summary, panel = page.locator(".menu summary"), page.locator(".menu .panel")
    summary.click()
    page.get_by_label("Clips, at least").focus()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(summary).to_be_focused()
    summary.click()
    expect(panel).to_be_visible()
    page.locator(".masthead").click()
    expect(panel).to_be_hidden()
    watched.finish()


def test_a_page_of_another_version_says_so(browser: Any, one: Path, tmp_path: Path) -> None:
    shutil.copytree(one.parent, tmp_path / "page")
    file = tmp_path / "page/index.html"
    file.write_text(file.read_text("utf-8").replace('"format": 1', '"format": 2'), "utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    expect(page.locator("#app")).to_contain_text(
        "cannot show data of format 2. Load the page again"
    )
    page.close()


def test_a_damaged_data_file_is_named(browser: Any, one: Path, tmp_path: Path) -> None:
    shutil.copytree(one.parent, tmp_path / "page")
    file = tmp_path / "page/data/keys.js"
    text = file.read_text("utf-8")
    file.write_text(text[:-20] + text[-4:], "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "page/index.html").as_uri())
    expect(page.get_by_role("alert")).to_contain_text(
        "data/keys.js is damaged. Make the page again"
    )
    page.close()


def test_home_and_end_reach_clips_that_are_out_of_sight(page: Any) -> None:
    open_cluster(page, 0)
    page.locator(".tile").first.focus()
    page.keyboard.press("End")
    last = page.locator("[aria-posinset='12'] .tile")
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(page.locator("[aria-posinset='1'] .tile")).to_be_focused()


def test_j_begins_at_the_first_card_in_sight(narrow: Any) -> None:
    narrow.evaluate("scrollTo(0, 1500)")
    expect(narrow.locator(".card[data-cluster='0']")).to_have_count(0)
    narrow.wait_for_timeout(200)  # rows are measured
    before = narrow.evaluate("scrollY")
    narrow.keyboard.press("j")
    wait(narrow, "document.activeElement.matches('.tile')")
    assert narrow.evaluate("document.activeElement.getBoundingClientRect().top") > 0
    assert narrow.evaluate("scrollY") >= before


def test_missing_pictures_are_told(browser: Any, one: Path, tmp_path: Path) -> None:
    shutil.copytree(one.parent, tmp_path / "page", ignore=shutil.ignore_patterns("*.jpg"))
    page = browser.new_page()
    page.goto((tmp_path / "page/index.html").as_uri())
    expect(page.get_by_role("alert")).to_contain_text("Is the folder “clips” beside the page?")
    expect(page.locator(".tile .bare").first).to_contain_text("clip_")
    page.close()
