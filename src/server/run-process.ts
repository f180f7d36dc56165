import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, loadConfig, type Config } from '../config.js';
import { createLogger } from '../log.js';
import { longestRequestMs } from './delivery-worker.js';
import { openService, type ServiceParts } from './open-service.js';

/** Longer than the longest request by what recording it may take; then the process ends, whatever hangs. */
const hardExitMs = longestRequestMs + 5_000;

/** Reads the environment, runs the parts until SIGTERM or SIGINT, then drains: no request is cut, no attempt lost. */
export async function runProcess(name: string, parts: ServiceParts): Promise<void> {
  const config = readConfig();
  const log = createLogger({ ...config.log, name });
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  try {
    const service = await openService(config, log, parts);
    const reason = await Promise.race([stopped, service.failed]).catch((error: unknown) => {
      log.fatal({ error }, 'process.failed');
      process.exitCode = 1;
      return 'failure';
    });
    log.info({ reason }, 'process.draining');
    await Promise.race([service.close(), giveUp()]);
    log.info('process.stopped');
  } catch (error) {
    log.fatal({ error }, 'process.failed');
    process.exitCode = 1;
  }
  // Connections of Temporal's core are not ours to close one by one.
  process.exit();

  function readConfig(): Config {
    try {
      return loadConfig(process.env, { needsKey: parts.api || parts.worker });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      console.error(error.message);
      process.exit(1);
    }
  }

  async function giveUp() {
    await delay(hardExitMs, undefined, { ref: false });
    log.error({ afterMs: hardExitMs }, 'process.drain_too_long: what is open is cut; no accepted event is lost');
    process.exitCode = 1;
  }
}
