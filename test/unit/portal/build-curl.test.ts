import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { buildCurl, maskedHeaders, withOrderingKey } from '../../../portal/src/pages/delivery/build-curl.js';
import { maskHeaders } from '../../../src/delivery/mask-headers.js';
import { buildRequestHeaders } from '../../../src/delivery/request-headers.js';
import { createSecret } from '../../../src/delivery/signature.js';
import { verifyWebhook } from '../../../src/verify/index.js';

const secret = createSecret();
const body = `{"event":"sms.received","data":{"body":"it's \\"$HOME\\" \`x\` %s \\\\n ☎"}}`;
const key = 'a key, 100 % “quoted”';
const sent = buildRequestHeaders({
  eventType: 'sms.received',
  eventId: 'sms-1',
  ordering: { key, sequence: 2 },
  messageId: '0199f2b4-7b12-7e3c-b5a9-1c2d3e4f5a6b',
  deliveryId: '0199f2b4-7b12-7f01-8c4d-9e8f7a6b5c4d',
  attempt: 2,
  timestampSeconds: 1_761_739_205,
  secret,
  body,
  customHeaders: { 'X-Team': "the caller's", Authorization: 'Bearer 123' },
  version: '1.0.0',
});
const headers = withOrderingKey(maskHeaders(sent), key);

/** What curl would send: the script in a shell in which it prints its arguments, and the body after them. */
function run(script: string): { received: Record<string, string>; url: string; body: string } {
  const fake = `curl() { printf '%s\\0' "$@"; cat; }\n`;
  const filledIn = script.replace("'whsec_…'", `'${secret}'`);
  const output = execFileSync('sh', ['-euc', fake + filledIn]).toString();
  const parts = output.split('\0');
  const values = parts.filter((_, index) => parts[index - 1] === '-H');
  const received = Object.fromEntries(
    values.map((header): [string, string] => {
      const end = header.indexOf(': ');
      return [header.slice(0, end), header.slice(end + 2)];
    }),
  );
  return { received, url: parts[1]!, body: parts.at(-1)! };
}

describe('portal: repeat it with curl', () => {
  const url = "https://example.com/hook?a=1&b='2'";
  const repeated = run(buildCurl({ url, body, headers }));

  it('sends the same bytes to the same url', () => {
    assert.equal(repeated.url, url);
    assert.equal(repeated.body, body);
  });

  it('sends the same headers, signed anew', () => {
    const anew = /^(x-irisx-(signature|timestamp)|webhook-(signature|timestamp)|authorization)$/i;
    for (const [name, value] of Object.entries(sent)) {
      if (!anew.test(name)) assert.equal(repeated.received[name], value, name);
    }
    assert.deepEqual(Object.keys(repeated.received).sort(), Object.keys(sent).sort());
  });

  it('signs in both ways so that a receiver accepts it', () => {
    const check = (names: RegExp) => {
      const chosen = Object.fromEntries(Object.entries(repeated.received).filter(([name]) => names.test(name)));
      return verifyWebhook({ rawBody: repeated.body, headers: chosen, secrets: secret }).valid;
    };
    assert.equal(check(/^x-irisx/i), true);
    assert.equal(check(/^webhook-/), true);
  });

  it('names what the log does not show', () => {
    assert.deepEqual(maskedHeaders(headers), ['Authorization']);
  });

  it('has a place for the url of a webhook that is gone', () => {
    assert.match(buildCurl({ url: null, body, headers }), /'https:\/\/your-receiver\.example\/'/);
  });
});
