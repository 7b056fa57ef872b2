"""The report as one page that needs nothing besides itself, for the screen and for paper."""

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path

from contravento_ops.acceptance.registry import GROUPS
from contravento_ops.acceptance.verdict import Judged, Verdict

FONT = Path("deploy") / "nginx" / "pages" / "piazzolla-latin-opsz-normal.woff2"
STYLE = Path(__file__).with_name("report_page.css")
WORDS = {"green": "green", "red": "red", "unknown": "cannot be judged"}


def write(verdict: Verdict, root: Path) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{verdict.word}: {escape(verdict.site)}</title>"
        f"<style>{_font(root)}{STYLE.read_text()}</style></head><body>"
        f"{_head(verdict)}<main>{''.join(_groups(verdict))}</main></body></html>\n"
    )


def _font(root: Path) -> str:
    """The house's own; without it the page falls back to what the reader has."""
    file = root / FONT
    if not file.exists():
        return ""
    written = base64.b64encode(file.read_bytes()).decode()
    return (
        "@font-face{font-family:Piazzolla;font-weight:100 900;"
        f'src:url("data:font/woff2;base64,{written}") format("woff2")}}'
    )


def _head(verdict: Verdict) -> str:
    green = sum(each.outcome == "green" for each in verdict.judged)
    waived = sum(each.waiver is not None for each in verdict.judged)
    told = {
        "Environment": verdict.environment,
        "Site": verdict.site,
        "Release": verdict.release.get("image", "not deployed by deploy.sh"),
        "Image": verdict.release.get("image_id", ""),
        "Migration": verdict.release.get("migration", ""),
        "Began": f"{verdict.began_at:%Y-%m-%d %H:%M:%S} UTC",
        "Took": f"{verdict.seconds:.0f} s",
        "Boxes": f"{green} of {len(verdict.judged)} green, {waived} waived",
    }
    return (
        f'<header class="{"go" if verdict.is_go else "no-go"}">'
        "<p>ContraVento · the checklist before a release</p>"
        f"<h1>{verdict.word}</h1>{_facts(told)}{_in_the_way(verdict)}</header>"
    )


def _in_the_way(verdict: Verdict) -> str:
    rows = "".join(
        f'<li><a href="#{each.box.name}">{each.box.name}</a>: {escape(each.evidence.sentence)}</li>'
        for each in verdict.judged
        if each.is_in_the_way
    )
    return f"<ul>{rows}</ul>" if rows else ""


def _groups(verdict: Verdict) -> Iterator[str]:
    for group in GROUPS:
        those = [each for each in verdict.judged if each.box.group == group]
        if those:
            yield f"<section><h2>{group.capitalize()}</h2>{''.join(map(_box, those))}</section>"


def _box(judged: Judged) -> str:
    evidence = judged.evidence
    pictures = "".join(
        f'<figure><img alt="{escape(caption)}" src="data:image/png;base64,'
        f'{base64.b64encode(picture).decode()}"><figcaption>{escape(caption)}</figcaption></figure>'
        for caption, picture in evidence.pictures.items()
    )
    waiver = judged.waiver
    waived = (
        f'<p class="waiver">Waived by {escape(waiver.who)} until {waiver.until}:'
        f" {escape(waiver.reason)}</p>"
        if waiver
        else ""
    )
    return (
        f'<article class="{judged.outcome}" id="{judged.box.name}">'
        f"<h3>{escape(judged.box.title)}</h3>"
        f'<p class="outcome"><b>{WORDS[judged.outcome]}</b> <code>{judged.box.name}</code>'
        f" {judged.seconds:.1f} s</p><p>{escape(evidence.sentence)}</p>"
        f"{waived}{_facts(evidence.facts)}{pictures}</article>"
    )


def _facts(told: object) -> str:
    if not isinstance(told, dict) or not told:
        return ""
    rows = "".join(
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in told.items()
        if value not in ("", None)
    )
    return f"<dl>{rows}</dl>"
