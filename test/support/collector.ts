import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: Record<string, unknown>;
}

export interface Collector {
  /** For a process that sends its spans here. */
  env: Record<string, string>;
  /** In order of arrival. */
  readonly spans: readonly CollectedSpan[];
  /** All that was sent. */
  readonly text: string;
  close(): Promise<void>;
}

type AnyValue = Record<string, unknown>;
interface TraceRequest {
  resourceSpans: {
    scopeSpans: {
      spans: (Omit<CollectedSpan, 'attributes'> & { attributes: { key: string; value: AnyValue }[] })[];
    }[];
  }[];
}

/** Takes spans as OpenTelemetry's collector does (OTLP over HTTP, in JSON). */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  let text = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = Buffer.concat(chunks).toString();
      text += sent;
      for (const { scopeSpans } of (JSON.parse(sent) as TraceRequest).resourceSpans)
        for (const { attributes, ...span } of scopeSpans.flatMap((scope) => scope.spans))
          spans.push({
            ...span,
            attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
          });
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      // Far away: what a process has not sent when it stops, it sends then.
      OTEL_BSP_SCHEDULE_DELAY: '60000',
    },
    spans,
    get text() {
      return text;
    },
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}
