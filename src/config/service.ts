import { z } from 'zod';
import type { Retention } from '../db/retention-settings.js';
import type { Keyring } from '../encryption/seal.js';
import { encryptionVariables, loadEncryptionKeys, parseEncryptionKeys } from './encryption.js';
import {
  baseUrl,
  boolean,
  ConfigError,
  databaseUrl,
  deepFreeze,
  hostAndPort,
  integer,
  parse,
  parseNetworks,
  parseOrigins,
  port,
  present,
  withoutLastSlash,
  type Environment,
} from './environment.js';
import { freeswitchVariables, loadFreeswitch, type FreeswitchConfig } from './freeswitch.js';
import { logConfig, logVariables, type LogConfig } from './log.js';
import { retentionOf, retentionVariables } from './retention.js';
import { loadTemporal, temporalVariables, type TemporalConfig } from './temporal.js';
import { isTracingConfigured, tracingVariables } from './tracing.js';
import { loadTwilio, twilioVariables, type TwilioConfig } from './twilio.js';

/** Everything that the environment decides. Deeply frozen, except the bytes of buffers. */
export interface Config {
  /** Connection string of our database. A secret: it holds a password. */
  readonly databaseUrl: string;
  /** The most connections that one process opens for its work; up to three more serve readiness, heartbeat and metrics. */
  readonly databasePoolSize: number;
  /** Whether statements that every delivery needs are prepared once per connection. */
  readonly databasePreparedStatements: boolean;
  readonly temporal: TemporalConfig;
  readonly api: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    /** Calls per minute that one API key may make to one process; 0: no limit. */
    readonly callsPerMinute: number;
    /** The url at which the outside reaches us, without a trailing slash; absent: unknown. */
    readonly publicBaseUrl?: string;
    /** How long a connection is kept open after a response; absent: 65 s. */
    readonly keepAliveMs?: number;
    /** CIDR ranges of the proxies whose `X-Forwarded-For` is trusted; absent: none. */
    readonly trustedProxies?: readonly string[];
    /** Origins whose pages may show the portal in an iframe; absent: none. */
    readonly portalFrameAncestors?: readonly string[];
    /** Temporal's Web UI, as operators reach it, without a trailing slash; absent: unknown. */
    readonly temporalUiUrl?: string;
  };
  /** The first admin key, known to the operator; absent: only keys in the database are valid. A secret. */
  readonly adminKey?: string;
  /**
   * They encrypt the webhooks' secrets at rest. The first one seals all new values; the others open older ones. Empty
   * in a process that needs none. Secrets.
   */
  readonly encryptionKeys: Keyring;
  /** They open the events that sources hand to Temporal; empty or absent: this worker accepts none of them. Secrets. */
  readonly eventKeys?: Keyring;
  /** CIDR ranges that the address guard lets through although they are private; usually none. */
  readonly allowedNetworks: readonly string[];
  /** Whether webhooks may have plain `http://` urls. */
  readonly allowHttp: boolean;
  /** Whether the receiver of every new url must echo a challenge before anything else is sent there. */
  readonly requireVerification: boolean;
  /** The longest that a receiver's `Retry-After` may put off the next attempt. */
  readonly maxRetryAfterMs: number;
  /** How many days each part is kept, where nothing else is set for a tenant. */
  readonly retention: Retention;
  /** How many days entries of the audit log are kept. */
  readonly auditRetentionDays: number;
  /** How many days statistics over time are kept. */
  readonly statisticsRetentionDays: number;
  /** `host:port` at which this process serves its Prometheus metrics; absent: not at all. */
  readonly metricsAddress?: string;
  /** Present: traces are sent, as the variables `OTEL_*` say, which OpenTelemetry's SDK reads itself. */
  readonly tracing?: true;
  /** Absent: this process listens to no switch. */
  readonly freeswitch?: FreeswitchConfig;
  /** Absent: no messages. Present only together with `api.publicBaseUrl`. */
  readonly twilio?: TwilioConfig;
  readonly log: LogConfig;
}

const serviceVariables = z.object({
  DATABASE_URL: databaseUrl,
  DATABASE_POOL_SIZE: integer(1, 1000).default(20),
  DATABASE_PREPARED_STATEMENTS: boolean.default(true),
  ...temporalVariables,
  HOST: z.string().default('0.0.0.0'),
  PORT: port.default(3000),
  API_CALLS_PER_MINUTE: integer(0, 1_000_000).default(6000),
  API_KEEP_ALIVE_SECONDS: integer(1, 3600).default(65),
  API_TRUSTED_PROXIES: z.string().default('').transform(parseNetworks),
  PUBLIC_BASE_URL: baseUrl.transform(withoutLastSlash).optional(),
  PORTAL_FRAME_ANCESTORS: z.string().default('').transform(parseOrigins),
  TEMPORAL_UI_URL: baseUrl.transform(withoutLastSlash).optional(),
  IRISX_ADMIN_KEY: z.string().min(16, 'must have at least 16 characters').optional(),
  ...encryptionVariables,
  IRISX_EVENT_KEYS: z.string().transform(parseEncryptionKeys).optional(),
  WEBHOOK_ALLOWED_NETWORKS: z.string().default('').transform(parseNetworks),
  WEBHOOK_ALLOW_HTTP: boolean.default(false),
  WEBHOOK_VERIFICATION: z.enum(['off', 'required'], 'must be off or required').default('off'),
  WEBHOOK_MAX_RETRY_AFTER_SECONDS: integer(0, 7 * 86400).default(3600),
  ...retentionVariables,
  AUDIT_RETENTION_DAYS: integer(1, 3650).default(400),
  STATISTICS_RETENTION_DAYS: integer(1, 3650).default(400),
  METRICS_ADDRESS: hostAndPort.optional(),
  ...tracingVariables,
  ...freeswitchVariables,
  ...twilioVariables,
  ...logVariables,
});

/**
 * The service's configuration; an empty variable counts as not set. `needsKey` false: the process opens no webhook's
 * secret, and does not need the key.
 * @throws {ConfigError} naming every problem at once
 */
export function loadConfig(env: Environment, { needsKey = true }: { needsKey?: boolean } = {}): Config {
  const problems: string[] = [];
  const given = present(serviceVariables, env);
  if (!needsKey)
    for (const name of ['IRISX_ENCRYPTION_KEY', 'IRISX_ENCRYPTION_KEYS', 'IRISX_EVENT_KEYS']) delete given[name];
  const variables = parse(serviceVariables, given, problems);
  const temporal = loadTemporal(given, variables, problems);
  const freeswitch = variables && loadFreeswitch(variables);
  const twilio = variables && loadTwilio(variables, problems);
  if (variables?.METRICS_ADDRESS && variables.METRICS_ADDRESS === variables.TEMPORAL_METRICS_ADDRESS)
    problems.push(
      `METRICS_ADDRESS and TEMPORAL_METRICS_ADDRESS are both ${variables.METRICS_ADDRESS}: unset the latter, since METRICS_ADDRESS serves the SDK's metrics too`,
    );
  const encryptionKeys = needsKey ? loadEncryptionKeys(given, variables, problems) : [];
  if (!variables || !temporal || problems.length > 0) throw new ConfigError(problems);
  return deepFreeze({
    databaseUrl: variables.DATABASE_URL,
    databasePoolSize: variables.DATABASE_POOL_SIZE,
    databasePreparedStatements: variables.DATABASE_PREPARED_STATEMENTS,
    temporal,
    api: {
      host: variables.HOST,
      port: variables.PORT,
      callsPerMinute: variables.API_CALLS_PER_MINUTE,
      keepAliveMs: variables.API_KEEP_ALIVE_SECONDS * 1000,
      trustedProxies: variables.API_TRUSTED_PROXIES,
      ...(variables.PUBLIC_BASE_URL && { publicBaseUrl: variables.PUBLIC_BASE_URL }),
      portalFrameAncestors: variables.PORTAL_FRAME_ANCESTORS,
      ...(variables.TEMPORAL_UI_URL && { temporalUiUrl: variables.TEMPORAL_UI_URL }),
    },
    ...(variables.IRISX_ADMIN_KEY && { adminKey: variables.IRISX_ADMIN_KEY }),
    encryptionKeys,
    ...(variables.IRISX_EVENT_KEYS && { eventKeys: variables.IRISX_EVENT_KEYS }),
    allowedNetworks: variables.WEBHOOK_ALLOWED_NETWORKS,
    allowHttp: variables.WEBHOOK_ALLOW_HTTP,
    requireVerification: variables.WEBHOOK_VERIFICATION === 'required',
    maxRetryAfterMs: variables.WEBHOOK_MAX_RETRY_AFTER_SECONDS * 1000,
    retention: retentionOf(variables),
    auditRetentionDays: variables.AUDIT_RETENTION_DAYS,
    statisticsRetentionDays: variables.STATISTICS_RETENTION_DAYS,
    ...(variables.METRICS_ADDRESS && { metricsAddress: variables.METRICS_ADDRESS }),
    ...(isTracingConfigured(variables) && { tracing: true as const }),
    ...(freeswitch && { freeswitch }),
    ...(twilio && { twilio }),
    log: logConfig(variables),
  });
}
