import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { checkPayload } from '../../../src/events/check-payload.js';
import { describeEventTypes, eventTypeNames, eventTypes, findEventType } from '../../../src/events/event-types.js';
import type { EventPayload } from '../../../src/events/event-types.js';
import { renderEventTypesPage } from '../../../scripts/event-types-page.js';

// Section "Webhook Payload Schemas" of the integration guide, word for word.
const guideBodies = [
  `{
  "event": "call.completed",
  "event_id": "uuid-here",
  "timestamp": "2025-10-29T12:00:00Z",
  "data": {
    "call_sid": "uuid-here",
    "from": "+15551234567",
    "to": "+15559876543",
    "direction": "outbound",
    "status": "completed",
    "hangup_cause": "NORMAL_CLEARING",
    "duration_seconds": 120,
    "started_at": "2025-10-29T11:58:00Z",
    "ended_at": "2025-10-29T12:00:00Z"
  }
}`,
  `{
  "event": "sms.received",
  "event_id": "SM1234567890abcdef",
  "timestamp": "2025-10-29T12:00:00Z",
  "data": {
    "message_sid": "SM1234567890abcdef",
    "from": "+15551234567",
    "to": "+15559876543",
    "body": "Hello from customer",
    "media_count": 0,
    "direction": "inbound",
    "received_at": "2025-10-29T12:00:00Z"
  }
}`,
];

// The fields that each trigger of the guide always sends: its keys without those that may be undefined.
const guideFields: Record<string, string[]> = {
  'call.initiated': ['call_sid', 'direction', 'from', 'to', 'status', 'timestamp'],
  'call.answered': ['call_sid', 'from', 'to', 'status', 'answered_at'],
  'call.completed': [
    ...['call_sid', 'from', 'to', 'direction', 'status', 'hangup_cause', 'duration_seconds', 'started_at', 'ended_at'],
  ],
  'call.dtmf': ['call_sid', 'digit', 'timestamp'],
  'call.recording.completed': ['call_sid', 'recording_url', 'duration_seconds', 'size_bytes', 'format', 'created_at'],
  'sms.sent': ['message_sid', 'from', 'to', 'direction', 'status', 'segments', 'timestamp'],
  'sms.received': ['message_sid', 'from', 'to', 'body', 'media_count', 'direction', 'received_at'],
  'sms.delivered': ['message_sid', 'status', 'error_code', 'timestamp'],
  'sms.failed': ['message_sid', 'status', 'error_code', 'timestamp'],
  'tenant.limit.warning': ['resource', 'current', 'limit', 'percent_used', 'timestamp'],
  'tenant.limit.reached': ['resource', 'current', 'limit', 'timestamp'],
  'phone_number.assigned': ['phone_number', 'assigned_at'],
  // Not in the guide:
  'webhook.failing': ['webhook_id', 'url', 'since', 'reason', 'consecutive_failures'],
  'webhook.recovered': ['webhook_id', 'url', 'since', 'reason', 'consecutive_failures'],
  'webhook.disabled': ['webhook_id', 'url', 'since', 'reason', 'consecutive_failures'],
  'webhook.test': ['message'],
};

const ajv = addFormats.default(new Ajv2020({ strict: true, allErrors: true }));
const validators = new Map(describeEventTypes().map(({ name, schema }) => [name as string, ajv.compile(schema)]));

/** Whether the zod schema accepts it, after checking that the JSON Schema agrees. */
function fits(name: string, payload: unknown): boolean {
  const byZod = findEventType(name)?.schema.safeParse(payload).success;
  assert.equal(validators.get(name)?.(payload), byZod, `JSON Schema and zod differ on ${JSON.stringify(payload)}`);
  assert.equal(checkPayload(name, payload).length === 0, byZod);
  return byZod === true;
}

/** The catalogue's example of the type, with changes. */
function payloadOf(name: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const type = findEventType(name);
  assert.ok(type, name);
  return { ...type.example, ...changes };
}

describe('event types', () => {
  it('are those of the guide, and those about webhooks', () => {
    assert.deepEqual([...eventTypeNames].sort(), Object.keys(guideFields).sort());
  });

  it('are found only by name', () => {
    assert.equal(findEventType('call.dtmf')?.name, 'call.dtmf');
    for (const name of ['*', '', 'CALL.DTMF', 'call', 'constructor', '__proto__']) {
      assert.equal(findEventType(name), undefined, name);
    }
  });

  it('give their payload a TypeScript type', () => {
    const payload: EventPayload<'webhook.test'> = { message: 'Hello', more: [1] };
    // @ts-expect-error: the message must be text.
    const wrong: EventPayload<'webhook.test'> = { message: 1 };
    assert.ok(fits('webhook.test', payload));
    assert.ok(!fits('webhook.test', wrong));
  });

  for (const { name, example, schema } of eventTypes) {
    describe(name, () => {
      it('has an example that fits both the zod schema and the JSON Schema', () => {
        assert.ok(fits(name, example));
      });

      it('requires the fields that the guide always sends, and no others', () => {
        const required = Object.keys(schema.shape).filter((field) => {
          const { [field]: _, ...without } = payloadOf(name);
          return !fits(name, without);
        });
        assert.deepEqual(required.sort(), guideFields[name]?.toSorted());
      });

      it('refuses a wrong type in any field, with the path', () => {
        for (const field of Object.keys(schema.shape)) {
          const payload = payloadOf(name, { [field]: { nested: true } });
          assert.ok(!fits(name, payload), field);
          assert.deepEqual(
            checkPayload(name, payload).map(({ path }) => path),
            [`payload.${field}`],
          );
        }
      });

      it('accepts unknown fields, and keeps them', () => {
        const payload = payloadOf(name, { campaign: { id: 7 }, tags: ['a'] });
        assert.ok(fits(name, payload));
        assert.deepEqual(schema.parse(payload), payload);
      });
    });
  }

  for (const text of guideBodies) {
    const { event, data } = JSON.parse(text) as { event: string; data: unknown };
    it(`accept the payload that the guide shows for ${event}`, () => {
      assert.ok(fits(event, data));
    });
  }

  it('accept any sender that the network shows', () => {
    for (const from of [
      'SUPPORT',
      '68849',
      'MGM Resorts',
      'whatsapp:+15550100',
      'anonymous',
      'sip:alice@pbx.example.test',
      '',
    ]) {
      assert.ok(fits('sms.received', payloadOf('sms.received', { from })), from);
      assert.ok(fits('call.completed', payloadOf('call.completed', { from })), from);
    }
  });

  it('accept times of any precision and offset, and nothing that is not a time with an offset', () => {
    const accepts = (timestamp: unknown) => fits('call.dtmf', payloadOf('call.dtmf', { timestamp }));
    for (const time of ['2025-10-29T12:00:00Z', '2025-10-29T12:00:00.123456789Z', '2025-10-29T14:00:00.5+02:00']) {
      assert.ok(accepts(time), time);
    }
    for (const time of ['2025-10-29T12:00:00', '2025-10-29', '2025-02-30T00:00:00Z', 'now', '', 1761739200, null]) {
      assert.ok(!accepts(time), String(time));
    }
  });

  it('let a sent message omit what the guide may omit', () => {
    for (const absent of [null, undefined]) {
      const payload = payloadOf('sms.sent', { body: absent, media_urls: absent, provider_status: undefined });
      assert.ok(fits('sms.sent', JSON.parse(JSON.stringify(payload))));
    }
    assert.ok(fits('sms.sent', payloadOf('sms.sent', { media_urls: ['https://media.example.com/1.jpg'] })));
  });

  it('accept an error code as text, number or null', () => {
    for (const code of ['30003', 30003, null]) {
      assert.ok(fits('sms.failed', payloadOf('sms.failed', { error_code: code })), String(code));
    }
    assert.ok(!fits('sms.failed', payloadOf('sms.failed', { error_code: 30003.5 })));
  });

  it('accept the ways in which a call can end, answered or not', () => {
    for (const status of ['completed', 'no-answer', 'busy', 'failed', 'canceled']) {
      const payload = payloadOf('call.completed', { status, duration_seconds: 0, answered_at: null });
      assert.ok(fits('call.completed', payload), status);
    }
    assert.ok(!fits('call.completed', payloadOf('call.completed', { status: 'ringing' })));
    assert.ok(fits('call.completed', payloadOf('call.completed', { hangup_cause: 'MY_CUSTOM_DROP' })));
  });

  it('refuse a negative duration, and one that is not a number', () => {
    const accepts = (seconds: unknown) =>
      fits('call.completed', payloadOf('call.completed', { duration_seconds: seconds }));
    assert.ok(accepts(0) && accepts(120) && accepts(2.76));
    for (const seconds of [-1, '120', null]) assert.ok(!accepts(seconds), String(seconds));
    assert.equal(checkPayload('call.completed', payloadOf('call.completed', { duration_seconds: NaN })).length, 1);
  });

  it('accept null for an unknown length or size of a recording', () => {
    const type = 'call.recording.completed';
    assert.ok(fits(type, payloadOf(type, { duration_seconds: null, size_bytes: null })));
    assert.ok(!fits(type, payloadOf(type, { size_bytes: 44.5 })));
  });

  it('field case 56: accept as a digit only 0-9, A-D, * and #', () => {
    const accepts = (digit: unknown) => fits('call.dtmf', payloadOf('call.dtmf', { digit }));
    for (const digit of [...'0123456789ABCD*#']) assert.ok(accepts(digit), digit);
    for (const digit of ['%23', 'f', '?', '', 'a', 'E', '55', '5\n', 5]) assert.ok(!accepts(digit), String(digit));
  });
});

describe('checkPayload', () => {
  const messagesOf = (name: string, payload: unknown) =>
    checkPayload(name, payload).map(({ path, message }) => `${path}: ${message}`);

  it('names each field that does not fit, its value and what was expected', () => {
    const payload = payloadOf('call.completed', {
      call_sid: '',
      to: 15559876543,
      direction: 'sideways',
      duration_seconds: 'two minutes',
      started_at: 'yesterday',
      ended_at: undefined,
      hangup_cause: null,
    });
    assert.deepEqual(messagesOf('call.completed', payload), [
      'payload.call_sid: expected non-empty text, got ""',
      'payload.to: expected text, got 15559876543',
      'payload.direction: expected one of "inbound", "outbound", got "sideways"',
      'payload.hangup_cause: expected text, got null',
      'payload.duration_seconds: expected number ≥ 0, got "two minutes"',
      'payload.started_at: expected RFC 3339 time with offset, got "yesterday"',
      'payload.ended_at: missing; expected RFC 3339 time with offset',
    ]);
  });

  it('gives the path inside a list', () => {
    assert.deepEqual(
      messagesOf('sms.sent', payloadOf('sms.sent', { media_urls: ['https://media.example.com/1.jpg', 5] })),
      ['payload.media_urls.1: expected text, got a number'],
    );
  });

  it('lists the allowed values of a choice', () => {
    assert.deepEqual(messagesOf('sms.sent', payloadOf('sms.sent', { body: 5, segments: -1.5, status: 'queued' })), [
      'payload.body: expected text or null, got a number',
      'payload.status: expected "sent", got "queued"',
      'payload.segments: expected integer ≥ 0, got -1.5',
    ]);
    assert.deepEqual(messagesOf('sms.failed', payloadOf('sms.failed', { error_code: false })), [
      'payload.error_code: expected text or integer or null, got false',
    ]);
    assert.deepEqual(messagesOf('call.dtmf', payloadOf('call.dtmf', { digit: '%23' })), [
      'payload.digit: expected text matching ^[0-9A-D*#]$, got "%23"',
    ]);
  });

  it('refuses a payload that is not an object', () => {
    assert.deepEqual(messagesOf('webhook.test', undefined), ['payload: missing; expected object']);
    assert.deepEqual(messagesOf('webhook.test', null), ['payload: expected object, got null']);
    assert.deepEqual(messagesOf('webhook.test', []), ['payload: expected object, got a list']);
    assert.deepEqual(messagesOf('webhook.test', '{"message":"Hi"}'), ['payload: expected object, got text']);
  });

  it('names the known types for an unknown one', () => {
    const [error, ...others] = checkPayload('call.exploded', {});
    assert.equal(error?.path, 'event_type');
    assert.match(error.message, /^"call\.exploded" is not an event type; known are: call\.initiated, .*webhook\.test$/);
    assert.deepEqual(others, []);
  });

  it('cuts a value to 80 characters, between characters', () => {
    const shown = (digit: unknown) =>
      checkPayload('call.dtmf', payloadOf('call.dtmf', { digit }))[0]?.message.split(', got ')[1];
    assert.equal(shown('x'.repeat(78)), `"${'x'.repeat(78)}"`);
    assert.equal(shown('x'.repeat(79)), `"${'x'.repeat(78)}…`);
    assert.equal(shown(`${'x'.repeat(77)}😀😀`), `"${'x'.repeat(77)}…`);
    assert.equal(shown({ deep: 'x'.repeat(1000) })?.length, 80);
  });

  it("never shows a message's text or links", () => {
    const secret = 'your code is 493021';
    const payload = payloadOf('sms.sent', { body: { text: secret }, media_urls: secret });
    assert.deepEqual(messagesOf('sms.sent', payload), [
      'payload.body: expected text or null, got an object',
      'payload.media_urls: expected a list of text or null, got text',
    ]);
  });

  it('survives values that JSON cannot express', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const shown = (seconds: unknown) =>
      checkPayload('call.completed', payloadOf('call.completed', { duration_seconds: seconds }))[0]?.message.split(
        ', got ',
      )[1];
    assert.equal(shown(NaN), 'NaN');
    assert.equal(shown(Infinity), 'Infinity');
    assert.equal(shown(120n), 'a bigint');
    assert.equal(shown(cyclic), 'an object');
    assert.equal(
      shown(() => 120),
      'a function',
    );
    assert.equal(shown(new Date(0)), 'a Date; give its toISOString()');
    assert.equal(shown(new Date(NaN)), 'a Date; give its toISOString()');
  });
});

describe('describeEventTypes', () => {
  it('returns JSON with the fields that the REST API promises, and a description of each payload field', () => {
    const types = JSON.parse(JSON.stringify(describeEventTypes())) as ReturnType<typeof describeEventTypes>;
    assert.equal(types.length, eventTypes.length);
    for (const type of types) {
      assert.deepEqual(Object.keys(type), ['name', 'description', 'schema', 'example', 'ordering_key']);
      assert.ok(type.ordering_key === null || type.schema.required?.includes(type.ordering_key), type.name);
      assert.equal(type.schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
      for (const [field, schema] of Object.entries(type.schema.properties ?? {})) {
        assert.ok((schema as { description?: string }).description, `${type.name}: ${field}`);
      }
    }
  });
});

describe('docs/event-types.md', () => {
  it('is the output of scripts/event-types-page.ts', async () => {
    const page = await readFile(new URL('../../../docs/event-types.md', import.meta.url), 'utf8');
    assert.equal(page, await renderEventTypesPage());
  });
});
