import type { FieldError } from '../errors.js';
import { isStorable } from '../db/database.js';
import { showKind } from '../events/show-value.js';

export const maxConditions = 50;
/** How many of `$and`, `$or` and `$not` may be inside each other. */
export const maxDepth = 5;
/** Of the filter as JSON. */
export const maxFilterBytes = 8192;
/** Of all `$in` and `$nin` of a filter together. */
export const maxListed = 200;

export type Scalar = string | number | boolean | null;

/** One operator on one field of the envelope. */
export type Condition = { path: string } & (
  | { operator: '$eq' | '$ne'; operand: Scalar }
  | { operator: '$in' | '$nin'; operand: Scalar[] }
  | { operator: '$gt' | '$gte' | '$lt' | '$lte'; operand: string | number }
  | { operator: '$startsWith'; operand: string }
  | { operator: '$exists'; operand: boolean }
);

/** With what its tenant wrote for it: the operator and its operand, or the value alone. */
export interface FilterCondition {
  condition: Condition;
  written: unknown;
}

/** `all` of no filters matches every event; `any` is never empty. */
export type Filter = FilterCondition | { all: Filter[] } | { any: Filter[] } | { not: Filter };

/** The filter, or what is wrong with it; paths begin in the filter (`$or.0.data.from`). */
export type ParsedFilter = { ok: true; filter: Filter } | { ok: false; errors: FieldError[] };

type Operator = Condition['operator'];

const isText = (value: unknown) => typeof value === 'string' && isStorable(value);
const isOrdered = (value: unknown) => typeof value === 'number' || isText(value);
const isScalar = (value: unknown) => value === null || typeof value === 'boolean' || isOrdered(value);

/** What an operand, or each value of its list, must be. */
const scalar = { fits: isScalar, expected: 'text, a number, true, false or null' };
const ordered = { fits: isOrdered, expected: 'a number or text' };
const text = { fits: isText, expected: 'text' };
const boolean = { fits: (value: unknown) => typeof value === 'boolean', expected: 'true or false' };

const operands: Record<Operator, { fits: (value: unknown) => boolean; expected: string; isList?: true }> = {
  $eq: scalar,
  $ne: scalar,
  $gt: ordered,
  $gte: ordered,
  $lt: ordered,
  $lte: ordered,
  $in: { ...scalar, isList: true },
  $nin: { ...scalar, isList: true },
  $startsWith: text,
  $exists: boolean,
};
const operatorNames = Object.keys(operands).join(', ');
const around = '$and, $or and $not';

/** A field of the envelope. Only `data` has fields of its own, of any names. */
const fieldForm = /^(?:event|event_id|timestamp|data(?:\.[^.]+)*)$/;

/** Reads a filter as a tenant writes it, and checks all of it. */
export function parseFilter(written: unknown): ParsedFilter {
  const bytes = Buffer.byteLength(JSON.stringify(written));
  if (bytes > maxFilterBytes) {
    const message = `expected at most ${maxFilterBytes} bytes of JSON, got ${bytes}`;
    return { ok: false, errors: [{ path: '', message }] };
  }
  const reader = new FilterReader();
  const filter = reader.read(written, '', 0);
  if (reader.conditions > maxConditions)
    reader.wrong('', `expected at most ${maxConditions} conditions, got ${reader.conditions}`);
  if (reader.listed > maxListed)
    reader.wrong('', `expected at most ${maxListed} values in all lists together, got ${reader.listed}`);
  return reader.errors.length > 0 ? { ok: false, errors: reader.errors } : { ok: true, filter };
}

/** Goes on after an error, to report all of them. */
class FilterReader {
  readonly errors: FieldError[] = [];
  conditions = 0;
  /** Values of lists. */
  listed = 0;

  /** `at`: where it is in the whole filter; `depth`: inside how many of `$and`, `$or` and `$not`. */
  read(written: unknown, at: string, depth: number): Filter {
    if (!isObject(written)) return this.wrong(at, `expected an object of conditions, got ${showKind(written)}`);
    const parts = Object.entries(written).map(([name, value]) => {
      const place = at === '' ? name : `${at}.${name}`;
      return name.startsWith('$')
        ? this.#readLogic(name, value, place, depth + 1)
        : this.#readField(name, value, place);
    });
    // A filter of nothing matches everything; within another one that is surely a mistake.
    if (parts.length === 0 && depth > 0) return this.wrong(at, 'expected at least one condition');
    return allOf(parts);
  }

  #readLogic(name: string, value: unknown, at: string, depth: number): Filter {
    if (depth > maxDepth)
      return this.wrong(at, `is too deep; at most ${maxDepth} of ${around} may be inside each other`);
    if (name === '$not') return { not: this.read(value, at, depth) };
    if (name !== '$and' && name !== '$or') {
      return isOperator(name)
        ? this.wrong(at, `needs a field: {"data.direction": {"${name}": …}}`)
        : this.wrong(at, `is unknown; expected ${around}, or a field such as data.direction`);
    }
    if (!Array.isArray(value) || value.length === 0)
      return this.wrong(at, `expected a list of filters, got ${showList(value)}`);
    const filters = value.map((part, index) => this.read(part, `${at}.${index}`, depth));
    return name === '$and' ? { all: filters } : { any: filters };
  }

  #readField(path: string, value: unknown, at: string): Filter {
    if (!fieldForm.test(path) || !isStorable(path))
      return this.wrong(
        at,
        'is unknown; expected event, event_id, timestamp, data or a field of it, like data.direction',
      );
    if (!isObject(value)) return this.#readCondition(path, '$eq', value, { at, written: value });
    const parts = Object.entries(value).map(([operator, operand]) =>
      this.#readCondition(path, operator, operand, { at: `${at}.${operator}`, written: { [operator]: operand } }),
    );
    if (parts.length === 0) return this.wrong(at, `expected a value, or an operator of ${operatorNames}`);
    return allOf(parts);
  }

  #readCondition(
    path: string,
    operator: string,
    operand: unknown,
    { at, written }: { at: string; written: unknown },
  ): Filter {
    if (!isOperator(operator))
      return this.wrong(at, `is unknown; expected one of ${operatorNames}; ${around} go around conditions`);
    const { fits, expected, isList } = operands[operator];
    if (!isList) this.#check(operand, fits, expected, at);
    else if (!Array.isArray(operand) || operand.length === 0)
      this.wrong(at, `expected a list of values, got ${showList(operand)}`);
    else {
      operand.forEach((value, index) => this.#check(value, fits, expected, `${at}.${index}`));
      this.listed += operand.length;
    }
    this.conditions += 1;
    // The table above says which operands each operator has.
    return { condition: { path, operator, operand } as Condition, written };
  }

  #check(value: unknown, fits: (value: unknown) => boolean, expected: string, at: string): void {
    if (fits(value)) return;
    const isBadText = typeof value === 'string' && !isStorable(value);
    const remedy = Array.isArray(value) ? '; for one of several values use $in' : '';
    this.wrong(
      at,
      `expected ${expected}, got ${isBadText ? 'NUL or an unpaired surrogate' : showKind(value)}${remedy}`,
    );
  }

  /** Answers a filter to go on with; it is never used. */
  wrong(path: string, message: string): Filter {
    this.errors.push({ path, message });
    return { all: [] };
  }
}

const allOf = (filters: Filter[]): Filter => (filters.length === 1 && filters[0] ? filters[0] : { all: filters });

const isOperator = (name: string): name is Operator => Object.hasOwn(operands, name);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const showList = (value: unknown) => (Array.isArray(value) ? 'an empty one' : showKind(value));
