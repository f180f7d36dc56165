import type { Queryable } from './database.js';

/** Null: the account's list of messages was never compared. */
export async function reconciledUntil(db: Queryable, accountSid: string): Promise<Date | null> {
  const { rows } = await db.query<{ reconciled_until: Date }>(
    'select reconciled_until from message_reconciliations where account_sid = $1',
    [accountSid],
  );
  return rows[0]?.reconciled_until ?? null;
}

export async function recordReconciliation(db: Queryable, accountSid: string, until: Date): Promise<void> {
  await db.query(
    `insert into message_reconciliations as r (account_sid, reconciled_until) values ($1, $2)
     on conflict (account_sid) do update set reconciled_until = greatest(r.reconciled_until, excluded.reconciled_until)`,
    [accountSid, until],
  );
}
