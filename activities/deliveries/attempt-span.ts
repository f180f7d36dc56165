import { SpanKind, SpanStatusCode, type Span } from '@opentelemetry/api';
import type { TakenAttempt } from '../../src/db/attempts.js';
import type { FinishedAttempt } from '../../src/delivery/outcome.js';
import { startSpan } from '../../src/tracing/spans.js';

/** The span of one request to a receiver, in the trace of its event. Its url and its bodies are the tenant's. */
export const startAttemptSpan = (deliveryId: string, attempt: TakenAttempt): Span =>
  startSpan('attempt', {
    kind: SpanKind.CLIENT,
    parent: attempt.trace?.traceparent ?? null,
    attributes: {
      'http.request.method': 'POST',
      'irisx.event': attempt.eventRowId,
      'irisx.event_type': attempt.eventType,
      'irisx.delivery': deliveryId,
      'irisx.webhook': attempt.webhookId,
      'irisx.attempt': attempt.number,
    },
  });

/** Ends the span when its request has. */
export async function inSpan(span: Span, request: Promise<FinishedAttempt>): Promise<FinishedAttempt> {
  try {
    const finished = await request;
    const { outcome } = finished;
    if (outcome.kind === 'unreachable') span.setAttribute('error.type', outcome.errorClass);
    else span.setAttribute('http.response.status_code', outcome.response.statusCode);
    if (outcome.kind !== 'accepted') span.setStatus({ code: SpanStatusCode.ERROR });
    return finished;
  } finally {
    span.end();
  }
}
