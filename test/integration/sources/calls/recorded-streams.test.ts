import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { startCallListener } from '../../../../src/sources/calls/call-listener.js';
import { createCallFixture, type CallFixture, type TriggeredCallEvent } from '../../../support/call-events.js';
import { serveInRandomCuts } from '../../../support/random-cuts.js';
import { callsWithoutOwner, recordedCalls, type RecordedCall } from '../../../support/recorded-calls.js';

const folder = 'test/fixtures/freeswitch';
const files = readdirSync(folder).filter((file) => file.endsWith('.esl'));
const scenarioOf = (file: string) => file.replace(/(\.(json|plain))?\.esl$/, '');
const eventTypes: Record<string, RecordedCall['triggered'][number]> = {
  'call.initiated': 'initiated',
  'call.answered': 'answered',
  'call.dtmf': 'keys',
  'call.recording.completed': 'recording',
  'call.completed': 'completed',
};

describe('recorded streams, cut at random places', function () {
  this.timeout(90_000);
  let fixture: CallFixture;
  before(async () => {
    fixture = await createCallFixture();
  });
  afterEach(() => fixture.clear());
  after(() => fixture.close());

  async function listenTo(stream: Buffer, seed: number): Promise<TriggeredCallEvent[]> {
    const server = await serveInRandomCuts(stream, seed);
    const listener = startCallListener(fixture.deps, [{ host: '127.0.0.1', port: server.port, password: 'ClueCon' }], {
      tenantVariable: 'tenant_id',
    });
    await server.done;
    await listener.close();
    await server.close();
    return fixture.events();
  }

  it('all have an expected result', () => {
    assert.deepEqual([...new Set(files.map(scenarioOf))].sort(), Object.keys(recordedCalls).sort());
  });

  for (const [seed, file] of files.entries()) {
    const expected = recordedCalls[scenarioOf(file)] ?? [];
    const what = expected.map(({ triggered }) => triggered.join(' ')).join(', ') || 'nothing';
    it(`${file} gives ${what}`, async () => {
      const events = await listenTo(readFileSync(`${folder}/${file}`), seed);
      const ids = [...new Set(events.map(({ data }) => String(data.call_sid)))];
      const calls = ids.map((id) =>
        describeCall(
          id,
          events.filter(({ data }) => data.call_sid === id),
        ),
      );
      const order = ({ from, to }: { from?: string; to: string }) => `${from} ${to}`;
      const sorted = <T extends { from?: string; to: string }>(list: T[]) =>
        [...list].sort((a, b) => order(a).localeCompare(order(b)));
      assert.deepEqual(sorted(calls), sorted(expected.map((call) => ({ tenant: '42', ...call }))));
      const withoutOwner = fixture.lines.filter(({ message }) => message.startsWith('call.no_tenant')).length;
      assert.equal(withoutOwner, callsWithoutOwner[scenarioOf(file)] ?? 0, 'calls of nobody are logged once each');
    });
  }

  it('with odd bytes in a name give the right call, in both formats', async () => {
    const owner = fixture.tenants.get('42');
    await fixture.database.pool.query('insert into phone_numbers (tenant_id, phone_number) values ($1, $2)', [
      owner,
      '+12025550110',
    ]);
    for (const [seed, file] of files.filter((file) => /^6[01235]/.test(file)).entries()) {
      const events = await listenTo(readFileSync(`${folder}/${file}`), seed);
      assert.deepEqual(
        events.map(({ type }) => type),
        ['call.initiated', 'call.answered', 'call.completed'],
        file,
      );
      const from = file.startsWith('63') ? 'anonymous' : '+13035550142';
      for (const { data } of events) assert.deepEqual([data.from, data.to], [from, '+12025550110'], file);
      await fixture.clear();
    }
    await fixture.database.pool.query('delete from phone_numbers');
  });
});

/** The events of one call in the form of the table. Fails if they contradict each other. */
function describeCall(callSid: string, events: TriggeredCallEvent[]): RecordedCall {
  const triggered = events
    .map(({ type }) => eventTypes[type]!)
    .filter((type, index, all) => !(type === 'keys' && all[index - 1] === 'keys'));
  const one = (name: string) => new Set(events.map(({ data }) => data[name]).filter((value) => value !== undefined));
  const only = (name: string) => {
    const values = [...one(name)];
    assert.ok(values.length <= 1, `${name} differs in the events of one call: ${JSON.stringify(values)}`);
    return values[0] as string | undefined;
  };
  const end = events.find(({ type }) => type === 'call.completed')?.data;
  const keys = events.filter(({ type }) => type === 'call.dtmf').map(({ data }) => String(data.digit));
  const recordings = events.filter(({ type }) => type === 'call.recording.completed').map(({ data }) => data);
  for (const { type, id, timestamp } of events) {
    if (/\.(initiated|answered|completed)$/.test(type) && type !== 'call.recording.completed')
      assert.equal(id, callSid);
    assert.ok(timestamp.startsWith('2026-11-25T'), 'the time is that of the switch');
  }
  assert.equal(new Set(events.map(({ type, id }) => `${type} ${id}`)).size, events.length, 'each event once');
  const tenants = new Set(events.map(({ tenant }) => tenant));
  assert.equal(tenants.size, 1, 'all events of a call are one tenant’s');
  return {
    tenant: [...tenants][0] as '42' | '77',
    direction: only('direction') as 'inbound' | 'outbound',
    from: only('from')!,
    to: only('to')!,
    triggered,
    ...(keys.length > 0 && { keys: keys.join('') }),
    ...(end && { end: [String(end.status), String(end.hangup_cause), Number(end.duration_seconds)] }),
    ...(recordings.length > 0 && {
      recordings: recordings.map((each): [string, number, number] => {
        assert.equal(each.format, 'wav');
        return [
          String(each.recording_url).replace('https://recordings.example.com/', ''),
          Number(each.duration_seconds),
          Number(each.size_bytes),
        ];
      }),
    }),
  };
}
