import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pc from 'picocolors';
import { createLogger } from '../log.js';
import { startDemoReceiver, type DemoReceiver, type ReceivedDelivery } from './demo/demo-receiver.js';
import { runSourcesStory } from './demo/sources-story.js';
import { startDemoSources, type DemoSources } from './demo/sources.js';
import { runStory, type Story } from './demo/story.js';
import { startEmbeddedStack, type EmbeddedStack } from './embedded/embedded-stack.js';
import { findFreePort } from './embedded/ports.js';
import { openService, type Service } from '../server/open-service.js';
import { createPortalLink } from './portal-link.js';
import { buildPortal } from './portal.js';
import { showOnTerminal } from './progress.js';

/**
 * `npm run demo`: starts the whole stack in a temporary folder on free ports and plays a tenant's day on it. Exits with
 * 0 if everything went as described. With `-- --keep` it stays up until Ctrl-C. With `-- --sources` the events come
 * from a simulated switch and a simulated Twilio instead of the API.
 */
async function main({ keep, fromSources }: { keep: boolean; fromSources: boolean }): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  });
  const began = performance.now();
  const quiet = createLogger({ level: 'error', format: 'pretty' });
  const dataDir = await mkdtemp(path.join(tmpdir(), 'irisx-demo-'));
  let stack: EmbeddedStack | undefined;
  let service: Service | undefined;
  let receiver: DemoReceiver | undefined;
  let sources: DemoSources | undefined;
  try {
    console.log(`\n${pc.bold('IRISX Webhooks')}: the demo starts everything it needs, in ${dataDir}\n`);
    await showOnTerminal('Portal', buildPortal, (isNew) => (isNew ? 'built' : 'up to date'));
    const port = await findFreePort();
    sources = fromSources ? await startDemoSources(port) : undefined;
    const env = {
      ...sources?.env,
      IRISX_DATA_DIR: dataDir,
      TEMPORAL_PORT: String(await findFreePort()),
      TEMPORAL_UI_PORT: String(await findFreePort()),
      PORT: String(port),
      HOST: '127.0.0.1',
      WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    };
    const started = (stack = await startEmbeddedStack(env, quiet, showOnTerminal));
    const opened = (service = await showOnTerminal(
      sources ? 'API, worker and listener' : 'API and worker',
      async () => {
        const open = await openService(started.config, quiet, { api: true, worker: true, listener: true });
        await Promise.race([open.ready, open.failed]);
        return open;
      },
      ({ url }) => url ?? '',
    ));
    let firstDeliveryMs: number | undefined;
    receiver = await startDemoReceiver((delivery) => {
      firstDeliveryMs ??= performance.now() - began;
      showDelivery(delivery);
    });
    const storyDeps = { apiUrl: opened.url!, adminKey: started.adminKey, receiver };
    const story = sources ? await runSourcesStory({ ...storyDeps, sources }) : await runStory(storyDeps);
    console.log(
      `\n   First delivery ${(firstDeliveryMs! / 1000).toFixed(1)} s after the start, all done after ${((performance.now() - began) / 1000).toFixed(1)} s.`,
    );
    const portalLink = await createPortalLink(opened.url!, started.adminKey, story.tenantId);
    showNextSteps(started, opened, { ...story, portalLink }, keep);
    if (keep) await stopped;
    return 0;
  } catch (error) {
    console.error(`\n${pc.red('The demo failed:')} ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await service?.close();
    await receiver?.close();
    await sources?.close();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function showDelivery({ path: to, event, eventId, attempt, isVerified, status }: ReceivedDelivery): void {
  const responded = status === 200 ? pc.green(`answers ${status}`) : pc.yellow(`answers ${status}`);
  const signature = isVerified ? pc.green('signature ✓') : pc.red('signature ✗');
  console.log(
    `   ${pc.magenta('POST')}   ${event.padEnd(24)} ${shorten(eventId).padEnd(12)} ${to.padEnd(8)} attempt ${attempt}  ${signature}  ${responded}`,
  );
}

/** The beginning is enough to tell ids apart. */
const shorten = (id: string) => (id.length > 12 ? `${id.slice(0, 11)}…` : id);

function showNextSteps(
  { temporalUiUrl, adminKey }: EmbeddedStack,
  { url }: Service,
  story: Story & { portalLink: string },
  keep: boolean,
): void {
  if (!keep) {
    console.log(
      `\n   To look around yourself: ${pc.bold('npm run demo -- --keep')} stays up; ${pc.bold('npm run dev')} is the same stack, with its data kept.\n   Acme's portal, for as long as the demo is up: ${pc.bold(story.portalLink)}\n`,
    );
    return;
  }
  const webhook = story.webhooks.at(-1)!.id;
  console.log(`
   Temporal UI     ${temporalUiUrl}
   API reference   ${url}/docs
   Admin key       ${adminKey}
   Acme's key      ${story.tenantKey}

   curl -H 'Authorization: Bearer ${story.tenantKey}' ${url}/v1/webhooks/${webhook}/deliveries

   Acme's portal   ${pc.bold(story.portalLink)}  (works once)

   Ctrl-C stops everything and removes the data.
`);
}

process.exit(await main({ keep: process.argv.includes('--keep'), fromSources: process.argv.includes('--sources') }));
