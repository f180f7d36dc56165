import { type Frame, readHeaderLines } from './frame-reader.js';

/** Marks an event that came in plain form: its values are decoded already. */
export const plainFormHeader = 'Irisx-Plain-Form';

/**
 * The frame in a form that modesl can read. modesl decodes every header line with decodeURIComponent, which throws in
 * the middle of its socket handler at a lone `%`, and a caller can send one as his name. So events are always converted
 * to JSON, and a `%` in the lines of a frame is encoded.
 */
export function toSoundBytes({ headers, contentType, body }: Frame): Buffer {
  const isPlain = contentType === 'text/event-plain';
  const soundBody = isPlain ? Buffer.from(JSON.stringify(readPlainEvent(body))) : body;
  const lines = [...headers]
    .filter(([name]) => name !== 'Content-Length' && name !== 'Content-Type')
    .map(([name, value]) => `${name}: ${value.replaceAll('%', '%25')}`);
  if (soundBody.length > 0) lines.push(`Content-Length: ${soundBody.length}`);
  lines.push(`Content-Type: ${isPlain ? 'text/event-json' : contentType}`);
  return Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), soundBody]);
}

/** Header lines with percent-encoded values; after an empty line, the event may have a body of its own. */
function readPlainEvent(body: Buffer): Record<string, string> {
  const headerEnd = body.indexOf('\n\n');
  const lines = readHeaderLines(body.toString('utf8', 0, headerEnd < 0 ? body.length : headerEnd).replace(/\n$/, ''));
  const event: Record<string, string> = Object.fromEntries(
    [...lines].map(([name, value]) => [name, value === '_undef_' ? '' : decodePercent(value)]),
  );
  const inner = Number(lines.get('Content-Length') ?? 0);
  if (headerEnd >= 0 && inner > 0) event._body = body.toString('utf8', headerEnd + 2, headerEnd + 2 + inner);
  return { ...event, [plainFormHeader]: 'true' };
}

/** `%2B` becomes `+`; anything but a percent sequence stays, and invalid UTF-8 becomes U+FFFD. Never throws. */
export function decodePercent(text: string): string {
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}
