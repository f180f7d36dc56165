import type { AttemptRow, Evidence, Violation } from '../invariants/evidence.js';
import { groupBy } from '../invariants/evidence.js';
import type { ReceivedRequest } from '../receivers/request-log.js';
import { clock } from '../timeline.js';

/** How many violations of each invariant are shown in full. */
const shownOfEach = 5;

/** What is needed to investigate them: the rows, what the receiver saw, and the faults around that time. */
export function renderViolations(
  { deliveries, attempts, requests, timeline, actions }: Evidence,
  violations: readonly Violation[],
): string {
  const lines: string[] = [];
  for (const [invariant, all] of groupBy(violations, (violation) => violation.invariant)) {
    lines.push('', `## ${invariant}: ${all.length}`);
    for (const { text, deliveryIds, at } of all.slice(0, shownOfEach)) {
      lines.push('', `- ${text}`);
      for (const id of deliveryIds.slice(0, 3)) {
        const row = deliveries.get(id);
        lines.push(
          `  delivery ${id}: ${row ? `${row.status}, ${row.attemptCount} attempts, accepted as ${row.acceptedAs} ${clock(row.createdAt)}` : 'not in Postgres'}`,
        );
        const known = [
          ...attempts
            .filter(({ deliveryId }) => deliveryId === id)
            .map((each) => ({ at: each.startedAt, text: attemptText(each) })),
          ...requests
            .filter(({ deliveryId }) => deliveryId === id)
            .map((each) => ({ at: each.beganAt, text: requestText(each) })),
          ...actions.retries
            .filter(({ deliveryId }) => deliveryId === id)
            .map((each) => ({
              at: each.startedAt,
              text: `retry by hand${each.force ? ', forced' : ''}: ${each.status ?? 'no answer'}`,
            })),
        ];
        for (const each of known.sort((a, b) => a.at - b.at)) lines.push(`    ${clock(each.at)} ${each.text}`);
      }
      if (at) for (const line of timeline.around(at)) lines.push(`    ~ ${line}`);
    }
    if (all.length > shownOfEach) lines.push('', `  … and ${all.length - shownOfEach} more`);
  }
  return lines.join('\n');
}

const attemptText = ({ number, durationMs, statusCode, errorClass, errorMessage }: AttemptRow) =>
  `row: attempt ${number}, ${durationMs} ms, ${statusCode ?? errorClass}${errorMessage ? ` (${errorMessage})` : ''}`;

const requestText = ({
  receiver,
  path,
  attempt,
  end,
  status,
  beganAt,
  endedAt,
  connection,
  ofConnection,
  senderPid,
}: ReceivedRequest) =>
  `${receiver}${path}: attempt ${attempt}, ${end} ${status ?? ''} after ${endedAt - beganAt} ms, ` +
  `request ${ofConnection} of connection ${connection}, from process ${senderPid ?? 'unknown'}`;
