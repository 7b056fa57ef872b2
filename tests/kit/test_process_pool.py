"""Heavy work in other processes is bounded, and its failure is nobody else's."""

import math

import pytest

from contravento.kit.process_pool import ProcessPool, TookTooLong


def spin(forever: bool) -> str:
    while forever:
        try:
            math.factorial(300)
        except Exception:  # noqa: BLE001  (as a tolerant decoder does)
            return "swallowed"
    return "done"


@pytest.mark.servers
async def test_work_that_does_not_end_is_given_up_and_the_process_goes_on() -> None:
    with ProcessPool(1, most_cpu_seconds=0.5) as pool:
        with pytest.raises(TookTooLong, match="spin"):
            await pool.run(spin, True)
        assert await pool.run(spin, False) == "done"
