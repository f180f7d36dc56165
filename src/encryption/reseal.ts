import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/database.js';
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
import { openIfReadable, sealedKeyId, type Sealer } from './seal.js';
import { contextOf } from './check-encryption.js';

/** A value that none of the keys opens. */
export interface UnreadableValue {
  webhookId: number;
  column: SealedColumn;
  /** Null: the value names no key. */
  keyId: string | null;
}

export interface ResealResult {
  /** Values that are now sealed with the first key, and were not before. */
  resealed: number;
  /** Left as they are. Leaves out values of deleted webhooks and ended overlaps, which nobody needs. */
  unreadable: UnreadableValue[];
  /** Webhooks that were disabled because one of their values was given up. */
  discarded: number;
  /** Values that could be opened but not replaced before the timeout, mostly because their webhooks were locked. */
  busy: number;
}

export interface ResealOptions {
  batchSize?: number;
  /**
   * Keys that are lost for good (null: those of values that name none). Values that need them and cannot be opened are
   * given up; see `discardSealed`.
   */
  lostKeys?: readonly (string | null)[];
  /** A webhook was disabled because one of its values was given up. */
  onDisabled?: (webhook: { webhookId: number; tenantId: string }) => void;
  /** After each batch: how many webhooks this pass has handled, of those that were outdated at its start. */
  onProgress?: (progress: { webhooks: number; of: number; resealed: number }) => void;
  /** How long to go on without progress when webhooks are locked. */
  timeoutMs?: number;
}

/**
 * Seals again, with the first key, what other keys sealed, in batches of short statements, while services run. Safe to
 * repeat, to run concurrently, and to stop at any time: each batch stands by itself.
 */
export async function resealAll(db: Database, sealer: Sealer, options: ResealOptions = {}): Promise<ResealResult> {
  const { timeoutMs = 60_000 } = options;
  let resealed = 0;
  let discarded = 0;
  let movedAt = performance.now();
  for (;;) {
    const pass = await resealOnce(db, sealer, options, resealed);
    resealed += pass.resealed;
    discarded += pass.discarded;
    if (pass.resealed > 0) movedAt = performance.now();
    if (pass.left === 0 || performance.now() - movedAt > timeoutMs)
      return { resealed, discarded, unreadable: pass.unreadable, busy: pass.left };
    // Locked, or set anew meanwhile, perhaps by a process that seals with an older key.
    await delay(200);
  }
}

async function resealOnce(
  db: Database,
  sealer: Sealer,
  { batchSize = 500, lostKeys = [], onDisabled, onProgress }: ResealOptions,
  before: number,
): Promise<Pass> {
  const keyId = sealer.keyIds[0]!;
  const of = await countOutdated(db, keyId);
  const pass: Pass = { resealed: 0, left: 0, discarded: 0, unreadable: [] };
  for (let afterId = 0, webhooks = 0; ;) {
    const batch = await listOutdated(db, keyId, { afterId, limit: batchSize });
    if (batch.length === 0) return pass;
    const sorted = batch.map((webhook) => ({ webhook, ...sortValues(webhook, sealer) }));
    const reseals = sorted.flatMap(({ readable }) => readable);
    const replaced = await replaceSealed(db, reseals);
    pass.resealed += replaced;
    pass.left += reseals.length - replaced;
    for (const { webhook, unreadable } of sorted) {
      if (unreadable.length === 0 || webhook.isDeleted) continue;
      const isLost = ({ column, keyId }: UnreadableValue) =>
        lostKeys.includes(keyId) || (column === 'previous_secret_sealed' && webhook.isOverlapOver);
      pass.unreadable.push(...unreadable.filter((value) => !isLost(value)));
      if (!(await giveUp(db, sealer, webhook, unreadable.filter(isLost)))) continue;
      pass.discarded += 1;
      onDisabled?.({ webhookId: webhook.id, tenantId: webhook.tenantId });
    }
    webhooks += batch.length;
    afterId = batch.at(-1)!.id;
    onProgress?.({ webhooks, of: Math.max(of, webhooks), resealed: before + pass.resealed });
  }
}

interface Pass {
  resealed: number;
  /** Values that could be opened and were not replaced. */
  left: number;
  discarded: number;
  unreadable: UnreadableValue[];
}

function sortValues(webhook: OutdatedWebhook, sealer: Sealer): { readable: Reseal[]; unreadable: UnreadableValue[] } {
  const readable: Reseal[] = [];
  const unreadable: UnreadableValue[] = [];
  for (const column of sealedColumns) {
    const from = webhook[column];
    if (!from) continue;
    const context = contextOf(column, webhook.tenantId);
    const text = openIfReadable(sealer, from, context);
    if (text === undefined) unreadable.push({ webhookId: webhook.id, column, keyId: sealedKeyId(from) });
    else readable.push({ webhookId: webhook.id, column, from, to: sealer.seal(text, context) });
  }
  return { readable, unreadable };
}

/**
 * Returns whether it disabled the webhook: not if only the previous secret was lost, or the values changed meanwhile.
 */
async function giveUp(
  db: Database,
  sealer: Sealer,
  webhook: OutdatedWebhook,
  lost: UnreadableValue[],
): Promise<boolean> {
  const lostValue = (column: SealedColumn) => (lost.some((value) => value.column === column) ? webhook[column] : null);
  const previous = lostValue('previous_secret_sealed');
  if (previous) await dropPreviousSecret(db, webhook.id, previous);
  const secret = lostValue('secret_sealed');
  const headers = lostValue('headers_sealed');
  if (!secret && !headers) return false;
  const what = [secret && 'its signing secret', headers && 'its headers'].filter(Boolean).join(' and ');
  const todo = [secret && 'replace the secret', headers && 'set the headers'].filter(Boolean).join(' and ');
  return discardSealed(db, webhook.id, {
    ...(secret && {
      secret: { from: secret, to: sealer.seal(createSecret(), contextOf('secret_sealed', webhook.tenantId)) },
    }),
    ...(headers && { headers }),
    reason: `the service has lost ${what}: ${todo}, then enable it again`,
  });
}
