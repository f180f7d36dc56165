import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../config/environment.js';
import { loadConfig, type Config } from '../config/service.js';
import { DatabaseUnavailableError } from '../db/database.js';
import { createLogger, type Logger } from '../log.js';
import { closeInTime } from './close-in-time.js';
import { openService, type Service, type ServiceParts } from './open-service.js';

/** A start waits this long for Postgres, which may be starting as well, or failing over. */
const postgresTimeoutMs = 60_000;
const postgresRetryDelayMs = 2_000;
/** If stopped while opening: it may be open in a moment, and then drains; one that waits for Postgres just exits. */
const openingTimeoutMs = 3_000;
const waitingLineMs = 10_000;

/** Reads the environment, runs the parts until SIGTERM or SIGINT, then drains: no request is cut, no attempt lost. */
export async function runProcess(name: string, parts: ServiceParts): Promise<void> {
  const config = readConfig();
  const log = createLogger({ ...config.log, name });
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  try {
    const opening = openWithRetries(config, log, parts);
    const stoppedEarly = stopped.then(() => delay(openingTimeoutMs));
    const service = await Promise.race([opening, stoppedEarly]);
    if (service) await runUntilStopped(service);
    else log.info('process.stopped: it had not started');
  } catch (error) {
    if (error instanceof DatabaseUnavailableError)
      log.fatal({ reason: reasonOf(error), afterMs: postgresTimeoutMs }, `process.failed: ${error.message}`);
    else log.fatal({ error }, 'process.failed');
    process.exitCode = 1;
  }
  // Connections of Temporal's core are not ours to close one by one.
  process.exit();

  async function runUntilStopped(service: Service) {
    const reason = await Promise.race([stopped, service.failed]).catch((error: unknown) => {
      log.fatal({ error }, 'process.failed');
      process.exitCode = 1;
      return 'failure';
    });
    log.info({ reason }, 'process.draining');
    if (!(await closeInTime(service, log))) process.exitCode = 1;
    log.info('process.stopped');
  }

  function readConfig(): Config {
    try {
      return loadConfig(process.env, { needsKey: parts.api || parts.worker });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      console.error(error.message);
      process.exit(1);
    }
  }
}

/** Retries while Postgres is away; rejects if it still is after a minute. */
async function openWithRetries(config: Config, log: Logger, parts: ServiceParts): Promise<Service> {
  const beganAtMs = performance.now();
  for (let nextLineMs = 0; ;) {
    try {
      return await openService(config, log, parts);
    } catch (error) {
      const waitedMs = performance.now() - beganAtMs;
      if (!(error instanceof DatabaseUnavailableError) || waitedMs > postgresTimeoutMs) throw error;
      if (waitedMs >= nextLineMs) {
        nextLineMs = waitedMs + waitingLineMs;
        const seconds = Math.ceil((postgresTimeoutMs - waitedMs) / 1_000);
        log.warn({ reason: reasonOf(error) }, `postgres.away: waiting for ${seconds} s more`);
      }
      await delay(postgresRetryDelayMs);
    }
  }
}

/** Without a stack: the cause is in the environment, not in our code. */
const reasonOf = ({ message, cause }: Error) => (cause instanceof Error && cause.message ? cause.message : message);
