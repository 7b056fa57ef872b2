"""Landscapes, each a function from a seed to a drawn sheet."""

import numpy as np

from contravento.demo import props
from contravento.demo.props import CREAM, INK
from contravento.demo.sheet import HEIGHT, WIDTH, Canvas, blend, curve, ribbon, shaded


def pass_road(seed: int) -> Canvas:
    """A road climbs in bends towards a bare pass."""
    sheet = Canvas(seed, "#cfdcd8")
    sheet.wisps("#b4c8c5", between=(60, 220))
    props.layer(sheet, (205, 75, 0.55), "#9fb6b4", lines=6)
    props.layer(sheet, (330, 55, 0.4), "#748f83", lines=5)
    props.layer(sheet, (440, 32, 0.35), "#4f6b51", lines=4)
    bends = [(560, 640), (690, 566), (694, 524), (590, 496), (566, 474), (640, 456), (600, 428)]
    front = sheet.profile(530, 26, roughness=0.35)
    props.ridge_with_lines(sheet, front, "#374f39", 3)
    sheet.area(ribbon(bends, [110, 74, 44, 26, 17, 10, 5]), "#c9bda2")
    return sheet


def fog_ridges(seed: int) -> Canvas:
    """Fog lies between the ridges."""
    sheet = Canvas(seed, "#e4e7e0")
    sheet.wisps("#d2d8d0", between=(50, 130), count=3)
    tints = [("#bcc8c1", "#dfe3dc"), ("#94a89d", "#dfe3dc"), ("#5c7863", "#cfd6cb")]
    for step, (tint, fog) in enumerate(tints):
        top = 170 + 120 * step
        props.layer(sheet, (top, 46, 0.5), tint, lines=3)
        bank = sheet.profile(top + 88, 12, roughness=0.25)
        sheet.ridge(bank, fog)
        sheet.ridge(sheet.profile(top + 104, 8, roughness=0.2), blend(fog, "#ffffff", 0.2))
    props.layer(sheet, (530, 30, 0.45), "#33493a", lines=3)
    return sheet


def rain_ridges(seed: int) -> Canvas:
    """Rain over wooded ridges."""
    sheet = Canvas(seed, "#aebbc2")
    props.layer(sheet, (110, 75, 0.6), "#8496a0", lines=7)
    props.layer(sheet, (275, 40, 0.5), "#5d7272", lines=6)
    props.layer(sheet, (425, 35, 0.45), "#3b5145", lines=5)
    for _ in range(130):
        x, y, fall = sheet.rng.uniform((0, 60, 14), (WIDTH, HEIGHT, 50))
        sheet.stroke([(x, y), (x - fall * 0.36, y + fall)], "#9fb0b4", 1.5)
    return sheet


def stubble_road(seed: int) -> Canvas:
    """A white road runs straight through stubble to the horizon."""
    sheet = Canvas(seed, "#b9cfd6")
    sheet.wisps("#dde8e6", between=(60, 280))
    sheet.box(0, 360, WIDTH, 410, "#cbd6cf")
    sheet.ridge(sheet.profile(379, 5, roughness=0.3), "#9aa88c")
    sheet.ridge(sheet.profile(404, 4, roughness=0.2), "#c7a95f")
    vanishing = sheet.rng.uniform(400, 500)
    for step in range(-26, 27):
        start, end = vanishing + step * 17, vanishing + step * 150
        sheet.stroke([(start, 406), (end, 600)], "#a98a43", 2.2)
    road = [
        (vanishing - 6, 402),
        (vanishing + 6, 402),
        (vanishing + 92, 600),
        (vanishing - 92, 600),
    ]
    sheet.area(road, "#e3d9c0")
    for x, tall in ((655, 78), (681, 54), (218, 46)):
        props.cypress(sheet, x, 402, tall)
    return sheet


def fjord_huts(seed: int) -> Canvas:
    """Steep peaks over still water and red huts."""
    sheet = Canvas(seed, "#cbd8de")
    sheet.box(0, 0, WIDTH, 140, "#bccdd6")
    props.layer(sheet, (195, 92, 0.66), "#6d828f", lines=5, waves=5)
    props.layer(sheet, (285, 62, 0.6), "#43596a", lines=3, waves=4)
    sheet.box(0, 365, WIDTH, HEIGHT, "#8ba3ae")
    sheet.dashes("#a5b9c2", between=(374, 590), count=34, long=110)
    shore = curve([(-10, 424), (110, 442), (250, 478), (390, 540), (480, 612)])
    sheet.area([*shore, (-10, 612)], "#3f4d38")
    for x, y, scale in ((176, 466, 1.0), (256, 492, 0.78), (84, 446, 0.66)):
        props.hut(sheet, x, y, scale)
    return sheet


def lighthouse(seed: int) -> Canvas:
    """A lighthouse on a dark headland at evening."""
    sheet = Canvas(seed, "#e9d8bd")
    sheet.box(0, 0, WIDTH, 120, "#dfcdb4")
    sun = sheet.rng.uniform(180, 330)
    sheet.disc(sun, 300, 46, "#f4ead2")
    sheet.box(0, 330, WIDTH, HEIGHT, "#3d6274")
    sheet.dashes("#5d8190", between=(338, 592), count=40, long=150)
    sheet.glitter(sun, 340, "#e9d8bd")
    edge = [(515, 612), (560, 520), (602, 470), (640, 400), (690, 362), (760, 322), (910, 290)]
    headland = props.roughened(sheet, curve(edge), 5)
    sheet.box(806, 282, 856, 316, "#ddd3bd")
    sheet.area([(802, 284), (816, 268), (846, 268), (860, 284)], "#a5523c")
    sheet.area([(780, 324), (786, 236), (806, 236), (812, 324)], CREAM)
    sheet.box(787, 218, 805, 236, "#a5523c")
    sheet.area([(784, 218), (796, 204), (808, 218)], "#8c3f2c")
    sheet.area([*headland, (910, 612)], INK)
    for step in range(1, 5):
        shifted = [(x + 22 * step, y + 15 * step) for x, y in headland]
        sheet.stroke(shifted, "#3d4d45", 1.6)
    return sheet


def lake_sun(seed: int) -> Canvas:
    """A low sun over a reservoir, ridges behind."""
    sheet = Canvas(seed, "#f0dfcb")
    sheet.box(0, 0, WIDTH, 90, "#e6d0bd")
    sun = sheet.rng.uniform(560, 700)
    sheet.disc(sun, 172, 40, "#d9794e")
    props.layer(sheet, (170, 62, 0.52), "#8b8fa0", lines=6)
    props.layer(sheet, (302, 24, 0.45), "#5a6b78", lines=2)
    sheet.box(0, 352, WIDTH, HEIGHT, "#6f8794")
    sheet.dashes("#8ba1ab", between=(360, 592), count=38, long=130)
    sheet.glitter(sun, 368, "#e2a07a", count=8)
    shore = curve([(0, 516), (120, 500), (220, 530), (330, 556), (430, 610)])
    sheet.area([*shore, (0, 610)], "#31403a")
    for step in (1, 2, 3):
        sheet.stroke([(x - 12 * step, y + 22 * step) for x, y in shore], "#43554d", 1.6)
    return sheet


def bread_table(seed: int) -> Canvas:
    """Bread, coffee and the map by a window."""
    sheet = Canvas(seed, "#d8cdb8")
    sheet.box(0, 360, WIDTH, HEIGHT, "#8a6a4a")
    sheet.box(90, 60, 420, 300, "#bfd0cf")
    view = 220 - 46 * np.sin(np.linspace(0.4, 5, 60)) + sheet.rng.uniform(-7, 7, 60)
    hills = [(90 + 330 * step / 59, float(y)) for step, y in enumerate(view)]
    sheet.area([*hills, (420, 300), (90, 300)], "#7f9a8c")
    for drop in (22, 46):
        sheet.stroke([(x, min(296.0, y + drop)) for x, y in hills], "#6f8a7c", 2)
    props.frame(sheet, (90, 60, 420, 300))
    for y in (402, 462, 536):
        sheet.stroke([(0, y), (WIDTH, y)], "#79593b", 2)
    loaf = [(470, 420), (494, 366), (560, 343), (640, 340), (716, 356), (762, 424)]
    sheet.area([*curve(loaf), *curve([(762, 424), (610, 440), (470, 420)])], "#b5793d")
    for x in (538, 596, 654, 708):
        sheet.stroke(curve([(x - 8, 362), (x + 4, 378), (x + 10, 402)]), "#e2c08c", 7)
    props.cup(sheet, 298, 372)
    props.map_sheet(sheet)
    return sheet


def village_square(seed: int) -> Canvas:
    """A square with arcades, a tower and a plane tree at noon."""
    sheet = Canvas(seed, "#bcd0d4")
    sheet.wisps("#dbe6e4", between=(30, 130), count=3)
    props.layer(sheet, (250, 30, 0.4), "#a3b3a6", lines=2)
    sheet.box(640, 90, 724, 420, "#d9c7a2")
    sheet.area([(632, 92), (682, 40), (732, 92)], "#a5684a")
    sheet.area(props.arch(682, 176, 17, 44), "#5c5a4c")
    left = -20.0
    for tint in shaded(["#e8dcc2", "#d3a982", "#efe6d4", "#c9b48c"], 7):
        wide, top = sheet.rng.uniform(112, 158), sheet.rng.uniform(212, 262)
        props.house(sheet, (left, top, left + wide, 430), tint)
        left += wide
    sheet.box(0, 430, WIDTH, HEIGHT, "#ddd0b3")
    for y, half in ((448, 1), (478, 1.4), (524, 2)):
        sheet.stroke([(0, y), (WIDTH, y)], "#c9b995", half)
    sheet.disc(250, 552, 170, "#bfae8a", flat=0.16)
    sheet.box(242, 380, 260, 548, "#6b5a44")
    for x, y, radius in ((250, 330, 92), (190, 352, 62), (312, 350, 66), (250, 280, 64)):
        sheet.disc(x, y, radius, "#4f6b51", flat=0.8)
    for x, y, radius in ((228, 312, 40), (300, 330, 30), (262, 268, 30)):
        sheet.ring(x, y, radius, "#43603f", 1.6)
    props.bicycle(sheet, 560, 530, 1.15)
    return sheet


def river_bridge(seed: int) -> Canvas:
    """An old stone bridge over a slow river."""
    sheet = Canvas(seed, "#d6ddd0")
    sheet.wisps("#c0ccc2", between=(40, 150), count=4)
    props.layer(sheet, (220, 36, 0.4), "#a9b79f", lines=3)
    props.layer(sheet, (300, 22, 0.35), "#7f9678", lines=3)
    sheet.box(0, 410, WIDTH, HEIGHT, "#7e979b")
    piers = [(90, 66), (270, 84), (470, 96), (670, 84), (850, 66)]
    deck = curve([(-20, 352), (160, 322), (450, 286), (740, 322), (920, 352)])
    sheet.area([*deck, (920, 430), (-20, 430)], "#c2ac86")
    for x, half in piers:
        sheet.area(props.arch(x, 432, half * 0.9, half * 1.0), blend("#7f9678", "#7e979b", 0.4))
        sheet.stroke(props.arch(x, 432, half * 0.97, half * 1.08), "#a8916a", 2)
    sheet.box(0, 432, WIDTH, HEIGHT, "#7e979b")
    for x, half in piers:
        mirrored = [(a, 864 - b) for a, b in props.arch(x, 432, half * 0.9, half * 0.86)]
        sheet.area(mirrored, "#6a868c")
    sheet.stroke([(x, y - 3) for x, y in deck], "#d9c9a4", 7)
    sheet.dashes("#96adb0", between=(440, 592), count=44, long=130)
    reeds = sheet.profile(586, 16, roughness=0.6, waves=9)
    sheet.ridge(reeds, "#4d5f42")
    props.bicycle(sheet, 452, 281, 0.52)
    return sheet


def dike_clouds(seed: int) -> Canvas:
    """A road on a dike under piled clouds; the water stands higher than the meadows."""
    sheet = Canvas(seed, "#a9c3cf")
    for base, tint in ((150, "#c6d6db"), (250, "#dbe3e2"), (330, "#ebeee8")):
        props.cloud_bank(sheet, base, tint)
    sheet.box(0, 372, WIDTH, HEIGHT, "#8aa3ad")
    sheet.dashes("#a6bac1", between=(378, 470), count=20, long=160)
    sheet.ridge(sheet.profile(369, 3, roughness=0.4), "#8d9d86", foot=376)
    props.mill(sheet, 168, 372, 0.6)
    meadow = [(900, 372), (566, 372), (300, 610), (900, 610)]
    sheet.area(meadow, "#9bab6c")
    for step in range(1, 9):
        sheet.stroke([(566 + step * 36, 374), (300 + step * 190, 610)], "#7f9358", 2)
    sheet.area([(528, 372), (566, 372), (420, 610), (-60, 610)], "#6f8a58")
    sheet.area([(540, 372), (549, 372), (300, 610), (120, 610)], "#ddd6c2")
    for x, y in ((690, 420), (742, 452), (640, 474), (800, 436), (846, 520), (716, 540)):
        props.sheep(sheet, x, y, (y - 330) / 150)
    return sheet


def dunes(seed: int) -> Canvas:
    """Dunes with marram grass, and a strip of sea."""
    sheet = Canvas(seed, "#c6d6d8")
    sheet.wisps("#e2eae7", between=(40, 220), count=7)
    sheet.box(0, 268, WIDTH, 340, "#5f8494")
    sheet.dashes("#84a3ae", between=(274, 330), count=18, long=200)
    for top, tint in ((318, "#e6dcc2"), (386, "#d9cba6"), (478, "#c9b888")):
        line = sheet.profile(top, 34, roughness=0.28, waves=2)
        props.ridge_with_lines(sheet, line, tint, 4)
        props.marram(sheet, line, blend(tint, "#55683f", 0.75), top / 9)
    path = [(430, 640), (500, 560), (450, 510), (490, 470)]
    sheet.area(ribbon(path, [150, 84, 40, 14]), "#ece4cf")
    return sheet


def terraces(seed: int) -> Canvas:
    """Vineyards in terraces above a green river."""
    sheet = Canvas(seed, "#e3dcc8")
    sheet.wisps("#d3cdb8", between=(40, 130), count=3)
    props.layer(sheet, (170, 40, 0.4), "#b4b79f", lines=3)
    for top, tint, side in ((255, "#98a074", 1), (330, "#7f8a58", -1)):
        slope = np.linspace(-1, 1, 301) * 70 * side
        line = sheet.profile(top, 26, roughness=0.3) + slope
        sheet.ridge(line, tint)
        sheet.contours(line, blend(tint, "#4a4426", 0.35), count=16, spacing=15)
    water = [(0, 520), (240, 486), (470, 474), (700, 492), (900, 478)]
    sheet.area([*curve(water), (900, 610), (0, 610)], "#6b8a84")
    sheet.dashes("#88a39c", between=(505, 592), count=24, long=150)
    bank = curve([(900, 540), (720, 556), (560, 580), (470, 612)])
    sheet.area([*bank, (900, 612)], "#5a6640")
    sheet.area([(618, 436), (672, 436), (672, 468), (618, 468)], CREAM)
    sheet.area([(612, 438), (645, 418), (678, 438)], "#a5684a")
    return sheet


def olive_viaduct(seed: int) -> Canvas:
    """Olive trees in rows, and an iron railway viaduct without a railway."""
    sheet = Canvas(seed, "#c9d5d4")
    sheet.wisps("#dfe6e2", between=(40, 140), count=4)
    props.layer(sheet, (200, 52, 0.5), "#a8adb0", lines=4)
    sheet.ridge(sheet.profile(318, 20, roughness=0.3), "#b9ae86")
    props.viaduct(sheet, 270, 420)
    sheet.ridge(sheet.profile(412, 14, roughness=0.3, waves=2), "#cbb68a")
    for row in range(9):
        y = 424 + 3.2 * row**1.85
        size = 5 + 3.1 * row
        shift = sheet.rng.uniform(-0.3, 0.3)
        for column in range(-1, 34):
            x = (column + shift) * size * 3.1
            props.olive(sheet, x, y, size)
    return sheet


def abbey_river(seed: int) -> Canvas:
    """A baroque abbey above a broad river, and the ferry half-way over."""
    sheet = Canvas(seed, "#d5dfe0")
    sheet.wisps("#bfcdd0", between=(40, 160), count=5)
    props.layer(sheet, (250, 34, 0.4), "#9db0a2", lines=4)
    rock = curve([(440, 424), (520, 352), (600, 316), (740, 308), (930, 296)])
    props.abbey(sheet, 612, 318)
    sheet.area([*rock, (930, 430), (440, 430)], "#6f8a6b")
    sheet.ridge(sheet.profile(404, 8, roughness=0.4, waves=6), "#54704f")
    sheet.box(0, 420, WIDTH, HEIGHT, "#7c97a0")
    sheet.dashes("#98afb6", between=(428, 592), count=46, long=150)
    sheet.area([(250, 478), (404, 478), (388, 498), (266, 498)], INK)
    sheet.box(286, 456, 340, 478, CREAM)
    for x in (296, 312, 328):
        sheet.box(x - 4, 461, x + 4, 469, "#54707c")
    props.bicycle(sheet, 370, 478, 0.4)
    sheet.area([*curve([(0, 560), (200, 566), (420, 586), (560, 612)]), (0, 612)], "#4d5f42")
    return sheet


def hut_dusk(seed: int) -> Canvas:
    """A hut with one lit window under a pass, after sunset."""
    sheet = Canvas(seed, "#b7bccb")
    sheet.box(0, 0, WIDTH, 110, "#a3abbe")
    sheet.disc(690, 96, 17, "#f0eadc")
    props.layer(sheet, (185, 84, 0.62), "#7d86a0", lines=6, waves=4)
    props.layer(sheet, (380, 40, 0.45), "#56627a", lines=4)
    props.layer(sheet, (480, 26, 0.35), "#384457", lines=4)
    sheet.area([(286, 476), (286, 428), (404, 428), (404, 482)], "#262f3d")
    sheet.area([(270, 432), (318, 392), (384, 392), (420, 432)], "#1d2530")
    sheet.box(318, 442, 344, 464, "#f0c46a")
    sheet.stroke([(331, 442), (331, 464)], "#262f3d", 2)
    smoke = [(372, 392), (378, 366), (366, 340), (384, 312), (376, 286)]
    sheet.stroke(curve(smoke), "#9aa2b4", 4)
    sheet.area(ribbon([(640, 640), (560, 560), (500, 520), (430, 486)], [96, 44, 20, 8]), "#6d7688")
    return sheet


def midnight_sun(seed: int) -> Canvas:
    """The sun stands on the sea at midnight, islands on both sides."""
    sheet = Canvas(seed, "#eed3b4")
    for top, tint in ((0, "#d8c3bd"), (90, "#e4c9b5")):
        sheet.box(0, top, WIDTH, top + 92, tint)
    sun = sheet.rng.uniform(400, 500)
    sheet.disc(sun, 288, 36, "#e08a55")
    sheet.box(0, 312, WIDTH, HEIGHT, "#8a8fa3")
    sheet.dashes("#a4a5b3", between=(320, 592), count=46, long=170)
    sheet.glitter(sun, 322, "#eeb288", count=16)
    for left, tint, base in (
        (True, "#6d728a", 316),
        (False, "#565f78", 330),
        (True, "#3d475c", 350),
    ):
        props.island(sheet, tint, base, is_left=left)
    sheet.ridge(sheet.profile(566, 18, roughness=0.45), "#2c3644")
    props.bicycle(sheet, 640, 556, 0.8)
    return sheet
