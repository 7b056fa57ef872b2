import pickle
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from PIL import Image, ImageCms

from contravento.photos import errors, rules
from contravento.photos.images import UPRIGHT, Prepared, Rendition, prepare, prepare_portrait

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 170, 60), (30, 60, 200), (250, 250, 250)
GPS_CANARY = "canary-43.1234N"
TEXT_CANARIES = [b"canary", b"Exif", b"ICC_PROFILE", b"http://ns.adobe.com", b"Photoshop", b"GPS"]


def corners(size: tuple[int, int] = (120, 80)) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    small = Image.new("RGB", (2, 2))
    small.putdata([RED, GREEN, BLUE, WHITE])
    return small.resize(size, Image.Resampling.NEAREST)


def noise(size: tuple[int, int] = (640, 480)) -> Image.Image:
    rng = np.random.default_rng(7)
    rough = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
    return rough.resize(size, Image.Resampling.BICUBIC)


def written(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def telling_exif(orientation: int = 1, taken_at: str = "2025:06:07 18:30:05") -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "canary-maker"
    exif.get_ifd(0x8769).update({0x9003: taken_at, 0x927C: b"canary-makernote"})
    exif.get_ifd(0x8825).update({1: "N", 2: (43.0, 7.0, 24.4), 0x1D: GPS_CANARY})
    return exif


def rendition(prepared: Prepared, name: str) -> Rendition:
    return next(one for one in prepared.renditions if one.name == name and one.ending == "jpg")


def opened(one: Rendition) -> Image.Image:
    image = Image.open(BytesIO(one.content))
    image.load()
    return image


def pixel(image: Image.Image, at: tuple[float, float]) -> np.ndarray[Any, np.dtype[np.int64]]:
    point = (int(image.width * at[0]), int(image.height * at[1]))
    return np.asarray(image.convert("RGB").getpixel(point), dtype=np.int64)


def assert_upright(image: Image.Image) -> None:
    for at, colour in [
        ((0.25, 0.25), RED),
        ((0.75, 0.25), GREEN),
        ((0.25, 0.75), BLUE),
        ((0.75, 0.75), WHITE),
    ]:
        assert abs(pixel(image, at) - np.array(colour)).max() < 12, at


def test_a_photograph_comes_in_four_sizes_named_by_the_rules() -> None:
    prepared = prepare(written(noise((3000, 2000))))

    jpegs = [one for one in prepared.renditions if one.ending == "jpg"]
    assert [(one.name, one.width, one.height) for one in jpegs] == [
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


def display_p3() -> bytes:
    """A matrix profile with Display P3's primaries (adapted to D50) and the sRGB-like gamma 2.2.

    Primaries: https://www.color.org/chardata/rgb/DisplayP3.xalter
    """
    columns = [(0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)]
    tags = {b"wtpt": xyz((0.9642, 1.0, 0.8249)), b"desc": text(b"Display P3")}
    tags |= {
        name: xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    }
    tags |= dict.fromkeys(
        (b"rTRC", b"gTRC", b"bTRC"), struct.pack(">4sIIHH", b"curv", 0, 1, 0x0233, 0)
    )
    return assembled(tags)


def xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def text(words: bytes) -> bytes:
    return struct.pack(">4sII", b"desc", 0, len(words) + 1) + words + bytes(80)


def assembled(tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value
    header = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02100000, *PROFILE_KIND)
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + body


PROFILE_KIND = (b"mntr", b"RGB ", b"XYZ ")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_display_p3_is_converted_and_not_merely_relabelled(kind: str) -> None:
    """P3 (200, 100, 100) is sRGB (213, 96, 97) by the published matrices at gamma 2.2."""
    content = written(Image.new("RGB", (64, 64), (200, 100, 100)), kind, icc_profile=display_p3())
    found = pixel(opened(prepare(content).renditions[-1]), (0.5, 0.5))
    assert abs(found - np.array(by_matrix((200, 100, 100)))).max() <= 4
    assert found[0] > 208


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
    found = pixel(opened(rendition(prepared, "full")), (0.25, 0.25))
    assert abs(found - np.array(colour)).max() < 25


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


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    made = b"\x89PNG\r\n\x1a\n"
    for name, body in (*chunks, (b"IEND", b"")):
        made += struct.pack(">I", len(body)) + name + body
        made += struct.pack(">I", zlib.crc32(name + body))
    return made


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
    sizes = [(one.name, one.width, one.height) for one in jpegs]
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


def iso_media(brand: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body + bytes(64)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", errors.EmptyPhoto),
        (b"\0" * 50, errors.NotAPicture),
        (b"Dear diary,", errors.NotAPicture),
        (b"<gpx>", errors.NotAPicture),
        (b"II*\0\x08\0\0\0CR", errors.RawNotTaken),
        (iso_media(b"crx ", b"isom"), errors.RawNotTaken),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', errors.SvgNotTaken),
        (b"GIF89a\1\0\1\0", errors.GifNotTaken),
        (b"%PDF-1.7", errors.PdfNotTaken),
        (iso_media(b"qt  ", b"qt  "), errors.VideoNotTaken),
        (iso_media(b"isom", b"mp41"), errors.VideoNotTaken),
        (b"\x1aE\xdf\xa3webm", errors.VideoNotTaken),
        (b"RIFF\0\0\0\0AVI LIST", errors.VideoNotTaken),
        (b"\n<!DOCTYPE html><html>", errors.WebPageNotTaken),
        (b"BM\0\0\0\0", errors.OtherPictureNotTaken),
        (b"\xff\xd8\xff" + bytes(60), errors.UnreadablePhoto),
        (iso_media(b"heic", b"mif1"), errors.UnreadablePhoto),
    ],
)
def test_what_is_no_photograph_is_told_what_it_is(
    content: bytes, refusal: type[errors.UnreadablePhoto]
) -> None:
    with pytest.raises(refusal) as refused:
        prepare(content)
    assert str(refused.value).endswith(".")
    assert "%" not in str(refused.value)


def test_too_many_pixels_are_refused_before_they_are_unpacked() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 50_000, 8, 2, 0, 0, 0)
    bomb = png((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))))
    with pytest.raises(errors.TooManyPixels, match="has 3000 million pixels") as refused:
        prepare(bomb)
    assert refused.value.status == 413


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    content = written(noise(), progressive=True)
    scan = content[content.rfind(b"\xff\xda") : -2]
    with pytest.raises(errors.UnreadablePhoto):
        prepare(content[:-2] + scan * (rules.MAX_JPEG_SCANS + 1) + b"\xff\xd9")


def test_a_jpeg_that_lacks_only_its_end_marker_is_taken() -> None:
    assert_upright(opened(prepare(written(corners((800, 600)))[:-2]).renditions[-1]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_a_file_that_was_cut_short_says_so(kind: str, share: float) -> None:
    content = written(noise(), kind, quality=90)
    with pytest.raises(errors.CutShort):
        prepare(content[: int(len(content) * share)])


SMALL = {
    "JPEG": lambda: written(corners((64, 48)), exif=telling_exif(6), icc_profile=display_p3()),
    "progressive": lambda: written(corners((64, 48)), progressive=True),
    "PNG": lambda: written(
        corners((64, 48)), "PNG", exif=telling_exif(3), icc_profile=display_p3()
    ),
    "palette": lambda: written(corners((64, 48)).convert("P"), "PNG", transparency=b"\0\xff"),
    "WEBP": lambda: written(corners((64, 48)), "WEBP", exif=telling_exif(8)),
    "HEIF": lambda: written(corners((64, 48)), "HEIF", exif=telling_exif(5).tobytes()),
}


@pytest.mark.parametrize("make", SMALL.values(), ids=SMALL.keys())
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=12),
    kept=st.one_of(st.just(1.0), st.floats(0.01, 1)),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_to_the_bytes_only_our_own_refusals_escape(
    make: Callable[[], bytes], changes: list[tuple[float, bytes]], kept: float
) -> None:
    content = bytearray(make())
    for at, bytes_put in changes:
        start = int(at * (len(content) - 1))
        content[start : start + len(bytes_put)] = bytes_put
    with suppress(errors.UnreadablePhoto):
        prepared = prepare(bytes(content[: max(1, int(len(content) * kept))]))
        assert len(prepared.renditions) == 8


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_noise_is_refused(content: bytes) -> None:
    with pytest.raises(errors.UnreadablePhoto):
        prepare(content)


def test_what_is_made_and_what_is_refused_can_cross_a_process_boundary() -> None:
    prepared = prepare(written(corners()))
    assert pickle.loads(pickle.dumps(prepared)) == prepared  # noqa: S301

    refused = pickle.loads(pickle.dumps(errors.TooManyPixels(megapixels=120, limit=100)))  # noqa: S301
    assert "120 million" in str(refused)
