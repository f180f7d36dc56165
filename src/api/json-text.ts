import { InvalidInputError } from '../errors.js';

/** A number that would arrive as another one: `path` leads to it. */
export interface InexactNumber {
  path: (string | number)[];
  /** As it was written. */
  text: string;
}

export interface ParsedJson {
  value: unknown;
  /** In the order of the text. */
  inexactNumbers: InexactNumber[];
}

/** Deeper values overflow the stack of whoever renders or compares them; no real payload comes near. */
const maxDepth = 100;

/**
 * Parses a request's body, and finds what `JSON.parse` loses silently: numbers that a double does not hold, which are
 * answered, and repeated names, which are refused. A byte-order mark is skipped (RFC 8259 §8.1). Throws
 * InvalidInputError for what is not JSON in UTF-8, repeats a name in an object, or is nested over 100 levels deep.
 */
export function parseJsonText(bytes: Uint8Array): ParsedJson {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InvalidInputError('The body is not valid UTF-8; encode JSON in UTF-8 (RFC 8259 §8.1).');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidInputError(`The body is not valid JSON${whereItBroke(text, error)}.`);
  }
  return { value, inexactNumbers: inspect(text) };
}

/** The engine's own message may quote the body, which may hold secrets: of that no more is shown than one character. */
function whereItBroke(text: string, error: unknown): string {
  const message = String(error);
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined) {
    const token = /Unexpected token '(.)'/u.exec(message)?.[1];
    if (token !== undefined) return `: ${JSON.stringify(token)} is not possible where it stands`;
    return message.includes('end of JSON input') ? ': it ends too early' : '';
  }
  const before = text.slice(0, Number(position)).split('\n');
  return `: look at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

type Frame = { names: Set<string>; key: string } | { index: number };

/** Walks through text that `JSON.parse` took, so it need not check the grammar again. */
function inspect(text: string): InexactNumber[] {
  const inexact: InexactNumber[] = [];
  const frames: Frame[] = [];
  const path = () => frames.map((frame) => ('names' in frame ? frame.key : frame.index));
  let expectsName = false;
  let at = 0;
  while (at < text.length) {
    const character = text[at];
    const frame = frames.at(-1);
    if (character === '"') {
      const end = endOfString(text, at);
      if (expectsName && frame && 'names' in frame) {
        frame.key = JSON.parse(text.slice(at, end)) as string;
        if (frame.names.has(frame.key)) throw repeatedName(path());
        frame.names.add(frame.key);
        expectsName = false;
      }
      at = end;
    } else if (character === '{' || character === '[') {
      if (frames.length === maxDepth) {
        throw new InvalidInputError(`The body is nested over ${maxDepth} levels deep; send it flatter.`);
      }
      frames.push(character === '{' ? { names: new Set(), key: '' } : { index: 0 });
      expectsName = character === '{';
      at += 1;
    } else if (character === '}' || character === ']') {
      frames.pop();
      expectsName = false;
      at += 1;
    } else if (character === ',') {
      if (frame && 'index' in frame) frame.index += 1;
      else expectsName = true;
      at += 1;
    } else {
      const number = numberAt(text, at);
      if (number !== undefined && !isExact(number)) inexact.push({ path: path(), text: number });
      at += number?.length ?? 1;
    }
  }
  return inexact;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
}

const numberForm = /-?\d[\d.eE+-]*/y;

function numberAt(text: string, at: number): string | undefined {
  numberForm.lastIndex = at;
  return numberForm.exec(text)?.[0];
}

/** Whether the number is the same after it went through a double: 1.0 and 1e2 are, 2^53 + 1, 1e400 and 1e-400 are not. */
function isExact(text: string): boolean {
  // A short integer always is, and nearly all numbers are such.
  if (text.length <= 15 && /^-?\d+$/.test(text)) return true;
  const rendered = JSON.stringify(Number(text));
  return rendered !== 'null' && decimal(rendered) === decimal(text);
}

/** One spelling for each value: its significant digits and the power of ten of the last one. */
function decimal(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${mantissa.startsWith('-') ? '-' : ''}${significant}e${power}`;
}

function repeatedName(path: (string | number)[]): InvalidInputError {
  return new InvalidInputError('The body names a field twice.', [
    {
      path: path.join('.'),
      message: 'appears twice, and readers differ in which one counts (RFC 8259 §4); send it once',
    },
  ]);
}
