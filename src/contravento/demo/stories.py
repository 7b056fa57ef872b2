"""Three riders who do not exist and the eight trips they rode."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from contravento.demo import routes, tales
from contravento.demo.rides import RideSketch
from contravento.trips.rules import Audience


@dataclass(frozen=True, slots=True)
class DemoRider:
    username: str
    email: str
    name: str
    bio: str
    language: str
    portrait_seed: int


@dataclass(frozen=True, slots=True)
class DemoPhoto:
    """`kind` and `seed` are what draw_picture takes."""

    kind: str
    seed: int
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class DemoTrip:
    username: str
    title: str
    story: str
    language: str
    starts_on: date
    ends_on: date
    tags: tuple[str, ...]
    audience: Audience
    rides: tuple[RideSketch, ...]
    photos: tuple[DemoPhoto, ...]


def _days(
    route: tuple[routes.Day, ...],
    first: date,
    *,
    utc_hours: int = 2,
    winding: float = 1.0,
    rolling: float = 14.0,
    pace_kmh: float = 18.0,
) -> tuple[RideSketch, ...]:
    """One ride a day, setting off between eight and a little past nine by the local clock."""
    rides = []
    for number, (name, legs) in enumerate(route):
        early = datetime.combine(first + timedelta(days=number), time(8 - utc_hours), UTC)
        starts_at = early + timedelta(minutes=number * 37 % 73, seconds=number * 19 % 60)
        seed = first.toordinal() + number
        rides.append(RideSketch(name, starts_at, legs, seed, winding, rolling, pace_kmh))
    return tuple(rides)


RIDERS: tuple[DemoRider, ...] = (
    DemoRider(
        username="maite",
        email="maite@example.org",
        name="Maite Arrieta",
        bio=(
            "Bookbinder from Getxo. Rides a steel bicycle older than her apprentice, "
            "mostly westwards, mostly by mistake. Collects passes, bakeries and second opinions "
            "about both."
        ),
        language="en",
        portrait_seed=0,
    ),
    DemoRider(
        username="tomas",
        email="tomas@example.org",
        name="Tomás Ibarrola",
        bio=(
            "Relojero en Soria. Va río abajo siempre que puede y vuelve en tren. Lleva tres "
            "parches, dos mapas y una navaja que solo sirve para el queso."
        ),
        language="es",
        portrait_seed=1,
    ),
    DemoRider(
        username="ingrid",
        email="ingrid@example.org",
        name="Ingrid Solheim",
        bio=(
            "Piano tuner from Bodø. Tours in the light months and mends the tent in the dark "
            "ones. Has opinions about ferries, all of them favourable."
        ),
        language="en",
        portrait_seed=2,
    ),
)

TRIPS: tuple[DemoTrip, ...] = (
    DemoTrip(
        username="maite",
        title="Bilbao to Fisterra, into the wind",
        story=tales.BILBAO_FISTERRA,
        language="en",
        starts_on=date(2025, 6, 3),
        ends_on=date(2025, 6, 15),
        tags=("paved", "mountains", "camping"),
        audience=Audience.EVERYONE,
        rides=_days(
            routes.BILBAO_FISTERRA, date(2025, 6, 3), winding=1.15, rolling=44, pace_kmh=17.5
        ),
        photos=(
            DemoPhoto(
                "pass-road",
                4,
                "San Glorio from the last bend with any shelter in it.",
                "A road climbs in bends through green hills towards a bare ridge",
            ),
            DemoPhoto(
                "bread-table",
                2,
                "Potes, before the second loaf.",
                "Bread, a cup of coffee and a map on a wooden table by a window",
            ),
            DemoPhoto(
                "lake-sun",
                6,
                "Riaño at nine in the evening. The old village is under there; the new one has "
                "the better bar.",
                "A low sun over a reservoir, ridges behind",
            ),
            DemoPhoto(
                "fog-ridges",
                8,
                "Above Teverga, where the map shows mountains.",
                "Fog lies in white bands between green ridges",
            ),
            DemoPhoto(
                "lighthouse",
                10,
                "Fisterra. The coach party is behind us.",
                "A lighthouse on a dark headland, the sun low over the sea",
            ),
        ),
    ),
    DemoTrip(
        username="tomas",
        title="Duero abajo hasta que cambia de nombre",
        story=tales.DUERO,
        language="es",
        starts_on=date(2025, 9, 20),
        ends_on=date(2025, 9, 29),
        tags=("ríos", "viñas", "otoño"),
        audience=Audience.EVERYONE,
        rides=_days(routes.DUERO, date(2025, 9, 20), rolling=32, pace_kmh=19),
        photos=(
            DemoPhoto(
                "stubble-road",
                12,
                "Pasada Zamora. La sombra de la derecha es un árbol; la otra, la nuestra.",
                "Un camino blanco cruza recto un rastrojo hasta el horizonte",
            ),
            DemoPhoto(
                "river-bridge",
                14,
                "El puente viejo, con tráfico.",
                "Una bicicleta cargada en lo alto de un puente de piedra de cinco ojos",
            ),
            DemoPhoto(
                "village-square",
                16,
                "La plaza a las dos de la tarde: nosotros y el plátano.",
                "Plaza con soportales, una torre y un árbol; una bicicleta al sol",
            ),
            DemoPhoto(
                "terraces",
                18,
                "Los bancales de Pinhão, curva de nivel a curva de nivel.",
                "Viñas en bancales sobre un río verde, con una casa blanca en la orilla",
            ),
        ),
    ),
    DemoTrip(
        username="maite",
        title="Sea to sea by every pass but two",
        story=tales.PYRENEES,
        language="en",
        starts_on=date(2026, 7, 1),
        ends_on=date(2026, 7, 18),
        tags=("mountains", "passes", "camping"),
        audience=Audience.EVERYONE,
        rides=_days(routes.PYRENEES, date(2026, 7, 1), winding=1.1, rolling=26, pace_kmh=17.5),
        photos=(
            DemoPhoto(
                "rain-ridges",
                20,
                "The Noguera valley, explaining why the road was shut.",
                "Rain over wooded ridges",
            ),
            DemoPhoto(
                "hut-dusk",
                22,
                "The road mender's hut. The radio is inside, untouched.",
                "A dark hut with one lit window under blue mountains, smoke rising",
            ),
            DemoPhoto(
                "pass-road",
                25,
                "Cantó. The tin cup is at the second bend.",
                "A pale road winds up between wooded hills",
            ),
            DemoPhoto(
                "lighthouse",
                27,
                "Cap de Creus, and the other sea.",
                "A lighthouse on a headland above a calm evening sea",
            ),
        ),
    ),
    DemoTrip(
        username="ingrid",
        title="Bodø to Tromsø, no night to speak of",
        story=tales.ARCTIC,
        language="en",
        starts_on=date(2025, 8, 8),
        ends_on=date(2025, 8, 17),
        tags=("islands", "ferries", "midnight"),
        audience=Audience.EVERYONE,
        rides=_days(routes.ARCTIC, date(2025, 8, 8), winding=0.75, rolling=24, pace_kmh=19),
        photos=(
            DemoPhoto(
                "fjord-huts",
                28,
                "Reine, from the only flat place in it.",
                "Steep peaks over still water, red huts on the shore",
            ),
            DemoPhoto(
                "midnight-sun",
                30,
                "Nordmela, ten in the evening, undecided.",
                "The sun touches the sea between islands; a loaded bicycle stands on the shore",
            ),
            DemoPhoto(
                "rain-ridges",
                33,
                "Borg, before Lyngvær.",
                "Slanting rain over dark ridges",
            ),
            DemoPhoto(
                "hut-dusk",
                35,
                "Senja, where they leave the light on for the boat.",
                "A hut with a lit window below jagged mountains in blue light",
            ),
        ),
    ),
    DemoTrip(
        username="maite",
        title="Eight lighthouses and a borrowed tandem",
        story=tales.LIGHTHOUSES,
        language="en",
        starts_on=date(2025, 4, 12),
        ends_on=date(2025, 4, 19),
        tags=("coast", "tandem", "lighthouses"),
        audience=Audience.EVERYONE,
        rides=_days(routes.LIGHTHOUSES, date(2025, 4, 12), winding=1.15, rolling=44, pace_kmh=17),
        photos=(
            DemoPhoto(
                "lighthouse",
                36,
                "The fourth of eight.",
                "A white lighthouse with a red cap on a dark headland at evening",
            ),
            DemoPhoto(
                "dunes",
                38,
                "Corrubedo: the dune on its way inland.",
                "Pale dunes with marram grass and a strip of sea",
            ),
            DemoPhoto(
                "village-square",
                41,
                "Noia. Lunch was behind the third arch.",
                "A square with arcades and a bell tower, a bicycle in front",
            ),
        ),
    ),
    DemoTrip(
        username="ingrid",
        title="A weekend below the sea",
        story=tales.POLDERS,
        language="en",
        starts_on=date(2026, 5, 15),
        ends_on=date(2026, 5, 17),
        tags=("flat", "dikes", "weekend"),
        audience=Audience.EVERYONE,
        rides=_days(routes.POLDERS, date(2026, 5, 15), winding=0.5, rolling=1.5),
        photos=(
            DemoPhoto(
                "dike-clouds",
                42,
                "Edam: sea on the left, sheep on the right.",
                "A road on a dike between water and meadows with sheep, under piled clouds",
            ),
            DemoPhoto(
                "dike-clouds",
                45,
                "The same, having turned round to rest our ears.",
                "Clouds over a green polder, a windmill by the water",
            ),
            DemoPhoto(
                "bread-table",
                47,
                "Alkmaar. The cheese had gone ahead.",
                "A loaf, coffee and a map by a window",
            ),
        ),
    ),
    DemoTrip(
        username="tomas",
        title="La vía del aceite, sin tren",
        story=tales.OLIVE_RAILWAY,
        language="es",
        starts_on=date(2026, 2, 27),
        ends_on=date(2026, 3, 1),
        tags=("vía verde", "olivos", "con niños"),
        audience=Audience.EVERYONE,
        rides=_days(
            routes.OLIVE_RAILWAY,
            date(2026, 2, 27),
            utc_hours=1,
            winding=0.6,
            rolling=4,
            pace_kmh=16,
        ),
        photos=(
            DemoPhoto(
                "olive-viaduct",
                48,
                "El viaducto, afinado en si bemol.",
                "Un viaducto de hierro sobre un olivar; una bicicleta lo cruza",
            ),
            DemoPhoto(
                "village-square",
                50,
                "Cabra, domingo, antes de misa.",
                "Plaza con soportales, torre y un árbol que da sombra",
            ),
            DemoPhoto(
                "stubble-road",
                53,
                "Camino de Lucena, llano por acuerdo entre la cuesta y el viento.",
                "Un camino blanco y recto entre rastrojos, con cipreses",
            ),
        ),
    ),
    DemoTrip(
        username="ingrid",
        title="Down the Danube by bell and ferry",
        story=tales.DANUBE,
        language="en",
        starts_on=date(2026, 7, 20),
        ends_on=date(2026, 7, 25),
        tags=("rivers", "ferries", "flat"),
        audience=Audience.EVERYONE,
        rides=_days(routes.DANUBE, date(2026, 7, 20), winding=0.6, rolling=4, pace_kmh=19),
        photos=(
            DemoPhoto(
                "abbey-river",
                54,
                "Melk, and the ferryman not at lunch.",
                "A yellow abbey with two towers above a broad river; a small ferry with a bicycle",
            ),
            DemoPhoto(
                "river-bridge",
                57,
                "The old bridge, which we did not need and crossed twice.",
                "A stone bridge with five arches over slow water",
            ),
            DemoPhoto(
                "terraces",
                59,
                "The Wachau, with wine above and apricots below.",
                "Terraced vineyards over a river",
            ),
        ),
    ),
)
