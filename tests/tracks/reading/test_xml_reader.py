import pytest

from contravento.tracks.errors import HasDoctype
from contravento.tracks.reading.xml_reader import parse


class Listener:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.names: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.names.append(name)

    def end(self, name: str) -> None: ...


def test_definitions_are_refused_even_where_nobody_has_looked_before() -> None:
    with pytest.raises(HasDoctype):
        parse(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', Listener)


def test_elements_are_heard_up_to_the_break_and_not_beyond() -> None:
    heard, found = parse(b"<a>\n<b/><x:c></a>", Listener)
    assert heard.names == ["a", "b", "x:c"]
    assert [(remark.code, remark.params) for remark in found] == [("broken", {"line": 2})]


def test_a_whole_document_has_no_remarks() -> None:
    heard, found = parse(b"<a>b &amp; c</a>", Listener)
    assert ("".join(heard.text), found) == ("b & c", [])
