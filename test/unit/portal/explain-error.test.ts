import assert from 'node:assert/strict';
import { explainError } from '../../../portal/src/pages/delivery/explain-error.js';
import { shortReason } from '../../../portal/src/text/deliveries.js';
import type { AttemptError } from '../../../src/client/api-types.js';
import { errorClasses } from '../../../src/delivery/outcome.js';
import { delivery, unsent } from './deliveries.js';

const explain = (error: AttemptError, statusCode: number | null = null, headers: Record<string, string> = {}) =>
  explainError({ error, statusCode, headers });
const answered = (code: number, headers = {}) => explain({ class: 'http_status', message: '' }, code, headers);

describe('portal: why an attempt failed', () => {
  it('says of every class what happened, what it means and what to do', () => {
    for (const errorClass of errorClasses) {
      const { clause, meaning, remedy } = explain({ class: errorClass, message: 'the very message' }, 500);
      assert.ok(clause.length > 10 && remedy.length > 20, errorClass);
      if (errorClass !== 'http_status') assert.match(meaning, /the very message/, errorClass);
    }
  });

  it('knows the usual status codes', () => {
    const remedies: [number, RegExp][] = [
      [400, /what it misses/],
      [401, /signature/],
      [403, /allow list/],
      [404, /typo/],
      [405, /POST/],
      [410, /enable the webhook again/],
      [413, /1 MB/],
      [415, /application\/json/],
      [429, /Retry-After/],
      [500, /log has the fault/],
      [502, /behind the proxy/],
      [503, /back for the next attempt/],
      [504, /Answer first/],
    ];
    for (const [code, remedy] of remedies) {
      assert.match(answered(code).remedy, remedy, String(code));
      assert.match(answered(code).clause, new RegExp(`answered ${code} [A-Z]`));
    }
  });

  it('and of all others their family', () => {
    assert.match(answered(418).meaning, /refused/);
    assert.match(answered(599).meaning, /failed/);
    assert.match(answered(522).meaning, /Cloudflare/);
  });

  it('names where a redirect leads', () => {
    const { meaning, remedy } = answered(308, { location: 'https://example.com/new' });
    assert.match(meaning, /to https:\/\/example\.com\/new\. Redirects are never followed/);
    assert.match(remedy, /that address/);
    assert.match(answered(302).remedy, /the final address/);
  });

  it('tells a slow receiver from one that cannot be reached', () => {
    const slow = explain({ class: 'timeout', message: 'no response within 10000 ms' });
    assert.match(slow.meaning, /The request arrived/);
    assert.match(slow.remedy, /Answer first/);
    const away = explain({ class: 'timeout', message: 'no connection within 10000 ms' });
    assert.match(away.meaning, /did not get through/);
    assert.match(away.remedy, /firewall/);
  });

  it('and in a few words in lists', () => {
    assert.equal(shortReason(delivery()), '503 Service Unavailable');
    assert.equal(shortReason(delivery({ status: 'delivered', status_code: 200, error: null })), '200 OK');
    assert.equal(
      shortReason(delivery({ status_code: null, error: { class: 'dns', message: 'host name not found' } })),
      'Host name not found',
    );
    assert.equal(shortReason(unsent()), 'Waits to be sent');
    assert.equal(shortReason(unsent({ in_flight: true })), 'Request is open');
    assert.equal(shortReason(unsent({ status: 'held' })), 'Waits for the webhook');
    assert.equal(shortReason(delivery({ expunged_at: '2025-10-29T13:00:00.000Z' })), 'Content erased');
  });
});
