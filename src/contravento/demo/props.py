"""Objects in the landscapes: ridges, trees, houses, a viaduct, a bicycle."""

import numpy as np

from contravento.demo.sheet import WIDTH, Canvas, Point, blend, curve

INK, CREAM, ROUTE = "#2b3a33", "#f0eadc", "#b0125c"


def bicycle(sheet: Canvas, x: float, y: float, scale: float) -> None:
    """A loaded bicycle from the side, standing on (x, y)."""

    def at(*points: Point) -> list[Point]:
        return [(x + a * scale, y + b * scale) for a, b in points]

    for hub in (-34, 34):
        sheet.ring(x + hub * scale, y - 22 * scale, 22 * scale, INK, 2.6 * scale)
    frame = [(-34, -22), (-4, -22), (24, -54), (-12, -54), (-4, -22)]
    sheet.stroke(at(*frame), INK, 3 * scale)
    sheet.stroke(at((-34, -22), (-12, -54), (-15, -64)), INK, 3 * scale)
    sheet.stroke(at((34, -22), (23, -62), (36, -64)), INK, 3 * scale)
    sheet.stroke(at((-24, -66), (-6, -65)), INK, 5 * scale)
    sheet.area(at((-58, -46), (-26, -46), (-29, -18), (-53, -18)), ROUTE)
    sheet.stroke(at((-60, -47), (-18, -47)), INK, 2.6 * scale)


def layer(
    sheet: Canvas, shape: tuple[float, float, float], colour: str, *, lines: int, waves: int = 3
) -> None:
    top, relief, roughness = shape
    line = sheet.profile(top, relief, roughness=roughness, waves=waves)
    ridge_with_lines(sheet, line, colour, lines)


def ridge_with_lines(sheet: Canvas, line: np.ndarray, colour: str, lines: int) -> None:
    sheet.ridge(line, colour)
    sheet.contours(line, blend(colour, "#1f3a44", 0.14), count=lines)


def roughened(sheet: Canvas, points: list[Point], by: float) -> list[Point]:
    shifts = sheet.rng.uniform(-by, by, len(points))
    return [(x, y + shift) for (x, y), shift in zip(points, shifts.tolist(), strict=True)]


def cypress(sheet: Canvas, x: float, foot: float, tall: float) -> None:
    wide = tall * 0.19
    left = [(x - wide, foot), (x - wide * 0.9, foot - tall * 0.45), (x, foot - tall)]
    right = [(x, foot - tall), (x + wide * 0.9, foot - tall * 0.45), (x + wide, foot)]
    sheet.area([*curve(left), *curve(right)], "#3c4a35")


def hut(sheet: Canvas, x: float, y: float, scale: float) -> None:
    wide, tall = 26 * scale, 38 * scale
    gable = [(x - wide, y), (x - wide, y - tall), (x, y - tall * 1.6), (x + wide, y - tall)]
    sheet.area([*gable, (x + wide, y + 4)], "#a5372c")
    sheet.stroke(
        [(x - wide - 3, y - tall + 3), (x, y - tall * 1.62), (x + wide + 3, y - tall + 3)],
        "#7d2a22",
        4 * scale,
    )
    sheet.box(x - 6 * scale, y - 30 * scale, x + 6 * scale, y - 16 * scale, CREAM)


def frame(sheet: Canvas, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    middle = (left + right) / 2
    for x in (left, middle, right):
        sheet.box(x - 6, top - 6, x + 6, bottom + 6, "#efe6d4")
    for y in (top, bottom):
        sheet.box(left - 6, y - 6, right + 6, y + 6, "#efe6d4")


def cup(sheet: Canvas, x: float, y: float) -> None:
    sheet.disc(x, y + 64, 76, "#7a5c3e", flat=0.16)
    sheet.ring(x + 52, y + 26, 18, CREAM, 9)
    sides = [(x + 48, y), (x + 46, y + 44), (x + 24, y + 66)]
    sheet.area(
        [(x - 48, y), *curve(sides), *curve([(2 * x - a, b) for a, b in sides[::-1]])], CREAM
    )
    sheet.box(x - 42, y, x + 42, y + 8, "#4a2c1a")


def map_sheet(sheet: Canvas) -> None:
    sheet.area([(560, 470), (800, 452), (838, 560), (596, 584)], "#eceee2")
    for step in range(4):
        y = 496 + 21 * step
        wave = [
            (586 + 6 * step, y),
            (640, y - 12),
            (700, y + 2),
            (760, y - 14),
            (806 + 5 * step, y - 8),
        ]
        sheet.stroke(curve(wave), "#c59b68", 2)
    ride = [(584, 490), (640, 506), (690, 528), (742, 500), (812, 512)]
    sheet.stroke(curve(ride), ROUTE, 4)


def arch(x: float, foot: float, half: float, tall: float) -> list[Point]:
    turn = np.linspace(np.pi, 0, 24)
    return [(x + half * float(np.cos(a)), foot - tall * float(np.sin(a))) for a in turn]


def house(sheet: Canvas, box: tuple[float, float, float, float], tint: str) -> None:
    left, top, right, bottom = box
    sheet.box(left, top, right, bottom, tint)
    sheet.area(
        [(left - 3, top + 2), (left + 10, top - 20), (right - 10, top - 20), (right + 3, top + 2)],
        "#a5684a",
    )
    wide = right - left
    for share in (0.25, 0.5, 0.75):
        x = left + wide * share
        sheet.box(x - 8, top + 26, x + 8, top + 56, "#5f7370")
        sheet.box(x - 11, top + 58, x + 11, top + 61, blend(tint, INK, 0.4))
    for share in (0.28, 0.72):
        x = left + wide * share
        gate = arch(x, 384, wide * 0.19, 34)
        sheet.area([(x - wide * 0.19, bottom), *gate, (x + wide * 0.19, bottom)], "#6b5d4a")


def cloud_bank(sheet: Canvas, base: float, tint: str) -> None:
    for _ in range(4):
        x, wide = sheet.rng.uniform(0, WIDTH), sheet.rng.uniform(90, 190)
        for part in np.linspace(-1, 1, 7):
            radius = (34 + 26 * (1 - part**2)) * sheet.rng.uniform(0.7, 1.1) * wide / 150
            sheet.disc(x + part * wide, base - radius * 0.4, radius, tint)
        sheet.box(x - wide * 1.3, base, x + wide * 1.3, base + 4, tint)


def mill(sheet: Canvas, x: float, y: float, scale: float) -> None:
    body = [(x - 26 * scale, y), (x - 15 * scale, y - 90 * scale), (x + 15 * scale, y - 90 * scale)]
    sheet.area([*body, (x + 26 * scale, y)], "#54504a")
    sheet.disc(x, y - 92 * scale, 16 * scale, "#3c3a36")
    for turn in np.arange(4) * np.pi / 2 + 0.5:
        tip = (x + 84 * scale * float(np.cos(turn)), y + scale * (84 * float(np.sin(turn)) - 92))
        sheet.stroke([(x, y - 92 * scale), tip], "#3c3a36", 5 * scale)


def sheep(sheet: Canvas, x: float, y: float, scale: float) -> None:
    for leg in (-6, 6):
        sheet.stroke([(x + leg * scale, y), (x + leg * scale, y + 12 * scale)], INK, 2 * scale)
    sheet.disc(x, y, 12 * scale, CREAM, flat=0.7)
    sheet.disc(x - 13 * scale, y + 1 * scale, 4.5 * scale, INK)


def marram(sheet: Canvas, line: np.ndarray, colour: str, tall: float) -> None:
    for place in sheet.rng.choice(len(line), 90):
        x, y = float(place) * WIDTH / (len(line) - 1), float(line[place])
        lean, long = sheet.rng.uniform(0.1, 0.5), sheet.rng.uniform(0.4, 1) * tall
        blade = [(x, y + 6), (x + lean * long * 0.4, y - long * 0.6), (x + lean * long, y - long)]
        sheet.stroke(curve(blade, 5), colour, 1.8)


def viaduct(sheet: Canvas, deck: float, foot: float) -> None:
    iron = "#6b5449"
    for x in (130, 330, 530, 730):
        for spread in (-1, 1):
            sheet.stroke([(x + 8 * spread, deck), (x + 24 * spread, foot)], iron, 4)
        for y in range(int(deck) + 16, int(foot), 26):
            half = 8 + 16 * (y - deck) / (foot - deck)
            sheet.stroke([(x - half, y), (x + half, y)], iron, 2)
            sheet.stroke([(x - half, y), (x + half + 3, y + 26)], iron, 1.6)
    sheet.box(-5, deck - 16, 905, deck - 11, iron)
    sheet.box(-5, deck, 905, deck + 5, iron)
    for x in range(-20, 920, 26):
        sheet.stroke([(x, deck), (x + 13, deck - 13), (x + 26, deck)], iron, 2.4)
    bicycle(sheet, 432, deck - 15, 0.42)


def olive(sheet: Canvas, x: float, y: float, size: float) -> None:
    sheet.disc(x + size * 0.5, y + size * 0.1, size, "#b39d70", flat=0.22)
    sheet.stroke([(x, y), (x, y - size * 0.7)], "#5a4c39", max(1.2, size * 0.16))
    grey = sheet.rng.uniform(0, 1)
    sheet.disc(x, y - size * 1.05, size * 0.85, blend("#7d8b66", "#65775a", grey), flat=0.8)


def abbey(sheet: Canvas, x: float, y: float) -> None:
    wall, roof = "#ead9a8", "#a5684a"
    sheet.box(x, y - 56, x + 250, y + 2, wall)
    sheet.area([(x - 4, y - 56), (x + 12, y - 78), (x + 240, y - 78), (x + 254, y - 56)], roof)
    for window in range(12):
        left = x + 12 + window * 20
        sheet.box(left, y - 44, left + 8, y - 30, "#6b7a78")
        sheet.box(left, y - 22, left + 8, y - 8, "#6b7a78")
    for tower in (60, 108):
        sheet.box(x + tower, y - 128, x + tower + 26, y - 56, "#f2e6c2")
        sheet.disc(x + tower + 13, y - 136, 15, "#5f8378", flat=0.9)
        sheet.area(
            [(x + tower + 9, y - 146), (x + tower + 13, y - 176), (x + tower + 17, y - 146)],
            "#5f8378",
        )
    sheet.disc(x + 186, y - 82, 34, "#5f8378", flat=0.9)
    sheet.box(x + 152, y - 82, x + 220, y - 56, "#f2e6c2")
    sheet.stroke([(x + 186, y - 110), (x + 186, y - 132)], "#5f8378", 4)


def island(sheet: Canvas, tint: str, base: float, *, is_left: bool) -> None:
    across = np.linspace(0, 1, 120)
    reach = sheet.rng.uniform(0.8, 1.15) * (330 if is_left else 290) * 312 / base
    peaks = np.abs(np.sin(across * sheet.rng.uniform(7, 10) + sheet.rng.uniform(0, 3)))
    tall = (1 - across) ** 0.8 * (60 + 70 * peaks) + sheet.rng.uniform(0, 5, 120)
    xs = across * reach if is_left else WIDTH - across * reach
    shore = [(float(x), base - float(t)) for x, t in zip(xs, tall, strict=True)]
    edge = 0.0 if is_left else float(WIDTH)
    sheet.area([*shore, (float(xs[-1]), base), (edge, base)], tint)
