import type { Logger } from 'pino';
import { audit, system } from './audit.js';
import { oneRow, type Database, type Queryable, type Transaction } from './database.js';
import { deliveriesFollow, findWebhook, type Webhook } from './webhooks.js';
import { ConflictError } from '../errors.js';

// The receivers of an unverified webhook (`verification` is pending) are asked for a challenge. While they are to be
// asked, `verification_error` is null; a wrong answer sets it, and a call of the tenant clears it again.

/** A webhook whose receivers are to be asked. */
export interface UnverifiedWebhook {
  webhookId: number;
  tenantId: string;
}

/** Everything that the requests need. Secrets are still sealed. */
export interface TakenVerification {
  /** What the answers count for: this url, and this fallback url. */
  targetVersion: number;
  /** By Postgres' clock. */
  takenAt: Date;
  url: string;
  fallbackUrl: string | null;
  timeoutMs: number;
  sealedHeaders: Buffer | null;
  sealedSecret: Buffer;
  /** Null outside the overlap of a rotation. */
  sealedPreviousSecret: Buffer | null;
}

export type TakeVerificationResult =
  | ({ answer: 'send' } & TakenVerification)
  /** Verified, deleted, or a receiver gave a wrong answer. */
  | { answer: 'ended' }
  /** The tenant had too many receivers asked lately. */
  | { answer: 'wait'; waitMs: number }
  /** The webhook's secret or headers are sealed with a key that is not among `keyIds`. */
  | { answer: 'sealed' };

/**
 * Has the receivers of an unverified webhook asked again; call it in a transaction, and start its workflow when that is
 * committed. Changes nothing while they are being asked. `waitSeconds`: nothing was changed, since the tenant had too
 * many receivers asked lately. Null: the tenant has no such webhook. Throws ConflictError if nothing is to be verified.
 */
export async function requestVerification(
  db: Transaction,
  tenantId: string,
  webhookId: number,
): Promise<{ before: Webhook; after: Webhook; waitSeconds: number | null } | null> {
  const before = await findWebhook(db, tenantId, webhookId, { lock: true });
  if (!before) return null;
  if (before.verification !== 'pending')
    throw new ConflictError(
      before.verification === 'verified'
        ? `Webhook ${webhookId} is verified already.`
        : `Webhook ${webhookId} needs no verification: it was made without "verify": true.`,
    );
  if (before.verificationError === null) return { before, after: before, waitSeconds: null };
  const { rows } = await db.query<{ wait_ms: number }>(
    'select milliseconds_until(verification_free_at(w)) as wait_ms from webhooks w where id = $1',
    [webhookId],
  );
  const waitMs = oneRow(rows).wait_ms;
  if (waitMs > 0) return { before, after: before, waitSeconds: Math.ceil(waitMs / 1000) };
  await db.query(
    'update webhooks set verification_error = null, verification_checked_at = clock_timestamp() where id = $1',
    [webhookId],
  );
  return { before, after: { ...before, verificationError: null }, waitSeconds: null };
}

/** Gives the right to ask the receivers of a webhook once (migrations/functions/take_verification.sql). */
export async function takeVerification(
  db: Queryable,
  webhookId: number,
  keyIds: readonly string[],
): Promise<TakeVerificationResult> {
  const { rows } = await db.query<{
    answer: TakeVerificationResult['answer'];
    wait_ms: number;
    target_version: number;
    taken_at: Date;
    url: string;
    fallback_url: string | null;
    timeout_ms: number;
    headers_sealed: Buffer | null;
    secret_sealed: Buffer;
    previous_secret_sealed: Buffer | null;
  }>('select * from take_verification($1, $2)', [webhookId, keyIds]);
  const row = oneRow(rows);
  if (row.answer === 'wait') return { answer: 'wait', waitMs: row.wait_ms };
  if (row.answer !== 'send') return { answer: row.answer };
  return {
    answer: 'send',
    targetVersion: row.target_version,
    takenAt: row.taken_at,
    url: row.url,
    fallbackUrl: row.fallback_url,
    timeoutMs: row.timeout_ms,
    sealedHeaders: row.headers_sealed,
    sealedSecret: row.secret_sealed,
    sealedPreviousSecret: row.previous_secret_sealed,
  };
}

/**
 * Records what the receivers answered: `error` null verifies the webhook, and its held deliveries follow (settleSoon).
 * False, and nothing is recorded: the webhook was changed or deleted since, or the answer is recorded already.
 */
export async function recordVerification(
  db: Database,
  log: Logger,
  result: UnverifiedWebhook & { targetVersion: number; error: string | null },
): Promise<boolean> {
  const { webhookId, tenantId, targetVersion, error } = result;
  return db.transaction(async (db) => {
    const { rowCount } = await db.query(
      `update webhooks set ${error === null ? `verification = 'verified', verified_at = clock_timestamp(), ${deliveriesFollow}` : 'verification_error = $3'}
        where id = $1 and target_version = $2 and verification = 'pending' and verification_error is null
          and deleted_at is null`,
      [webhookId, targetVersion, ...(error === null ? [] : [error])],
    );
    if (rowCount === 0) return false;
    await audit(db, { actor: system, log }, { ...subject(webhookId, tenantId), ...changeTo(error) });
    return true;
  });
}

const subject = (subjectId: number, tenantId: string) => ({ subjectId, tenantId });
const pending = { status: 'pending', last_error: null };
const changeTo = (error: string | null) => ({
  action: error === null ? ('webhook.verified' as const) : ('webhook.verification_failed' as const),
  before: { verification: pending },
  after: {
    verification: error === null ? { status: 'verified', last_error: null } : { ...pending, last_error: error },
  },
});

/**
 * Webhooks whose workflow has asked for nothing for a minute: it was not started, or it is gone. The hundred that have
 * waited longest.
 */
export async function listUnattendedVerifications(db: Queryable): Promise<UnverifiedWebhook[]> {
  const { rows } = await db.query<{ id: number; tenant_id: string }>(
    `select id, tenant_id from webhooks
      where verification = 'pending' and verification_error is null and deleted_at is null
        and verification_checked_at < now() - interval '1 min'
      order by verification_checked_at limit 100`,
  );
  return rows.map((row) => ({ webhookId: row.id, tenantId: row.tenant_id }));
}
