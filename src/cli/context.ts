import type { Colors } from 'picocolors/types.js';
import { createClient, unwrap, type WebhooksClient } from '../client/index.js';

export const defaultUrl = 'http://localhost:3000';

/** What the command line needs of the process. */
export interface Io {
  out: (line: string) => void;
  err: (line: string) => void;
  colors: Colors;
  /** Aborted when the user stops the command. Until it is asked for, that just ends the process. */
  untilStopped: () => AbortSignal;
}

export interface GlobalOptions {
  url: string;
  key?: string;
  tenant?: string;
  json?: boolean;
}

/** The command cannot be carried out as it was given. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What every command works with. */
export interface Context {
  io: Io;
  client: WebhooksClient;
  json: boolean;
  /** With an admin key: whose things a tenant's call is about. */
  tenantId: string | undefined;
  /** The same as a query. */
  tenantQuery: { tenant_id?: string };
}

/** Options that are empty count as not given: so do empty environment variables. */
export function createContext(io: Io, options: GlobalOptions): Context {
  const { json = false } = options;
  const url = options.url || defaultUrl;
  const [key, tenant] = [options.key || undefined, options.tenant || undefined];
  if (key === undefined) throw new UsageError('There is no API key: set IRISX_API_KEY, or give --key.');
  try {
    const client = createClient({ url, apiKey: key });
    return { io, client, json, tenantId: tenant, tenantQuery: tenant === undefined ? {} : { tenant_id: tenant } };
  } catch (error) {
    // --url or --key is not what it should be.
    if (error instanceof TypeError) throw new UsageError(`${error.message}.`);
    throw error;
  }
}

/** The webhook that was named, or the only one that there is. */
export async function chooseWebhook({ client, tenantQuery }: Context, named: number | undefined): Promise<number> {
  if (named !== undefined) return named;
  const { webhooks } = unwrap(await client.GET('/v1/webhooks', { params: { query: { ...tenantQuery, limit: 2 } } }));
  const [webhook, second] = webhooks;
  if (webhook && !second) return webhook.id;
  throw new UsageError(
    webhook
      ? 'There are several webhooks; name one. `irisx webhooks` lists them.'
      : 'There is no webhook yet; POST /v1/webhooks makes one.',
  );
}
