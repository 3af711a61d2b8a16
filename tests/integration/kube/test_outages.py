import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from exchange_kernel.kube.errors import Unavailable
from exchange_kernel.kube.receipts import ReceiptStore
from integration.kube.conftest import CRDS, client_of
from local_cluster import LocalCluster
from support.kube_fakes import receipt


@pytest.fixture
async def store(own_control_plane: LocalCluster) -> AsyncIterator[ReceiptStore]:
    own_control_plane.run_kubectl("apply", "--server-side", "-f", str(CRDS))
    own_control_plane.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", str(CRDS))
    async with client_of(own_control_plane.kubeconfig) as client:
        yield ReceiptStore(client, "default")


async def test_a_write_to_a_server_that_is_away_is_known_not_to_have_happened(
    own_control_plane: LocalCluster, store: ReceiptStore
) -> None:
    await store.create(receipt("before"))
    await asyncio.to_thread(own_control_plane.stop_api_server, kill=True)
    try:
        # The connection that was open may break first; there the outcome is open. The next one cannot be opened.
        with pytest.raises(Unavailable):
            await store.create(receipt("during-1"))
        with pytest.raises(Unavailable) as caught:
            await store.create(receipt("during-2"))
    finally:
        await asyncio.to_thread(own_control_plane.start_api_server)

    assert not caught.value.maybe_done
    assert await store.get("during-2") is None


async def test_a_read_waits_for_a_server_that_comes_back(own_control_plane: LocalCluster, store: ReceiptStore) -> None:
    await store.create(receipt("kept"))
    await asyncio.to_thread(own_control_plane.stop_api_server)

    async def read_until_answered() -> object:
        # One read is patient for ten seconds; a slow machine may take longer to start an API server.
        for _ in range(12):
            try:
                return await store.get("kept")
            except Unavailable:
                continue
        return None

    reading = asyncio.create_task(read_until_answered())
    await asyncio.to_thread(own_control_plane.start_api_server)

    assert await reading is not None


async def test_a_write_to_a_server_that_does_not_answer_ends_in_time_and_is_unproven(
    own_control_plane: LocalCluster, store: ReceiptStore
) -> None:
    await store.create(receipt("warm"))
    frozen = own_control_plane.api_server_frozen()
    await asyncio.to_thread(frozen.__enter__)
    try:
        async with client_of(own_control_plane.kubeconfig, call_seconds=0.5) as hasty:
            with pytest.raises(Unavailable, match=r"within 0\.5 s") as caught:
                await ReceiptStore(hasty, "default").create(receipt("frozen"))
    finally:
        await asyncio.to_thread(frozen.__exit__, None, None, None)

    assert caught.value.maybe_done


async def test_a_server_that_shows_another_certificate_gets_no_request(
    own_control_plane: LocalCluster, tmp_path: Path
) -> None:
    config = yaml.safe_load(own_control_plane.kubeconfig.read_text())
    for cluster in config["clusters"]:
        cluster["cluster"].pop("certificate-authority-data")
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))

    async with client_of(path) as client:
        with pytest.raises(Unavailable, match="not trusted") as caught:
            await ReceiptStore(client, "default").create(receipt("stray"))

    assert not caught.value.maybe_done


async def test_the_client_recovers_without_being_made_anew(own_control_plane: LocalCluster) -> None:
    async with client_of(own_control_plane.kubeconfig) as client:
        before = await client.version()
        await asyncio.to_thread(own_control_plane.stop_api_server, kill=True)
        await asyncio.to_thread(own_control_plane.start_api_server)

        assert await client.version() == before
