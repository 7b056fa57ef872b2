"""What a person does, step by step, in the language of their pages."""

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from contravento.kit.i18n.catalogue import translate

FILES = Path(__file__).parents[1] / "tracks" / "files"
STORY = (
    "## The first day\n\nAfter Zamora the only shade was our own, and it was getting **shorter**"
    " by the hour. The road keeps to the north bank."
)


@dataclass(frozen=True, slots=True)
class Person:
    page: Page
    address: str
    language: str
    username: str
    password: str = "bread at Villaralbo at ten"

    @property
    def email(self) -> str:
        return f"{self.username}@example.org"

    def say(self, sentence: str, **params: object) -> str:
        return translate(self.language, sentence, params)

    def press(self, sentence: str) -> None:
        self.page.get_by_role("main").get_by_role(
            "button", name=self.say(sentence), exact=True
        ).click()

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def register(self) -> None:
        self.go("/sign-up")
        self.page.locator("#new-username").fill(self.username)
        self.page.locator("#new-email").fill(self.email)
        self.page.locator("#new-password").fill(self.password)
        self.page.locator("#new-rules").check()
        self.press("Start a diary")
        expect(self.page.get_by_role("heading", level=1)).to_have_text(
            self.say("Look into your mail")
        )

    def confirm_by_mail(self) -> None:
        """Find the mail on /outbox, open its link, and press the button there."""
        letter = self.page.locator(".letter", has_text=self.email).first
        for _ in range(40):
            self.go("/outbox")
            if letter.count():
                break
            self.page.wait_for_timeout(250)
        link = letter.locator("a[href*='/confirm/']").first
        self.page.goto(link.get_attribute("href") or "")
        self.page.locator("#password").fill(self.password)
        self.press("Yes, open my diary")
        self.page.context.clear_cookies()  # the sign-in page is to be tried, too

    def sign_in(self) -> None:
        self.go("/sign-in")
        self.page.locator("#login").fill(self.username)
        self.page.locator("#password").fill(self.password)
        self.press("Sign in")
        expect(self.page.get_by_role("button", name=self.say("New trip")).first).to_be_visible()

    def start_trip(self, title: str) -> None:
        self.page.get_by_role("button", name=self.say("New trip")).first.click()
        self.page.locator("#title").fill(title)
        self.page.locator("#story").fill(STORY)

    def add_files(self, *files: dict[str, object]) -> None:
        self.page.locator("#upload").set_input_files(list(files))  # type: ignore[arg-type]

    def publish(self) -> None:
        self.press("Publish")
        expect(self.page).to_have_url(re.compile(r"/trips/[^/]+$"))


def track_file(name: str) -> dict[str, object]:
    return {
        "name": name,
        "mimeType": "application/gpx+xml",
        "buffer": (FILES / name).read_bytes(),
    }


def photo_file(name: str, colour: str) -> dict[str, object]:
    picture = BytesIO()
    Image.new("RGB", (1200, 800), colour).save(picture, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": picture.getvalue()}
