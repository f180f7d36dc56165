import { createLogger } from '../../src/log.js';
import { installRuntime } from '../../src/temporal/worker.js';

/** Silences the SDK. Call before the first worker or replay of a test that opens no service. */
export const quietRuntime = (): void => installRuntime(undefined, createLogger({ level: 'silent', format: 'json' }));
