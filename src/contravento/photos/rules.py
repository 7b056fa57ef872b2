"""Limits on photos, the sizes that are made, and when to believe a camera's clock."""

from datetime import datetime, timedelta
from math import ceil
from types import MappingProxyType

from contravento.photos.errors import EmptyPhoto, PhotoTooLarge, TooManyPhotos, TooManyPixels

MAX_PHOTO_MEGABYTES = 20
MAX_PHOTO_BYTES = MAX_PHOTO_MEGABYTES * 1024 * 1024
MAX_MEGAPIXELS = 100
MAX_PIXELS = MAX_MEGAPIXELS * 1_000_000
MAX_JPEG_SCANS = 200  # cameras write at most a dozen; thousands are made to keep a decoder busy
MAX_PHOTOS_PER_TRIP = 60
MAX_CAPTION_CHARACTERS = 300
MAX_ALT_CHARACTERS = 500

LONG_EDGE_PIXELS = MappingProxyType({"full": 2560, "large": 1600, "medium": 800, "small": 400})
PORTRAIT_EDGE_PIXELS = MappingProxyType({"large": 512, "small": 128})
JPEG_QUALITY = 80  # of 100; below 78 the fog between ridges breaks into bands
WEBP_QUALITY = 78  # of 100; fewer bytes than the JPEG at the same PSNR
WEBP_METHOD = 2  # of 0 (quick) to 6; 4 takes twice as long for a few per cent less
PORTRAIT_TOP_SHARE = (
    0.35  # of what a tall portrait loses, this much goes at the top: faces sit high
)

FIRST_CAMERA_YEAR = 1990
CLOCK_AHEAD = timedelta(hours=26)  # the furthest time zone, and a camera set by eye


def check_file_size(size_bytes: int) -> None:
    if size_bytes == 0:
        raise EmptyPhoto
    if size_bytes > MAX_PHOTO_BYTES:
        raise PhotoTooLarge(limit=MAX_PHOTO_MEGABYTES)


def check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        megapixels = ceil(width * height / 1_000_000)
        raise TooManyPixels(megapixels=megapixels, limit=MAX_MEGAPIXELS)


def check_room(photos_in_trip: int) -> None:
    if photos_in_trip >= MAX_PHOTOS_PER_TRIP:
        raise TooManyPhotos(limit=MAX_PHOTOS_PER_TRIP)


def fit(width: int, height: int, *, long_edge_pixels: int) -> tuple[int, int]:
    """Shrink to the long edge, keeping the shape; never enlarge, never vanish."""
    scale = min(1.0, long_edge_pixels / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def is_plausible(taken_at: datetime, *, now: datetime) -> bool:
    """Whether a camera's time could be true. One without a zone is local, though read as UTC."""
    return taken_at.year >= FIRST_CAMERA_YEAR and taken_at <= now + CLOCK_AHEAD
