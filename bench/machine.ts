import os from 'node:os';
import { createRequire } from 'node:module';
import pg from 'pg';
import { Connection } from '@temporalio/client';

export interface Machine {
  cpu: string;
  cores: number;
  /** In GB of 10⁹ bytes. */
  memoryGb: number;
  system: string;
  /** One-minute load before anything began: on a busy machine the numbers say little about us. */
  load: number;
  /** `node` is the version that the service ran on. */
  versions: { irisxWebhooks: string; node: string; temporalSdk: string; temporalServer: string; postgres: string };
}

export async function describeMachine(
  databaseUrl: string,
  temporalAddress: string,
  serviceNode: string,
): Promise<Machine> {
  const version = (file: string) => (createRequire(import.meta.url)(file) as { version: string }).version;
  const [cpu] = os.cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 1e8) / 10,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    load: os.loadavg()[0] ?? 0,
    versions: {
      irisxWebhooks: version('../package.json'),
      node: serviceNode,
      temporalSdk: version('@temporalio/worker/package.json'),
      temporalServer: await temporalVersion(temporalAddress),
      postgres: await postgresVersion(databaseUrl),
    },
  };
}

export function showMachine({ cpu, cores, memoryGb, system, load, versions }: Machine): string {
  return [
    `Machine   ${cores} cores (${cpu}), ${memoryGb} GB, ${system}; load before the run ${load.toFixed(1)}`,
    `Versions  irisx-webhooks ${versions.irisxWebhooks}, Node ${versions.node}, Temporal SDK ${versions.temporalSdk}, Temporal server ${versions.temporalServer}, Postgres ${versions.postgres}`,
  ].join('\n');
}

async function temporalVersion(address: string): Promise<string> {
  const connection = await Connection.connect({ address });
  try {
    return (await connection.workflowService.getSystemInfo({})).serverVersion ?? 'unknown';
  } finally {
    await connection.close();
  }
}

async function postgresVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end();
  }
}
