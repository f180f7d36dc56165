import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { NextFunction, Request, Response } from 'express';
import type { EventTrace } from '../../db/events.js';
import { readTraceparent, startSpan, traceparentOf } from '../../tracing/spans.js';

/** Gives each call a span, in the caller's trace if it names one (`traceparent`). Probes and pages get none. */
export function traceCalls(request: Request, response: Response, next: NextFunction): void {
  const { method } = request;
  const parent = readTraceparent(request.get('traceparent'));
  const requestId = String(response.locals['requestId']);
  const span = startSpan(method, {
    kind: SpanKind.SERVER,
    parent,
    attributes: { 'http.request.method': method, 'irisx.request': requestId },
  });
  const traceparent = traceparentOf(span);
  const trace: EventTrace | null = traceparent === null ? null : { traceparent, isCallers: parent !== null };
  response.locals['trace'] = trace;
  response.once('close', () => {
    // As the endpoint defines it: paths may hold phone numbers.
    const route = (request.route as { path?: string } | undefined)?.path;
    if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route);
    span.setAttribute('http.response.status_code', response.statusCode);
    if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
  next();
}
