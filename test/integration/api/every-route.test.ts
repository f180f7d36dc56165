import assert from 'node:assert/strict';
import { endpoints } from '../../../src/api/app.js';
import { tenantScopes } from '../../../src/db/api-keys.js';
import { tablesOfTenants } from '../../../src/db/tenant-deletion.js';
import { accountSid } from '../../support/contract-twilio.js';
import { insertOutboundMessage } from '../../support/sms-events.js';
import { publicBaseUrl } from '../../support/twilio-callback.js';
import { enterPortal, newLink } from './browser.js';
import {
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from './fixture.js';

type Endpoint = (typeof endpoints)[number];
type Ids = Record<string, string | number>;

/** What calls without a path parameter answer to a tenant that may do all that tenants may. */
const withoutPath: Record<string, number> = {
  createTenant: 403,
  listTenants: 403,
  createApiKey: 403,
  listApiKeys: 403,
  assignPhoneNumber: 403,
  listPhoneNumbers: 403,
  createEvent: 403,
  createEvents: 403,
  expungeEvents: 403,
  listTenantOverviews: 403,
  listReceiversInTrouble: 403,
  searchPlatform: 403,
  getPlatformState: 403,
  // Everybody's.
  listEventTypes: 200,
  listWebhookTemplates: 200,
  testNewFilter: 200,
  testNewTransform: 200,
  getHealth: 200,
  getReadiness: 200,
  createConsoleSession: 401,
  getConsoleSession: 401,
  deleteConsoleSession: 401,
  // Its own.
  listEvents: 200,
  createWebhook: 201,
  listWebhooks: 200,
  listAllDeliveries: 200,
  getStatistics: 200,
  listMessages: 200,
  listAuditLog: 200,
  getPortalSession: 200,
  deletePortalSession: 204,
  // From a number of the other one.
  sendMessage: 400,
};

describe("every route, called by a tenant for another one's data", () => {
  let api: Api;
  let own: TestTenant;
  let other: TestTenant;
  let ownIds: Ids;
  /** By the name of a path parameter: a row of the other tenant. */
  let othersIds: Ids;
  /** What is nowhere but in the other's rows. */
  let marks: string[];

  /** Something of everything that a path can name. */
  async function fill(tenant: TestTenant, mark: string, number: string): Promise<Ids> {
    const webhook = await createWebhook(tenant, { url: `https://${mark}.example.com`, description: mark });
    const [delivery = ''] = await triggerDtmf(api, tenant, `event-${mark}`);
    await recordAnswer(api, delivery, { statusCode: 500, verdict: 'retry', responseHeaders: { 'x-mark': mark } });
    const recovery = await tenant.call('POST', `/v1/webhooks/${webhook}/recoveries`, {
      body: { statuses: ['failed'], dry_run: false },
    });
    await api.call('POST', '/v1/phone-numbers', { body: { tenant_id: tenant.id, phone_number: number } });
    await newLink(api, tenant.id, { name: mark });
    const { rows } = await api.pool.query<{ event: string; key: string }>(
      'select (select event_row_id from webhook_deliveries where id = $2) as event, (select id from api_keys where tenant_id = $1) as key',
      [tenant.id, delivery],
    );
    return {
      tenant_id: tenant.id,
      webhook_id: webhook,
      delivery_id: delivery,
      recovery_id: recovery.body.recovery.id as string,
      id: rows[0]!.event,
      event_id: rows[0]!.event,
      key_id: rows[0]!.key,
      message_id: await insertOutboundMessage(api.pool, tenant.id, { from: number, body: mark }),
      phone_number: number,
      session_id: (await enterPortal(api, tenant.id, { name: mark })).id,
    };
  }

  before(async () => {
    api = await startApi({
      messages: {
        accountSid,
        accounts: [{ sid: accountSid, tokens: ['test-token-0001'] }],
        publicBaseUrl,
        workflows: { startMessage: () => undefined },
      },
    });
    own = await createTenant(api, [...tenantScopes]);
    other = await createTenant(api, [...tenantScopes]);
    ownIds = await fill(own, 'mine', '+15550000001');
    othersIds = await fill(other, 'theirs', '+15550000002');
    marks = ['theirs', ...Object.values(othersIds).filter((id): id is string => typeof id === 'string')];
  });
  after(() => api.close());

  const stateOfOther = async () => {
    const ofWebhooks = [
      'webhook_recoveries',
      'webhook_deliveries',
      'webhook_counters',
      'webhook_limiters',
      'webhook_health',
    ];
    const tables = [...tablesOfTenants.map((table) => [table, 'tenant_id', other.id] as const)].concat(
      ofWebhooks.map((table) => [table, 'webhook_id', othersIds['webhook_id']] as never),
      [
        ['audit_entries', 'tenant_id', other.id],
        ['tenants', 'id', other.id],
      ] as never,
    );
    const rows = tables.map(async ([table, column, id]) => {
      const sql = `select coalesce(json_agg(to_jsonb(r) order by to_jsonb(r)::text), '[]') as rows from ${table} r where ${column} = $1`;
      return [table, (await api.pool.query<{ rows: unknown[] }>(sql, [id])).rows[0]!.rows] as const;
    });
    return Object.fromEntries(await Promise.all(rows));
  };

  const pathOf = ({ path }: Endpoint, ids: Ids) =>
    path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(ids[name])));

  /** All ids are the other's; and where there are several, all but the first. */
  const variantsOf = (endpoint: Endpoint): Ids[] => {
    const [first, ...rest] = Object.keys(endpoint.params ?? {});
    return rest.length === 0 ? [othersIds] : [othersIds, { ...othersIds, [first!]: ownIds[first!]! }];
  };

  const bodyOf = ({ operationId, body }: Endpoint): unknown => {
    if (operationId === 'sendMessage') return { from: othersIds['phone_number'], to: '+15551234567', body: 'x' };
    const example = body && Object.values(body.examples)[0];
    return isObject(example) && 'tenant_id' in example ? { ...example, tenant_id: other.id } : example;
  };
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

  /** An answer may repeat what was asked for, and nothing else of the other's. */
  function assertNothingOf(text: string, asked: string, what: string): void {
    for (const mark of marks)
      if (!asked.includes(mark)) assert.ok(!text.includes(mark), `${what} shows ${mark}: ${text}`);
  }

  for (const by of ['a session in the portal', 'an API key']) {
    it(`gives nothing and changes nothing, by ${by}`, async () => {
      const before = await stateOfOther();
      assert.ok(Object.values(before).filter((rows) => rows.length > 0).length > 12, 'the other one has something');
      const started = JSON.stringify(api.workflows);
      let portal = await enterPortal(api, own.id, { scopes: tenantScopes });
      const call: TestTenant['call'] = (...call) => (by === 'an API key' ? own.call(...call) : portal.call(...call));

      for (const endpoint of endpoints) {
        const names = Object.keys(endpoint.params ?? {});
        for (const name of names)
          assert.ok(
            name in othersIds,
            `${endpoint.operationId} has a new parameter ${name}: add a row of the other's to \`fill\``,
          );
        const body = bodyOf(endpoint);
        for (const ids of variantsOf(endpoint)) {
          for (const query of ['', `?tenant_id=${other.id}`]) {
            const path = pathOf(endpoint, ids) + query;
            const what = `${endpoint.operationId}: ${endpoint.method} ${path}`;
            const { status, body: answer } = await call(endpoint.method.toUpperCase(), path, { body });
            if (endpoint.operationId === 'deletePortalSession')
              portal = await enterPortal(api, own.id, { scopes: tenantScopes });
            assertNothingOf(JSON.stringify(answer ?? ''), path + JSON.stringify(body ?? ''), what);
            // A tenant cannot name a tenant in the query.
            const refusals = query === '' ? [403, 404] : [400, 403, 404];
            if (names.length > 0) assert.ok(refusals.includes(status), `${what} answers ${status}`);
            else if (query !== '') assert.ok(status >= 400 || !JSON.stringify(answer ?? '').includes(other.id), what);
            else {
              const expected = withoutPath[endpoint.operationId];
              assert.ok(expected, `${endpoint.operationId} is new: add what it answers to \`withoutPath\``);
              const isKeys = by === 'an API key' && endpoint.operationId.endsWith('PortalSession');
              assert.equal(status, isKeys ? 401 : expected, what);
            }
          }
        }
      }
      assert.deepEqual(await stateOfOther(), before);
      assert.deepEqual(JSON.stringify(api.workflows), started);
    });
  }
});
