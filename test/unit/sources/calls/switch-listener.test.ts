import assert from 'node:assert/strict';
import pg from 'pg';
import type { Database } from '../../../../src/db/database.js';
import { jsonEvent, startPlayedSwitch, type PlayedSwitch } from '../../../../src/dev/demo/played-switch.js';
import { startCallListener, type CallListener } from '../../../../src/sources/calls/call-listener.js';
import type { SwitchListenerOptions } from '../../../../src/sources/calls/switch-listener.js';
import { waitFor } from '../../../support/wait-for.js';

const fast: Partial<SwitchListenerOptions> = {
  reconnectDelays: { firstMs: 4, maxMs: 40, rejectedFirstMs: 150, rejectedMaxMs: 300 },
  deadlines: { readyMs: 200, silenceMs: 2_000 },
};

/** Postgres' error for a value out of range. */
const refusal = () => Object.assign(new pg.DatabaseError('numeric_value_out_of_range', 0, 'error'), { code: '22003' });

describe('switch listener', () => {
  let played: PlayedSwitch;
  let listener: CallListener | undefined;
  let kept: string[];
  let lines: { message: string; reason: string }[];
  let blocked: Promise<void> | undefined;
  let refused: string | undefined;

  beforeEach(async () => {
    played = await startPlayedSwitch();
    kept = [];
    lines = [];
    blocked = undefined;
    refused = undefined;
  });
  afterEach(async () => {
    await listener?.close();
    await played.close();
  });

  /** A fake database that only remembers the ids of stored events. */
  const db: Database = {
    query: async (statement, values) => {
      if (typeof statement === 'string' && statement.includes('insert into call_events')) {
        await blocked;
        if ((values![3] as string[]).includes(refused!)) throw refusal();
        kept.push(...(values![3] as string[]));
      }
      return { rows: [], rowCount: 0, command: '', oid: 0, fields: [] };
    },
    transaction: (work) => work({ ...db, afterCommit: () => undefined }),
    connections: { open: 0, idle: 0, waiting: 0 },
    close: async () => undefined,
  };

  function listen(options: Partial<SwitchListenerOptions> = {}): CallListener {
    const write = (fields: object, message: string) =>
      void lines.push({ message, reason: (fields as { reason?: string }).reason ?? '' });
    listener = startCallListener(
      {
        db,
        workflows: { start: () => undefined, collect: () => undefined },
        log: { debug: write, info: write, warn: write, error: write },
      },
      [{ host: '127.0.0.1', port: played.port, password: 'ClueCon' }],
      { tenantVariable: 'tenant_id', ...fast, ...options },
    );
    return listener;
  }

  const subscribed = (count = 1) => waitFor(() => played.subscribers === count, { what: `${count} subscriber` });
  const logged = (message: string) => lines.filter((line) => line.message === message);
  const press = (uuid: string, sequence = 1, core = 'core-1') =>
    jsonEvent({
      'Event-Name': 'DTMF',
      'Core-UUID': core,
      'Event-Sequence': String(sequence),
      'Unique-ID': uuid,
      'DTMF-Digit': '5',
    });
  const keeps = (uuid: string) => waitFor(() => kept.includes(uuid), { what: `event of ${uuid} kept` });

  it('subscribes by name, in JSON, with one command', async () => {
    listen();
    await subscribed();
    assert.deepEqual(played.commands, [
      'auth',
      'event json CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE DTMF RECORD_START RECORD_STOP HEARTBEAT',
    ]);
    await waitFor(() => listener!.switches[0]!.isConnected, { what: 'the state' });
    assert.equal(logged('switch.connected').length, 1);
  });

  it('field case 50: survives a storm with one connection at a time, and subscribes after each login', async () => {
    const { port } = played;
    await played.close();
    listen();
    await waitFor(() => logged('switch.unreachable').length >= 5, { what: 'five refusals' });
    played = await startPlayedSwitch(port);
    played.greetings = [...Array<'close'>(5).fill('close'), 'refuse-password', 'serve'];
    await subscribed();
    assert.equal(played.connections, 7);
    assert.equal(played.maxOpenConnections, 1);
    assert.equal(logged('switch.rejected').length, 1);
    played.hangUp('reset');
    await waitFor(() => played.connections === 8, { what: 'a new connection after the reset' });
    await subscribed();
    played.send(press('uuid-after'));
    await keeps('uuid-after');
    assert.equal(played.maxOpenConnections, 1);
    assert.equal(played.commands.filter((command) => command.startsWith('event json')).length, 2);
  });

  it('field case 50: waits long after a wrong password and after a refused address', async () => {
    played.greetings = ['refuse-password', 'refuse-address', 'serve'];
    const startedAt = performance.now();
    listen();
    await subscribed();
    // At least half of 150 ms, then half of 300 ms.
    assert.ok(performance.now() - startedAt >= 225);
    assert.deepEqual(
      logged('switch.rejected').map(({ reason }) => reason),
      ['the password was refused', 'our address was refused'],
    );
  });

  it('does not wait forever for a switch that accepts the connection and sends nothing', async () => {
    played.greetings = ['silence', 'serve'];
    listen();
    await subscribed();
    assert.deepEqual(logged('switch.unreachable')[0]?.reason, 'not ready within 200 ms');
  });

  it('hangs up on a switch that has fallen silent', async () => {
    listen({ deadlines: { readyMs: 200, silenceMs: 80 } });
    await waitFor(() => logged('switch.lost').length > 0, { what: 'the silence to be noticed' });
    assert.equal(logged('switch.lost')[0]!.reason, 'silent for 80 ms');
    await waitFor(() => played.connections > 1, { what: 'a new connection' });
  });

  for (const [what, bytes] of [
    [
      'a length 5 too small',
      Buffer.from('Content-Length: 20\nContent-Type: text/event-json\n\n{"Event-Name":"HEARTBEAT"}'),
    ],
    ['no JSON', Buffer.from('Content-Length: 5\nContent-Type: text/event-json\n\n{"a":')],
    ['JSON that is no event', Buffer.from('Content-Length: 4\nContent-Type: text/event-json\n\nnull')],
    ['an event without a name', Buffer.from('Content-Length: 2\nContent-Type: text/event-json\n\n{}')],
    ['a length that is no number', Buffer.from('Content-Length: x\nContent-Type: text/event-json\n\n{}')],
  ] as const) {
    it(`field case 48: drops the connection at a bad frame (${what}), keeps what came before, and reconnects`, async () => {
      listen();
      await subscribed();
      played.send(Buffer.concat([press('uuid-before'), bytes, press('uuid-damaged', 2), press('uuid-damaged', 3)]));
      await keeps('uuid-before');
      await waitFor(() => played.connections === 2, { what: 'a new connection' });
      await subscribed();
      assert.match(logged('switch.lost')[0]!.reason, /^a bad frame/);
      played.send(press('uuid-after', 4));
      await keeps('uuid-after');
    });
  }

  const notice = (more = '') =>
    Buffer.from(`Content-Type: text/disconnect-notice\nContent-Length: 10\n${more}\nGood bye!\n`);

  for (const [what, parts] of [
    ['in separate packets', (...frames: Buffer[]) => frames],
    ['all in one packet', (...frames: Buffer[]) => [Buffer.concat(frames)]],
  ] as const)
    it(`field case 99: receives what follows the switch's disconnect notice, ${what}`, async () => {
      listen();
      await subscribed();
      const linger = 'Content-Disposition: linger\nLinger-Time: 5\n';
      for (const part of parts(
        press('uuid-before', 1),
        notice(linger),
        press('uuid-behind', 2),
        press('uuid-last', 3),
      )) {
        played.send(part);
        await new Promise((resolve) => setImmediate(resolve));
      }
      played.hangUp();
      await keeps('uuid-last');
      assert.deepEqual(kept, ['uuid-before', 'uuid-behind', 'uuid-last']);
      await waitFor(() => logged('switch.lost').length === 1, { what: 'the end to be noticed' });
      assert.equal(logged('switch.lost')[0]!.reason, 'the switch gave notice');
    });

  it('field case 99: does not wait forever for a switch that gave notice and stays', async () => {
    listen({ deadlines: { readyMs: 200, silenceMs: 60_000, afterNoticeMs: 50 } });
    await subscribed();
    played.send(notice());
    await waitFor(() => played.connections === 2, { what: 'a new connection' });
    assert.equal(logged('switch.lost')[0]!.reason, 'the switch gave notice');
  });

  it('field case 100: keeps the other events when Postgres refuses one for good', async () => {
    refused = 'uuid-3';
    listen();
    await subscribed();
    played.send(Buffer.concat(Array.from({ length: 6 }, (_, index) => press(`uuid-${index}`, index))));
    await keeps('uuid-5');
    assert.deepEqual(kept.sort(), ['uuid-0', 'uuid-1', 'uuid-2', 'uuid-4', 'uuid-5']);
    assert.equal(lines.filter(({ message }) => message.startsWith('call.event_lost')).length, 1);
  });

  it('field case 56: counts invalid keys, and logs no key', async () => {
    listen();
    await subscribed();
    played.send(
      jsonEvent({
        'Event-Name': 'DTMF',
        'Core-UUID': 'core-1',
        'Event-Sequence': '1',
        'Unique-ID': 'uuid-1',
        'DTMF-Digit': 'f',
      }),
    );
    await waitFor(() => listener!.switches[0]!.unusableEvents === 1, { what: 'the key to be counted' });
    assert.deepEqual(kept, []);
  });

  it('stores everything it has received before it closes, even if Postgres is slow', async () => {
    listen();
    await subscribed();
    let release = () => {};
    blocked = new Promise((resolve) => (release = resolve));
    for (let sequence = 0; sequence < 500; sequence++) played.send(press(`uuid-${sequence}`, sequence));
    await waitFor(() => listener!.switches[0]!.waitingEvents === 500, { what: 'all to be received' });
    const closed = listener!.close();
    release();
    await closed;
    assert.equal(new Set(kept).size, 500);
  });
});
