import assert from 'node:assert/strict';
import { ownerOfNumber } from '../../../src/db/phone-numbers.js';
import { createTenant, startApi, type ApiResponse, type Api, type TestTenant } from './fixture.js';

interface StoredEvent {
  event_id: string;
  body: string;
}

describe('phone numbers', () => {
  let api: Api;
  let tenant: TestTenant;
  let other: TestTenant;
  let lastNumber = 5_550_000;
  before(async () => void (api = await startApi()));
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api);
    other = await createTenant(api);
  });

  const anyNumber = () => `+1415${(lastNumber += 1)}`;
  const assign = (phoneNumber: unknown, tenantId: unknown = tenant.id): Promise<ApiResponse> =>
    api.call('POST', '/v1/phone-numbers', { body: { tenant_id: tenantId, phone_number: phoneNumber } });
  const release = (id: string) => api.call('DELETE', `/v1/phone-numbers/${id}`);
  const list = (query = '') => api.call('GET', `/v1/phone-numbers${query}`);
  const owner = (phoneNumber: string) =>
    ownerOfNumber({ query: (text, values) => api.pool.query(text, values) }, phoneNumber);
  const events = async (of = tenant) =>
    (
      await api.pool.query<StoredEvent>(
        "select event_id, body from webhook_events where tenant_id = $1 and event_type = 'phone_number.assigned' order by id",
        [of.id],
      )
    ).rows.map(({ event_id, body }) => ({ id: event_id, ...(JSON.parse(body) as Record<string, unknown>) }));

  it('are assigned to a tenant, which gets an event', async () => {
    const number = anyNumber();
    const { status, body } = await assign(number);
    assert.equal(status, 201);
    assert.deepEqual(
      [body.phone_number.tenant_id, body.phone_number.phone_number, await owner(number)],
      [tenant.id, number, tenant.id],
    );
    const assignedAt = body.phone_number.assigned_at;
    assert.deepEqual(await events(), [
      {
        id: `phone_${body.phone_number.id}_assigned`,
        event: 'phone_number.assigned',
        event_id: `phone_${body.phone_number.id}_assigned`,
        timestamp: assignedAt,
        data: { phone_number: number, assigned_at: assignedAt },
      },
    ]);
  });

  it('assigned to the same tenant again are unchanged, without an event', async () => {
    const number = anyNumber();
    const first = await assign(number);
    const again = await assign(number);
    assert.equal(again.status, 200);
    assert.deepEqual(again.body, first.body);
    assert.equal((await events()).length, 1);
  });

  it('assigned, released and assigned again make two events', async () => {
    const number = anyNumber();
    const first = await assign(number);
    assert.equal((await release(first.body.phone_number.id)).status, 204);
    assert.equal(await owner(number), null);
    const second = await assign(number);
    assert.equal(second.status, 201);
    assert.notEqual(second.body.phone_number.id, first.body.phone_number.id);
    assert.equal(new Set((await events()).map(({ id }) => id)).size, 2);
  });

  it('of one tenant cannot be assigned to another until they are released', async () => {
    const number = anyNumber();
    const { body } = await assign(number);
    const refused = await assign(number, other.id);
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, new RegExp(tenant.id));
    assert.deepEqual(await events(other), []);
    await release(body.phone_number.id);
    assert.equal((await assign(number, other.id)).status, 201);
    assert.equal(await owner(number), other.id);
  });

  it('have one owner, even when several tenants ask at the same time', async () => {
    const number = anyNumber();
    const responses = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((turn) => assign(number, [tenant, other][turn % 2]!.id)),
    );
    const statuses = responses.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, 200, 201, 409, 409, 409]);
    const winner = responses.find(({ status }) => status === 201)!.body.phone_number.tenant_id;
    assert.equal(await owner(number), winner);
    assert.equal((await events(tenant)).length + (await events(other)).length, 1);
  });

  it('are released once, and a late call never takes them from a new owner', async () => {
    const number = anyNumber();
    const { body } = await assign(number);
    await release(body.phone_number.id);
    await assign(number, other.id);
    assert.equal((await release(body.phone_number.id)).status, 404);
    assert.equal(await owner(number), other.id);
    assert.equal((await release('0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a')).status, 404);
    assert.equal((await release('nonsense')).status, 404);
  });

  it('can also be released by number, meaning the current assignment', async () => {
    const number = anyNumber();
    await assign(number);
    assert.equal((await release(encodeURIComponent(number))).status, 204);
    assert.equal(await owner(number), null);
    assert.equal((await release(number)).status, 404);
  });

  it('are listed newest first, in pages, by tenant and by number, without released ones', async () => {
    const numbers = [anyNumber(), anyNumber(), anyNumber()];
    for (const number of numbers) await assign(number);
    const { body } = await assign(anyNumber());
    await release(body.phone_number.id);
    await assign(anyNumber(), other.id);
    const mine = `?tenant_id=${tenant.id}`;
    const shown = (response: ApiResponse) =>
      (response.body.phone_numbers as { phone_number: string }[]).map((row) => row.phone_number);
    assert.deepEqual(shown(await list(mine)), numbers.toReversed());
    const first = await list(`${mine}&limit=2`);
    const rest = await list(`${mine}&limit=2&cursor=${first.body.next_cursor}`);
    assert.deepEqual([...shown(first), ...shown(rest)], numbers.toReversed());
    assert.equal(rest.body.next_cursor, null);
    assert.deepEqual(shown(await list(`?phone_number=${encodeURIComponent(numbers[1]!)}`)), [numbers[1]]);
    assert.deepEqual(shown(await list(`?phone_number=${encodeURIComponent(body.phone_number.phone_number)}`)), []);
  });

  it('must be E.164 numbers or short codes', async () => {
    for (const number of ['+12', '+123456789012345', '68849']) assert.equal((await assign(number)).status, 201, number);
    for (const number of [
      '15551234567',
      '+0155512345',
      '+1234567890123456',
      '+1 555 123',
      '+1555１234567',
      'ACME',
      '',
      5,
    ]) {
      const { status, body } = await assign(number);
      assert.deepEqual([status, body.errors?.[0]?.path], [400, 'phone_number'], String(number));
    }
    // In a query string, a plus means a space.
    const unescaped = await list('?phone_number=+15551234567');
    assert.equal(unescaped.status, 400);
    assert.match(unescaped.body.errors[0].message, /%2B/);
  });

  it('cannot be assigned to an unknown tenant, and only admins may assign them', async () => {
    const number = anyNumber();
    assert.equal((await assign(number, '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a')).status, 404);
    assert.equal(await owner(number), null);
    assert.equal((await tenant.call('GET', '/v1/phone-numbers')).status, 403);
    const body = { tenant_id: tenant.id, phone_number: number };
    assert.equal((await tenant.call('POST', '/v1/phone-numbers', { body })).status, 403);
  });

  it('appear in no log line and in no event id', async () => {
    const number = anyNumber();
    await assign(number);
    await assign(number, other.id);
    await release(number);
    await release(encodeURIComponent(number));
    const seen = [...api.logLines, ...(await events()).map(({ id }) => id)].join('\n');
    assert.ok(seen.length > 0);
    assert.ok(!seen.includes(number.slice(1)));
  });

  it('appear in no log line when Postgres is away', async () => {
    const away = await startApi({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none' });
    assert.equal((await away.call('DELETE', '/v1/phone-numbers/%2B15559876543')).status, 503);
    const seen = away.logLines.join('\n');
    await away.close();
    assert.match(seen, /request\.refused/);
    assert.ok(!seen.includes('15559876543'));
  });
});
