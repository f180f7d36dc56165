import { NotFoundError } from '../errors.js';
import { sqlState, sqlStateOf, type Queryable } from './database.js';

/** A number's assignment to a tenant. Assigned again after a release, even to the same tenant, it gets a new one. */
export interface PhoneNumber {
  id: string;
  tenantId: string;
  phoneNumber: string;
  /** The Twilio account that has the number; null: the account that sends. */
  accountSid: string | null;
  assignedAt: Date;
}

interface PhoneNumberRow {
  id: string;
  tenant_id: string;
  phone_number: string;
  account_sid: string | null;
  assigned_at: Date;
}

const toPhoneNumber = (row: PhoneNumberRow): PhoneNumber => ({
  id: row.id,
  tenantId: row.tenant_id,
  phoneNumber: row.phone_number,
  accountSid: row.account_sid,
  assignedAt: row.assigned_at,
});

const columns = 'id, tenant_id, phone_number, account_sid, assigned_at';

/** The tenant that has the number now; null: nobody. The exact text, without NUL: nothing is normalised. */
export async function ownerOfNumber(db: Queryable, phoneNumber: string): Promise<string | null> {
  return (await findAssigned(db, phoneNumber))?.tenantId ?? null;
}

/** The assignment of the number at that time; null: nobody had it. */
export async function findAssignedAt(db: Queryable, phoneNumber: string, moment: Date): Promise<PhoneNumber | null> {
  const { rows } = await db.query<PhoneNumberRow>(
    // Twilio's times have no fraction of a second.
    `select ${columns} from phone_numbers
      where phone_number = $1 and assigned_at < $2::timestamptz + interval '1 s'
        and coalesce(released_at, 'infinity') > $2
      order by assigned_at limit 1`,
    [phoneNumber, moment],
  );
  return rows[0] ? toPhoneNumber(rows[0]) : null;
}

/** Null: nobody has the number at present. `lock`: nobody else changes the assignment until the transaction ends. */
export async function findAssigned(
  db: Queryable,
  phoneNumber: string,
  { lock = false }: { lock?: boolean } = {},
): Promise<PhoneNumber | null> {
  const { rows } = await db.query<PhoneNumberRow>(
    `select ${columns} from phone_numbers where phone_number = $1 and released_at is null ${lock ? 'for no key update' : ''}`,
    [phoneNumber],
  );
  return rows[0] ? toPhoneNumber(rows[0]) : null;
}

/**
 * Null: a tenant has the number already, perhaps this one. Waits for a transaction that is assigning the same number.
 * Throws NotFoundError (no such tenant).
 */
export async function insertAssignment(
  db: Queryable,
  tenantId: string,
  { phoneNumber, accountSid }: { phoneNumber: string; accountSid: string | null },
): Promise<PhoneNumber | null> {
  try {
    const { rows } = await db.query<PhoneNumberRow>(
      `insert into phone_numbers (tenant_id, phone_number, account_sid) values ($1, $2, $3)
       on conflict (phone_number) where released_at is null do nothing returning ${columns}`,
      [tenantId, phoneNumber, accountSid],
    );
    return rows[0] ? toPhoneNumber(rows[0]) : null;
  } catch (error) {
    if (sqlStateOf(error) === sqlState.foreignKeyViolation) throw new NotFoundError(`There is no tenant ${tenantId}.`);
    throw error;
  }
}

/** Moves the number to another account; it stays the same assignment. Null: it was released before. */
export async function setNumberAccount(
  db: Queryable,
  id: string,
  accountSid: string | null,
): Promise<PhoneNumber | null> {
  const { rows } = await db.query<PhoneNumberRow>(
    `update phone_numbers set account_sid = $2 where id = $1 and released_at is null returning ${columns}`,
    [id, accountSid],
  );
  return rows[0] ? toPhoneNumber(rows[0]) : null;
}

/** Whether the tenant has a number now that was assigned with that account. */
export async function hasNumberIn(db: Queryable, tenantId: string, accountSid: string): Promise<boolean> {
  const { rowCount } = await db.query(
    'select from phone_numbers where tenant_id = $1 and account_sid = $2 and released_at is null limit 1',
    [tenantId, accountSid],
  );
  return rowCount === 1;
}

/** Ends the assignment with that id, or the number's current one. Null: there is none, or it was released before. */
export async function releaseNumber(
  db: Queryable,
  { id = null, phoneNumber = null }: { id?: string | null; phoneNumber?: string | null },
): Promise<PhoneNumber | null> {
  const { rows } = await db.query<PhoneNumberRow>(
    // now() is the transaction's start, which may be before the assignment.
    `update phone_numbers set released_at = greatest(now(), assigned_at)
      where released_at is null and (id = $1 or phone_number = $2) returning ${columns}`,
    [id, phoneNumber],
  );
  return rows[0] ? toPhoneNumber(rows[0]) : null;
}

/** Current assignments, newest first. A filter that is null matches all. */
export async function listAssigned(
  db: Queryable,
  filter: { tenantId: string | null; phoneNumber: string | null },
  page: { limit: number; beforeId: string | null },
): Promise<PhoneNumber[]> {
  const { rows } = await db.query<PhoneNumberRow>(
    `select ${columns} from phone_numbers
      where released_at is null and ($2::uuid is null or id < $2)
        and ($3::uuid is null or tenant_id = $3) and ($4::text is null or phone_number = $4)
      order by id desc limit $1`,
    [page.limit, page.beforeId, filter.tenantId, filter.phoneNumber],
  );
  return rows.map(toPhoneNumber);
}
