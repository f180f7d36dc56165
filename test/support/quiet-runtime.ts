import { createLogger } from '../../src/log.js';
import { installRuntime } from '../../src/temporal/worker.js';

/** Before the first worker or replay of a test that opens no service: the SDK is silent. */
export const quietRuntime = (): void => installRuntime({}, createLogger({ level: 'silent', format: 'json' }));
