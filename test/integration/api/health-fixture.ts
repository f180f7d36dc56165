import { openDatabase, type Database } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';
import { announceLeftOver } from '../../../src/sources/webhooks/announce-health.js';
import { createTenant, createWebhook, recordAnswer, triggerDtmf, type Api, type TestTenant } from './fixture.js';

export const healthEvents = ['webhook.failing', 'webhook.recovered', 'webhook.disabled'];
const log = createLogger({ level: 'silent', format: 'json' });

/** A tenant with one webhook, whose receiver does as the test says. */
export interface JudgedWebhook {
  tenant: TestTenant;
  /** Gets calls and what happens to other webhooks; one attempt per delivery. */
  id: number;
  /** What announcing a change takes. */
  deps: { db: Database; workflows: Api['workflows']; log: typeof log };
  // Its shape was checked against the OpenAPI document.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  read(): Promise<any>;
  health(
    id?: number,
  ): Promise<{ state: string; since: string; consecutive_failures: number; last_error: string | null }>;
  patch(body: unknown): ReturnType<TestTenant['call']>;
  newDelivery(): Promise<string>;
  /** Of a new delivery, unless one is given. */
  succeed(delivery?: string): Promise<void>;
  fail(delivery?: string): Promise<void>;
  failTimes(count: number): Promise<void>;
  /** The events about webhooks so far, oldest first, after all changes are announced. */
  events(): Promise<string[]>;
  /** As if all that is known of its receiver had happened earlier. */
  minutesPass(minutes: number): Promise<void>;
}

export const openHealthDatabase = (api: Api): Database => openDatabase({ url: api.databaseUrl, poolSize: 5 });

export async function createJudgedWebhook(api: Api, db: Database): Promise<JudgedWebhook> {
  const tenant = await createTenant(api);
  const id = await createWebhook(tenant, { events: ['call.dtmf', ...healthEvents], max_retries: 0 });
  const read = async (which = id) => (await tenant.call('GET', `/v1/webhooks/${which}`)).body.webhook;
  const newDelivery = async () => (await triggerDtmf(api, tenant))[0]!;
  const deps = { db, workflows: api.workflows, log };
  const fail = async (delivery?: string) =>
    recordAnswer(api, delivery ?? (await newDelivery()), { statusCode: 503, verdict: 'retry' });
  return {
    tenant,
    id,
    deps,
    read,
    health: async (which) => (await read(which)).health,
    patch: (body) => tenant.call('PATCH', `/v1/webhooks/${id}`, { body }),
    newDelivery,
    succeed: async (delivery) =>
      recordAnswer(api, delivery ?? (await newDelivery()), { statusCode: 200, verdict: 'delivered' }),
    fail,
    async failTimes(count) {
      for (let i = 0; i < count; i++) await fail();
    },
    async events() {
      await announceLeftOver(deps);
      const { body } = await tenant.call('GET', '/v1/events?limit=200');
      const types = (body.events as { event_type: string }[]).map(({ event_type }) => event_type);
      return types.filter((type) => healthEvents.includes(type)).reverse();
    },
    async minutesPass(minutes) {
      await api.pool.query(
        `with h as (update webhook_health set failures_began_at = failures_began_at - $2 * interval '1 min',
                           success_seen_at = success_seen_at - $2 * interval '1 min',
                           failed_at = array(select at - $2 * interval '1 min' from unnest(failed_at) at) where webhook_id = $1)
         update webhook_counters set healthy_at = healthy_at - $2 * interval '1 min' where webhook_id = $1`,
        [id, minutes],
      );
    },
  };
}
