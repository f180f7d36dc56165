import pc from 'picocolors';
import { ConfigError } from '../config/environment.js';
import { loadLogConfig } from '../config/log.js';
import { createLogger } from '../log.js';
import { closeInTime } from '../server/close-in-time.js';
import { startEmbeddedStack, type EmbeddedStack } from './embedded/embedded-stack.js';
import { StartError } from '../errors.js';
import { openService, type Service } from '../server/open-service.js';
import { createPortalLink, findOrCreateDemoTenant } from './portal-link.js';
import { buildPortal } from './portal.js';
import { showOnTerminal } from './progress.js';

/**
 * `npm run dev`: runs the whole stack in one terminal, with its data in a folder. Starts only what the environment
 * lacks.
 */
async function main(): Promise<number> {
  const stopped = new Promise<'SIGTERM' | 'SIGINT'>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
  const logConfig = loadLogConfig(process.env);
  const log = createLogger({ ...logConfig, name: 'dev' });
  // The start is shown as progress; only its problems are logged.
  const quiet = createLogger({ ...logConfig, level: 'warn', name: 'dev' });
  let stack: EmbeddedStack | undefined;
  let service: Service | undefined;
  try {
    console.log(`\n${pc.bold('IRISX Webhooks')}, starting\n`);
    await showOnTerminal('Portal', buildPortal, (isNew) => (isNew ? 'built' : 'up to date'));
    const started = (stack = await startEmbeddedStack(process.env, quiet, showOnTerminal));
    const opened = (service = await showOnTerminal(
      'API and worker',
      async () => {
        const open = await openService(started.config, log, { api: true, worker: true, listener: true });
        await Promise.race([open.ready, open.failed, stopped]);
        return open;
      },
      ({ url }) => url ?? '',
    ));
    const tenantId = await findOrCreateDemoTenant(opened.url!, started.adminKey);
    printHints(started, opened, await createPortalLink(opened.url!, started.adminKey, tenantId));
    const signal = await Promise.race([stopped, opened.failed]);
    console.log(`\n${signal}: draining. Requests in progress end first.`);
    return 0;
  } catch (error) {
    const isExpected = error instanceof StartError || error instanceof ConfigError;
    console.error(`\n${pc.red(isExpected ? error.message : String((error as Error).stack ?? error))}`);
    return 1;
  } finally {
    if (service) await closeInTime(service, log);
    await stack?.stop();
    console.log('Stopped.');
  }
}

function printHints({ config, temporalUiUrl, adminKey }: EmbeddedStack, { url }: Service, portalLink: string): void {
  const line = (name: string, value: string) => console.log(`  ${name.padEnd(14)} ${value}`);
  console.log();
  line('Portal', `${portalLink}  (a demo tenant's; works once)`);
  line('Console', `${url}/console/  (sign in with the admin key)`);
  line('API', `${url}/v1`);
  line('API reference', `${url}/docs`);
  if (temporalUiUrl) line('Temporal UI', temporalUiUrl);
  line('Admin key', adminKey);
  line(
    'Receivers',
    config.allowedNetworks.length > 0
      ? `public addresses and ${config.allowedNetworks.join(', ')}`
      : 'public addresses only; WEBHOOK_ALLOWED_NETWORKS=127.0.0.0/8 lets local ones through',
  );
  console.log(`\n  First steps: docs/getting-started.md. Ctrl-C stops everything; the data stays.\n`);
}

process.exit(await main());
