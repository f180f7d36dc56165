import type { z } from 'zod';
import type { RecentKey, Scope } from '../../db/api-keys.js';
import type { Author } from '../../db/audit.js';
import type { BrowserSession } from '../../db/browser-sessions.js';
import type { Database } from '../../db/database.js';
import type { EventTrace } from '../../db/events.js';
import type { AddressGuard } from '../../delivery/address.js';
import type { Logger } from '../../log.js';
import type { Sealer } from '../../encryption/seal.js';
import type { TwilioAccount } from '../../sources/messages/twilio-account.js';
import type { TemporalProblem } from '../../temporal/failure.js';
import type { DeliveryWorkflows, MessageWorkflows } from '../../temporal/workflows.js';
import type { Transforms } from '../../transform/transforms.js';
import type { Subject } from './api-errors.js';
import type { Access, SessionAccess, TenantScope } from './authenticate.js';
import type { KeyMemory } from './key-memory.js';
import type { SweepState } from '../../temporal/sweep-progress.js';
import type { PlatformStateJson } from '../platform/state.js';
import type { TenantIds } from '../tenant-ids.js';
import type { EventQuotas } from '../event-quotas.js';
import type { DeliveryStreams } from '../streams/delivery-streams.js';
import type { EventStream } from './send-events.js';
import type { InexactNumber } from '../../events/json-text.js';
import type { Tag } from './tags.js';

/** What the API works with; opened and closed by the process that serves it. */
export interface AppDeps {
  db: Database;
  workflows: DeliveryWorkflows;
  guard: AddressGuard;
  /** Whether webhooks may have plain `http://` urls. */
  allowHttp: boolean;
  /** Whether every new url must be verified, also without `verify`. */
  requireVerification: boolean;
  transforms: Pick<Transforms, 'evaluate' | 'checkSyntax'>;
  streams: Pick<DeliveryStreams, 'open'>;
  sealer: Sealer;
  /** `IRISX_ADMIN_KEY`; absent: only keys in the database count. */
  adminKey?: string;
  /** Calls that one API key may make in a minute, event sources' triggers not counted; 0: no limit. */
  callsPerMinute: number;
  /** CIDR ranges of proxies whose `X-Forwarded-For` is trusted; absent: none. */
  trustedProxies?: readonly string[];
  /** Absent: no Twilio account is configured. */
  messages?: MessagesDeps;
  /** The API's public url, as its OpenAPI document names it; absent: the host that the document came from. */
  publicBaseUrl?: string | undefined;
  /** Origins whose pages may show the portal in an iframe; absent: none. */
  portalFrameAncestors?: readonly string[];
  /** The folder with the built portal; absent: where `npm run build` puts it. */
  portalFolder?: string;
  /** Temporal's Web UI, as operators reach it; absent: unknown. */
  temporalUiUrl?: string | undefined;
  temporalNamespace: string;
  log: Logger;
  version: string;
  isTemporalReachable(): Promise<boolean>;
  /** Problems with Temporal that were found lately; absent: nobody checks. */
  temporalProblems?(): readonly TemporalProblem[];
  /** The sweep as it was found lately; absent or null: it is not known. */
  sweepState?(): SweepState | null;
  hasPendingMigrations(): Promise<boolean>;
  /** Whether this process has the keys of everything that is stored encrypted. */
  encryptionState(): Promise<'current' | 'unknown_key'>;
}

/** What endpoints get in addition; the app makes it itself. */
export interface EndpointDeps extends AppDeps {
  eventQuotas: EventQuotas;
  tenantIds: TenantIds;
  /** Which keys and sessions this process has found. */
  keys: KeyMemory;
  /** Shared by all that ask within a second. */
  platformState: () => Promise<PlatformStateJson>;
}

export interface MessagesDeps {
  /** The account that sends. */
  accountSid: string;
  /** The accounts whose callbacks are accepted. */
  accounts: readonly TwilioAccount[];
  /** The url at which Twilio reaches us, exactly as configured there: Twilio signs it. */
  publicBaseUrl: string;
  workflows: MessageWorkflows;
}

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** One parameter of a path. `parse` returns undefined for what cannot be an id, which is then not found. */
export interface PathParameter<Value> {
  subject: Subject;
  parse(text: string): Value | undefined;
  schema: z.ZodType;
}

export interface ResponseDefinition {
  description: string;
  /** Absent: no body, `lines` or `events`. */
  schema?: z.ZodType;
  /**
   * The answer is written as JSON of the schema, or as CSV for whoever prefers text/csv: thousands of records of numbers,
   * which would take long as objects. Bodies are not hidden in it, so it must hold none. Only with `schema`.
   */
  csv?: { description: string };
  /** Any number of JSON lines of this schema (application/x-ndjson), sent as they are read. */
  lines?: z.ZodType;
  /** Server-sent events (text/event-stream) with data of this schema, for as long as the client listens. */
  events?: z.ZodType;
}

type Params = Record<string, PathParameter<string | number>>;
type Responses = Record<number, ResponseDefinition>;

/** The request, checked. */
export interface EndpointRequest<
  A extends Access,
  P extends Params,
  Q extends z.ZodType,
  B extends z.ZodType,
  All extends boolean,
> {
  params: { [Name in keyof P]: P[Name] extends PathParameter<infer Value> ? Value : never };
  query: z.output<Q>;
  body: z.output<B>;
  /** Numbers of the request that JavaScript cannot hold exactly, so that `body` has other ones. */
  inexactNumbers: InexactNumber[];
  /** The `Idempotency-Key` header of a `repeatable` call; null without one. */
  idempotencyKey: string | null;
  /** The `Last-Event-ID` header of a `resumable` call; null without one. */
  lastEventId: string | null;
  /** The tenant whose key it was, if the call needs a tenant's key. Null with `allTenants`: all of them. */
  tenantId: A extends TenantScope ? (All extends true ? string | null : string) : null;
  /**
   * For log lines: the request's id, and the key's and the session's. No key's for `IRISX_ADMIN_KEY` and for a tenant's
   * session, or if none was needed: null.
   */
  by: { request: string; keyId: string | null; sessionId: string | null };
  /** What the caller may do; empty if no key was needed. */
  scopes: readonly Scope[];
  /** The browser's session, if the call is about that. */
  session: A extends SessionAccess ? OwnSession : null;
  /** Where the caller reaches us, for urls and cookies, and its own address. */
  reachedAt: { origin: string; isHttps: boolean; address: string | undefined };
  /** Where the call is in a trace; null: in none. */
  trace: EventTrace | null;
  /** For `audit`: whose key or session it was. Null if none was needed. */
  author: A extends 'public' ? null : Author;
  /** The key that a call with `confirmsKey` must still confirm; null if there is nothing to confirm. */
  recentKey: RecentKey | null;
}

/** A browser's session, with what its pages send as `X-IRISX-Session`. */
export interface OwnSession extends BrowserSession {
  csrfToken: string;
}

/** A body as pieces of ASCII text of either type: JSON of the schema, or CSV. One of them is called, once. */
export interface WrittenBody {
  json(): Iterable<string>;
  csv(): Iterable<string>;
}

/** One of the answers that the definition lists, with the body of its schema. */
export type EndpointResponse<R extends Responses> = {
  [Status in keyof R]: R[Status] extends { schema: infer Schema extends z.ZodType }
    ? R[Status] extends { csv: object }
      ? { status: Status; written: WrittenBody }
      : { status: Status; body: z.input<Schema> }
    : R[Status] extends { lines: infer Line extends z.ZodType }
      ? { status: Status; lines: AsyncIterable<z.input<Line>> }
      : R[Status] extends { events: infer Data extends z.ZodType }
        ? { status: Status; events: EventStream<z.input<Data>> }
        : { status: Status };
}[keyof R] & { setCookie?: string };

/** One call of the REST API: the route (route-endpoints.ts) and its page (openapi.ts) are made from the same definition. */
export interface EndpointDefinition<
  A extends Access,
  P extends Params,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends Responses,
  All extends boolean,
> {
  method: Method;
  /** Express' form, `/v1/webhooks/:webhook_id`. */
  path: string;
  access: A;
  operationId: string;
  tag: Tag;
  summary: string;
  description?: string;
  params?: P;
  query?: Q;
  body?: {
    schema: B;
    /** The body may be left out, which means `{}`. */
    optional?: boolean;
    examples: Record<string, unknown>;
  };
  /** The call takes an `Idempotency-Key`: repeated with the same one, it is carried out once. */
  repeatable?: boolean;
  /** The call takes the `Last-Event-ID` of a stream that ended, and goes on after it. */
  resumable?: boolean;
  /** The call's own statement checks that its key still exists, so a recent key need not be looked up before. */
  confirmsKey?: boolean;
  /** Operators' sessions get the bodies in its answer, too: of a call that reveals them, or that shows only what it was sent. */
  showsBodies?: boolean;
  /** A tenant's call that an admin key may make for all tenants together: then it need not name one. */
  allTenants?: All;
  /**
   * A tenant's call whose path names the tenant (`:tenant_id`): an admin key may make it for any tenant. For a tenant, all
   * others do not exist.
   */
  tenantInPath?: boolean;
  responses: R;
  /** Problems of this call, in addition to those of every call. */
  problems?: readonly (401 | 403 | 404 | 409 | 422 | 429 | 503)[];
  handle(request: EndpointRequest<A, P, Q, B, All>, deps: EndpointDeps): Promise<EndpointResponse<NoInfer<R>>>;
}

/** A definition without its own types, for the code that serves and documents all of them alike. */
export interface Endpoint extends Omit<
  EndpointDefinition<Access, Params, z.ZodType, z.ZodType, Responses, boolean>,
  'handle'
> {
  handle(
    request: EndpointRequest<Access, Params, z.ZodType, z.ZodType, boolean>,
    deps: EndpointDeps,
  ): Promise<{
    status: number;
    body?: unknown;
    written?: WrittenBody;
    lines?: AsyncIterable<unknown>;
    events?: EventStream;
    setCookie?: string;
  }>;
}

/** Checks a definition's types against each other; the result no longer has them. */
export function defineEndpoint<
  const A extends Access,
  R extends Responses,
  P extends Params = Record<never, never>,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
  All extends boolean = false,
>(definition: EndpointDefinition<A, P, Q, B, R, All>): Endpoint {
  return definition as unknown as Endpoint;
}
