import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import type { FakeTwilio } from '../../../../src/dev/demo/fake-twilio.js';
import { statusCallbackUrl } from '../../../../src/sources/messages/status-callback-url.js';
import {
  createTwilioClient,
  TwilioListError,
  type ListedMessage,
  type MessageToSend,
  type TwilioClientOptions,
} from '../../../../src/sources/messages/twilio-client.js';
import { accountSid, authToken, startContractTwilio } from '../../../support/contract-twilio.js';
import { startReceiver } from '../../../support/receiver.js';

const tenantId = '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a';
const id = '0199f2b4-6a01-7c55-8e0d-5b7d1f3c9a42';
const service = 'MG0123456789abcdef0123456789abcdef';
const text = 'Zażółć 😀 & = + %';
const message: MessageToSend = {
  accountSid,
  from: '+15557654321',
  messagingServiceSid: null,
  to: '+15551234567',
  body: text,
  mediaUrls: [],
  statusCallback: statusCallbackUrl('https://hooks.example.test', { id, tenantId }),
};

describe('the Twilio client', () => {
  let fake: FakeTwilio;
  /** A url on which nothing listens any more. */
  let closedUrl: string;
  before(async () => {
    fake = await startContractTwilio();
    const closed = await startReceiver();
    closedUrl = closed.url;
    await closed.close();
  });
  after(() => fake.close());
  beforeEach(() => {
    fake.requests.length = 0;
    fake.messages.length = 0;
  });

  const client = (options: Partial<TwilioClientOptions> = {}) =>
    createTwilioClient({
      accounts: [{ sid: accountSid, tokens: [authToken] }],
      apiBaseUrl: fake.url,
      deadlineMs: 5_000,
      ...options,
    });
  const posts = () => fake.requests.filter(({ method }) => method === 'POST');

  describe('sending', () => {
    it('posts exactly the fields of the contract', async () => {
      const outcome = await client().send({
        ...message,
        mediaUrls: ['https://media.example.test/a.jpg?x=1&y=2', 'https://media.example.test/b.mp4'],
      });
      assert.equal(outcome.kind, 'accepted');
      assert.deepEqual(
        [...new URLSearchParams(posts()[0]!.body)],
        [
          ['To', '+15551234567'],
          [
            'StatusCallback',
            `https://hooks.example.test/twilio/status?tenant=${tenantId}&message=${id}#rc=4&rp=ct,rt,5xx&ct=2000&rt=3500`,
          ],
          ['From', '+15557654321'],
          ['Body', text],
          ['MediaUrl', 'https://media.example.test/a.jpg?x=1&y=2'],
          ['MediaUrl', 'https://media.example.test/b.mp4'],
        ],
      );
      const contract = JSON.parse(readFileSync('test/fixtures/twilio/messages.openapi.json', 'utf8')) as Contract;
      const known = Object.keys(createProperties(contract));
      for (const name of new URLSearchParams(posts()[0]!.body).keys()) assert.ok(known.includes(name), name);
    });

    it('uses the account of the message, with its token', async () => {
      const sub = 'AC00000000000000000000000000000001';
      const accounts = [
        { sid: accountSid, tokens: [authToken] },
        { sid: sub, tokens: ['token-of-the-subaccount'] },
      ];
      await client({ accounts }).send({ ...message, accountSid: sub });
      const [request] = posts();
      assert.match(request!.url, new RegExp(`/Accounts/${sub}/Messages.json$`));
      assert.equal(request!.authorization, `Basic ${Buffer.from(`${sub}:token-of-the-subaccount`).toString('base64')}`);
    });

    it('returns what Twilio answered', async () => {
      const outcome = await client().send({ ...message, body: 'a'.repeat(307) });
      const { sid } = fake.messages[0]!;
      assert.deepEqual(outcome, {
        kind: 'accepted',
        messageSid: sid,
        providerStatus: 'queued',
        segments: 3,
        errorCode: null,
      });
    });

    it('returns no segments if a Messaging Service has not chosen a sender yet', async () => {
      const outcome = await client().send({ ...message, from: null, messagingServiceSid: service });
      assert.ok(outcome.kind === 'accepted');
      assert.deepEqual([outcome.providerStatus, outcome.segments], ['accepted', null]);
    });

    const refusals: [to: string, from: string, code: string][] = [
      ['+15005550001', '+15005550006', '21211'],
      ['+15005550002', '+15005550006', '21612'],
      ['+15005550003', '+15005550006', '21408'],
      ['+15005550004', '+15005550006', '21610'],
      ['+15005550009', '+15005550006', '21614'],
      ['+15551234567', '+15005550001', '21212'],
      ['+15551234567', '+15005550007', '21606'],
      ['+15551234567', '+15005550008', '21611'],
    ];
    for (const [to, from, errorCode] of refusals) {
      it(`is refused with ${errorCode}, after one request`, async () => {
        assert.deepEqual(await client().send({ ...message, to, from }), {
          kind: 'refused',
          statusCode: 400,
          errorCode,
        });
        assert.equal(posts().length, 1);
      });
    }

    it('is refused when Twilio refuses the token', async () => {
      const outcome = await client({ accounts: [{ sid: accountSid, tokens: ['wrong'] }] }).send(message);
      assert.deepEqual(outcome, { kind: 'refused', statusCode: 401, errorCode: '20003' });
      assert.equal(posts().length, 1);
    });

    it('uses the next token when the current one is refused', async () => {
      const outcome = await client({ accounts: [{ sid: accountSid, tokens: ['old', authToken] }] }).send(message);
      assert.equal(outcome.kind, 'accepted');
      assert.equal(fake.messages.length, 1);
    });

    it('counts as not sent while Twilio is busy, and returns Retry-After', async () => {
      const busy = (retryAfter: string | null) =>
        fake.respondNext((response) => {
          if (retryAfter !== null) response.set('Retry-After', retryAfter);
          response.status(429).type('json').send('{"code":20429,"message":"Too Many Requests","status":429}');
        });
      for (const [header, retryAfterMs] of [
        ['7', 7_000],
        ['86400', 300_000],
        ['soon', undefined],
        [null, undefined],
      ] as const) {
        busy(header);
        assert.deepEqual(await client().send(message), {
          kind: 'not-sent',
          reason: '429',
          errorCode: '20429',
          retryAfterMs,
        });
      }
      assert.equal(posts().length, 4, 'nothing is repeated here');
    });

    it('counts as not sent when the connection is refused or the host does not exist', async () => {
      for (const [apiBaseUrl, reason] of [
        [closedUrl, 'ECONNREFUSED'],
        ['http://no-such-host.invalid.test', 'ENOTFOUND'],
      ] as const) {
        const outcome = await client({ apiBaseUrl }).send(message);
        assert.ok(outcome.kind === 'not-sent', JSON.stringify(outcome));
        assert.ok([reason, 'EAI_AGAIN'].includes(outcome.reason), outcome.reason);
      }
    });

    const unknown: [what: string, response: Parameters<FakeTwilio['respondNext']>[0], reason: RegExp][] = [
      ['answers 503', (response) => void response.status(503).type('html').send('<h1>503</h1>'), /^503$/],
      ['answers 500 with a list', (response) => void response.status(500).type('json').send('[]'), /^500$/],
      ['redirects', (response) => void response.redirect(302, '/elsewhere'), /^302$/],
      ['answers 201 with HTML', (response) => void response.status(201).type('html').send('<h1>'), /^SyntaxError$/],
      ['answers 201 without sid', (response) => void response.status(201).send('{}'), /^answer-without-sid$/],
      ['resets the connection', (response) => void response.socket?.destroy(), /^UND_ERR_SOCKET|ECONNRESET$/],
      [
        'breaks off during its response',
        (response) => {
          response.status(201).set('Content-Length', '500').write('{"sid":');
          setTimeout(() => response.socket?.destroy(), 20);
        },
        /^UND_ERR_SOCKET|ECONNRESET$/,
      ],
      ['is silent', () => undefined, /^TimeoutError$/],
      [
        'sends a byte now and then',
        (response) => {
          response.status(201);
          const trickle = setInterval(() => response.write(' '), 50);
          response.once('close', () => clearInterval(trickle));
        },
        /^TimeoutError$/,
      ],
    ];
    for (const [what, respond, reason] of unknown) {
      it(`has an unknown outcome when Twilio ${what}, after one request`, async () => {
        fake.respondNext(respond);
        const startedAt = performance.now();
        const outcome = await client({ deadlineMs: 400 }).send(message);
        assert.ok(outcome.kind === 'unknown', JSON.stringify(outcome));
        assert.match(outcome.reason, reason);
        assert.ok(performance.now() - startedAt < 10_000, 'the deadline holds');
        assert.equal(posts().length, 1);
      });
    }

    it('keeps token, number and text out of its results', async () => {
      const authorization = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
      const results: unknown[] = [];
      for (const to of ['+15005550001', '+15005550004', '+15551234567']) {
        if (to === '+15551234567') fake.respondNext((response) => void response.socket?.destroy());
        results.push(await client().send({ ...message, to }));
      }
      results.push(await client({ apiBaseUrl: closedUrl }).send(message));
      const all = inspect(results, { depth: null, showHidden: true });
      for (const secret of [authToken, authorization, '+1555', '+1500', 'Zażółć'])
        assert.ok(!all.includes(secret), secret);
    });

    it('does not use environment variables', async () => {
      const set = { TWILIO_EDGE: 'sydney', TWILIO_REGION: 'au1', TWILIO_AUTH_TOKEN: 'of-the-environment' };
      Object.assign(process.env, set);
      try {
        assert.equal((await client().send(message)).kind, 'accepted');
      } finally {
        for (const name of Object.keys(set)) delete process.env[name];
      }
    });
  });

  describe('listing', () => {
    const all = async (list: AsyncGenerator<ListedMessage[]>) => {
      const pages: ListedMessage[][] = [];
      for await (const page of list) pages.push(page);
      return pages;
    };

    it('requests messages sent after a time, page by page, newest first', async () => {
      for (const body of ['one', 'two', 'three']) fake.add({ body, from: '+15551234567', to: '+15557654321' });
      const sentAfter = new Date('2026-01-02T03:04:05Z');
      const pages = await all(client({ pageSize: 2 }).list({ accountSid, sentAfter }));
      assert.deepEqual(
        pages.map((page) => page.map(({ body }) => body)),
        [['three', 'two'], ['one']],
      );
      assert.match(fake.requests[0]!.url, /DateSent%3E=2026-01-02T03%3A04%3A05Z/);
      assert.equal(fake.requests.length, 2);
    });

    it("returns Twilio's fields of a message", async () => {
      const at = new Date('2026-01-02T03:04:05Z');
      const { sid } = fake.add({
        from: 'SUPPORT',
        to: '+15557654321',
        body: 'hello',
        status: 'undelivered',
        direction: 'outbound-api',
        error_code: 30003,
        num_media: '2',
        num_segments: '3',
        date_created: at.toUTCString(),
        date_updated: new Date(at.getTime() + 5_000).toUTCString(),
      });
      const [[listed] = []] = await all(client().list({ accountSid, to: '+15557654321' }));
      assert.deepEqual(listed, {
        messageSid: sid,
        messagingServiceSid: null,
        isInbound: false,
        status: 'undelivered',
        errorCode: '30003',
        from: 'SUPPORT',
        to: '+15557654321',
        body: 'hello',
        mediaCount: 2,
        segments: 3,
        createdAt: at,
        updatedAt: new Date(at.getTime() + 5_000),
      });
    });

    it('throws when the list cannot be read, without including any part of the request', async () => {
      const failing = client({ accounts: [{ sid: accountSid, tokens: ['wrong'] }] });
      await assert.rejects(all(failing.list({ accountSid, to: '+15551234567' })), (error: Error) => {
        assert.ok(error instanceof TwilioListError);
        assert.match(error.message, /401$/);
        assert.equal(error.cause, undefined);
        return true;
      });
      const unreachable = client({ apiBaseUrl: closedUrl });
      await assert.rejects(all(unreachable.list({ accountSid })), /ECONNREFUSED/);
    });
  });

  it('is tested with a fake that follows the contract', async () => {
    const post = (form: string, type = 'application/x-www-form-urlencoded') =>
      fetch(`${fake.url}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
        method: 'POST',
        headers: {
          Authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
          'Content-Type': type,
        },
        body: form,
      });
    for (const [form, status] of [
      ['From=%2B15557654321&Body=x', 400],
      ['To=%2B15551234567&Body=x&MessagingServiceSid=MGnonsense', 400],
      ['To=%2B15551234567&Body=x', 400],
      ['To=%2B15551234567&From=%2B15557654321', 400],
      [`To=%2B15551234567&From=%2B15557654321&Body=${'x'.repeat(1601)}`, 400],
      ['To=%2B15551234567&From=%2B15557654321&Body=x&ValidityPeriod=soon', 400],
      ['To=%2B15551234567&From=%2B15557654321&Body=x&ValidityPeriod=300', 201],
    ] as const)
      assert.equal((await post(form)).status, status, form.slice(0, 80));
    assert.equal((await post('{"To":"+15551234567"}', 'application/json')).status, 415);
    fake.add({ status: 'exploded' });
    await assert.rejects(client().list({ accountSid }).next(), /500$/, 'an answer against the contract is found');
  });
});

interface Contract {
  paths: Record<string, { post?: { requestBody?: { content: Record<string, { schema: { properties?: object } }> } } }>;
}

function createProperties(contract: Contract): object {
  const operation = contract.paths['/2010-04-01/Accounts/{AccountSid}/Messages.json']?.post;
  return operation?.requestBody?.content['application/x-www-form-urlencoded']?.schema.properties ?? {};
}
