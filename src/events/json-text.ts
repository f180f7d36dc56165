import { InvalidInputError, maxFieldErrors } from '../errors.js';
import { showPath } from './show-value.js';

/** A number that would arrive as another one. `path` says where it is. */
export interface InexactNumber {
  path: (string | number)[];
  /** As it was written. */
  text: string;
}

export interface ParsedJson {
  value: unknown;
  /**
   * In the order of the text, and only the first 21, since each is reported with its path. If the body holds a list, as
   * a batch does, the first 21 of each of its first 100 elements.
   */
  inexactNumbers: InexactNumber[];
}

/** Rendering or comparing deeper values overflows the stack; no real payload comes near. */
const maxDepth = 100;
/** The most events that a batch may have. */
const maxElements = 100;

/**
 * Parses a request's body, and finds what `JSON.parse` loses silently: numbers that a double cannot hold, which are
 * returned, and repeated names, which are refused. A byte-order mark is skipped (RFC 8259 §8.1). Throws
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

/** The engine's own message may quote the body, which may hold secrets: at most one character of it is shown. */
function whereItBroke(text: string, error: unknown): string {
  const message = String(error);
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined) {
    const token = /Unexpected token '(.)'/u.exec(message)?.[1];
    if (token !== undefined) return `: ${JSON.stringify(token)} is not possible where it stands`;
    return message.includes('end of JSON input') ? ': it ends too early' : '';
  }
  const at = Number(position);
  let line = 1;
  let lineStart = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', lineStart)) {
    line += 1;
    lineStart = end + 1;
  }
  return `: look at line ${line}, column ${at - lineStart + 1}`;
}

type Frame = { names: Set<string>; key: string } | { index: number };

const code = (character: string) => character.charCodeAt(0);
const [quote, backslash, comma, minus] = [code('"'), code('\\'), code(','), code('-')];
const [openObject, closeObject, openArray, closeArray] = [code('{'), code('}'), code('['), code(']')];

/**
 * Walks through text that `JSON.parse` has accepted, so it need not check the grammar again. Looks at each character a
 * fixed number of times: no body of 1 MB, however crafted, may keep other callers waiting.
 */
function inspect(text: string): InexactNumber[] {
  const inexact: InexactNumber[] = [];
  const foundIn = new Map<number, number>();
  const frames: Frame[] = [];
  const path = () => frames.map((frame) => ('names' in frame ? frame.key : frame.index));
  let expectsName = false;
  let at = 0;
  while (at < text.length) {
    const character = text.charCodeAt(at);
    if (character === quote) {
      const end = endOfString(text, at);
      const frame = frames.at(-1);
      if (expectsName && frame && 'names' in frame) {
        frame.key = JSON.parse(text.slice(at, end)) as string;
        if (frame.names.has(frame.key)) throw repeatedName(path());
        frame.names.add(frame.key);
        expectsName = false;
      }
      at = end;
    } else if (isDigit(character) || character === minus) {
      const end = endOfNumber(text, at);
      const number = text.slice(at, end);
      const element = frames[1] && 'index' in frames[1] ? frames[1].index : 0;
      const found = foundIn.get(element) ?? 0;
      // Stops looking once more are found than are reported.
      if (element < maxElements && found <= maxFieldErrors && !isExact(number)) {
        inexact.push({ path: path(), text: number });
        foundIn.set(element, found + 1);
      }
      at = end;
    } else {
      if (character === openObject || character === openArray) {
        if (frames.length === maxDepth) {
          throw new InvalidInputError(`The body is nested over ${maxDepth} levels deep; send it flatter.`);
        }
        frames.push(character === openObject ? { names: new Set(), key: '' } : { index: 0 });
        expectsName = character === openObject;
      } else if (character === closeObject || character === closeArray) {
        frames.pop();
        expectsName = false;
      } else if (character === comma) {
        const frame = frames.at(-1);
        if (frame && 'index' in frame) frame.index += 1;
        else expectsName = true;
      }
      at += 1;
    }
  }
  return inexact;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    const character = text.charCodeAt(at);
    if (character === backslash) at += 1;
    else if (character === quote) return at + 1;
  }
}

const isDigit = (character: number) => character >= 0x30 && character <= 0x39;

/** Digits, `.`, `e`, `E`, `+` and `-`: nothing else of JSON can follow a number directly. */
function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    const isPart = isDigit(character) || '.eE+-'.includes(text.charAt(at));
    if (!isPart) break;
  }
  return at;
}

/** At most 15 characters and an exponent of at most two digits: a double holds every such number. */
const shortForm = /^[-\d.]{1,15}(?:e[+-]?\d{1,2})?$/i;

/** Whether a double holds exactly this number: true for 1.0 and 1e2, false for 2^53 + 1, 1e400 and 1e-400. */
function isExact(text: string): boolean {
  // Nearly all numbers have the short form.
  if (text.length < 20 && shortForm.test(text)) return true;
  const rendered = JSON.stringify(Number(text));
  return rendered !== 'null' && decimal(rendered) === decimal(text);
}

/** One spelling for each value: its significant digits, and the power of ten of the last digit. */
function decimal(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = whole + fraction;
  // By hand: a regular expression for trailing zeros starts again at every zero, which takes quadratic time.
  let first = 0;
  while (digits[first] === '0') first += 1;
  let end = digits.length;
  while (end > first && digits[end - 1] === '0') end -= 1;
  if (first === end) return '0';
  const power = Number(exponent) - fraction.length + (digits.length - end);
  return `${mantissa.startsWith('-') ? '-' : ''}${digits.slice(first, end)}e${power}`;
}

function repeatedName(path: (string | number)[]): InvalidInputError {
  return new InvalidInputError('The body names a field twice.', [
    {
      path: showPath(path),
      message: 'appears twice, and readers differ in which one counts (RFC 8259 §4); send it once',
    },
  ]);
}
