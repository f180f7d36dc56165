import assert from 'node:assert/strict';
import { SpanKind } from '@opentelemetry/api';
import { readTraceparent, startSpan, traceparentOf } from '../../../src/tracing/spans.js';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('traceparent', () => {
  it('is read as W3C Trace Context says', () => {
    assert.equal(readTraceparent(traceparent), traceparent);
    assert.equal(readTraceparent(traceparent.replace(/01$/, '00')), traceparent.replace(/01$/, '00'));
    // A version that is not known yet may have more fields.
    assert.equal(readTraceparent(`cc${traceparent.slice(2)}-what-the-future-brings`), traceparent);
    for (const wrong of [
      undefined,
      '',
      'nonsense',
      `ff${traceparent.slice(2)}`,
      `${traceparent}-more`,
      traceparent.toUpperCase(),
      traceparent.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32)),
      traceparent.replace('00f067aa0ba902b7', '0'.repeat(16)),
      // Sent twice.
      `${traceparent}, ${traceparent}`,
    ])
      assert.equal(readTraceparent(wrong), null, wrong);
  });

  it('goes through spans unchanged while no SDK is there', () => {
    const span = (parent: string | null) => startSpan('a call', { kind: SpanKind.SERVER, parent, attributes: {} });
    assert.equal(traceparentOf(span(traceparent)), traceparent);
    assert.equal(traceparentOf(span(null)), null);
  });
});
