import assert from 'node:assert/strict';
import { claimSend, messageStatus } from '../../../../src/db/messages.js';
import { insertOutbound } from '../../../../src/db/new-messages.js';
import { findSent } from '../../../../src/sources/messages/find-sent.js';
import { recordAccepted, reportStatus } from '../../../../src/sources/messages/outbound.js';
import type { ListedMessage, TwilioClient } from '../../../../src/sources/messages/twilio-client.js';
import { createCallFixture, type CallFixture } from '../../../support/call-events.js';
import { waitFor } from '../../../support/wait-for.js';

const accountSid = 'AC0123456789abcdef0123456789abcdef';

describe('a message handled twice at the same time', () => {
  let fixture: CallFixture;
  before(async () => (fixture = await createCallFixture()));
  after(() => fixture.close());

  /** A message whose request to Twilio is in flight. */
  async function messageUnderWay(): Promise<string> {
    const message = await insertOutbound(fixture.db, {
      tenantId: fixture.tenants.get('42')!,
      accountSid,
      from: '+15557654321',
      messagingServiceSid: null,
      to: '+15551234567',
      body: 'Your table is ready',
      mediaUrls: [],
      idempotencyKey: null,
    });
    await claimSend(fixture.db, message!.id);
    return message!.id;
  }

  const eventsOf = async (messageSid: string) =>
    (await fixture.events()).filter(({ data }) => data['message_sid'] === messageSid).map(({ type }) => type);

  it('makes all events when a callback waits for its row while the response is recorded', async () => {
    const id = await messageUnderWay();
    const { pool } = fixture.database;
    const waiting = async (count: number) =>
      waitFor(
        async () => {
          const { rows } = await pool.query<{ count: number }>(
            `select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          );
          return rows[0]!.count === count;
        },
        { what: `${count} transactions that wait for the row` },
      );
    const holder = await pool.connect();
    await holder.query('begin');
    await holder.query('select from messages where id = $1 for update', [id]);
    const response = recordAccepted(fixture.deps, id, {
      messageSid: 'SM0001',
      providerStatus: 'queued',
      segments: 1,
      at: new Date(),
    });
    await waiting(1);
    const callback = reportStatus(fixture.deps, {
      accountSid,
      messageSid: 'SM0001',
      status: 'delivered',
      errorCode: null,
      from: '+15557654321',
      to: '+15551234567',
      at: new Date(),
      messageId: id,
    });
    await waiting(2);
    await holder.query('commit');
    holder.release();
    assert.deepEqual(await Promise.all([response, callback]), [true, 'recorded']);
    assert.deepEqual(await eventsOf('SM0001'), ['sms.sent', 'sms.delivered']);
    assert.equal(await messageStatus(fixture.db, id), 'delivered');
  });

  it('is matched to only one of our messages, if two are identical; the other stays unsettled', async () => {
    const [lost, sent] = [await messageUnderWay(), await messageUnderWay()];
    const listed: ListedMessage = {
      messageSid: 'SM0002',
      messagingServiceSid: null,
      isInbound: false,
      status: 'queued',
      errorCode: null,
      from: '+15557654321',
      to: '+15551234567',
      body: 'Your table is ready',
      mediaCount: 0,
      segments: 1,
      createdAt: new Date(),
      updatedAt: new Date(),
    };
    const twilio: TwilioClient = {
      mainAccountSid: accountSid,
      accountSids: [accountSid],
      send: () => Promise.reject(new Error('nothing is sent here')),
      async *list() {
        yield [listed];
      },
    };
    const { rows } = await fixture.database.pool.query<{ send_began_at: Date }>(
      'select send_began_at from messages where id = $1',
      [lost],
    );
    const message = {
      id: lost,
      accountSid,
      from: '+15557654321',
      to: '+15551234567',
      body: 'Your table is ready',
      sendBeganAt: rows[0]!.send_began_at,
    };
    const [found, ...others] = await findSent(fixture.db, twilio, message as Parameters<typeof findSent>[2]);
    assert.deepEqual([found?.messageSid, others], ['SM0002', []]);
    const acceptance = { messageSid: 'SM0002', providerStatus: 'queued', segments: 1, at: new Date() };
    assert.equal(await recordAccepted(fixture.deps, lost, acceptance), true);
    assert.equal(await recordAccepted(fixture.deps, sent, acceptance), false);
    assert.equal(await messageStatus(fixture.db, sent), 'unknown');
    assert.deepEqual(await eventsOf('SM0002'), ['sms.sent']);
  });
});
