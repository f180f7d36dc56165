import { setTimeout as delay } from 'node:timers/promises';
import type { Queryable } from '../db/database.js';
import {
  countOutdated,
  discardSealed,
  dropPreviousSecret,
  listOutdated,
  replaceSealed,
  type OutdatedWebhook,
  type Reseal,
} from '../db/reseal.js';
import { sealedColumns, type SealedColumn } from '../db/sealed-values.js';
import { createSecret } from '../delivery/signature.js';
import { openIfReadable, sealedKeyId, type Sealer } from '../seal.js';
import { contextOf } from './check-encryption.js';

/** A value that none of the keys opens. */
export interface UnreadableValue {
  webhookId: number;
  column: SealedColumn;
  /** Null: it names none. */
  keyId: string | null;
}

export interface ResealResult {
  /** Values that are sealed with the first key now, and were not. */
  resealed: number;
  /** Left as they are. Those of deleted webhooks and ended overlaps are not among them: nobody needs them. */
  unreadable: UnreadableValue[];
  /** Webhooks that were disabled, as a value of theirs was given up. */
  discarded: number;
  /** Values whose webhooks somebody had locked until the patience was over. */
  busy: number;
}

export interface ResealOptions {
  batchSize?: number;
  /** Gives up what cannot be opened; see `discardSealed`. */
  discardUnreadable?: boolean;
  /** After each batch: webhooks looked at in this pass, of those that were outdated at its start. */
  onProgress?: (progress: { webhooks: number; of: number; resealed: number }) => void;
  /** How long to wait for webhooks that somebody has locked, without getting any further. */
  patienceMs?: number;
}

/**
 * Seals with the first key whatever another one sealed, in batches of short statements, while services run. Safe to
 * repeat, to run twice at once, and to break off: each batch stands by itself.
 */
export async function resealAll(db: Queryable, sealer: Sealer, options: ResealOptions = {}): Promise<ResealResult> {
  const { patienceMs = 60_000 } = options;
  let resealed = 0;
  let discarded = 0;
  let movedAt = performance.now();
  for (;;) {
    const pass = await resealOnce(db, sealer, options, resealed);
    resealed += pass.resealed;
    discarded += pass.discarded;
    if (pass.resealed > 0) movedAt = performance.now();
    if (pass.left === 0 || performance.now() - movedAt > patienceMs)
      return { resealed, discarded, unreadable: pass.unreadable, busy: pass.left };
    // Locked, or set anew meanwhile, perhaps by a process that seals with an older key.
    await delay(200);
  }
}

async function resealOnce(
  db: Queryable,
  sealer: Sealer,
  { batchSize = 500, discardUnreadable = false, onProgress }: ResealOptions,
  before: number,
): Promise<{ resealed: number; left: number; discarded: number; unreadable: UnreadableValue[] }> {
  const keyId = sealer.keyIds[0]!;
  const of = await countOutdated(db, keyId);
  const pass = { resealed: 0, left: 0, discarded: 0, unreadable: [] as UnreadableValue[] };
  for (let afterId = 0, webhooks = 0; ;) {
    const batch = await listOutdated(db, keyId, { afterId, limit: batchSize });
    if (batch.length === 0) return pass;
    const reseals: Reseal[] = [];
    for (const webhook of batch) {
      const { readable, lost } = sortValues(webhook, sealer);
      reseals.push(...readable);
      if (lost.length === 0 || webhook.isDeleted) continue;
      if (webhook.previous_secret_sealed && lost.includes('previous_secret_sealed')) {
        if (webhook.isOverlapOver || discardUnreadable)
          await dropPreviousSecret(db, webhook.id, webhook.previous_secret_sealed);
      }
      const needed = lost.filter((column) => column !== 'previous_secret_sealed' || !webhook.isOverlapOver);
      if (!discardUnreadable)
        pass.unreadable.push(
          ...needed.map((column) => ({ webhookId: webhook.id, column, keyId: sealedKeyId(webhook[column]!) })),
        );
      else if (await discard(db, sealer, webhook, lost)) pass.discarded += 1;
    }
    const replaced = await replaceSealed(db, reseals);
    pass.resealed += replaced;
    pass.left += reseals.length - replaced;
    webhooks += batch.length;
    afterId = batch.at(-1)!.id;
    onProgress?.({ webhooks, of: Math.max(of, webhooks), resealed: before + pass.resealed });
  }
}

function sortValues(webhook: OutdatedWebhook, sealer: Sealer): { readable: Reseal[]; lost: SealedColumn[] } {
  const readable: Reseal[] = [];
  const lost: SealedColumn[] = [];
  for (const column of sealedColumns) {
    const from = webhook[column];
    if (!from) continue;
    const context = contextOf(column, webhook.tenantId);
    const text = openIfReadable(sealer, from, context);
    if (text === undefined) lost.push(column);
    else readable.push({ webhookId: webhook.id, column, from, to: sealer.seal(text, context) });
  }
  return { readable, lost };
}

/** False where only the previous secret was lost, or somebody was quicker. */
async function discard(
  db: Queryable,
  sealer: Sealer,
  { id, tenantId, secret_sealed: secret, headers_sealed: headers }: OutdatedWebhook,
  lost: SealedColumn[],
): Promise<boolean> {
  const losesSecret = secret !== null && lost.includes('secret_sealed');
  const losesHeaders = headers !== null && lost.includes('headers_sealed');
  if (!losesSecret && !losesHeaders) return false;
  const what = [losesSecret && 'its signing secret', losesHeaders && 'its headers'].filter(Boolean).join(' and ');
  const todo = [losesSecret && 'replace the secret', losesHeaders && 'set the headers'].filter(Boolean).join(' and ');
  return discardSealed(db, id, {
    ...(losesSecret && {
      secret: { from: secret, to: sealer.seal(createSecret(), contextOf('secret_sealed', tenantId)) },
    }),
    ...(losesHeaders && { headers }),
    reason: `the service has lost ${what}: ${todo}, then enable it again`,
  });
}
