import assert from 'node:assert/strict';
import { makeCertificate } from '../support/certificates.js';
import { createTenantClient, type DeliveryDetail } from '../support/api-client.js';
import { startRawServer } from '../support/raw-server.js';
import { startReceiver, type Handler, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { attemptSummary, followDelivery, sendEvent } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';
import { stubName } from '../support/stub-dns.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

describe('a receiver that fails', function () {
  this.timeout(60_000);
  let stack: Stack;
  const closers: (() => Promise<void>)[] = [];
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack.close();
    await Promise.all(closers.map((close) => close()));
  });

  async function receiverWith(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
    const receiver = await startReceiver(...args);
    closers.push(receiver.close);
    return receiver;
  }

  /** Each attempt began at least its delay after the previous one ended; later is fine, the machine may be busy. */
  function assertSchedule({ attempts }: DeliveryDetail, ...delaysMs: number[]): void {
    delaysMs.forEach((delayMs, i) => {
      const [before, next] = attempts.slice(i, i + 2);
      const waitedMs = Date.parse(next!.started_at) - Date.parse(before!.started_at) - before!.duration_ms;
      assert.ok(waitedMs >= delayMs - 10, `attempt ${i + 2} began ${waitedMs} ms after the end of attempt ${i + 1}`);
      assert.ok(waitedMs < delayMs + 10_000, `attempt ${i + 2} began ${waitedMs} ms after the end of attempt ${i + 1}`);
    });
  }

  scenario('field cases 2 and 8: with a redirect is not followed; the target gets no request', async () => {
    const target = await receiverWith();
    const receiver = await receiverWith((request) => {
      const [, status, ...location] = request.path.split('/');
      if (status === 'login') return 200;
      const value = decodeURIComponent(location.join('/'));
      const headers: Record<string, string> = value === '' ? {} : { Location: value };
      return { status: Number(status), headers, body: 'moved' };
    });
    const locations = [
      'http://169.254.169.254/latest/meta-data/',
      `//127.0.0.1:${target.port}/`,
      `http://127.0.0.1:${target.port}/`,
      'file:///etc/hosts',
      '/login',
      '',
    ];
    const statuses = [301, 302, 303, 307, 308];
    const tenant = await createTenantClient(stack);
    const webhooks: { id: number; path: string; status: number }[] = [];
    for (const status of statuses) {
      for (const location of locations) {
        const path = `/${status}/${encodeURIComponent(location)}`;
        const { id } = await tenant.createWebhook({ url: receiver.url + path, max_retries: 1 });
        webhooks.push({ id, path, status });
      }
    }
    const ids = await tenant.trigger();
    assert.equal(ids.length, statuses.length * locations.length);
    await Promise.all(
      webhooks.map(async ({ id, path, status }, i) => {
        const delivery = await followDelivery(stack, tenant, id, ids[i]!).waitForEnd('failed');
        assert.deepEqual(attemptSummary(delivery), [`http_status ${status}`, `http_status ${status}`], path);
        assert.equal(delivery.status_code, status);
        assert.equal(delivery.response_body, 'moved');
        assert.equal(delivery.error!.message, `The receiver answered ${status}; only 2xx is success.`);
        assertSchedule(delivery, 1_000);
        const requests = receiver.requests.filter((request) => request.path === path);
        assert.deepEqual(
          requests.map(({ method, headers }) => [method, headers['x-irisx-attempt']]),
          [
            ['POST', '1'],
            ['POST', '2'],
          ],
        );
      }),
    );
    assert.equal(receiver.requests.length, 2 * ids.length, 'no request but those of the attempts');
    assert.equal(target.connections, 0);
  });

  scenario('field case 16: is one without a 2xx status, whatever the body', async () => {
    const stray = await startRawServer((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\nstray')),
    );
    closers.push(stray.close);
    const html = { 'Content-Type': 'text/html' };
    const json = { 'Content-Type': 'application/json' };
    const cases: [response: Parameters<typeof startReceiver>[0] | string, summary: string, body: string][] = [
      [{ status: 200 }, 'ok 200', ''],
      [{ status: 200, headers: html, body: '<h1>OK</h1>' }, 'ok 200', '<h1>OK</h1>'],
      [{ status: 200, headers: json, body: '{' }, 'ok 200', '{'],
      [{ status: 200, headers: json, body: '{"error":"no"}' }, 'ok 200', '{"error":"no"}'],
      [{ status: 201, body: 'made' }, 'ok 201', 'made'],
      [{ status: 202 }, 'ok 202', ''],
      [{ status: 204 }, 'ok 204', ''],
      [stray.url, 'ok 204', ''],
      [{ status: 205 }, 'ok 205', ''],
      [{ status: 299, body: 'odd' }, 'ok 299', 'odd'],
      [{ status: 304 }, 'http_status 304', ''],
      [{ status: 300, body: 'choose' }, 'http_status 300', 'choose'],
      [{ status: 400, headers: json, body: '{"ok":true}' }, 'http_status 400', '{"ok":true}'],
      [{ status: 404 }, 'http_status 404', ''],
      [{ status: 500 }, 'http_status 500', ''],
      [{ status: 599 }, 'http_status 599', ''],
    ];
    await Promise.all(
      cases.map(async ([response, summary, body]) => {
        const url = typeof response === 'string' ? response : (await receiverWith(response)).url;
        const sent = await sendEvent(stack, { url, max_retries: 0 });
        const delivery = await sent.waitForEnd(summary.startsWith('ok') ? 'delivered' : 'failed');
        assert.deepEqual([attemptSummary(delivery), delivery.response_body], [[summary], body], summary);
        assert.equal(delivery.attempts[0]!.response_truncated, false);
      }),
    );
  });

  scenario('field case 13: with a closed port is retried on schedule until the port opens', async () => {
    const receiver = await receiverWith();
    const port = await startTcpProxy(receiver.port);
    closers.push(port.close);
    await port.cut();
    const sent = await sendEvent(stack, { url: `http://127.0.0.1:${port.port}/` });
    await sent.waitForAttempts(2);
    await port.restore();
    const delivery = await sent.waitForEnd('delivered');
    assert.deepEqual(attemptSummary(delivery), ['connection', 'connection', 'ok 200']);
    assert.deepEqual(delivery.attempts[0]!.error, { class: 'connection', message: 'connection refused' });
    assertSchedule(delivery, 1_000, 2_000);
    assert.equal(receiver.requests.length, 1);
    assert.equal(receiver.requests[0]!.headers['x-irisx-attempt'], '3');
  });

  scenario('field case 13: with a name that is not found is retried on schedule until it is found', async () => {
    const receiver = await receiverWith();
    const name = stubName('appears.test', (lookup) => (lookup < 2 ? { code: 'ENOTFOUND' } : ['127.0.0.1']));
    const sent = await sendEvent(stack, { url: `http://appears.test:${receiver.port}/` });
    const delivery = await sent.waitForEnd('delivered');
    assert.deepEqual(attemptSummary(delivery), ['dns', 'dns', 'ok 200']);
    assert.deepEqual(delivery.attempts[0]!.error, { class: 'dns', message: 'host name not found' });
    assertSchedule(delivery, 1_000, 2_000);
    assert.equal(name.lookups, 3);
  });

  const breaking: [what: string, handler: Handler, message: string][] = [
    ['resets', (_, response) => void response.socket!.resetAndDestroy(), 'connection reset by the receiver'],
    ['closes', (_, response) => void response.socket!.end(), 'connection closed without a response'],
  ];
  for (const [what, handler, message] of breaking) {
    scenario(
      `field case 13: and ${what} the connection after reading the request is retried on schedule, one request each`,
      async () => {
        const receiver = await receiverWith((request, response, index) =>
          index < 2 ? handler(request, response, index) : 200,
        );
        const delivery = await (await sendEvent(stack, { url: receiver.url })).waitForEnd('delivered');
        assert.deepEqual(attemptSummary(delivery), ['connection', 'connection', 'ok 200']);
        assert.deepEqual(delivery.attempts[1]!.error, { class: 'connection', message });
        assertSchedule(delivery, 1_000, 2_000);
        assert.equal(receiver.requests.length, 3);
      },
    );
  }

  const stalling: [what: string, handler: Handler][] = [
    [
      'byte by byte for ever',
      (_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'), 100);
        response.once('close', () => clearInterval(timer));
      },
    ],
    ['never after its headers', (_, response) => response.writeHead(200).flushHeaders()],
  ];
  for (const [what, handler] of stalling) {
    scenario(`field case 9: with a body that comes ${what} is a timeout, and is retried`, async () => {
      const receiver = await receiverWith((request, response, index) =>
        index < 1 ? handler(request, response, index) : 200,
      );
      const delivery = await (await sendEvent(stack, { url: receiver.url, timeout_ms: 2_000 })).waitForEnd('delivered');
      assert.deepEqual(attemptSummary(delivery), ['timeout', 'ok 200']);
      const [first] = delivery.attempts;
      assert.deepEqual(first!.error, { class: 'timeout', message: 'response not complete within 2000 ms' });
      assert.ok(first!.duration_ms >= 1_995 && first!.duration_ms < 7_000, `ended after ${first!.duration_ms} ms`);
      assertSchedule(delivery, 1_000);
      await waitFor(() => receiver.openRequests === 0, {
        what: 'the stalled connection to be closed',
      });
      assert.equal(receiver.requests.length, 2);
    });
  }

  scenario('field case 22: with a self-signed certificate gets no request, and is retried', async () => {
    const receiver = await receiverWith(200, { tls: await makeCertificate('receiver.test') });
    const delivery = await (await sendEvent(stack, { url: receiver.url, max_retries: 1 })).waitForEnd('failed');
    assert.deepEqual(attemptSummary(delivery), ['tls', 'tls']);
    assert.deepEqual(delivery.error, { class: 'tls', message: 'self-signed certificate' });
    assertSchedule(delivery, 1_000);
    assert.deepEqual([receiver.requests.length, receiver.connections], [0, 2]);
  });
});
