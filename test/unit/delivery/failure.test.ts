import assert from 'node:assert/strict';
import { ExchangeError } from '../../../src/delivery/connection.js';
import { exchangeFailure } from '../../../src/delivery/failure.js';

const withCode = (code: string): Error & { code: string } => Object.assign(new Error(code), { code });
const broken = (code: string, sentAtMs: number | undefined): ExchangeError =>
  new ExchangeError(withCode(code), sentAtMs, false, false);

describe('the failure of a request', () => {
  it('is the receiver’s as soon as a byte may have been sent, even if this process is out of memory', () => {
    const failure = exchangeFailure(broken('ENOBUFS', performance.now()), false);
    assert.deepEqual([failure.errorClass, failure.message], ['connection', 'connection failed (ENOBUFS)']);
    assert.throws(() => exchangeFailure(broken('ENOBUFS', undefined), false), /out of resources \(ENOBUFS\)/);
  });

  it('is due to a reused connection only if it broke quickly and without a byte of a response', () => {
    const now = performance.now();
    assert.equal(exchangeFailure(broken('ECONNRESET', now), true).onReusedConnection, true);
    assert.equal(exchangeFailure(broken('EPIPE', now), true).onReusedConnection, true);
    assert.equal(exchangeFailure(broken('ECONNRESET', now), false).onReusedConnection, false);
    assert.equal(exchangeFailure(broken('ECONNRESET', now - 2500), true).onReusedConnection, false);
    assert.equal(exchangeFailure(broken('ETIMEDOUT', now), true).onReusedConnection, false);
    const begun = new ExchangeError(withCode('ECONNRESET'), now, true, false);
    assert.equal(exchangeFailure(begun, true).onReusedConnection, false);
  });
});
