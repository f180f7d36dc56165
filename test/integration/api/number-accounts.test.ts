import assert from 'node:assert/strict';
import { createTenant, startApi, type Api, type TestTenant } from './fixture.js';
import { accountSid, authToken } from '../../support/contract-twilio.js';
import { publicBaseUrl } from '../../support/twilio-callback.js';
import { waitFor } from '../../support/wait-for.js';

const subaccountSid = 'AC00000000000000000000000000000001';
const number = '+15557654321';

describe('the Twilio account of a phone number', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi({
      messages: {
        accountSid,
        accounts: [
          { sid: accountSid, tokens: [authToken] },
          { sid: subaccountSid, tokens: ['token-of-the-subaccount'] },
        ],
        publicBaseUrl,
        workflows: { startMessage: () => undefined },
      },
    });
  });
  after(() => api.close());
  beforeEach(async () => {
    await api.pool.query('truncate tenants cascade');
    tenant = await createTenant(api, ['messages:write']);
  });

  const assign = (account_sid?: unknown) =>
    api.call('POST', '/v1/phone-numbers', { body: { tenant_id: tenant.id, phone_number: number, account_sid } });
  const shown = async () => {
    const { body } = await api.call('GET', '/v1/phone-numbers');
    return body.phone_numbers[0].account_sid as unknown;
  };
  const countEvents = async () =>
    (await api.pool.query("select from webhook_events where event_type = 'phone_number.assigned'")).rowCount;

  it('is the sending account, unless another one is given', async () => {
    const { status, body } = await assign();
    assert.deepEqual([status, body.phone_number.account_sid, await shown()], [201, null, null]);
  });

  it('changes when the number is assigned again with another, stays when none is given, and makes no event', async () => {
    const first = await assign();
    for (const [given, expected] of [
      [subaccountSid, subaccountSid],
      [undefined, subaccountSid],
      [accountSid, accountSid],
      [null, null],
    ]) {
      const { status, body } = await assign(given);
      assert.deepEqual([status, body.phone_number.account_sid, await shown()], [200, expected, expected]);
      assert.equal(body.phone_number.id, first.body.phone_number.id);
    }
    assert.equal(await countEvents(), 1);
  });

  it('is in the audit log with the old account, also when two change it at once', async () => {
    const first = await assign();
    const lock = await api.pool.connect();
    try {
      // Both begin before either can change it.
      await lock.query('begin; select from phone_numbers for no key update');
      const both = Promise.all([assign(subaccountSid), assign(accountSid)]);
      await waitFor(
        async () =>
          (
            await api.pool.query(
              `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
            )
          ).rowCount === 2,
        { what: 'both to wait' },
      );
      await lock.query('commit');
      await both;
    } finally {
      lock.release();
    }
    const { rows } = await api.pool.query<{ old: string | null; new: string | null }>(
      `select changes->'account_sid'->>'old' as old, changes->'account_sid'->>'new' as new from audit_entries
        where action = 'phone_number.updated' and subject_id = $1 order by created_at`,
      [first.body.phone_number.id],
    );
    assert.equal(rows.length, 2);
    assert.deepEqual([...rows.map((row) => row.old), await shown()], [null, ...rows.map((row) => row.new)]);
  });

  it('is refused if it is not configured', async () => {
    for (const account of [`AC${'f'.repeat(32)}`, 'AC', '', 7]) {
      const { status, body } = await assign(account);
      assert.deepEqual([status, body.errors[0].path], [400, 'account_sid'], String(account));
    }
    assert.equal(await countEvents(), 0);
  });

  it('is not changed by an attempt to assign the number to another tenant', async () => {
    await assign(subaccountSid);
    const other = await createTenant(api);
    const response = await api.call('POST', '/v1/phone-numbers', {
      body: { tenant_id: other.id, phone_number: number, account_sid: null },
    });
    assert.deepEqual([response.status, await shown()], [409, subaccountSid]);
  });

  it('is the one that sends its messages', async () => {
    const accounts = async () =>
      (await api.pool.query<{ account_sid: string }>('select account_sid from messages order by created_at')).rows.map(
        (row) => row.account_sid,
      );
    const send = () => tenant.call('POST', '/v1/messages', { body: { to: '+15551234567', from: number, body: 'x' } });
    await assign();
    assert.equal((await send()).status, 202);
    await assign(subaccountSid);
    assert.equal((await send()).status, 202);
    assert.deepEqual(await accounts(), [accountSid, subaccountSid]);
  });
});
