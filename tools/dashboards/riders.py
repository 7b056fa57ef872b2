"""Riders: who comes, what they bring, how much room it takes."""

from grafana_foundation_sdk.models import dashboard

from tools.dashboards import expressions as shared
from tools.dashboards.assembly import Line, Page, Section
from tools.dashboards.panels import BAD, ODD, Looks, Query, Words, lines, stat

SIGN_INS = {"succeeded": "green", "refused": "orange", "limited": "red", "unconfirmed": "blue"}


def page() -> Page:
    return Page(
        uid="contravento-riders",
        title="Riders",
        about="Who comes, what they bring, and how much room it takes. No figure names anybody.",
        sections=[
            Section("There are", [Line(4, _stock())]),
            Section("Coming", [Line(8, _coming(), (12, 12))]),
            Section("Trips and uploads", [Line(8, _growing()), Line(8, _uploads())]),
            Section("Room", [Line(8, _room())]),
        ],
        since="now-30d",
    )


def _stock() -> list[dashboard.Panel]:
    return [
        stat(
            Words("Riders", "Those who confirmed their address.", "locale"),
            "max(contravento_riders)",
            shared.COUNT,
        ),
        stat(
            Words("Trips published", "Trips that somebody else may see.", "locale"),
            'max(contravento_trips{state="published"})',
            shared.COUNT,
        ),
        stat(
            Words("Drafts", "Trips that are still being written.", "locale"),
            'max(contravento_trips{state="draft"})',
            shared.COUNT,
        ),
        stat(
            Words("Photos", "Photos that are ready.", "locale"),
            "max(contravento_photos)",
            shared.COUNT,
        ),
        stat(
            Words("Tracks", "Tracks that are ready.", "locale"),
            "max(contravento_tracks)",
            shared.COUNT,
        ),
        stat(
            Words("New riders", "Sign-ups within the dashboard's range.", "locale"),
            "round(sum(increase(contravento_sign_ups_total[$__range]))) or vector(0)",
            shared.COUNT,
            trend=False,
        ),
    ]


def _coming() -> list[dashboard.Panel]:
    return [
        lines(
            Words(
                "Sign-ups", "Accounts that were started; confirming the address follows.", "none"
            ),
            [
                Query(
                    "sum(increase(contravento_sign_ups_total[$__rate_interval])) or vector(0)",
                    "sign-ups",
                )
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "Sign-ins",
                "«refused» had a wrong name or password, «limited» tried too often:"
                " many of them at once are somebody guessing.",
                "none",
            ),
            [
                Query(
                    f'sum(increase(contravento_sign_ins_total{{outcome="{outcome}"}}'
                    "[$__rate_interval])) or vector(0)",
                    outcome,
                )
                for outcome in SIGN_INS
            ],
            shared.FROM_ZERO,
            stacked=True,
            colours=SIGN_INS,
        ),
    ]


def _growing() -> list[dashboard.Panel]:
    return [
        lines(
            Words("Riders over time", "Those who confirmed their address.", "locale"),
            [Query("max(contravento_riders)", "riders")],
            shared.COUNT,
        ),
        lines(
            Words("Trips", "Published ones and drafts.", "locale"),
            [Query("max by (state) (contravento_trips)", "{{state}}")],
            shared.COUNT,
            stacked=True,
        ),
    ]


def _uploads() -> list[dashboard.Panel]:
    def ready(kind: str) -> str:
        of = f'contravento_{kind}_processed_total{{outcome="ready"}}'
        return f"sum(increase({of}[$__rate_interval])) or vector(0)"

    def refused(kind: str) -> str:
        of = f"contravento_{kind}_processed_total"
        such = f'sum(increase({of}{{outcome!="ready"}}[$__range]))'
        return f"{such} / (sum(increase({of}[$__range])) > 0) or vector(0)"

    return [
        lines(
            Words("Uploads made ready", "Photos and tracks that riders brought.", "none"),
            [Query(ready(kind), kind) for kind in ("photos", "tracks")],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "Uploads that came to nothing",
                "Share of uploads over the dashboard's range that"
                " could not be read or failed. A high one means that riders bring a format that"
                " we do not know.",
                "percentunit",
                ("jobs-failing",),
            ),
            [Query(refused(kind), kind) for kind in ("photos", "tracks")],
            Looks(steps=((0.1, ODD), (0.3, BAD)), least=0, most=1),
        ),
    ]


def _room() -> list[dashboard.Panel]:
    return [
        lines(
            Words("Files", "What riders uploaded and what was made of it.", "bytes"),
            [Query("max by (kind) (contravento_storage_bytes)", "{{kind}}")],
            shared.FROM_ZERO,
            stacked=True,
        ),
        lines(
            Words("Database", "Everything that is written, indexes included.", "bytes"),
            [
                Query(
                    'sum by (datname) (pg_database_size_bytes{datname!~"template.*|postgres"})',
                    "{{datname}}",
                )
            ],
            shared.FROM_ZERO,
        ),
    ]
