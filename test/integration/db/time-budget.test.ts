import assert from 'node:assert/strict';
import {
  atOnceBudgetMs,
  deliverBudgetMs,
  leaseMarginMs,
  maxBehindMs,
  maxPermitWaitMs,
  maxRecordMs,
  maxRequestMs,
  maxTakeMs,
} from '../../../workflows/contract/time-budget.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('the time budget of an attempt', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  it('is the same in SQL: no other process may send while the request can be open', async () => {
    const { rows } = await database.pool.query<{ ms: number }>(
      `select (extract(epoch from request_lease(10000)) * 1000)::int as ms`,
    );
    assert.equal(rows[0]!.ms, 10_000 + leaseMarginMs);
    // A token that is taken too late for the lease leads to no request.
    assert.ok(maxTakeMs < leaseMarginMs);
  });

  it('makes Temporal wait for as long as an attempt may take', () => {
    const attemptMs = maxBehindMs + maxTakeMs + maxRequestMs + maxRecordMs;
    assert.ok(atOnceBudgetMs(maxRequestMs) > attemptMs);
    assert.ok(deliverBudgetMs(maxRequestMs) > maxPermitWaitMs + attemptMs);
  });

  it('uses the longest timeout that a webhook may have', async () => {
    const { rows } = await database.pool.query<{ definition: string }>(
      `select pg_get_constraintdef(oid) as definition from pg_constraint
        where conrelid = 'webhooks'::regclass and pg_get_constraintdef(oid) ~ 'timeout_ms'`,
    );
    assert.match(rows.map(({ definition }) => definition).join(), new RegExp(`\\b${maxRequestMs}\\b`));
  });
});
