// Load before a program (node --import) to set its clock CLOCK_SHIFT_MS ahead. Durations (performance.now, timers) stay
// right.
const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0);
const RealDate = Date;

globalThis.Date = class Date extends RealDate {
  constructor(...values) {
    super(...(values.length === 0 ? [RealDate.now() + shiftMs] : values));
  }
  static now() {
    return RealDate.now() + shiftMs;
  }
};
