from io import BytesIO

import pytest
from PIL import Image

from contravento.demo.pictures import KINDS, draw_picture, draw_portrait


def test_there_are_pictures_enough_for_a_front_page() -> None:
    assert len(KINDS) >= 12


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_jpeg_with_something_in_it(kind: str) -> None:
    image = Image.open(BytesIO(draw_picture(kind, seed=3)))
    assert (image.format, image.size, image.mode) == ("JPEG", (1800, 1200), "RGB")
    colours = image.resize((60, 40)).quantize(16).getcolors()
    assert colours is not None
    assert len(colours) > 4


def test_the_same_seed_draws_the_same_picture() -> None:
    assert draw_picture("pass-road", seed=5) == draw_picture("pass-road", seed=5)
    assert draw_picture("pass-road", seed=5) != draw_picture("pass-road", seed=7)


def test_another_shape_is_filled_to_its_edges() -> None:
    image = Image.open(BytesIO(draw_picture("dunes", seed=1, width=600, height=600)))
    assert image.size == (600, 600)


def test_three_portraits_show_three_people() -> None:
    portraits = [draw_portrait(seed) for seed in range(3)]
    assert len(set(portraits)) == 3
    assert all(Image.open(BytesIO(portrait)).size == (960, 960) for portrait in portraits)
