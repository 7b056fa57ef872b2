"""Look into track files from the command line; no database is needed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from contravento.kit.i18n.marks import N_
from contravento.tracks import rules
from contravento.tracks.analysis.measures import Measures, measure
from contravento.tracks.errors import UnreadableTrack
from contravento.tracks.export.gpx import GpxWriter
from contravento.tracks.export.write import write_recording
from contravento.tracks.reading.read import read_recording
from contravento.tracks.receipt import Consequence, consequence_of
from contravento.tracks.recording import Recording

WORDS = {
    Consequence.CHANGED: "changed",
    Consequence.LEFT_OUT: "left out",
    Consequence.NOTE: "note",
}
FORMATS = "A GPX, TCX, FIT, KML, GeoJSON, IGC or NMEA file; packed with gzip or zip, too."

app = typer.Typer(no_args_is_help=True, help="Look into track files.")


class NoSuchFile(UnreadableTrack):
    kind = "no_such_file"
    message = N_("There is no file %(file)s.")


class NotAFile(UnreadableTrack):
    kind = "not_a_file"
    message = N_("%(file)s is not a file that could hold a track.")


class CannotOpen(UnreadableTrack):
    kind = "cannot_open"
    message = N_("%(file)s cannot be opened: %(reason)s.")


class FileExists(UnreadableTrack):
    kind = "file_exists"
    message = N_("There is a file %(file)s already.")


class CannotWrite(UnreadableTrack):
    kind = "cannot_write"
    message = N_("%(file)s cannot be written: %(reason)s.")


@app.callback()
def tracks() -> None:
    """Look into track files."""


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help=FORMATS, show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    repair: Annotated[
        Path | None, typer.Option(help="Write what was read as a clean GPX file.", metavar="OUT")
    ] = None,
) -> None:
    """Show the figures of a track file and what is odd about it."""
    try:
        recording = read_recording(_content_of(file), file_name=file.name)
        if repair:
            _write_repaired(recording, repair)
    except UnreadableTrack as refusal:
        typer.echo(_first_sentence(str(refusal)), err=True)
        raise typer.Exit(1) from None
    inspection = Inspection(recording, measure(recording))
    typer.echo(inspection.as_json() if as_json else inspection.as_text())


def _write_repaired(recording: Recording, target: Path) -> None:
    """Never over another file."""
    try:
        with target.open("xb") as opened:
            name = recording.name or target.stem
            opened.write(write_recording(recording, GpxWriter(), name=name))
    except FileExistsError as error:
        raise FileExists(file=target) from error
    except (OSError, ValueError) as error:
        raise CannotWrite(file=target, reason=_reason_of(error)) from error


def _content_of(file: Path) -> bytes:
    try:
        if not file.exists():
            raise NoSuchFile(file=file)
        if not file.is_file():
            raise NotAFile(file=file)
        with file.open("rb") as opened:
            content = opened.read(rules.LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise CannotOpen(file=file, reason=_reason_of(error)) from error
    rules.check_file_size(len(content))
    return content


def _reason_of(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is shown of a file."""

    recording: Recording
    measures: Measures

    def as_json(self) -> str:
        of = self.measures
        figures = {
            "distance_metres": of.distance_metres,
            "ascent_metres": of.ascent_metres,
            "descent_metres": of.descent_metres,
            "highest_metres": of.highest_metres,
            "lowest_metres": of.lowest_metres,
            "elapsed_seconds": of.elapsed_seconds,
            "moving_seconds": of.moving_seconds,
            "points": of.points,
            "segments": of.segments,
            "tracks": of.tracks,
            "waypoints": len(self.recording.waypoints),
            "started_at": _rfc_3339(of.started_at),
            "ended_at": _rfc_3339(of.ended_at),
            "bounds": list(of.bounds),
            "report": [
                {
                    "code": remark.code,
                    "consequence": consequence_of(remark.code),
                    "message": str(remark),
                }
                for remark in self.recording.report
            ],
        }
        return json.dumps(figures, indent=2, ensure_ascii=False)

    def as_text(self) -> str:
        of = self.measures
        west, south, east, north = of.bounds
        rows = {
            "name": self.recording.name or "–",
            "distance": f"{of.distance_metres / 1000:,.2f} km",
            "ascent": _metres(of.ascent_metres),
            "descent": _metres(of.descent_metres),
            "highest": _metres(of.highest_metres),
            "lowest": _metres(of.lowest_metres),
            "elapsed": _clock(of.elapsed_seconds),
            "moving": _clock(of.moving_seconds),
            "points": f"{of.points:,}",
            "segments": f"{of.segments:,}",
            "tracks": f"{of.tracks:,}",
            "places": f"{len(self.recording.waypoints):,}",
            "started": _rfc_3339(of.started_at) or "–",
            "ended": _rfc_3339(of.ended_at) or "–",
            "bounds": f"{west:.5f}, {south:.5f} to {east:.5f}, {north:.5f}",
            "days": str(len(of.days) or "–"),
        }
        lines = [f"{label:<10}{value}" for label, value in rows.items()]
        if self.recording.report:
            lines += ["", *self._remarks()]
        return "\n".join(lines)

    def _remarks(self) -> Iterator[str]:
        for consequence in Consequence:
            for remark in self.recording.report:
                if consequence_of(remark.code) is consequence:
                    yield f"{WORDS[consequence]}: {remark}"


def _metres(metres: float | None) -> str:
    return "–" if metres is None else f"{metres:,.0f} m".replace("-", "−")


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _rfc_3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _first_sentence(text: str) -> str:
    """What is wrong; what to drop where is for the page."""
    sentence, stop, _ = text.partition(". ")
    return sentence + stop.rstrip()
