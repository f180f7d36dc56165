import assert from 'node:assert/strict';
import pg from 'pg';
import { DatabaseUnavailableError, whyUnavailable } from '../../../src/db/unavailable.js';

const ofPostgres = (code: string) => Object.assign(new pg.DatabaseError('in whatever language', 1, 'error'), { code });
const ofSystem = (code: string) => Object.assign(new Error('in whatever words'), { code });

describe('whyUnavailable', () => {
  it('field case 80: recognises the SQLSTATEs that mean that Postgres is unavailable', () => {
    const cases = {
      lost: [
        ...['08000', '08003', '08006', '08P01', '53000', '53100', '53200', '53300', '53400'],
        ...['57P01', '57P02', '57P03', '57P04', '57P05', '58000', '58030', '58P01', '25P03', '25P04'],
      ],
      'read-only': ['25006'],
      busy: ['55P03', '57014'],
      none: [
        '22P02',
        '23503',
        '23505',
        '40001',
        '40P01',
        '42P01',
        '42601',
        '25P02',
        '0A000',
        '26000',
        '55006',
        'XX000',
      ],
    };
    for (const [reason, codes] of Object.entries(cases))
      for (const code of codes) assert.equal(whyUnavailable(ofPostgres(code)) ?? 'none', reason, code);
  });

  it('field case 80: treats every network failure as a lost connection', () => {
    for (const code of [
      ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN'],
      ...['ENETUNREACH', 'ENETDOWN', 'ENETRESET', 'EADDRNOTAVAIL', 'ENOTCONN', 'ENOBUFS', 'EPROTO', 'ENOENT', 'EMFILE'],
      ...['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'ERR_STREAM_DESTROYED'],
    ])
      assert.equal(whyUnavailable(ofSystem(code)), 'lost', code);
    assert.equal(whyUnavailable(new Error('Query read timeout')), 'lost');
  });

  it('does not include our own mistakes', () => {
    for (const error of [new TypeError('x'), new RangeError('x'), ofSystem('ERR_INVALID_ARG_TYPE'), 'no Error'])
      assert.equal(whyUnavailable(error), undefined, String(error));
  });

  it('keeps the reason of an error that already has one', () => {
    assert.equal(whyUnavailable(new DatabaseUnavailableError('x', { reason: 'busy' })), 'busy');
    assert.equal(whyUnavailable(new DatabaseUnavailableError('x')), 'lost');
  });
});
