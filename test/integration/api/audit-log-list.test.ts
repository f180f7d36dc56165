import assert from 'node:assert/strict';
import { createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

interface Entry {
  id: string;
  at: string;
  action: string;
  changes: Record<string, { old: unknown; new: unknown }>;
}

describe('the list of the audit log', () => {
  let api: Api;
  let tenant: TestTenant;
  let webhook: number;
  before(async () => void (api = await startApi()));
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api);
    webhook = await createWebhook(tenant);
  });

  /** Entries of the tenant, oldest first. */
  const entries = async (query = '', of = tenant): Promise<Entry[]> => {
    const { status, body } = await of.call('GET', `/v1/audit-log${query}`);
    assert.equal(status, 200);
    return (body.entries as Entry[]).reverse();
  };
  const patch = (body: unknown) => tenant.call('PATCH', `/v1/webhooks/${webhook}`, { body });
  const admin = (method: string, path: string, body?: unknown) => api.call(method, path, { body });

  it('is filtered by action, subject and time', async () => {
    await patch({ max_retries: 7 });
    const all = await entries();
    const actions = async (query: string) => (await entries(query)).map(({ action }) => action);
    assert.deepEqual(await actions('?action=webhook.updated'), ['webhook.updated']);
    assert.deepEqual(await actions('?subject_type=webhook'), ['webhook.created', 'webhook.updated']);
    assert.deepEqual(await actions(`?subject_id=${webhook}`), ['webhook.created', 'webhook.updated']);
    assert.deepEqual(await actions(`?subject_id=${webhook}&action=webhook.created`), ['webhook.created']);
    assert.deepEqual(await actions(`?subject_id=${webhook}&subject_type=tenant`), []);
    assert.deepEqual(await actions('?action=webhook.updated&subject_type=tenant'), []);
    const { at } = all.at(-1)!;
    await api.pool.query("update audit_entries set created_at = created_at - interval '1 s' where id <> $1", [
      all.at(-1)!.id,
    ]);
    assert.deepEqual(await actions(`?since=${at}`), ['webhook.updated']);
    assert.deepEqual(await actions(`?until=${at}&subject_type=webhook`), ['webhook.created']);
    for (const query of ['?action=webhook', '?subject_type=x', '?subject_id=', '?since=1', '?tenant_id=1'])
      assert.equal((await tenant.call('GET', `/v1/audit-log${query}`)).status, 400, query);
  });

  it('comes in pages, newest first', async () => {
    for (const max_retries of [1, 2, 3]) await patch({ max_retries });
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await tenant.call('GET', `/v1/audit-log?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...(body.entries as Entry[]).map(({ id }) => id));
      cursor = body.next_cursor ?? '';
    } while (cursor);
    assert.deepEqual(
      seen.reverse(),
      (await entries()).map(({ id }) => id),
    );
    assert.equal(seen.length, 6);
  });

  it("shows a tenant its own entries only, and an admin key everybody's or those of one tenant", async () => {
    const other = await createTenant(api);
    await createWebhook(other);
    await admin('POST', '/v1/api-keys', { name: 'telephony', scopes: ['events:write'] });
    const own = (await entries()).map(({ id }) => id);
    const others = (await entries('', other)).map(({ id }) => id);
    assert.ok(own.length >= 3 && others.length >= 3 && !own.some((id) => others.includes(id)));
    assert.deepEqual(await entries(`?subject_id=${other.id}`), [], "another tenant's subject");
    const cursor = (await other.call('GET', '/v1/audit-log?limit=1')).body.next_cursor as string;
    for (const { id } of await entries(`?cursor=${cursor}`)) assert.ok(own.includes(id));

    const seenBy = async (query: string) =>
      ((await admin('GET', `/v1/audit-log${query}`)).body.entries as Entry[]).map(({ id }) => id).reverse();
    assert.deepEqual(await seenBy(`?tenant_id=${other.id}`), others);
    await api.pool.query("update tenants set external_id = 'acme' where id = $1", [other.id]);
    assert.deepEqual(await seenBy('?tenant_external_id=acme'), others);
    assert.equal((await admin('GET', '/v1/audit-log?tenant_external_id=nobody')).status, 404);
    const [platforms] = (await admin('GET', '/v1/audit-log?limit=1')).body.entries as Entry[];
    assert.deepEqual([platforms!.action, platforms!.changes['name']!.new], ['api_key.created', 'telephony']);
    const everybodys = await seenBy('?limit=200');
    for (const id of [...own, ...others, platforms!.id]) assert.ok(everybodys.includes(id));
    assert.ok(!own.includes(platforms!.id) && !others.includes(platforms!.id));
  });

  it('needs webhooks:read or admin', async () => {
    const sender = await createTenant(api, ['messages:write']);
    assert.equal((await sender.call('GET', '/v1/audit-log')).status, 403);
    const source = (await admin('POST', '/v1/api-keys', { name: 'x', scopes: ['events:write'] })).body.key as string;
    assert.equal((await api.call('GET', '/v1/audit-log', { key: source })).status, 403);
    assert.equal((await api.call('GET', '/v1/audit-log', { key: null })).status, 401);
  });
});
