import { runProcess } from './run-process.js';

await runProcess('api', { api: true, worker: false });
