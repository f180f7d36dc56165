import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { startRawServer } from '../support/raw-server.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { attemptSummary, sendEvent } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';

describe('an odd response', function () {
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

  async function receiverWith(respond: Parameters<typeof startReceiver>[0]): Promise<Receiver> {
    const receiver = await startReceiver(respond);
    closers.push(receiver.close);
    return receiver;
  }

  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), randomBytes(1_008)]);
  const notText: [
    what: string,
    response: { headers?: Record<string, string>; body: Buffer },
    shown: string | undefined,
  ][] = [
    ['bytes that are not UTF-8', { body: Buffer.from('c32800ff', 'hex') }, '\ufffd(\ufffd\ufffd'],
    ['Latin-1 without a charset', { body: Buffer.from('caf\xe9', 'latin1') }, 'caf\ufffd'],
    [
      'Latin-1 with its charset',
      { headers: { 'Content-Type': 'text/plain; charset=iso-8859-1' }, body: Buffer.from('caf\xe9', 'latin1') },
      'café',
    ],
    ['UTF-16 with a byte-order mark', { body: Buffer.from('\ufeffŁódź', 'utf16le') }, 'Łódź'],
    ['half a surrogate pair', { body: Buffer.from('\ufeffa\ud800b', 'utf16le') }, 'a\ufffdb'],
    ['a picture', { headers: { 'Content-Type': 'image/png' }, body: png }, undefined],
    [
      'an unknown charset',
      { headers: { 'Content-Type': 'text/plain; charset=klingon' }, body: Buffer.from('ok') },
      'ok',
    ],
  ];
  for (const [what, response, shown] of notText) {
    scenario(`field case 59: with ${what} is recorded, and the event is delivered once`, async () => {
      const receiver = await receiverWith(response);
      const sent = await sendEvent(stack, { url: receiver.url });
      const delivery = await sent.waitForEnd('delivered');
      assert.deepEqual(attemptSummary(delivery), ['ok 200']);
      if (shown === undefined) assert.ok(delivery.response_body!.startsWith('\ufffdPNG\r\n\x1a\n'));
      else assert.equal(delivery.response_body, shown);
      const { body } = await sent.tenant.get(`/v1/webhooks/${sent.webhookId}/deliveries`);
      const [listed] = body.deliveries as { response_body: string; response_body_truncated: boolean }[];
      assert.ok(delivery.response_body!.startsWith(listed!.response_body));
      assert.equal(listed!.response_body_truncated, listed!.response_body !== delivery.response_body);
      assert.equal(receiver.requests.length, 1);
    });
  }

  scenario(
    'field case 59: with header bytes that are not UTF-8 is recorded, and the event is delivered once',
    async () => {
      const receiver = await receiverWith({ headers: { 'X-Odd': '\xff\xe9' } });
      const delivery = await (await sendEvent(stack, { url: receiver.url })).waitForEnd('delivered');
      assert.equal(delivery.attempts[0]!.response_headers!['x-odd'], '\ufffd\ufffd');
      assert.equal(receiver.requests.length, 1);
    },
  );

  scenario('field case 57: with NUL in its body is shown with a replacement character', async () => {
    const receiver = await receiverWith({ status: 500, body: Buffer.from('610062', 'hex') });
    const delivery = await (await sendEvent(stack, { url: receiver.url, max_retries: 1 })).waitForEnd('failed');
    assert.deepEqual(attemptSummary(delivery), ['http_status 500', 'http_status 500']);
    assert.equal(delivery.response_body, 'a\ufffdb');
  });

  scenario('field case 57: with NUL in a header is recorded as invalid', async () => {
    const server = await startRawServer((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 500 No\r\nX-Odd: a\0b\r\nContent-Length: 0\r\n\r\n')),
    );
    closers.push(server.close);
    const delivery = await (await sendEvent(stack, { url: server.url, max_retries: 1 })).waitForEnd('failed');
    assert.deepEqual(attemptSummary(delivery), ['invalid_response', 'invalid_response']);
    assert.equal(delivery.error!.message, 'the response is not valid HTTP/1.1');
    assert.equal(server.sockets.length, 2);
  });
});
