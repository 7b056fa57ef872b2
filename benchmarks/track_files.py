"""Track files of several formats, made by the program from one ride."""

import numpy as np

from contravento.tracks.analysis.measures import measure
from contravento.tracks.export.write import (
    ExportFormat,
    TrackHead,
    make_writer,
    write_recording,
)
from contravento.tracks.reading.read import read_recording

EXTENSIONS = (
    "<extensions><gpxtpx:TrackPointExtension><gpxtpx:atemp>{temperature}</gpxtpx:atemp>"
    "<gpxtpx:hr>{heart}</gpxtpx:hr><gpxtpx:cad>{cadence}</gpxtpx:cad>"
    "</gpxtpx:TrackPointExtension></extensions></trkpt>"
)
NAMESPACE = 'xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1"'
ACTIVITY = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<TrainingCenterDatabase '
    'xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities>'
    '<Activity Sport="Biking"><Id>2025-06-03T06:00:00Z</Id><Lap StartTime="2025-06-03T06:00:00Z">'
    "<TotalTimeSeconds>1</TotalTimeSeconds><DistanceMeters>1</DistanceMeters>"
    "<Calories>1</Calories><Intensity>Active</Intensity>"
    "<TriggerMethod>Manual</TriggerMethod><Track>\n{points}</Track></Lap></Activity>"
    "</Activities></TrainingCenterDatabase>\n"
)
TRACKPOINT = (
    "<Trackpoint><Time>{time}Z</Time><Position><LatitudeDegrees>{lat:.7f}</LatitudeDegrees>"
    "<LongitudeDegrees>{lon:.7f}</LongitudeDegrees></Position>"
    "<AltitudeMeters>{elevation:.1f}</AltitudeMeters><HeartRateBpm><Value>{heart}</Value>"
    "</HeartRateBpm><Cadence>{cadence}</Cadence></Trackpoint>\n"
)


def with_extensions(gpx: bytes) -> bytes:
    """The same with temperature, heart rate and cadence at every point, as Garmin writes them."""
    head, *points = gpx.decode().replace("<gpx ", f"<gpx {NAMESPACE} ", 1).split("</trkpt>")
    parts = [head]
    for number, point in enumerate(points):
        figures = {"temperature": 15 + number % 9, "heart": 110 + number % 60}
        parts += [EXTENSIONS.format(cadence=60 + number % 40, **figures), point]
    return "".join(parts).encode()


def as_tcx(gpx: bytes) -> bytes:
    """An activity with heart rate and cadence."""
    one = read_recording(gpx)
    moments = np.datetime_as_string(one.time.astype("datetime64[s]"))
    rows = zip(one.lon.tolist(), one.lat.tolist(), one.elevation.tolist(), moments, strict=True)
    points = [
        TRACKPOINT.format(
            lon=lon,
            lat=lat,
            elevation=elevation,
            time=time,
            heart=110 + number % 60,
            cadence=60 + number % 40,
        )
        for number, (lon, lat, elevation, time) in enumerate(rows)
    ]
    return ACTIVITY.format(points="".join(points)).encode()


def as_fit(gpx: bytes) -> bytes:
    one = read_recording(gpx)
    head = TrackHead("bench", len(one), measure(one).distance_metres)
    return write_recording(one, make_writer(ExportFormat.FIT, [head], "bench"), name="bench")
