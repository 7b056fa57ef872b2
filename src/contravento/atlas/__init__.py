"""Land, borders and countries from Natural Earth. Knows no rider and no trip."""
