import type { Counted } from '../invariants/requests-logged.js';
import { groupBy } from '../invariants/evidence.js';
import { spreadOf, type Spread } from '../invariants/neighbours.js';
import type { FaultRunResult } from './result.js';

type Row = [what: string, ...values: string[]];

/** A table with one column per run, and below it the time to recover by kind of fault. */
export function renderTables(results: readonly FaultRunResult[]): string {
  return [...renderRuns(results), '', ...renderRecoveries(results)].join('\n');
}

function renderRuns(results: readonly FaultRunResult[]): string[] {
  const row = (what: string, of: (result: FaultRunResult) => string | number): Row => [
    what,
    ...results.map((result) => String(of(result))),
  ];
  return table([
    row('', ({ options }) => `${options.shape}, Temporal ${options.temporal}`),
    row('seed', ({ options }) => options.seed),
    row('minutes of faults', ({ options }) => round(options.faultsMs / 60_000)),
    row('commit', ({ commit }) => commit ?? 'unknown'),
    row('faults injected', ({ faults }) => faults.length),
    row("tenants' actions", ({ actions }) => Object.values(actions).reduce((sum, each) => sum + each, 0)),
    row('events accepted', ({ events }) => events),
    row('deliveries', ({ deliveries }) => deliveries),
    row('requests received', ({ requests }) => requests),
    row('attempts logged', ({ attempts }) => attempts),
    row('**lost**', ({ lost }) => lost),
    row('**stuck**', ({ stuck }) => stuck),
    row('**doubled**, unexplained', ({ doubled }) => doubled.unexplained),
    row('doubled, explained (kill, stop)', ({ doubled }) => explained(doubled)),
    row('**requests without a row**, unexplained', ({ unlogged }) => unlogged.unexplained),
    row('requests without a row, explained (kill, stop)', ({ unlogged }) => explained(unlogged)),
    row('rows without a request (the connection failed first)', ({ attemptsWithoutRequest }) => attemptsWithoutRequest),
    row('**logged differently from the response**, unexplained', ({ misjudged }) => misjudged.unexplained),
    row('the same, explained (kill, stop)', ({ misjudged }) => explained(misjudged)),
    row('**two open requests of one delivery**, unexplained', ({ overlapping }) => overlapping.unexplained),
    row('the same, explained (kill, stop)', ({ overlapping }) => explained(overlapping)),
    row('**limit exceeded**, unexplained', ({ limit }) => limit.unexplained),
    row('the same, explained; fullest window', ({ limit }) => `${limit.explained}; ${round(limit.fullest * 100)} %`),
    row(
      'signatures checked; made with an unknown secret',
      ({ signatures }) => `${signatures.checked}; ${signatures.unknownSecret}`,
    ),
    row('processes that exited by themselves', ({ endedByThemselves }) => endedByThemselves),
    row('longest shutdown', ({ longestDrainMs }) => seconds(longestDrainMs)),
    row('untouched webhooks, from accepted to received, without faults: p50, p95, max', ({ neighbours }) =>
      spread(neighbours.calmMs),
    ),
    row('the same, including faults', ({ neighbours }) => spread(neighbours.allMs)),
    row('all deliveries ended after the last start', ({ quietAfterMs }) =>
      quietAfterMs === undefined ? '**never**' : seconds(quietAfterMs),
    ),
    row('total violations', ({ violations }) => violations.length),
  ]);
}

/** All runs together; processes of the same program count as one. */
function renderRecoveries(results: readonly FaultRunResult[]): string[] {
  const faults = results.flatMap((result) => result.faults);
  const groups = groupBy(faults, ({ kind, target }) => `${kind} ${target.replace(/-\d+$/, '')}`);
  const rows = [...groups].map(([name, all]): Row => {
    const first = spreadOf(all.flatMap(({ firstMs }) => firstMs ?? []));
    const caughtUp = spreadOf(all.map(({ caughtUpMs }) => caughtUpMs));
    return [name, String(all.length), ...[first.p50, first.max, caughtUp.p50, caughtUp.max].map(seconds)];
  });
  return table([
    ['fault', 'injected', 'first delivery after its end: p50', 'max', 'all caught up: p50', 'max'],
    ...rows.sort((a, b) => a[0].localeCompare(b[0])),
  ]);
}

function table([head, ...rows]: Row[]): string[] {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head!), line(head!.map(() => '---')), ...rows.map(line)];
}

const explained = ({ explained: { kill, stop } }: Counted) => `${kill}, ${stop}`;
const spread = ({ p50, p95, max }: Spread) => [p50, p95, max].map((ms) => `${Math.round(ms)}`).join(', ') + ' ms';
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const round = (value: number) => Math.round(value * 10) / 10;
