import assert from 'node:assert/strict';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { isAuthentic } from '../../../../src/sources/messages/signature.js';
import { parseForm, vectors, type TwilioVector } from '../../../support/twilio-vectors.js';

const accountSid = 'AC0123456789abcdef0123456789abcdef';

function check(
  vector: TwilioVector,
  changed: { url?: string; body?: string; signature?: string; tokens?: string[] } = {},
) {
  const { url = vector.url, body = vector.body, signature = vector.signature } = changed;
  const accounts = [{ sid: accountSid, tokens: changed.tokens ?? [vector.token ?? 'test-token-0001'] }];
  return isAuthentic(accounts, { accountSid, signature, url, form: parseForm(body) });
}

describe('signature of a callback', () => {
  for (const [name, vector] of Object.entries(vectors)) {
    it(`is valid for the vector ${name}, and no other is`, () => {
      assert.equal(check(vector), true);
      assert.equal(check(vector, { signature: vector.signature.replace(/^./, (c) => (c === 'a' ? 'b' : 'a')) }), false);
      assert.equal(check(vector, { body: `${vector.body}&x=1` }), false);
      assert.equal(check(vector, { tokens: ['another'] }), false);
    });
  }

  it("covers the url as given to Twilio, except for the scheme's default port", () => {
    const { url, body } = vectors.sms;
    assert.equal(check(vectors.sms, { url: url.replace('.test/', '.test:443/') }), true);
    for (const wrong of [url.replace('https', 'http'), `${url}/`, `${url}#rc=2`])
      assert.equal(check(vectors.sms, { url: wrong }), false, wrong);
    assert.equal(check(vectors.sms, { body: body.replace('&ToCity=', '') }), false, 'an empty field dropped');
    assert.equal(check(vectors.sms, { body: body.replace('+%26+100', '%26+100') }), false, 'text trimmed');
  });

  it('may be made with any token of the account, but of no other account', () => {
    assert.equal(check(vectors.sms, { tokens: ['an-older-one', 'test-token-0001'] }), true);
    const others = [
      { sid: accountSid, tokens: ['its-own-token'] },
      { sid: 'AC00000000000000000000000000000000', tokens: ['test-token-0001'] },
    ];
    const { url, signature, body } = vectors.sms;
    assert.equal(isAuthentic(others, { accountSid, signature, url, form: parseForm(body) }), false);
  });

  it('is never valid without a token', () => {
    const { url, body } = vectors.sms;
    const signature = getExpectedTwilioSignature('', url, parseForm(body));
    assert.equal(check(vectors.sms, { signature, tokens: [''] }), false);
    assert.equal(check(vectors.sms, { signature, tokens: [] }), false);
  });

  it('field case 24: is refused without an error, whatever the header contains', () => {
    const { url, body, signature } = vectors.sms;
    const form = parseForm(body);
    const accounts = [{ sid: accountSid, tokens: ['test-token-0001'] }];
    const headers = [
      undefined,
      '',
      'sha256=',
      `${signature.slice(0, -1)}é`,
      'A'.repeat(44),
      signature.toUpperCase(),
      `${signature}, ${signature}`,
    ];
    for (const header of headers)
      assert.equal(isAuthentic(accounts, { accountSid, signature: header, url, form }), false, String(header));
    assert.equal(isAuthentic(accounts, { accountSid, signature, url: 'no url', form }), false);
  });
});
