import assert from 'node:assert/strict';
import { CancelledFailure, CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import pg from 'pg';
import { withPlainFailures } from '../../../activities/failures.js';
import { unavailable } from '../../../src/db/unavailable.js';
import { createLogger } from '../../../src/log.js';

const refused = () =>
  Object.assign(new Error('connect ECONNREFUSED 10.0.0.5:5432'), { code: 'ECONNREFUSED', address: '10.0.0.5' });
const rowQuoted = () =>
  Object.assign(new pg.DatabaseError('duplicate key value violates unique constraint "x"', 1, 'error'), {
    code: '23505',
    detail: 'Key (to_number)=(+15551234567) already exists.',
  });

describe('an activity that fails', () => {
  async function failing(error: unknown): Promise<{ thrown: unknown; lines: string[] }> {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', format: 'json' }, { write: (line) => void lines.push(line) });
    const { deliver } = withPlainFailures(
      { deliver: (_input: { deliveryId: string }) => Promise.reject(error as Error) },
      log,
    );
    return { thrown: await deliver({ deliveryId: 'd-1' }).catch((reason: unknown) => reason), lines };
  }

  it('gives Temporal a type and a short message, without error text, stack or cause, and is retried', async () => {
    const cases: [unknown, string, string][] = [
      [unavailable('lost', refused()), 'DatabaseUnavailable', 'Postgres: lost'],
      [unavailable('read-only', rowQuoted()), 'DatabaseUnavailable', 'Postgres: read-only'],
      [rowQuoted(), 'Internal', 'DatabaseError 23505'],
      [refused(), 'Internal', 'Error ECONNREFUSED'],
      [new TypeError('secret'), 'Internal', 'TypeError'],
      ['secret', 'Internal', 'no Error'],
    ];
    for (const [error, type, message] of cases) {
      const { thrown } = await failing(error);
      assert.ok(thrown instanceof ApplicationFailure);
      const { stack, cause, nonRetryable } = thrown;
      assert.deepEqual(
        [thrown.type, thrown.message, stack, cause, nonRetryable],
        [type, message, '', undefined, false],
      );
    }
  });

  it('is logged once with its delivery, complete except for parts that quote a row', async () => {
    for (const error of [unavailable('lost', refused()), rowQuoted(), new TypeError('a mistake')]) {
      const { lines } = await failing(error);
      assert.equal(lines.length, 1);
      assert.equal((JSON.parse(lines[0]!) as { delivery: string }).delivery, 'd-1');
      assert.doesNotMatch(lines[0]!, /15551234567/);
    }
    assert.match((await failing(new TypeError('a mistake'))).lines[0]!, /a mistake.*failures\.test/);
  });

  it("with an error class of Temporal's is unchanged and not logged", async () => {
    const abort = Object.assign(new Error('aborted'), { name: 'AbortError' });
    for (const error of [
      ApplicationFailure.nonRetryable('x', 'AttemptFailed'),
      new CancelledFailure('CANCELLED'),
      new CompleteAsyncError(),
      abort,
    ])
      assert.deepEqual(await failing(error), { thrown: error, lines: [] });
  });
});
