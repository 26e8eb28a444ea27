"""Somebody who uses the pages, with one hand, through one window, and looks at whatever they come to."""

from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage

from playwright.sync_api import Page

from tests.budkavle.hands import Hand
from tests.budkavle.windows import Window, pictured


@dataclass(frozen=True, kw_only=True)
class Walker:
    """Each page and each state of it that is come to must be in order."""

    sheet: Page
    hand: Hand
    window: Window
    name: str

    @property
    def address(self) -> str:
        return f"{self.name}@example.org"

    def open(self, address: str) -> None:
        self.sheet.goto(address)
        self.look()

    def read(self, letter: EmailMessage) -> None:
        """Have a letter before them, as a mail program shows it."""
        part = letter.get_body(("html",))
        assert part is not None
        self.sheet.goto("about:blank")
        self.sheet.set_content(part.get_content())
        assert self.window.violations(str(letter["Subject"]), self.sheet) == []

    def follow(self, name: str) -> None:
        """Use a link to another page."""
        with self.sheet.expect_navigation():
            self.hand.press(self.sheet.get_by_role("link", name=name, exact=True))
        self.look()

    def press(self, name: str) -> None:
        """Use a button."""
        with self.sheet.expect_navigation():
            self.hand.press(self.sheet.get_by_role("button", name=name, exact=True))
        self.look()

    def mend(self, what: str) -> str | None:
        """Go from what the page says is wrong to the field; its name."""
        assert self.sheet.title().startswith("Fel: ")
        problems = self.sheet.get_by_role("alert")
        assert self.sheet.locator(":focus").get_attribute("role") == "alert"
        self.hand.press(problems.get_by_role("link", name=what))
        return self.sheet.locator(":focus").get_attribute("name")

    def choose(self, label: str) -> None:
        self.hand.choose(self.sheet.get_by_label(label))

    def write(self, label: str, text: str) -> None:
        self.hand.write(self.sheet.get_by_label(label), text)

    def write_day(self, label: str, day: date) -> None:
        self.hand.write_day(self.sheet.get_by_label(label), day)

    def told(self) -> str:
        """What the page says has been done."""
        return self.sheet.get_by_role("status").inner_text()

    def look(self) -> None:
        found = self.window.faults(self.sheet.title() or self.sheet.url, self.sheet)
        assert not found, "\n".join(found)
        pictured(self.sheet, f"{self.sheet.title().partition(' – ')[0]} {self.window}")
