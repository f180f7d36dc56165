import { ExternalLink } from 'lucide-react';
import { useQueries, useSession } from '../../api/session.js';
import { counted } from '../../text/numbers.js';
import { Badge } from '../../ui/badge.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Page } from '../../ui/page.js';
import { Time, useNow } from '../../ui/time.js';
import { waitingFigures, workingFigures, type Figure } from './platform-figures.js';
import './console.css';

const everyMs = 3_000;

/** What waits on the whole platform, and whether it moves. */
export function Platform() {
  const query = useQueries().useQuery('get', '/v1/platform/state', {}, { refetchInterval: everyMs });
  const now = useNow(1_000);
  return (
    <Page
      title="Platform"
      lead="What waits, and whether it moves; of all tenants together. Read again every three seconds."
      actions={<TemporalLink />}
    >
      <Loaded query={query} lines={10}>
        {({ state }) => {
          const waiting = waitingFigures(state, now);
          const working = workingFigures(state, now);
          const { problems } = state.temporal;
          const bad = [...waiting, ...working].filter(({ tone }) => tone === 'bad' || tone === 'warn').length;
          return (
            <>
              <p className={bad === 0 && problems.length === 0 ? 'note good' : 'note bad'} role="status">
                {bad === 0 && problems.length === 0
                  ? 'Everything moves.'
                  : `${counted(Math.max(bad, problems.length), 'thing needs', 'things need')} attention.`}
              </p>
              {problems.map(({ what, remedy }) => (
                <div key={what} className="note bad">
                  <strong>{what}</strong>
                  <span>{remedy}</span>
                </div>
              ))}
              <Card title="What waits">
                <Figures figures={waiting} />
              </Card>
              <Card title="What moves it">
                <Figures figures={working} />
                <details>
                  <summary>{counted(state.senders.length, 'sender')}</summary>
                  <ul className="senders">
                    {state.senders.map(({ id, last_beat_at: lastBeatAt, alive }) => (
                      <li key={id} className="row">
                        <Badge tone={alive ? 'good' : 'quiet'}>{alive ? 'Alive' : 'Gone'}</Badge>
                        <code>{id}</code>
                        <span className="quiet">
                          last heard of <Time value={lastBeatAt} as="relative" />
                        </span>
                      </li>
                    ))}
                  </ul>
                </details>
              </Card>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Figures({ figures }: { figures: Figure[] }) {
  return (
    <dl className="platform-figures">
      {figures.map(({ name, value, tone, word, meaning, advice }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="platform-value">
            {value} {word && <Badge tone={tone}>{word}</Badge>}
          </dd>
          <dd className="platform-meaning">
            {meaning}
            {advice && <strong> {advice}</strong>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function TemporalLink() {
  const { temporal_ui_url: url, temporal_namespace: namespace } = useSession();
  if (!url) return null;
  return (
    <a
      className="button plain"
      href={`${url.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace ?? 'default')}/workflows`}
      target="_blank"
      rel="noreferrer"
    >
      <ExternalLink aria-hidden="true" /> Temporal Web UI
    </a>
  );
}
