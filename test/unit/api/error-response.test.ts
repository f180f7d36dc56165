import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';
import { errorResponse } from '../../../src/api/http/error-response.js';
import { DatabaseUnavailableError } from '../../../src/db/database.js';
import { ConflictError, EventMismatchError, InvalidInputError, NotFoundError } from '../../../src/errors.js';
import { createLogger } from '../../../src/log.js';

/** The response when a route throws `error`, and the log lines. */
async function responseTo(
  error: unknown,
): Promise<{ response: Response; body: Record<string, unknown>; log: string[] }> {
  const log: string[] = [];
  const app = express();
  app.get('/', () => {
    throw error;
  });
  app.use(errorResponse(createLogger({ level: 'trace', format: 'json' }, { write: (line) => void log.push(line) })));
  const server = app.listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return { response, body: (await response.json()) as Record<string, unknown>, log };
  } finally {
    server.close();
  }
}

function postgresError(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError('a message of Postgres', 1, 'error');
  return Object.assign(error, { code, detail: 'Failing row contains (hidden)', where: 'hidden', table: 'webhooks' });
}

describe('errorResponse', () => {
  it('stays short, whatever the error contains', async () => {
    const errors = Array.from({ length: 5_000 }, (_, i) => ({
      path: 'p'.repeat(9_000) + i,
      message: 'm'.repeat(9_000),
    }));
    const { body } = await responseTo(new InvalidInputError('d'.repeat(1_000_000), errors));
    const reported = body['errors'] as { message: string }[];
    assert.equal(reported.length, 20);
    assert.match(String(body['detail']), /… 4980 more are wrong\.$/);
    assert.ok(JSON.stringify(body).length < 50_000);
  });

  it('answers each kind of error with its status code, as a problem document', async () => {
    const cases: [unknown, number][] = [
      [new InvalidInputError('x'), 400],
      [new NotFoundError('x'), 404],
      [new URIError('x'), 404],
      [new ConflictError('x'), 409],
      [new EventMismatchError('x'), 422],
      [new DatabaseUnavailableError('x'), 503],
      [postgresError('40P01'), 503],
      [new Error('x'), 500],
      ['no Error at all', 500],
    ];
    for (const [error, status] of cases) {
      const { response, body } = await responseTo(error);
      assert.equal(response.status, status, String(error));
      assert.equal(response.headers.get('content-type'), 'application/problem+json');
      assert.equal(body['status'], status);
      assert.match(String(body['type']), /^urn:irisx:problem:[a-z-]+$/);
      assert.equal(response.headers.has('retry-after'), status === 503);
    }
  });

  it('gives every listed error a path; what is about no single field is in the detail', async () => {
    const errors = [
      { path: '', message: 'Give a or b' },
      { path: 'a', message: 'is bad' },
    ];
    const { body } = await responseTo(new InvalidInputError('The body is not valid: a.', errors));
    assert.deepEqual(body['errors'], [{ path: 'a', message: 'is bad' }]);
    assert.equal(body['detail'], 'The body is not valid: a. Give a or b.');
  });

  it('lists the wrong fields, and omits the list when there are none', async () => {
    const errors = [{ path: 'url', message: 'is bad' }];
    assert.deepEqual((await responseTo(new InvalidInputError('x', errors))).body['errors'], errors);
    assert.ok(!('errors' in (await responseTo(new InvalidInputError('x'))).body));
  });

  it('field case 31: treats a value that Postgres cannot store as a mistake of the caller', async () => {
    for (const code of ['22P02', '22003', '22021', '22P05']) {
      const { response, body, log } = await responseTo(postgresError(code));
      assert.equal(response.status, 400, code);
      assert.ok(!/Postgres|22|hidden/.test(String(body['detail'])), code);
      assert.match(log.join(''), /rejected_by_database/);
    }
  });

  it('shows no details of an internal error, and logs it once, without the row that Postgres quotes', async () => {
    for (const error of [new Error('internals'), postgresError('23514')]) {
      const { response, body, log } = await responseTo(error);
      assert.equal(response.status, 500);
      assert.ok(!/internals|Postgres|webhooks/.test(JSON.stringify(body)));
      assert.equal(log.length, 1);
      assert.match(log[0] ?? '', /internals|a message of Postgres/);
      assert.ok(!log.join('').includes('hidden'));
    }
  });

  it('does not log a mistake of the caller', async () => {
    for (const error of [new InvalidInputError('x'), new NotFoundError('x'), new ConflictError('x')]) {
      assert.deepEqual((await responseTo(error)).log, []);
    }
  });
});
