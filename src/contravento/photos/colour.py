"""Colour of pictures that name no ICC profile: CICP codes (HDR, wide gamut), PNG's gamma.

Pure. Pixels are arrays of shape (height, width, 3), RGB; light is linear, 1.0 the white of SDR.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contravento.photos.image_formats import ImageFormat

type Floats = NDArray[np.float32]
type Chromaticities = tuple[float, ...]  # x and y of white, red, green and blue

LOOK_AT_BYTES = 65_536  # an ISO media file says its colour in its first boxes
SDR_WHITE_NITS = 203.0  # ITU-R BT.2408, 5.1: diffuse white in HDR
HDR_PEAK_NITS = 1000.0  # what browsers assume where a file does not say
PQ_PEAK_NITS = 10_000.0
USUAL_GAMMA = 1 / 2.2
GAMMA_TOLERANCE = 0.01  # a file that says 0.45455 means sRGB

D65 = (0.3127, 0.3290)
SRGB: Chromaticities = (*D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
BT2020: Chromaticities = (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
DISPLAY_P3: Chromaticities = (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)

# ITU-T H.273, tables 2 and 3.
CICP_PRIMARIES = {1: SRGB, 9: BT2020, 11: DISPLAY_P3, 12: DISPLAY_P3}
CICP_LINEAR, CICP_PQ, CICP_HLG = 8, 16, 18


@dataclass(frozen=True, slots=True)
class SourceColour:
    """How the values of a picture become light, and in which primaries."""

    to_light: Callable[[Floats], Floats]
    primaries: Chromaticities
    is_hdr: bool = False


def source_colour(content: bytes, kind: ImageFormat) -> SourceColour | None:
    """What the file says of its colour besides an ICC profile; None where it is sRGB or says
    nothing that is understood."""
    if kind is ImageFormat.PNG:
        return _of_png(dict(_png_chunks(content)))
    if kind in {ImageFormat.HEIF, ImageFormat.AVIF}:
        return _of_iso_media(content[:LOOK_AT_BYTES])
    return None


def to_srgb(image: Image.Image, source: SourceColour) -> Image.Image:
    """An RGB picture in sRGB; what is brighter than SDR's white is tone-mapped."""
    values: Floats = np.asarray(image.convert("RGB"), dtype=np.float32) / np.float32(255)
    light = source.to_light(values)
    light = _tone_map(light) if source.is_hdr else light
    if source.primaries != SRGB:
        light = np.asarray(light @ _conversion(source.primaries).T, dtype=np.float32)
    shown = _encode_srgb(np.clip(light, 0, 1)) * 255
    return Image.fromarray(shown.round().astype(np.uint8))


def _of_png(chunks: dict[bytes, bytes]) -> SourceColour | None:
    """By the precedence of the PNG specification, third edition, 4.3: cICP, iCCP, sRGB, gAMA."""
    if len(chunks.get(b"cICP", b"")) == 4:
        primaries, transfer = chunks[b"cICP"][:2]
        return _of_cicp(primaries, transfer)
    if b"iCCP" in chunks or b"sRGB" in chunks or len(chunks.get(b"gAMA", b"")) != 4:
        return None
    gamma = int.from_bytes(chunks[b"gAMA"]) / 100_000
    primaries_said = chunks.get(b"cHRM", b"")
    primaries_of_file = SRGB
    if len(primaries_said) == 32:
        primaries_of_file = tuple(each / 100_000 for each in struct.unpack(">8I", primaries_said))
    if gamma <= 0 or (abs(gamma - USUAL_GAMMA) < GAMMA_TOLERANCE and primaries_of_file == SRGB):
        return None
    return SourceColour(partial(_light_of_power, exponent=1 / gamma), primaries_of_file)


def _of_iso_media(head: bytes) -> SourceColour | None:
    """The first `colr` box of type `nclx` (ISO 14496-12, 12.1.5)."""
    at = head.find(b"colrnclx")
    if at < 0 or at + 14 > len(head):
        return None
    primaries, transfer = struct.unpack(">HH", head[at + 8 : at + 12])
    return _of_cicp(primaries, transfer)


def _of_cicp(primaries: int, transfer: int) -> SourceColour | None:
    known = CICP_PRIMARIES.get(primaries)
    if known is None:
        return None
    if transfer == CICP_PQ:
        return SourceColour(_light_of_pq, known, is_hdr=True)
    if transfer == CICP_HLG:
        return SourceColour(_light_of_hlg, known, is_hdr=True)
    if transfer == CICP_LINEAR:
        return SourceColour(_light_of_linear, known)
    return None if known == SRGB else SourceColour(_light_of_srgb, known)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of each chunk before the picture's own."""
    at = 8
    while at + 8 <= len(content):
        size, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if name == b"IDAT":
            return
        yield name, content[at + 8 : at + 8 + size]
        at += size + 12


def _light_of_linear(values: Floats) -> Floats:
    return values


def _light_of_power(values: Floats, *, exponent: float) -> Floats:
    return np.asarray(values**exponent, dtype=np.float32)


def _light_of_pq(values: Floats) -> Floats:
    """SMPTE ST 2084's EOTF."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = values ** np.float32(1 / m2)
    nits = PQ_PEAK_NITS * ((root - c1).clip(0) / (c2 - c3 * root)) ** (1 / m1)
    return np.asarray(nits / SDR_WHITE_NITS, dtype=np.float32)


def _light_of_hlg(values: Floats) -> Floats:
    """ITU-R BT.2100's inverse OETF, and its OOTF for a display of 1,000 cd/m²."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    display = scene * (luminance[..., None] ** 0.2) * HDR_PEAK_NITS / SDR_WHITE_NITS
    return np.asarray(display, dtype=np.float32)


def _light_of_srgb(values: Floats) -> Floats:
    curved = ((values + 0.055) / 1.055) ** 2.4
    return np.asarray(np.where(values <= 0.04045, values / 12.92, curved), dtype=np.float32)


def _encode_srgb(light: Floats) -> Floats:
    curved = 1.055 * light ** (1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, curved), dtype=np.float32)


def _tone_map(light: Floats) -> Floats:
    """Reinhard's extended operator on the brightest channel (Reinhard et al. 2002, equation 4), as
    browsers do it: hues stay, and the assumed peak becomes white."""
    peak = HDR_PEAK_NITS / SDR_WHITE_NITS
    brightest = light.max(axis=-1, keepdims=True).clip(0)
    return np.asarray(light * (1 + brightest / peak**2) / (1 + brightest), dtype=np.float32)


def _conversion(primaries: Chromaticities) -> Floats:
    """The matrix from linear light in these primaries to linear sRGB. White goes to white."""
    return np.asarray(np.linalg.inv(_to_xyz(SRGB)) @ _to_xyz(primaries), dtype=np.float32)


def _to_xyz(primaries: Chromaticities) -> NDArray[np.float64]:
    """SMPTE RP 177-1993, with each white taken for the same, as relative colorimetry has it."""
    x, y = np.array(primaries[2::2]), np.array(primaries[3::2])
    columns = np.array([x / y, np.ones(3), (1 - x - y) / y])
    white_x, white_y = primaries[:2]
    white = np.array([white_x / white_y, 1.0, (1 - white_x - white_y) / white_y])
    scaled: NDArray[np.float64] = columns * np.linalg.solve(columns, white)
    return scaled
