import { LRUCache } from 'lru-cache';
import { maxTransformMs } from '../../workflows/contract/time-budget.js';
import { FairQueue } from '../temporal/priority/fair-queue.js';
import { EvaluationProcess, evaluationLimits, type Evaluation, type EvaluationRequest } from './evaluation-process.js';

/** What comes of an expression. `Body` is null when only its syntax was checked. */
export type Transformed<Body extends string | null = string> =
  | { kind: 'made'; body: Body }
  /** `position`: the character of the expression at which that was noticed, if it is known. */
  | { kind: 'failed'; message: string; position: number | null }
  /** It did not get its turn: others wait as well, the tenant's evaluations use up their time, or the machine is too busy. */
  | { kind: 'busy' };

export interface TransformRequest {
  tenantId: string;
  expression: string;
  /** The event's body. */
  envelope: string;
}

interface Job {
  tenantId: string;
  request: EvaluationRequest;
  /** Nobody waits for it any more. */
  isGone: boolean;
  resolve(transformed: Transformed<string | null>): void;
  reject(error: unknown): void;
}

/** For the second try. The machine may be busy, or the process new: both take several times as long. */
const secondWaitMs = 1_500;
/** It fails for good only if the second try had the processor for so long. Otherwise the machine was too busy. */
const enoughCpuMs = 2 * evaluationLimits.maxMs;
/** Two, of which expressions that use up their time get one: others always find one that works for them. */
const processes = 2;
const slowProcesses = 1;
/** For how long a tenant counts as slow after an evaluation that had to be stopped. */
const slowMs = 60_000;
/** Evaluations of slow tenants that wait at the same time, in all; of each tenant one. */
const maxSlowWaiting = 4;

const lacks = {
  time: `The evaluation took more than ${evaluationLimits.maxMs} ms`,
  memory: 'The evaluation took too much memory',
};

/**
 * Evaluates transforms in processes of their own, tenants in turn. A process is started when it is first needed, and
 * replaced when it had to be killed. Tenants whose evaluations had to be stopped lately share one of the processes.
 */
export class Transforms {
  readonly #queue = new FairQueue<Job>();
  readonly #slowQueue = new FairQueue<Job>();
  readonly #slowTenants = new LRUCache<string, true>({ max: 10_000, ttl: slowMs });
  readonly #idle: Promise<EvaluationProcess>[] = [];
  readonly #all = new Set<EvaluationProcess>();
  #busy = 0;
  #busySlow = 0;
  #isClosed = false;

  constructor(private readonly startProcess = () => EvaluationProcess.start()) {}

  /** Resolves after three seconds at the latest. Rejects when nothing can be evaluated here. */
  evaluate({ tenantId, ...request }: TransformRequest): Promise<Transformed> {
    return this.#submit(tenantId, request) as Promise<Transformed>;
  }

  /** The same for the syntax alone. */
  checkSyntax(tenantId: string, expression: string): Promise<Transformed<null>> {
    return this.#submit(tenantId, { expression }) as Promise<Transformed<null>>;
  }

  /** Evaluations that have not ended reject. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const queue of [this.#queue, this.#slowQueue])
      for (let job = queue.take(); job; job = queue.take()) job.reject(closedError());
    for (const process of this.#all) process.kill();
    await Promise.allSettled(this.#idle);
  }

  async #submit(tenantId: string, request: EvaluationRequest): Promise<Transformed<string | null>> {
    if (this.#slowTenants.has(tenantId) && !this.#hasRoomFor(tenantId)) return { kind: 'busy' };
    let timer: NodeJS.Timeout | undefined;
    return new Promise<Transformed<string | null>>((resolve, reject) => {
      const job: Job = { tenantId, request, isGone: false, resolve, reject };
      timer = setTimeout(() => {
        job.isGone = true;
        resolve({ kind: 'busy' });
      }, maxTransformMs);
      this.#queue.add(tenantId, '', job);
      this.#serve();
    }).finally(() => clearTimeout(timer));
  }

  #hasRoomFor(slowTenantId: string): boolean {
    return this.#slowQueue.sizeOf(slowTenantId) === 0 && this.#slowQueue.size < maxSlowWaiting;
  }

  #serve(): void {
    while (this.#busy < processes) {
      for (let job = this.#queue.peek(); job && this.#slowTenants.has(job.tenantId); job = this.#queue.peek()) {
        this.#queue.take();
        if (this.#hasRoomFor(job.tenantId)) this.#slowQueue.add(job.tenantId, '', job);
        else job.resolve({ kind: 'busy' });
      }
      const slowJob = this.#busySlow < slowProcesses ? this.#slowQueue.take() : undefined;
      const job = slowJob ?? this.#queue.take();
      if (!job) return;
      if (job.isGone) continue;
      this.#busy++;
      if (slowJob) this.#busySlow++;
      void this.#run(job).finally(() => {
        this.#busy--;
        if (slowJob) this.#busySlow--;
        this.#serve();
      });
    }
  }

  /** Never rejects. */
  async #run(job: Job): Promise<void> {
    try {
      let evaluation = await this.#evaluate(job.request, evaluationLimits.maxMs);
      // At once: behind the tenant's other work it would come too late, and the tenant would never count as slow.
      if (evaluation.kind === 'stopped') evaluation = await this.#evaluate(job.request, secondWaitMs);
      if (evaluation.kind !== 'stopped') return job.resolve(evaluation);
      this.#slowTenants.set(job.tenantId, true);
      if (evaluation.needed === 'time' && evaluation.cpuMs !== null && evaluation.cpuMs < enoughCpuMs)
        return job.resolve({ kind: 'busy' });
      job.resolve({ kind: 'failed', message: lacks[evaluation.needed], position: null });
    } catch (error) {
      job.reject(error);
    }
  }

  async #evaluate(request: EvaluationRequest, waitMs: number): Promise<Evaluation> {
    const process = await this.#takeProcess();
    const evaluation = await process.evaluate(request, waitMs);
    if (process.isAlive) this.#idle.push(Promise.resolve(process));
    else this.#replace(process);
    return evaluation;
  }

  async #takeProcess(): Promise<EvaluationProcess> {
    if (this.#isClosed) throw closedError();
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      const process = await idle;
      if (process.isAlive) return process;
      this.#all.delete(process);
    }
    return this.#start();
  }

  async #start(): Promise<EvaluationProcess> {
    const process = await this.startProcess();
    this.#all.add(process);
    if (this.#isClosed) process.kill();
    return process;
  }

  /** At once, so that the next evaluation does not wait for the start. */
  #replace(process: EvaluationProcess): void {
    this.#all.delete(process);
    if (this.#isClosed) return;
    const next = this.#start();
    // Whoever takes it gets the error.
    next.catch(() => undefined);
    this.#idle.push(next);
  }
}

const closedError = () => new Error('Transforms are closed: the process is ending');
