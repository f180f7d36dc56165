import dns from 'node:dns';

/** The addresses of one look-up, or the code of its error, such as `ENOTFOUND`. */
export type NameAnswer = string[] | { code: string };

export interface StubbedName {
  /** Look-ups so far; both address families together count as one. */
  readonly lookups: number;
}

interface Stub extends StubbedName {
  lookups: number;
  answer: (lookup: number) => NameAnswer;
  last: NameAnswer;
}

const stubs = new Map<string, Stub>();
let isInstalled = false;

/**
 * From now on this process' look-ups of that name get these answers; `lookup` counts them from 0. All other names are
 * looked up as usual. For a whole service in the test's own process, into which no resolver can be injected.
 */
export function stubName(hostname: string, answer: (lookup: number) => NameAnswer): StubbedName {
  install();
  const stub: Stub = { lookups: 0, answer, last: [] };
  stubs.set(hostname, stub);
  return stub;
}

function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  const resolver = dns.promises.Resolver.prototype as unknown as Record<string, (hostname: string) => Promise<unknown>>;
  const { resolve4, resolve6 } = resolver;
  resolver['resolve4'] = function (hostname) {
    const stub = stubs.get(hostname);
    if (!stub) return resolve4!.call(this, hostname);
    stub.last = stub.answer(stub.lookups++);
    return Array.isArray(stub.last) ? Promise.resolve(stub.last) : Promise.reject(dnsError(hostname, stub.last.code));
  };
  resolver['resolve6'] = function (hostname) {
    const stub = stubs.get(hostname);
    if (!stub) return resolve6!.call(this, hostname);
    return Promise.reject(dnsError(hostname, Array.isArray(stub.last) ? 'ENODATA' : stub.last.code));
  };
  // The system's own look-up, the fallback for names that name servers do not know, does not find it either.
  const lookup = dns.lookup as (...args: unknown[]) => void;
  (dns as { lookup: unknown }).lookup = (hostname: string, ...rest: unknown[]): void => {
    const stub = stubs.get(hostname);
    if (!stub) return lookup(hostname, ...rest);
    const callback = rest.at(-1) as (error: Error) => void;
    setImmediate(() => callback(dnsError(hostname, 'ENOTFOUND')));
  };
}

const dnsError = (hostname: string, code: string): Error =>
  Object.assign(new Error(`query ${code} ${hostname}`), { code, syscall: 'query', hostname });
