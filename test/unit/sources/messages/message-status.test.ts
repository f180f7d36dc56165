import assert from 'node:assert/strict';
import fc from 'fast-check';
import { endOf, isFinal, isForward, outboundStatus } from '../../../../src/sources/messages/message-status.js';
import type { MessageStatus } from '../../../../src/db/messages.js';

/** The final status after these reports, and the events made on the way. */
function follow(words: string[], from: MessageStatus = 'accepted') {
  let status = from;
  const triggered: string[] = [];
  for (const word of words) {
    const to = outboundStatus(word);
    if (to === null || !isForward(status, to)) continue;
    const event = endOf(status, to);
    if (event) triggered.push(event);
    status = to;
  }
  return { status, triggered };
}

describe('message status', () => {
  it('only moves forward', () => {
    assert.deepEqual(follow(['queued', 'sending', 'sent', 'delivered']), {
      status: 'delivered',
      triggered: ['delivered'],
    });
    assert.deepEqual(follow(['delivered', 'sent', 'queued']), { status: 'delivered', triggered: ['delivered'] });
    assert.deepEqual(follow(['sent', 'queued']).status, 'sent');
  });

  it('keeps the first final status', () => {
    assert.deepEqual(follow(['undelivered', 'delivered']), { status: 'undelivered', triggered: ['undelivered'] });
    assert.deepEqual(follow(['delivered', 'failed']), { status: 'delivered', triggered: ['delivered'] });
    assert.deepEqual(follow(['failed', 'undelivered', 'read']), { status: 'failed', triggered: ['failed'] });
    assert.deepEqual(follow(['canceled', 'delivered']), { status: 'canceled', triggered: [] });
  });

  it('counts `read` as delivered, once', () => {
    assert.deepEqual(follow(['delivered', 'read']), { status: 'read', triggered: ['delivered'] });
    assert.deepEqual(follow(['read', 'delivered']), { status: 'read', triggered: ['delivered'] });
  });

  it('ignores unknown words of Twilio, and our own statuses', () => {
    for (const word of [
      'partially_delivered',
      'receiving',
      'received',
      'exploded',
      '',
      'toString',
      'pending',
      'unknown',
    ])
      assert.equal(outboundStatus(word), null, word);
  });

  it('makes at most one final event, whatever comes in whatever order', () => {
    const words = [
      ...['accepted', 'scheduled', 'queued', 'sending', 'sent', 'delivered', 'read', 'undelivered', 'failed'],
      ...['canceled', 'partially_delivered', 'exploded'],
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (reports) => {
        const { status, triggered } = follow(reports);
        const firstEnd = reports.find((word) => outboundStatus(word) && isFinal(outboundStatus(word)!));
        assert.ok(triggered.length <= 1);
        assert.equal(isFinal(status), firstEnd !== undefined);
        // Repeating all reports changes nothing.
        assert.deepEqual(follow([...reports, ...reports]).triggered, triggered);
      }),
    );
  });
});
