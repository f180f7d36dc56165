/**
 * `npm run bench`: how fast the product is, next to what Temporal, Postgres and the generator itself cost on this
 * machine. Prints one table at the end. This process drives everything over the public API; the receiver is another
 * process. Latencies count from the planned time of each request, so that no stall is hidden.
 *
 *     npm run bench                              all measurements, twenty-five minutes
 *     npm run bench -- --only latency,fairness   only these; the last line of --help names them all. The first word of
 *                                                several names, such as fairness, chooses all of them.
 *     npm run bench -- --seconds 30              longer steps
 *     npm run bench -- --json result.json        the same in JSON, with details
 *     npm run bench -- --quick                   everything tiny: shows that it works, says nothing about speed
 *     npm run bench -- --node /path/to/node      the service runs on that Node, all else on the one that runs this
 *
 * It starts a Postgres and a Temporal of its own, in a temporary folder. To use others, set DATABASE_URL and
 * TEMPORAL_ADDRESS (without TLS): it creates its own databases and task queues there and removes them afterwards, but
 * cannot read their CPU time. Exits with 1 if anything could not be measured. A missed target does not change the exit
 * code: targets are for people to judge. Needs Linux (/proc).
 */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openBench, type Measurement, type OpenBench } from './bench.js';
import { describeMachine, showMachine } from './machine.js';
import { cost } from './measurements/cost.js';
import { demo } from './measurements/demo.js';
import { fairnessHanging, fairnessMessages, fairnessRetries, fairnessUnstarted } from './measurements/fairness.js';
import { fanOut, tenants } from './measurements/fan-out.js';
import { isolationBacklog, isolationFloods, isolationHanging } from './measurements/isolation.js';
import { latency } from './measurements/latency.js';
import { lists } from './measurements/lists.js';
import { statistics } from './measurements/statistics.js';
import { throughput } from './measurements/throughput.js';
import { waiting } from './measurements/waiting.js';
import { renderTable, Report } from './report.js';
import { startServers, type Servers } from './servers.js';
import { fullSizes, quickSizes } from './sizes.js';

const measurements: Measurement[] = [
  latency,
  throughput,
  fanOut,
  tenants,
  cost,
  waiting,
  isolationHanging,
  isolationBacklog,
  fairnessRetries,
  fairnessMessages,
  fairnessUnstarted,
  fairnessHanging,
  isolationFloods,
  lists,
  statistics,
  demo,
];

process.exit(await main());

async function main(): Promise<number> {
  const options = readArguments();
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
  const beganAt = new Date();
  const report = new Report();
  const progress = createProgress();
  let servers: Servers | undefined;
  let bench: OpenBench | undefined;
  try {
    progress('starting Postgres and Temporal');
    servers = await startServers(process.env);
    const machine = await describeMachine(servers.postgresUrl, servers.temporal.address, options.node.version);
    bench = await openBench(servers, { sizes: options.sizes, node: options.node.path, report, progress });
    for (const measurement of options.chosen) {
      const run = measurement
        .run(bench.of(measurement))
        .catch((error: unknown) => report.fail(measurement.name, error));
      if ((await Promise.race([run, interrupted])) === 'interrupted') {
        report.fail(measurement.name, 'interrupted');
        break;
      }
    }
    const seconds = Math.round((Date.now() - beganAt.getTime()) / 1000);
    progress.end();
    console.log(`\n${renderTable(report)}\n\n${showMachine(machine)}`);
    console.log(
      options.isQuick
        ? `A smoke run of ${seconds} s: these numbers say nothing of speed.`
        : `${seconds} s in all, steps of ${options.sizes.seconds} s. Latencies count from the planned time of each request.`,
    );
    if (options.json !== undefined) {
      const { rows, failures } = report;
      const result = { beganAt, seconds, quick: options.isQuick, sizes: options.sizes, machine, rows, failures };
      await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return report.failures.length > 0 ? 1 : 0;
  } catch (error) {
    progress.end();
    console.error(error);
    return 1;
  } finally {
    await bench?.close().catch((error: unknown) => console.error(error));
    await servers?.stop();
  }
}

interface Options {
  chosen: Measurement[];
  sizes: ReturnType<typeof fullSizes>;
  isQuick: boolean;
  json: string | undefined;
  /** What the service runs on. */
  node: { path: string; version: string };
}

/** A text if there is nothing to run: what is wrong, and how to call it. */
function readArguments(): Options | string {
  const names = measurements.map(({ name }) => name);
  const usage = `npm run bench -- [--json FILE] [--only NAME,…] [--seconds N] [--quick] [--node PATH]\nNames: ${names.join(', ')}`;
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'string' },
        only: { type: 'string' },
        seconds: { type: 'string', default: '10' },
        quick: { type: 'boolean', default: false },
        node: { type: 'string', default: process.execPath },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return usage;
    const only = values.only?.split(',') ?? names;
    const isChosen = (name: string, choice: string) => name === choice || name.startsWith(`${choice}-`);
    const unknown = only.filter((choice) => !names.some((name) => isChosen(name, choice)));
    if (unknown.length > 0) return `There is no measurement ${unknown.join(', ')}.\n${usage}`;
    const seconds = Number(values.seconds);
    if (!(seconds >= 1 && seconds <= 600)) return `--seconds must be from 1 to 600, but is ${values.seconds}.`;
    const version = versionOf(values.node);
    if (version === undefined) return `--node must be the path of a Node binary, but is ${values.node}.`;
    return {
      chosen: measurements.filter(({ name }) => only.some((choice) => isChosen(name, choice))),
      sizes: values.quick ? quickSizes : fullSizes(seconds),
      isQuick: values.quick,
      json: values.json,
      node: { path: values.node, version },
    };
  } catch (error) {
    return `${(error as Error).message}\n${usage}`;
  }
}

/** Undefined when there is no Node at that path. */
function versionOf(node: string): string | undefined {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return /^v\d+\.\d+\.\d+$/.exec(stdout?.trim() ?? '')?.[0];
}

/** On a terminal one line that changes, elsewhere one line per step. On standard error, apart from the table. */
function createProgress(): ((text: string) => void) & { end(): void } {
  const began = performance.now();
  const { stderr } = process;
  const show = (text: string) => {
    const line = `${String(Math.round((performance.now() - began) / 1000)).padStart(4)} s  ${text}`;
    stderr.write(stderr.isTTY ? `\r\x1b[K${line.slice(0, stderr.columns - 1)}` : `${line}\n`);
  };
  return Object.assign(show, { end: () => void (stderr.isTTY && stderr.write('\r\x1b[K')) });
}
