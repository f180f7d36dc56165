import assert from 'node:assert/strict';
import { parseRetryAfter, receiversTime } from '../../../src/delivery/retry-after.js';

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 10, 25, 12, 0, 0);

  const cases: [value: string | undefined, milliseconds: number | undefined][] = [
    ['2', 2000],
    ['0', 0],
    ['007', 7000],
    ['120', 120_000],
    ['99999999999999999999', Number.MAX_SAFE_INTEGER],
    ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
    ['-3', undefined],
    ['+3', undefined],
    ['1.5', undefined],
    ['120junk', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['１２', undefined],
    ['', undefined],
    [' ', undefined],
    ['2, 2', undefined],
    ['tomorrow', undefined],
    [undefined, undefined],
    // The three date formats, each 3 s ahead.
    ['Wed, 25 Nov 2026 12:00:03 GMT', 3000],
    ['Wednesday, 25-Nov-26 12:00:03 GMT', 3000],
    ['Wed Nov 25 12:00:03 2026', 3000],
    // A date in the past changes nothing.
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Sun Nov  6 08:49:37 1994', 0],
    ['Wed, 25 Nov 2026 12:00:00 GMT', 0],
    ['Thu, 31 Dec 2026 23:59:60 GMT', Date.UTC(2027, 0, 1) - now],
    ['Thu, 29 Feb 2028 00:00:00 GMT', Date.UTC(2028, 1, 29) - now],
    // A two-digit year is up to 50 years ahead, otherwise in the past.
    ['Wednesday, 25-Nov-76 12:00:00 GMT', Date.UTC(2076, 10, 25, 12) - now],
    ['Wednesday, 25-Nov-77 12:00:00 GMT', 0],
    // Almost dates.
    ['Wed, 25 Nov 2026 12:00:03 UTC', undefined],
    ['Wed, 25 Nov 2026 12:00:03 +0000', undefined],
    ['Wed, 25 Nov 2026 12:00:03', undefined],
    ['wed, 25 nov 2026 12:00:03 gmt', undefined],
    ['25 Nov 2026 12:00:03 GMT', undefined],
    ['Wed, 5 Nov 2026 12:00:03 GMT', undefined],
    ['Mon, 30 Feb 2027 12:00:03 GMT', undefined],
    ['Mon, 00 Feb 2027 12:00:03 GMT', undefined],
    ['Mon, 29 Feb 2027 12:00:03 GMT', undefined],
    ['Wed, 25 Nov 2026 24:00:00 GMT', undefined],
    ['Wed, 25 Nov 2026 12:60:00 GMT', undefined],
    ['Wed, 25 Nov 2026 12:00:61 GMT', undefined],
    ['Wed Nov 5 12:00:03 2026', undefined],
    ['2026-11-25T12:00:03Z', undefined],
  ];
  for (const [value, milliseconds] of cases) {
    it(`field case 11: reads ${JSON.stringify(value)?.slice(0, 40)} as ${milliseconds}`, () => {
      assert.equal(parseRetryAfter(value, now), milliseconds);
    });
  }
});

describe('receiversTime', () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  it("field case 82: is the response's Date, so that its dates are not compared with our clock", () => {
    const date = 'Fri, 02 Jan 2026 01:00:00 GMT';
    assert.equal(receiversTime(date, now), Date.UTC(2026, 0, 2, 1));
    assert.equal(parseRetryAfter('Fri, 02 Jan 2026 01:00:30 GMT', receiversTime(date, now)), 30_000);
  });
  it('is our own time if the response has no Date, or an invalid one', () => {
    for (const date of [undefined, '', 'yesterday', '2026-01-02T01:00:00Z'])
      assert.equal(receiversTime(date, now), now);
  });
});
