import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import {
  accountSidForm,
  hasTwoLabels,
  parseEncryptionKey,
  parseEncryptionKeys,
  parseNetworks,
  parseSubaccounts,
  parseSwitches,
  type SwitchAddress,
} from './values.js';
import { unnamedKey, type Keyring } from '../encryption/seal.js';

/** How log lines look: `json` for machines, `pretty` for a person at a terminal. */
export interface LogConfig {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

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
  /** `host:port` on which the SDK's Prometheus metrics are served; absent: not at all. */
  readonly metricsAddress?: string;
}

/** The telephone switches whose calls become events. */
export interface FreeswitchConfig {
  /** The event sockets. Passwords are secrets. */
  readonly switches: readonly Readonly<SwitchAddress>[];
  /** The channel variable in which the dialplan names the tenant. */
  readonly tenantVariable: string;
  /** Makes a recording's url from its file; absent: RECORD_STOP makes no event. */
  readonly recordingUrlTemplate?: string;
}

/** Whose SMS and MMS become events, and who sends. */
export interface TwilioConfig {
  /** The account that sends; one of `accounts`. */
  readonly accountSid: string;
  /** Those whose callbacks are believed, each with its current auth token and, during a rotation, the next. Secrets. */
  readonly accounts: readonly { readonly sid: string; readonly tokens: readonly string[] }[];
  /** Instead of Twilio's own, for tests. */
  readonly apiBaseUrl?: string;
}

/** Everything that the environment decides. Deeply frozen (the buffers' bytes excepted). */
export interface Config {
  /** Connection string of our database. A secret: it holds a password. */
  readonly databaseUrl: string;
  /** The most connections that one process opens for its work; one more looks after Postgres. */
  readonly databasePoolSize: number;
  /** Whether statements that every delivery needs are prepared once a connection. */
  readonly databasePreparedStatements: boolean;
  readonly temporal: TemporalConfig;
  readonly api: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    /** Calls that one API key may make in a minute of one process; 0: no limit. */
    readonly callsPerMinute: number;
    /** Where the outside reaches us, without a slash at the end; absent: unknown. */
    readonly publicBaseUrl?: string;
    /** How long a connection is kept after an answer; absent: 65 s. */
    readonly keepAliveMs?: number;
    /** Proxies whose `X-Forwarded-For` is believed, CIDR ranges; absent: nobody's is. */
    readonly trustedProxies?: readonly string[];
  };
  /** The first admin key, known to the operator; absent: only keys in the database count. A secret. */
  readonly adminKey?: string;
  /**
   * They encrypt the webhooks' secrets at rest: the first one all that is new, the others open what is older. Empty in a
   * process that needs none. Secrets.
   */
  readonly encryptionKeys: Keyring;
  /** They open the events that sources hand to Temporal; empty or absent: this worker takes none of those. Secrets. */
  readonly eventKeys?: Keyring;
  /** CIDR ranges that the address guard lets through although they are private; usually none. */
  readonly allowedNetworks: readonly string[];
  /** Whether webhooks may have plain `http://` urls. */
  readonly allowHttp: boolean;
  /** The longest that a receiver's `Retry-After` may put off the next attempt. */
  readonly maxRetryAfterMs: number;
  /** How long ended events and deliveries stay readable. */
  readonly retentionDays: number;
  /** Absent: this process listens to no switch. */
  readonly freeswitch?: FreeswitchConfig;
  /** Absent: no messages. Present only together with `api.publicBaseUrl`. */
  readonly twilio?: TwilioConfig;
  readonly log: LogConfig;
}

/** What the embedded stack (development, demo) needs besides. */
export interface EmbeddedConfig {
  /** Absolute path of the folder that keeps databases, keys and logs. */
  readonly dataDir: string;
  /** Absent: any free port. */
  readonly databasePort?: number;
  readonly temporalPort: number;
  readonly temporalUiPort: number;
}

/** What `migrate` needs: less than the service, so that a schema job holds no other secret. */
export interface MigrateConfig {
  readonly databaseUrl: string;
  readonly log: LogConfig;
}

/** What `rotate-encryption-key` needs: Temporal is none of its business. */
export interface RotationConfig {
  readonly databaseUrl: string;
  /** As in `Config`. */
  readonly encryptionKeys: Keyring;
  readonly log: LogConfig;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment does not fit. The message lists every problem, one a line, and holds no secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The environment does not fit:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
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

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);
const boolean = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');
const hostAndPort = z.string().regex(/^[^\s/:]+:\d{1,5}$|^\[[0-9a-fA-F:.]+\]:\d{1,5}$/, 'must be host:port');
const port = integer(0, 65535);
const baseUrl = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:\/\/[^?#]+$/.test(value), 'must be an http(s) url without ? and #')
  .refine(
    (value) => !hasCredentials(value),
    'must not hold a user name or password: it is told to others. Keep credentials where the proxy checks them',
  );
const hasCredentials = (value: string) =>
  URL.canParse(value) && (new URL(value).username !== '' || new URL(value).password !== '');
const withoutLastSlash = (url: string) => url.replace(/(?<!\/)\/+$/, '');
const required = (remedy: string) => ({ error: `is missing: ${remedy}` });

const hostsOf = (url: string) => url.split('/')[2]!.split('@').at(-1)!;
const databaseUrl = z
  .string(required('postgres://user:password@host:5432/database'))
  .regex(/^postgres(ql)?:\/\//, { error: 'must be a url that begins with postgres:// or postgresql://', abort: true })
  .refine((value) => !hostsOf(value).includes(','), {
    error: 'names several hosts: give one name that follows the primary (docs/operations.md, Failover)',
    abort: true,
  })
  .refine((value) => URL.canParse(value), 'is no valid url (are special characters in the password percent-encoded?)');

const logVariables = {
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty'], 'must be json or pretty').optional(),
  NODE_ENV: z.string().optional(),
};

const encryptionVariables = {
  IRISX_ENCRYPTION_KEY: z.string().transform(singleKey).optional(),
  IRISX_ENCRYPTION_KEYS: z.string().transform(parseEncryptionKeys).optional(),
};

const rotationVariables = z.object({ DATABASE_URL: databaseUrl, ...encryptionVariables, ...logVariables });

const migrateVariables = z.object({ DATABASE_URL: databaseUrl, ...logVariables });

const serviceVariables = z.object({
  DATABASE_URL: databaseUrl,
  DATABASE_POOL_SIZE: integer(1, 1000).default(20),
  DATABASE_PREPARED_STATEMENTS: boolean.default(true),
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
  HOST: z.string().default('0.0.0.0'),
  PORT: port.default(3000),
  API_CALLS_PER_MINUTE: integer(0, 1_000_000).default(6000),
  API_KEEP_ALIVE_SECONDS: integer(1, 3600).default(65),
  API_TRUSTED_PROXIES: z.string().default('').transform(parseNetworks),
  PUBLIC_BASE_URL: baseUrl.transform(withoutLastSlash).optional(),
  IRISX_ADMIN_KEY: z.string().min(16, 'must have at least 16 characters').optional(),
  ...encryptionVariables,
  IRISX_EVENT_KEYS: z.string().transform(parseEncryptionKeys).optional(),
  WEBHOOK_ALLOWED_NETWORKS: z.string().default('').transform(parseNetworks),
  WEBHOOK_ALLOW_HTTP: boolean.default(false),
  WEBHOOK_MAX_RETRY_AFTER_SECONDS: integer(0, 7 * 86400).default(3600),
  RETENTION_DAYS: integer(1, 3650).default(30),
  FREESWITCH_URLS: z.string().default('').transform(parseSwitches),
  FREESWITCH_TENANT_VARIABLE: z
    .string()
    .regex(/^[A-Za-z_][\w.-]*$/, 'must be the name of a channel variable')
    .refine((value) => !/^sip_(h|i|rh|ph|bye_h)_/i.test(value), 'must not be a SIP header: any caller can send one')
    .default('tenant_id'),
  RECORDING_URL_TEMPLATE: z
    .string()
    .refine((value) => URL.canParse(value.replace(/[{}]/g, '')), 'must be a url')
    .refine(
      (value) => !/[{}]/.test(value.replace(/\{(path|file|call_sid)\}/g, '')),
      'may hold {path}, {file} and {call_sid}, and no other braces',
    )
    .optional(),
  TWILIO_ACCOUNT_SID: z.string().regex(accountSidForm, 'must be AC and 32 hexadecimal digits').optional(),
  TWILIO_AUTH_TOKEN: z.string().optional(),
  TWILIO_NEXT_AUTH_TOKEN: z.string().optional(),
  TWILIO_SUBACCOUNTS: z.string().default('').transform(parseSubaccounts),
  TWILIO_API_BASE_URL: baseUrl
    .refine((value) => !hasTwoLabels(value), 'must not have a host name of two labels: the SDK doubles it')
    .transform(withoutLastSlash)
    .optional(),
  ...logVariables,
});

const embeddedVariables = z.object({
  IRISX_DATA_DIR: z.string().default('.data'),
  POSTGRES_PORT: integer(1, 65535).optional(),
  TEMPORAL_PORT: integer(1, 65535).default(7233),
  TEMPORAL_UI_PORT: integer(1, 65535).default(8233),
});

/**
 * The service's configuration; an empty variable counts as not set. `needsKey` false: the process opens no secret of a
 * webhook, and has no use for the key.
 * @throws {ConfigError} naming every problem at once
 */
export function loadConfig(env: Environment, { needsKey = true }: { needsKey?: boolean } = {}): Config {
  const problems: string[] = [];
  const given = present(serviceVariables, env);
  if (!needsKey)
    for (const name of ['IRISX_ENCRYPTION_KEY', 'IRISX_ENCRYPTION_KEYS', 'IRISX_EVENT_KEYS']) delete given[name];
  const variables = parse(serviceVariables, given, problems);
  const tls = loadTls(given, problems);
  const twilio = variables && loadTwilio(variables, problems);
  const encryptionKeys = needsKey ? loadEncryptionKeys(given, variables, problems) : [];
  if (!variables || problems.length > 0) throw new ConfigError(problems);
  return deepFreeze({
    databaseUrl: variables.DATABASE_URL,
    databasePoolSize: variables.DATABASE_POOL_SIZE,
    databasePreparedStatements: variables.DATABASE_PREPARED_STATEMENTS,
    temporal: {
      address: variables.TEMPORAL_ADDRESS,
      namespace: variables.TEMPORAL_NAMESPACE,
      taskQueue: variables.TEMPORAL_TASK_QUEUE,
      ...(tls && { tls }),
      ...(variables.TEMPORAL_API_KEY && { apiKey: variables.TEMPORAL_API_KEY }),
      ...(variables.TEMPORAL_METRICS_ADDRESS && { metricsAddress: variables.TEMPORAL_METRICS_ADDRESS }),
    },
    api: {
      host: variables.HOST,
      port: variables.PORT,
      callsPerMinute: variables.API_CALLS_PER_MINUTE,
      keepAliveMs: variables.API_KEEP_ALIVE_SECONDS * 1000,
      trustedProxies: variables.API_TRUSTED_PROXIES,
      ...(variables.PUBLIC_BASE_URL && { publicBaseUrl: variables.PUBLIC_BASE_URL }),
    },
    ...(variables.IRISX_ADMIN_KEY && { adminKey: variables.IRISX_ADMIN_KEY }),
    encryptionKeys,
    ...(variables.IRISX_EVENT_KEYS && { eventKeys: variables.IRISX_EVENT_KEYS }),
    allowedNetworks: variables.WEBHOOK_ALLOWED_NETWORKS,
    allowHttp: variables.WEBHOOK_ALLOW_HTTP,
    maxRetryAfterMs: variables.WEBHOOK_MAX_RETRY_AFTER_SECONDS * 1000,
    retentionDays: variables.RETENTION_DAYS,
    ...(variables.FREESWITCH_URLS.length > 0 && {
      freeswitch: {
        switches: variables.FREESWITCH_URLS,
        tenantVariable: variables.FREESWITCH_TENANT_VARIABLE,
        ...(variables.RECORDING_URL_TEMPLATE && { recordingUrlTemplate: variables.RECORDING_URL_TEMPLATE }),
      },
    }),
    ...(twilio && { twilio }),
    log: logConfig(variables),
  });
}

/**
 * The embedded stack's own configuration. Which parts of it start is for the caller to decide: none that
 * `DATABASE_URL` or `TEMPORAL_ADDRESS` names.
 * @throws {ConfigError} naming every problem at once
 */
export function loadEmbeddedConfig(env: Environment): EmbeddedConfig {
  const problems: string[] = [];
  const variables = parse(embeddedVariables, present(embeddedVariables, env), problems);
  if (!variables) throw new ConfigError(problems);
  return deepFreeze({
    dataDir: path.resolve(variables.IRISX_DATA_DIR),
    ...(variables.POSTGRES_PORT !== undefined && { databasePort: variables.POSTGRES_PORT }),
    temporalPort: variables.TEMPORAL_PORT,
    temporalUiPort: variables.TEMPORAL_UI_PORT,
  });
}

/** @throws {ConfigError} naming every problem at once */
export function loadMigrateConfig(env: Environment): MigrateConfig {
  const problems: string[] = [];
  const variables = parse(migrateVariables, present(migrateVariables, env), problems);
  if (!variables) throw new ConfigError(problems);
  return deepFreeze({ databaseUrl: variables.DATABASE_URL, log: logConfig(variables) });
}

/** @throws {ConfigError} naming every problem at once */
export function loadRotationConfig(env: Environment): RotationConfig {
  const problems: string[] = [];
  const given = present(rotationVariables, env);
  const variables = parse(rotationVariables, given, problems);
  const encryptionKeys = loadEncryptionKeys(given, variables, problems);
  if (!variables || problems.length > 0) throw new ConfigError(problems);
  return deepFreeze({ databaseUrl: variables.DATABASE_URL, encryptionKeys, log: logConfig(variables) });
}

/** The log's part alone, for what has to log before the rest is known. @throws {ConfigError} */
export function loadLogConfig(env: Environment): LogConfig {
  const problems: string[] = [];
  const schema = z.object(logVariables);
  const variables = parse(schema, present(schema, env), problems);
  if (!variables) throw new ConfigError(problems);
  return deepFreeze(logConfig(variables));
}

/** The schema's variables as they are set; an empty one is not. */
function present(schema: z.ZodObject, env: Environment): Record<string, string> {
  const pairs = Object.keys(schema.shape).map((name) => [name, env[name]?.trim()] as const);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => Boolean(pair[1])));
}

/** Undefined when something was wrong, which is then among `problems`. */
function parse<T extends z.ZodObject>(
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
  // A message that quotes a part already has said which; before an @ may stand a password.
  return value === undefined || secretVariables.has(name) || value.includes('@') || message.includes('"')
    ? `${name} ${message}`
    : `${name} ${message}, but is ${JSON.stringify(value)}`;
}

function logConfig(variables: { LOG_LEVEL: LogLevel; LOG_FORMAT?: 'json' | 'pretty'; NODE_ENV?: string }): LogConfig {
  const format = variables.LOG_FORMAT ?? (variables.NODE_ENV === 'production' ? 'json' : 'pretty');
  return { level: variables.LOG_LEVEL, format };
}

/** Asked for by `TEMPORAL_TLS`, or implied by a file, a server name or an API key. */
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

function singleKey(text: string, context: z.RefinementCtx): Buffer {
  const key = parseEncryptionKey(text);
  if (!key) context.addIssue('must be 32 bytes in base64 (44 characters)');
  return key ?? Buffer.alloc(0);
}

/** The keys of either variable; empty where something is wrong with them. `variables`: what became of those `given`. */
function loadEncryptionKeys(
  given: Record<string, string>,
  variables: { IRISX_ENCRYPTION_KEY?: Buffer; IRISX_ENCRYPTION_KEYS?: Keyring } | undefined,
  problems: string[],
): Keyring {
  if (!given.IRISX_ENCRYPTION_KEY && !given.IRISX_ENCRYPTION_KEYS)
    problems.push(
      'IRISX_ENCRYPTION_KEY is missing: 32 random bytes in base64, for example from: openssl rand -base64 32',
    );
  const { IRISX_ENCRYPTION_KEY: single, IRISX_ENCRYPTION_KEYS: keys } = variables ?? {};
  if (!keys) return single ? [unnamedKey(single)] : [];
  // Whichever of them was meant: values sealed with the other one could not be opened.
  if (single && !keys.some(({ key }) => key.equals(single)))
    problems.push('IRISX_ENCRYPTION_KEY is not among IRISX_ENCRYPTION_KEYS: add it there under an id, or unset it');
  return keys;
}

/** Undefined where no account is named. Without a token anybody could sign, so there is none without. */
function loadTwilio(variables: z.output<typeof serviceVariables>, problems: string[]): TwilioConfig | undefined {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: token, PUBLIC_BASE_URL: publicBaseUrl } = variables;
  const isMeant = accountSid || token || variables.TWILIO_NEXT_AUTH_TOKEN || variables.TWILIO_SUBACCOUNTS.length > 0;
  if (!isMeant) return undefined;
  if (!accountSid) problems.push('TWILIO_ACCOUNT_SID is missing: the account, AC…, to which TWILIO_AUTH_TOKEN belongs');
  if (!token) problems.push('TWILIO_AUTH_TOKEN is missing or empty: callbacks could not be told from forged ones');
  if (!publicBaseUrl)
    problems.push(
      'PUBLIC_BASE_URL is missing: Twilio signs the url that it calls, for example https://hooks.example.com',
    );
  else if (new URL(publicBaseUrl).hostname.includes('_'))
    problems.push('PUBLIC_BASE_URL has an underscore in its host name, which Twilio refuses as a callback');
  if (accountSid && variables.TWILIO_SUBACCOUNTS.some(({ sid }) => sid === accountSid))
    problems.push('TWILIO_SUBACCOUNTS names TWILIO_ACCOUNT_SID, which has its own variables');
  if (!accountSid || !token) return undefined;
  const tokens = [token, ...(variables.TWILIO_NEXT_AUTH_TOKEN ? [variables.TWILIO_NEXT_AUTH_TOKEN] : [])];
  return {
    accountSid,
    accounts: [{ sid: accountSid, tokens }, ...variables.TWILIO_SUBACCOUNTS],
    ...(variables.TWILIO_API_BASE_URL && { apiBaseUrl: variables.TWILIO_API_BASE_URL }),
  };
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value) as unknown[]) {
    // A buffer with bytes in it cannot be frozen.
    if (typeof child === 'object' && child !== null && !Buffer.isBuffer(child)) deepFreeze(child);
  }
  return Object.freeze(value);
}
