import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createLogger } from '../../../src/log.js';
import { migrate } from '../../../src/db/migrations.js';
import { processNames, type FaultRunOptions } from '../options.js';
import { openRealTemporal } from '../temporal-server.js';
import type { Timeline } from '../timeline.js';
import { openOurProcess, type OurProcess, type Program } from './our-process.js';
import { findLastingPort } from './ports.js';
import { openPostgres, type PostgresTarget } from './postgres.js';
import type { FaultTarget } from './target.js';
import { openDevTemporal, type TemporalTarget } from './temporal.js';

export interface FaultStack {
  postgres: PostgresTarget;
  temporal: TemporalTarget;
  ours: readonly OurProcess[];
  /** All of the above, by name. */
  targets: ReadonlyMap<string, FaultTarget>;
  /** The urls of all processes that have an API. */
  apiUrls: readonly string[];
  adminKey: string;
  /** Kills everything, frozen or not. Harmless to repeat. */
  close(): Promise<void>;
}

/** Starts the real stack as separate processes; resolves when all serve. If a part fails, stops what was started. */
export async function startStack(
  { shape, temporal: temporalKind }: Pick<FaultRunOptions, 'shape' | 'temporal'>,
  folder: string,
  timeline: Timeline,
  /** Called whenever one of our processes starts, with the pids of all that may send requests. */
  onSenders: (pids: number[]) => void,
): Promise<FaultStack> {
  const log = createLogger({ level: 'error', format: 'pretty' });
  const logFolder = path.join(folder, 'logs');
  await mkdir(logFolder, { recursive: true });
  const ends: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const postgres = await openPostgres(path.join(folder, 'postgres'), await findLastingPort(), log);
    ends.push(() => postgres.stop());
    await migrate(postgres.url, log);
    const temporalFolder = path.join(folder, 'temporal');
    const temporal =
      temporalKind === 'dev'
        ? await openDevTemporal(temporalFolder, await findLastingPort(), log)
        : await openRealTemporal(temporalFolder, postgres.url);
    ends.push(() => temporal.stop());

    const adminKey = `faults_${randomBytes(16).toString('hex')}`;
    const env = environment(postgres.url, temporal.address, adminKey);
    const ours: OurProcess[] = [];
    const onStart = () => onSenders(ours.filter(({ program }) => program !== 'api').map(({ pid }) => pid));
    for (const name of processNames[shape]) {
      const program = name.replace(/-\d+$/, '') as Program;
      const port = program === 'worker' ? undefined : await findLastingPort();
      const opened = await openOurProcess({ name, program, env, port, logFolder, timeline, onStart });
      ours.push(opened);
      ends.push(() => opened.end());
    }
    await Promise.all(ours.map((each) => each.start()));
    const targets = new Map<string, FaultTarget>([postgres, temporal, ...ours].map((each) => [each.name, each]));
    const apiUrls = ours.flatMap(({ url }) => url ?? []);
    return { postgres, temporal, ours, targets, apiUrls, adminKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function environment(databaseUrl: string, temporalAddress: string, adminKey: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '/',
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_SIZE: '10',
    TEMPORAL_ADDRESS: temporalAddress,
    HOST: '127.0.0.1',
    // All calls come from one client, and load is not what is tested here.
    API_CALLS_PER_MINUTE: '0',
    IRISX_ADMIN_KEY: adminKey,
    IRISX_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    WEBHOOK_ALLOW_HTTP: 'true',
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
  };
}
