import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ApiError, createClient, type FollowNotice, type FollowOptions } from '../../../src/client/index.js';
import { follow } from '../../../src/client/follow.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';
import { waitFor } from '../../support/wait-for.js';

describe('following a webhook', () => {
  let api: Receiver;
  let notices: FollowNotice[];
  before(async () => void (api = await startReceiver()));
  beforeEach(() => {
    api.requests.splice(0);
    notices = [];
  });
  after(() => api.close());

  const stream = (response: ServerResponse, ...blocks: string[]) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Last-Event-ID': 'start' });
    response.write(blocks.map((block) => `${block}\n\n`).join(''));
    return response;
  };
  const message = (id: string) =>
    `id: ${id}\ndata: ${JSON.stringify({ delivery_id: id, headers: { 'X-IRISX-Event': 'call.dtmf' }, body: '{}' })}`;
  const refusal = { status: 404, headers: { 'Content-Type': 'application/json' }, body: '{"detail": "Gone."}' };
  const client = () => createClient({ url: api.url, apiKey: 'irisx_key', deadlineMs: 200 });
  const options = (more: FollowOptions = {}): FollowOptions => ({
    onNotice: (notice) => notices.push(notice),
    ...more,
  });
  const positions = () => api.requests.map(({ headers }) => headers['last-event-id']);

  /** Follows until the API refuses; the ids that came. */
  async function idsUntilRefused(followed = client().follow(7, options())): Promise<string[]> {
    const ids: string[] = [];
    await assert.rejects(async () => {
      for await (const { delivery_id: id } of followed) ids.push(id);
    }, /Gone\./);
    return ids;
  }

  it('yields deliveries, and goes on after the last one when the connection ends or breaks', async () => {
    api.respond = (_request, response, index) => {
      if (index === 0) stream(response, ': connected', message('a'), message('b')).end();
      else if (index === 1)
        stream(response, message('c'), ': half', 'data: {"deliv').write('x', () => response.destroy());
      else return refusal;
    };
    assert.deepEqual(await idsUntilRefused(), ['a', 'b', 'c']);
    assert.deepEqual(positions(), [undefined, 'b', 'c']);
    assert.equal(api.requests[0]?.path, '/v1/webhooks/7/stream');
  });

  it('begins anew where it began if there was no event, or after a given one', async () => {
    api.respond = (_request, response, index) => (index > 0 ? refusal : void stream(response, ': connected').end());
    await idsUntilRefused();
    assert.deepEqual(positions(), [undefined, 'start']);
    api.requests.splice(0);
    api.respond = refusal;
    await idsUntilRefused(client().follow(7, options({ lastEventId: 'given', tenantId: 'tenant-1' })));
    assert.deepEqual(positions(), ['given']);
    assert.equal(api.requests[0]?.path, '/v1/webhooks/7/stream?tenant_id=tenant-1');
  });

  it('tells what happens to the connection, and why it ended', async () => {
    api.respond = (_request, response, index) =>
      index > 0
        ? refusal
        : void stream(
            response,
            message('a'),
            ': nothing new',
            ': delivery x has no body',
            ': end: the service is restarting',
          ).end();
    await idsUntilRefused();
    assert.deepEqual(
      notices.map(({ kind, message, position }) => [kind, message, position]),
      [
        ['connected', `connected to ${api.url}`, 'start'],
        ['note', 'delivery x has no body', 'start'],
        ['lost', 'the service is restarting', 'a'],
      ],
    );
  });

  it('connects again when nothing comes for too long', async () => {
    api.respond = (_request, response, index) => (index > 0 ? refusal : void stream(response, message('a')));
    assert.deepEqual(await idsUntilRefused(follow(client(), 7, options(), 100)), ['a']);
    assert.match(notices.find(({ kind }) => kind === 'lost')?.message ?? '', /^nothing came for 0\.1 seconds$/);
  });

  it('goes on trying while the API is away, but not if it was never there', async () => {
    const unavailable = { status: 503, headers: { 'Content-Type': 'application/json' }, body: '{"detail": "Away."}' };
    api.respond = (_request, response, index) => {
      if (index === 0) return void stream(response, message('a')).end();
      return index < 4 ? unavailable : refusal;
    };
    assert.deepEqual(await idsUntilRefused(), ['a']);
    const never = createClient({ url: 'http://127.0.0.1:9', apiKey: 'irisx_key', deadlineMs: 50 });
    await assert.rejects(never.follow(7).next(), (error) => error instanceof ApiError && error.status === null);
  });

  it('ends with its signal, and then has no connection', async () => {
    const stop = new AbortController();
    api.respond = (_request, response) => void stream(response, message('a'));
    const followed = client().follow(7, { signal: stop.signal });
    await followed.next();
    const next = followed.next();
    stop.abort();
    assert.deepEqual(await next, { done: true, value: undefined });
  });

  it('ends with its signal, and after silence, when the garbage collector has run meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const collect = async () => {
      for (let i = 0; i < 5; i++) {
        collectGarbage();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    let isClosed = false;
    const stop = new AbortController();
    api.respond = (_request, response, index) => {
      response.once('close', () => (isClosed = true));
      return index > 0 ? refusal : void stream(response, message('a'));
    };
    const followed = client().follow(7, { signal: stop.signal });
    await followed.next();
    const next = followed.next();
    await collect();
    stop.abort();
    assert.deepEqual(await next, { done: true, value: undefined });
    await waitFor(() => isClosed, { what: 'the end of the connection' });
    api.requests.splice(0);
    const silent = follow(client(), 7, {}, 200);
    await silent.next();
    const refused = assert.rejects(silent.next(), /Gone/);
    await collect();
    await refused;
  });
});
