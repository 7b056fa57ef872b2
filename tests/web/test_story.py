"""A story is set with its standfirst above and its days in the margin."""

from contravento.web.story import tell


def test_a_first_paragraph_that_lists_show_is_not_said_twice() -> None:
    story = tell("One & *two*.\n\nThree.", "One & two.")

    assert story.lead == "One & two."
    assert [passage.html.strip() for passage in story.passages] == ["<p>Three.</p>"]


def test_a_first_paragraph_that_was_cut_stays_in_the_story() -> None:
    story = tell("One. Two. Three.", "One. Two.")

    assert story.lead == ""
    assert story.passages[0].html.strip() == "<p>One. Two. Three.</p>"


def test_a_story_of_one_paragraph_is_a_story() -> None:
    story = tell("One.", "One.")

    assert story.lead == ""
    assert len(story.passages) == 1


def test_days_are_found_in_both_languages() -> None:
    story = tell(
        "Before.\n\n# Day 1, *Soria* – Almazán\n\nA\n\n## Día 2: Almazán & más\n\nB\n\n"
        "## Day 3\n\nC\n\n## Daybreak 4\n\nstill C",
        "",
    )

    assert [(passage.day, passage.heading) for passage in story.passages] == [
        (None, ""),
        (1, "Soria – Almazán"),
        (2, "Almazán & más"),
        (3, ""),
    ]
    assert "Daybreak 4" in story.passages[3].html
    assert story.headings == {1: "Soria – Almazán", 2: "Almazán & más"}


def test_nothing_written_is_nothing_told() -> None:
    assert tell("", "").passages == []
