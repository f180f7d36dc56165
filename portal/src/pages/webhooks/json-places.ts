/** A part of a text, from `start` up to `end`. */
export interface Place {
  start: number;
  end: number;
}

/** Where JSON.parse stopped, from its message; browsers say it in different ways, and some do not say it. */
export function placeOfSyntaxError(text: string, message: string): Place | null {
  const position = /\bposition (\d+)/.exec(message)?.[1];
  if (position !== undefined) return placeAt(text, Number(position));
  const [, line, column] = /\bline (\d+) column (\d+)/.exec(message) ?? [];
  if (line !== undefined && column !== undefined) return placeAt(text, offsetOf(text, Number(line), Number(column)));
  return /end of (?:data|JSON|input)|EOF/i.test(message) ? placeAt(text, text.length) : null;
}

function offsetOf(text: string, line: number, column: number): number {
  const before = text.split('\n').slice(0, line - 1);
  return before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
}

/** The character there, or the last one before the end. */
export function placeAt(text: string, position: number): Place {
  const start = Math.max(0, Math.min(position, text.length - 1));
  return { start, end: Math.min(start + 1, text.length) };
}

/** `line 3, column 5`. */
export function lineAndColumn(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Where the value is that a path names (`$or.0.data.from.$startsWith`), in a text that is JSON. The names in a path are
 * joined by dots and may have dots themselves. Null: there is none.
 */
export function placeOfPath(text: string, path: string): Place | null {
  const tokens = [...text.matchAll(token)].map((match) => ({ part: match[0], start: match.index }));
  let next = 0;
  const take = () => tokens[next++];

  /** Reads one value, and gives its place if it is the one; `at`: its path. */
  const read = (at: string): { place: Place; found: Place | null } => {
    const first = take();
    if (!first) return { place: placeAt(text, text.length), found: null };
    let end = first.start + first.part.length;
    let found: Place | null = null;
    if (first.part === '{' || first.part === '[') {
      for (let index = 0; next < tokens.length; index++) {
        const { part, start } = tokens[next]!;
        if (part === '}' || part === ']') {
          end = start + 1;
          next++;
          break;
        }
        if (part === ',') {
          next++;
          index--;
          continue;
        }
        const name = first.part === '{' ? nameOf(part) : String(index);
        if (first.part === '{') next += 2; // the name and its colon
        const inner = read(at === '' ? name : `${at}.${name}`);
        found ??= inner.found;
      }
    }
    const place = { start: first.start, end };
    return { place, found: at === path ? place : found };
  };
  return read('').found;
}

function nameOf(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
