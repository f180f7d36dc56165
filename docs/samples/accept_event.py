"""Hands an event to IRISX Webhooks over Temporal, from Python.

    pip install temporalio cryptography
    export TEMPORAL_ADDRESS=localhost:7233 IRISX_EVENT_KEYS=2026:...
    echo '{"tenant_id": "...", "event_type": "call.dtmf", "event_id": "...", "payload": {...}}' | python accept_event.py

See docs/event-sources-temporal.md.
"""

import asyncio
import base64
import hashlib
import json
import os
import sys
import uuid
from typing import Sequence
from urllib.parse import quote

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import (
    Priority,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.converter import DataConverter, PayloadCodec
from temporalio.exceptions import WorkflowAlreadyStartedError


class EventCodec(PayloadCodec):
    """Seals what the client sends: nonce, ciphertext and tag of AES-256-GCM over the whole payload."""

    def __init__(self, event_keys: str) -> None:
        """event_keys: in the form of IRISX_EVENT_KEYS; the first one seals."""
        entries = [entry.strip().split(":") for entry in event_keys.split(",")]
        self._keys = {key_id: AESGCM(base64.b64decode(key)) for key_id, key in entries}
        self._key_id = entries[0][0]

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        nonce = os.urandom(12)
        sealed = self._keys[self._key_id].encrypt(nonce, payload.SerializeToString(), None)
        metadata = {"encoding": b"binary/encrypted", "encryption-key-id": self._key_id.encode()}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != b"binary/encrypted":
            return payload
        key = self._keys[payload.metadata["encryption-key-id"].decode()]
        return Payload.FromString(key.decrypt(payload.data[:12], payload.data[12:], None))


# Their ids may hold a phone number, and what Temporal shows in plain text cannot be erased.
PERSONAL_IDS = {"phone_number.assigned"}


def workflow_id(tenant: str, event_type: str, event_id: str) -> str:
    """The same for the same event, so that Temporal refuses a repeat. Postgres refuses repeats of personal ids."""
    name = uuid.uuid4() if event_type in PERSONAL_IDS else event_id
    whole = f"accept/{quote(tenant, safe='!*()' + chr(39))}/{event_type}/{name}"
    if len(whole.encode()) <= 500:
        return whole
    return f"accept/{hashlib.sha256(whole.encode()).hexdigest()}"


async def accept_event(client: Client, event: dict, task_queue: str = "irisx-webhooks") -> bool:
    """Returns once Temporal has the event: True if it is new, False if Temporal had it before.

    event: the body of POST /v1/events. Without occurred_at its time is when Temporal accepted it.
    """
    tenant = event.get("tenant_id") or event["tenant_external_id"]
    attributes = [
        SearchAttributePair(SearchAttributeKey.for_keyword("EventType"), event["event_type"]),
    ]
    if event["event_type"] not in PERSONAL_IDS:
        attributes.append(SearchAttributePair(SearchAttributeKey.for_keyword("EventId"), event["event_id"]))
    if "tenant_id" in event:
        attributes.append(SearchAttributePair(SearchAttributeKey.for_keyword("TenantId"), tenant))
    try:
        await client.start_workflow(
            "acceptEvent",
            event,
            id=workflow_id(tenant, event["event_type"], event["event_id"]),
            task_queue=f"{task_queue}-accept",
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            search_attributes=TypedSearchAttributes(attributes),
            # Tenants are served in turn by this key, which may have at most 64 bytes.
            priority=Priority(fairness_key=hashlib.sha256(tenant.encode()).hexdigest() if len(tenant.encode()) > 64 else tenant),
        )
        return True
    except WorkflowAlreadyStartedError:
        return False


async def main() -> None:
    client = await Client.connect(
        os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"),
        namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"),
        data_converter=DataConverter(payload_codec=EventCodec(os.environ["IRISX_EVENT_KEYS"])),
    )
    task_queue = os.environ.get("TEMPORAL_TASK_QUEUE", "irisx-webhooks")
    is_new = await accept_event(client, json.load(sys.stdin), task_queue)
    print("accepted" if is_new else "repeated")


if __name__ == "__main__":
    asyncio.run(main())
