import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import { renderBody } from '../../../src/delivery/body.js';
import { createSecret, signatureHeaders } from '../../../src/delivery/signature.js';
import { badSignatures } from '../../support/signature-vectors.js';

const { verifyWebhookSignature } = createRequire(import.meta.url)('../../fixtures/guide/verify.cjs') as {
  verifyWebhookSignature: (payload: unknown, signature: string, secret: string, timestamp: string) => boolean;
};
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const page = read('../../../docs/verifying-signatures.md');

/** The one code block of docs/verifying-signatures.md in that language that contains `marker`. */
function codeBlock(language: string, marker: string): string {
  const blocks = [...page.matchAll(new RegExp(`^ *\`\`\`${language}\\n([^]*?)^ *\`\`\`$`, 'gm'))].map(
    ([, code]) => code!,
  );
  const found = blocks.filter((code) => code.includes(marker));
  assert.equal(found.length, 1, `${found.length} blocks contain ${marker}`);
  return found[0]!;
}

const [secret, previousSecret] = [createSecret(), createSecret()];
const timestamp = String(Math.floor(Date.now() / 1000));

/** A delivery as it arrives during a rotation's overlap, with lower-case header names. */
function delivery(data: Record<string, unknown>): { body: string; headers: Record<string, string> } {
  const body = renderBody({ eventType: 'call.dtmf', eventId: '1', timestamp: '2025-10-29T12:00:00.000Z', data });
  const signed = signatureHeaders({
    secret,
    previousSecret,
    messageId: 'm',
    timestampSeconds: Number(timestamp),
    body,
  });
  return {
    body,
    headers: Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

describe("the guide's Python example", () => {
  /** The results of `verify_webhook_signature(argument, signature, secret, timestamp)` for each list of arguments. */
  function verify(code: string, argument: string, calls: unknown[][]): boolean[] {
    const program = `${code}
import json as j, sys
print(j.dumps([verify_webhook_signature(${argument}, *rest) for body, *rest in j.load(sys.stdin)]))`;
    return JSON.parse(
      execFileSync('python3', ['-c', program], { input: JSON.stringify(calls) }).toString(),
    ) as boolean[];
  }
  const calls = [{}, { digit: '5' }, { name: 'Zażółć 😀' }].map((data) => {
    const { body, headers } = delivery(data);
    return [body, headers['x-irisx-signature'], secret, timestamp];
  });
  const corrected = codeBlock('python', 'def verify_webhook_signature');

  it('refuses every genuine delivery, as the page says', () => {
    const guide = read('../../fixtures/guide/verify.py');
    assert.deepEqual(verify(guide, 'j.loads(body)', calls), [false, false, false]);
  });

  it('as corrected on the page accepts them, refuses anything else, and never raises', () => {
    const raw = 'body.encode()';
    assert.deepEqual(verify(corrected, raw, calls), [true, true, true]);
    const [body, signature] = calls[1]!;
    const refused = [
      [`${body as string} `, signature, secret, timestamp],
      [body, signature, previousSecret, timestamp],
      [body, signature, secret, String(Number(timestamp) - 301)],
      ...[undefined, '', 'abc', '-1', '１７'].map((odd) => [body, signature, secret, odd ?? null]),
      ...badSignatures
        .filter(([, bad]) => typeof bad === 'string' && !/[\ud800-\udfff]/.test(bad))
        .map(([, bad]) => [body, bad, secret, timestamp]),
    ];
    assert.deepEqual(
      verify(corrected, raw, refused),
      refused.map(() => false),
    );
  });
});

describe("the guide's Node example in a rotation", () => {
  const { body, headers } = delivery({ digit: '5' });
  const req = { body: JSON.parse(body) as unknown, headers };
  const accepts = (key: string) => verifyWebhookSignature(req.body, headers['x-irisx-signature']!, key, timestamp);

  it('needs the new secret immediately', () => {
    assert.deepEqual([accepts(secret), accepts(previousSecret)], [true, false]);
  });

  it('keeps working with the old secret, given the lines on the page', () => {
    const code = `${codeBlock('js', 'x-irisx-signature-previous')}; isGenuine`;
    const verdict = (key: string) => runInNewContext(code, { req, secret: key, verifyWebhookSignature }) as boolean;
    assert.deepEqual([secret, previousSecret, createSecret()].map(verdict), [true, true, false]);
  });
});
