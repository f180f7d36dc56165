import { setTimeout as delay } from 'node:timers/promises';
import { diag, DiagLogLevel } from '@opentelemetry/api';
import type { Logger } from '../log.js';
import { OnceAMinute } from '../once-a-minute.js';

/** A collector that does not answer must not keep a process from stopping. */
const closeTimeoutMs = 3_000;

/**
 * Sends the spans of this process to the collector that the variables `OTEL_*` name. Returns what sends the last ones
 * and ends it. Imported only where it is configured: it takes a while to load.
 */
export async function startTracing(version: string, log: Logger): Promise<() => Promise<void>> {
  const { core, NodeSDK, resources } = await import('@opentelemetry/sdk-node');
  const onceAMinute = new OnceAMinute();
  const report = (reason: unknown) => {
    const message = typeof reason === 'string' ? reason : (reason as Error).message;
    if (onceAMinute.isDue('failure')) log.warn({ reason: message }, 'tracing.failed: spans are lost');
  };
  const nothing = () => undefined;
  const { envDetector, hostDetector, serviceInstanceIdDetector } = resources;
  const sdk = new NodeSDK({
    // What the variables name goes before this.
    resource: resources.resourceFromAttributes({ 'service.name': 'irisx-webhooks', 'service.version': version }),
    resourceDetectors: [serviceInstanceIdDetector, hostDetector, envDetector],
    metricReaders: [],
    logRecordProcessors: [],
  });
  diag.setLogger(
    { error: report, warn: report, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  core.setGlobalErrorHandler(report);
  sdk.start();
  return async () => {
    const flushed = sdk.shutdown().catch(report);
    await Promise.race([flushed, delay(closeTimeoutMs, undefined, { ref: false })]);
  };
}
