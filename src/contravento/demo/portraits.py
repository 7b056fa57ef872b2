"""Riders' portraits: a cap, a face without features, hills behind."""

from dataclasses import dataclass

from contravento.demo.sheet import Canvas, blend, curve

SIZE = (320, 320)


@dataclass(frozen=True, slots=True)
class _Look:
    sky: str
    hills: str
    jersey: str
    skin: str
    hair: str
    cap: str
    band: str
    has_long_hair: bool
    has_beard: bool


LOOKS = (
    _Look("#c9d6d1", "#9fb3aa", "#2d4a57", "#c69a72", "#2b221d", "#efe6d4", "#b0125c", True, False),
    _Look("#e6d9c2", "#b9a878", "#4f6b51", "#b78560", "#4a3a2c", "#33493a", "#d9b45f", False, True),
    _Look("#cbd8de", "#8fa3ae", "#a5523c", "#e0b793", "#c9a15c", "#3d6274", "#efe6d4", True, False),
)


def draw_portrait(seed: int) -> bytes:
    """Give a square JPEG of 960 pixels; seeds 0, 1 and 2 are three different people."""
    look = LOOKS[seed % len(LOOKS)]
    sheet = Canvas(seed, look.sky, size=SIZE)
    _hills(sheet, look)
    if look.has_long_hair:
        sheet.area(curve([(108, 96), (100, 150), (104, 196), (118, 200), (160, 190)]), look.hair)
        sheet.area(curve([(160, 190), (202, 200), (216, 196), (220, 150), (212, 96)]), look.hair)
    _bust(sheet, look)
    _head(sheet, look)
    return sheet.jpeg((960, 960))


def _hills(sheet: Canvas, look: _Look) -> None:
    line = sheet.profile(160, 34, roughness=0.4, waves=4)
    sheet.ridge(line, look.hills, foot=320)
    sheet.contours(line, blend(look.hills, "#2b3a33", 0.16), count=5, spacing=24)


def _bust(sheet: Canvas, look: _Look) -> None:
    shoulders = [(62, 320), (70, 280), (96, 246), (160, 232), (224, 246), (250, 280), (258, 320)]
    sheet.area(curve(shoulders), look.jersey)
    sheet.stroke([(160, 238), (160, 320)], blend(look.jersey, "#000000", 0.3), 4)
    neck = curve([(136, 236), (146, 248), (160, 251), (174, 248), (184, 236)])
    sheet.area([(136, 196), *neck, (184, 196)], blend(look.skin, "#6b4526", 0.25))


def _head(sheet: Canvas, look: _Look) -> None:
    jaw = [(112, 120), (116, 160), (132, 194), (160, 208), (188, 194), (204, 160), (208, 120)]
    face = [*curve(jaw), *curve([(208, 120), (206, 84), (160, 58), (114, 84), (112, 120)])]
    sheet.area(face, look.skin)
    if look.has_beard:
        beard = [(112, 134), (116, 166), (132, 200), (160, 214), (188, 200), (204, 166), (208, 134)]
        mouth = [(198, 156), (180, 168), (160, 164), (140, 168), (122, 156)]
        sheet.area([*curve(beard), *curve(mouth)], look.hair)
    for side in (-1, 1):
        sheet.area([(160 + side * x, y) for x, y in _TEMPLE], look.hair)
    crown = [(102, 104), (108, 70), (130, 50), (160, 46), (190, 50), (212, 70), (218, 104)]
    brow = curve([(218, 104), (190, 95), (160, 93), (130, 95), (102, 104)])
    sheet.area([*curve(crown), *brow], look.cap)
    band = curve([(102, 95), (130, 85), (160, 83), (190, 85), (218, 95)])
    sheet.area([*band, *brow], look.band)
    peak = curve(
        [(212, 105), (204, 113), (182, 114), (160, 113), (138, 114), (116, 113), (108, 105)]
    )
    sheet.area([*peak, *curve([(108, 105), (134, 98), (160, 96), (186, 98), (212, 105)])], look.cap)


_TEMPLE = [(56, 100), (57, 128), (50, 146), (45, 140), (46, 112)]
