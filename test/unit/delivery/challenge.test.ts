import assert from 'node:assert/strict';
import { renderBody } from '../../../src/delivery/body.js';
import { createChallenge, isEcho, verificationEvent } from '../../../src/delivery/challenge.js';

const challenge = createChallenge();
const echoes = (body: string, truncated = false) =>
  isEcho({ statusCode: 200, headers: {}, body, truncated }, challenge);

describe('challenge', () => {
  it('is 256 random bits that need no escaping in JSON, text or a url', () => {
    assert.match(challenge, /^[\w-]{43}$/);
    assert.notEqual(createChallenge(), challenge);
  });

  it('is echoed as JSON, with other fields and white space', () => {
    assert.ok(echoes(JSON.stringify({ challenge })));
    assert.ok(echoes(JSON.stringify({ ok: true, challenge }, null, 2) + '\n'));
  });

  it('is echoed as the bare text', () => {
    assert.ok(echoes(challenge));
    assert.ok(echoes(`${challenge}\r\n`));
  });

  it('is not echoed by the request itself: a server that sends back all that it gets has not agreed', () => {
    const data = { challenge };
    const request = renderBody({ eventType: verificationEvent, eventId: 'x', timestamp: 'x', data });
    assert.ok(!echoes(request));
    assert.ok(!echoes(JSON.stringify({ data })));
  });

  it('is not echoed by an answer that was cut', () => {
    assert.ok(!echoes(challenge, true));
  });

  const others: Record<string, string> = {
    nothing: '',
    'a page that holds it': `<html>${challenge}</html>`,
    'the beginning of it': challenge.slice(0, -1),
    'more than it': `${challenge}x`,
    'another one': createChallenge(),
    'another one as JSON': JSON.stringify({ challenge: createChallenge() }),
    'a JSON text': JSON.stringify(challenge),
    'a list': JSON.stringify([challenge]),
    'an object instead of it': JSON.stringify({ challenge: { challenge } }),
    'a number instead of it': '{"challenge": 1}',
    null: 'null',
    'broken JSON': `{"challenge": "${challenge}"`,
    'field case 24: as many characters but more bytes': `${challenge.slice(0, -1)}é`,
    'deep JSON': '['.repeat(60_000),
  };
  for (const [name, body] of Object.entries(others))
    it(`is not echoed by ${name}, without an exception`, () => assert.equal(echoes(body), false));
});
