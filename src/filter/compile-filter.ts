import type { Condition, Filter, Scalar } from './parse-filter.js';

/**
 * The filter as a jsonpath of Postgres, which is true or false for every event and never an error. Strict: a lax path
 * would look into lists.
 */
export const compileFilter = (filter: Filter): string => `strict exists($ ? (${compile(filter)}))`;

/** True, false or unknown; what is not true does not match. */
function compile(filter: Filter): string {
  if ('condition' in filter) return `(${compileCondition(filter.condition)})`;
  if ('not' in filter) return not(compile(filter.not));
  if ('any' in filter) return `(${filter.any.map(compile).join(' || ')})`;
  return filter.all.length === 0 ? 'exists($)' : `(${filter.all.map(compile).join(' && ')})`;
}

function compileCondition({ path, operator, operand }: Condition): string {
  const field = ['$', ...path.split('.').map(literal)].join('.');
  switch (operator) {
    case '$eq':
      return isOneOf(field, [operand]);
    case '$ne':
      return not(isOneOf(field, [operand]));
    case '$in':
      return isOneOf(field, operand);
    case '$nin':
      return not(isOneOf(field, operand));
    case '$gt':
      return has(field, `@ > ${literal(operand)}`);
    case '$gte':
      return has(field, `@ >= ${literal(operand)}`);
    case '$lt':
      return has(field, `@ < ${literal(operand)}`);
    case '$lte':
      return has(field, `@ <= ${literal(operand)}`);
    case '$startsWith':
      return has(field, `@ starts with ${literal(operand)}`);
    case '$exists':
      return operand ? `exists(${field})` : not(`exists(${field})`);
  }
}

/** Not true if the field is missing, or if Postgres cannot compare it: a list, an object, another type. */
const has = (field: string, predicate: string): string => `exists(${field} ? (${predicate}))`;

/** `!` alone would leave the unknown unknown. Whatever is not true is dropped by the inner filter. */
const not = (predicate: string): string => `!exists($ ? (${predicate}))`;

/** The field is evaluated once, however many values there are. Null stands for a missing field too. */
function isOneOf(field: string, values: Scalar[]): string {
  const known = values.filter((value) => value !== null).map((value) => `@ == ${literal(value)}`);
  return [
    ...(known.length > 0 ? [has(field, known.join(' || '))] : []),
    ...(known.length < values.length ? [not(has(field, '@ != null'))] : []),
  ].join(' || ');
}

/** jsonpath takes the literals of JSON, and quoted names of fields. */
const literal = (value: Scalar): string => JSON.stringify(value);
