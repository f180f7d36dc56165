import { runProcess } from './run-process.js';

await runProcess('service', { api: true, worker: true, listener: true });
