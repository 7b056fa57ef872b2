from contravento.tracks.export import write_gpx
from contravento.tracks.reading.read import read_recording
from tests.tracks.making import NAN, recording

WHOLE = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="ContraVento" xmlns="http://www.topografix.com/GPX/1/1">
 <trk>
  <name>Sun &amp; &lt;wind&gt;</name>
  <trkseg>
   <trkpt lat="43.5000000" lon="-5.1234568"><ele>-1.50</ele>@</trkpt>
   <trkpt lat="43.6000000" lon="-5.2000000"></trkpt>
  </trkseg>
  <trkseg>
   <trkpt lat="44.0000000" lon="-6.0000000"><ele>0.00</ele></trkpt>
  </trkseg>
 </trk>
</gpx>
""".replace("@", "<time>2024-06-01T12:00:00Z</time>")


def test_a_file_is_written_whole() -> None:
    one = recording(
        [(-5.12345678, 43.5), (-5.2, 43.6), (-6, 44)],
        elevation=[-1.5, NAN, 0],
        time=[1_717_243_200, NAN, NAN],
        segment=[0, 0, 1],
    )
    assert write_gpx(one, name="Sun & <wind>\0").decode() == WHOLE


def test_parts_of_seconds_are_kept_where_there_are_any() -> None:
    one = recording([(1, 2), (1, 3)], time=[1_717_243_200.25, 1_717_243_201])
    written = write_gpx(one, name="")
    assert b"<time>2024-06-01T12:00:00.250Z</time>" in written
    assert b"<time>2024-06-01T12:00:01.000Z</time>" in written


def test_nothing_of_the_rider_or_the_device_is_in_it() -> None:
    content = b"""<gpx version="1.1" creator="Secret Device 7" xmlns="http://www.topografix.com/GPX/1/1">
      <metadata><author><name>Ana Secret</name><email id="ana" domain="secret.example"/></author>
      <keywords>secret</keywords><desc>secret</desc></metadata>
      <wpt lat="1" lon="1"><name>Secret home</name></wpt>
      <trk><name>secret name</name><cmt>secret</cmt><src>secret</src><trkseg>
      <trkpt lat="1" lon="2"><ele>3</ele><time>2024-01-01T00:00:00Z</time><cmt>secret</cmt>
      <extensions><hr>171</hr><secret/></extensions></trkpt></trkseg></trk></gpx>"""
    written = write_gpx(read_recording(content), name="Coast").lower()
    assert b"secret" not in written
    assert b"171" not in written
