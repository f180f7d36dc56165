import assert from 'node:assert/strict';
import { exampleBody, fieldsOf } from '../../../portal/src/pages/event-types/fields.js';

describe('the fields of an event type', () => {
  const schema = {
    type: 'object',
    required: ['status', 'media'],
    properties: {
      status: { type: 'string', enum: ['busy', 'failed'], description: 'How it ended' },
      ended_at: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] },
      size: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      share: { type: 'number', minimum: 0, maximum: 100 },
      body: { type: ['string', 'null'] },
      media: { type: 'array', items: { type: 'object', properties: { url: { type: 'string', format: 'uri' } } } },
      code: { anyOf: [{ anyOf: [{ type: 'string' }, { type: 'integer', minimum: Number.MIN_SAFE_INTEGER }] }] },
      kind: { const: 'call' },
    },
  };

  it('have their types in words', () => {
    assert.deepEqual(
      fieldsOf(schema).map(({ name, type }) => `${name}: ${type}`),
      [
        'status: text',
        'ended_at: time or null',
        'size: whole number, 0 or more',
        'share: number, 0 to 100',
        'body: text or null',
        'media: list of object',
        'media[].url: url',
        'code: text or whole number',
        'kind: anything',
      ],
    );
  });

  it('say which are always there, and which values they may have', () => {
    const [status, endedAt] = fieldsOf(schema);
    assert.deepEqual(status, {
      name: 'status',
      type: 'text',
      isRequired: true,
      description: 'How it ended',
      values: ['"busy"', '"failed"'],
    });
    assert.equal(endedAt!.isRequired, false);
    assert.deepEqual(fieldsOf(schema).at(-1)!.values, ['"call"']);
  });

  it('are data in an example body', () => {
    const body = JSON.parse(exampleBody({ name: 'call.dtmf', example: { digit: '5' } })) as Record<string, unknown>;
    assert.deepEqual(Object.keys(body), ['event', 'event_id', 'timestamp', 'data']);
    assert.deepEqual(body['data'], { digit: '5' });
  });
});
