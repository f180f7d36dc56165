import { startPlayedSwitch, type PlayedSwitch } from '../../src/dev/demo/played-switch.js';
import { startCallListener, type CallListener } from '../../src/sources/calls/call-listener.js';
import type { SwitchListenerOptions } from '../../src/sources/calls/switch-listener.js';
import { createCallFixture, type CallFixture, type LogLine, type TriggeredCallEvent } from './call-events.js';
import { waitFor } from './wait-for.js';

const fast: Partial<SwitchListenerOptions> = {
  reconnectDelays: { firstMs: 10, maxMs: 50, rejectedFirstMs: 100, rejectedMaxMs: 200 },
  confirmGoneAfterMs: 50,
  goneCheckEveryMs: 100,
};

/** Played switches, their listeners, and the events that resulted. `reset` after each test, `close` after all. */
export interface CallScenario {
  fixture: CallFixture;
  startSwitch(at?: number): Promise<PlayedSwitch>;
  /** Resolves when the listener has subscribed to all of them. */
  listen(switches: PlayedSwitch[], options?: Partial<SwitchListenerOptions> & { host?: string }): Promise<CallListener>;
  /** Waits for `count` events, and returns all. */
  waitForEvents(count: number): Promise<TriggeredCallEvent[]>;
  /** Lets the listeners handle everything they have received, and closes them. */
  settle(): Promise<TriggeredCallEvent[]>;
  logged(message: string): LogLine[];
  /** The milliseconds of calls counted for the tenant. */
  countedMs(externalId: string): Promise<number>;
  assignNumber(externalId: string, phoneNumber: string): Promise<void>;
  /** Waits until `count` events are stored in `call_events`. */
  kept(count: number): Promise<void>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function createCallScenario(): Promise<CallScenario> {
  const fixture = await createCallFixture();
  const { pool } = fixture.database;
  const switches = new Set<PlayedSwitch>();
  const listeners = new Set<CallListener>();
  const closeListeners = async () => {
    for (const listener of listeners) await listener.close();
    listeners.clear();
  };
  const count = async (sql: string, values: unknown[] = []) =>
    Number((await pool.query<{ count: string | null }>(sql, values)).rows[0]?.count ?? 0);
  const scenario: CallScenario = {
    fixture,
    async startSwitch(at) {
      const played = await startPlayedSwitch(at);
      switches.add(played);
      return played;
    },
    async listen(played, { host = '127.0.0.1', ...options } = {}) {
      const before = played.map(({ subscribers }) => subscribers);
      const addresses = played.map(({ port }) => ({ host, port, password: 'ClueCon' }));
      const listener = startCallListener(fixture.deps, addresses, { tenantVariable: 'tenant_id', ...fast, ...options });
      listeners.add(listener);
      await waitFor(() => played.every(({ subscribers }, index) => subscribers > before[index]!), {
        what: 'subscriptions',
      });
      return listener;
    },
    async waitForEvents(expected) {
      await waitFor(async () => (await fixture.events()).length >= expected, { what: `${expected} events` });
      return fixture.events();
    },
    async settle() {
      await closeListeners();
      return fixture.events();
    },
    logged: (message) => fixture.lines.filter((line) => line.message.startsWith(message)),
    countedMs: (externalId) =>
      count("select sum(used) as count from tenant_usage where tenant_id = $1 and resource = 'call_minutes'", [
        fixture.tenants.get(externalId),
      ]),
    async assignNumber(externalId, phoneNumber) {
      const values = [fixture.tenants.get(externalId), phoneNumber];
      await pool.query('insert into phone_numbers (tenant_id, phone_number) values ($1, $2)', values);
    },
    async kept(expected) {
      const all = () => count('select count(*) from call_events');
      await waitFor(async () => (await all()) >= expected, { what: `${expected} kept events` });
    },
    async reset() {
      await closeListeners();
      for (const played of switches) await played.close();
      switches.clear();
      await fixture.clear();
      await pool.query('delete from phone_numbers');
      await pool.query('truncate switch_runs');
    },
    async close() {
      await fixture.close();
    },
  };
  return scenario;
}

/** `initiated 42`, for each event. */
export const typesAndTenants = (events: TriggeredCallEvent[]) =>
  events.map(({ type, tenant }) => `${type.replace('call.', '')} ${tenant}`);
