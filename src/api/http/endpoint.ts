import type { z } from 'zod';
import type { RecentKey } from '../../db/api-keys.js';
import type { Database } from '../../db/database.js';
import type { AddressGuard } from '../../delivery/address.js';
import type { Logger } from '../../log.js';
import type { Sealer } from '../../encryption/seal.js';
import type { TwilioAccount } from '../../sources/messages/twilio-account.js';
import type { TemporalProblem } from '../../temporal/failure.js';
import type { DeliveryWorkflows, MessageWorkflows } from '../../temporal/workflows.js';
import type { Subject } from './api-errors.js';
import type { Access, TenantScope } from './authenticate.js';
import type { TenantIds } from '../accept-event.js';
import type { EventQuotas } from '../event-quotas.js';
import type { InexactNumber } from '../../events/json-text.js';
import type { Tag } from './tags.js';

/** What the API works with; opened and closed by the process that serves it. */
export interface AppDeps {
  db: Database;
  workflows: DeliveryWorkflows;
  guard: AddressGuard;
  /** Whether webhooks may have plain `http://` urls. */
  allowHttp: boolean;
  sealer: Sealer;
  /** `IRISX_ADMIN_KEY`; absent: only keys in the database count. */
  adminKey?: string;
  /** Calls that one API key may make in a minute, event sources' triggers not counted; 0: no limit. */
  callsPerMinute: number;
  /** CIDR ranges of proxies whose `X-Forwarded-For` says where a call comes from; absent: nobody's does. */
  trustedProxies?: readonly string[];
  /** Absent: no Twilio account is configured. */
  messages?: MessagesDeps;
  /** Where the outside reaches the API; absent: wherever this page was found. */
  publicBaseUrl?: string | undefined;
  log: Logger;
  version: string;
  isTemporalReachable(): Promise<boolean>;
  /** What was found wrong with it lately; absent: nobody looks. */
  temporalProblems?(): readonly TemporalProblem[];
  hasPendingMigrations(): Promise<boolean>;
  /** Whether the keys of this process open what is stored. */
  encryptionState(): Promise<'current' | 'unknown_key'>;
}

/** What endpoints have besides, made by the app for itself. */
export interface EndpointDeps extends AppDeps {
  eventQuotas: EventQuotas;
  tenantIds: TenantIds;
}

export interface MessagesDeps {
  /** The one that sends. */
  accountSid: string;
  /** Those whose callbacks are believed. */
  accounts: readonly TwilioAccount[];
  /** Where Twilio reaches us, as it was told: part of what it signs. */
  publicBaseUrl: string;
  workflows: MessageWorkflows;
}

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** One parameter of a path. `parse` gives undefined for what cannot be an id: that is then not found. */
export interface PathParameter<Value> {
  subject: Subject;
  parse(text: string): Value | undefined;
  schema: z.ZodType;
}

export interface AnswerDefinition {
  description: string;
  /** Absent: no body. */
  schema?: z.ZodType;
}

type Params = Record<string, PathParameter<string | number>>;
type Answers = Record<number, AnswerDefinition>;

/** What came, checked. */
export interface EndpointRequest<A extends Access, P extends Params, Q extends z.ZodType, B extends z.ZodType> {
  params: { [Name in keyof P]: P[Name] extends PathParameter<infer Value> ? Value : never };
  query: z.output<Q>;
  body: z.output<B>;
  /** Numbers of the body that `body` holds as other ones. */
  inexactNumbers: InexactNumber[];
  /** Of a call with `repeatable`: the `Idempotency-Key` header; null without one. */
  idempotencyKey: string | null;
  /** Whose key it was, where the call is a tenant's. */
  tenantId: A extends TenantScope ? string : null;
  /** For log lines: which request it was, and by whose key; null: that of `IRISX_ADMIN_KEY`, or none was needed. */
  by: { request: string; keyId: string | null };
  /** Of a call with `confirmsKey`: the key that is still to be confirmed; null when it was looked for just now. */
  recentKey: RecentKey | null;
}

/** One of the answers that the definition lists, with the body of its schema. */
export type EndpointAnswer<R extends Answers> = {
  [Status in keyof R]: R[Status] extends { schema: infer Schema extends z.ZodType }
    ? { status: Status; body: z.input<Schema> }
    : { status: Status };
}[keyof R];

/** One call of the REST API: the route (route-endpoints.ts) and its page (openapi.ts) are made from the same definition. */
export interface EndpointDefinition<
  A extends Access,
  P extends Params,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends Answers,
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
    /** May be left out; stands for `{}` then. */
    optional?: boolean;
    examples: Record<string, unknown>;
  };
  /** A call that may be sent again with the same `Idempotency-Key` is carried out once. */
  repeatable?: boolean;
  /** The call asks for its key in the statement that does what is asked for: it need not be looked for before. */
  confirmsKey?: boolean;
  answers: R;
  /** Problems that this call has besides those of every call. */
  problems?: readonly (404 | 409 | 422)[];
  handle(request: EndpointRequest<A, P, Q, B>, deps: EndpointDeps): Promise<EndpointAnswer<NoInfer<R>>>;
}

/** A definition as those see it who serve and document all of them alike. */
export interface Endpoint extends Omit<EndpointDefinition<Access, Params, z.ZodType, z.ZodType, Answers>, 'handle'> {
  handle(
    request: EndpointRequest<Access, Params, z.ZodType, z.ZodType>,
    deps: EndpointDeps,
  ): Promise<{ status: number; body?: unknown }>;
}

/** Checks a definition's types against each other; what it gives back forgets them. */
export function defineEndpoint<
  const A extends Access,
  R extends Answers,
  P extends Params = Record<never, never>,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(definition: EndpointDefinition<A, P, Q, B, R>): Endpoint {
  return definition as unknown as Endpoint;
}
