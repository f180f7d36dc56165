import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { createLimiter, type Holder } from '../../fixtures/rate-limit-model.mjs';
import { insertTenant, insertWebhook } from '../../support/rows.js';

/** One step of a random history: what a delivery does, and how long after the step before. */
type Step = { kind: 'reserve' | 'take' | 'giveBack'; delivery: number; laterMs: number };

describe('rate limit in SQL', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    tenantId = await insertTenant(database.pool);
  });
  after(() => database.drop());

  const steps = fc.array(
    fc.record<Step>({
      kind: fc.constantFrom('reserve' as const, 'take' as const, 'take' as const, 'giveBack' as const),
      delivery: fc.nat(7),
      laterMs: fc.oneof(fc.constant(0), fc.nat(200), fc.nat(40_000), fc.nat(2_000_000)),
    }),
    { minLength: 20, maxLength: 60 },
  );

  it('answers like the model in random histories', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 12 }),
        steps,
        async (perMinute, perHour, history) => {
          const webhook = await insertWebhook(database.pool, tenantId);
          const sql = createSqlLimiter(webhook, perMinute, perHour);
          const model = createLimiter([
            { count: perMinute, windowMs: 60_000 },
            { count: perHour, windowMs: 3_600_000 },
          ]);
          const modelHolders = Array.from({ length: 8 }, (): Holder => ({ holds: false }));
          const sqlHolders = Array.from({ length: 8 }, (): Holder => ({ holds: false }));
          let now = Date.parse('2026-01-01T00:00:00Z');
          for (const { kind, delivery, laterMs } of history) {
            now += laterMs;
            const expected = model[kind](modelHolders[delivery]!, now);
            const actual = await sql[kind](sqlHolders[delivery]!, now);
            assert.deepEqual(actual, expected, `${kind} of ${delivery} at ${now}`);
            assert.deepEqual(sqlHolders, modelHolders);
            assert.equal(await sql.holdersExpected(), model.holdersExpected());
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  function createSqlLimiter(webhook: number, perMinute: number, perHour: number) {
    const limits = [webhook, perMinute, perHour];
    const call = async <Row extends object>(text: string, values: unknown[]): Promise<Row> => {
      const { rows } = await database.pool.query(text, values);
      return rows[0] as Row;
    };
    const time = (now: number) => new Date(now).toISOString();
    return {
      async reserve(holder: Holder, now: number) {
        const { at } = await call<{ at: Date | null }>('select reserve_token($1, $4, $2, $3, $5) as at', [
          ...limits,
          holder.holds,
          time(now),
        ]);
        // null: immediately, and nothing is reserved
        if (at !== null) holder.holds = true;
        return at?.getTime() ?? now;
      },
      async take(holder: Holder, now: number) {
        const answer = await call<{ number: string | null; come_back_at: Date | null }>(
          'select * from take_token($1, $4, $2, $3, $5)',
          [...limits, holder.holds, time(now)],
        );
        if (answer.number === null) return answer.come_back_at?.getTime() ?? null;
        holder.holds = false;
        return true as const;
      },
      async giveBack(holder: Holder) {
        if (!holder.holds) return undefined;
        holder.holds = false;
        await database.pool.query('select give_token_back($1)', [webhook]);
        return undefined;
      },
      async holdersExpected() {
        const { waiting } = await call<{ waiting: number }>(
          'select coalesce(sum(reserved - taken), 0)::int as waiting from webhook_limiters where webhook_id = $1',
          [webhook],
        );
        return waiting;
      },
    };
  }
});
