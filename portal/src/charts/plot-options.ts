import './language.js';
import uPlot from 'uplot';
import { shortCount } from '../text/numbers.js';
import { duration } from '../text/times.js';
import { axisTimes, unitSeconds, type Unit } from './period.js';
import type { Colours } from './plot.js';

export interface Kind {
  name: string;
  /** Of the theme. */
  token: string;
  /** Lengths of dashes and gaps, so that lines differ not only by colour. */
  dash?: number[];
}

type Options = Omit<uPlot.Options, 'width' | 'height'>;

/** What all charts over time have in common. Points are in the middle of their buckets. */
function base(unit: Unit, colours: Colours, y: { axis: uPlot.Axis; scale: uPlot.Scale }, series: uPlot.Series[]) {
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = {
    font,
    stroke: colours('text-quiet'),
    grid: { stroke: colours('line'), width: 1 },
    ticks: { show: false },
  };
  const half = unitSeconds[unit] / 2;
  return {
    ...(unit === 'day' && { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC') }),
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: true, range: (_, min, max) => [min - half, max + half] }, y: y.scale },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 70,
        values: (_, splits, __, ___, step) => axisTimes(splits, step, unit),
      },
      { ...axis, size: 60, ...y.axis },
    ],
    series: [{}, ...series],
  } satisfies Options;
}

/** Bars that stand on each other: `kinds` from the highest sum to the lowest. */
export const bars =
  (unit: Unit, kinds: readonly Kind[]) =>
  (colours: Colours): Options =>
    base(
      unit,
      colours,
      {
        axis: {
          incrs: [1, 2, 5, ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((part) => part * 10 ** power))],
          values: (_, splits) => splits.map(shortCount),
        },
        scale: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.08))] },
      },
      kinds.map(({ name, token }) => ({
        label: name,
        fill: colours(token),
        width: 0,
        paths: uPlot.paths.bars!({ size: [0.78, 44] }),
        points: { show: false },
      })),
    );

/** Lines of milliseconds on a logarithmic scale, as percentiles are far apart. */
export const lines =
  (unit: Unit, kinds: readonly Kind[]) =>
  (colours: Colours): Options =>
    base(
      unit,
      colours,
      {
        axis: {
          splits: (_, __, min, max) => powersOfTen(min, max),
          values: (_, splits) => splits.map((ms) => duration(ms)),
        },
        scale: { distr: 3, range: (_, min, max) => [powerOfTen(min, Math.floor), powerOfTen(max * 1.01, Math.ceil)] },
      },
      kinds.map(({ name, token, dash }) => ({
        label: name,
        stroke: colours(token),
        width: 2,
        ...(dash && { dash }),
        // A value between two that are missing has no line.
        points: { show: true, size: 5, fill: colours(token), filter: alone },
      })),
    );

const powerOfTen = (value: number, round: (exponent: number) => number): number =>
  10 ** Math.max(0, round(Math.log10(Math.max(1, value))));

function powersOfTen(min: number, max: number): number[] {
  const powers = [];
  for (let power = min; power <= max; power *= 10) powers.push(power);
  return powers;
}

function alone(plot: uPlot, index: number): number[] {
  const values = plot.data[index]!;
  const isMissing = (at: number) => values[at] === null || values[at] === undefined;
  return Array.from(values.keys()).filter((at) => !isMissing(at) && isMissing(at - 1) && isMissing(at + 1));
}
