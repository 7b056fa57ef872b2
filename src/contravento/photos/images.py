"""Turns a camera's file into four plain JPEGs without metadata.

Pure and picklable: bytes in, values out, so that it runs in a process pool.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO

import numpy as np
import simplejpeg
from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

from contravento.photos import colour, exif, notes, rules
from contravento.photos.errors import CutShort, UnreadablePhoto
from contravento.photos.image_formats import ImageFormat, is_cut_short, recognise
from contravento.photos.notes import Note

register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=2)

Image.MAX_IMAGE_PIXELS = None  # rules.check_pixels judges, before decoding, and says how many

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
MODE_OF_PROFILE = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
END_OF_JPEG = b"\xff\xd9"
START_OF_SCAN = b"\xff\xda"
LIBJPEG_WARNINGS = ("corrupt", "premature", "inconsistent progression")
LEAST_EDGE_PIXELS = 8  # libjpeg then decodes at an eighth: it still reads every byte
MOVING_FORMATS = {ImageFormat.WEBP, ImageFormat.PNG, ImageFormat.AVIF}

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = {5, 6, 7, 8}


@dataclass(frozen=True, slots=True)
class Rendition:
    """One size of a picture in one format, without metadata: `content` is sRGB, as a progressive
    JPEG or as WebP."""

    name: str
    width: int
    height: int
    content: bytes
    ending: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture ready to store.

    `width` and `height` are the upright original's. `taken_at` is an instant in UTC, as far as the
    camera tells one; it is private and never published. `colour` is the mean, '#rrggbb', to show
    while waiting. `notes` are for the rider.
    """

    width: int
    height: int
    renditions: tuple[Rendition, ...]
    taken_at: datetime | None
    colour: str
    notes: tuple[Note, ...]


def prepare(content: bytes) -> Prepared:
    """Make the four sizes of a photograph. Raises only UnreadablePhoto and its kin."""
    return _guarded(content, square=False)


def prepare_portrait(content: bytes) -> Prepared:
    """Make the square sizes of a rider's portrait. Raises only UnreadablePhoto and its kin."""
    return _guarded(content, square=True)


def _guarded(content: bytes, *, square: bool) -> Prepared:
    """Let no decoder's own exception out, whatever the bytes."""
    rules.check_file_size(len(content))
    kind = recognise(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd files; what matters is refused
            return _prepare(content, kind, square=square)
    except UnreadablePhoto:
        raise
    except Exception as refusal:
        raise (CutShort if is_cut_short(content, kind) else UnreadablePhoto) from refusal


def _prepare(content: bytes, kind: ImageFormat, *, square: bool) -> Prepared:
    image, width, height = _decode(content, kind, square=square)
    orientation, taken_at = exif.read(image)

    # Shrink first: everything after it costs by the pixel.
    picture = _shrink(_to_resizable(image), _target_size(width, height, square=square))
    if orientation in UPRIGHT:
        picture = picture.transpose(UPRIGHT[orientation])
    picture = _to_srgb(_flatten(picture), image.info.get("icc_profile"), content, kind)
    picture = _crop_square(picture) if square else picture

    edges = rules.PORTRAIT_EDGE_PIXELS if square else rules.LONG_EDGE_PIXELS
    renditions, smallest = _render(picture, edges)
    if orientation in LYING:
        width, height = height, width
    told = tuple(_notes(image, content, kind))
    return Prepared(width, height, renditions, taken_at, _mean_colour(smallest), told)


def _notes(image: Image.Image, content: bytes, kind: ImageFormat) -> Iterator[Note]:
    if kind is ImageFormat.JPEG and not is_cut_short(content, kind) and is_corrupt_jpeg(content):
        yield notes.DAMAGED
    if kind in MOVING_FORMATS and getattr(image, "n_frames", 1) > 1:
        yield notes.FIRST_FRAME


def _target_size(width: int, height: int, *, square: bool) -> tuple[int, int]:
    if not square:
        return rules.fit(width, height, long_edge_pixels=max(rules.LONG_EDGE_PIXELS.values()))
    long_edge = max(rules.PORTRAIT_EDGE_PIXELS.values()) * max(width, height) / min(width, height)
    return rules.fit(width, height, long_edge_pixels=round(long_edge))


def _decode(content: bytes, kind: ImageFormat, *, square: bool) -> tuple[Image.Image, int, int]:
    """Give the decoded picture, perhaps already reduced, and the original's width and height."""
    if kind is ImageFormat.JPEG and content.count(START_OF_SCAN) > rules.MAX_JPEG_SCANS:
        raise UnreadablePhoto
    image = Image.open(BytesIO(content), formats=[kind])
    width, height = image.size
    rules.check_pixels(width, height)
    size = _target_size(width, height, square=square)
    if kind is not ImageFormat.JPEG:
        image.load()
        return image, width, height
    return _load_jpeg(image, content, size), width, height


def _load_jpeg(image: Image.Image, content: bytes, size: tuple[int, int]) -> Image.Image:
    """Decode at half, quarter or eighth size where that is enough.

    A file that lacks only its end marker is whole to the eye; one that lacks more is refused.
    """
    if is_cut_short(content, ImageFormat.JPEG):
        content += END_OF_JPEG
        if is_corrupt_jpeg(content):
            raise CutShort
        image = Image.open(BytesIO(content), formats=[ImageFormat.JPEG])
    image.draft(None, size)
    image.load()
    return image


def is_corrupt_jpeg(content: bytes) -> bool:
    """Whether libjpeg, which paints something in any case, warns of what it had to make up."""
    try:
        simplejpeg.decode_jpeg(
            content, "GRAY", min_height=LEAST_EDGE_PIXELS, min_width=LEAST_EDGE_PIXELS, strict=True
        )
    except ValueError as warning:
        return any(each in str(warning).lower() for each in LIBJPEG_WARNINGS)
    return False


def _to_resizable(image: Image.Image) -> Image.Image:
    """Bring palettes, bilevel and 16-bit pictures to a mode that shrinks smoothly."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        return image if image.mode in {"RGBA", "LA"} else image.convert("RGBA")
    if image.mode in {"RGB", "L", "CMYK"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _shrink(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _flatten(image: Image.Image) -> Image.Image:
    """Lay what is transparent on white paper."""
    if image.mode not in {"RGBA", "LA"}:
        return image
    opaque = image.mode.removesuffix("A")
    paper = Image.new(opaque, image.size, "white")
    paper.paste(image.convert(opaque), mask=image.getchannel("A"))
    return paper


def _to_srgb(
    image: Image.Image, profile_bytes: bytes | None, content: bytes, kind: ImageFormat
) -> Image.Image:
    """Convert by what the file says of its colour, else by the embedded profile; an absent, broken
    or unfitting one counts as sRGB."""
    has_profile = bool(profile_bytes) and kind is not ImageFormat.PNG  # PNG's cICP comes first
    if not has_profile and (source := colour.source_colour(content, kind)):
        return colour.to_srgb(image, source)
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError, KeyError):
        if profile_bytes:
            return _convert_by_profile(image, profile_bytes)
    return image.convert("RGB")


def _convert_by_profile(image: Image.Image, profile_bytes: bytes) -> Image.Image:
    profile = ImageCms.getOpenProfile(BytesIO(profile_bytes))
    mode = MODE_OF_PROFILE[profile.profile.xcolor_space]
    if mode != "RGB" and mode != image.mode:
        return image.convert("RGB")
    transform = ImageCms.buildTransform(
        profile,
        SRGB,
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return transform.point(image.convert(mode))


def _crop_square(image: Image.Image) -> Image.Image:
    edge = min(image.size)
    left = (image.width - edge) // 2
    top = round((image.height - edge) * rules.PORTRAIT_TOP_SHARE)
    return image.crop((left, top, left + edge, top + edge))


def _render(
    image: Image.Image, edges: Mapping[str, int]
) -> tuple[tuple[Rendition, ...], Image.Image]:
    """Encode every size, each shrunk from the one before; return the smallest picture too."""
    made: list[tuple[Rendition, ...]] = []
    width, height = image.size
    for name, edge in sorted(edges.items(), key=lambda item: -item[1]):
        size = rules.fit(width, height, long_edge_pixels=edge)
        if made and size == image.size:
            made.append(tuple(replace(each, name=name) for each in made[-1]))
            continue
        image = _shrink(image, size)
        made.append(
            (
                Rendition(name, *size, _encode_jpeg(image), "jpg"),
                Rendition(name, *size, _encode_webp(image), "webp"),
            )
        )
    return tuple(rendition for renditions in reversed(made) for rendition in renditions), image


def _encode_jpeg(image: Image.Image) -> bytes:
    """Write a progressive JPEG; `info` is emptied because Pillow would copy comments from it."""
    image.info.clear()
    written = BytesIO()
    image.save(written, "JPEG", quality=rules.JPEG_QUALITY, progressive=True, subsampling="4:2:0")
    return written.getvalue()


def _encode_webp(image: Image.Image) -> bytes:
    written = BytesIO()
    image.save(written, "WEBP", quality=rules.WEBP_QUALITY, method=rules.WEBP_METHOD)
    return written.getvalue()


def _mean_colour(image: Image.Image) -> str:
    red, green, blue = np.asarray(image).reshape(-1, 3).mean(axis=0).round().astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"
