/**
 * Every text in a value, one per line, with bytes as Latin-1, to search for plain text. JSON would not do, as protobuf
 * messages render bytes in base64.
 */
export function allText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${allText(each)}`)
    .join('\n');
}
