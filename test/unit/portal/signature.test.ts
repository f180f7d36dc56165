import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { judge, sign, signatureHeaders as read } from '../../../portal/src/pages/delivery/signature.js';
import { nodeSnippet, pythonSnippet } from '../../../portal/src/pages/delivery/snippets.js';
import { maskHeaders } from '../../../src/delivery/mask-headers.js';
import { createSecret, signatureHeaders } from '../../../src/delivery/signature.js';

const body = '{"event":"sms.received","data":{"body":"Grüße ☎","price":1.0}}';
const [secret, previousSecret] = [createSecret(), createSecret()];
const timestampSeconds = Math.floor(Date.now() / 1_000);
const sent = signatureHeaders({ secret, previousSecret, messageId: 'event-1', timestampSeconds, body });
const logged = read(maskHeaders(sent))!;

describe('portal: the signature of an attempt', () => {
  it('is computed in the browser as the service does', async () => {
    const current = await sign(secret, logged, body);
    const previous = await sign(previousSecret, logged, body);
    assert.equal(current.irisx, sent['X-IRISX-Signature']);
    assert.equal(previous.irisx, sent['X-IRISX-Signature-Previous']);
    assert.equal(`${current.standard} ${previous.standard}`, sent['webhook-signature']);
  });

  it('judges a secret by the beginnings that the log keeps', async () => {
    const judgeSecret = async (key: string) => judge((await sign(key, logged, body)).irisx, logged);
    assert.equal(await judgeSecret(secret), 'current');
    assert.equal(await judgeSecret(previousSecret), 'previous');
    assert.equal(await judgeSecret(createSecret()), 'other');
    assert.equal(judge('sha256=0', { ...logged, irisx: '[masked]' }), 'unknown');
    assert.equal(judge('sha256=0', { ...logged, irisx: null }), 'unknown');
  });

  it('signs with what is no secret of ours, as far as that goes', async () => {
    assert.equal((await sign('whsec_not base64!', logged, body)).standard, null);
    assert.equal((await sign('whsec_', logged, body)).standard, null);
  });

  it('is not there where the headers are hidden or have none', () => {
    assert.equal(read(null), null);
    assert.equal(read({ 'Content-Type': 'application/json' }), null);
  });
});

describe('portal: the code that checks a signature', () => {
  const lowerCase = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
  const old = { ...lowerCase, 'x-irisx-timestamp': String(timestampSeconds - 400) };

  it('in Node.js', async () => {
    const module = `data:text/javascript,${encodeURIComponent(nodeSnippet)}`;
    const { isGenuine } = (await import(module)) as {
      isGenuine: (body: Buffer, headers: Record<string, string>, secret: string) => boolean;
    };
    const bytes = Buffer.from(body);
    assert.equal(isGenuine(bytes, lowerCase, secret), true);
    assert.equal(isGenuine(bytes, lowerCase, previousSecret), true);
    assert.equal(isGenuine(bytes, lowerCase, createSecret()), false);
    assert.equal(isGenuine(Buffer.from(body.replace('1.0', '1')), lowerCase, secret), false);
    assert.equal(isGenuine(bytes, old, secret), false);
    assert.equal(isGenuine(bytes, { 'x-irisx-timestamp': 'now' }, secret), false);
    assert.equal(isGenuine(bytes, {}, secret), false);
    const forged = { ...lowerCase, 'x-irisx-signature': 'é', 'x-irisx-signature-previous': 'sha256=' };
    assert.equal(isGenuine(bytes, forged, secret), false);
  });

  it('in Python', () => {
    const forged = { ...sent, 'X-IRISX-Signature': 'é', 'X-IRISX-Signature-Previous': 'sha256=' };
    const calls: [string, Record<string, string>, string][] = [
      [body, sent, secret],
      [body, sent, previousSecret],
      [body, sent, createSecret()],
      [body.replace('1.0', '1'), sent, secret],
      [body, { ...sent, 'X-IRISX-Timestamp': String(timestampSeconds - 400) }, secret],
      [body, { ...sent, 'X-IRISX-Timestamp': '1'.repeat(5_000) }, secret],
      [body, {}, secret],
      [body, forged, secret],
    ];
    const program = `import json, sys\n${pythonSnippet}\nprint(json.dumps([is_genuine(body.encode(), headers, secret) for body, headers, secret in json.load(sys.stdin)]))`;
    const answer = execFileSync('python3', ['-c', program], { input: JSON.stringify(calls) }).toString();
    assert.deepEqual(JSON.parse(answer), [true, true, false, false, false, false, false, false]);
  });
});
