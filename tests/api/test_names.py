"""Names and titles that others are shown."""

import pytest
from httpx import AsyncClient

BAD = ("Tom\u200bas", "\u202esamoT", "a" + "\u0301\u0323\u0330" * 9)


@pytest.mark.parametrize("line", BAD)
async def test_no_line_that_others_read_hides_or_turns_characters(
    line: str, signed_in: AsyncClient, trip_id: str, photo_id: str
) -> None:
    for method, address, body in (
        ("PATCH", "/api/v1/me", {"name": line}),
        ("POST", "/api/v1/me/tokens", {"name": line}),
        ("POST", "/api/v1/trips", {"title": line}),
        ("PATCH", f"/api/v1/trips/{trip_id}", {"title": line}),
        ("PATCH", f"/api/v1/trips/{trip_id}", {"tags": [line]}),
        ("PATCH", f"/api/v1/photos/{photo_id}", {"caption": line}),
        ("PATCH", f"/api/v1/photos/{photo_id}", {"alt": line}),
    ):
        answer = await signed_in.request(method, address, json=body)
        assert answer.status_code == 422, address


@pytest.mark.parametrize("name", ["Admin", "A d m i n", "ＡＤＭＩＮ", "ContraVento", "M0derat0r"])
async def test_a_shown_name_does_not_read_as_the_site(name: str, signed_in: AsyncClient) -> None:
    answer = await signed_in.patch("/api/v1/me", json={"name": name})
    assert answer.status_code == 422
    assert "kept for the people who run" in answer.json()["errors"][0]["message"]
