"""Turns a camera's file into four plain JPEGs without metadata.

Pure and picklable: bytes in, values out, so that it runs in a process pool.
"""

import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

from contravento.photos import rules
from contravento.photos.errors import CutShort, UnreadablePhoto
from contravento.photos.image_formats import ImageFormat, is_cut_short, recognise

register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=2)

Image.MAX_IMAGE_PIXELS = None  # rules.check_pixels judges, before decoding, and says how many

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
MODE_OF_PROFILE = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
END_OF_JPEG = b"\xff\xd9"
START_OF_SCAN = b"\xff\xda"
VOID_GREY = 128  # what libjpeg paints where the bytes ran out
FOOT_SHARE = 50  # a picture whose lowest 1/50 is void was cut short

EXIF_ORIENTATION, EXIF_IFD = 0x0112, 0x8769
EXIF_TIMES = (0x9003, 0x9004)  # original, digitized
EXIF_TIME_FORMAT = "%Y:%m:%d %H:%M:%S"
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
    """One size of a picture; `content` is a progressive sRGB JPEG without metadata."""

    name: str
    width: int
    height: int
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture ready to store.

    `width` and `height` are the upright original's. `taken_at` is the camera's own local time;
    it is private and never published. `colour` is the mean, '#rrggbb', to show while waiting.
    """

    width: int
    height: int
    renditions: tuple[Rendition, ...]
    taken_at: datetime | None
    colour: str


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
    orientation, taken_at = _read_exif(image)

    # Shrink first: everything after it costs by the pixel.
    picture = _shrink(_to_resizable(image), _target_size(width, height, square=square))
    if orientation in UPRIGHT:
        picture = picture.transpose(UPRIGHT[orientation])
    picture = _to_srgb(_flatten(picture), image.info.get("icc_profile"))
    picture = _crop_square(picture) if square else picture

    edges = rules.PORTRAIT_EDGE_PIXELS if square else rules.LONG_EDGE_PIXELS
    renditions, smallest = _render(picture, edges)
    if orientation in LYING:
        width, height = height, width
    return Prepared(width, height, renditions, taken_at, _mean_colour(smallest))


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

    A file that lacks only its end marker is whole to the eye; one that lacks rows is refused.
    """
    image.draft(None, size)
    try:
        image.load()
    except OSError:
        image = Image.open(BytesIO(content + END_OF_JPEG), formats=[ImageFormat.JPEG])
        image.draft(None, size)
        image.load()
        if _is_void_at_foot(image):
            raise CutShort from None
    return image


def _is_void_at_foot(image: Image.Image) -> bool:
    foot_rows = max(1, image.height // FOOT_SHARE)
    foot = image.crop((0, image.height - foot_rows, *image.size)).convert("L")
    return foot.getextrema() == (VOID_GREY, VOID_GREY)


def _read_exif(image: Image.Image) -> tuple[int, datetime | None]:
    """Read the two things we want from EXIF; a damaged block counts as none."""
    orientation, taken_at = 1, None
    with suppress(Exception):
        exif = image.getexif()
        orientation = int(exif.get(EXIF_ORIENTATION, 1))
        times = exif.get_ifd(EXIF_IFD)
        written = next((times[tag] for tag in EXIF_TIMES if times.get(tag)), "")
        taken_at = datetime.strptime(str(written).strip("\0 "), EXIF_TIME_FORMAT)  # noqa: DTZ007
    now = datetime.now(UTC).replace(tzinfo=None)
    if taken_at and not rules.is_plausible(taken_at, now=now):
        taken_at = None
    return orientation, taken_at


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


def _to_srgb(image: Image.Image, profile_bytes: bytes | None) -> Image.Image:
    """Convert by the embedded profile; an absent, broken or unfitting one counts as sRGB."""
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
    renditions: list[Rendition] = []
    width, height = image.size
    for name, edge in sorted(edges.items(), key=lambda item: -item[1]):
        size = rules.fit(width, height, long_edge_pixels=edge)
        if renditions and size == image.size:
            renditions.append(replace(renditions[-1], name=name))
            continue
        image = _shrink(image, size)
        renditions.append(Rendition(name, *size, _encode(image), "image/jpeg"))
    return tuple(reversed(renditions)), image


def _encode(image: Image.Image) -> bytes:
    """Write a progressive JPEG; `info` is emptied because Pillow would copy comments from it."""
    image.info.clear()
    written = BytesIO()
    image.save(written, "JPEG", quality=rules.JPEG_QUALITY, progressive=True, subsampling="4:2:0")
    return written.getvalue()


def _mean_colour(image: Image.Image) -> str:
    red, green, blue = np.asarray(image).reshape(-1, 3).mean(axis=0).round().astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"
