import assert from 'node:assert/strict';
import { recordOutcome } from '../../../activities/deliveries/record-outcome.js';
import type { SentRecord } from '../../../activities/deliveries/record-attempt.js';
import { UnrecordedAttempts } from '../../../activities/deliveries/unrecorded-attempts.js';
import { DatabaseUnavailableError, type Database } from '../../../src/db/database.js';
import { sealContext } from '../../../src/encryption/seal-context.js';
import { createLogger } from '../../../src/log.js';
import { recordOf, startApi, type Api } from './fixture.js';
import { createJudgedWebhook, openHealthDatabase, type JudgedWebhook } from './health-fixture.js';

describe('a 410 that is recorded late', () => {
  let api: Api;
  let db: Database;
  /** The connections of deliveries, on which nothing is recorded while `isAway`. */
  let deliveriesDb: Database;
  let isAway: boolean;
  let hook: JudgedWebhook;
  let lines: string[];
  let unrecorded: UnrecordedAttempts;
  let record: SentRecord;
  let held: string;
  before(async () => {
    api = await startApi();
    db = openHealthDatabase(api);
    deliveriesDb = {
      ...db,
      query: (statement, values) =>
        isAway && typeof statement === 'object' && statement.name === 'record_attempt'
          ? Promise.reject(new DatabaseUnavailableError('away'))
          : db.query(statement, values),
    };
  });
  after(async () => {
    await db.close();
    await api.close();
  });
  beforeEach(async () => {
    isAway = true;
    lines = [];
    hook = await createJudgedWebhook(api, db);
    unrecorded = new UnrecordedAttempts({ ...deps(), db: deliveriesDb, heartbeatDb: db });
    const [deliveryId, other] = [await hook.newDelivery(), await hook.newDelivery()];
    held = other;
    record = {
      ...recordOf(deliveryId, { statusCode: 410, verdict: 'gone' }),
      tenantId: hook.tenant.id,
      webhookId: hook.id,
      eventRowId: await eventOf(deliveryId),
    };
  });
  afterEach(() => unrecorded.close());

  const deps = () => ({
    db,
    workflows: api.workflows,
    log: createLogger({ level: 'debug', format: 'json' }, { write: (line) => void lines.push(line) }),
  });
  const eventOf = async (deliveryId: string) => {
    const { rows } = await api.pool.query<{ id: string }>(
      'select event_row_id as id from webhook_deliveries where id = $1',
      [deliveryId],
    );
    return rows[0]!.id;
  };

  /** Everything that follows from it, without a sweep, and once. */
  async function assertFollowed(): Promise<void> {
    const audited = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === 'audit');
    assert.deepEqual(
      audited.map(({ tenant, subjectId, action, actorType, event, delivery }) => ({
        ...{ tenant, subjectId, action, actorType, event, delivery },
      })),
      [
        {
          ...{ tenant: hook.tenant.id, subjectId: String(hook.id), action: 'webhook.disabled', actorType: 'system' },
          ...{ event: record.eventRowId, delivery: record.deliveryId },
        },
      ],
    );
    const { body } = await hook.tenant.call('GET', `/v1/webhooks/${hook.id}/deliveries/${held}`);
    assert.equal(body.delivery.status, 'held');
    const events = await hook.tenant.call('GET', '/v1/events?event_type=webhook.disabled');
    assert.equal(events.body.events.length, 1);
  }

  it('is logged, holds the other deliveries and is announced when the next beat records it', async () => {
    await assert.rejects(unrecorded.record(record), DatabaseUnavailableError);
    assert.equal(unrecorded.size, 1);
    // Makes a last beat.
    await unrecorded.close();
    assert.equal(unrecorded.size, 0);
    await assertFollowed();
  });

  it('does the same when its process is about to send the delivery again', async () => {
    await assert.rejects(unrecorded.record(record), DatabaseUnavailableError);
    isAway = false;
    await unrecorded.settle(record.deliveryId);
    await unrecorded.close();
    await assertFollowed();
  });

  it('does the same when its workflow hands it back', async () => {
    const { deliveryId } = record;
    const sealedRecord = api.sealer.seal(JSON.stringify(record), sealContext.record(deliveryId)).toString('base64');
    const input = { deliveryId, sealedRecord };
    assert.equal((await recordOutcome({ ...deps(), sealer: api.sealer }, input)).kind, 'ended');
    // Its process may have recorded it meanwhile, and the activity may run twice.
    assert.equal((await recordOutcome({ ...deps(), sealer: api.sealer }, input)).kind, 'ended');
    await assertFollowed();
  });
});
