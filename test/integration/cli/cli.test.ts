import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pc from 'picocolors';
import { run } from '../../../src/cli/program.js';
import { verifyWebhook } from '../../../src/verify/index.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';
import { waitFor } from '../../support/wait-for.js';
import {
  adminKey,
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from '../api/fixture.js';

describe('the command line', () => {
  let api: Api;
  let tenant: TestTenant;
  let webhookId: number;
  let receiver: Receiver;
  let stop: AbortController;
  let out: string[];
  let err: string[];
  before(async () => {
    api = await startApi();
    receiver = await startReceiver();
  });
  beforeEach(async () => {
    tenant = await createTenant(api);
    webhookId = await createWebhook(tenant);
    receiver.requests.splice(0);
    stop = new AbortController();
    out = [];
    err = [];
  });
  after(async () => {
    await api.close();
    await receiver.close();
  });

  const io = () => ({
    out: (line: string) => void out.push(...line.split('\n')),
    err: (line: string) => void err.push(...line.split('\n')),
    colors: pc.createColors(false),
    untilStopped: () => stop.signal,
  });
  /** With the tenant's key; resolves to the exit code. */
  const irisx = (...args: string[]) => run(['--url', api.url, '--key', tenant.key, ...args], io());
  const asAdmin = (...args: string[]) => run(['--url', api.url, '--key', adminKey, ...args], io());
  const jsonLines = () => out.map((line) => JSON.parse(line) as Record<string, never>);
  const failed = async () => {
    const [id] = await triggerDtmf(api, tenant);
    await recordAnswer(api, id!, { statusCode: 410, verdict: 'final' });
    return id!;
  };

  describe('listen', () => {
    const listening = (...args: string[]) => {
      const exited = irisx('listen', ...args);
      return {
        exited,
        connected: waitFor(() => err.some((line) => line.startsWith('connected')), { what: 'the connection' }),
        async stopped(lines: number) {
          await waitFor(() => out.length >= lines, { what: `${lines} lines, not ${JSON.stringify([out, err])}` });
          stop.abort();
          return exited;
        },
      };
    };

    it('forwards each delivery as it would be sent, in order, and shows the answers', async () => {
      const created = await tenant.call('POST', `/v1/webhooks/${webhookId}/rotate-secret`, { body: {} });
      const secrets = created.body.secret as string;
      receiver.respond = [
        { status: 200, body: 'ok' },
        { status: 500, body: 'out of\u001b[31m order\n' },
      ];
      const listen = listening('--forward', `${receiver.url}/hook`);
      await listen.connected;
      const ids = [...(await triggerDtmf(api, tenant)), ...(await triggerDtmf(api, tenant))];
      assert.equal(await listen.stopped(2), 0);
      for (const [i, { method, path, headers, body }] of receiver.requests.entries()) {
        assert.deepEqual([method, path], ['POST', '/hook']);
        assert.equal(verifyWebhook({ rawBody: body, headers, secrets }).valid, true);
        assert.equal(headers['x-irisx-delivery'], ids[i]);
      }
      assert.match(out[0]!, new RegExp(`^\\d\\d:\\d\\d:\\d\\d  call\\.dtmf +${ids[0]}  200 in \\d+ ms  ok$`));
      assert.match(out[1]!, /500 in \d+ ms {2}out of \[31m order$/);
      assert.match(
        err[0]!,
        new RegExp(`^connected to .*: deliveries of webhook ${webhookId} go to ${receiver.url}/hook$`),
      );
      assert.equal(err.at(-1), `To go on from here: irisx listen ${webhookId} --last-event-id ${ids[1]}`);
    });

    it('goes on after a delivery, with JSON for programs, and without a server that answers', async () => {
      const ids = [...(await triggerDtmf(api, tenant)), ...(await triggerDtmf(api, tenant))];
      const listen = listening(
        String(webhookId),
        '--last-event-id',
        ids[0]!,
        '--json',
        '--forward',
        'http://127.0.0.1:9',
      );
      assert.equal(await listen.stopped(1), 0);
      const [line] = jsonLines() as unknown as { delivery_id: string; body: string; answer: { error: string } }[];
      assert.equal(line!.delivery_id, ids[1]);
      assert.equal(JSON.parse(line!.body).event, 'call.dtmf');
      assert.match(line!.answer.error, /.+/);
    });

    it('shows the bodies if they go nowhere', async () => {
      const listen = listening();
      await listen.connected;
      await triggerDtmf(api, tenant);
      await listen.stopped(1);
      assert.match(out[0]!, /call\.dtmf .*"digit":"5"/);
    });

    it('ends with 1 when the key is deleted', async () => {
      const listen = listening();
      await listen.connected;
      await api.pool.query('delete from api_keys where tenant_id = $1', [tenant.id]);
      assert.equal(await listen.exited, 1);
      assert.ok(err.some((line) => line.startsWith('irisx: This API key is not known')));
    });
  });

  describe('trigger', () => {
    it('sends a test event to a webhook', async () => {
      assert.equal(await irisx('trigger', 'call.completed', '--webhook', String(webhookId)), 0);
      assert.match(out[0]!, new RegExp(`^[0-9a-f-]{36}  pending, test of webhook ${webhookId}$`));
      assert.equal(await irisx('trigger', 'call.completed', '--webhook', String(webhookId), '--data', '{}'), 2);
    });

    it("triggers an event of a tenant, with the type's example or given data, once per id", async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'irisx-cli-'));
      const file = path.join(folder, 'data.json');
      const data = '{"call_sid": "call-1", "digit": "7", "timestamp": "2025-10-29T12:00:00Z"}';
      await writeFile(file, data);
      const event = ['trigger', 'call.dtmf', '--tenant', tenant.id, '--event-id', 'one'];
      assert.equal(await asAdmin(...event, '--data', `@${file}`), 0);
      assert.equal(await asAdmin(...event, '--data', data), 0);
      assert.deepEqual(out.slice(0, 2), out.slice(2));
      assert.match(out[0]!, /^call\.dtmf one accepted: 1 deliveries$/);
      assert.equal(await asAdmin(...event), 1, 'the example is another payload');
      assert.equal(await asAdmin('trigger', 'call.dtmf', '--tenant', tenant.id), 0);
      assert.equal(await asAdmin('trigger', 'call.dtmf', '--tenant', tenant.id, '--data', '{"digit'), 2);
      await rm(folder, { recursive: true });
    });

    it('says what is missing, and which types there are', async () => {
      assert.equal(await irisx('trigger', 'call.dtmf'), 2);
      assert.match(err.at(-1)!, /^irisx: Give --webhook for a test event/);
      assert.equal(await asAdmin('trigger', 'call.nothing', '--tenant', tenant.id), 2);
      assert.match(err.at(-1)!, /There is no event type call\.nothing; known are call\.initiated, /);
    });
  });

  describe('deliveries', () => {
    it('are listed as a table or as JSON lines, by their filters, at most so many', async () => {
      const id = await failed();
      await triggerDtmf(api, tenant);
      assert.equal(await irisx('deliveries', '--status', 'failed', '--since', '2h', '--webhook', String(webhookId)), 0);
      assert.match(out[0]!, /^CREATED +DELIVERY +WEBHOOK +EVENT TYPE +STATUS +ATTEMPTS +LAST ANSWER$/);
      assert.match(out[1]!, new RegExp(`${id}  ${webhookId} +call.dtmf +failed +1 +410 ok$`));
      assert.equal(out.length, 2);
      out = [];
      assert.equal(await irisx('deliveries', '--limit', '1', '--json'), 0);
      assert.deepEqual(
        jsonLines().map(({ status }) => status),
        ['pending'],
      );
      out = [];
      assert.equal(await irisx('deliveries', '--status', 'expired'), 0);
      assert.deepEqual([out, err], [[], ['There is no such delivery.']]);
    });

    it('are shown one by one, with their attempts', async () => {
      const id = await failed();
      assert.equal(await irisx('deliveries', id), 0);
      assert.ok(out.some((line) => /^status +failed$/.test(line)));
      assert.ok(out.some((line) => /^body +\{"event":"call\.dtmf"/.test(line)));
      assert.match(out.at(-1)!, /^1 +\d{4}-.*Z +100 ms +410 ok$/);
      assert.equal(await irisx('deliveries', id, '--json'), 0);
      assert.equal(JSON.parse(out.at(-1)!).id, id);
    });
  });

  it('retry sends a delivery again', async () => {
    const id = await failed();
    assert.equal(await irisx('retry', id), 0);
    assert.equal(out[0], `${id}  pending; attempts so far: 1`);
    await api.pool.query(
      `update webhook_deliveries set status = 'delivered', finished_at = now(), next_attempt_at = null`,
    );
    assert.equal(await irisx('retry', id, '--webhook', String(webhookId)), 1);
    assert.match(err.at(-1)!, /^irisx: Delivery .* was delivered\..* \(request .+\)$/);
    assert.equal(await irisx('retry', id, '--force', '--json'), 0);
    assert.equal(JSON.parse(out.at(-1)!).status, 'pending');
  });

  describe('recover', () => {
    it('counts, sends again and waits; it ends with 1 if not all arrived', async () => {
      await failed();
      const missed = ['recover', String(webhookId), '--status', 'failed'];
      assert.equal(await irisx(...missed, '--dry-run'), 0);
      assert.deepEqual(out, ['1 deliveries would be sent again']);
      const waiting = irisx(...missed, '--wait');
      await waitFor(() => out.length > 1, { what: 'the recovery' });
      assert.match(out[1]!, /^[0-9a-f-]{36} {2}running: 0 of 1 on their way or ended, 0 delivered, 0 failed$/);
      await api.pool.query(
        `update webhook_recoveries set finished_at = now(), status = 'completed', requeued = 1, failed = 1`,
      );
      assert.equal(await waiting, 1);
      assert.match(out[2]!, /completed: 1 of 1 on their way or ended, 0 delivered, 1 failed$/);
    });

    it('is cancelled by its id, and goes on when only the command is stopped', async () => {
      await failed();
      const waiting = irisx(
        'recover',
        String(webhookId),
        '--status',
        'failed',
        '--type',
        'call.dtmf',
        '--wait',
        '--json',
      );
      await waitFor(() => out.length > 0, { what: 'the recovery' });
      const { id } = JSON.parse(out[0]!) as { id: string };
      stop.abort();
      assert.equal(await waiting, 0);
      assert.equal(err[0], `It goes on; \`irisx recover ${webhookId} --cancel ${id}\` cancels it.`);
      assert.equal(await irisx('recover', String(webhookId), '--cancel', id), 0);
      assert.match(out.at(-1)!, / cancelled: /);
    });

    it('needs to know what', async () => {
      assert.equal(await irisx('recover', String(webhookId)), 2);
      assert.match(err.at(-1)!, /Give at least one --status/);
      assert.equal(await irisx('recover', String(webhookId), '--status', 'lost'), 1);
      assert.match(err.join('\n'), /statuses.*: expected a list of failed, expired/);
    });
  });

  describe('webhooks', () => {
    it('are listed, and shown one by one', async () => {
      const paused = await createWebhook(tenant, { enabled: false, events: ['call.dtmf', 'call.completed'] });
      assert.equal(await irisx('webhooks'), 0);
      assert.match(out[1]!, new RegExp(`^${paused} +paused +0 +0 +call\\.dtmf,call\\.completed +https:`));
      assert.match(out[2]!, new RegExp(`^${webhookId} +healthy`));
      assert.equal(await irisx('webhooks', String(paused)), 0);
      assert.ok(out.some((line) => /^state +paused$/.test(line)));
    });

    it('are chosen by themselves only if there is one', async () => {
      await createWebhook(tenant);
      assert.equal(await irisx('listen'), 2);
      assert.match(err.at(-1)!, /There are several webhooks; name one/);
      await api.pool.query('update webhooks set deleted_at = now(), enabled = false where tenant_id = $1', [tenant.id]);
      assert.equal(await irisx('listen'), 2);
      assert.match(err.at(-1)!, /There is no webhook yet/);
    });

    it("are those of the tenant that an admin's key names", async () => {
      assert.equal(await asAdmin('--tenant', tenant.id, 'webhooks', '--json'), 0);
      assert.deepEqual(
        jsonLines().map(({ id }) => id),
        [webhookId],
      );
    });
  });

  describe('what is wrong', () => {
    it('with the command ends with 2', async () => {
      for (const [args, message] of [
        [['webhooks', 'seven'], /value 'seven' is invalid.*number of a webhook/],
        [['deliveries', '--since', 'yesterday'], /It is a time, as 2025/],
        [['listen', '--forward', 'localhost'], /It is a url, as http:/],
        [['nonsense'], /unknown command 'nonsense'/],
        [['retry'], /missing required argument 'delivery'/],
        [['--url', 'nowhere', 'webhooks'], /irisx: url must be the http or https url/],
      ] as const) {
        assert.equal(await irisx(...args), 2, args.join(' '));
        assert.match(err.join('\n'), message);
        err = [];
      }
      assert.equal(await run(['webhooks'], io()), 2);
      assert.match(err[0]!, /There is no API key: set IRISX_API_KEY/);
      err = [];
      assert.equal(await run(['--url', '', '--key', '', 'webhooks'], io()), 2, 'an empty variable is none');
      assert.match(err[0]!, /There is no API key: set IRISX_API_KEY/);
      assert.equal(await irisx('--tenant', '', 'webhooks'), 0, err.join('\n'));
    });

    it('with the call ends with 1, and an API that is away with 3', async () => {
      assert.equal(await irisx('webhooks', '999999'), 1);
      assert.match(err[0]!, /^irisx: There is no webhook 999999; .* \(request .+\)$/);
      assert.equal(await run(['--url', api.url, '--key', 'irisx_wrong', 'webhooks'], io()), 1);
      receiver.respond = { status: 503, headers: { 'Retry-After': '60' } };
      assert.equal(await irisx('--url', receiver.url, 'webhooks'), 3);
    });
  });

  it('explains itself: --help, of each command too, and --version', async () => {
    assert.equal(await run(['--help'], io()), 0);
    const help = out.join('\n');
    for (const word of [
      'listen',
      'trigger',
      'deliveries',
      'retry',
      'recover',
      'webhooks',
      'IRISX_API_KEY',
      'Exit codes',
    ])
      assert.ok(help.includes(word), word);
    out = [];
    assert.equal(await run(['listen', '--help'], io()), 0);
    for (const option of ['--forward <url>', '--key <key>']) assert.ok(out.join('\n').includes(option), option);
    assert.equal(await run(['--version'], io()), 0);
    assert.match(out.at(-1)!, /^\d+\.\d+\.\d+$/);
  });
});
