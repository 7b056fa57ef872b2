"""Which countries a track touches."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from contravento.atlas.countries import countries_along


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "code"),
    [
        ("Bilbao", -2.935, 43.263, "ES"),
        ("Porto", -8.61, 41.15, "PT"),
        ("Andorra la Vella", 1.52, 42.507, "AD"),
        ("Enna, Sicily", 14.28, 37.57, "IT"),
        ("Ceuta", -5.316, 35.889, "ES"),
        ("Kaliningrad", 20.51, 54.71, "RU"),
        ("Pristina", 21.17, 42.66, "XK"),
        ("Suva", 178.44, -18.14, "FJ"),
        ("Taveuni, west of the date line", 179.97, -16.85, "FJ"),
        ("Taveuni, east of the date line", -179.97, -16.85, "FJ"),
        ("Chukotka, east of the date line", -172.5, 65.5, "RU"),
        ("Nicosia, north", 33.36, 35.25, "CY"),
        ("the pier of Getxo", -3.02, 43.35, "ES"),
        ("Tromsø", 18.95, 69.65, "NO"),
        ("San Marino", 12.45, 43.94, "SM"),
    ],
)
def test_a_place_lies_in_its_country(
    place: str, longitude: float, latitude: float, code: str
) -> None:
    assert countries_along([[(longitude, latitude)]]) == [code], place


@pytest.mark.parametrize(("longitude", "latitude"), [(3.0, 56.0), (-5.0, 45.0), (0.0, 0.0)])
def test_the_open_sea_is_no_country(longitude: float, latitude: float) -> None:
    assert countries_along([[(longitude, latitude)]]) == []


def test_countries_come_in_the_order_of_the_first_visit() -> None:
    there_and_back = [
        (-8.6, 41.1),
        (-6.0, 41.5),
        (-1.5, 43.1),
        (1.5, 43.5),
        (1.52, 42.5),
        (0.5, 42),
    ]

    assert countries_along([there_and_back]) == ["PT", "ES", "FR", "AD"]


def test_a_ferry_between_two_countries_names_both_and_nothing_between() -> None:
    crossing = np.column_stack([np.linspace(-4.3, -3.1, 60), np.linspace(50.5, 43.2, 60)])

    assert countries_along([crossing[:5], crossing[-5:]]) == ["GB", "ES"]
    assert countries_along([crossing[35:50]]) == []


def test_nothing_ridden_is_nowhere() -> None:
    assert countries_along([]) == []
    assert countries_along([[]]) == []
    assert countries_along([[(float("nan"), 43.0)]]) == []


def test_threads_share_the_atlas() -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: countries_along([[(-2.935, 43.263)]]), range(32)))

    assert found == [["ES"]] * 32
