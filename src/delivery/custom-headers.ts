import type { FieldError } from '../errors.js';

const maxHeaders = 20;
const maxNameLength = 256;
const maxValueLength = 1024;
/** RFC 9110 §5.6.2. */
const tokenForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible ASCII, space and tab. RFC 9110 lets obs-text through; receivers disagree on what it means. */
const valueForm = /^[\t\x20-\x7e]*$/;
const reservedNames = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** Whether a header is set by us or belongs to the connection (RFC 9110 §7.6.1), so that no webhook may set it. */
export function isReservedHeader(name: string): boolean {
  const lowerCase = name.toLowerCase();
  return reservedNames.has(lowerCase) || lowerCase.startsWith('x-irisx-') || lowerCase.startsWith('webhook-');
}

/**
 * What is wrong with the headers that a tenant wants on each request; empty if all can be sent. Paths are
 * `headers.<name>`. Messages never repeat values, since they may be secrets.
 */
export function checkHeaders(headers: Record<string, string>): FieldError[] {
  const names = Object.keys(headers);
  // The rest is not checked then, since a caller can send a hundred thousand.
  if (names.length > maxHeaders) {
    return [{ path: 'headers', message: `${names.length} headers are too many; at most ${maxHeaders} are sent` }];
  }
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const message = checkName(name) ?? repeats(seen, name) ?? checkValue(value);
    if (message !== undefined) errors.push({ path: `headers.${name}`, message });
  }
  return errors;
}

function checkName(name: string): string | undefined {
  if (name.length > maxNameLength)
    return `the name has ${name.length} characters; at most ${maxNameLength} are allowed`;
  if (!tokenForm.test(name)) {
    return `${JSON.stringify(name)} is not a header name; use letters, digits and hyphens (RFC 9110 §5.6.2)`;
  }
  if (isReservedHeader(name)) return `${name} is set by the sender and cannot be changed; leave it out`;
  return undefined;
}

function repeats(seen: Set<string>, name: string): string | undefined {
  const lowerCase = name.toLowerCase();
  if (seen.has(lowerCase)) return `${name} is given twice; header names differ by more than their case`;
  seen.add(lowerCase);
  return undefined;
}

function checkValue(value: unknown): string | undefined {
  if (typeof value !== 'string') return `expected text, but the value is ${value === null ? 'null' : typeof value}`;
  if (value.length > maxValueLength) {
    return `the value has ${value.length} characters; at most ${maxValueLength} are allowed`;
  }
  if (!valueForm.test(value)) {
    return 'the value has a character that is not visible ASCII, space or tab; encode it, for example in base64';
  }
  return undefined;
}
