import assert from 'node:assert/strict';
import {
  createEventCodec,
  isSealed,
  openPayload,
  parseEventKeys,
  payloadKeyId,
  sealPayload,
  sealedPayload,
} from '../../../src/encryption/event-codec.js';
import { UnreadableError } from '../../../src/encryption/seal.js';
import { passSealed } from '../../../src/temporal/accept-worker.js';
import { eventKeysText, newEventKey } from '../../support/event-keys.js';

const json = (value: unknown) => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(JSON.stringify(value)),
});
const textOf = (data: Uint8Array | null | undefined) => Buffer.from(data ?? []).toString();

describe('event codec', () => {
  const key = newEventKey('2026');

  it('opens what Python sealed in the format of docs/event-sources-temporal.md', () => {
    const data = 'AAECAwQFBgcICQoLEpfjeHhnuiYT24v78FIGiY5Smf50Ax5fBN8YmOuhCGuqMC+GtfUTmMXHvlq4BovIUJu/CDfAlcTeLsc=';
    const opened = openPayload(
      [{ id: 'seven', key: Buffer.alloc(32, 7) }],
      sealedPayload('seven', Buffer.from(data, 'base64')),
    );
    assert.equal(textOf(opened.metadata?.['encoding']), 'json/plain');
    assert.equal(textOf(opened.data), '{"event_id":"e1"}');
  });

  it('never gives the same bytes twice, names its key, and shows nothing', () => {
    const [one, other] = [0, 1].map(() => sealPayload(key, json({ from: '+15551234567' })));
    assert.ok(isSealed(one!));
    assert.equal(payloadKeyId(one!), '2026');
    assert.notDeepEqual(one!.data, other!.data);
    assert.doesNotMatch(Buffer.from(one!.data!).toString('latin1'), /15551234567|json/);
  });

  it('seals with the first key, and opens with any', async () => {
    const [old, next] = [newEventKey('old'), newEventKey('new')];
    const [byOld] = await createEventCodec([old]).encode([json('by old')]);
    const rotated = createEventCodec([next, old]);
    assert.equal(payloadKeyId((await rotated.encode([json(1)]))[0]!), 'new');
    assert.equal(textOf((await rotated.decode([byOld!]))[0]!.data), '"by old"');
  });

  it('opens nothing with a missing key, another key of the same id, or changed bytes', () => {
    const sealed = sealPayload(key, json(1));
    const changed = { ...sealed, data: Buffer.from(sealed.data!) };
    changed.data[20]! ^= 1;
    assert.throws(() => openPayload([newEventKey('2025')], sealed), /needs the key 2026, which is not here \(2025\)/);
    for (const [keys, payload] of [
      [[newEventKey('2026')], sealed],
      [[key], changed],
      [[key], sealedPayload('2026', Buffer.alloc(3))],
    ] as const)
      assert.throws(() => openPayload(keys, payload), UnreadableError);
  });

  it('reads keys in the form of IRISX_EVENT_KEYS, and quotes no wrong one', () => {
    const keys = [key, newEventKey('old')];
    assert.deepEqual(parseEventKeys(eventKeysText(keys)), keys);
    for (const text of ['', '2026:secret-secret', `${eventKeysText([key])},old:`, eventKeysText([key, key])])
      assert.throws(
        () => parseEventKeys(text),
        ({ message }: Error) => /event keys/.test(message) && !/secret|[\w+/]{43}/.test(message),
      );
  });

  it('passes sealed payloads through a worker unchanged', async () => {
    const sealed = sealPayload(key, json({ event_id: 'e1' }));
    const [seen] = await passSealed.decode([sealed]);
    assert.deepEqual(JSON.parse(textOf(seen!.data)), {
      keyId: '2026',
      sealed: Buffer.from(sealed.data!).toString('base64'),
    });
    const [passed] = await passSealed.encode([seen!]);
    assert.deepEqual(openPayload([key], passed!).data, json({ event_id: 'e1' }).data);
    const others = [json({ id: 1 }), json('{"text"'), json(null), { metadata: {}, data: Buffer.from('{no json') }];
    assert.deepEqual(await passSealed.decode(others), others);
    assert.deepEqual(await passSealed.encode(others.slice(0, 3)), others.slice(0, 3));
  });
});
