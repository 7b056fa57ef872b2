"""Large files to upload, made by the program."""

from io import BytesIO

import numpy as np
from PIL import Image

PHOTO_BYTES = 5_000_000


def make_gpx(points: int) -> bytes:
    """A ride of so many points with times and elevations: 10 MB for 100,000."""
    rng = np.random.default_rng(7)
    lon = -3.0 + np.cumsum(rng.normal(4e-5, 3e-5, points))
    lat = 43.0 + np.cumsum(rng.normal(0, 3e-5, points))
    elevation = 400 + 300 * np.sin(np.linspace(0, 60, points)) + rng.normal(0, 0.4, points)
    start = np.datetime64("2025-06-03T06:00:00")
    times = start + np.arange(points) * np.timedelta64(3, "s")
    rows = "\n".join(
        f'<trkpt lat="{y:.7f}" lon="{x:.7f}"><ele>{e:.1f}</ele><time>{t}Z</time></trkpt>'
        for x, y, e, t in zip(lon, lat, elevation, np.datetime_as_string(times), strict=True)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="bench" xmlns="http://www.topografix.com/GPX/1/1">\n'
        f"  <trk><name>bench</name><trkseg>\n{rows}\n  </trkseg></trk>\n</gpx>\n"
    ).encode()


def make_photo() -> bytes:
    """A JPEG of 16 megapixels and at least 5 MB, noisy like a photograph of gravel."""
    rng = np.random.default_rng(7)
    height, width = 3456, 4608
    coarse = rng.integers(0, 255, (height // 16, width // 16, 3), np.uint8)
    picture = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    noise = rng.normal(0, 9, (height, width, 1))
    noisy = np.clip(picture.astype(np.float32) + noise, 0, 255).astype(np.uint8)
    for quality in range(80, 100):
        file = BytesIO()
        Image.fromarray(noisy).save(file, "JPEG", quality=quality)
        if file.tell() >= PHOTO_BYTES:
            return file.getvalue()
    raise ValueError("the picture never grew to 5 MB")
