import type { Recovery } from '../../../../src/client/api-types.js';
import { pages } from '../../api/pages.js';
import { useMay, useQueries } from '../../api/session.js';
import { count } from '../../text/numbers.js';
import { Badge, type Tone } from '../../ui/badge.js';
import { EmptyState } from '../../ui/empty-state.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Card } from '../../ui/page.js';
import { Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { RunningRecovery } from './running-recovery.js';

const everyMs = 2_000;

const tones: Record<Recovery['status'], { tone: Tone; title: string }> = {
  running: { tone: 'info', title: 'Running' },
  completed: { tone: 'good', title: 'Completed' },
  cancelled: { tone: 'quiet', title: 'Cancelled' },
};

/** The recoveries of a webhook, newest first, read anew while one runs. */
export const useRecoveries = (webhookId: number) =>
  useQueries().useInfiniteQuery(
    'get',
    '/v1/webhooks/{webhook_id}/recoveries',
    { params: { path: { webhook_id: webhookId }, query: { limit: 20 } } },
    {
      ...pages,
      refetchInterval: ({ state }) =>
        state.data?.pages.some((page) => page.recoveries.some(({ status }) => status === 'running')) ? everyMs : false,
    },
  );

/** The progress of the one that runs. At most one of a webhook does. */
export function CurrentRecovery({ webhookId }: { webhookId: number }) {
  const { data } = useRecoveries(webhookId);
  const running = data?.pages.flatMap((page) => page.recoveries).find(({ status }) => status === 'running');
  return running && <RunningRecovery webhookId={webhookId} recovery={running} />;
}

/** Those that there were. */
export function Recoveries({ webhookId }: { webhookId: number }) {
  const query = useRecoveries(webhookId);
  const mayWrite = useMay('webhooks:write');
  return (
    <Loaded query={query} lines={3}>
      {(data) => {
        const recoveries = data.pages.flatMap((page) => page.recoveries);
        return (
          <Card title="Recoveries of this webhook">
            {recoveries.length === 0 ? (
              <EmptyState title="There has been none.">
                {mayWrite && 'Choose above what to send again and count it; nothing is sent before you start it.'}
              </EmptyState>
            ) : (
              <>
                <RecoveryTable recoveries={recoveries} />
                <LoadMore query={query} />
              </>
            )}
          </Card>
        );
      }}
    </Loaded>
  );
}

const columns = [
  'Status',
  'What',
  { title: 'Total', align: 'right' },
  { title: 'Delivered', align: 'right' },
  { title: 'Failed', align: 'right' },
  'Started',
  { title: 'Ended', wideOnly: true },
] as const;

function RecoveryTable({ recoveries }: { recoveries: readonly Recovery[] }) {
  return (
    <Table name="Recoveries of this webhook" columns={columns}>
      {recoveries.map((recovery) => (
        <tr key={recovery.id}>
          <td>
            <Badge tone={tones[recovery.status].tone}>{tones[recovery.status].title}</Badge>
          </td>
          <th scope="row">
            <What recovery={recovery} />
          </th>
          <td className="right nowrap">
            {recovery.total_is_exact ? '' : '≥ '}
            {count(recovery.total)}
          </td>
          <td className="right">{count(recovery.delivered)}</td>
          <td className="right">{count(recovery.failed)}</td>
          <td className="nowrap">
            <Time value={recovery.created_at} />
          </td>
          <td className="nowrap wide-only">
            <Time value={recovery.finished_at} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function What({ recovery }: { recovery: Recovery }) {
  const { statuses, include_missing: isMissing, event_types: types, since, until } = recovery;
  const kinds = [...statuses, ...(isMissing ? ['missing'] : [])].join(', ');
  return (
    <>
      {kinds.charAt(0).toUpperCase() + kinds.slice(1)}
      {types && (
        <div className="clip quiet recovery-types" title={types.join(', ')}>
          {types.join(', ')}
        </div>
      )}
      {(since ?? until) !== null && (
        <div className="quiet recovery-times">
          {since && (
            <>
              from <Time value={since} />{' '}
            </>
          )}
          {until && (
            <>
              until <Time value={until} />
            </>
          )}
        </div>
      )}
    </>
  );
}
