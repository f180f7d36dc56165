import { renderTime } from './http/schemas.js';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Writes text of ASCII into one buffer, whose owner sees to it that there is space. */
export class AsciiWriter {
  readonly #buffer: Buffer;
  #length = 0;
  #day = NaN;
  #dayText = Buffer.alloc(0);

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  get space(): number {
    return this.#buffer.length - this.#length;
  }

  /** What was written so far. Begins anew. */
  take(): string {
    const length = this.#length;
    this.#length = 0;
    return this.#buffer.toString('latin1', 0, length);
  }

  text(text: string): void {
    this.#length += this.#buffer.write(text, this.#length, 'latin1');
  }

  bytes(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  integer(value: number): void {
    if (value < 10) this.#buffer[this.#length++] = zero + value;
    else if (value >= 1_000_000_000) this.text(String(value));
    else {
      let rest = value | 0;
      let at = this.#length + digitsOf(rest);
      this.#length = at;
      do {
        this.#buffer[--at] = zero + (rest % 10);
        rest = (rest / 10) | 0;
      } while (rest > 0);
    }
  }

  /** As renderTime does. Called for one after the other, it makes a date once a day. */
  wholeMinute(ms: number): void {
    const day = Math.floor(ms / dayMs);
    if (day !== this.#day) {
      this.#day = day;
      this.#dayText = Buffer.from(renderTime(new Date(day * dayMs)));
    }
    const buffer = this.#buffer;
    const length = this.#length;
    const minutes = (ms - day * dayMs) / minuteMs;
    this.bytes(this.#dayText);
    twoDigits(buffer, length + 'yyyy-mm-ddT'.length, Math.floor(minutes / 60));
    twoDigits(buffer, length + 'yyyy-mm-ddThh:'.length, minutes % 60);
  }
}

const zero = '0'.charCodeAt(0);

function twoDigits(buffer: Buffer, at: number, value: number): void {
  buffer[at] = zero + Math.floor(value / 10);
  buffer[at + 1] = zero + (value % 10);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  return digits;
}
