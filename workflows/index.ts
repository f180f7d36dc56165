/** What the worker registers. */
export { deliverEvent } from './deliver-event.js';
export { expireHistory, sweepDeliveries } from './sweep.js';
