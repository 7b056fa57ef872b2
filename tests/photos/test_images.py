"""Sizes, colours and orientations of the pictures made of a photo."""

import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from contravento.photos.images import UPRIGHT, Prepared, Rendition, prepare, prepare_portrait
from tests.photos.making import (
    BLUE,
    GPS_CANARY,
    RED,
    assert_upright,
    corners,
    display_p3,
    noise,
    opened,
    pixel,
    png,
    telling_exif,
    written,
)

TEXT_CANARIES = [b"canary", b"Exif", b"ICC_PROFILE", b"http://ns.adobe.com", b"Photoshop", b"GPS"]


def rendition(prepared: Prepared, name: str) -> Rendition:
    return next(one for one in prepared.renditions if one.name == name and one.ending == "jpg")


def test_a_photograph_comes_in_four_sizes_named_by_the_rules() -> None:
    prepared = prepare(written(noise((3000, 2000))))

    jpegs = [one for one in prepared.renditions if one.ending == "jpg"]
    assert [(jpeg.name, jpeg.width, jpeg.height) for jpeg in jpegs] == [
        ("small", 400, 267),
        ("medium", 800, 533),
        ("large", 1600, 1067),
        ("full", 2560, 1707),
    ]
    assert (prepared.width, prepared.height) == (3000, 2000)
    for one in prepared.renditions:
        image = opened(one)
        assert image.size == (one.width, one.height)
        assert image.mode == "RGB"
        assert image.format == {"jpg": "JPEG", "webp": "WEBP"}[one.ending]
        assert image.info.get("progressive") == (1 if one.ending == "jpg" else None)


def test_a_small_picture_still_has_four_names_and_no_invented_pixels() -> None:
    prepared = prepare(written(noise((500, 300))))

    sizes = {one.name: (one.width, one.height) for one in prepared.renditions}
    assert sizes == {
        "small": (400, 240),
        "medium": (500, 300),
        "large": (500, 300),
        "full": (500, 300),
    }
    assert rendition(prepared, "full").content == rendition(prepared, "medium").content


def test_a_single_pixel_is_a_picture() -> None:
    prepared = prepare(written(Image.new("RGB", (1, 1), RED), "PNG"))
    assert {(one.width, one.height) for one in prepared.renditions} == {(1, 1)}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_all_eight_orientations_come_out_upright(orientation: int, kind: str) -> None:
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    stored = corners().transpose(UPRIGHT[inverse]) if orientation > 1 else corners()
    # As bytes, pillow-heif also writes the rotation boxes that HEIF readers go by.
    content = written(stored, kind, exif=telling_exif(orientation).tobytes(), quality=95)

    prepared = prepare(content)

    assert (prepared.width, prepared.height) == (120, 80)
    assert_upright(opened(rendition(prepared, "full")))


def test_an_orientation_that_does_not_exist_turns_nothing() -> None:
    assert_upright(opened(prepare(written(corners(), exif=telling_exif(9))).renditions[0]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_nothing_a_camera_wrote_about_itself_survives(kind: str) -> None:
    options: dict[str, Any] = {
        "exif": telling_exif(),
        "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        "xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>canary http://ns.adobe.com</x:xmpmeta>",
    }
    if kind == "JPEG":
        options["comment"] = b"canary-comment"
    content = written(noise(), kind, **options)
    assert GPS_CANARY.encode() in content

    prepared = prepare(content)

    for one in prepared.renditions:
        assert not [canary for canary in TEXT_CANARIES if canary in one.content]
        assert set(opened(one).info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "loop",  # this and the next three are WebP's
            "background",
            "timestamp",
            "duration",
            "jfif_density",
            "progressive",
            "progression",
        }


def test_the_cameras_own_clock_is_read() -> None:
    prepared = prepare(written(noise(), exif=telling_exif()))
    assert prepared.taken_at == datetime(2025, 6, 7, 18, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "nonsense", ["1904:01:01 00:00:00", "2099:01:01 00:00:00", "0000:00:00 00:00:00", "canary", ""]
)
def test_a_clock_nobody_set_is_not_believed(nonsense: str) -> None:
    assert prepare(written(noise(), exif=telling_exif(taken_at=nonsense))).taken_at is None


def test_damaged_exif_counts_as_none() -> None:
    prepared = prepare(written(corners(), exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff canary"))
    assert prepared.taken_at is None
    assert_upright(opened(prepared.renditions[0]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_display_p3_is_converted_and_not_merely_relabelled(kind: str) -> None:
    """P3 (200, 100, 100) is sRGB (213, 96, 97) by the published matrices at gamma 2.2."""
    content = written(Image.new("RGB", (64, 64), (200, 100, 100)), kind, icc_profile=display_p3())
    pixels = pixel(opened(prepare(content).renditions[-1]), (0.5, 0.5))
    assert abs(pixels - np.array(by_matrix((200, 100, 100)))).max() <= 4
    assert pixels[0] > 208


def by_matrix(p3: tuple[int, int, int]) -> tuple[int, ...]:
    """Linear Display P3 to linear sRGB, both D65, from CSS Color 4."""
    matrix = np.array(
        [
            [1.2249401763, -0.2249401763, 0.0],
            [-0.0420569547, 1.0420569547, 0.0],
            [-0.0196375546, -0.0786360456, 1.0982736001],
        ]
    )
    linear = matrix @ ((np.array(p3) / 255) ** 2.2)
    encoded = np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * np.abs(linear) ** (1 / 2.4) - 0.055
    )
    return tuple(int(value) for value in (encoded.clip(0, 1) * 255).round())


def test_a_broken_colour_profile_is_ignored() -> None:
    assert_upright(opened(prepare(written(corners(), icc_profile=b"canary")).renditions[-1]))


def test_a_profile_for_another_kind_of_picture_is_ignored() -> None:
    content = written(corners().convert("CMYK"), icc_profile=display_p3())
    assert_roughly(prepare(content), (240, 0, 0))


def assert_roughly(prepared: Prepared, colour: tuple[int, int, int]) -> None:
    pixels = pixel(opened(rendition(prepared, "full")), (0.25, 0.25))
    assert abs(pixels - np.array(colour)).max() < 25


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "CMYK", "L", "LA", "1", "I;16"])
def test_every_way_of_storing_colour_becomes_rgb(mode: str) -> None:
    image = corners()
    if mode == "I;16":
        wide = np.asarray(image.convert("L")).astype(np.uint16) * 257
        content = written(Image.fromarray(wide), "PNG")
    else:
        content = written(image.convert(mode), "JPEG" if mode == "CMYK" else "PNG")

    prepared = prepare(content)

    expected = RED if mode in {"RGB", "P", "RGBA", "CMYK"} else (87, 87, 87)
    if mode != "1":
        assert_roughly(prepared, expected)
    assert opened(prepared.renditions[0]).mode == "RGB"


def test_sixteen_bit_colour_is_read() -> None:
    rows = b"".join(b"\0" + struct.pack(">3H", 220 * 257, 30 * 257, 30 * 257) * 8 for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)
    content = png((b"IHDR", header), (b"IDAT", zlib.compress(rows)))
    assert_roughly(prepare(content), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_lies_on_white(mode: str) -> None:
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0)).convert(mode)
    options = {"transparency": image.getpixel((0, 0))} if mode == "P" else {}
    assert prepare(written(image, "PNG", **options)).colour == "#ffffff"


def test_the_mean_colour_stands_in_while_the_picture_loads() -> None:
    assert prepare(written(Image.new("RGB", (50, 50), (16, 32, 64)), "PNG")).colour == "#102040"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_kept(kind: str) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in (RED, BLUE)]
    content = written(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert_roughly(prepare(content), RED)


def test_a_phone_that_packs_two_pictures_in_one_gives_the_first() -> None:
    content = written(corners(), "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))])
    assert_upright(opened(prepare(content).renditions[-1]))


def test_a_portrait_is_square_in_two_sizes_and_keeps_the_head() -> None:
    tall = Image.new("RGB", (600, 1200), BLUE)
    tall.paste(RED, (0, 220, 600, 420))
    prepared = prepare_portrait(written(tall))

    jpegs = [one for one in prepared.renditions if one.ending == "jpg"]
    sizes = [(jpeg.name, jpeg.width, jpeg.height) for jpeg in jpegs]
    assert sizes == [("small", 128, 128), ("large", 512, 512)]
    assert_roughly_at(rendition(prepared, "large"), (0.5, 0.15), RED)
    assert (prepared.width, prepared.height) == (600, 1200)


def assert_roughly_at(
    one: Rendition, at: tuple[float, float], colour: tuple[int, int, int]
) -> None:
    assert abs(pixel(opened(one), at) - np.array(colour)).max() < 20


def test_a_large_portrait_lying_on_its_side_is_turned_before_it_is_cropped() -> None:
    stored = corners((1800, 1200)).transpose(Image.Transpose.ROTATE_90)
    prepared = prepare_portrait(written(stored, exif=telling_exif(6)))
    assert (prepared.width, prepared.height) == (1800, 1200)
    assert_upright(opened(rendition(prepared, "small")))
