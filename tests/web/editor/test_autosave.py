"""What the editor's script saves while one writes."""

import re

from httpx import AsyncClient

from contravento.kit.resources import Resources
from contravento.trips.models import Trip
from tests.support.factories import STORY
from tests.web.editor.making import at, stored, typed

AS_SCRIPT = {"Accept": "text/html"}


AS_BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_autosave_answers_with_what_changed_on_the_page(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    data = typed(draft, story="Short.")
    saved = await signed_in.post(at(draft, "autosave"), data=data, headers=AS_SCRIPT)

    assert saved.status_code == 200
    answer = saved.json()
    assert re.fullmatch(r"Saved at \d\d:\d\d UTC. Only you can see it.", answer["saved"])
    assert "44 more characters of story" in answer["publishing"]
    assert 'aria-disabled="true"' in answer["publishing"]
    again = {**data, "updated_at": answer["updated_at"], "story": STORY}
    assert (await signed_in.post(at(draft, "autosave"), data=again)).status_code == 200
    assert (await stored(resources, draft)).story == STORY


async def test_autosave_keeps_all_but_the_mistake(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    data = typed(draft, story="Kept.", ends_on="2025-01-01")
    saved = await signed_in.post(at(draft, "autosave"), data=data, headers=AS_SCRIPT)

    assert saved.status_code == 200
    assert saved.json()["saved"] == "Saved, all but this: The last day is before the first."
    assert (await stored(resources, draft)).story == "Kept."


async def test_autosave_does_not_overwrite_anothers_change(
    signed_in: AsyncClient, resources: Resources, draft: Trip
) -> None:
    early = typed(draft, story="From the old window.")
    await signed_in.post(at(draft, "edit"), data=typed(draft, story="From the new window."))
    refused = await signed_in.post(at(draft, "autosave"), data=early, headers=AS_SCRIPT)

    assert refused.status_code == 409
    assert "changed in another window" in refused.json()["detail"]
    assert (await stored(resources, draft)).story == "From the new window."


async def test_a_published_trip_cannot_be_emptied(
    signed_in: AsyncClient, resources: Resources, published: Trip
) -> None:
    refused = await signed_in.post(at(published, "edit"), data=typed(published, story=""))

    assert refused.status_code == 422
    assert "50 more characters of story" in refused.text
    assert (await stored(resources, published)).story == STORY


async def test_the_preview_is_cleaned(signed_in: AsyncClient) -> None:
    story = "## Day 4\n\n**North** bank <script>x</script> [here](javascript:alert(1))"
    piece = await signed_in.post("/preview", data={"story": story}, headers=AS_SCRIPT)
    page = await signed_in.post("/preview", data={"story": story}, headers=AS_BROWSER)

    assert piece.text.startswith("<h2>Day 4</h2>")
    for shown in (piece.text, page.text):
        assert "<strong>North</strong>" in shown
        assert "<script>x" not in shown
        assert 'href="javascript' not in shown
    assert "<html" in page.text
