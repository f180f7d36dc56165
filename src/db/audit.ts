import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Queryable, Transaction } from './database.js';
import { keyRange } from './key-range.js';

/** What is recorded. An action's name begins with the type of its subject. */
export const auditActions = [
  'tenant.created',
  'tenant.quotas_set',
  'tenant.limits_set',
  'tenant.retention_set',
  'tenant.events_expunged',
  'tenant.exported',
  'tenant.deleted',
  'api_key.created',
  'api_key.deleted',
  'api_key.expired',
  'portal_link.created',
  'portal_session.started',
  'portal_session.ended',
  'phone_number.assigned',
  'phone_number.updated',
  'phone_number.released',
  'webhook.created',
  'webhook.updated',
  'webhook.paused',
  'webhook.resumed',
  'webhook.disabled',
  'webhook.secret_rotated',
  'webhook.verification_requested',
  'webhook.verification_failed',
  'webhook.verified',
  'webhook.deleted',
  'delivery.retried',
  'delivery.revealed',
  'event.revealed',
  'recovery.created',
  'recovery.cancelled',
] as const;
export type AuditAction = (typeof auditActions)[number];

export const subjectTypes = [
  'tenant',
  'api_key',
  'portal_link',
  'portal_session',
  'phone_number',
  'webhook',
  'delivery',
  'event',
  'recovery',
] as const;
export type SubjectType = (typeof subjectTypes)[number];

export const actorTypes = ['api_key', 'portal', 'system'] as const;

/** Who made a change. */
export interface Actor {
  type: (typeof actorTypes)[number];
  /** A key's, or a portal session's; null: the key of `IRISX_ADMIN_KEY`, or the service itself. */
  id: string | null;
  name: string;
}

/** What the service does by itself. SQL functions write the same. */
export const system: Actor = { type: 'system', id: null, name: 'service' };

/** Who makes a change, and where that is logged. */
export interface Author {
  actor: Actor;
  log: Logger;
  /** The id of the request; absent: there is none. */
  request?: string;
}

/** Fields by their names in the API. */
type Fields = Readonly<Record<string, unknown>>;

/** Their subjects are read at their webhook. */
type ActionOnWebhook = Extract<AuditAction, `delivery.${string}` | `recovery.${string}`>;

export type Change = ChangeOfSubject &
  (
    | { action: ActionOnWebhook; webhookId: number }
    | { action: Exclude<AuditAction, ActionOnWebhook>; webhookId?: never }
  );

interface ChangeOfSubject {
  /** The id of the thing that is changed; its type is in the action. */
  subjectId: string | number;
  /** Whose it is; null: the platform's own. */
  tenantId: string | null;
  /** Null or absent: it did not exist. */
  before?: Fields | null;
  /** Null or absent: it does not exist any more. */
  after?: Fields | null;
}

/** Old and new value of each field that changed. */
export type Changes = Record<string, { old: unknown; new: unknown }>;

/**
 * The fields whose values may be read in the audit log. All others are masked, so that no new one shows a secret. A
 * transform may hold one, too.
 */
export const shownFields: Record<SubjectType, readonly string[]> = {
  tenant: [
    'name',
    'external_id',
    'webhooks',
    'events_per_minute',
    'requests_per_minute',
    'call_minutes',
    'sms_segments',
    'bodies',
    'attempts',
    'deliveries',
    'events',
    'calls',
    'messages',
  ],
  api_key: ['name', 'scopes', 'prefix', 'expires_at', 'expired_at'],
  portal_link: ['name', 'scopes', 'expires_at', 'session_seconds'],
  portal_session: ['name', 'scopes', 'expires_at'],
  phone_number: ['ends_in', 'account_sid'],
  webhook: [
    'url',
    'events',
    'description',
    'rate_limit_per_minute',
    'rate_limit_per_hour',
    'max_retries',
    'timeout_ms',
    'batch',
    'disable_after_hours',
    'ordering',
    'retry_schedule',
    'ttl_seconds',
    'filter',
    'fallback_url',
    'enabled',
    'disabled_reason',
    'previous_secret_expires_at',
    'verification',
  ],
  delivery: ['status'],
  event: [],
  recovery: ['webhook_id', 'statuses', 'event_types', 'since', 'until', 'include_missing', 'total', 'status'],
};

const mask = '[masked]';

/** Of headers, the names are shown. */
function shown(type: SubjectType, field: string, value: unknown): unknown {
  if (value === null || shownFields[type].includes(field)) return value;
  if (field !== 'headers') return mask;
  return Object.fromEntries(Object.keys(value as object).map((name) => [name, mask]));
}

function changesOf(type: SubjectType, before: Fields, after: Fields): Changes {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(
    fields
      .map((field) => ({ field, old: before[field] ?? null, new: after[field] ?? null }))
      .filter((change) => !isDeepStrictEqual(change.old, change.new))
      .map(({ field, ...change }) => [
        field,
        { old: shown(type, field, change.old), new: shown(type, field, change.new) },
      ]),
  );
}

/**
 * Records changes in their own transaction, so that neither exists without the other, and logs them once it is committed.
 * Of a change whose `before` and `after` are equal nothing is recorded. Without either the action itself is the change.
 */
export async function audit(db: Transaction, { actor, log, request }: Author, ...changes: Change[]): Promise<void> {
  const entries = changes.flatMap((change) => {
    const { action, before, after } = change;
    const fields = changesOf(subjectTypeOf(action), before ?? {}, after ?? {});
    return before && after && Object.keys(fields).length === 0 ? [] : [{ ...change, fields }];
  });
  if (entries.length === 0) return;
  await db.query(
    `insert into audit_entries (tenant_id, actor_type, actor_id, actor_name, action, subject_id, webhook_id, changes)
     select e.tenant_id, $1, $2, $3, e.action, e.subject_id, e.webhook_id, e.changes
       from unnest($4::uuid[], $5::text[], $6::text[], $7::integer[], $8::jsonb[])
            with ordinality as e (tenant_id, action, subject_id, webhook_id, changes, place)
      order by e.place`,
    [
      actor.type,
      actor.id,
      actor.name,
      entries.map(({ tenantId }) => tenantId),
      entries.map(({ action }) => action),
      entries.map(({ subjectId }) => String(subjectId)),
      entries.map(({ webhookId }) => webhookId ?? null),
      entries.map(({ fields }) => JSON.stringify(fields)),
    ],
  );
  db.afterCommit(() => {
    for (const { action, tenantId, subjectId } of entries) {
      const fields = auditLine(actor, action, tenantId, subjectId);
      log.info({ ...(request !== undefined && { request }), ...fields }, 'audit');
    }
  });
}

/** The fields of the log line `audit`: what was done, without the values. */
export const auditLine = (actor: Actor, action: AuditAction, tenantId: string | null, subjectId: string | number) => ({
  tenant: tenantId,
  actorType: actor.type,
  actorId: actor.id,
  action,
  subjectType: subjectTypeOf(action),
  subjectId: String(subjectId),
});

const subjectTypeOf = (action: AuditAction) => action.split('.')[0] as SubjectType;

/** An entry of the audit log. */
export interface AuditEntry {
  id: string;
  createdAt: Date;
  actor: Actor;
  action: AuditAction;
  /** `webhookId`: where a delivery or a recovery is read; null for anything else. */
  subject: { type: SubjectType; id: string; webhookId: number | null };
  changes: Changes;
}

interface AuditEntryRow {
  id: string;
  created_at: Date;
  actor_type: Actor['type'];
  actor_id: string | null;
  actor_name: string;
  action: AuditAction;
  subject_type: SubjectType;
  subject_id: string;
  webhook_id: number | null;
  changes: Changes;
}

const toEntry = (row: AuditEntryRow): AuditEntry => ({
  id: row.id,
  createdAt: row.created_at,
  actor: { type: row.actor_type, id: row.actor_id, name: row.actor_name },
  action: row.action,
  subject: { type: row.subject_type, id: row.subject_id, webhookId: row.webhook_id },
  changes: row.changes,
});

export interface AuditFilter {
  /** Null: of all tenants, and the platform's own. */
  tenantId: string | null;
  action?: AuditAction | undefined;
  subjectType?: SubjectType | undefined;
  subjectId?: string | undefined;
  /** Written at or after. */
  since?: Date | undefined;
  /** Written before. */
  until?: Date | undefined;
}

/** Newest first. */
export async function listAuditEntries(
  db: Queryable,
  { tenantId, action, subjectType, subjectId, since, until }: AuditFilter,
  page: { limit: number; beforeId: string | null },
): Promise<AuditEntry[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const given = [
    ['subject_id', subjectId],
    ['tenant_id', tenantId ?? undefined],
    ['action', action],
    ['subject_type', subjectType],
  ] as const;
  const filters = given.flatMap(([column, value]) =>
    value === undefined ? [] : [[column, parameter(value)] as const],
  );
  // The columns of an index: the subject's, or the tenant's with one of the others. Without either, entries are read
  // newest first until the page is full.
  const inKey = filters[0]?.[0] === 'subject_id' ? filters.slice(0, 1) : tenantId === null ? [] : filters.slice(0, 2);
  const range = { since, until, beforeId: page.beforeId };
  const { where, order } = keyRange('e', inKey, range, parameter);
  const equal = filters.map(([column, value]) => `e.${column} = ${value}`);
  const { rows } = await db.query<AuditEntryRow>(
    `select id, created_at, actor_type, actor_id, actor_name, action, subject_type, subject_id, webhook_id, changes
       from audit_entries e where ${[where, ...equal].join(' and ')} order by ${order} limit ${parameter(page.limit)}`,
    values,
  );
  return rows.map(toEntry);
}
