import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { boolean, hostAndPort, required } from './environment.js';

/** In the shape that Temporal's connections take; an empty object means TLS with the system's authorities. */
export interface TemporalTlsConfig {
  /** Name to expect in the server's certificate; absent: the host of the address. */
  readonly serverNameOverride?: string;
  /** PEM of the authority to trust instead of the system's. */
  readonly serverRootCACertificate?: Buffer;
  /** PEM pair by which we identify ourselves (mutual TLS). */
  readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
}

export interface TemporalConfig {
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly namespace: string;
  /** Task queue of workflows and first attempts; the slow lane's queue is named after it. */
  readonly taskQueue: string;
  /** Absent: plain text. Present whenever `apiKey` is. */
  readonly tls?: TemporalTlsConfig;
  /** Temporal Cloud's API key. A secret. */
  readonly apiKey?: string;
  /** `host:port` on which the SDK serves its Prometheus metrics on a page of their own; absent: not at all. */
  readonly metricsAddress?: string;
}

export const temporalVariables = {
  TEMPORAL_ADDRESS: z
    .string(required('host:port of the Temporal frontend, for example localhost:7233'))
    .pipe(hostAndPort),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_TASK_QUEUE: z.string().default('irisx-webhooks'),
  TEMPORAL_TLS: boolean.optional(),
  TEMPORAL_TLS_CA_FILE: z.string().optional(),
  TEMPORAL_TLS_CERT_FILE: z.string().optional(),
  TEMPORAL_TLS_KEY_FILE: z.string().optional(),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional(),
  TEMPORAL_API_KEY: z.string().optional(),
  TEMPORAL_METRICS_ADDRESS: hostAndPort.optional(),
};

/** `variables` undefined: something is wrong with one of them. The files named in `given` are still checked. */
export function loadTemporal(
  given: Record<string, string>,
  variables: Variables | undefined,
  problems: string[],
): TemporalConfig | undefined {
  const tls = loadTls(given, problems);
  if (!variables) return undefined;
  return {
    address: variables.TEMPORAL_ADDRESS,
    namespace: variables.TEMPORAL_NAMESPACE,
    taskQueue: variables.TEMPORAL_TASK_QUEUE,
    ...(tls && { tls }),
    ...(variables.TEMPORAL_API_KEY && { apiKey: variables.TEMPORAL_API_KEY }),
    ...(variables.TEMPORAL_METRICS_ADDRESS && { metricsAddress: variables.TEMPORAL_METRICS_ADDRESS }),
  };
}

type Variables = z.output<z.ZodObject<typeof temporalVariables>>;

/** TLS is enabled by `TEMPORAL_TLS`, or implied by a file, a server name or an API key. */
function loadTls(given: Record<string, string>, problems: string[]): TemporalTlsConfig | undefined {
  const implied = ['CA_FILE', 'CERT_FILE', 'KEY_FILE', 'SERVER_NAME'].map((name) => `TEMPORAL_TLS_${name}`);
  const cause = [...implied, 'TEMPORAL_API_KEY'].find((name) => given[name]);
  if (given.TEMPORAL_TLS === 'false' && cause)
    problems.push(`TEMPORAL_TLS is false, but ${cause} needs TLS: unset one`);
  if (given.TEMPORAL_TLS !== 'true' && !cause) return undefined;

  const read = (name: string): Buffer | undefined => {
    const file = given[name];
    if (!file) return undefined;
    try {
      return readFileSync(file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      problems.push(`${name} names a file that cannot be read (${code ?? 'error'}): ${file}`);
      return undefined;
    }
  };
  const ca = read('TEMPORAL_TLS_CA_FILE');
  const crt = read('TEMPORAL_TLS_CERT_FILE');
  const key = read('TEMPORAL_TLS_KEY_FILE');
  if (!given.TEMPORAL_TLS_CERT_FILE !== !given.TEMPORAL_TLS_KEY_FILE) {
    problems.push('TEMPORAL_TLS_CERT_FILE and TEMPORAL_TLS_KEY_FILE belong together, but only one is set');
  }
  return {
    ...(given.TEMPORAL_TLS_SERVER_NAME && { serverNameOverride: given.TEMPORAL_TLS_SERVER_NAME }),
    ...(ca && { serverRootCACertificate: ca }),
    ...(crt && key && { clientCertPair: { crt, key } }),
  };
}
