import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { acceptEventId } from '../../src/source/temporal-source.js';
import { eventKeysText, newEventKey } from '../support/event-keys.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';

const run = promisify(execFile);
const requirements = ['temporalio==1.35.0', 'cryptography==50.0.2'];

/** The packages that the sample needs. pip installs them once, into the user's cache folder. */
async function pythonPackages(): Promise<string> {
  const base = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  const folder = path.join(base, 'irisx-webhooks', 'python', requirements.join('_').replace(/[^\w.=-]/g, '_'));
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${randomUUID()}`;
  await mkdir(draft, { recursive: true });
  const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--retries', '2', '--timeout', '20'];
  try {
    await run('python3', ['-m', 'pip', 'install', ...options, '--target', draft, ...requirements]);
    // A rename puts the folder there complete or not at all. Another process may have been faster.
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
    return folder;
  } catch (error) {
    throw new Error(
      `The Python packages of docs/samples/accept_event.py (${requirements.join(', ')}) cannot be installed: it takes ` +
        'python3 with pip, and a package index that pip can reach. The cause is what pip says.',
      { cause: error },
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

describe('docs/samples/accept_event.py', function () {
  this.timeout(300_000);
  const eventKey = newEventKey('python');
  let stack: Stack;
  let packages: string;

  before(async () => {
    packages = await pythonPackages();
    stack = await startStack({ parts: { api: false, worker: true }, config: { eventKeys: [eventKey] } });
  });
  after(() => stack?.close());

  async function accept(event: object): Promise<string> {
    const sample = spawn('python3', ['-B', 'docs/samples/accept_event.py'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        PYTHONPATH: packages,
        TEMPORAL_ADDRESS: stack.config.temporal.address,
        TEMPORAL_TASK_QUEUE: stack.config.temporal.taskQueue,
        IRISX_EVENT_KEYS: eventKeysText([eventKey]),
      },
    });
    sample.stdin.end(JSON.stringify(event));
    return (await text(sample.stdout)).trim();
  }

  it('hands over an event, sealed, and recognises a repeat', async () => {
    const tenantId = await stack.insertTenant();
    const externalId = "O'Neil & Söhne (Köln)!*";
    await stack.database.pool.query('update tenants set external_id = $2 where id = $1', [tenantId, externalId]);
    const key = { eventType: 'call.completed', eventId: randomUUID() } as const;
    const body = { event_type: key.eventType, event_id: key.eventId, payload: callCompleted };
    for (const tenant of [{ tenant_id: tenantId }, { tenant_external_id: externalId }])
      assert.equal(await accept({ ...tenant, ...body }), 'accepted');
    assert.equal(await accept({ tenant_external_id: externalId, ...body }), 'repeated');

    // The workflow ids equal those of the TypeScript source. Postgres knows the tenant by either id.
    const resultOf = (tenant: string) =>
      stack.temporal.workflow.getHandle(acceptEventId({ tenantId: tenant, ...key })).result() as Promise<object>;
    const [one, two] = [await resultOf(tenantId), await resultOf(externalId)];
    assert.deepEqual({ ...one, repeated: null }, { ...two, repeated: null });
    const { rows } = await stack.database.pool.query<{ body: string }>(
      'select body from webhook_events where tenant_id = $1',
      [tenantId],
    );
    assert.equal(rows.length, 1);
    assert.deepEqual((JSON.parse(rows[0]!.body) as { data: object }).data, callCompleted);
  });
});
