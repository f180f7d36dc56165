import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createSecret, signatureHeaders } from '../../../src/delivery/signature.js';
import { badSignatures, vector } from '../../support/signature-vectors.js';

const samples = new URL('../../../docs/samples/', import.meta.url);

/** One call of a sample's `verify_signature`, with bytes as base64. */
interface Call {
  body: string | null;
  signature: unknown;
  timestamp: unknown;
  secret: unknown;
  now: number;
}

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const call: Call = { ...vector, body: base64(vector.body), now: Number(vector.timestamp) };

/** The calls for both samples: field cases 24 and 25, and the time window. Only the first one is valid. */
function refusedCalls(): Call[] {
  const bytes = Buffer.from(vector.body);
  const changed = Array.from(bytes, (byte, i) => {
    const copy = Buffer.from(bytes);
    copy[i] = byte ^ 1;
    return { ...call, body: base64(copy) };
  });
  const badTimestamps = [
    undefined,
    '',
    'abc',
    '-1',
    '1e9',
    '１７６１７３９２００',
    ['1761739200'],
    1761739200,
    '1_761_739_200',
  ];
  return [
    ...changed,
    { ...call, body: base64(vector.body.replace('1.0', '1')) },
    { ...call, body: null },
    ...badSignatures.map(([, signature]) => ({ ...call, signature })),
    ...badTimestamps.map((timestamp) => ({ ...call, timestamp })),
    { ...call, secret: '' },
    { ...call, secret: null },
    { ...call, secret: 'another' },
    { ...call, now: call.now + 301 },
    { ...call, now: call.now - 301 },
  ];
}

const acceptedCalls: Call[] = [call, { ...call, now: call.now + 300 }, { ...call, now: call.now - 300 }];

describe('docs/samples/verify.mjs', () => {
  interface Sample {
    verifySignature(body: unknown, signature: unknown, timestamp: unknown, secret: unknown, nowMs: number): boolean;
    verifyWebhook(body: unknown, headers: unknown, secret: unknown): boolean;
  }
  let sample: Sample;
  before(async () => {
    sample = (await import(new URL('verify.mjs', samples).href)) as Sample;
  });
  const run = ({ body, signature, timestamp, secret, now }: Call): boolean =>
    sample.verifySignature(body && Buffer.from(body, 'base64'), signature, timestamp, secret, now * 1000);

  it('field case 25: verifies from the raw bytes', () => {
    for (const accepted of acceptedCalls) assert.equal(run(accepted), true);
  });

  it('field cases 24 and 25: refuses everything else, and never throws', () => {
    for (const refused of refusedCalls()) assert.equal(run(refused), false, JSON.stringify(refused));
    assert.equal(sample.verifyWebhook(Buffer.from('{}'), undefined, 'secret'), false);
  });

  it('verifies a delivery with either secret during a rotation', () => {
    const secret = createSecret();
    const previousSecret = createSecret();
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const signed = signatureHeaders({ secret, previousSecret, messageId: 'm', timestampSeconds, body: vector.body });
    const headers = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]));
    const bytes = Buffer.from(vector.body);
    assert.equal(sample.verifyWebhook(bytes, headers, secret), true);
    assert.equal(sample.verifyWebhook(bytes, headers, previousSecret), true);
    assert.equal(sample.verifyWebhook(bytes, headers, createSecret()), false);
  });
});

describe('docs/samples/verify.py', () => {
  it('field cases 24 and 25: verifies from the raw bytes, refuses everything else, and never raises', async () => {
    const refused = refusedCalls();
    const results = await runPython(
      `import base64
results = [verify.verify_signature(base64.b64decode(c["body"]) if c["body"] is not None else None, c.get("signature"),
           c.get("timestamp"), c["secret"], c["now"]) for c in json.load(sys.stdin)]
print(json.dumps(results))`,
      [...acceptedCalls, ...refused],
    );
    assert.deepEqual(results, [...acceptedCalls.map(() => true), ...refused.map(() => false)]);
  });

  it('verifies a delivery with either secret during a rotation, whatever the case of the header names', async () => {
    const [secret, previousSecret] = [createSecret(), createSecret()];
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const headers = signatureHeaders({ secret, previousSecret, messageId: 'm', timestampSeconds, body: vector.body });
    const results = await runPython(
      `c = json.load(sys.stdin)
body = c["body"].encode()
print(json.dumps([verify.verify_webhook(body, c["headers"], s) for s in c["secrets"]] + [verify.verify_webhook(body, None, "s")]))`,
      { body: vector.body, headers, secrets: [secret, previousSecret, createSecret()] },
    );
    assert.deepEqual(results, [true, true, false, false]);
  });
});

/** Runs Python code with the sample imported and `input` as JSON on its stdin; resolves with the JSON it prints. */
function runPython(code: string, input: unknown): Promise<unknown> {
  const program = `import json, sys\nsys.dont_write_bytecode = True\nsys.path.insert(0, sys.argv[1])\nimport verify\n${code}`;
  return new Promise((resolve, reject) => {
    const child = execFile('python3', ['-c', program, fileURLToPath(samples)], (error, stdout, stderr) =>
      error ? reject(new Error(stderr, { cause: error })) : resolve(JSON.parse(stdout)),
    );
    child.stdin?.end(JSON.stringify(input));
  });
}
