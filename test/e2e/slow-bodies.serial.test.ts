import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { endpoints } from '../../src/api/app.js';
import { startChildService, type ChildService } from '../support/child-service.js';
import { createApiClient, createTenantClient, type TenantClient } from '../support/api-client.js';
import { startStack, type Stack } from '../support/stack.js';

type Endpoint = (typeof endpoints)[number];

const size = 1024 * 1024 - 1_000;

/** As many units as fit, separated by commas. */
function many(unit: (index: number) => string, length = size): string {
  const parts: string[] = [];
  for (let index = 0, used = 0; used < length; index += 1) {
    const part = unit(index);
    parts.push(part);
    used += part.length + 1;
  }
  return parts.slice(0, -1).join(',');
}

/** Texts that the parser refuses, before anything is known of the endpoint. */
const refusedTexts: Record<string, string> = {
  'many levels': '['.repeat(size),
  'a name twice, after many others': `{${many((index) => `"k${index}":0`)},"k0":0}`,
  'spaces, and then no JSON': `${' '.repeat(size)}!`,
  'lines, and then no JSON': `${'\n'.repeat(size)}!`,
};

/** Values that are slow for any parser, check or message that does not take linear time. */
const slowValues: Record<string, string> = {
  'a long fraction that ends in no zero': `0.1${'0'.repeat(size)}1`,
  'a long whole number': `1${'0'.repeat(size)}1`,
  'a long exponent': `1e${'0'.repeat(size)}1`,
  'many small numbers': `[${many(() => '1')}]`,
  'many decimal numbers': `[${many(() => '1.5')}]`,
  'many inexact numbers, deep inside': `${'['.repeat(95)}${many(() => '9007199254740993')}${']'.repeat(95)}`,
  'many inexact numbers under a long name': `{"${'a'.repeat(size / 2)}":[${many(() => '9007199254740993', size / 2)}]}`,
  'levels, up and down again': `[${many(() => '['.repeat(90) + ']'.repeat(90))}]`,
  'many unknown fields': `{${many((index) => `"k${index}":0`)}}`,
  'many names that are numbers': `{${many((index) => `"${index * 64}":0`)}}`,
  'a long string': JSON.stringify('a'.repeat(size)),
  'a long string of backslashes': `"${'\\\\'.repeat(size / 2)}"`,
  'many empty strings': `[${many(() => '""')}]`,
  'many urls': `[${many(() => '"http:a"')}]`,
  'many objects': `[${many(() => '{}')}]`,
};

describe('bodies of 1 MB that are made to be slow to read', () => {
  let stack: Stack;
  let service: ChildService;
  let allowed: number;
  let tenant: TenantClient;
  let tenantKey: string;
  let ids: Record<string, string>;
  before(async () => {
    stack = await startStack({ parts: { api: true, worker: false } });
    tenant = await createTenantClient(stack);
    const { id: webhookId } = await tenant.createWebhook({ url: 'http://127.0.0.1:9/' });
    const [deliveryId = ''] = await tenant.trigger();
    ids = { tenant_id: tenant.tenantId, webhook_id: String(webhookId), delivery_id: deliveryId };
    const { body: made } = await createApiClient(stack).post(`/v1/tenants/${tenant.tenantId}/api-keys`, {
      name: 'test',
      scopes: ['webhooks:read', 'webhooks:write', 'messages:write', 'api_keys:write'],
    });
    tenantKey = made.key as string;
    service = await startChildService('api', stack.config);
    allowed = await allowedWait();
  });
  after(async () => {
    await service?.end();
    await stack?.close();
  });

  async function send(method: string, path: string, access: string, body: string): Promise<number> {
    const key = ['admin', 'events:write'].includes(access) ? stack.adminKey : tenantKey;
    const response = await fetch(service.url + path.replace(/:(\w+)/g, (_, name: string) => ids[name] ?? name), {
      method: method.toUpperCase(),
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body,
    });
    const text = await response.text();
    // What a transform makes may be larger than any error.
    assert.ok(text.length < (response.ok ? 512 : 64) * 1024, `${path} answered ${text.length} characters`);
    return response.status;
  }

  /** The longest response time of /healthz while `work` runs. */
  async function longestWait(work: () => Promise<unknown>): Promise<number> {
    let longest = 0;
    let isDone = false;
    const asking = (async () => {
      while (!isDone) {
        const startedAt = performance.now();
        assert.equal((await fetch(`${service.url}/healthz`)).status, 200);
        longest = Math.max(longest, performance.now() - startedAt);
      }
    })();
    try {
      await work();
    } finally {
      isDone = true;
      await asking;
    }
    return longest;
  }

  /** Resolves with the status. Rejects if another call had to wait. */
  async function sendUnhindered({ method, path, access }: Endpoint, name: string, text: string): Promise<number> {
    let status = 0;
    const waited = await longestWait(async () => (status = await send(method, path, access, text)));
    assert.ok(waited < allowed, `${name}: /healthz waited for ${waited} ms, allowed are ${allowed} ms`);
    return status;
  }

  /** Based on plain bodies of the same size, which show how fast this machine is at the moment. */
  async function allowedWait(): Promise<number> {
    const plain = JSON.stringify({ unknown: 'a'.repeat(size) });
    const waits = await longestWait(async () => {
      for (const { method, path, access } of endpoints.filter(({ body }) => body))
        await send(method, path, access, plain);
    });
    return Math.max(1_000, 20 * waits);
  }

  const fieldsOf = (endpoint: Endpoint): string[] => {
    const { schema } = endpoint.body!;
    return 'shape' in schema ? Object.keys(schema.shape as object) : ['unknown'];
  };

  for (const endpoint of endpoints.filter(({ body }) => body)) {
    it(`do not delay other calls: ${endpoint.method.toUpperCase()} ${endpoint.path}`, async () => {
      const fields = [...fieldsOf(endpoint), 'unknown'];
      const bodies = Object.entries(slowValues).map(([name, value], index) => ({
        name,
        text: name === 'many unknown fields' ? value : `{"${fields[index % fields.length]}":${value}}`,
      }));
      for (const { name, text } of bodies) {
        const status = await sendUnhindered(endpoint, name, text);
        assert.ok(status < 500 && ![401, 403, 404].includes(status), `${name}: ${status}`);
      }
    });
  }

  it('do not delay other calls: what is no JSON that an endpoint could take', async () => {
    const endpoint = endpoints.find(({ path, body }) => path === '/v1/webhooks' && body)!;
    for (const [name, text] of Object.entries(refusedTexts))
      assert.equal(await sendUnhindered(endpoint, name, `{"unknown":${text}}`), 400, name);
  });

  it('do not delay other calls: payloads of the largest size, new, repeated and changed', async () => {
    const event = (type: string, payload: string) =>
      `{"tenant_id":"${tenant.tenantId}","event_type":"${type}","event_id":"slow-${type}","payload":${payload}}`;
    const room = 256 * 1024 - 1_000;
    const fields = many((index) => `"k${index}":0`, room);
    const bodies: [body: string, status: number][] = [
      [event('sms.sent', `{"media_urls":[${many(() => '1', room)}]}`), 400],
      [event('webhook.test', `{"message":"a",${fields}}`), 201],
      [event('webhook.test', `{"message":"a",${fields}}`), 200],
      [event('webhook.test', `{"message":"a",${fields},"other":1}`), 422],
    ];
    for (const [body, expected] of bodies) {
      const waited = await longestWait(async () =>
        assert.equal(await send('post', '/v1/events', 'events:write', body), expected),
      );
      assert.ok(waited < allowed, `/healthz waited for ${waited} ms, allowed are ${allowed} ms`);
    }
  });

  it('do not delay other calls: a body that comes in chunks of one byte', async () => {
    const body = Buffer.from('1\r\n \r\n'.repeat(size));
    const waited = await longestWait(async () => {
      const socket = connect(Number(new URL(service.url!).port), '127.0.0.1');
      const response = new Promise<string>((resolve) => {
        socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
        // The service may cut the connection while the client still sends.
        socket.once('error', () => resolve(''));
      });
      socket.write(
        `POST /v1/webhooks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: application/json\r\n` +
          'Transfer-Encoding: chunked\r\n\r\n',
      );
      socket.write(body);
      socket.write('0\r\n\r\n');
      assert.match(await response, /^HTTP\/1\.1 400 [^]*over 20000 pieces/);
      socket.destroy();
    });
    assert.ok(waited < allowed, `/healthz waited for ${waited} ms, allowed are ${allowed} ms`);
  });
});
