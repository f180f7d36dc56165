import { isSpanContextValid, ROOT_CONTEXT, trace, type Attributes, type Span, type SpanKind } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';

// Without an SDK (src/server/start-tracing.ts) spans record nothing, cost next to nothing, and are their parent's place
// in the trace: what is passed on is then what came in.
const tracer = trace.getTracer('irisx-webhooks');

/** What a header `traceparent` (W3C Trace Context) says, in the form of version 00; null if it says nothing valid. */
export function readTraceparent(header: string | undefined): string | null {
  const context = header === undefined ? null : parseTraceParent(header);
  return context && traceparentOf(trace.wrapSpanContext(context));
}

/** Where a span is in its trace; null: in none. */
export function traceparentOf(span: Span): string | null {
  const context = span.spanContext();
  if (!isSpanContextValid(context)) return null;
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`;
}

/**
 * Begins a span. `parent`: the `traceparent` that it continues; null: it begins a trace. Attributes hold ids, numbers
 * and names of ours, never a tenant's data, a url or a secret. The caller ends it.
 */
export function startSpan(
  name: string,
  { kind, parent, attributes }: { kind: SpanKind; parent: string | null; attributes: Attributes },
): Span {
  const context = parent === null ? null : parseTraceParent(parent);
  const at = context ? trace.setSpanContext(ROOT_CONTEXT, { ...context, isRemote: true }) : ROOT_CONTEXT;
  return tracer.startSpan(name, { kind, attributes }, at);
}
