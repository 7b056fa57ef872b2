"""The rider that a deployment asks as."""

from contravento.accounts import queries
from contravento.accounts.models import Rider
from contravento.accounts.service.probe import make_probe, remove_probes
from contravento.kit.parts import Parts


async def test_a_probe_may_write_and_is_gone_afterwards(parts: Parts, rider: Rider) -> None:
    async with parts.transaction() as session:
        probe, token = await make_probe(session, passwords=parts.passwords)
        other, _ = await make_probe(session, passwords=parts.passwords)
        viewer = await queries.find_viewer_by_personal_token(session, token)
    async with parts.transaction() as session:
        removed = await remove_probes(session, username=probe.username)

    async with parts.transaction() as session:
        assert viewer
        assert viewer.may_write
        assert removed == 1
        assert await queries.find_by_username(session, probe.username) is None
        assert await queries.find_by_username(session, other.username)
        assert await queries.find_by_username(session, rider.username)
