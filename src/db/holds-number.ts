/** Rows that one statement looks through. */
export const pageSize = 500;

/** Whether a text holds the number of `patternOf`, as $2 and $3. The plain search is the fast one. */
export const holds = (text: string) => `(${text} like $2 and ${text} ~ $3)`;

/**
 * A number is found with or without `+` or `00`, wherever no further digit adjoins it. A short code could be any
 * number: only as a whole, in quotes, or between underscores as in event ids.
 */
export function patternOf(phoneNumber: string): [like: string, regex: string] {
  const digits = phoneNumber.replace(/^\+/, '');
  const regex = phoneNumber.startsWith('+') ? `(?<![0-9])(\\+|00)?${digits}(?![0-9])` : `(?<![^"_])${digits}(?![^"_])`;
  return [`%${digits}%`, regex];
}
