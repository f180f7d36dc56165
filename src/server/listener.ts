import { runProcess } from './run-process.js';

await runProcess('listener', { api: false, worker: false, listener: true });
