"""A page in a browser, and what a person sees of it."""

from pathlib import Path
from typing import Any


class Watched:
    """A page, and all that went wrong on it."""

    def __init__(self, browser: Any, file: Path, address: str = "", **context: Any) -> None:
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.page = browser.new_page(**context)
        self.page.on("console", lambda message: self._note(message.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri() + address)
        self.folder = file.parent.as_uri()

    def _note(self, text: str) -> None:
        if "GL Driver Message" not in text:  # Chromium's, of a canvas without a GPU
            self.troubles.append(text)

    def finish(self) -> None:
        self.page.close()
        assert not self.troubles, self.troubles
        outside = [url for url in self.requests if not url.startswith((self.folder, "data:"))]
        assert not outside, outside


def visible(page: Any, selector: str) -> list[str]:
    # Not the inner text: of a card that comes into view there is none until the next frame.
    texts = page.locator(f"{selector}:visible").all_text_contents()
    return [" ".join(text.split()) for text in texts]


def titles(page: Any) -> list[str]:
    return visible(page, ".card h2")


def wait(page: Any, condition: str) -> None:
    page.wait_for_function(condition, timeout=15_000)
