import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Config } from '../../src/config/service.js';
import { verifySignature } from '../../src/delivery/signature.js';
import { sealContext } from '../../src/encryption/seal-context.js';
import { createSealer, unnamedKey, type Keyring } from '../../src/encryption/seal.js';
import { createTenantClient } from '../support/api-client.js';
import { startChildService, type ChildService, type LogLine } from '../support/child-service.js';
import { startReceiver, type ReceivedRequest, type Receiver } from '../support/receiver.js';
import { runProgram } from '../support/run-program.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const newKey = (id: string) => ({ id, key: randomBytes(32) });

describe('encryption keys', function () {
  this.timeout(120_000);
  let receiver: Receiver;
  let stack: Stack;
  const children: ChildService[] = [];
  beforeEach(async () => void (receiver = await startReceiver()));
  afterEach(async () => {
    for (const child of children.splice(0)) await child.end();
    await stack.close();
    await receiver.close();
  });

  async function startChild(name: 'service' | 'worker' | 'api', config: Config): Promise<ChildService> {
    const child = await startChildService(name, config);
    children.push(child);
    return child;
  }
  /** The error of a process that refuses to start. */
  async function refusalOf(name: 'service' | 'worker' | 'api', encryptionKeys: Keyring): Promise<string> {
    const child = await startChildService(name, { ...stack.config, encryptionKeys }, { waitUntilReady: false });
    children.push(child);
    const { code } = await child.exited;
    assert.equal(code, 1);
    const line = child.lines.find(({ msg }) => msg === 'process.failed');
    return (line?.['error'] as { message: string }).message;
  }
  const isSignedBy = (secret: string, { headers, body }: ReceivedRequest) =>
    verifySignature({
      rawBody: body,
      signature: headers['x-irisx-signature'],
      timestamp: headers['x-irisx-timestamp'],
      secret,
    });

  it('field case 91: that do not fit the data are refused at the start, with the reason; with the right one nothing is lost', async () => {
    const right = newKey('right');
    stack = await startStack({ parts: { api: true, worker: false }, config: { encryptionKeys: [right] } });
    const tenant = await createTenantClient(stack);
    const { id, secret } = await tenant.createWebhook({ url: receiver.url, headers: { 'X-Team': 'billing' } });
    const [deliveryId] = await tenant.trigger();

    for (const name of ['worker', 'api', 'service'] as const) {
      const other = unnamedKey(randomBytes(32));
      const message = await refusalOf(name, [other]);
      assert.match(message, /1 webhook has values that need right, which is missing.*IRISX_ENCRYPTION_KEYS/);
      assert.ok(message.includes(other.id) && !message.includes(other.key.toString('base64')));
    }
    assert.match(await refusalOf('worker', [newKey('right')]), /the key that has this id here does not open them/);
    const { rows } = await stack.database.pool.query('select * from webhook_tokens');
    assert.equal(rows.length, 0, 'no token is used for a request that cannot be signed');
    const { status, attempt_count } = await stack.delivery(deliveryId!);
    assert.deepEqual([status, attempt_count, receiver.requests.length], ['pending', 0, 0]);

    await startChild('worker', { ...stack.config, encryptionKeys: [newKey('next'), right] });
    const [request] = await receiver.waitForRequests(1);
    assert.ok(isSignedBy(secret, request!));
    assert.deepEqual([request!.headers['x-team'], request!.headers['x-irisx-attempt']], ['billing', '1']);
    await waitFor(async () => (await tenant.delivery(id, deliveryId!)).status === 'delivered', { what: 'its end' });
  });

  it('are rotated while services run, and a process without the new key reports it', async () => {
    const [old, next] = [unnamedKey(randomBytes(32)), newKey('next')];
    stack = await startStack({ parts: { api: true, worker: false }, config: { encryptionKeys: [old] } });
    const tenant = await createTenantClient(stack);
    const { secret } = await tenant.createWebhook({ url: receiver.url, headers: { 'X-Team': 'billing' } });
    // A separate process: modules loaded twice, by mocha and by import(), would have two classes of each error.
    const api = await startChild('api', stack.config);
    const readiness = async () => {
      const response = await fetch(`${api.url}/readyz`);
      return [response.status, ((await response.json()) as { encryption: string }).encryption];
    };
    assert.deepEqual(await readiness(), [200, 'current']);

    // `old` had no id until now.
    const both = [next, { id: 'former', key: old.key }];
    const first = await rotate(stack.config.databaseUrl, both);
    assert.equal(first.code, 0, JSON.stringify(first.lines));
    const { msg, ...summary } = first.lines.at(-1)!;
    assert.match(msg, /^encryption\.rotated/);
    assert.deepEqual(
      [summary['resealed'], summary['unreadable'], summary['stillNeeded'], summary['noLongerNeeded']],
      [2, 0, [], ['former']],
    );
    assert.ok(!JSON.stringify(first.lines).includes(old.key.toString('base64')));
    const repeated = await rotate(stack.config.databaseUrl, both);
    assert.deepEqual([repeated.code, repeated.lines.at(-1)!['resealed']], [0, 0]);

    await waitFor(async () => (await readiness())[1] === 'unknown_key', { what: 'the process to be unready' });
    assert.equal((await readiness())[0], 503);
    const headers = { Authorization: `Bearer ${tenant.key}` };
    const listed = await fetch(`${api.url}/v1/webhooks`, { headers });
    assert.equal(listed.status, 200);
    const body = (await listed.json()) as { webhooks: { headers: unknown; unreadable: unknown }[] };
    assert.deepEqual([body.webhooks[0]?.headers, body.webhooks[0]?.unreadable], [null, ['secret', 'headers']]);

    await startChild('worker', { ...stack.config, encryptionKeys: [next] });
    await tenant.trigger();
    const [request] = await receiver.waitForRequests(1);
    assert.ok(isSignedBy(secret, request!));
    assert.equal(request!.headers['x-team'], 'billing');

    const blind = await rotate(stack.config.databaseUrl, [newKey('third')]);
    assert.equal(blind.code, 1);
    const unreadable = blind.lines.find((line) => line.msg.startsWith('encryption.unreadable'))!;
    assert.deepEqual([unreadable['keyId'], unreadable['values'], unreadable['firstWebhooks']], ['next', 2, [1]]);

    const given = await rotate(stack.config.databaseUrl, [newKey('third')], ['--lost-key', 'next']);
    assert.equal(given.code, 0, JSON.stringify(given.lines));
    const audited = given.lines.find((line) => line.msg === 'audit')!;
    assert.deepEqual(
      [audited['action'], audited['tenant'], audited['subjectId'], audited['actorType']],
      ['webhook.disabled', tenant.tenantId, '1', 'system'],
    );
  });

  it('that cannot open a previous secret leave it out, and the current secret signs', async () => {
    stack = await startStack();
    const tenant = await createTenantClient(stack);
    const { id, secret } = await tenant.createWebhook({ url: receiver.url });
    const lost = createSealer([newKey('lost')]).seal('whsec_before', sealContext.secret(tenant.tenantId));
    await stack.database.pool.query(
      `update webhooks set previous_secret_sealed = $2, previous_secret_expires_at = now() + interval '1 day' where id = $1`,
      [id, lost],
    );
    await tenant.trigger();
    const [request] = await receiver.waitForRequests(1);
    assert.ok(isSignedBy(secret, request!));
    assert.equal(request!.headers['x-irisx-signature-previous'], undefined);
    assert.equal(request!.headers['webhook-signature']!.toString().split(' ').length, 1);
  });
});

/** `npm run rotate-encryption-key`, with only what it needs in its environment. */
async function rotate(
  databaseUrl: string,
  keys: Keyring,
  options: string[] = [],
): Promise<{ code: number; lines: LogLine[] }> {
  const { PATH, HOME } = process.env;
  const env = {
    PATH,
    HOME,
    DATABASE_URL: databaseUrl,
    IRISX_ENCRYPTION_KEYS: keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(','),
    LOG_FORMAT: 'json',
  };
  const args = [...runProgram('server/rotate-encryption-key'), ...options];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env }, (_error, stdout, stderr) => {
      assert.equal(stderr, '');
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as LogLine);
      resolve({ code: child.exitCode ?? -1, lines });
    });
  });
}
