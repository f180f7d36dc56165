import { runProcess } from './run-process.js';

await runProcess('worker', { api: false, worker: true });
