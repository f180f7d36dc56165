import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** What all configurations share: how variables are read, the forms of their values, and the error messages. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment is not valid. The message lists every problem, one per line, and holds no secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The environment is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** Their values are never quoted in a problem. */
const secretVariables = new Set([
  'TWILIO_AUTH_TOKEN',
  'TWILIO_NEXT_AUTH_TOKEN',
  'TWILIO_SUBACCOUNTS',
  'FREESWITCH_URLS',
  'DATABASE_URL',
  'TEMPORAL_API_KEY',
  'IRISX_ADMIN_KEY',
  'IRISX_ENCRYPTION_KEY',
  'IRISX_ENCRYPTION_KEYS',
  'IRISX_EVENT_KEYS',
]);

export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);
export const boolean = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');
export const hostAndPort = z.string().regex(/^[^\s/:]+:\d{1,5}$|^\[[0-9a-fA-F:.]+\]:\d{1,5}$/, 'must be host:port');
export const port = integer(0, 65535);
export const baseUrl = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:\/\/[^?#]+$/.test(value), 'must be an http(s) url without ? and #')
  .refine(
    (value) => !hasCredentials(value),
    'must not hold a user name or password: it is shown to others. Keep credentials where the proxy checks them',
  );
const hasCredentials = (value: string) =>
  URL.canParse(value) && (new URL(value).username !== '' || new URL(value).password !== '');
export const withoutLastSlash = (url: string) => url.replace(/(?<!\/)\/+$/, '');
export const required = (remedy: string) => ({ error: `is missing: ${remedy}` });

const hostsOf = (url: string) => url.split('/')[2]!.split('@').at(-1)!;
export const databaseUrl = z
  .string(required('postgres://user:password@host:5432/database'))
  .regex(/^postgres(ql)?:\/\//, { error: 'must be a url that begins with postgres:// or postgresql://', abort: true })
  .refine((value) => !hostsOf(value).includes(','), {
    error: 'names several hosts: give one name that follows the primary (docs/operations.md, Failover)',
    abort: true,
  })
  .refine(
    (value) => URL.canParse(value),
    'is not a valid url (are special characters in the password percent-encoded?)',
  );

/** A bare address stands for itself alone. */
export function parseNetworks(list: string, context: z.RefinementCtx): string[] {
  const networks = list.split(',').map((network) => network.trim());
  return networks.filter(Boolean).flatMap((network) => {
    if (ipaddr.isValidCIDR(network)) return [network];
    if (ipaddr.IPv4.isValidFourPartDecimal(network)) return [`${network}/32`];
    if (ipaddr.IPv6.isValid(network)) return [`${network}/128`];
    context.addIssue(`holds ${JSON.stringify(network)}, which is not a CIDR range like 10.0.0.0/8`);
    return [];
  });
}

/** Origins as a Content-Security-Policy lists them, separated by commas or spaces; `*.` stands for all names below one. */
export function parseOrigins(list: string, context: z.RefinementCtx): string[] {
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .flatMap((text) => {
      const origin = text.toLowerCase();
      if (/^https?:\/\/(?:\*\.)?[a-z0-9.-]+(?::\d{1,5})?$/.test(origin) && URL.canParse(origin)) return [origin];
      context.addIssue(`holds ${JSON.stringify(text)}, which is not an origin like https://app.example.com`);
      return [];
    });
}

/** Those of the schema's variables that are set; an empty one counts as not set. */
export function present(schema: z.ZodObject, env: Environment): Record<string, string> {
  const pairs = Object.keys(schema.shape).map((name) => [name, env[name]?.trim()] as const);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => Boolean(pair[1])));
}

/** Undefined when something was wrong; it is then added to `problems`. */
export function parse<T extends z.ZodObject>(
  schema: T,
  given: Record<string, string>,
  problems: string[],
): z.output<T> | undefined {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  for (const {
    path: [name],
    message,
  } of result.error.issues)
    problems.push(problem(String(name), message, given));
  return undefined;
}

function problem(name: string, message: string, given: Record<string, string>): string {
  const value = given[name];
  // A message with a quote already shows the bad part; what stands before an @ may be a password.
  return value === undefined || secretVariables.has(name) || value.includes('@') || message.includes('"')
    ? `${name} ${message}`
    : `${name} ${message}, but is ${JSON.stringify(value)}`;
}

/** Freezes the value and everything in it, except the bytes of buffers. */
export function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value) as unknown[]) {
    // A buffer with bytes in it cannot be frozen.
    if (typeof child === 'object' && child !== null && !Buffer.isBuffer(child)) deepFreeze(child);
  }
  return Object.freeze(value);
}
