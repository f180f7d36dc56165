import { count, counted } from '../../text/numbers.js';
import { duration } from '../../text/times.js';
import type { components } from '../../../../src/client/api-types.js';

type State = components['schemas']['PlatformState'];

export interface Figure {
  name: string;
  value: string;
  tone: 'good' | 'warn' | 'bad' | 'quiet';
  /** The tone in a word. */
  word: string;
  meaning: string;
  /** What to do; null: nothing. */
  advice: string | null;
}

const minuteMs = 60_000;

/** What waits. Most of it waits for good reasons. */
export function waitingFigures(state: State, now = new Date()): Figure[] {
  const { pending_is_exact: isExact, unstarted_deliveries: unstarted, uncollected_webhooks: uncollected } = state;
  return [
    {
      ...plain,
      name: 'On their way',
      value: `${isExact ? '' : 'over '}${count(state.pending_deliveries)}`,
      meaning: 'Deliveries that are being sent, or wait for their next attempt.',
    },
    {
      ...plain,
      name: 'The oldest of them',
      value: age(state.oldest_pending_at, now) ?? '–',
      meaning: 'Days are normal where receivers are down and their retry schedules are long.',
    },
    {
      name: 'Not started',
      value:
        unstarted === 0 ? '0' : `${count(unstarted)}, the oldest for ${age(state.oldest_unstarted_at, now) ?? '0 s'}`,
      ...(unstarted === 0 ? good : bad),
      meaning: 'Pending for over 30 s without a workflow that sends them.',
      advice:
        unstarted === 0
          ? null
          : 'See below whether Temporal answers and senders live. The sweeper starts these as soon as both do; start more workers if the number grows.',
    },
    {
      name: 'Batches overdue',
      value: counted(uncollected, 'webhook'),
      ...(uncollected === 0 ? good : bad),
      meaning: 'Webhooks of which a batch should have left over 15 s ago.',
      advice:
        uncollected === 0
          ? null
          : 'The sweeper collects them; if they stay, see whether Temporal and the senders are well.',
    },
    {
      ...plain,
      name: 'Behind a rate limit',
      value: count(state.waiting_for_rate_limit),
      meaning:
        'They wait for a turn within the limit of their webhook. A tenant can raise it in the webhook’s settings.',
    },
    {
      ...plain,
      name: 'Behind an earlier event',
      value: count(state.waiting_for_turn),
      meaning: 'Their webhooks keep the order, so they wait until the event before has been delivered.',
    },
    {
      ...plain,
      name: 'Held',
      value: count(state.held_deliveries),
      meaning: 'Their webhooks are paused, disabled or not verified. They are sent when their tenant resumes.',
    },
  ];
}

/** What moves it. */
export function workingFigures(state: State, now = new Date()): Figure[] {
  const { temporal } = state;
  return [
    {
      name: 'Temporal',
      value: temporal.reachable ? 'reachable' : 'not reachable',
      ...(temporal.reachable ? (temporal.problems.length === 0 ? good : bad) : bad),
      meaning: 'Runs the workflows that send. Without it, events are still accepted and stored.',
      advice: temporal.reachable
        ? null
        : 'Start it, or see TEMPORAL_ADDRESS. What was accepted meanwhile goes out then.',
    },
    senders(state, now),
    sweeper(state, now),
    statistics(state, now),
  ];
}

function senders({ senders }: State, now: Date): Figure {
  const alive = senders.filter((sender) => sender.alive);
  const gone = senders.filter((sender) => !sender.alive);
  const lastGone = gone
    .map((sender) => sender.last_beat_at)
    .sort()
    .at(-1);
  return {
    name: 'Senders',
    value: `${count(alive.length)} alive${gone.length > 0 ? `, ${count(gone.length)} gone` : ''}`,
    ...(alive.length === 0 ? bad : good),
    meaning: `Processes that make the requests; each gives a sign of life every two seconds.${lastGone ? ` The last that went was heard of ${age(lastGone, now)} ago; a restart leaves one.` : ''}`,
    advice: alive.length === 0 ? 'Start a worker: npm run start:worker, or the whole service.' : null,
  };
}

function sweeper({ sweeper }: State, now: Date): Figure {
  const name = 'Sweeper';
  const meaning =
    'Starts every 10 s what nobody started, and repairs what was interrupted; its state is read every 30 s.';
  if (sweeper === null)
    return {
      name,
      value: 'not known',
      ...warn,
      meaning,
      advice: 'Temporal did not answer the last check. If that stays, see Temporal.',
    };
  if (sweeper.paused)
    return {
      name,
      value: 'paused',
      ...bad,
      meaning,
      advice:
        'Somebody paused its Schedule in Temporal. Unpause it there: without it, a delivery that loses its workflow stays behind.',
    };
  const last = age(sweeper.last_run_at, now);
  const isLate = sweeper.last_run_at !== null && now.getTime() - new Date(sweeper.last_run_at).getTime() > 2 * minuteMs;
  return {
    name,
    value: last === null ? 'has not run yet' : `ran ${last} ago${sweeper.running ? ', runs now' : ''}`,
    ...(isLate ? bad : good),
    meaning,
    advice: isLate
      ? 'It is late: see in Temporal whether its workflow sweepDeliveries fails, and whether workers are there.'
      : null,
  };
}

function statistics({ statistics_rolled_up_until: until }: State, now: Date): Figure {
  const isLate = now.getTime() - new Date(until).getTime() > 10 * minuteMs;
  return {
    name: 'Statistics',
    value: `up to ${age(until, now)} ago`,
    ...(isLate ? warn : good),
    meaning: 'Counts and charts are as of then; deliveries do not depend on them.',
    advice: isLate
      ? 'They catch up by themselves after an outage. If not, see the workflow rollUpStatistics in Temporal.'
      : null,
  };
}

const plain = { tone: 'quiet', word: '', advice: null } as const;
const good = { tone: 'good', word: 'Fine', advice: null } as const;
const warn = { tone: 'warn', word: 'Look at it' } as const;
const bad = { tone: 'bad', word: 'Act' } as const;

const age = (time: string | null, now: Date): string | null =>
  time === null ? null : duration(Math.max(0, Math.floor((now.getTime() - new Date(time).getTime()) / 1_000)) * 1_000);
