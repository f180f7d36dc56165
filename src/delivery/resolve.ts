import dns from 'node:dns';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Looks a name up: resolves to all its addresses, or rejects with an Error whose `code` says why. May stop when
 * aborted.
 */
export type Resolve = (hostname: string, signal: AbortSignal) => Promise<string[]>;

/** How long to wait for the second address family once the first has been answered: some servers never answer both. */
const secondFamilyMs = 250;
const maxSystemLookups = 2;
/** After these codes this machine may still know the name, by its hosts file or its search domains. */
const unknownCodes = new Set(['ENOTFOUND', 'ENODATA']);
/** No name server can be reached directly; the system may have another way. */
const noServerCode = 'ECONNREFUSED';

export interface ResolveOptions {
  /** `address:port`; default the system's. */
  servers?: string[];
  /** Default the system's. */
  lookup?: (hostname: string) => Promise<string[]>;
  /** Whether the system is asked for names that DNS does not know; if not, the timing reveals nothing. Default true. */
  knowsPrivateNames?: boolean;
  /** Which addresses the system may add to what DNS knows. Default: all. */
  isAllowed?: (ip: string) => boolean;
}

/**
 * Asks the name servers directly, and the system's own lookup only for names that they do not know. If only this
 * machine knows a name, and its address is not allowed, the name counts as not found: tenants must not be able to list
 * our hosts.
 *
 * The system's lookup holds one of the process's four libuv threads until it ends: four names on a server that never
 * answers would stop the lookups of every other tenant. So at most two of them run at the same time, and names that DNS
 * knows never wait there.
 */
export function createResolve({
  servers,
  lookup = lookupBySystem,
  knowsPrivateNames = true,
  isAllowed = () => true,
}: ResolveOptions = {}): Resolve {
  const systemLookup = limit(maxSystemLookups, lookup);
  return async (hostname, signal) => {
    try {
      return await lookupByDns(hostname, servers, signal);
    } catch (error) {
      signal.throwIfAborted();
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (code !== noServerCode && !(knowsPrivateNames && unknownCodes.has(code))) throw error;
      const found = await systemLookup(hostname, signal);
      if (!found.every(isAllowed)) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
      return found;
    }
  };
}

async function lookupByDns(hostname: string, servers: string[] | undefined, signal: AbortSignal): Promise<string[]> {
  const resolver = new dns.promises.Resolver({ timeout: 2000, tries: 4 });
  if (servers) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const families = [resolver.resolve4(hostname), resolver.resolve6(hostname)];
    const found: string[] = [];
    const results = families.map((family) => family.then((addresses) => found.push(...addresses)));
    const all = Promise.allSettled(results);
    // Rejects only when both families failed.
    await Promise.any(results).catch(() => undefined);
    if (found.length > 0) await Promise.race([all, delay(secondFamilyMs, undefined, { ref: false })]);
    if (found.length > 0) return [...found];
    const [ipv4] = await all;
    throw ipv4?.status === 'rejected' ? ipv4.reason : Object.assign(new Error('no addresses'), { code: 'ENODATA' });
  } finally {
    signal.removeEventListener('abort', cancel);
    resolver.cancel();
  }
}

const lookupBySystem = (hostname: string): Promise<string[]> =>
  new Promise((resolve, reject) => {
    dns.lookup(hostname, { all: true, order: 'verbatim' }, (error, addresses) =>
      error ? reject(error) : resolve(addresses.map(({ address }) => address)),
    );
  });

/** Runs at most `max` calls of `lookup` at the same time, in order. A call aborted while waiting does not run. */
function limit(max: number, lookup: (hostname: string) => Promise<string[]>): Resolve {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (hostname, signal) => {
    while (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      signal.throwIfAborted();
      return await lookup(hostname);
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}
